-- The newest jobs still have their log; one logged as much as a job may.
INSERT INTO job_log_lines (job_id, attempt, seq, level, logged_at, logger, message)
SELECT
    id, attempt, seq,
    CASE WHEN mod(seq, 97) = 13 THEN 40 WHEN mod(seq, 31) = 7 THEN 30 ELSE 20 END,
    started_at + make_interval(secs => seq / 5.0),
    (ARRAY['scrapy.core.engine', 'scrapy.core.scraper', 'demo_shop'])[1 + mod(seq, 3)],
    CASE mod(seq, 4)
        WHEN 0 THEN 'Crawled (200) <GET https://shop.example/products?page=' || seq || '> (referer: None)'
        WHEN 1 THEN 'No price on https://shop.example/商品/' || seq || ', so the item goes without one'
        WHEN 2 THEN 'Crawled 61 pages (at 61 pages/min), scraped 1180 items (at 1180 items/min)'
        ELSE 'Retrying <GET https://shop.example/p/' || seq || '> (failed 1 times): 503 Service Unavailable'
    END
FROM (
    SELECT id, attempt, started_at, row_number() OVER (ORDER BY queued_at DESC) AS place
    FROM (
        SELECT * FROM scraping_jobs
        ORDER BY queued_at DESC LIMIT %(logging_jobs)s
    ) AS newest
    WHERE started_at IS NOT NULL
) AS jobs,
LATERAL generate_series(1, CASE place WHEN 30 THEN %(busy_log)s ELSE 51 END) AS seq
