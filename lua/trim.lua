-- trim: remove outbox entries whose orders are all in the ledger.
--
-- KEYS  1 terms  2 outbox   as in open_sale
-- ARGV  1 tag   2 generation   3… at most 1000 pairs: entry id, orders in it
-- REPLY {word, tag, generation, trimmed}   word: "ok" | "absent" | "generation"
-- KEEPS an entry is counted off once, however often it is trimmed
-- e.g.  EVALSHA … 2 … t1 3 3-41 64 -> {"ok","t1","3","1"}
local terms, outbox = KEYS[1], KEYS[2]
assert(#KEYS == 2 and #ARGV >= 2 and #ARGV % 2 == 0 and #ARGV <= 2002, "trim: wants 2 keys and at most 1000 pairs")
local tag, gen = ARGV[1], tonumber(ARGV[2])
assert(gen, "trim: generation must be a number")
for i = 3, #ARGV, 2 do
  assert(string.match(ARGV[i], "^%d+%-%d+$") and tonumber(ARGV[i + 1]), "trim: malformed pair")
end

local head = redis.call("HMGET", terms, "gen", "unsettled")
if not head[1] or redis.call("EXISTS", outbox) == 0 then return { "absent", tag, "0", "0" } end
if tonumber(head[1]) ~= gen then return { "generation", tag, head[1], "0" } end
redis.call("XLEN", outbox)

local unsettled, trimmed = tonumber(head[2]), 0
for i = 3, #ARGV, 2 do
  if redis.call("XDEL", outbox, ARGV[i]) == 1 then
    trimmed = trimmed + 1
    unsettled = unsettled - tonumber(ARGV[i + 1])
  end
end
if trimmed > 0 then redis.call("HSET", terms, "unsettled", math.max(unsettled, 0)) end
return { "ok", tag, head[1], tostring(trimmed) }
