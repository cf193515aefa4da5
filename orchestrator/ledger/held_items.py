"""Held items: moves what a job changed out of the items, and back, without losing any of it.

Both ways are a few statements over all its items, inside the transaction of whoever decides. They
move what nobody has seen since: what a later job saw stays as that one saw it. Sightings are facts
and keep their times; `changed_at` says since when the data is current, so what is put back has
changed when it was put back.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from orchestrator.ledger import search


@dataclass(frozen=True, slots=True)
class Moved:
    """How many items of each kind were set aside."""

    new: int
    changed: int
    back: int


def set_aside(session: Session, job_id: uuid.UUID) -> Moved:
    """Makes the items be as if the job had not found anything new in them."""
    # Search keeps items from being deleted while it learns their words, in an order of its own.
    search.wait_for_turn(session)
    _run(session, _TAKE_BACK_MARKS, job_id)
    _run(session, _HOLD, job_id)
    _run(session, _TAKE_BACK_LATER_MARKS, job_id)
    for statement in (_RESTORE, _FORGET_REVISIONS, _REOPEN, _REMOVE, _LOOK_AGAIN):
        _run(session, statement, job_id)
    return Moved(*session.execute(_COUNTS, {"job": job_id}).one())


def put_back(session: Session, job_id: uuid.UUID) -> None:
    """Makes what is held of the job the current data, as far as nobody has seen it since."""
    for statement in (_ADD, _CHANGE, _CLEAR, _LOOK_AGAIN):
        _run(session, statement, job_id)


def _run(session: Session, statement: TextClause, job_id: uuid.UUID) -> Any:
    return session.execute(statement, {"job": job_id})


#: What the job did not see is not gone by its word.
_TAKE_BACK_MARKS = text("""
WITH taken AS (
    DELETE FROM item_absences WHERE gone_job_id = :job AND back_at IS NULL RETURNING item_id
), there AS (
    UPDATE scraped_items SET gone_at = NULL WHERE id IN (SELECT item_id FROM taken)
)
UPDATE scraping_jobs SET items_gone = items_gone - (SELECT count(*) FROM taken) WHERE id = :job
""")

#: Each item is looked up by index, which no planner guesses while statistics are old; the cast
#: keeps it from reading all revisions of the job for each item.
_HOLD = text("""
INSERT INTO held_items (job_id, item_id, kind, key, data, content_hash, first_seen_at,
                        last_seen_at, earlier, added, earlier_hash, began_at, gone_at, back_at)
SELECT :job, i.id,
       CASE WHEN i.first_job_id = :job THEN 'new'
            WHEN a.back_at IS NOT NULL THEN 'back' ELSE 'changed' END,
       i.key, i.data, i.content_hash, i.first_seen_at, i.last_seen_at,
       r.data, r.added, r.content_hash, r.began_at, a.gone_at, a.back_at
FROM (
    SELECT id FROM scraped_items WHERE first_job_id = :job
    UNION SELECT item_id FROM item_revisions WHERE job_id = :job
    UNION SELECT item_id FROM item_absences WHERE back_job_id = :job
) AS touched
CROSS JOIN LATERAL (
    SELECT * FROM scraped_items WHERE id = touched.id AND last_job_id = :job OFFSET 0
) AS i
LEFT JOIN LATERAL (
    SELECT data, added, content_hash,
           coalesce(began_at, (SELECT max(replaced_at) FROM item_revisions before
                               WHERE before.item_id = touched.id AND before.id < r.id)) AS began_at
    FROM item_revisions r
    WHERE item_id = touched.id AND CAST(job_id AS text) = CAST(:job AS text) OFFSET 0
) AS r ON true
LEFT JOIN LATERAL (
    SELECT gone_at, back_at FROM item_absences
    WHERE item_id = touched.id AND CAST(back_job_id AS text) = CAST(:job AS text)
    ORDER BY id DESC LIMIT 1
) AS a ON true
""")

#: By a later job that has not seen them either; it looks again.
_TAKE_BACK_LATER_MARKS = text("""
WITH taken AS (
    DELETE FROM item_absences a USING held_items h
    WHERE h.job_id = :job AND h.kind IN ('new', 'back')
      AND a.item_id = h.item_id AND a.back_at IS NULL
    RETURNING a.gone_job_id
)
UPDATE scraping_jobs j SET items_gone = items_gone - t.number
FROM (SELECT gone_job_id, count(*) AS number FROM taken GROUP BY gone_job_id) AS t
WHERE j.id = t.gone_job_id
""")

_RESTORE = text("""
UPDATE scraped_items i
SET data = CASE WHEN h.earlier IS NULL THEN i.data
                WHEN h.added IS NULL THEN h.earlier
                ELSE (i.data - h.added) || h.earlier END,
    content_hash = coalesce(h.earlier_hash, i.content_hash),
    changed_at = CASE WHEN h.earlier IS NULL THEN i.changed_at
                      ELSE coalesce(h.began_at, i.first_seen_at) END,
    gone_at = CASE WHEN h.kind = 'back' THEN h.gone_at ELSE i.gone_at END
