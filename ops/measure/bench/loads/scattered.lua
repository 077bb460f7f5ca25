-- Load for wrk: GETs what is hardly ever read twice, and so not cached: levels of products at random in stores at random, or
-- pages of stock with 90 to 100 products.
-- Arguments: key, "levels" or "pages", stores, products, and, for one thread, requests per second.

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "common.lua")

function init(arguments)
    local kind, stores, products = arguments[2], tonumber(arguments[3]), tonumber(arguments[4])
    local headers = { ["Authorization"] = "Bearer " .. arguments[1] }
    math.randomseed(os.time() * 100 + number)
    requests = {}
    for i = 1, 20000 do
        local stock = "/api/v1/stores/" .. math.random(stores) .. "/stock"
        local path = kind == "levels" and stock .. "/" .. math.random(products) or stock .. "?limit=" .. math.random(90, 100)
        requests[i] = wrk.format("GET", path, headers)
    end
    current = 0
    if arguments[5] then keep_to(tonumber(arguments[5])) end
end

function request()
    current = current % #requests + 1
    return requests[current]
end
