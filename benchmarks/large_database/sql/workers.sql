INSERT INTO workers
    (name, pid, queues, slots, spiders, versions, memory_bytes, started_at, seen_at, stopped_at)
SELECT
    (CASE WHEN n <= 4 THEN 'crawls' ELSE 'control' END) || '@kumo-' || n, 4000 + n,
    (CASE WHEN n = 3 THEN '{crawls,crawls.eu}' WHEN n <= 4 THEN '{crawls}' ELSE '{control}' END)::text[],
    4,
    CASE WHEN n <= 4 THEN ARRAY['demo_shop', 'books_toscrape', 'sitemap_shop'] ELSE '{}' END,
    '{"kumo": "0.1.0", "python": "3.11.7", "scrapy": "2.19.0", "celery": "5.7.0"}',
    200000000, %(now)s - interval '9 days', %(now)s,
    CASE WHEN n = 4 THEN %(now)s - interval '1 hour' END
FROM generate_series(1, 5) AS n
