"""The parts of pages that the code writes, and that a reader's browser asks nobody else."""

import re
from pathlib import Path

import pytest

from docs import offline, written
from docs.written import comments, interface, markdown
from orchestrator.cli import COMMANDS
from orchestrator.config import Config
from orchestrator.ledger.allowed_settings import ALLOWED
from orchestrator.ledger.models import JobStatus, ScrapedItem, Table
from orchestrator.ledger.recipes import RECIPES
from orchestrator.ledger.targets import FIELDS
from tests.docs.pages import PAGES, ROOT


@pytest.fixture(scope="module")
def parts() -> dict[str, str]:
    return {name: write() for name, write in written.PARTS.items()}


def headings(part: str) -> list[str]:
    return re.findall(r"^##+ (.+)$", part, re.MULTILINE)


def first_cells(part: str) -> list[str]:
    return re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)


def test_each_part_has_its_place_in_one_page() -> None:
    marked = [name for page in PAGES for name in written.MARK.findall(page.read_text())]
    assert sorted(marked) == sorted(written.PARTS)


def test_a_part_that_nobody_writes_is_noticed() -> None:
    with pytest.raises(KeyError, match="weather"):
        written.filled("<!-- written: weather -->")


def test_every_variable_is_told_with_its_bounds(parts: dict[str, str]) -> None:
    names = {str(field.validation_alias) for field in Config.model_fields.values()}
    assert set(headings(parts["configuration"])) == names
    slots = parts["configuration"].partition("## KUMO_SLOTS\n")[2].partition("\n## ")[0]
    assert slots.strip().endswith("A whole number from 1 to 256. Default: `2`.")


def test_every_command_is_told(parts: dict[str, str]) -> None:
    told = headings(parts["commands"])
    assert {line.split()[1] for line in told} == set(COMMANDS)
    assert {"kumo targets add", "kumo jobs accept"} <= set(told)
    assert (
        "| `--wait` | Wait for the end; exit status 0 only if it completed. |" in parts["commands"]
    )


def test_every_table_is_told_with_the_words_of_its_model(parts: dict[str, str]) -> None:
    assert set(headings(parts["tables"])) == set(Table.metadata.tables)
    status = f"| `{JobStatus.PAUSED}` | A person stopped it for now; its frontier waits. |"
    assert status in parts["tables"]
    assert (
        comments.of(ScrapedItem, "key") == "Made from the key fields; a digest when they are long."
    )


def test_every_field_of_a_target_is_told(parts: dict[str, str]) -> None:
    assert set(first_cells(parts["target"])) == set(FIELDS)
    assert set(first_cells(parts["settings"])) == set(ALLOWED)
    assert [each for each in headings(parts["recipes"]) if "spider" in each] == [
        f"The spider {spider}" for spider in RECIPES
    ]


def test_the_words_are_those_of_the_readme(parts: dict[str, str]) -> None:
    assert "\nbell\n  a Celery message" in parts["words"]


def test_the_metrics_that_pages_name_are_there(parts: dict[str, str]) -> None:
    told = set(re.findall(r"^\| `(\w+)` \|", parts["metrics"], re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"\b(kumo_[a-z_]+)", queries(page))}
    assert not told or named <= told


def queries(page: Path) -> str:
    """What is said of series, and not of databases or cookies."""
    return page.read_text() if page.name in {"grafana.md", "metrics.md"} else ""


def test_what_pages_ask_by_http_is_there(parts: dict[str, str]) -> None:
    page = (ROOT / "docs" / "how-to" / "yesterday-as-csv.md").read_text()
    parameters = re.findall(r"`([a-z_]+_(?:since|until))`", page)
    assert parameters
    if parts["interface"]:
        assert [name for name in parameters if f"`{name}`" not in parts["interface"]] == []


def test_an_interface_is_told_by_noun() -> None:
    answers = {"200": {"description": "The shop."}, "404": {"description": "There is none."}}
    operation = {"tags": ["shops"], "summary": "Read a shop", "responses": answers}
    document = {
        "tags": [{"name": "shops", "description": "Where things are sold."}],
        "paths": {"/shops/{id}": {"get": operation}},
        "components": {"schemas": {"Shop": {"properties": {"opens_at": {"format": "date-time"}}}}},
    }
    told = interface.told(document)
    assert headings(told) == ["Shops", "GET /shops/{id}", "Shop"]
    assert "- 200: The shop.\n" in told
    assert "There is none" not in told
    assert "| `opens_at` | a time |  |  |" in told


def test_a_bar_ends_no_cell() -> None:
    assert markdown.table(("a",), [("x | y\nz",)]) == "| a |\n|---|\n| x \\| y z |\n"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.html", '<script src="https://cdn.example/x.js">', ["https://cdn.example/x.js"]),
        ("a.html", '<img src="//cdn.example/x.png">', ["//cdn.example/x.png"]),
        ("a.html", '<p style="background: url(http://a.example/b)">', ["http://a.example/b"]),
        ("a.html", '<a href="https://example.org/">leads away</a><img src="x.png">', []),
        ("a.css", '@import "https://fonts.example/f";', ["https://fonts.example/f"]),
        ("a.css", "a { background: url(data:image/png;base64,AA) }", []),
    ],
)
def test_what_a_page_fetches_from_elsewhere_is_told(
    name: str, text: str, told: list[str], tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    assert [address for _, address in offline.fetched(tmp_path)] == told


def test_the_site_is_no_part_of_what_is_installed() -> None:
    packages = (ROOT / "pyproject.toml").read_text().partition("packages.find]")[2]
    assert "docs" not in packages.partition("\n[")[0]
