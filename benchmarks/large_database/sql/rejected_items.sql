-- What some of the newest jobs could not store.
INSERT INTO rejected_items (job_id, content_hash, reason, excerpt, rejected_at)
SELECT
    id, decode(md5(id || '-' || n), 'hex'),
    'its key field url is empty, so it cannot be told apart',
    '{''name'': ''万年筆 ' || n || ' 号'', ''price'': None, ''description'': ''' || repeat('静かに書けます。', 20),
    started_at + interval '3 seconds'
FROM (
    SELECT id, started_at FROM scraping_jobs
    WHERE started_at IS NOT NULL AND items_rejected > 0
    ORDER BY queued_at DESC LIMIT %(troubled_jobs)s
) AS jobs, generate_series(1, 3) AS n
