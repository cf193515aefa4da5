-- Each of a filter, of a target, or of all, in turns; what is secret in the address is `feed-1` and
-- so on.
INSERT INTO change_feeds (token_hash, user_id, filter_id, target_id)
SELECT
    sha256(convert_to('feed-' || n, 'UTF8')), 1 + mod(n, 40),
    CASE mod(n, 3) WHEN 1 THEN n END, CASE mod(n, 3) WHEN 2 THEN 1 + mod(n, 10) END
FROM generate_series(1, 40) AS n
