"""What a process that has read strangers' pages may say, and what is refused."""

from typing import Any

import pytest

from orchestrator.exceptions import AnswerRefused
from orchestrator.ledger import answers
from orchestrator.ledger.answers import Answer
from orchestrator.ledger.draft_answers import NothingSaid, PageSaid, PreviewsSaid, ProposalsSaid
from orchestrator.ledger.field_answers import FindingsSaid, NoFindingsSaid

ALL: list[type[Answer]] = [
    PageSaid, NothingSaid, ProposalsSaid, PreviewsSaid, FindingsSaid, NoFindingsSaid
]  # fmt: skip
PAGE: dict[str, Any] = {"url": "https://shop.example/", "status": 200, "headers": {"etag": "x"}}
PROPOSAL: dict[str, Any] = {
    "spider": "selector",
    "arguments": {"items": {"css": "li"}, "fields": [{"name": "name", "css": "h2"}]},
    "title": {"pattern": "%(rows)d items: %(columns)s", "values": {"rows": 2, "columns": "name"}},
    "start_url": "https://shop.example/",
    "key_fields": [],
    "rows": 2,
    "columns": [{"name": "name", "kind": "text", "samples": ["Tea", {"in": ["depth"]}]}],
    "score": 9,
    "sample": [{"name": "Tea"}],
}
PREVIEW: dict[str, Any] = {
    "columns": [{"name": "name", "filled": 1}],
    "rows": [[{"text": "Tea", "state": "fine"}], [{"text": "?", "state": "odd", "why": "odd"}]],
    "count": 2,
    "next": None,
    "follow": 0,
    "faults": [],
}
READING: dict[str, Any] = {"of": 2, "filled": 1, "values": ["12", ""]}
IN_DATA: dict[str, Any] = {
    "way": "path",
    "now": READING,
    "before": None,
    "trial": {"place": {"path": "price"}, "now": READING},
    "items_lost": False,
    "lines_before": [],
    "lines_now": [{"text": "<b>"}, {"text": "12", "marked": True}],
    "candidates": [READING | {"place": {"path": "cost"}, "score": 0.9}],
}
ON_PAGES = IN_DATA | {"way": "placed", "remains": {"selector": "li", "count": 2}}
IN_TEXT = {"way": "text", "differences": [{"text": "a", "kind": "gone"}]}


def read(kind: Any, content: Any, body: bytes = b"") -> Answer:
    return answers.read(([kind, content], body), ALL)


def proposed(**changes: Any) -> dict[str, Any]:
    return {"proposals": [PROPOSAL | changes], "why_none": None}


def previewed(**changes: Any) -> dict[str, Any]:
    return {"previews": [{"place": 3, "preview": PREVIEW | changes}]}


@pytest.mark.parametrize("findings", [IN_DATA, ON_PAGES, IN_TEXT])
def test_findings_are_stored_as_they_were_said(findings: dict[str, Any]) -> None:
    said = read("findings", {"findings": findings})
    assert isinstance(said, FindingsSaid)
    assert said.findings.as_said() == findings


def test_proposals_previews_and_pages_are_stored_as_they_were_said() -> None:
    proposals = read("proposals", proposed())
    assert isinstance(proposals, ProposalsSaid)
    assert [each.as_said() for each in proposals.proposals] == [PROPOSAL]
    previews = read("previews", previewed())
    assert isinstance(previews, PreviewsSaid)
    assert previews.by_place() == {3: PREVIEW}
    page = read("page", PAGE, b"packed")
    assert isinstance(page, PageSaid)
    assert page.kept().body == b"packed"


def test_what_postgres_cannot_hold_is_repaired() -> None:
    said = read("nothing", {"reason": "not_html", "detail": "te\0xt"})
    assert isinstance(said, NothingSaid)
    assert said.detail == "te\ufffdxt"


DEEP: list[Any] = []
for _ in range(900):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("kind", "content", "body"),
    [
        ("page", PAGE, b""),
        ("page", PAGE | {"body": "text"}, b""),
        ("page", PAGE | {"status": "200"}, b"packed"),
        ("page", PAGE | {"headers": {"etag": None}}, b"packed"),
        ("page", PAGE | {"more": 1}, b"packed"),
        ("nothing", {"reason": "Not A Word", "detail": ""}, b""),
        ("nothing", {"reason": "robots", "detail": ""}, b"packed"),
        ("proposals", proposed(spider="demo_shop"), b""),
        ("proposals", proposed(arguments={"items": {"css": "li::text"}}), b""),
        ("proposals", proposed(arguments={"items": {"css": "li"}, "more": DEEP}), b""),
        ("proposals", proposed(title={"pattern": "%(a)99999999s", "values": {"a": "a"}}), b""),
        ("proposals", proposed(title={"pattern": "%(a)s", "values": {}}), b""),
        ("proposals", proposed(title={"pattern": "%(a)d", "values": {"a": "a"}}), b""),
        ("proposals", proposed(rows=-1), b""),
        ("proposals", {"proposals": [PROPOSAL] * 9, "why_none": None}, b""),
        ("previews", previewed(rows=[[]]), b""),
        ("previews", previewed(count="2"), b""),
        ("previews", {"previews": [{"place": 4, "preview": PREVIEW}]}, b""),
        ("findings", {"findings": IN_DATA | {"way": "elsewhere"}}, b""),
        ("findings", {"findings": IN_TEXT | {"now": READING}}, b""),
        ("no_findings", {"fault": DEEP}, b""),
        ("launch", {}, b""),
        (["page"], PAGE, b"packed"),
        ("page", [], b"packed"),
    ],
)
def test_what_has_another_shape_is_refused(kind: Any, content: Any, body: bytes) -> None:
    with pytest.raises(AnswerRefused):
        read(kind, content, body)


@pytest.mark.parametrize("said", [None, [], ["page"], {"page": PAGE}, "page"])
def test_what_is_no_answer_is_refused(said: Any) -> None:
    with pytest.raises(AnswerRefused):
        answers.read((said, b""), ALL)


def test_one_of_another_kind_than_expected_is_refused() -> None:
    with pytest.raises(AnswerRefused, match="none of those that were expected: nothing"):
        answers.read((["page", PAGE], b"packed"), [NothingSaid])


def test_a_refusal_repeats_nothing_that_a_stranger_wrote() -> None:
    with pytest.raises(AnswerRefused) as refused:
        read("page", PAGE | {"status": "\x1b[31mhostile"}, b"packed")
    assert "hostile" not in str(refused.value)
    assert "'status'" in str(refused.value)
