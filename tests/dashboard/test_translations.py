"""Every text has its Japanese, and what is read is what was written."""

import io
import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
TRANSLATIONS = ROOT / "dashboard/translations"
CATALOGUE = TRANSLATIONS / "ja/LC_MESSAGES/messages"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "lazy_gettext": None,
    "Sentence": None,
    "noted": None,
}
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


@cache
def texts() -> dict[str, str]:
    """Every text in the code, with its plural or itself."""
    with (TRANSLATIONS / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = {}
    for package in ("dashboard", "orchestrator", "spiders_project"):
        for _, _, message, *_ in extract_from_dir(
            ROOT / package, methods, options, KEYWORDS, directory_filter=lambda _: True
        ):
            one, more = message if isinstance(message, tuple) else (message, message)
            found[one] = more
    return found


@cache
def japanese() -> Catalog:
    with CATALOGUE.with_suffix(".po").open("rb") as file:
        return read_po(file, locale="ja")


def translated(message: Message) -> str:
    string = message.string
    return string[0] if isinstance(string, tuple | list) else string


def test_every_text_has_its_japanese() -> None:
    missing = [
        text for text in texts() if not (found := japanese().get(text)) or not translated(found)
    ]
    assert missing == []


def test_no_japanese_is_left_of_a_text_that_is_gone() -> None:
    known = {each.id[0] if isinstance(each.id, tuple) else each.id for each in japanese()}
    assert known - {""} - set(texts()) == set()


@pytest.mark.parametrize("fault", ["fuzzy", "format", "placeholders"])
def test_the_japanese_fits_its_text(fault: str) -> None:
    def at_fault(message: Message) -> bool:
        if fault == "fuzzy":
            return message.fuzzy
        if fault == "format":
            # What `pybabel compile` ends with an error for.
            return bool(message.check(japanese()))
        one, more = message.id if isinstance(message.id, tuple) else (message.id, message.id)
        wanted = set(_PLACEHOLDER.findall(one)) | set(_PLACEHOLDER.findall(more))
        used = set(_PLACEHOLDER.findall(translated(message)))
        # A number may go unsaid where the English says it in a word, never be invented.
        return not used <= wanted or bool(wanted - used - {"num"})

    assert [each.id for each in japanese() if each.id and at_fault(each)] == []


def test_what_is_read_is_what_was_written() -> None:
    made = io.BytesIO()
    write_mo(made, japanese())
    made.seek(0)
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        read, wanted = read_mo(file), read_mo(made)
    strings = [{str(each.id): each.string for each in catalogue} for catalogue in (read, wanted)]
    assert strings[0] == strings[1], "run `make translations`"
