-- inspect: the desk's side of the books.
--
-- KEYS  1 terms  2 buyers  3 outbox  4 tokens  5 changes   as in open_sale
-- ARGV  1 tag
-- REPLY {word, tag, generation, sequence, state, free, unsettled, live, entries, now_ms, version}
--       word: "ok" | "absent" (one of the five keys is missing, or the desk is still being built)
--       state: "open" | "closed" | "over"; live: tokens that have not expired by now
-- KEEPS writes nothing
-- e.g.  EVALSHA … 5 … t1 -> {"ok","t1","3","45","open","94","0","3","0","1700000000000","1"}
assert(#KEYS == 5 and #ARGV == 1, "inspect: wants 5 keys and 1 arg")
local t = redis.call("HMGET", KEYS[1], "gen", "seq", "state", "free", "unsettled", "live", "version", "swept", "ttl")
if not t[1] or t[3] == "building" or redis.call("EXISTS", unpack(KEYS)) < 5 then
  return { "absent", ARGV[1], "0", "0", "closed", "0", "0", "0", "0", "0", "0" }
end
local clock = redis.call("TIME")
local now = tonumber(clock[1])
local now_ms = now * 1000 + math.floor(tonumber(clock[2]) / 1000)

-- As in token, which counts off what has passed when it issues the next one.
local live, swept = tonumber(t[6]), tonumber(t[8])
local passed = {}
for second = swept + 1, math.min(now, swept + tonumber(t[9])) do passed[#passed + 1] = second end
local counts = #passed > 0 and redis.call("HMGET", KEYS[4], unpack(passed)) or {}
for i = 1, #passed do live = live - tonumber(counts[i] or 0) end

return { "ok", ARGV[1], t[1], t[2], t[3], t[4], t[5], tostring(live), tostring(redis.call("XLEN", KEYS[3])),
  string.format("%.0f", now_ms), t[7] }
