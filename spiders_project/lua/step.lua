-- One round trip of a crawl with its frontier: push, acknowledge, renew, give back, expire, take.
-- Children are pushed before their parent is acknowledged, in one script: there is no instant at
-- which a page counts as done while its links are known to nobody.
--
-- KEYS mark, requests, queue, leases
-- ARGV epoch, attempt, lease in ms, how many to take, seeded, start pages reached,
--      number of pushes, then id, score, record for each,
--      number of acknowledgements, then ids,
--      number of renewals, then ids,
--      number of returns, then ids
-- Returns "lost", "fenced", or {tick, queued, done, waiting, leased, {id, record, …}}

local MARK, REQUESTS, QUEUE, LEASES = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

local mark = redis.call('HMGET', MARK, 'epoch', 'attempt')
if mark[1] ~= ARGV[1] then
  return 'lost'
end
if tonumber(mark[2]) ~= tonumber(ARGV[2]) then
  return 'fenced'
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local until_then = now + tonumber(ARGV[3])
local at = 6

local function next_argument()
  at = at + 1
  return ARGV[at]
end

local queued = 0
for _ = 1, tonumber(next_argument()) do
  local id, score, record = next_argument(), next_argument(), next_argument()
  -- Seen and queued in one: the record's field is there exactly when the request is known.
  if redis.call('HSETNX', REQUESTS, id, record) == 1 then
    redis.call('ZADD', QUEUE, score, id)
    queued = queued + 1
  end
end

local done = 0
for _ = 1, tonumber(next_argument()) do
  local id = next_argument()
  local record = redis.call('HGET', REQUESTS, id)
  if record and record ~= '' then
    -- An empty record stays behind, so that the request is still known as seen.
    redis.call('HSET', REQUESTS, id, '')
    done = done + 1
  end
  redis.call('ZREM', LEASES, id)
  redis.call('ZREM', QUEUE, id)
end

for _ = 1, tonumber(next_argument()) do
  redis.call('ZADD', LEASES, 'XX', until_then, next_argument())
end

for _ = 1, tonumber(next_argument()) do
  local id = next_argument()
  if redis.call('ZREM', LEASES, id) == 1 then
    redis.call('ZADD', QUEUE, '-inf', id)
  end
end

local expired = redis.call('ZRANGEBYSCORE', LEASES, '-inf', now)
for _, id in ipairs(expired) do
  redis.call('ZREM', LEASES, id)
  redis.call('ZADD', QUEUE, '-inf', id)
end

local taken = {}
local popped = redis.call('ZPOPMIN', QUEUE, tonumber(ARGV[4]))
for i = 1, #popped, 2 do
  local id = popped[i]
  redis.call('ZADD', LEASES, until_then, id)
  taken[#taken + 1] = id
  taken[#taken + 1] = redis.call('HGET', REQUESTS, id)
end

if ARGV[5] == '1' then
  redis.call('HSET', MARK, 'seeded', 1)
end
if ARGV[6] == '1' then
  redis.call('HSET', MARK, 'reached', 1)
end
return {
  redis.call('HINCRBY', MARK, 'tick', 1),
  redis.call('HINCRBY', MARK, 'queued', queued),
  redis.call('HINCRBY', MARK, 'done', done),
  redis.call('ZCARD', QUEUE),
  redis.call('ZCARD', LEASES),
  taken,
}
