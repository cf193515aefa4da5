INSERT INTO ticks (name, at)
SELECT name, %(now)s FROM unnest(ARRAY['beat', 'sweep', 'search', 'search_began']) AS name
