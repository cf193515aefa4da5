-- Opens a job's frontier for a crawl of one attempt, making it when it is not there.
-- A take-over gives back every lease of the attempt before it, so nobody waits for them to run out;
-- who comes later within the attempt joins.
--
-- KEYS mark, requests, queue, leases
-- ARGV attempt, the crawl's number, a new epoch, "1" to start afresh
-- Returns "fenced", or {epoch, seeded, start pages reached, tick}

local MARK, REQUESTS, QUEUE, LEASES = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local attempt, own = tonumber(ARGV[1]), 'tick:' .. ARGV[2]

local held_by = tonumber(redis.call('HGET', MARK, 'attempt') or '0')
if held_by > attempt then
  return 'fenced'
end
if ARGV[4] == '1' or held_by == 0 then
  redis.call('UNLINK', MARK, REQUESTS, QUEUE, LEASES)
  redis.call('HSET', MARK, 'epoch', ARGV[3], 'queued', 0, 'done', 0, 'seeded', 0, 'reached', 0)
  held_by = 0
end

if held_by < attempt then
  for _, field in ipairs(redis.call('HKEYS', MARK)) do
    if string.sub(field, 1, 5) == 'tick:' then
      redis.call('HDEL', MARK, field)
    end
  end
  redis.call('HSET', MARK, 'attempt', attempt, 'crawls', 0)
  -- Given-back requests go to the front: what was begun is finished first.
  for _, id in ipairs(redis.call('ZRANGE', LEASES, 0, -1)) do
    redis.call('ZADD', QUEUE, '-inf', id)
  end
  redis.call('UNLINK', LEASES)
end

local tick = redis.call('HGET', MARK, own)
if tick == 'left' then
  return 'fenced'
end
if not tick then
  redis.call('HINCRBY', MARK, 'crawls', 1)
end
local mark = redis.call('HMGET', MARK, 'epoch', 'seeded', 'reached')
return {mark[1], mark[2], mark[3], redis.call('HINCRBY', MARK, own, 1)}
