-- Load for wrk: POSTs stock movements at random. Arguments: key, stores, products, lines per request (1: single movements).
-- The requests are made before the clock starts, so that the client costs little while it runs.

local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end

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
end

function request()
    current = current % #requests + 1
    return requests[current]
end

-- One line for the script: requests, refused ones, lost ones, seconds, and p50 and p99 in milliseconds.
function done(summary, latency)
    local errors = summary.errors
    print(string.format("result %d %d %d %.6f %.3f %.3f", summary.requests, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout, summary.duration / 1e6,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
