-- A site has complained: from now on no crawl starts a request to it before the pause is over.
-- How long, the site says, or it is learned: twice as long after each complaint that soon follows
-- another, and at half the rate. Answers that were in flight and complain too change nothing.
--
-- KEYS state
-- ARGV the pause that the site asked for in µs ("" = it named none), "1" when it was asked too much
-- Returns how long the pause lasts from now

local STATE = KEYS[1]
local SECOND = 1000000
local FIRST, LONGEST, SOON = 2 * SECOND, 300 * SECOND, 600 * SECOND
local LEAST_PART, RECOVERY = 1 / 16, 120 * SECOND

local time = redis.call('TIME')
local now = time[1] * SECOND + time[2]
local asked = tonumber(ARGV[1])

local state = redis.call('HMGET', STATE, 'hold', 'slow', 'pause', 'free')
local hold, slow = tonumber(state[1] or 0), tonumber(state[2] or 1)
local pause, free = tonumber(state[3] or 0), tonumber(state[4] or 0)
local held = hold > now

local until_then = hold
if asked then
  until_then = math.max(hold, now + asked)
elseif not held then
  pause = pause > 0 and now - hold < SOON and math.min(2 * pause, LONGEST) or FIRST
  until_then = now + pause
  redis.call('HSET', STATE, 'pause', pause)
end
if not held and (not asked or ARGV[2] == '1') then
  local part = math.min(1, slow * 2 ^ (math.max(0, now - hold) / RECOVERY))
  slow = math.max(part / 2, LEAST_PART)
end
if until_then > hold then
  redis.call('HSET', STATE, 'why', asked and 'asked' or 'learned')
end
redis.call('HSET', STATE, 'hold', until_then, 'slow', slow, 'free', math.max(free, until_then))
redis.call('EXPIRE', STATE, 86400)
return until_then - now
