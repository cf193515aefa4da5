-- What the items of some blocks are found by: what orchestrator/ledger/lexemes.py would learn of
-- these data, which are flat and hold no letters but ASCII and Japanese.
INSERT INTO item_words (item_id, content_hash, words)
SELECT id, content_hash, array_to_tsvector(found)
FROM scraped_items, LATERAL (
    SELECT
        string_agg(value #>> '{}', ' ') FILTER (WHERE jsonb_typeof(value) <> 'boolean') AS text,
        array_agg(target_id || '=' || key || '=' || left(value #>> '{}', 100)) AS fields
    FROM jsonb_each(data)
) AS flat, LATERAL (
    SELECT fields || array_agg(target_id || ':' || word) AS found
    FROM (
        SELECT word FROM regexp_split_to_table(lower(text), '[^a-z0-9]+') AS word
        WHERE word <> ''
        UNION ALL
        SELECT substr(run, place, 2)
        FROM regexp_split_to_table(text, '[^々-〇ぁ-ゖァ-ヺー㐀-䶿一-鿿]+') AS run,
            generate_series(1, length(run)) AS place
        WHERE octet_length(text) > length(text)
    ) AS words
) AS made
WHERE ctid >= %(first)s::tid AND ctid < %(end)s::tid
