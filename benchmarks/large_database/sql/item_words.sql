-- What the items of some blocks are found by: what orchestrator/ledger/lexemes.py would learn of
-- these data, which are flat and hold no letters but ASCII and Japanese.
INSERT INTO item_words (item_id, content_hash, words)
SELECT id, content_hash, array_to_tsvector(found)
FROM scraped_items, LATERAL (
    SELECT array_agg(DISTINCT lexeme) AS found
    FROM jsonb_each(data) AS field, LATERAL (SELECT value #>> '{}' AS text) AS t, LATERAL (
        SELECT target_id || '=' || key || '=' || left(text, 100) AS lexeme
        UNION ALL
        SELECT target_id || ':' || word
        FROM regexp_split_to_table(lower(text), '[^a-z0-9]+') AS word
        WHERE word <> '' AND jsonb_typeof(value) <> 'boolean'
        UNION ALL
        SELECT target_id || ':' || substr(run, place, 2)
        FROM regexp_split_to_table(text, '[^々-〇ぁ-ゖァ-ヺー㐀-䶿一-鿿]+') AS run,
            generate_series(1, length(run)) AS place
        WHERE octet_length(text) > length(text)
    ) AS lexemes
) AS made
WHERE ctid >= %(first)s::tid AND ctid < %(end)s::tid
