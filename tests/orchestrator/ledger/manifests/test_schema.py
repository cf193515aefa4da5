from pathlib import Path

from orchestrator.ledger import recipes
from orchestrator.ledger.manifests import schema
from orchestrator.ledger.targets import FIELDS

PUBLISHED = Path(__file__).parents[4] / "docs" / "targets.schema.json"


def test_the_published_schema_is_the_one_of_this_version() -> None:
    assert PUBLISHED.read_text() == schema.text(), "kumo targets schema > docs/targets.schema.json"


def test_a_target_in_it_has_all_fields_but_its_name() -> None:
    target = schema.schema()["properties"]["targets"]["additionalProperties"]
    assert set(target["properties"]) == set(FIELDS) - {"name"}
    assert target["required"] == ["spider"]
    assert target["additionalProperties"] is False


def test_each_spider_without_code_has_its_recipe_in_it() -> None:
    target = schema.schema()["properties"]["targets"]["additionalProperties"]
    spiders = [each["if"]["properties"]["spider"]["const"] for each in target["allOf"]]
    assert spiders == list(recipes.RECIPES)


def test_every_reference_in_it_leads_somewhere() -> None:
    text, known = schema.text(), schema.schema()["$defs"]
    references = {part.split('"')[0] for part in text.split("#/$defs/")[1:]}
    assert references
    assert references <= set(known)
