-- pending: read the oldest entries of the outbox; what the sweep and the recovery publish again.
--
-- KEYS  1 terms  2 outbox   as in open_sale
-- ARGV  1 tag   2 after, an entry id, exclusive; "0-0" for the beginning   3 limit, 1 to 1000
-- REPLY {word, tag, generation, now_ms, entries}   word: "ok" | "absent"
--       entries: flat, per entry seven: id, then its fields t p v c i m as reserve wrote them
-- KEEPS writes nothing; work is bounded by the limit
-- e.g.  EVALSHA … 2 … t1 0-0 100 -> {"ok","t1","3","1700000000000",{"3-41","…","990","1","+",…}}
local terms, outbox = KEYS[1], KEYS[2]
assert(#KEYS == 2 and #ARGV == 3, "pending: wants 2 keys and 3 args")
local tag, after, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
assert(string.match(after, "^%d+%-%d+$"), "pending: after must be an entry id")
assert(limit and limit >= 1 and limit <= 1000, "pending: limit must be 1 to 1000")

local gen = redis.call("HGET", terms, "gen")
if not gen or redis.call("EXISTS", outbox) == 0 then return { "absent", tag, "0", "0", {} } end
local clock = redis.call("TIME")
local now_ms = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local flat = {}
for _, entry in ipairs(redis.call("XRANGE", outbox, "(" .. after, "+", "COUNT", limit)) do
  flat[#flat + 1] = entry[1]
  for f = 2, 12, 2 do flat[#flat + 1] = entry[2][f] end
end
return { "ok", tag, gen, string.format("%.0f", now_ms), flat }
