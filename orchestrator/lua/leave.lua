-- A crawl has left an attempt that others go on with: it is fenced, and what it held is given back.
--
-- KEYS mark, requests, queue, leases
-- ARGV attempt, the crawl's number, then ids of pages that nobody is to take
-- Returns how many crawls are left, or "gone" where the attempt has no frontier any more

local MARK, REQUESTS, QUEUE, LEASES = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local number = tonumber(ARGV[2])
local own = 'tick:' .. ARGV[2]

local mark = redis.call('HMGET', MARK, 'attempt', own)
if mark[1] ~= ARGV[1] then
  return 'gone'
end
if mark[2] and mark[2] ~= 'left' then
  redis.call('HINCRBY', MARK, 'crawls', -1)
end
redis.call('HSET', MARK, own, 'left')

for i = 3, #ARGV do
  local record = redis.call('HGET', REQUESTS, ARGV[i])
  if record and record ~= '' then
    redis.call('HSET', REQUESTS, ARGV[i], '')
    redis.call('HINCRBY', MARK, 'done', 1)
  end
  redis.call('ZREM', LEASES, ARGV[i])
  redis.call('ZREM', QUEUE, ARGV[i])
end

-- The fraction of a lease's score tells its holder, in 2048ths.
local leases = redis.call('ZRANGE', LEASES, 0, -1, 'WITHSCORES')
for i = 1, #leases, 2 do
  if tonumber(leases[i + 1]) % 1 * 2048 == number then
    redis.call('ZREM', LEASES, leases[i])
    redis.call('ZADD', QUEUE, '-inf', leases[i])
  end
end
return tonumber(redis.call('HGET', MARK, 'crawls'))
