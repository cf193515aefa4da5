"""Profiles: what a job found, in numbers that can be held against those of other jobs.

They are counted in the database. Of a job of many items some two thousand are looked at, in a
hundred places of the order in which they were first seen: so a profile costs the same from there
on, and the same items are looked at night after night. Of an item the first hundred fields count.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from orchestrator.ledger import lexemes

#: So many items are looked at, in so many places when there are more.
MOST_ITEMS, _PLACES = 2_000, 100
_MOST_FIELDS, _MOST_REVISIONS, _MOST_BACK = 60, 500, 10
#: Fewer changes tell nothing; so much of them is as it once was where the site sent an old copy.
FEWEST_CHANGES, _NEARLY_ALL = 5, 0.8
#: Of a field: so many texts are read for their words, and the most frequent are kept.
_MOST_TEXTS, _MOST_WORDS = 200, 30


@dataclass(slots=True)
class FieldProfile:
    """One field in the items that were looked at."""

    #: How many have something in it.
    filled: int
    #: How many different values there are.
    distinct: int
    #: How many values look so: number, text, numeral (a number as text), amount € …
    shapes: dict[str, int]
    #: Known items in which it is other than before the job.
    changed: int = 0
    #: Letters of the typical text, and the typical number.
    length: float | None = None
    number: float | None = None
    #: How many times what it was a number typically is; 1 = most did not change.
    drift: float | None = None
    #: How far apart that is between items: the third quarter of it over the first.
    drift_spread: float | None = None
    #: Of some items in which it changed: how many, and in how many it is what it once was.
    compared: int = 0
    returned: int = 0
    #: Of some items in which an earlier job changed it: how many, and in how many that holds.
    changes_before: int = 0
    kept: int = 0
    #: The most frequent words, and in what share of the texts they are.
    words: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Profile:
    """What a job looked like."""

    items: int
    new: int
    changed: int
    #: Items that the job before had and this one has not.
    missing: int
    pages: int
    errors: int
    #: Null of a job that was interrupted: it says nothing about the site.
    seconds: float | None
    #: Since the end of the job whose data it changed; null = there is none.
    gap_seconds: float | None
    #: Items whose fields were looked at, and those of them that were known before.
    looked_at: int = 0
    known: int = 0
    fields: dict[str, FieldProfile] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        fields = {name: _values(each) for name, each in self.fields.items()}
        return _values(self) | {"fields": fields}


def _values(of: "Profile | FieldProfile") -> dict[str, Any]:
    """Its values as they are; `asdict` would copy each, at ten times the cost."""
    return {name: getattr(of, name) for name in of.__slots__}


def read(stored: dict[str, Any]) -> Profile:
    """A profile as it was stored."""
    fields = {name: FieldProfile(**each) for name, each in stored["fields"].items()}
    return Profile(**{**stored, "fields": fields})


def measure(
    session: Session,
    job_id: uuid.UUID,
    *,
    after: uuid.UUID | None = None,
    changed_by: uuid.UUID | None = None,
) -> Profile:
    """The profile of a job that is just ending.

    `after` is the job whose data it found, `changed_by` one before it whose changes may hold.
    """
    counts = session.execute(_COUNTS, {"job": job_id, "after": after}).one()
    profile = Profile(**counts._mapping)
    places = 1 if profile.items <= MOST_ITEMS else _PLACES
    which = {"job": job_id, "places": places, "each": MOST_ITEMS // places}
    for row in session.execute(_FIELDS, which | _PATTERNS | _LIMITS):
        if row.name is None:
            profile.looked_at, profile.known = row.filled, row.changed
        else:
            profile.fields[row.name] = _field(row)
    if profile.changed:
        _measure_returned(session, profile, job_id)
    # Hardly ever asked: only then does it matter.
    if changed_by is not None and any(map(is_returned, profile.fields.values())):
        _measure_kept(session, profile, job_id, changed_by)
    return profile


def is_returned(found: FieldProfile) -> bool:
    """What changed in the field is nearly all as it once was."""
    return found.returned >= max(_NEARLY_ALL * found.compared, FEWEST_CHANGES)


def _field(row: Any) -> FieldProfile:
    values = {name: row._mapping[name] for name in FieldProfile.__slots__ if name in row._mapping}
    return FieldProfile(**values, words=common_words(row.texts or ()))


def _measure_returned(session: Session, profile: Profile, job_id: uuid.UUID) -> None:
    which = {"job": job_id, "most": _MOST_REVISIONS, "back": _MOST_BACK}
    for row in session.execute(_RETURNED, which):
        if found := profile.fields.get(row.name):
            found.compared, found.returned = row.compared, row.returned


def _measure_kept(session: Session, profile: Profile, job_id: uuid.UUID, before: uuid.UUID) -> None:
    which = {"job": job_id, "before": before, "most": _MOST_REVISIONS}
    for row in session.execute(_KEPT, which):
        if found := profile.fields.get(row.name):
            found.changes_before, found.kept = row.changes, row.kept


def common_words(texts: Iterable[str]) -> dict[str, float]:
    """The words that most of the texts have in common, whatever their language."""
    read: Sequence[set[str]] = [set(lexemes.words(each)) for each in texts]
    found = Counter(word for words in read for word in words)
    ranked = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    return {word[:40]: round(count / len(read), 3) for word, count in ranked[:_MOST_WORDS]}


_LIMITS = {"fields": _MOST_FIELDS, "texts": _MOST_TEXTS}
_NUMBER = r"[-+]?[0-9][0-9.,'\s]*"
_PATTERNS = {
    "link": "^https?://",
    "date": "^[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "numeral": f"^{_NUMBER}$",
    "amount": rf"^[^0-9\s]{{0,5}}\s?{_NUMBER}[^0-9\s]{{0,5}}$",
    "digits": _NUMBER,
}

_COUNTS = text("""
SELECT j.items_scraped AS items, j.items_new AS new, j.items_changed AS changed,
       greatest(a.items_scraped - (j.items_scraped - j.items_new - j.items_back), 0)
           AS missing,
       j.pages, j.errors,
       CASE WHEN j.attempt = 1 THEN extract(epoch FROM j.completed_at - j.started_at)::float8 END
           AS seconds,
       extract(epoch FROM j.completed_at - a.completed_at)::float8 AS gap_seconds
