-- Load for wrk: GETs the first page of the stock of one store after the other. Arguments: key, stores.

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "common.lua")

function init(arguments)
    local headers = { ["Authorization"] = "Bearer " .. arguments[1] }
    requests = {}
    for store = 1, tonumber(arguments[2]) do
        requests[store] = wrk.format("GET", "/api/v1/stores/" .. store .. "/stock?limit=20", headers)
    end
    math.randomseed(os.time() * 100 + number)
    current = math.random(#requests)
end

function request()
    current = current % #requests + 1
    return requests[current]
end
