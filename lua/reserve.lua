-- reserve: take units for a batch of purchases of one sale and note them as one outbox entry.
--
-- KEYS  1 terms  2 buyers  3 outbox  4 tokens   as in open_sale
-- ARGV  1 tag   2 generation
--       3 items: per purchase 46 bytes: user id (8), nonce (16), generation of the token (4, big
--         endian), quantity (2, big endian, >= 1), address id (8), hash of the request body (8)
--       4 notes: what the log record needs beyond that, kept in the entry as it came
-- REPLY {word, tag, generation, sequence, free, now_ms, price_minor, version, codes, again, entries}
--       word: "ok" | "absent" (also: still being built) | "generation"; codes: one character per item:
--       "+" reserved in the entry <generation>-<sequence>   "=" reserved before, see again
--       "m" this token was used with another body   "s" token stale   "l" limit reached
--       "o" fewer units left than wanted   "b" too many unsettled   "n" not started   "e" ended
--       "c" closed
--       again: per "=" in order the entry id
--       entries: flat, per different entry of again that is still in the outbox seven: id, then its
--       fields t p v c i m as in pending; one that is not there was trimmed: the ledger has its orders
-- KEEPS units never negative; a token is used once; a buyer's active units <= per_user; every unit
--       that leaves is in one entry; a batch in which nothing is reserved writes nothing
-- e.g.  EVALSHA … 4 … t1 3 <46 bytes> <2 bytes> -> {"ok","t1","3","43","98","…","990","1","+",{},{}}
--
-- An order in a buyer record is 52 bytes: nonce (16), generation (10 digits), sequence (12 digits),
-- units (5 digits), hash of the request body (8), "A" active or "R" returned.
local terms, buyers, outbox, tokens = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
assert(#KEYS == 4 and #ARGV == 4, "reserve: wants 4 keys and 4 args")
local tag, gen, items = ARGV[1], tonumber(ARGV[2]), ARGV[3]
assert(gen, "reserve: generation must be a number")
assert(#items > 0 and #items % 46 == 0, "reserve: items must be 46 bytes each")
local sub, byte, fmt = string.sub, string.byte, string.format

local t = redis.call("HMGET", terms, "gen", "seq", "state", "free", "starts", "ends", "price",
  "version", "per_order", "per_user", "unsettled", "unsettled_max", "live", "swept")
if not t[1] or redis.call("EXISTS", terms, buyers, outbox, tokens) < 4 then
  return { "absent", tag, "0", "0", "0", "0", "0", "0", "", {}, {} }
end
local clock = redis.call("TIME")
local now = tonumber(clock[1])
local now_ms = now * 1000 + math.floor(tonumber(clock[2]) / 1000)
local seq, free = tonumber(t[2]), tonumber(t[4])
local stamp = fmt("%.0f", now_ms)
if tonumber(t[1]) ~= gen then
  return { "generation", tag, t[1], t[2], t[4], stamp, t[7], t[8], "", {}, {} }
end
-- Half a desk knows half the orders: a used token might look stale.
if t[3] == "building" then return { "absent", tag, "0", "0", "0", "0", "0", "0", "", {}, {} } end
local per_order, per_user = tonumber(t[9]), tonumber(t[10])
local unsettled, unsettled_max = tonumber(t[11]), tonumber(t[12])
local live = tonumber(t[13])
-- A second that token has swept is past, even if the clock was set back since.
local today = math.max(now, tonumber(t[14]))

local count = #items / 46
local users = {}
for i = 1, count do users[i] = sub(items, i * 46 - 45, i * 46 - 38) end
local records = redis.call("HMGET", buyers, unpack(users))
-- Read once, so that the writes below cannot meet a key of another type.
redis.call("HLEN", tokens)
redis.call("XLEN", outbox)

local gate
if t[3] ~= "open" then gate = "c"
elseif now_ms < tonumber(t[5]) then gate = "n"
elseif now_ms >= tonumber(t[6]) then gate = "e" end

local none = string.rep("\0", 16)
local codes, again, seen, changed, expired = {}, {}, {}, {}, {}
local accepted = 0
for i = 1, count do
  local at = i * 46 - 45
  local user, nonce = users[i], sub(items, at + 8, at + 23)
  local hash = sub(items, at + 38, at + 45)
  local record = seen[user] or records[i]
  local code, used
  if record then
    for o = 43, #record, 52 do
      if sub(record, o, o + 15) == nonce then used = sub(record, o, o + 51) end
    end
  end
  if used then
    if sub(used, 44, 51) ~= hash then
      code = "m"
    else
      code = "="
      again[#again + 1] = tostring(tonumber(sub(used, 17, 26))) .. "-" .. tostring(tonumber(sub(used, 27, 38)))
    end
  elseif gate then
    code = gate
  else
    local a, b, c, d = byte(items, at + 24, at + 27)
    local high, low = byte(items, at + 28, at + 29)
    local quantity = high * 256 + low
    local active = record and tonumber(sub(record, 27, 32)) or 0
    if ((a * 256 + b) * 256 + c) * 256 + d ~= gen or not record or sub(record, 1, 16) ~= nonce
      or tonumber(sub(record, 17, 26)) <= today then
      code = "s"
    elseif quantity < 1 or quantity > per_order or active + quantity > per_user or #record >= 42 + 64 * 52 then
      code = "l"
    elseif free < quantity then
      code = "o"
    elseif unsettled + 1 > unsettled_max then
      code = "b"
    else
      code = "+"
      accepted, free, unsettled, live = accepted + 1, free - quantity, unsettled + 1, live - 1
      local second = tonumber(sub(record, 17, 26))
      expired[second] = (expired[second] or 0) + 1
      record = none .. "0000000000" .. fmt("%06d%010d", active + quantity, now) .. sub(record, 43)
        .. nonce .. fmt("%010d%012d%05d", gen, seq + 1, quantity) .. hash .. "A"
      seen[user] = record
      changed[#changed + 1] = user
      changed[#changed + 1] = record
    end
  end
  codes[i] = code
end
local code_string = table.concat(codes)

if accepted > 0 then
  seq = seq + 1
  redis.call("HSET", terms, "seq", seq, "free", free, "unsettled", unsettled, "live", live)
  redis.call("HSET", buyers, unpack(changed))
  for second, n in pairs(expired) do redis.call("HINCRBY", tokens, second, -n) end
  redis.call("XADD", outbox, t[1] .. "-" .. seq, "t", stamp, "p", t[7], "v", t[8], "c", code_string,
    "i", items, "m", ARGV[4])
end
-- Each entry once: after an outage of the log all buyers of a batch come again together.
local entries, given = {}, {}
for i = 1, #again do
  local id = again[i]
  local entry = not given[id] and redis.call("XRANGE", outbox, id, id)[1]
  given[id] = true
  if entry then
    entries[#entries + 1] = id
    for f = 2, 12, 2 do entries[#entries + 1] = entry[2][f] end
  end
end
return { "ok", tag, t[1], tostring(seq), tostring(free), stamp, t[7], t[8], code_string, again, entries }
