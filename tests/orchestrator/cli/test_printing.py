import json
import uuid
from datetime import UTC, datetime

import pytest

from orchestrator.cli import printing


def test_columns_line_up_on_a_terminal_whatever_the_script(capsys: pytest.CaptureFixture[str]):
    printing.table(("NAME", "ITEMS"), [("お茶の店", 5), ("tea", 12_345)])
    # Each Japanese letter takes two places.
    assert capsys.readouterr().out.splitlines() == [
        "NAME       ITEMS",
        "お茶の店       5",
        "tea       12,345",
    ]


def test_no_control_character_of_a_stranger_reaches_the_terminal():
    hostile = "\x1b[2J\x1b]0;owned\x07a\x9b31mb\rc\x00\u202ed"
    shown = printing.lines(hostile)
    assert all(one.isprintable() for one in shown)
    assert "a" in shown


def test_a_cell_is_one_line():
    assert printing.cell("one\n  two\tthree") == "one two three"


def test_lines_below_the_first_are_indented(capsys: pytest.CaptureFixture[str]):
    printing.pairs([("Job", 1), ("Error", "first\nsecond")])
    assert capsys.readouterr().out.splitlines() == [
        "Job    1",
        "Error  first",
        "       second",
    ]


def test_times_are_shown_in_the_installations_zone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KUMO_TIMEZONE", "Asia/Tokyo")
    at = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
    assert printing.lines(at) == "2026-11-23 03:30:00 JST"


def test_json_is_plain_ascii(capsys: pytest.CaptureFixture[str]):
    at = datetime(2026, 11, 22, tzinfo=UTC)
    job_id = uuid.uuid4()
    printing.as_json({"name": "お茶\x9b", "at": at, "id": job_id})
    said = capsys.readouterr().out
    assert said.isascii()
    assert json.loads(said) == {"name": "お茶\x9b", "at": at.isoformat(), "id": str(job_id)}
