-- return: give the units of lapsed orders back to the desk, each order once.
--
-- KEYS  1 terms  2 buyers   as in open_sale
-- ARGV  1 tag   2 generation   3 items: per order 24 bytes, user id (8) and nonce (16)
-- REPLY {word, tag, generation, sequence, free, codes}   word: "ok" | "absent" | "generation"
--       codes: per item "+" returned, "=" was returned before, "?" no such order at this desk
-- KEEPS an order's units come back once; the buyer's active units go down by the same number
-- e.g.  EVALSHA … 2 … t1 3 <24 bytes> -> {"ok","t1","3","44","99","+"}
local terms, buyers = KEYS[1], KEYS[2]
assert(#KEYS == 2 and #ARGV == 3, "return: wants 2 keys and 3 args")
local tag, gen, items = ARGV[1], tonumber(ARGV[2]), ARGV[3]
assert(gen, "return: generation must be a number")
assert(#items > 0 and #items % 24 == 0, "return: items must be 24 bytes each")
local sub, fmt = string.sub, string.format

local head = redis.call("HMGET", terms, "gen", "seq", "free", "state")
if not head[1] or redis.call("EXISTS", buyers) == 0 then return { "absent", tag, "0", "0", "0", "" } end
if tonumber(head[1]) ~= gen then return { "generation", tag, head[1], head[2], head[3], "" } end
-- Half a desk knows half the orders: "?" would be a lie.
if head[4] == "building" then return { "absent", tag, "0", "0", "0", "" } end
local count = #items / 24
local users = {}
for i = 1, count do users[i] = sub(items, i * 24 - 23, i * 24 - 16) end
local records = redis.call("HMGET", buyers, unpack(users))

local seq, free = tonumber(head[2]), tonumber(head[3])
local codes, seen, changed = {}, {}, {}
for i = 1, count do
  local user, nonce = users[i], sub(items, i * 24 - 15, i * 24)
  local record = seen[user] or records[i]
  local code = "?"
  if record then
    for o = 43, #record, 52 do
      if sub(record, o, o + 15) == nonce then
        if sub(record, o + 51, o + 51) == "R" then
          code = "="
        else
          local units = tonumber(sub(record, o + 38, o + 42))
          local active = tonumber(sub(record, 27, 32)) - units
          assert(active >= 0, "return: buyer has fewer active units than the order")
          record = sub(record, 1, 26) .. fmt("%06d", active) .. sub(record, 33, o + 50) .. "R" .. sub(record, o + 52)
          free = free + units
          seen[user] = record
          changed[#changed + 1] = user
          changed[#changed + 1] = record
          code = "+"
        end
      end
    end
  end
  codes[i] = code
end

if #changed > 0 then
  seq = seq + 1
  redis.call("HSET", buyers, unpack(changed))
  redis.call("HSET", terms, "free", free, "seq", seq)
end
return { "ok", tag, head[1], tostring(seq), tostring(free), table.concat(codes) }
