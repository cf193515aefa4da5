-- Two hundred items of each such target, all of which had lost their price.
INSERT INTO held_items
    (job_id, item_id, kind, key, data, content_hash, first_seen_at, last_seen_at, earlier, added,
     earlier_hash, began_at)
SELECT
    job_id, id, 'changed', key, data || '{"price": null}', '\x00', first_seen_at, moved_at,
    jsonb_build_object('price', data -> 'price'), '{}', content_hash, changed_at
FROM held_jobs, LATERAL (
    SELECT * FROM scraped_items WHERE target_id = held_jobs.target_id ORDER BY changed_at DESC, id DESC LIMIT 200
) AS items
