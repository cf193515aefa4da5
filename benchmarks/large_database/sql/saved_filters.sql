INSERT INTO saved_filters (name, owner_id, conditions)
SELECT
    'Filter ' || n, CASE WHEN mod(n, 3) = 0 THEN 1 + mod(n, 40) END,
    CASE mod(n, 4)
        WHEN 0 THEN '{"field": "price", "move": "fell", "percent": "5"}'
        WHEN 1 THEN '{"field": "price", "move": "rose", "percent": "90"}'
        WHEN 2 THEN '{"tag": "shops", "kinds": ["gone", "back"]}'
        ELSE '{"target_id": 1, "text": "oak"}'
    END::jsonb
FROM generate_series(1, 40) AS n
