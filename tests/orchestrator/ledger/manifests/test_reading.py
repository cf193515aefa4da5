from pathlib import Path

import pytest

from orchestrator.exceptions import ManifestInvalid
from orchestrator.ledger.manifests import reading

HOW_TO = Path(__file__).parents[4] / "docs" / "how-to" / "targets-as-text.md"
SHOP = """\
targets:
  shop:
    spider: demo_shop
    schedule: 30 3 * * *  # before anybody buys
  books:
    spider: selector
    start_urls:
      - https://books.example/
    arguments:
      items: {css: .book}
      fields:
        - {name: title, css: h2}
        - {name: price, css: .price}
"""


def faults_of(text: str) -> list[tuple[int, str]]:
    with pytest.raises(ManifestInvalid) as raised:
        reading.read(text)
    return raised.value.faults


def test_targets_are_read_in_their_order_with_defaults_for_the_rest() -> None:
    manifest = reading.read(SHOP)
    assert list(manifest.definitions) == ["shop", "books"]
    shop = manifest.definitions["shop"]
    assert (shop.schedule, shop.priority, shop.active) == ("30 3 * * *", 5, True)
    assert manifest.line("books", "arguments.fields.1") == 13
    assert manifest.line("shop", "timezone") == 2


def test_the_example_in_the_documents_is_one() -> None:
    text = HOW_TO.read_text()
    manifest = reading.read(text.split("```yaml\n", 1)[1].split("```", 1)[0])
    assert list(manifest.definitions) == ["offers"]


def test_each_fault_is_told_with_its_line_and_field() -> None:
    faults = faults_of(
        "targets:\n"
        "  Shop:\n    spider: demo_shop\n"
        "  late:\n    spider: demo_shop\n    schedule: soon\n    priority: high\n"
        "  odd:\n    spider: demo_shop\n    colour: red\n"
        "  none:\n    schedule: 0 3 * * *\n"
        "  text: just words\n"
        "  named:\n    name: other\n    spider: demo_shop\n"
    )
    assert [(line, fault.partition(": ")[0]) for line, fault in faults] == [
        (2, "Shop"), (6, "late"), (7, "late"), (10, "odd"), (11, "none"), (13, "text"),
        (15, "named"),
    ]  # fmt: skip
    told = dict(faults)
    assert (
        told[6]
        == "late: schedule: 'soon' is no cron line: it needs five short fields, like 30 3 * * *"
    )
    assert told[7] == "late: priority: should be a whole number"
    assert told[10] == "odd: colour: is not known"
    assert told[11] == "none: spider: is missing"


def test_a_fault_in_a_recipe_is_told_at_its_own_line() -> None:
    ((line, fault),) = faults_of(SHOP.replace("css: h2", "css: 'h2['"))
    assert line == 12
    assert fault.startswith("books: arguments.fields.0.css: ")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("- shop\n", 1, "begin with targets:"),
        ("target:\n  shop:\n", 1, "target is not known"),
        ("targets:\n  - name: shop\n", 1, "its name for a key"),
        (
            "targets:\n  a:\n    spider: x\n  a:\n    spider: y\n",
            4,
            "a is there already, on line 2",
        ),
    ],
)
def test_what_is_no_manifest_is_refused(text: str, line: int, words: str) -> None:
    assert [(line, True)] == [(at, words in fault) for at, fault in faults_of(text)]


def with_arguments(arguments: str, spider: str = "own") -> str:
    return f"targets:\n  shop:\n    spider: {spider}\n    arguments: {arguments}\n"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ("{password: hunter2}", "password"),
        ("{api-key: 12345}", ""),
        ("{login: {access_token: abc}}", "login.access_token"),
        ("{headers: {Authorization: Bearer abc}}", "headers.Authorization"),
        ("{secrets: [a]}", "secrets.0"),
        ("{secret: lower}", "secret"),
    ],
)
def test_a_secret_is_refused_and_never_repeated(arguments: str, field: str) -> None:
    ((line, fault),) = faults_of(with_arguments(arguments))
    assert line == 4
    assert f"arguments.{field}".rstrip(".") in fault
    assert not any(word in fault for word in ("hunter2", "12345", "abc"))


@pytest.mark.parametrize(
    "arguments",
    [
        "{password: {secret: SHOP_PASSWORD}}",
        "{headers: {Authorization: 'Bearer ${TOKEN}'}}",
        "{keep_cookies: true, token: null, password: ''}",
        "{page: 3}",
    ],
)
def test_a_reference_to_a_secret_is_taken(arguments: str) -> None:
    assert reading.read(with_arguments(arguments)).definitions


def test_a_field_of_an_item_may_have_any_name() -> None:
    text = SHOP.replace("name: price", "name: token")
    assert reading.read(text).definitions["books"].arguments["fields"][1]["name"] == "token"
