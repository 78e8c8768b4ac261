-- One order a call, without any check of a token: decrement, mark, stream entry. The limit of the desk.
-- KEYS 1 stock  2 buyers  3 outbox   ARGV 1 user
if redis.call("HEXISTS", KEYS[2], ARGV[1]) == 1 then return 0 end
if tonumber(redis.call("GET", KEYS[1]) or 0) < 1 then return 0 end
redis.call("DECR", KEYS[1])
redis.call("HSET", KEYS[2], ARGV[1], "1")
redis.call("XADD", KEYS[3], "*", "u", ARGV[1], "n", "1")
return 1
