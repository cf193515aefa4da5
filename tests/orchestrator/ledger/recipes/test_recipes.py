"""What a recipe may say, and where its faults are."""

from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.exceptions import Sentence, TargetInvalid
from orchestrator.ledger import definitions, recipes
from orchestrator.ledger.recipes import paths, patterns, places, xpaths
from orchestrator.ledger.recipes.selector import SelectorRecipe

NAME = {"name": "name", "css": "h1"}
GOOD: list[tuple[str, dict[str, Any]]] = [
    ("selector", {"fields": [NAME]}),
    ("selector", {"items": {"css": ".card"}, "fields": [{"name": "x", "xpath": ".//a/@href"}]}),
    ("selector", {"fields": [{**NAME, "take": "all", "clean": ["strip", {"step": "join"}]}]}),
    ("selector", {"fields": [{**NAME, "attribute": "data-id", "required": True}]}),
    ("selector", {"fields": [NAME], "follow": [{"css": "a", "pattern": "/p/", "most": 5}]}),
    ("selector", {"fields": [NAME], "next_page": {"css": "a[rel=next]"}, "most_pages": 9}),
    ("selector", {"fields": [{**NAME, "clean": [{"step": "join", "with": ", "}]}]}),
    ("selector", {"fields": [{**NAME, "clean": [{"step": "date", "locale": "en-GB"}]}]}),
    ("structured", {}),
    ("structured", {"syntaxes": ["microdata"], "fields": [{"name": "x", "path": "a.b[0]"}]}),
    ("sitemap", {"pattern": "/p/[0-9]+$", "page": {"structured": {"types": ["Product"]}}}),
    ("sitemap", {"page": {"selector": {"fields": [NAME]}}}),
    ("feed", {}),
    ("feed", {"fields": ["title", "published"]}),
    ("api", {"list": "data.items", "next_page": {"path": "next"}}),
    ("api", {"next_page": {"parameter": "offset", "from": 0, "by": 20}}),
    ("api", {"next_page": {"path": "meta.cursor", "parameter": "cursor"}}),
    ("api", {"headers": {"Authorization": "Bearer ${TOKEN}", "X-Key": {"secret": "A_1"}}}),
]
FIELD = "arguments.fields.0"
BAD: list[tuple[str, dict[str, Any], str]] = [
    ("selector", {}, "arguments.fields"),
    ("selector", {"fields": []}, "arguments.fields"),
    ("selector", {"fields": [NAME], "more": 1}, "arguments.more"),
    ("selector", {"fields": [NAME, NAME]}, "arguments.fields"),
    ("selector", {"fields": [{"name": "x"}]}, FIELD),
    ("selector", {"fields": [{**NAME, "xpath": "//a"}]}, FIELD),
    ("selector", {"fields": [{**NAME, "css": "a::text"}]}, f"{FIELD}.css"),
    ("selector", {"fields": [{**NAME, "css": "a["}]}, f"{FIELD}.css"),
    ("selector", {"fields": [{**NAME, "css": "a" * 501}]}, f"{FIELD}.css"),
    ("selector", {"fields": [{**NAME, "css": 5}]}, f"{FIELD}.css"),
    ("selector", {"fields": [{"name": "x", "xpath": "//a[1"}]}, f"{FIELD}.xpath"),
    ("selector", {"fields": [{**NAME, "take": "some"}]}, f"{FIELD}.take"),
    ("selector", {"fields": [{**NAME, "attribute": "a b"}]}, f"{FIELD}.attribute"),
    ("selector", {"fields": [{**NAME, "required": "yes"}]}, f"{FIELD}.required"),
    ("selector", {"fields": [{**NAME, "clean": ["polish"]}]}, f"{FIELD}.clean.0.step"),
    ("selector", {"fields": [{**NAME, "clean": ["strip", 3]}]}, f"{FIELD}.clean.1"),
    ("selector", {"fields": [{**NAME, "clean": ["match"]}]}, f"{FIELD}.clean.0"),
    ("selector", {"fields": [{**NAME, "clean": [{"step": "lower", "locale": "ja"}]}]},
     f"{FIELD}.clean.0"),
    ("selector", {"fields": [{**NAME, "clean": [{"step": "match", "pattern": "(a"}]}]},
     f"{FIELD}.clean.0.pattern"),
    ("selector", {"fields": [{**NAME, "clean": ["strip"] * 11}]}, f"{FIELD}.clean"),
    ("selector", {"fields": [{**NAME, "clean": [{"step": "date", "locale": "qq"}]}]},
     f"{FIELD}.clean.0.locale"),
    ("selector", {"fields": [{**NAME, "name": "a\nb"}]}, f"{FIELD}.name"),
    ("selector", {"fields": [NAME], "follow": [{}]}, "arguments.follow.0"),
    ("selector", {"fields": [NAME], "follow": [{"pattern": "("}]}, "arguments.follow.0.pattern"),
    ("selector", {"fields": [NAME], "follow": [{"css": "a", "most": 0}]},
     "arguments.follow.0.most"),
    ("selector", {"fields": [NAME], "most_pages": 0}, "arguments.most_pages"),
    ("selector", {"fields": [NAME], "next_page": "a.next"}, "arguments.next_page"),
    ("structured", {"syntaxes": ["rdfa"]}, "arguments.syntaxes.0"),
    ("structured", {"fields": [{"name": "x", "path": "a["}]}, "arguments.fields.0.path"),
    ("sitemap", {}, "arguments.page"),
    ("sitemap", {"page": {}}, "arguments.page"),
    ("sitemap", {"page": {"structured": {}, "selector": {"fields": [NAME]}}}, "arguments.page"),
    ("feed", {"fields": ["colour"]}, "arguments.fields.0"),
    ("api", {"next_page": {}}, "arguments.next_page"),
    ("api", {"next_page": {"path": "a", "from": 1}}, "arguments.next_page"),
    ("api", {"next_page": {"parameter": "a&b"}}, "arguments.next_page.parameter"),
    ("api", {"headers": {"Host": "localhost"}}, "arguments.headers"),
    ("api", {"headers": {"cookie": "a=b"}}, "arguments.headers"),
    ("api", {"headers": {"X-Forwarded-For": "::1"}}, "arguments.headers"),
    ("api", {"headers": {"X-A": "b", "x-a": "c"}}, "arguments.headers"),
    ("api", {"headers": {"Authorization": "Bearer abc"}}, "arguments.headers"),
    ("api", {"headers": {"X-Api-Key": "abc"}}, "arguments.headers"),
    ("api", {"headers": {"X-A": "b\r\nHost: c"}}, "arguments.headers.X-A"),
    ("api", {"headers": {"X-A": "${token}"}}, "arguments.headers.X-A"),
    ("api", {"headers": {"X-A": 3}}, "arguments.headers.X-A"),
    ("api", {"headers": {"X-A": {"secret": "a b"}}}, "arguments.headers.X-A"),
]  # fmt: skip


