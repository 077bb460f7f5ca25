-- The load of reads.lua, which also writes to a file when each answer came and how many seconds it took.
-- Each thread must have just one connection: then it makes a request when the answer to the one before has come.
-- Arguments: key, stores, file.

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "reads.lua")

local init_reads, next_read, print_result = init, request, done
local calls = 0
came, took, asked = {}, {}, 0 -- not local: done reads them

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

-- A request that is not answered at the end counts as answered then: one that hangs must not be missing.
function done(summary, latency)
    local output, the_end = assert(io.open(threads[1]:get("file"), "w")), now()
    for _, thread in ipairs(threads) do
        local came, took = thread:get("came"), thread:get("took")
        for i = 1, #came do
            output:write(string.format("%.6f %.6f\n", came[i], took[i]))
        end
        local asked = thread:get("asked")
        output:write(string.format("%.6f %.6f\n", the_end, the_end - asked))
    end
    output:close()
    print_result(summary, latency)
end
