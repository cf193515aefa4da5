"""A whole storm, from an empty folder to what came of it."""

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orchestrator import config, database
from orchestrator.chaos import installation, interruption, plan, site
from orchestrator.chaos.demand import Demand
from orchestrator.chaos.interruption import Interruption
from orchestrator.chaos.recoveries import Recoveries, percentile
from orchestrator.chaos.storm import Progress, Storm
from orchestrator.chaos.verdict import MUST_BE_ZERO, Verdict, judge
from orchestrator.exceptions import DatabaseAway

_LONGEST_PAUSE_SECONDS = 3
_JUDGE_SECONDS = 60
_TOLD_FAULTS = 10


@dataclass(frozen=True)
class Terms:
    """What was asked for."""

    kills: int
    pages: int
    seed: int
    with_servers: bool = False
    #: Keep the folder even when nothing is wrong.
    keep: bool = False


@dataclass
class Outcome:
    """What came of a storm."""

    terms: Terms
    kills: int
    #: Requests that the site was sent.
    requests: int
    seconds: float
    verdict: Verdict
    recoveries: Recoveries
    #: Something that was killed did not come back.
    ended_early: bool
    #: Where the evidence is; None when it is gone.
    folder: Path | None = None

    @property
    def is_clean(self) -> bool:
        return self.verdict.is_clean and self.verdict.jobs > 0 and not self.ended_early

    @property
    def faults(self) -> list[str]:
        """What is wrong, a sentence each."""
        told = self.verdict.faults[:_TOLD_FAULTS]
        if (more := len(self.verdict.faults) - len(told)) > 0:
            told.append(f"{more} more jobs have faults.")
        if self.ended_early:
            told.append(f"The storm ended early: what was killed did not come back. See {_LOG}.")
        return told

    def facts(self) -> dict[str, Any]:
        """All figures by name, in the order people read them."""
        verdict, seconds = self.verdict, [*self.recoveries.of_hit, *self.recoveries.of_others]
        return {
            "kills": self.kills,
            "jobs": verdict.jobs,
            "attempts": verdict.attempts,
            "pages": verdict.jobs * self.terms.pages,
            "requests": self.requests,
            **{name: getattr(verdict, name) for name in MUST_BE_ZERO},
            "recoveries": len(seconds),
            "recovery_worst_seconds": round(max(seconds, default=0), 1),
            "recovery_p99_seconds": round(percentile(seconds, 0.99), 1),
            "recovery_of_hit_p99_seconds": round(percentile(self.recoveries.of_hit, 0.99), 1),
            "recovery_of_hit_median_seconds": round(percentile(self.recoveries.of_hit, 0.5), 1),
            "seconds": round(self.seconds),
            "seed": self.terms.seed,
        }

    def record(self) -> dict[str, Any]:
        return asdict(self.terms) | self.facts() | {"faults": self.verdict.faults}


_LOG = "storm.log"


def brought(terms: Terms, say: Callable[[str], None], tell: Callable[[Progress], None]) -> Outcome:
    """Brings a storm over an installation of its own and judges what is left.

    `say` gets sentences, `tell` the progress every moment. The folder goes unless something is
    wrong or it is to be kept. Raises EmbeddedFailed, and KeyboardInterrupt when asked to stop.
    """
    folder = installation.new_folder()
    say(f"A storm of {terms.kills} kills, seed {terms.seed}, in {folder}.")
    kept = True
    try:
        with interruption.heard() as asked:
            outcome = _raged(terms, folder, asked, tell)
        kept = terms.keep or not outcome.is_clean
    except KeyboardInterrupt:
        kept = terms.keep
        raise
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)
        elif sys.exc_info()[0] is not None:
            say(f"What there is to see is kept in {folder}.")
    outcome.folder = folder if kept else None
    return outcome


def _raged(
    terms: Terms, folder: Path, asked: Interruption, tell: Callable[[Progress], None]
) -> Outcome:
    began = time.monotonic()
    with (
        site.opened(terms.pages, folder, asked) as shop,
        installation.started(folder, asked) as running,
    ):
        demand = Demand(shop.url)
        storm = Storm(running, demand, folder / _LOG, asked, tell)
        strikes = plan.draw(
            terms.kills,
            terms.seed,
            longest_pause_seconds=_longest_pause_seconds(),
            with_servers=terms.with_servers,
        )
        storm.rage(strikes)
        storm.settle(terms.pages)
        return Outcome(
            terms,
            storm.progress.kills,
            shop.asked(),
            time.monotonic() - began,
            _judged(storm, shop.keys, asked),
            storm.recoveries,
            storm.ended_early,
        )


def _longest_pause_seconds() -> float:
    """Where jobs are given up for dead sooner, kills follow each other faster."""
    return min(_LONGEST_PAUSE_SECONDS, 1 + config.get().lease_seconds / 20)


def _judged(storm: Storm, keys: frozenset[str], asked: Interruption) -> Verdict:
    deadline = time.monotonic() + _JUDGE_SECONDS
    while True:
        try:
            return judge(storm.demand.job_ids, keys, seen_twice=storm.seen_twice)
        except DatabaseAway:
            if time.monotonic() > deadline:
                raise
            database.engine().dispose()
            asked.wait(1)
