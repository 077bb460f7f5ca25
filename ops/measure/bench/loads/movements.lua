-- Load for wrk: POSTs stock movements at random. Arguments: key, stores, products, lines per request (1: single movements),
-- and, for one thread, requests per second: without it, each connection asks again when it is answered.
-- The requests are made before the clock starts, so that the client costs little while it runs.

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "common.lua")

local function movement(stores, products)
    return string.format('{"store_id":%d,"product_id":%d,"movement_type":"%s","quantity":1}',
        math.random(stores), math.random(products), math.random(2) == 1 and "sale" or "stock-in")
end

function init(arguments)
    local key, stores, products, lines = arguments[1], tonumber(arguments[2]), tonumber(arguments[3]), tonumber(arguments[4])
    math.randomseed(os.time() * 100 + number)
    local headers = { ["Authorization"] = "Bearer " .. key, ["Content-Type"] = "application/json" }
    requests = {}
    for i = 1, math.max(200, 20000 / lines) do
        local path, body = "/api/v1/stock-movements", nil
        if lines == 1 then
            body = movement(stores, products)
        else
            local batch = {}
            for line = 1, lines do
                batch[line] = movement(stores, products)
            end
            path, body = path .. "/batch", '{"movements":[' .. table.concat(batch, ",") .. "]}"
        end
        requests[i] = wrk.format("POST", path, headers, body)
    end
    current = 0
    if arguments[5] then keep_to(tonumber(arguments[5])) end
end

function request()
    current = current % #requests + 1
    return requests[current]
end