@pytest.mark.parametrize(("spider", "arguments"), GOOD, ids=str)
def test_a_recipe_is_what_its_target_is_told(spider: str, arguments: dict[str, Any]) -> None:
    fields = {"name": "shop", "spider": spider, "arguments": arguments}
    assert definitions.check(fields).arguments == arguments
    assert isinstance(recipes.read(spider, arguments), recipes.RECIPES[spider])


@pytest.mark.parametrize(("spider", "arguments", "place"), BAD, ids=str)
def test_each_fault_names_its_place(spider: str, arguments: dict[str, Any], place: str) -> None:
    with pytest.raises(TargetInvalid) as caught:
        definitions.check({"name": "shop", "spider": spider, "arguments": arguments})
    (found,) = (each for each in caught.value.faults if each.startswith(place))
    assert found.removeprefix(place) in {"", ".[key]"}
    fault = caught.value.faults[found]
    assert isinstance(fault, Sentence)
    assert fault != "is not understood"


def test_faults_of_a_recipe_come_with_those_of_other_fields() -> None:
    fields = {"name": "My Shop", "spider": "feed", "arguments": {"fields": 3}, "priority": 10}
    with pytest.raises(TargetInvalid) as caught:
        definitions.check(fields)
    assert caught.value.faults.keys() == {"name", "priority", "arguments.fields"}


def test_spiders_with_code_are_told_what_they_like() -> None:
    fields = {"name": "shop", "spider": "demo_shop", "arguments": {"fields": 3}}
    assert definitions.check(fields).arguments == {"fields": 3}


def test_a_step_may_be_just_its_name() -> None:
    recipe = recipes.read("selector", {"fields": [{**NAME, "clean": ["strip"]}]})
    assert isinstance(recipe, SelectorRecipe)
    assert [step.step for step in recipe.fields[0].clean] == ["strip"]


def test_a_recipe_of_text_is_no_recipe() -> None:
    with pytest.raises(ValidationError):
        recipes.read("selector", {"fields": "h1"})


@pytest.mark.parametrize(
    "compiled", [patterns.compiled, paths.compiled, places.translated, xpaths.compiled]
)
def test_what_people_try_is_not_kept_for_ever(compiled: Any) -> None:
    assert compiled.cache_info().maxsize is not None
