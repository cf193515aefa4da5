-- One round trip of a crawl with its frontier: push, acknowledge, renew, give back, expire, take.
-- Children are pushed before their parent is acknowledged, in one script: there is no instant at
-- which a page counts as done while its links are known to nobody.
--
-- KEYS mark, requests, queue, leases
-- ARGV epoch, attempt, the crawl's number, lease in ms, how many to take, seeded, start pages
--      reached, number of pushes, then id, score, record for each,
--      number of acknowledgements, then ids,
--      number of renewals, then ids,
--      number of returns, then ids
-- Returns "lost", "fenced", or {tick, queued, done, waiting, leased, crawls of the attempt,
--      start pages reached by any of them, {id, record, …}}

local MARK, REQUESTS, QUEUE, LEASES = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

local own = 'tick:' .. ARGV[3]
local mark = redis.call('HMGET', MARK, 'epoch', 'attempt', own, 'crawls', 'reached')
if mark[1] ~= ARGV[1] then
  return 'lost'
end
if tonumber(mark[2]) ~= tonumber(ARGV[2]) or mark[3] == 'left' then
  return 'fenced'
end
if not mark[3] then
  -- Redis came back with a frontier from before this crawl.
  return 'lost'
end
local number, crawls = tonumber(ARGV[3]), tonumber(mark[4]) or 1

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- A lease tells its holder without a key of its own: by the fraction of its time, in 2048ths of a
-- millisecond, which a score of this size still keeps, until the year 2109.
local until_then = now + tonumber(ARGV[4]) + number / 2048

-- A call for many at once costs a tenth of a call for each; Lua's stack holds some 8,000 values.
-- Even, so that pairs stay together.
local MOST = 2000

local function call(command, key, values, option)
  for first = 1, #values, MOST do
    local last = math.min(first + MOST - 1, #values)
    if option then
      redis.call(command, key, option, unpack(values, first, last))
    else
      redis.call(command, key, unpack(values, first, last))
    end
  end
end

local function ask(command, key, ids)
  local answers = {}
  for first = 1, #ids, MOST do
    local part = redis.call(command, key, unpack(ids, first, math.min(first + MOST - 1, #ids)))
    for i = 1, #part do
      answers[#answers + 1] = part[i]
    end
  end
  return answers
end

local function scored(score, ids)
  local pairs_of = {}
  for i, id in ipairs(ids) do
    pairs_of[2 * i - 1], pairs_of[2 * i] = score, id
  end
  return pairs_of
end

local at = 8

local function next_ids(width)
  local count = tonumber(ARGV[at])
  local ids = {}
  for i = 1, count do
    ids[i] = ARGV[at + 1 + (i - 1) * width]
  end
  local first = at + 1
  at = first + count * width
  return ids, first
end

local function push()
  local ids, first = next_ids(3)
  local known = ask('HMGET', REQUESTS, ids)
  local records, scores, fresh = {}, {}, {}
  for i, id in ipairs(ids) do
    if not known[i] and not fresh[id] then
      fresh[id] = true
      local place = first + 3 * (i - 1)
      scores[#scores + 1], scores[#scores + 2] = ARGV[place + 1], id
      records[#records + 1], records[#records + 2] = id, ARGV[place + 2]
    end
  end
  -- Seen and queued in one: a record's field is there exactly when its request is known.
  call('HSET', REQUESTS, records)
  call('ZADD', QUEUE, scores)
  return #records / 2
end

local function acknowledge()
  local ids = next_ids(1)
  local known = ask('HMGET', REQUESTS, ids)
  local emptied, seen = {}, {}
  for i, id in ipairs(ids) do
    if known[i] and known[i] ~= '' and not seen[id] then
      seen[id] = true
      -- An empty record stays behind, so that the request is still known as seen.
      emptied[#emptied + 1], emptied[#emptied + 2] = id, ''
    end
  end
  call('HSET', REQUESTS, emptied)
  call('ZREM', LEASES, ids)
  call('ZREM', QUEUE, ids)
  return #emptied / 2
end

local function to_the_front(ids)
  call('ZREM', LEASES, ids)
  call('ZADD', QUEUE, scored('-inf', ids))
end

local function give_back()
  local ids = next_ids(1)
  local leased = {}
  for i, score in ipairs(ask('ZMSCORE', LEASES, ids)) do
    -- Not what ran out meanwhile and was taken by another crawl.
    if score and tonumber(score) % 1 * 2048 == number then
      leased[#leased + 1] = ids[i]
    end
  end
  to_the_front(leased)
end

local function take(most)
  if most > 0 and crawls > 1 then
    -- Each its share, or the first to ask would keep the last pages for itself.
    most = math.min(most, math.ceil(redis.call('ZCARD', QUEUE) / crawls))
  end
  local popped = redis.call('ZPOPMIN', QUEUE, most)
  local ids = {}
  for i = 1, #popped, 2 do
    ids[#ids + 1] = popped[i]
  end
  call('ZADD', LEASES, scored(until_then, ids))
  local taken = {}
  for i, record in ipairs(ask('HMGET', REQUESTS, ids)) do
    taken[2 * i - 1], taken[2 * i] = ids[i], record
  end
  return taken
end

local queued = push()
local done = acknowledge()
call('ZADD', LEASES, scored(until_then, next_ids(1)), 'XX')
give_back()
to_the_front(redis.call('ZRANGEBYSCORE', LEASES, '-inf', now))
local taken = take(tonumber(ARGV[5]))

if ARGV[6] == '1' then
  redis.call('HSET', MARK, 'seeded', 1)
end
if ARGV[7] == '1' then
  redis.call('HSET', MARK, 'reached', 1)
end
return {
  redis.call('HINCRBY', MARK, own, 1),
  redis.call('HINCRBY', MARK, 'queued', queued),
  redis.call('HINCRBY', MARK, 'done', done),
  redis.call('ZCARD', QUEUE),
  redis.call('ZCARD', LEASES),
  crawls,
  (ARGV[7] == '1' or mark[5] == '1') and 1 or 0,
  taken,
}
