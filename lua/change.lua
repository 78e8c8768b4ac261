-- change: add units to the desk or take free ones from it, each change once.
--
-- KEYS  1 terms  2 changes   as in open_sale
-- ARGV  1 tag   2 generation   3 change id   4 delta, whole number, not 0
-- REPLY {word, tag, generation, sequence, free, code}   word: "ok" | "absent" | "generation"
--       code: "+" applied, "=" was applied before, "o" fewer free units than to be taken
-- KEEPS units never negative; a change id moves units once; what was refused stays refused, so that the
--       late answer to one caller and the answer to another are the same
-- e.g.  EVALSHA … 2 … t1 3 17 -5 -> {"ok","t1","3","45","94","+"}
local terms, changes = KEYS[1], KEYS[2]
assert(#KEYS == 2 and #ARGV == 4, "change: wants 2 keys and 4 args")
local tag, gen, id, delta = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
assert(gen and string.match(id, "^%d+$"), "change: generation and id must be numbers")
assert(delta and delta % 1 == 0 and delta ~= 0, "change: delta must be a whole number, not 0")
assert(math.abs(delta) < 1e13, "change: delta is too large to be meant")

local head = redis.call("HMGET", terms, "gen", "seq", "free", "state")
if not head[1] or redis.call("EXISTS", changes) == 0 then return { "absent", tag, "0", "0", "0", "" } end
if tonumber(head[1]) ~= gen then return { "generation", tag, head[1], head[2], head[3], "" } end
if head[4] == "building" then return { "absent", tag, "0", "0", "0", "" } end
local before = redis.call("HGET", changes, id)
if before then
  return { "ok", tag, head[1], head[2], head[3], before == "o" and "o" or "=" }
end
local seq, free = tonumber(head[2]), tonumber(head[3])
if free + delta < 0 then
  redis.call("HSET", changes, id, "o")
  return { "ok", tag, head[1], head[2], head[3], "o" }
end

redis.call("HSET", terms, "free", free + delta, "seq", seq + 1)
redis.call("HSET", changes, id, gen)
return { "ok", tag, head[1], tostring(seq + 1), tostring(free + delta), "+" }
