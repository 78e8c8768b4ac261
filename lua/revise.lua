-- revise: bring the desk's copy of the sale's terms to a newer version of the ledger, or open it.
--
-- KEYS  1 terms   as in open_sale
-- ARGV  1 tag   2 generation   3 version   4 state, "open" or "closed"   5 starts_at_ms
--       6 ends_at_ms   7 price_minor   8 per_order_max   9 per_user_max   10 cooldown_s
--       11 token_multiplier   12 unsettled_max
-- REPLY {word, tag, generation}   word: "ok" | "absent" (also: not loaded to its end) | "generation"
--       | "version" (ours is newer)
-- KEEPS terms never go back to an older version; units are not touched; what close has ended is not
--       opened again
-- e.g.  EVALSHA … 1 mall:{sale-7}:terms t1 3 2 open 0 9000 990 1 1 0 5 20000 -> {"ok","t1","3"}
local terms = KEYS[1]
assert(#KEYS == 1 and #ARGV == 12, "revise: wants 1 key and 12 args")
local tag, gen, version, state = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
assert(gen and version, "revise: generation and version must be numbers")
assert(state == "open" or state == "closed", "revise: state must be open or closed")
for i = 5, 12 do
  assert(string.match(ARGV[i], "^%d+$") and #ARGV[i] <= 14, "revise: argument " .. i .. " is not a whole number")
end
assert(tonumber(ARGV[9]) <= 999999, "revise: per_user_max does not fit the buyer record")

local head = redis.call("HMGET", terms, "gen", "version", "state")
if not head[1] then return { "absent", tag, "0" } end
if tonumber(head[1]) ~= gen then return { "generation", tag, head[1] } end
if head[3] == "building" then return { "absent", tag, "0" } end
if tonumber(head[2]) > version then return { "version", tag, head[1] } end
if head[3] == "over" then state = "over" end

redis.call("HSET", terms, "version", version, "state", state, "starts", ARGV[5], "ends", ARGV[6],
  "price", ARGV[7], "per_order", ARGV[8], "per_user", ARGV[9], "cooldown", ARGV[10],
  "multiplier", ARGV[11], "unsettled_max", ARGV[12])
return { "ok", tag, head[1] }
