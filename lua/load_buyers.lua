-- load_buyers: put buyer records and applied stock changes into a desk that is being rebuilt.
--
-- KEYS  1 terms  2 buyers  3 changes   as in open_sale
-- ARGV  1 tag   2 generation   3 change ids, comma separated, may be empty
--       4… pairs: user id (8 bytes), buyer record (see reserve)
-- REPLY {word, tag, generation}   word: "ok" | "absent" | "generation" | "open" (too late to load)
-- KEEPS only a closed desk of exactly this generation is loaded; loading a pair twice is harmless
-- e.g.  EVALSHA … 3 … t1 3 "" <user> <record> -> {"ok","t1","3"}
local terms, buyers, changes = KEYS[1], KEYS[2], KEYS[3]
assert(#KEYS == 3 and #ARGV >= 3 and #ARGV % 2 == 1, "load_buyers: wants 3 keys and pairs")
local tag, gen = ARGV[1], tonumber(ARGV[2])
assert(gen, "load_buyers: generation must be a number")

local head = redis.call("HMGET", terms, "gen", "state")
if not head[1] then return { "absent", tag, "0" } end
if tonumber(head[1]) ~= gen then return { "generation", tag, head[1] } end
if head[2] ~= "closed" then return { "open", tag, head[1] } end
for i = 4, #ARGV, 2 do
  assert(#ARGV[i] == 8 and #ARGV[i + 1] >= 42 and (#ARGV[i + 1] - 42) % 52 == 0, "load_buyers: malformed record")
end

for i = 4, #ARGV, 2 do redis.call("HSET", buyers, ARGV[i], ARGV[i + 1]) end
for id in string.gmatch(ARGV[3], "%d+") do redis.call("HSET", changes, id, gen) end
return { "ok", tag, head[1] }
