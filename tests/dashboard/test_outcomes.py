import re
from pathlib import Path

from flask import Flask

from dashboard import outcomes
from dashboard.outcomes import outcome

ROOT = Path(__file__).parents[2]
#: Where jobs and attempts are ended, and what names the word there.
_ENDINGS = re.compile(r'(?:\b(?:End|_ended)\(\s*[\w.]+,\s*|_end\()"(\w+)"')


def test_every_word_that_an_ending_writes_is_known_in_words(app: Flask) -> None:
    folders = (ROOT / "orchestrator", ROOT / "spiders_project")
    sources = [path.read_text() for folder in folders for path in folder.rglob("*.py")]
    written = {word for source in sources for word in _ENDINGS.findall(source)}
    assert {"finished", "stuck", "frontier_full", "stopped", "spider_unknown"} <= written
    assert written <= set(outcomes._WORDS)


def test_a_signal_is_named_by_its_number(app: Flask) -> None:
    with app.test_request_context():
        assert outcome("signal_9") == "its crawler was killed by signal 9"


def test_an_unknown_word_is_shown_as_it_is_and_not_longer_than_a_line(app: Flask) -> None:
    with app.test_request_context():
        assert outcome("my_own_reason") == "my_own_reason"
        assert outcome("\x1b[31m" + "x" * 9_000) == "x" * 200
