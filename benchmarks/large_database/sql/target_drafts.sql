-- Each with a proposal in use, as while somebody edits it.
INSERT INTO target_drafts (
    id, who, url, status, made_at, asked_at, proposals, spider, arguments, key_fields, revision,
    previewed
)
SELECT
    md5('draft' || n)::uuid, 'person-' || mod(n, 11), 'https://shop.example/products?page=' || n,
    'ready', %(now)s - make_interval(mins => n::int), %(now)s - make_interval(mins => n::int),
    jsonb_build_array(jsonb_build_object(
        'spider', 'selector', 'start_url', 'https://shop.example/', 'key_fields', '["url"]'::jsonb,
        'arguments', '{}'::jsonb, 'rows', 48, 'score', 9.1,
        'title', '{"pattern": "A list of 48", "values": {}}'::jsonb,
        'columns', '[{"name": "name", "kind": "text", "samples": []}]'::jsonb,
        'sample', '[{"name": "Oak stool"}]'::jsonb
    )),
    'selector',
    jsonb_build_object(
        'items', '{"css": "li.product"}'::jsonb,
        'fields', (
            SELECT jsonb_agg(jsonb_build_object('name', 'field_' || field, 'css', '.f' || field))
            FROM generate_series(1, 12) AS field
        )
    ),
    '{field_1}', 1, 1
FROM generate_series(1, %(drafts)s) AS n
