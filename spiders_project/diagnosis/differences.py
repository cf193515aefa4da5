"""What two pages say differently, line by line: all that can be told of a spider with code."""

from difflib import SequenceMatcher
from itertools import islice
from typing import Any

from orchestrator.ledger.items import clean_text
from spiders_project.extraction import Page
from spiders_project.proposals.outline import MOST_ELEMENTS, SILENT

#: Comparing takes the square of it, at worst.
_MOST_LINES = 800
_LONGEST_LINE, _MOST_SHOWN = 200, 120

Line = dict[str, Any]


def of(before: Page, now: Page) -> list[Line]:
    """Lines that are gone and lines that are new, in the order of the pages."""
    old, new = _lines(before), _lines(now)
    shown: list[Line] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            shown.extend({"text": text, "kind": "gone"} for text in old[a:b])
            shown.extend({"text": text, "kind": "new"} for text in new[c:d])
        if len(shown) > _MOST_SHOWN:
            break
    return shown[:_MOST_SHOWN]


def _lines(page: Page) -> list[str]:
    if "json" in page.content_type:
        texts = page.text[:100_000].replace(",", ",\n").splitlines()
    else:
        elements = islice(page.tree.iter(), MOST_ELEMENTS)
        texts = [
            text
            for each in elements
            if isinstance(each.tag, str) and each.tag not in SILENT
            for text in (each.text, *(child.tail for child in each))
            if text
        ]
    lines = (" ".join(text[:2_000].split())[:_LONGEST_LINE] for text in texts)
    return list(islice((clean_text(line) for line in lines if line), _MOST_LINES))
