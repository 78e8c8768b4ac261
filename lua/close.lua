-- close: end token issue and reservations at the desk for good; what is in the outbox stays.
--
-- KEYS  1 terms   as in open_sale
-- ARGV  1 tag   2 generation
-- REPLY {word, tag, generation, sequence, free}   word: "ok" | "absent" | "generation"
-- KEEPS after "ok" no unit leaves this desk in this generation, whatever is still on its way, a late
--       revise to "open" among it; closing twice is the same as once
-- e.g.  EVALSHA … 1 mall:{sale-7}:terms t1 3 -> {"ok","t1","3","41","7"}
local terms = KEYS[1]
assert(#KEYS == 1 and #ARGV == 2, "close: wants 1 key and 2 args")
local tag, gen = ARGV[1], tonumber(ARGV[2])
assert(gen, "close: generation must be a number")

local head = redis.call("HMGET", terms, "gen", "seq", "free", "state")
if not head[1] then return { "absent", tag, "0", "0", "0" } end
if tonumber(head[1]) ~= gen then return { "generation", tag, head[1], head[2], head[3] } end
if head[4] == "building" then return { "absent", tag, "0", "0", "0" } end

redis.call("HSET", terms, "state", "over")
return { "ok", tag, head[1], head[2], head[3] }
