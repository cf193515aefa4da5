"""How a diagnosis ends, by real processes that read what was kept."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from orchestrator import config, diagnosing
from orchestrator.ledger import diagnoses, fields
from orchestrator.ledger.fields import Fill
from orchestrator.ledger.models import FieldDiagnosis
from tests.orchestrator.ledger import given, sampled
from tests.orchestrator.ledger.sampled import sample
from tests.scenes import database, redis_url  # noqa: F401  # for the whole module

RECIPE: dict[str, Any] = {
    "items": {"css": "li"},
    "fields": [
        {"name": "name", "css": "h2"},
        {"name": "price", "css": ".price", "clean": ["price"]},
    ],
}
#: Each element looks at all that stand before it, and each of those again.
SLOW = "//li[count(preceding-sibling::li[count(preceding-sibling::li) > 1]) > 1]"


def page(kind: str, wares: int = 6) -> str:
    return "".join(
        f"<li><h2>Tea {n}</h2><b class={kind}>£{n}.50</b></li>" for n in range(1, wares + 1)
    )


@pytest.fixture(scope="module", autouse=True)
def _forkserver(database: str, redis_url: str) -> Iterator[None]:  # noqa: F811
    """One that knows this module's database."""
    from multiprocessing import forkserver

    config.get.cache_clear()
    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    yield
    forkserver._forkserver._stop()  # type: ignore[attr-defined]


def broken(name: str, recipe: Any = RECIPE, now: str = "") -> UUID:
    """A job of a target whose page was good once, and has no price now."""
    target_id = given.a_target(name, spider="selector", start_urls=[sampled.URL], arguments=recipe)
    sampled.job_with(target_id, sample(page("price"), 6, {"name": 6, "price": 6}))
    return sampled.job_with(target_id, sample(now or page("amount"), 6, {"name": 6}))


def asked(job_id: UUID, tried: Any = None) -> str:
    given.do(diagnoses.ask, job_id, "price", tried)
    return diagnosing.serve(job_id, "price")


def found(job_id: UUID) -> FieldDiagnosis:
    diagnosis = given.do(diagnoses.find, job_id, "price")
    assert diagnosis
    return diagnosis


def test_a_place_for_a_field_that_is_empty_is_found_and_tried_on_both_pages() -> None:
    job_id = broken("found")
    rows = given.do(fields.of_job, given.job(job_id))
    assert [(row.name, row.fell, row.now, row.before) for row in rows] == [
        ("price", True, Fill(0, 6), Fill(6, 6)),
        ("name", False, Fill(6, 6), Fill(6, 6)),
    ]
    assert asked(job_id) == "answered"
    assert diagnosing.serve(job_id, "price") == "nothing to do"
    findings: Any = found(job_id).findings
    assert findings["before"]["filled"] == 6
    best = findings["candidates"][0]
    assert (best["place"], best["values"][0]) == ({"css": ".amount"}, "£1.50")
    assert asked(job_id, best["place"]) == "answered"
    trial = found(job_id).findings["trial"]  # type: ignore[index]
    assert (trial["before"]["filled"], trial["now"]["filled"]) == (0, 6)


def test_a_place_that_reads_for_ever_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosing, "_SECONDS", 2.0)
    job_id = broken("slow", now=page("amount", 8_000))
    assert asked(job_id, {"css": ".amount", "items": {"xpath": SLOW}}) == "too_slow"
    assert (found(job_id).fault, found(job_id).findings) == ("too_slow", None)


def test_a_job_without_pages_says_so() -> None:
    job_id = sampled.job_with(given.a_target("bare", spider="selector", arguments=RECIPE))
    assert asked(job_id) == "answered"
    assert found(job_id).fault == "no_page"


def test_an_answer_to_an_earlier_question_is_not_taken() -> None:
    job_id = broken("twice")
    given.do(diagnoses.ask, job_id, "price")
    first = given.do(diagnoses.take, job_id, "price")
    given.do(diagnoses.ask, job_id, "price", {"css": "b"})
    given.do(diagnoses.answer, job_id, "price", first, {"way": "placed"})
    assert found(job_id).findings is None
    assert given.do(diagnoses.take, job_id, "price") == 2
