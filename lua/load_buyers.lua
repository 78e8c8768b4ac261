-- load_buyers: put buyer records and applied stock changes into a desk that is being built.
--
-- KEYS  1 terms  2 buyers  3 changes   as in open_sale
-- ARGV  1 tag   2 generation   3 build, the tag open_sale was called with   4 last, "1" or "0"
--       5 change ids, comma separated, may be empty
--       6… pairs: user id (8 bytes), buyer record (see token and reserve)
-- REPLY {word, tag, generation}   word: "ok" | "absent" | "generation"
--       | "open" (not, or no longer, being built by this build)
-- KEEPS only the build that created the desk loads it; the desk is closed, ready to be opened, once
--       the last part has been loaded and not before; loading a part twice is harmless
-- e.g.  EVALSHA … 3 … t2 3 t1 1 "" <user> <record> -> {"ok","t2","3"}
local terms, buyers, changes = KEYS[1], KEYS[2], KEYS[3]
assert(#KEYS == 3 and #ARGV >= 5 and #ARGV % 2 == 1, "load_buyers: wants 3 keys and pairs")
local tag, gen, build, last = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
assert(gen, "load_buyers: generation must be a number")
assert(last == "0" or last == "1", "load_buyers: last must be 0 or 1")
assert(string.match(ARGV[5], "^[%d,]*$"), "load_buyers: change ids must be numbers")
for i = 6, #ARGV, 2 do
  assert(#ARGV[i] == 8 and #ARGV[i + 1] >= 42 and (#ARGV[i + 1] - 42) % 52 == 0, "load_buyers: malformed record")
end

local head = redis.call("HMGET", terms, "gen", "state", "build")
if not head[1] or redis.call("EXISTS", terms, buyers, changes) < 3 then return { "absent", tag, "0" } end
if tonumber(head[1]) ~= gen then return { "generation", tag, head[1] } end
if head[2] ~= "building" or head[3] ~= build then return { "open", tag, head[1] } end
-- Read once, so that the writes below cannot meet a key of another type.
redis.call("HLEN", buyers)
redis.call("HLEN", changes)

for i = 6, #ARGV, 2 do redis.call("HSET", buyers, ARGV[i], ARGV[i + 1]) end
for id in string.gmatch(ARGV[5], "%d+") do redis.call("HSET", changes, id, gen) end
if last == "1" then redis.call("HSET", terms, "state", "closed") end
return { "ok", tag, head[1] }
