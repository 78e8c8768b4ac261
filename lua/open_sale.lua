-- open_sale: create every key of a sale's desk anew for one generation, to be filled by load_buyers.
--
-- KEYS  1 terms    hash    generation, sequence, units and rules of the sale
--       2 buyers   hash    user id -> buyer record; field "" marks the hash as opened
--       3 outbox   stream  reservations not yet seen in the ledger; id <generation>-<sequence>
--       4 tokens   hash    expiry second -> live tokens; field "" marks the hash as opened
--       5 changes  hash    stock change id -> generation, or "o" when refused; field "" marks it as opened
-- ARGV  1 tag, also the name of this build   2 generation, >= 1   3 free units   4 starts_at_ms
--       5 ends_at_ms   6 price_minor   7 version   8 per_order_max   9 per_user_max, <= 999999
--       10 cooldown_s   11 token_ttl_s, 1 to 3600   12 token_multiplier   13 unsettled_max
-- REPLY {word, tag, generation}   word: "ok" | "generation" (a newer one is already there)
--       | "open" (this generation has been in use)
-- KEEPS a desk is only replaced by one of a newer generation, or by one of its own that nobody has
--       used; what a late repetition wipes cannot be opened before it has been loaded again
-- e.g.  EVALSHA … 5 mall:{sale-7}:terms … t1 3 100 0 9000 990 1 1 1 0 90 5 20000 -> {"ok","t1","3"}
local terms, buyers, outbox, tokens, changes = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
assert(#KEYS == 5 and #ARGV == 13, "open_sale: wants 5 keys and 13 args")
for i = 2, 13 do
  -- Fourteen digits: the longest whole number that Lua turns into text and back unchanged.
  assert(string.match(ARGV[i], "^%d+$") and #ARGV[i] <= 14, "open_sale: argument " .. i .. " is not a whole number")
end
local tag, gen, per_user, ttl = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[9]), tonumber(ARGV[11])
assert(gen >= 1, "open_sale: generation must be at least 1")
assert(per_user <= 999999, "open_sale: per_user_max does not fit the buyer record")
assert(ttl >= 1 and ttl <= 3600, "open_sale: token_ttl_s must be 1 to 3600")

local head = redis.call("HMGET", terms, "gen", "state", "seq")
local have = tonumber(head[1] or 0)
if have > gen then return { "generation", tag, head[1] } end
if have == gen and (head[2] == "open" or head[2] == "over" or tonumber(head[3]) > 0) then
  return { "open", tag, head[1] }
end

redis.call("DEL", terms, buyers, outbox, tokens, changes)
redis.call("HSET", terms, "gen", gen, "seq", 0, "state", "building", "build", tag, "free", ARGV[3],
  "starts", ARGV[4], "ends", ARGV[5], "price", ARGV[6], "version", ARGV[7],
  "per_order", ARGV[8], "per_user", ARGV[9], "cooldown", ARGV[10], "ttl", ARGV[11],
  "multiplier", ARGV[12], "unsettled_max", ARGV[13], "unsettled", 0, "live", 0, "swept", 0)
redis.call("HSET", buyers, "", gen)
redis.call("HSET", tokens, "", 0)
redis.call("HSET", changes, "", gen)
-- A stream keeps existing when its last entry is deleted, so a missing one later means loss.
redis.call("XADD", outbox, gen .. "-0", "opened", gen)
redis.call("XDEL", outbox, gen .. "-0")
return { "ok", tag, tostring(gen) }
