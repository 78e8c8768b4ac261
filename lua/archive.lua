-- archive: delete every key of a sale that has been reconciled.
--
-- KEYS  1 terms  2 buyers  3 outbox  4 tokens  5 changes   as in open_sale
-- ARGV  1 tag   2 generation
-- REPLY {word, tag}   word: "ok" | "open" (not closed) | "unsettled" (the outbox is not empty)
-- KEEPS no entry is deleted before the ledger has its orders; archiving twice is the same as once
-- e.g.  EVALSHA … 5 … t1 3 -> {"ok","t1"}
assert(#KEYS == 5 and #ARGV == 2, "archive: wants 5 keys and 2 args")
local state = redis.call("HGET", KEYS[1], "state")
if state and state ~= "closed" then return { "open", ARGV[1] } end
if redis.call("EXISTS", KEYS[3]) == 1 and redis.call("XLEN", KEYS[3]) > 0 then return { "unsettled", ARGV[1] } end

redis.call("DEL", unpack(KEYS))
return { "ok", ARGV[1] }
