-- Opens a job's frontier for one attempt, making it when it is not there.
-- A take-over gives back every lease of the attempt before it, so nobody waits for them to run out.
--
-- KEYS mark, requests, queue, leases
-- ARGV attempt, a new epoch, "1" to start afresh
-- Returns "fenced", or {epoch, seeded, start pages reached, tick}

local MARK, REQUESTS, QUEUE, LEASES = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local attempt = tonumber(ARGV[1])

local held_by = tonumber(redis.call('HGET', MARK, 'attempt') or '0')
if held_by > attempt then
  return 'fenced'
end
if ARGV[3] == '1' or held_by == 0 then
  redis.call('UNLINK', MARK, REQUESTS, QUEUE, LEASES)
  redis.call('HSET', MARK, 'epoch', ARGV[2], 'tick', 0, 'queued', 0, 'done', 0,
    'seeded', 0, 'reached', 0)
end
redis.call('HSET', MARK, 'attempt', attempt)

-- Given-back requests go to the front: what was begun is finished first.
local leased = redis.call('ZRANGE', LEASES, 0, -1)
for _, id in ipairs(leased) do
  redis.call('ZADD', QUEUE, '-inf', id)
end
redis.call('UNLINK', LEASES)

local mark = redis.call('HMGET', MARK, 'epoch', 'seeded', 'reached')
return {mark[1], mark[2], mark[3], redis.call('HINCRBY', MARK, 'tick', 1)}
