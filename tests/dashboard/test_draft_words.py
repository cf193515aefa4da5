import re
from pathlib import Path

from flask import Flask

import orchestrator
import spiders_project
from dashboard import draft_words
from orchestrator import looks
from orchestrator.ledger import drafts
from orchestrator.ledger.recipes.steps import STEP_NAMES


def test_every_reason_that_a_look_leaves_has_a_sentence() -> None:
    fetch = Path(spiders_project.__file__).with_name("fetch.py").read_text()
    obstacles = Path(spiders_project.__file__).with_name("proposals") / "obstacles.py"
    watched = Path(orchestrator.__file__).with_name("looks.py").read_text()
    left = {
        *re.findall(r'NotFetched\("(\w+)"', fetch),
        *re.findall(r'(?:Error|Refused), "(\w+)"\)', fetch),
        *re.findall(r'^    [A-Z_]+ = "(\w+)"', obstacles.read_text(), re.MULTILINE),
        *re.findall(r'return "(\w+)"', watched),
        *looks._TOO_SLOW.values(),
        drafts.FAULTY,
    } - {"", "nothing to do"}
    assert left <= set(draft_words._REASONS)
    assert len(left) > 12


def test_a_detail_is_a_strangers_text(app: Flask) -> None:
    with app.test_request_context():
        assert "\x1b" not in draft_words.why_not("not_html", "text/\x1b[31mx")
        assert draft_words.why_not("a reason of tomorrow")
        assert draft_words.why_not(None)


def test_every_step_of_cleaning_can_be_chosen() -> None:
    assert {name for name, _ in draft_words.CLEANING} == set(STEP_NAMES)
