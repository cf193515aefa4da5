"""Earlier jobs: those of a target that count when a job is judged, in one query.

Good ones count, accepted ones, and where what is not believed is published anyway, suspicious ones.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from orchestrator.ledger import profiles
from orchestrator.ledger.profiles import Profile

#: A job is held against so many, sought among so many.
RUNS, _MOST_LOOKED_AT = 10, 60
#: Of these, the newest with changes enough is the one whose changes may be undone.
_MOST_BEFORE, _ENOUGH_CHANGES = 3, 5


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """An earlier job that counts."""

    job_id: uuid.UUID
    accepted: bool
    profile: Profile


@dataclass(frozen=True, slots=True)
class EarlierRuns:
    """What a job is held against."""

    #: The last ones, newest first.
    last: Sequence[EarlierRun]
    #: Others, of the same hour of yesterday or of the same weekday.
    same_hour: Sequence[EarlierRun]

    @property
    def newest(self) -> uuid.UUID | None:
        return self.last[0].job_id if self.last else None

    @property
    def with_changes(self) -> uuid.UUID | None:
        """One of the newest that changed something, if it did."""
        return next(
            (
                each.job_id
                for each in self.last[:_MOST_BEFORE]
                if each.profile.changed >= _ENOUGH_CHANGES
            ),
            None,
        )

    @property
    def excusing(self) -> Sequence[Profile]:
        accepted = [each.profile for each in self.last if each.accepted]
        return accepted + [each.profile for each in self.same_hour]


def of_target(session: Session, target_id: int, now: datetime, *, anyway: bool) -> EarlierRuns:
    """The runs that a job of the target is held against which ends now.

    `anyway`: what is not believed is published anyway, and counts.
    """
    which = {"target": target_id, "now": now, "anyway": anyway}
    last: list[EarlierRun] = []
    same_hour: list[EarlierRun] = []
    for row in session.execute(_EARLIER, which | _LIMITS):
        run = EarlierRun(row.job_id, row.accepted, profiles.read(row.profile))
        (last if row.is_last else same_hour).append(run)
    return EarlierRuns(last, same_hour)


_LIMITS = {"runs": RUNS, "most": _MOST_LOOKED_AT}

_EARLIER = text("""
WITH counting AS NOT MATERIALIZED (
    SELECT g.job_id, g.judged_at, g.profile, j.accepted
    FROM job_judgements g CROSS JOIN LATERAL (
        -- OFFSET keeps the planner from reading all jobs while their statistics are old.
        SELECT coalesce(publication = 'accepted', false) AS accepted
        FROM scraping_jobs
        WHERE id = g.job_id AND (
            verdict = 'good' OR publication = 'accepted'
            OR :anyway AND verdict = 'suspicious' AND publication IS NULL
        )
        OFFSET 0
    ) AS j
    WHERE g.target_id = :target
), last AS MATERIALIZED (
    SELECT * FROM counting WHERE job_id IN (
        SELECT job_id FROM job_judgements
        WHERE target_id = :target ORDER BY judged_at DESC LIMIT :most
    )
    ORDER BY judged_at DESC LIMIT :runs
)
SELECT *, true AS is_last FROM last
UNION ALL (
    -- Within three hours of this one, so many days ago.
    SELECT c.*, false
    FROM unnest(ARRAY[1, 7, 14, 21, 28]) AS days CROSS JOIN LATERAL (
        SELECT * FROM counting
        WHERE judged_at BETWEEN CAST(:now AS timestamptz) - make_interval(days => days, hours => 3)
              AND CAST(:now AS timestamptz) - make_interval(days => days, hours => -3)
        ORDER BY judged_at DESC LIMIT :runs * 2
    ) AS c
    WHERE job_id NOT IN (SELECT job_id FROM last)
    ORDER BY judged_at DESC LIMIT :runs
)
ORDER BY is_last DESC, judged_at DESC
""")
