-- What some of the newest jobs went on without.
INSERT INTO charged_pages (job_id, request_id, url, charges, reason, given_up_at)
SELECT
    id, decode(md5(id || '-' || n), 'hex'), 'https://shop.example/商品/' || n || '?page=' || n,
    mod(n, 4), 'ValueError: could not convert string to float: ''a lot''',
    started_at + interval '3 seconds'
FROM (
    SELECT id, started_at FROM scraping_jobs
    WHERE started_at IS NOT NULL AND pages_given_up > 0
    ORDER BY queued_at DESC LIMIT %(troubled_jobs)s
) AS jobs, generate_series(1, 2) AS n
