-- token: give each of a batch of users the right to try, or the one they already hold.
--
-- KEYS  1 terms  2 buyers  3 outbox  4 tokens   as in open_sale; the outbox only has to exist
-- ARGV  1 tag   2 generation   3 items: per user 24 bytes, user id (8) and a fresh nonce (16)
-- REPLY {word, tag, generation, sequence, free, now_ms, out}
--       word: "ok" | "absent" (also: still being built) | "generation"; out: per item 27 bytes: code (1), nonce (16),
--       number (10 digits)
--       code: "i" issued, "s" the live one again (number: expiry second), "w" cooling down (number:
--       seconds to wait), "l" limit reached, "o" sold out, "t" no token left, "n" not started,
--       "e" ended, "c" closed
-- KEEPS one live token per buyer; live tokens <= multiplier * free when one is issued; tokens of a
--       passed second are free again in one step; a refusal writes nothing
-- e.g.  EVALSHA … 4 … t1 3 <24 bytes> -> {"ok","t1","3","42","99","1700000000000","i…1700000090"}
--
-- A buyer record is: live nonce (16, zero bytes: none), its expiry second (10 digits), active units
-- (6 digits), second of the last order (10 digits), then 52 bytes per order (see reserve); a buyer
-- with 64 orders gets no more, which bounds the record.
local terms, buyers, outbox, tokens = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
assert(#KEYS == 4 and #ARGV == 3, "token: wants 4 keys and 3 args")
local tag, gen, items = ARGV[1], tonumber(ARGV[2]), ARGV[3]
assert(gen, "token: generation must be a number")
assert(#items > 0 and #items % 24 == 0, "token: items must be 24 bytes each")
local sub, fmt = string.sub, string.format

local t = redis.call("HMGET", terms, "gen", "seq", "state", "free", "starts", "ends", "per_user",
  "cooldown", "ttl", "multiplier", "live", "swept")
if not t[1] or redis.call("EXISTS", terms, buyers, outbox, tokens) < 4 then
  return { "absent", tag, "0", "0", "0", "0", "" }
end
local clock = redis.call("TIME")
local now = tonumber(clock[1])
local now_ms = now * 1000 + math.floor(tonumber(clock[2]) / 1000)
local seq, free = tonumber(t[2]), tonumber(t[4])
local stamp = fmt("%.0f", now_ms)
if tonumber(t[1]) ~= gen then return { "generation", tag, t[1], t[2], t[4], stamp, "" } end
if t[3] == "building" then return { "absent", tag, "0", "0", "0", "0", "" } end
local per_user, cooldown, ttl = tonumber(t[7]), tonumber(t[8]), tonumber(t[9])
local live, swept = tonumber(t[11]), tonumber(t[12])

local count = #items / 24
local users = {}
for i = 1, count do users[i] = sub(items, i * 24 - 23, i * 24 - 16) end
local records = redis.call("HMGET", buyers, unpack(users))
-- Read once, so that the writes below cannot meet a key of another type.
redis.call("HLEN", tokens)

local gate
if t[3] ~= "open" then gate = "c"
elseif now_ms < tonumber(t[5]) then gate = "n"
elseif now_ms >= tonumber(t[6]) then gate = "e"
elseif free <= 0 then gate = "o" end

-- A second that was swept once is past, even if the clock was set back since: what expires in it is
-- not counted any more.
local today = math.max(now, swept)
-- What was live and has passed is free again. Each issue sweeps first and gives ttl seconds, so
-- nothing that was counted expires later than ttl after the second swept last.
local passed = {}
for second = swept + 1, gate and 0 or math.min(today, swept + ttl) do passed[#passed + 1] = second end
local counts = #passed > 0 and redis.call("HMGET", tokens, unpack(passed)) or {}
local gone, swept_fields = 0, {}
for i = 1, #passed do
  if counts[i] then
    gone = gone + tonumber(counts[i])
    swept_fields[#swept_fields + 1] = passed[i]
  end
end
live = live - gone

local none = string.rep("\0", 16)
local budget = free * tonumber(t[10])
local expires = today + ttl
local out, writes, fresh, seen = {}, {}, 0, {}
for i = 1, count do
  local user, nonce = users[i], sub(items, i * 24 - 15, i * 24)
  local record = seen[user] or records[i]
  if gate then
    out[i] = gate .. none .. "0000000000"
  elseif record and sub(record, 1, 16) ~= none and tonumber(sub(record, 17, 26)) > today then
    out[i] = "s" .. sub(record, 1, 16) .. sub(record, 17, 26)
  else
    local active = record and tonumber(sub(record, 27, 32)) or 0
    local again_at = record and tonumber(sub(record, 33, 42)) + cooldown or 0
    if active >= per_user or record and #record >= 42 + 64 * 52 then
      out[i] = "l" .. none .. "0000000000"
    elseif record and #record > 42 and again_at > now then
      out[i] = "w" .. none .. fmt("%010d", again_at - now)
    elseif live + 1 > budget then
      out[i] = "t" .. none .. "0000000000"
    else
      local second = fmt("%010d", expires)
      local rest = record and sub(record, 27) or "0000000000000000"
      record = nonce .. second .. rest
      seen[user] = record
      writes[#writes + 1] = user
      writes[#writes + 1] = record
      live, fresh = live + 1, fresh + 1
      out[i] = "i" .. nonce .. second
    end
  end
end

if fresh > 0 then
  seq = seq + 1
  if #swept_fields > 0 then redis.call("HDEL", tokens, unpack(swept_fields)) end
  redis.call("HSET", buyers, unpack(writes))
  redis.call("HINCRBY", tokens, expires, fresh)
  redis.call("HSET", terms, "seq", seq, "live", live, "swept", today)
end
return { "ok", tag, t[1], tostring(seq), t[4], stamp, table.concat(out) }
