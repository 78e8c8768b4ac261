-- find: whether a buyer's token was used at this desk.
--
-- KEYS  1 terms  2 buyers   as in open_sale
-- ARGV  1 tag   2 generation   3 user id (8 bytes)   4 nonce (16 bytes)
-- REPLY {word, tag, generation, code}   word: "ok" | "absent" | "generation"
--       code: "A" used, "R" used and its units given back, "-" not used
-- KEEPS writes nothing
-- e.g.  EVALSHA … 2 … t1 3 <8 bytes> <16 bytes> -> {"ok","t1","3","A"}
local terms, buyers = KEYS[1], KEYS[2]
assert(#KEYS == 2 and #ARGV == 4, "find: wants 2 keys and 4 args")
local tag, gen, user, nonce = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
assert(gen and #user == 8 and #nonce == 16, "find: malformed argument")

local head = redis.call("HMGET", terms, "gen", "state")
local have = head[1]
if not have or head[2] == "building" or redis.call("EXISTS", buyers) == 0 then return { "absent", tag, "0", "-" } end
if tonumber(have) ~= gen then return { "generation", tag, have, "-" } end
local record = redis.call("HGET", buyers, user)
for o = 43, record and #record or 0, 52 do
  if string.sub(record, o, o + 15) == nonce then
    return { "ok", tag, have, string.sub(record, o + 51, o + 51) }
  end
end
return { "ok", tag, have, "-" }
