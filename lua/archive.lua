-- archive: delete every key of a sale that has been reconciled.
--
-- KEYS  1 terms  2 buyers  3 outbox  4 tokens  5 changes   as in open_sale
-- ARGV  1 tag   2 generation
-- REPLY {word, tag}   word: "ok" | "generation" (the desk is of another one) | "open" (not closed)
--       | "unsettled" (the outbox is not empty)
-- KEEPS no entry is deleted before the ledger has its orders; archiving twice is the same as once
-- e.g.  EVALSHA … 5 … t1 3 -> {"ok","t1"}
assert(#KEYS == 5 and #ARGV == 2, "archive: wants 5 keys and 2 args")
local tag, gen = ARGV[1], tonumber(ARGV[2])
assert(gen, "archive: generation must be a number")

local head = redis.call("HMGET", KEYS[1], "gen", "state")
if head[1] and tonumber(head[1]) ~= gen then return { "generation", tag } end
if head[2] == "open" then return { "open", tag } end
if redis.call("XLEN", KEYS[3]) > 0 then return { "unsettled", tag } end

redis.call("DEL", unpack(KEYS))
return { "ok", tag }
