"""One button for many jobs: each is asked for itself, and one message says what became of all."""

from collections import Counter
from collections.abc import Callable, Sequence
from uuid import UUID

from flask import request

from dashboard import deeds
from orchestrator.exceptions import Invalid, NotFound, Sentence, TransitionRefused
from orchestrator.ledger.models import Trigger

#: More than a page shows; a form of somebody's own may send more.
_MOST = 200


def chosen() -> list[UUID]:
    """The ids of the ticked jobs. Raises Invalid."""
    words = list(dict.fromkeys(request.form.getlist("job")))
    if len(words) > _MOST:
        raise Invalid(Sentence("Choose at most %(most)s jobs at once.", most=_MOST))
    try:
        return [UUID(word) for word in words]
    except ValueError as error:
        raise Invalid(
            Sentence("The form names a job that cannot be; open the list anew.")
        ) from error


def verb() -> str:
    """The pressed button's. Raises Invalid."""
    word = request.form.get("verb", "")
    if word not in _VERBS:
        raise Invalid(Sentence("%(word)s is nothing that jobs can be asked.", word=repr(word[:40])))
    return word


def ask(word: str, job_ids: Sequence[UUID]) -> dict[str, int]:
    """How many of the jobs came to what; each that changed is in the audit list."""
    return dict(Counter(_asked(word, job_id) for job_id in job_ids))


def _asked(word: str, job_id: UUID) -> str:
    try:
        answer = _VERBS[word](job_id)
    except NotFound:
        return "gone"
    except TransitionRefused:
        return "refused"
    return answer


def _cancel(job_id: UUID) -> str:
    ended = deeds.cancel(job_id)
    return "cancelled" if ended.status.is_final else "cancelling"


def _retry(job_id: UUID) -> str:
    answer = deeds.retry(job_id, Trigger.DASHBOARD)
    return "started" if answer.started else "already"


_VERBS: dict[str, Callable[[UUID], str]] = {"cancel": _cancel, "retry": _retry}
