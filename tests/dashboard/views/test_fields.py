"""From a job with an empty field to a corrected recipe, as a person walks; the worker is called."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator import inspection
from orchestrator.ledger import diagnoses
from orchestrator.ledger.models import AuditEntry, FieldDiagnosis, ScrapingTarget, TargetDraft
from tests.dashboard.conftest import Browser
from tests.orchestrator.ledger import given, sampled
from tests.orchestrator.ledger.sampled import sample

RECIPE: dict[str, Any] = {
    "items": {"css": "li"},
    "fields": [
        {"name": "name", "css": "h2"},
        {"name": "price", "css": ".price", "clean": ["price"]},
    ],
}
FOUND: dict[str, Any] = {
    "way": "placed",
    "now": {"of": 2, "filled": 0, "values": ["", ""]},
    "before": {"of": 2, "filled": 2, "values": ["1.5", "<script>alert(1)</script>"]},
    "trial": None,
    "remains": {"selector": ".box", "count": 2},
    "items_lost": False,
    "lines_before": [{"text": "<li>"}, {"text": '  <b class="price">£1.50', "marked": True}],
    "lines_now": [{"text": '<b class="amount"><script>alert(2)</script>'}],
    "candidates": [
        {"place": {"css": ".amount"}, "of": 2, "filled": 2, "values": ["£1.50"], "score": 0.9},
        {
            "place": {"css": "b", "items": {"css": "dl"}},
            "of": 2,
            "filled": 1,
            "values": [],
            "score": 0.5,
        },
    ],
}
TRIAL = {
    "place": {"css": ".amount"},
    "before": {"of": 2, "filled": 0, "values": ["", ""]},
    "now": {"of": 2, "filled": 2, "values": ["1.5", "2.5"]},
}


@pytest.fixture
def target_id(operator: Browser) -> int:
    return given.a_target("tea", spider="selector", start_urls=[sampled.URL], arguments=RECIPE)


@pytest.fixture
def job_id(target_id: int) -> UUID:
    """A job that found no price, after one that did."""
    sampled.job_with(target_id, sample("<b>£1.50", 2, {"name": 2, "price": 2}))
    return sampled.job_with(target_id, sample("<b class=amount>£1.50", 2, {"name": 2}))


def at(job_id: UUID, field: str = "price") -> str:
    return f"/jobs/{job_id}/fields/{field}"


def asking(job_id: UUID) -> str:
    return f"/jobs/{job_id}/diagnoses/price"


def answered(job_id: UUID, **more: Any) -> None:
    """What a worker would write."""
    number = given.do(diagnoses.take, job_id, "price")
    given.do(diagnoses.answer, job_id, "price", number, FOUND | more)


def test_a_field_that_fell_is_named_on_its_job_and_looked_into_by_a_worker(
    operator: Browser, job_id: UUID, redis_url: str
) -> None:
    page = operator.get(f"/jobs/{job_id}").text
    assert "Why is price empty?" in page
    assert "Why is name empty?" not in page
    assert '<details id="fields-fold" open>' in page
    assert "Look into its pages" in operator.get(at(job_id)).text
    answer = operator.post(asking(job_id))
    assert inspection.queue_length("control") == 1
    waiting = operator.get(answer.location).text
    assert "Reading…" in waiting
    assert '<noscript><meta http-equiv="refresh"' in waiting
    answered(job_id)
    page = operator.get(at(job_id)).text
    assert "Reading…" not in page
    assert "<mark>" in page
    assert ".box</bdi></code> still finds something: 2 times" in page
    assert "<script>alert" not in page


def test_a_place_is_tried_with_one_press_and_used_with_another(
    operator: Browser, session: Session, job_id: UUID, target_id: int
) -> None:
    operator.get(at(job_id))
    operator.post(asking(job_id))
    answered(job_id)
    assert operator.post(asking(job_id), {"try": "0"}).status_code == 303
    diagnosis = session.get_one(FieldDiagnosis, (job_id, "price"))
    assert (diagnosis.tried, diagnosis.asked) == ({"css": ".amount"}, 2)
    answered(job_id, trial=TRIAL)
    page = operator.get(at(job_id)).text
    assert "2.5" in page
    assert 'name="place" value=".amount"' in page
    answer = operator.post(asking(job_id), {"use": "0"})
    draft = session.get_one(TargetDraft, UUID(answer.location.rpartition("/")[2]))
    assert (draft.target_id, draft.url, draft.status) == (target_id, sampled.URL, "looking")
    assert draft.arguments["fields"][1] == {"name": "price", "css": ".amount", "clean": ["price"]}
    # Nothing is saved before somebody has seen it in the builder.
    assert session.get_one(ScrapingTarget, target_id).arguments == RECIPE
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "draft.look")).one()
    assert entry.subject == sampled.URL


def test_a_place_with_items_moves_these_too(
    operator: Browser, session: Session, job_id: UUID
) -> None:
    operator.get(at(job_id))
    operator.post(asking(job_id))
    answered(job_id)
    answer = operator.post(asking(job_id), {"use": "1"})
    draft = session.get_one(TargetDraft, UUID(answer.location.rpartition("/")[2]))
    assert draft.arguments["items"] == {"css": "dl"}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"try": "typed", "place": "div[["}, "Is no CSS selector"),
        ({"try": "typed", "place": ""}, "eeds either css or xpath"),
        ({"use": "typed", "place": "//b[descendant::p]"}, "ay not look into descendants"),
        ({"use": "9"}, "There is no such place"),
    ],
)
def test_what_is_no_place_is_said_and_asked_of_no_worker(
    operator: Browser, session: Session, job_id: UUID, typed: dict[str, str], said: str
) -> None:
    operator.get(at(job_id))
    answer = operator.post(asking(job_id), typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert session.scalars(select(FieldDiagnosis)).all() == []
    assert session.scalars(select(TargetDraft)).all() == []


def test_a_typed_place_is_tried_as_it_was_typed(
    operator: Browser, session: Session, job_id: UUID
) -> None:
    operator.get(at(job_id))
    typed = {"try": "typed", "place": "./b", "attribute": "title", "items": "ul > li"}
    assert operator.post(asking(job_id), typed).status_code == 303
    diagnosis = session.get_one(FieldDiagnosis, (job_id, "price"))
    assert diagnosis.tried == {"xpath": "./b", "attribute": "title", "items": {"css": "ul > li"}}


def test_a_viewer_reads_and_changes_nothing(viewer: Browser, job_id: UUID) -> None:
    given.do(diagnoses.ask, job_id, "price")
    answered(job_id)
    page = viewer.get(at(job_id)).text
    assert ".amount" in page
    assert "Use this" not in page
    assert viewer.post(asking(job_id), {"try": "0"}).status_code == 403


def test_a_kept_page_is_a_file_and_no_page_of_ours(viewer: Browser, job_id: UUID) -> None:
    answer = viewer.get(f"/jobs/{job_id}/samples/0")
    assert answer.data == b"<b class=amount>\xc2\xa31.50"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.mimetype == "application/octet-stream"
    assert viewer.get(f"/jobs/{job_id}/samples/4").status_code == 404


def test_a_job_without_pages_says_so(operator: Browser, target_id: int) -> None:
    job_id = sampled.job_with(target_id)
    assert "No page of this job was kept" in operator.get(at(job_id)).text
    assert "Fields</h2>" not in operator.get(f"/jobs/{job_id}").text


def test_of_a_spider_with_code_the_differences_are_shown(operator: Browser) -> None:
    target_id = given.a_target("code", spider="own")
    job_id = sampled.job_with(target_id, sample("<p>x", 1, {"name": 1}))
    given.do(diagnoses.ask, job_id, "price")
    lines = [{"text": "£1.50", "kind": "gone"}, {"text": "£1", "kind": "new"}]
    number = given.do(diagnoses.take, job_id, "price")
    found = {"way": "text", "differences": lines}
    given.do(diagnoses.answer, job_id, "price", number, found)
    page = operator.get(at(job_id)).text
    assert "Its selectors are in the code of the spider" in page
    assert page.count("line-gone") == page.count("line-new") == 1


def test_a_question_without_an_answer_can_be_asked_again(
    operator: Browser, session: Session, job_id: UUID
) -> None:
    given.do(diagnoses.ask, job_id, "price")
    session.get_one(FieldDiagnosis, (job_id, "price")).asked_at -= diagnoses.OVERDUE
    session.flush()
    page = operator.get(at(job_id)).text
    assert "No worker has answered for 30 seconds" in page
    operator.post(asking(job_id))
    assert "Reading…" in operator.get(at(job_id)).text


def test_a_target_that_has_another_spider_by_now_is_left_alone(
    operator: Browser, session: Session, job_id: UUID, target_id: int
) -> None:
    given.do(diagnoses.ask, job_id, "price")
    answered(job_id)
    operator.get(at(job_id))
    session.get_one(ScrapingTarget, target_id).spider = "own"
    session.flush()
    answer = operator.post(asking(job_id), {"use": "0"})
    assert (answer.status_code, "has another spider by now" in answer.text) == (422, True)
