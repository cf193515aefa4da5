import uuid
from typing import Any

import pytest
from flask import Flask

from orchestrator.ledger.models import Publication
from tests.dashboard.api.conftest import Program
from tests.orchestrator.ledger import given
from tests.orchestrator.ledger.runs import run
from tests.orchestrator.ledger.test_changes import crawl, pen


@pytest.fixture
def jobs(app: Flask) -> list[uuid.UUID]:
    """A pen becomes cheaper, one is gone, and one is found."""
    target_id = given.a_target("pens", tags=["shops"])
    return [
        crawl(target_id, pen(1, price=100), pen(2)),
        crawl(target_id, pen(1, price=90), pen(3)),
    ]


def kinds(changes: list[Any]) -> list[str]:
    return [each["kind"] for each in changes]


def test_changes_are_read_to_their_end_and_by_job(reading: Program, jobs: list[uuid.UUID]) -> None:
    found = reading.all_of("/changes", limit=1)
    assert kinds(found) == ["changed", "gone", "found", "found", "found"]
    assert found[0]["fields"] == [{"name": "price", "before": "100", "after": "90"}]
    assert found[0]["target"]["name"] == "pens"
    assert reading.all_of(f"/jobs/{jobs[0]}/changes", limit=1) == found[3:]


FILTERS: list[tuple[dict[str, Any], int]] = [
    ({"field": "price", "move": "fell", "by": "5"}, 1),
    ({"field": "price", "move": "fell", "by": "50"}, 0),
    ({"field": "price", "from": "100", "to": "90"}, 1),
    ({"kind": ["gone", "found"]}, 4),
    ({"target": "pens", "kind": "gone"}, 1),
    ({"tag": "shops", "text": "Pen 1"}, 2),
    ({"tag": "nobody"}, 0),
]


@pytest.mark.usefixtures("jobs")
def test_changes_are_filtered(reading: Program) -> None:
    for query, number in FILTERS:
        assert len(reading.all_of("/changes", **query)) == number, query


@pytest.mark.usefixtures("app")
def test_a_filter_that_cannot_be_meant_is_refused(reading: Program) -> None:
    refused = reading.get("/changes?move=fell")
    assert refused.status_code == 422
    assert refused.json["errors"] == [
        {"field": "field", "detail": "Name the field that this is about."}
    ]


@pytest.mark.judging
def test_what_is_held_back_is_accepted_and_undone(operating: Program) -> None:
    target_id = given.a_target()
    run(target_id, {"a": {"name": "Oak stool", "price": 49.5}, "b": {"name": "Oak table"}})
    held = run(target_id, {"a": {"name": "Please sign in"}}, believed=False)
    assert operating.get(f"/jobs/{held}").json["publication"] == Publication.HELD
    for verb, becomes in (("accept", "accepted"), ("undo", "held"), ("discard", "discarded")):
        answer = operating.post(f"/jobs/{held}/{verb}")
        assert (answer.status_code, answer.json["publication"]) == (200, becomes)
