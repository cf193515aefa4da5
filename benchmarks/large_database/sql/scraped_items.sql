-- The items of one target: most were seen by its last job, some are gone for a while; what one
-- checkpoint stored has one time.
INSERT INTO scraped_items
    (target_id, key, data, content_hash, first_job_id, last_job_id,
     first_seen_at, last_seen_at, changed_at)
SELECT
    %(target)s, url, data, decode(md5(data::text), 'hex'),
    pg_temp.job_id(%(target)s, first), pg_temp.job_id(%(target)s, last),
    pg_temp.queued_at(first, %(jobs)s, %(target)s, %(now)s) + into_job,
    pg_temp.queued_at(last, %(jobs)s, %(target)s, %(now)s) + into_job,
    pg_temp.queued_at(changed, %(jobs)s, %(target)s, %(now)s) + into_job
FROM (
    SELECT
        n, luck, first, last,
        CASE WHEN mod(n, 3) = 0 THEN first
            ELSE first + floor((last - first) * sqrt(pg_temp.chance(n, 3)))::bigint END AS changed,
        make_interval(secs => 1 + n / 300) AS into_job,
        'https://shop-' || %(target)s || '.example/products/' || n AS url
    FROM generate_series(1, %(items)s::bigint) AS n,
        LATERAL (SELECT pg_temp.chance(n, %(target)s) AS luck) AS a,
        LATERAL (
            SELECT CASE
                WHEN luck < 0.94 THEN greatest(%(jobs)s - 1, 1)
                ELSE greatest(%(jobs)s - 1 - floor(%(jobs)s * (luck - 0.94) * 16)::bigint, 1)
            END AS last
        ) AS b,
        LATERAL (
            SELECT 1 + floor((last - 1) * luck * luck)::bigint AS first
        ) AS c
) AS items,
LATERAL (
    SELECT jsonb_build_object(
        'url', url,
        'name', CASE mod(n, 4)
            WHEN 0 THEN '万年筆 ' || n || ' 号 '
                || (ARRAY['細字', '中字', '太字', '限定版', '金ペン'])[1 + mod(n / 4, 5)]
            ELSE (ARRAY['Oak', 'Pine', 'Steel', 'Blue', 'Red', 'Small', 'Large'])[1 + mod(n, 7)] || ' '
                || (ARRAY['stool', 'kettle', 'lamp', 'notebook', 'desk', 'pen'])[1 + mod(n, 6)]
                || ' No. ' || n
        END,
        'price', trim_scale(mod(n * 37, 90000) / 100.0),
        'currency', 'JPY',
        'category', (ARRAY['Furniture', '文房具', 'Kitchen', 'Books', 'Garden'])[1 + mod(n, 5)],
        'in_stock', mod(n, 9) > 0,
        'sku', 'KM-' || n,
        'rating', trim_scale(mod(n, 50) / 10.0),
        'description', 'Boils a litre in three minutes and says so by a low whistle. '
            || md5(n::text)
    ) AS data
) AS made
