-- Targets of several kinds; some disabled, some with a schedule of their own.
INSERT INTO scraping_targets
    (name, spider, start_urls, arguments, settings, key_fields, tags, active, priority,
     schedule, timezone, crawlers, worker_tag, next_run_at, created_at, updated_at)
SELECT
    (ARRAY['books', 'furniture', 'tokyo-stationery', 'prices', 'events', 'garden'])[1 + mod(n, 6)]
        || '-' || lpad(n::text, 3, '0'),
    (ARRAY['demo_shop', 'books_toscrape', 'sitemap_shop'])[1 + mod(n, 3)],
    ARRAY['https://shop-' || n || '.example/', 'https://shop-' || n || '.example/商品/一覧'],
    jsonb_build_object('category', (ARRAY['文房具', 'Furniture', 'Books'])[1 + mod(n, 3)], 'pages', n),
    '{"DOWNLOAD_DELAY": 0.5, "CONCURRENT_REQUESTS_PER_DOMAIN": 4}',
    ARRAY['url'],
    (ARRAY['{shops,daily}', '{books}', '{japan,shops}', '{prices,daily,watched}', '{}'])[1 + mod(n, 5)]::text[],
    mod(n, 11) > 0,
    mod(n, 10),
    (ARRAY[NULL, '30 3 * * *', '0 */6 * * *', '15 8 * * 1-5'])[1 + mod(n, 4)],
    (ARRAY[NULL, 'Asia/Tokyo', 'Europe/Berlin'])[1 + mod(n, 3)],
    CASE WHEN mod(n, 50) = 0 THEN 4 ELSE 1 END,
    CASE WHEN mod(n, 10) = 0 THEN 'eu' END,
    CASE WHEN mod(n, 11) > 0 THEN %(now)s + make_interval(mins => mod(n * 17, 1440)) END,
    %(now)s - interval '2 years',
    %(now)s - make_interval(days => mod(n, 300))
FROM generate_series(1, %(targets)s) AS n
