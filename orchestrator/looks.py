"""Starts and supervises the process that looks at a page for a draft, by module name.

Selectors of people and pages of strangers are read over there, never in a worker: what takes too
long or too much memory is killed, and its draft says so. The process writes its answers itself;
here is only said what became of one that could not.
"""

import logging
import multiprocessing
import os
import signal
from contextlib import suppress
from importlib import import_module
from multiprocessing.process import BaseProcess
from time import monotonic
from uuid import UUID

import psutil

from orchestrator import config, database, launcher
from orchestrator.ledger import drafts
from orchestrator.ledger.drafts import Errand, Taken

logger = logging.getLogger(__name__)

#: The only thing known of the spiders: what to import, and what to call in it.
_LOOK_MODULE = "spiders_project.look"
_WATCH_SECONDS = 0.1
#: Fetching waits for websites; reading what was fetched waits for nobody.
_SECONDS = {Errand.LOOK: 50.0, Errand.FURTHER: 60.0, Errand.PREVIEW: 5.0}
#: What took too long: the selectors, or the website, which may have asked for a pause.
_TOO_SLOW = {Errand.LOOK: "slow_site", Errand.FURTHER: "slow_site", Errand.PREVIEW: "too_slow"}


def serve(draft_id: UUID) -> str:
    """Does what is outstanding for a draft in a process of its own; says what that was."""
    with database.transaction() as session:
        taken = drafts.take(session, draft_id)
    if taken is None:
        return "nothing to do"
    trouble = _run(draft_id, taken)
    if trouble:
        logger.warning(
            "Draft %s: %s ended with %s",
            draft_id,
            taken.errand,
            trouble,
            extra={"action": "look_failed", "draft_id": str(draft_id)},
        )
        _write_down(draft_id, taken, trouble)
    return trouble or taken.errand


def _run(draft_id: UUID, taken: Taken) -> str | None:
    """A word for what went wrong, unless the process has said everything itself."""
    launcher.prepare()
    arguments = (draft_id, taken.errand.value, taken.revision)
    # The context that the launcher prepared: there is one in a process.
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=_look, args=arguments, name=f"look {draft_id}")
    try:
        process.start()
    except (OSError, EOFError):
        return "broken"
    try:
        return _watched(process, taken.errand)
    finally:
        process.close()


def _look(draft_id: UUID, errand: str, revision: int) -> None:
    """Runs in the process."""
    import_module(_LOOK_MODULE).main(draft_id, errand, revision)


def _watched(process: BaseProcess, errand: Errand) -> str | None:
    verdict, deadline = None, monotonic() + _SECONDS[errand]
    while process.exitcode is None:
        if verdict is None:
            verdict = _TOO_SLOW[errand] if monotonic() > deadline else _verdict(process)
            if verdict:
                process.kill()
        process.join(_WATCH_SECONDS)
    _end_company(process.pid)
    return verdict or ("broken" if process.exitcode else None)


def _verdict(process: BaseProcess) -> str | None:
    if launcher.stopping.is_set():
        return "stopped"
    most_bytes = config.get().job_memory_mb * 1024 * 1024
    return "too_much_memory" if _memory(process.pid) > most_bytes else None


def _memory(pid: int | None) -> int:
    with suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return 0


def _end_company(pid: int | None) -> None:
    """What it started and left."""
    if pid is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _write_down(draft_id: UUID, taken: Taken, trouble: str) -> None:
    with database.transaction() as session:
        if taken.errand is Errand.LOOK:
            drafts.fail(session, draft_id, trouble)
        else:
            drafts.show_no_preview(session, draft_id, taken.revision, trouble)
            drafts.end_further(session, draft_id)
