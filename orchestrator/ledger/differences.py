"""What fields of many items changed, each by one job: the changes of a page, in one query.

For one item and its life, `revisions` puts whole states together; here only the fields that changed
are looked up, since each change may be of another item.
"""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from orchestrator.ledger.revisions import Difference, FieldChange

#: Of one change: shown, and looked up at the most.
_FIELDS, _MOST_FIELDS, _LETTERS = 6, 300, 100


def of(
    session: Session, revision_ids: Sequence[int], *, letters: int = _LETTERS
) -> dict[int, Difference]:
    """By revision: the first fields that differ before and after it, and how many more."""
    found = {each: Difference() for each in revision_ids}
    if not found:
        return found
    limits = {"fields": _FIELDS, "most": _MOST_FIELDS, "letters": letters}
    for row in session.execute(_CHANGED, limits | {"ids": list(found)}):
        difference = found[row.id]
        difference.fields.append(FieldChange(row.name, row.before, row.after))
        difference.hidden = row.number - len(difference.fields)
    return found


# A whole revision names all its fields, and those it lacked are among the later ones'. The item is
# read once for all its fields, for it may be megabytes. As text, for to jsonb 1 and 1.0 are equal;
# where two values read the same, as JSON.
_CHANGED = text("""
WITH page AS MATERIALIZED (
    SELECT r.id, r.item_id, r.data, r.added, n.names
    FROM item_revisions r
    CROSS JOIN LATERAL (
        SELECT array_agg(s.name) AS names
        FROM (
            SELECT f.name
            FROM (
                SELECT jsonb_object_keys(r.data) UNION SELECT unnest(r.added)
                UNION
                SELECT jsonb_object_keys(i.data) FROM scraped_items i
                WHERE r.added IS NULL AND i.id = r.item_id
                UNION
                SELECT jsonb_object_keys(own.data)
                FROM (SELECT id, data FROM item_revisions WHERE item_id = r.item_id OFFSET 0) AS own
                WHERE r.added IS NULL AND own.id > r.id
            ) AS f (name)
            ORDER BY f.name
            LIMIT :most
        ) AS s
    ) AS n
    WHERE r.id = ANY (:ids)
), later AS MATERIALIZED (
    -- Of what became of a field, what came first; else what it is.
    SELECT DISTINCT ON (p.id, l.name) p.id, l.name, l.value
    FROM page p
    JOIN LATERAL (
        SELECT own.id AS place, names.name, own.data -> names.name AS value
        FROM (SELECT id, data, added FROM item_revisions WHERE item_id = p.item_id OFFSET 0) AS own
        CROSS JOIN unnest(p.names) AS names (name)
        WHERE own.id > p.id
          AND (own.added IS NULL OR jsonb_exists(own.data, names.name)
               OR names.name = ANY (own.added))
        UNION ALL
        SELECT 9223372036854775807, e.name, e.value
        FROM scraped_items i CROSS JOIN LATERAL jsonb_each(i.data) AS e (name, value)
        WHERE i.id = p.item_id AND e.name = ANY (p.names)
    ) AS l ON true
    ORDER BY p.id, l.name, l.place
)
SELECT d.id, left(d.name, 200) AS name, d.before, d.after, d.number
FROM (
    SELECT p.id, names.name,
           left(CASE WHEN same THEN CAST(p.data -> names.name AS text)
                     ELSE p.data ->> names.name END, :letters) AS before,
           left(CASE WHEN same THEN CAST(l.value AS text) ELSE l.value #>> '{}' END, :letters)
               AS after,
           row_number() OVER (PARTITION BY p.id ORDER BY names.name) AS place,
           count(*) OVER (PARTITION BY p.id) AS number
    FROM page p CROSS JOIN unnest(p.names) AS names (name)
    LEFT JOIN later l ON l.id = p.id AND l.name = names.name
    CROSS JOIN LATERAL (
        SELECT (p.data ->> names.name) IS NOT DISTINCT FROM (l.value #>> '{}') AS same
    ) AS s
    WHERE CAST(p.data -> names.name AS text) IS DISTINCT FROM CAST(l.value AS text)
) AS d
WHERE d.place <= :fields
ORDER BY d.id, d.name
""")
