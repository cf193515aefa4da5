-- The page of each, and a preview of as many rows and columns as are shown.
INSERT INTO draft_pages (draft_id, place, url, status, body, fetched_at, preview)
SELECT
    id, 0, url, 200, decode(repeat(md5(url), 500), 'hex'), made_at,
    jsonb_build_object(
        'columns', (
            SELECT jsonb_agg(jsonb_build_object('name', 'field_' || field, 'filled', 47))
            FROM generate_series(1, 12) AS field
        ),
        'rows', (
            SELECT jsonb_agg((
                SELECT jsonb_agg(
                    jsonb_build_object('text', '万年筆 ' || line || '-' || field, 'state', 'fine')
                )
                FROM generate_series(1, 12) AS field
            ))
            FROM generate_series(1, 20) AS line
        ),
        'count', 48, 'next', NULL, 'follow', 0, 'faults', '[]'::jsonb
    )
FROM target_drafts