FROM held_items h
WHERE h.job_id = :job AND h.kind <> 'new' AND i.id = h.item_id
""")

_FORGET_REVISIONS = text("""
DELETE FROM item_revisions r USING held_items h
WHERE h.job_id = :job AND h.earlier IS NOT NULL AND r.item_id = h.item_id AND r.job_id = :job
""")

_REOPEN = text("""
UPDATE item_absences a SET back_at = NULL, back_job_id = NULL
FROM held_items h
WHERE h.job_id = :job AND h.kind = 'back' AND a.item_id = h.item_id AND a.back_job_id = :job
""")

_REMOVE = text("""
DELETE FROM scraped_items i USING held_items h
WHERE h.job_id = :job AND h.kind = 'new' AND i.id = h.item_id
""")

#: The next job that looked for what is gone has looked at other items than there are now.
_LOOK_AGAIN = text("""
UPDATE scraping_jobs SET absences_due = true, absences_found_at = NULL
WHERE id = (
    SELECT later.id FROM scraping_jobs this
    JOIN scraping_jobs later ON later.target_id = this.target_id
    WHERE this.id = :job AND later.id <> :job AND later.completed_at >= this.completed_at
      AND (later.absences_due OR later.absences_found_at IS NOT NULL)
    ORDER BY later.completed_at LIMIT 1
)
""")

_COUNTS = text("""
SELECT count(*) FILTER (WHERE kind = 'new'), count(*) FILTER (WHERE kind = 'changed'),
       count(*) FILTER (WHERE kind = 'back')
FROM held_items WHERE job_id = :job
""")

#: Unless a later job has found an item of that key.
_ADD = text("""
INSERT INTO scraped_items (id, target_id, key, data, content_hash, first_job_id, last_job_id,
                           first_seen_at, last_seen_at)
SELECT h.item_id, j.target_id, h.key, h.data, h.content_hash, h.job_id, h.job_id,
       h.first_seen_at, h.last_seen_at
FROM held_items h JOIN scraping_jobs j ON j.id = h.job_id
WHERE h.job_id = :job AND h.kind = 'new'
ON CONFLICT (target_id, key) DO NOTHING
""")

#: Unless a later job has seen it; the cast keeps the planner from reading all that this one saw.
_CHANGE = text("""
WITH changed AS (
    UPDATE scraped_items i
    SET data = h.data,
        content_hash = h.content_hash,
        changed_at = CASE WHEN h.earlier IS NULL THEN i.changed_at ELSE now() END,
        gone_at = CASE WHEN h.kind = 'back' THEN NULL ELSE i.gone_at END
    FROM held_items h
    WHERE h.job_id = :job AND h.kind <> 'new' AND i.id = h.item_id
      AND CAST(i.last_job_id AS text) = CAST(:job AS text)
    RETURNING h.*
), revised AS (
    INSERT INTO item_revisions (item_id, job_id, data, added, content_hash, began_at)
    SELECT item_id, job_id, earlier, added, earlier_hash, began_at
    FROM changed WHERE earlier IS NOT NULL
)
UPDATE item_absences a SET back_at = c.back_at, back_job_id = :job
FROM changed c
WHERE c.kind = 'back' AND a.item_id = c.item_id AND a.back_at IS NULL
""")

_CLEAR = text("DELETE FROM held_items WHERE job_id = :job")
