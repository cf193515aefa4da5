-- What the items of some blocks are found by.
INSERT INTO item_words (item_id, content_hash, words)
SELECT
    id, content_hash,
    array_to_tsvector(ARRAY(
        SELECT DISTINCT target_id || ':' || word
        FROM regexp_split_to_table(lower(data ->> 'name'), '[^[:alnum:]]+') AS word
        WHERE word <> ''
        UNION
        SELECT target_id || '=' || key || '=' || lower(value)
        FROM jsonb_each_text(data) WHERE length(value) <= 40
    ))
FROM scraped_items
WHERE ctid >= %(first)s::tid AND ctid < %(end)s::tid
