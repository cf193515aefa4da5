-- As if everything had lived until now.
UPDATE workers SET seen_at = now() WHERE stopped_at IS NULL;
UPDATE ticks SET at = now() WHERE name <> 'search_began';
UPDATE crawls SET heartbeat_at = now(), lease_until = now() + interval '1 hour'
WHERE ended_at IS NULL
