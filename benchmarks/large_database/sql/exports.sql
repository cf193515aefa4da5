INSERT INTO exports (id, target_id, who, format, view, items, started_at, ended_at)
SELECT
    md5('export' || n)::uuid, 1 + mod(n, %(targets)s), 'person-' || mod(n, 11),
    (ARRAY['csv', 'jsonl', 'xlsx', 'parquet'])[1 + mod(n, 4)], '{}', n * 10,
    %(now)s - make_interval(hours => n::int), %(now)s - make_interval(hours => n::int) + interval '9 s'
FROM generate_series(1, %(exports)s) AS n
