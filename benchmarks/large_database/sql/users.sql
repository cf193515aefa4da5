INSERT INTO users (name, password_hash, role, created_at, signed_in_at)
SELECT
    CASE n WHEN 1 THEN 'admin' ELSE 'person-' || n END, %(password_hash)s,
    CASE WHEN n = 1 THEN 'admin' WHEN n < 20 THEN 'operator' ELSE 'viewer' END,
    %(now)s - interval '2 years', %(now)s - make_interval(hours => n::int)
FROM generate_series(1, 40) AS n
