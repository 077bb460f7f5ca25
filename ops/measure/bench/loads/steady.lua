-- Load for wrk, for one thread: the reads of reads.lua, so many a second. Arguments: key, stores, requests per second.

local folder = debug.getinfo(1, "S").source:match("^@(.*/)")
dofile(folder .. "reads.lua")

local init_reads = init

function init(arguments)
    init_reads(arguments)
    keep_to(tonumber(arguments[3]))
end
