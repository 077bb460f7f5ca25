-- What the loads for wrk share.

local ffi = require("ffi")
ffi.cdef [[
    typedef struct { long seconds, nanoseconds; } khata_time;
    int clock_gettime(int clock, khata_time *time);
]]
local time = ffi.new("khata_time")

-- Seconds since 1970.
function now()
    ffi.C.clock_gettime(0, time)
    return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

threads = {}

function setup(thread)
    table.insert(threads, thread)
    thread:set("number", #threads)
end

-- For one thread: requests a second. Due times follow each other at an even distance, whenever the answers come.
function keep_to(rate)
    local due
    function delay() -- in milliseconds
        due = (due or now()) + 1 / rate
        return math.max(0, math.floor((due - now()) * 1000))
    end
end

-- One line for the script: requests, refused ones, lost ones, seconds, and p50 and p99 in milliseconds.
function done(summary, latency)
    local errors = summary.errors
    print(string.format("result %d %d %d %.6f %.3f %.3f", summary.requests, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout, summary.duration / 1e6,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
