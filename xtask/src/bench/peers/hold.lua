-- KEYS: the event's stock, the idempotency key. ARGV: the buyer.
if not redis.call('SET', KEYS[2], ARGV[1], 'NX', 'EX', 600) then
    return 0
end
if tonumber(redis.call('GET', KEYS[1])) < 1 then
    redis.call('DEL', KEYS[2])
    return -1
end
redis.call('DECR', KEYS[1])
redis.call('HSET', 'hold:' .. KEYS[2], 'buyer', ARGV[1], 'event', KEYS[1])
return 1
