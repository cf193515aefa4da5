-- One trip of a crawl to a site: it says how much it has in flight and asks for turns.
-- What it has is told as a number, not as a difference: a trip may be made twice, and after a loss
-- the next one puts everything right. Times are microseconds of Redis' own clock.
--
-- Turns are spaced evenly. A crawl to which no turn is free yet reserves the next one, a single one,
-- sleeps until then and asks again: so crawls alternate, and a pause that began meanwhile is seen.
-- Places, where their number is capped, go round in the order in which crawls began to wait.
--
-- KEYS state, crawls, flights, line
-- ARGV crawl, requests in flight, turns wanted, slot reserved before (0 = none),
--      crawl-delay that its robots.txt names ("" = it has not read it), silence after which a
--      crawl counts as dead
-- Returns "unknown" when the site's budget has to be told first, or
--      {turns granted, slot reserved (0 = none), how long to wait, how long the pause still lasts,
--       why there is one, "1" when somebody should look the budget up again}

local STATE, CRAWLS, FLIGHTS, LINE = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local crawl, own, wanted, slot = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local SECOND = 1000000
-- Timers are not finer than this; at most so early a turn is given.
local EARLY = 10000
-- Who waits for a place asks ten times a second; who has not for so long does not wait any more.
local POLL, PATIENCE = SECOND / 10, 2 * SECOND
-- A budget this old is looked up again; a site this quiet is forgotten.
local FRESH, REMEMBERED = 60 * SECOND, 86400
-- What a complaint took comes back: twice as much after each two minutes.
local RECOVERY = 120 * SECOND
-- A site without a cap that complains is asked as often as by default, and less.
local UNCAPPED = SECOND / 10

local time = redis.call('TIME')
local now = time[1] * SECOND + time[2]

local state = redis.call('HMGET', STATE, 'interval', 'places', 'told', 'free', 'paced', 'hold',
  'slow', 'delay', 'minute', 'count', 'before', 'why')
if not state[1] then
  return 'unknown'
end
local function number(at, otherwise)
  return tonumber(state[at] or otherwise)
end
local interval, places, told, free = number(1), number(2), number(3, 0), number(4, 0)
local hold, slow, delay = number(6, 0), number(7, 1), number(8, 0)
local held = hold > now

-- A reservation is kept only as long as the spacing that it was made with.
if state[5] ~= state[1] then
  free = 0
end
local part = math.min(1, slow * 2 ^ (math.max(0, now - hold) / RECOVERY))
local spacing = interval
if part < 1 then
  spacing = (interval > 0 and interval or UNCAPPED) / part
end
if ARGV[5] ~= '' and ARGV[5] ~= (state[8] or '0') then
  delay = tonumber(ARGV[5])
  redis.call('HSET', STATE, 'delay', ARGV[5])
end
spacing = math.max(spacing, delay)

redis.call('ZADD', CRAWLS, now, crawl)
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', CRAWLS, '-inf', now - tonumber(ARGV[6]))) do
  redis.call('ZREM', CRAWLS, gone)
  redis.call('HDEL', FLIGHTS, gone)
  redis.call('ZREM', LINE, gone)
end

-- Of those that wait for a place, the ones that began before this crawl and still ask.
local function ahead()
  local count = 0
  for _, name in ipairs(redis.call('ZRANGE', LINE, 0, -1)) do
    if name == crawl then
      break
    end
    if tonumber(redis.call('ZSCORE', CRAWLS, name) or 0) > now - PATIENCE then
      count = count + 1
    end
  end
  return count
end

local function room()
  if places == 0 then
    return wanted
  end
  local taken = own + (slot > 0 and 1 or 0)
  local flights = redis.call('HGETALL', FLIGHTS)
  for i = 1, #flights, 2 do
    if flights[i] ~= crawl then
      taken = taken + tonumber(flights[i + 1])
    end
  end
  return places - taken - ahead()
end

-- What was reserved and is not covered any more, since Redis or the spacing is another, is void.
if held or slot >= free then
  slot = 0
end
local granted, short = 0, false
if not held then
  local left = room()
  if slot > 0 and slot <= now + EARLY then
    granted, slot = 1, 0
  end
  while slot == 0 and granted < wanted and left > 0 do
    left = left - 1
    local start = now
    if spacing > 0 then
      start = math.max(free, now)
      free = start + spacing
    end
    if start <= now + EARLY then
      granted = granted + 1
    else
      slot = start
    end
  end
  short = slot == 0 and granted < wanted
end

-- Both are gone when they are empty; new ones must not outlive a crawl that is killed.
if places > 0 and not held then
  if not short then
    redis.call('ZREM', LINE, crawl)
  elseif granted > 0 then
    redis.call('ZADD', LINE, now, crawl)
  else
    redis.call('ZADD', LINE, 'NX', now, crawl)
  end
  if short then
    redis.call('EXPIRE', LINE, REMEMBERED)
  end
end

local flying = own + granted + (slot > 0 and 1 or 0)
if flying > 0 then
  if redis.call('HSET', FLIGHTS, crawl, flying) == 1 then
    redis.call('EXPIRE', FLIGHTS, REMEMBERED)
  end
else
  redis.call('HDEL', FLIGHTS, crawl)
end

local minute, count, before = math.floor(now / (60 * SECOND)), number(10, 0), number(11, 0)
local old = now - told > FRESH
if number(9, 0) ~= minute then
  before = number(9, 0) == minute - 1 and count or 0
  count = 0
  for _, key in ipairs(KEYS) do
    redis.call('EXPIRE', key, REMEMBERED)
  end
end
redis.call('HSET', STATE, 'free', free, 'paced', state[1], 'minute', minute,
  'count', count + granted, 'before', before)
if old then
  -- One crawl looks it up for all.
  redis.call('HSET', STATE, 'told', now)
end

local wait = 0
if held then
  wait = hold - now
elseif slot > 0 then
  wait = slot - now
elseif short then
  wait = POLL
end
return {granted, slot, wait, held and hold - now or 0, held and state[12] or '', old and '1' or ''}
