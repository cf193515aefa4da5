INSERT INTO change_marks (user_id, target_id, seen_until)
SELECT 1 + mod(n, 40), CASE WHEN n > 40 THEN 1 + n / 40 END, %(now)s - make_interval(days => n::int / 10)
FROM generate_series(1, 200) AS n
