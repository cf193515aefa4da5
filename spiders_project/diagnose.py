"""The process that finds out why a field of a job is empty: compare two pages, answer, exit.

It is told all that it needs and says its answer to its worker: who parses strangers' pages touches
no database. It reads with selectors from people, too, so it is killed when it takes too long.
"""

from multiprocessing.connection import Connection
from typing import NoReturn

from pydantic import ValidationError

from orchestrator.exceptions import Invalid
from orchestrator.ledger.errands import FieldErrand, SampledPage
from orchestrator.ledger.items import repaired
from spiders_project import errand
from spiders_project.diagnosis import Question, diagnose
from spiders_project.errand import Answers
from spiders_project.extraction import Page


def main(told: FieldErrand, pipe: "Connection[bytes, bytes]") -> NoReturn:
    """Answers that question; the exit status says whether it could."""
    errand.run(_answer, told, Answers(pipe))


def _answer(told: FieldErrand, answers: Answers) -> None:
    try:
        findings = repaired(diagnose(_question(told)))
    except (Invalid, ValidationError):
        answers.say("no_findings", {"fault": "faulty"})
    else:
        answers.say("findings", {"findings": findings})


def _question(told: FieldErrand) -> Question:
    return Question(
        told.field,
        recipe=told.recipe,
        now=_page(told.now),
        before=_page(told.before) if told.before else None,
        recipe_before=told.recipe_before if told.before else None,
        tried=told.tried,
    )


def _page(sample: SampledPage) -> Page:
    return Page(sample.url, sample.body, {"content-type": sample.content_type})
