-- Load for wrk: GETs the level of one product in store 1. Arguments: key, product.

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "common.lua")

function init(arguments)
    local headers = { ["Authorization"] = "Bearer " .. arguments[1] }
    level = wrk.format("GET", "/api/v1/stores/1/stock/" .. arguments[2], headers)
end

function request()
    return level
end
