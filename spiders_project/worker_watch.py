"""A crawler whose worker is gone ends at once: nobody would see it end.

It lets its lease go before that, so that the next sweep takes its job back at once. Nothing depends
on that one word: the lease runs out all the same where it could not be written.
"""

import multiprocessing
import multiprocessing.connection
import os
import signal
from contextlib import suppress
from multiprocessing import forkserver
from threading import Thread
from typing import NoReturn

import psutil

from orchestrator.exceptions import OrchestratorError
from orchestrator.ledger import leases
from orchestrator.ledger.claims import Claim

#: A database that does not answer by then will not be told.
_LAST_WORD_SECONDS = 2


def begin(claim: Claim | None) -> None:
    """From now on this process ends within seconds of its worker, however that ends.

    Without a claim there is nothing to give back.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        # Held by crawlers too, it would keep the forkserver alive when the worker is gone.
        os.close(forkserver._forkserver._forkserver_alive_fd)  # type: ignore[attr-defined]
        arguments = (parent.sentinel, claim)
        Thread(target=_wait, args=arguments, name="worker-watch", daemon=True).start()


def _wait(sentinel: int, claim: Claim | None) -> NoReturn:
    multiprocessing.connection.wait([sentinel])
    if claim is not None:
        last_word = Thread(target=_give_back, args=(claim,), daemon=True)
        last_word.start()
        last_word.join(_LAST_WORD_SECONDS)
    # With whatever its spider has started; a browser leaves the group.
    with suppress(psutil.Error):
        for process in psutil.Process().children(recursive=True):
            process.kill()
    os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


def _give_back(claim: Claim) -> None:
    with suppress(OrchestratorError):
        leases.let_go(claim)
