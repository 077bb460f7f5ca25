-- The load of reads.lua, which also writes to a file when each answer came and how many seconds it took.
-- Each thread must have just one connection: then it makes a request when the answer to the one before has come.
-- Arguments: key, stores, file.

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "reads.lua")

local init_reads, next_read, print_result = init, request, done
local calls, asked = 0, 0
came, took = {}, {} -- not local: done reads them

function init(arguments)
    file = arguments[3]
    init_reads(arguments)
end

function request()
    local time = now()
    calls = calls + 1
    if calls > 2 then -- wrk makes one request before the clock starts
        came[#came + 1] = time
        took[#took + 1] = time - asked
    end
    asked = time
    return next_read()
end

function done(summary, latency)
    local output = assert(io.open(threads[1]:get("file"), "w"))
    for _, thread in ipairs(threads) do
        local came, took = thread:get("came"), thread:get("took")
        for i = 1, #came do
            output:write(string.format("%.6f %.6f\n", came[i], took[i]))
        end
    end
    output:close()
    print_result(summary, latency)
end
