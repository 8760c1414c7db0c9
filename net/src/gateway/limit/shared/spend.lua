-- For each key: adds ARGV's cost to its level, all in microseconds, unless the level would rise
-- above ARGV's maximum (0: whatever it rises to). A key holds when its bucket will be empty, by
-- Redis's own clock, and goes when it is. Answers with two numbers for each key: 1 or 0 for granted
-- or not, and the level.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local answer = {}
for i, key in ipairs(KEYS) do
    local cost, max = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local level = math.max(0, (tonumber(redis.call('GET', key)) or now) - now)
    local granted = max == 0 or level + cost <= max
    if granted then
        level = level + cost
        local empty_at = string.format('%.0f', now + level)
        redis.call('SET', key, empty_at, 'PX', math.ceil(level / 1000) + 1)
    end
    answer[2 * i - 1] = granted and 1 or 0
    answer[2 * i] = level
end
return answer