FROM scraping_jobs j LEFT JOIN scraping_jobs a ON a.id = :after
WHERE j.id = :job
""")

_FIELDS = text("""
WITH bounds AS (
    SELECT min(id) AS lowest, max(id) AS highest FROM scraped_items WHERE last_job_id = :job
), ids AS (
    SELECT DISTINCT w.id
    FROM bounds CROSS JOIN generate_series(0, :places - 1) AS place CROSS JOIN LATERAL (
        SELECT id FROM scraped_items
        WHERE last_job_id = :job AND id >= lowest + (highest - lowest) * place / :places
        ORDER BY last_job_id, id LIMIT :each
    ) AS w
), looked AS MATERIALIZED (
    -- OFFSET keeps the planner from reading whole tables while their statistics are old.
    SELECT i.id, i.data, i.known, r.data AS before, r.added
    FROM ids CROSS JOIN LATERAL (
        SELECT id, data, first_job_id IS DISTINCT FROM :job AS known
        FROM scraped_items WHERE id = ids.id OFFSET 0
    ) AS i
    LEFT JOIN LATERAL (
        SELECT data, added FROM item_revisions
        WHERE item_id = i.id AND job_id::text = CAST(:job AS text) OFFSET 0
    ) AS r ON true
), given AS MATERIALIZED (
    SELECT l.id, l.known, left(f.name, 200) AS name, f.value, jsonb_typeof(f.value) AS kind,
           l.before -> f.name AS was,
           coalesce(l.before ? f.name OR f.name = ANY (l.added), false) AS changed,
           CASE jsonb_typeof(f.value) WHEN 'string' THEN btrim(left(f.value #>> '{}', 300)) END
               AS beginning
    FROM looked l CROSS JOIN LATERAL (SELECT * FROM jsonb_each(l.data) LIMIT 100) AS f (name, value)
), shaped AS (
    SELECT *,
           CASE kind
               WHEN 'string' THEN CASE
                   WHEN beginning !~ '\\S' THEN NULL
                   WHEN beginning ~ :link THEN 'link'
                   WHEN beginning !~ '[0-9]' OR length(beginning) > 40 THEN 'text'
                   WHEN beginning ~ :date THEN 'date'
                   WHEN beginning ~ :numeral THEN 'numeral'
                   WHEN beginning ~ :amount
                       THEN 'amount ' || btrim(regexp_replace(beginning, :digits, ''))
                   ELSE 'text' END
               WHEN 'array' THEN CASE WHEN value <> '[]' THEN 'list' END
               WHEN 'object' THEN CASE WHEN value <> '{}' THEN 'object' END
               WHEN 'null' THEN NULL
               ELSE kind END AS shape,
           CASE WHEN kind = 'number' AND value::numeric BETWEEN -1e15 AND 1e15
                THEN value::numeric::float8 END AS number,
           CASE WHEN jsonb_typeof(was) = 'number' AND was::numeric BETWEEN 1e-6 AND 1e15
                THEN was::numeric::float8 END AS number_before
    FROM given
), found AS MATERIALIZED (
    SELECT *,
           CASE WHEN NOT known OR number IS NULL THEN NULL
                WHEN NOT changed THEN 1
                WHEN number > 0 THEN number / number_before END AS times
    FROM shaped
), shapes AS (
    SELECT name, jsonb_object_agg(shape, n) AS shapes
    FROM (SELECT name, shape, count(*) AS n,
                 row_number() OVER (PARTITION BY name ORDER BY count(*) DESC, shape) AS rank
          FROM found WHERE shape IS NOT NULL GROUP BY name, shape) AS s
    WHERE rank <= 8
    GROUP BY name
)
SELECT name, coalesce(shapes, '{}') AS shapes,
       count(shape) AS filled,
       count(DISTINCT hashtextextended(value::text, 0)) FILTER (WHERE shape IS NOT NULL)
           AS distinct,
       count(*) FILTER (WHERE known AND changed) AS changed,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY length(value #>> '{}'))
           FILTER (WHERE kind = 'string' AND shape IS NOT NULL)::float8 AS length,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY number) FILTER (WHERE number IS NOT NULL)
           AS number,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY times) AS drift,
       percentile_disc(0.75) WITHIN GROUP (ORDER BY times)
           / percentile_disc(0.25) WITHIN GROUP (ORDER BY times) AS drift_spread,
       (array_agg(left(beginning, 200) ORDER BY id) FILTER (WHERE shape = 'text'))[1:(:texts)]
           AS texts
FROM found LEFT JOIN shapes USING (name)
GROUP BY name, shapes
UNION ALL
SELECT NULL, NULL, count(*), NULL, count(*) FILTER (WHERE known), NULL, NULL, NULL, NULL, NULL
FROM looked
ORDER BY filled DESC, name
LIMIT :fields + 1
""")

_RETURNED = text("""
SELECT left(f.name, 200) AS name, count(*) AS compared,
       count(*) FILTER (WHERE EXISTS (
           SELECT FROM (SELECT data FROM item_revisions
                        WHERE item_id = r.item_id AND id < r.id ORDER BY id DESC LIMIT :back) AS e
           WHERE (e.data -> f.name)::text = (i.data -> f.name)::text
       )) AS returned
FROM (SELECT id, item_id, data FROM item_revisions
      WHERE job_id = :job AND added IS NOT NULL LIMIT :most) AS r
CROSS JOIN LATERAL (SELECT data FROM scraped_items WHERE id = r.item_id OFFSET 0) AS i
CROSS JOIN LATERAL (SELECT * FROM jsonb_each(r.data) LIMIT 100) AS f (name, value)
GROUP BY 1
""")

_KEPT = text("""
SELECT left(f.name, 200) AS name, count(*) AS changes,
       count(*) FILTER (WHERE NOT coalesce(n.data ? f.name, false)) AS kept
FROM (SELECT item_id, data FROM item_revisions
      WHERE job_id = :before AND added IS NOT NULL LIMIT :most) AS r
CROSS JOIN LATERAL (
    SELECT FROM scraped_items WHERE id = r.item_id AND last_job_id = :job OFFSET 0
) AS i
LEFT JOIN LATERAL (
    SELECT data FROM item_revisions
    WHERE item_id = r.item_id AND job_id::text = CAST(:job AS text) OFFSET 0
) AS n ON true
CROSS JOIN LATERAL (SELECT * FROM jsonb_each(r.data) LIMIT 100) AS f (name, value)
GROUP BY 1
""")
