-- Load for wrk: each connection GETs the first page of the stock of one store after the other, and pauses after each.
-- Arguments: key, stores, pause in milliseconds.

local folder = debug.getinfo(1, "S").source:match("^@(.*/)")
dofile(folder .. "reads.lua")

local init_reads = init

function init(arguments)
    init_reads(arguments)
    pause = tonumber(arguments[3])
end

function delay()
    return pause
end
