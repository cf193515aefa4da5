-- Of the last jobs of each target; the very last one was not believed.
INSERT INTO job_judgements (job_id, target_id, profile, findings, compared_with, judged_at)
SELECT
    id, target_id, profile,
    CASE WHEN place = 1 THEN
        '[{"kind": "empty", "field": "price", "severity": "suspicious", "count": 200,
           "of": 200, "usual": 3, "runs": 10}]'::jsonb
        ELSE '[]' END,
    lead(ids, 1, '{}') OVER (PARTITION BY target_id ORDER BY place),
    completed_at
FROM (
    SELECT
        id, target_id, completed_at, place,
        array_agg(id) OVER (
            PARTITION BY target_id ORDER BY place ROWS BETWEEN CURRENT ROW AND 9 FOLLOWING
        ) AS ids,
        jsonb_build_object(
            'items', items_scraped, 'new', items_new, 'changed', items_changed, 'missing', 0,
            'pages', pages, 'errors', errors, 'seconds', 60, 'gap_seconds', 86400,
            'looked_at', least(items_scraped, 2000), 'known', least(items_scraped, 2000),
            'fields', '{}'::jsonb
        ) AS profile
    FROM (
        SELECT *, row_number() OVER (PARTITION BY target_id ORDER BY completed_at DESC) AS place
        FROM scraping_jobs WHERE status = 'completed'
    ) AS completed
    WHERE place <= 30
) AS last
