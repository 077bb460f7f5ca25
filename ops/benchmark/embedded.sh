# The scenario of ops/bench on one file of SQLite, beside a small service in Python (fastapi_shop.py).
# shellcheck shell=bash

# Movements go to the products 1 … $products; these two have a history of so many.
long_product=1001 long_history=10000 short_product=1002 short_history=100

measure_embedded() {
    local round history product
    [[ ${fastapi_url:-} ]] || start_fastapi
    say "embedded: $rounds rounds of $seconds s of each"
    reset_memory_marks
    rm -f "$state"/{writes,fastapi-{one,many},reads-{long,short},fastapi-{long,short}}
    run_embedded_writes 2 >/dev/null # warm-up
    for ((round = 1; round <= rounds; round++)); do
        run_embedded_writes "$seconds" >>"$state/writes"
        rate_of 1 1 "$seconds" movements.lua "$fastapi_url" none 1 "$products" 1 >>"$state/fastapi-one"
        rate_of 2 16 "$seconds" movements.lua "$fastapi_url" none 1 "$products" 1 >>"$state/fastapi-many"
        for history in long short; do
            product=${history}_product
            rate_of 2 16 "$seconds" levels.lua "$KHATA_URL" "$KHATA_ADMIN_KEY" "${!product}" >>"$state/reads-$history"
            rate_of 2 16 "$seconds" levels.lua "$fastapi_url" none "${!product}" >>"$state/fastapi-$history"
        done
    done
    write_figures embedded 16 embedded.jq --argjson long_history "$long_history" --argjson short_history "$short_history" \
        --arg versions "$fastapi_versions" \
        --rawfile writes "$state/writes" --rawfile fastapi_one "$state/fastapi-one" --rawfile fastapi_many "$state/fastapi-many" \
        --rawfile reads_long "$state/reads-long" --rawfile fastapi_long "$state/fastapi-long" \
        --rawfile reads_short "$state/reads-short" --rawfile fastapi_short "$state/fastapi-short"
}

# In store 1, which the first start made: an opening stock that no sale can use up, and the histories.
seed_file() {
    say "seeding the file"
    mkdir "$state/bodies"
    seq "$products" | cat - <(printf '%s\n' "$long_product" "$short_product") |
        awk '{ printf "/products {\"product_id\":%d,\"name\":\"Product %d\"}\n", $1, $1 }' | post_all 201
    awk -v products="$products" 'BEGIN {
        printf "/stock-movements/batch {\"movements\":["
        for (p = 1; p <= products; p++)
            printf "%s{\"store_id\":1,\"product_id\":%d,\"movement_type\":\"stock-in\",\"quantity\":1000000}", (p > 1 ? "," : ""), p
        print "]}" }' | post_all 200
    local history
    for history in "$long_product $long_history" "$short_product $short_history"; do
        # shellcheck disable=SC2086
        printf '%d %d\n' $history | awk '{ for (left = $2; left > 0; left -= lines) {
            lines = (left < 1000 ? left : 1000)
            printf "/stock-movements/batch {\"movements\":["
            for (l = 1; l <= lines; l++)
                printf "%s{\"store_id\":1,\"product_id\":%d,\"movement_type\":\"stock-in\",\"quantity\":1}", (l > 1 ? "," : ""), $1
            print "]}" } }' | post_all 200
    done
}

# From PyPI, in an environment that goes with the stack.
start_fastapi() {
    local file=$state/fastapi.db port venv=$state/venv
    say "installing and starting the service in Python"
    python3 -m venv "$venv"
    "$venv/bin/pip" --quiet --disable-pip-version-check install fastapi 'uvicorn[standard]' || die "FastAPI cannot be installed"
    fastapi_versions=$("$venv/bin/pip" --disable-pip-version-check freeze | grep --extended-regexp '^(fastapi|uvicorn)==' | paste --serial --delimiters=' ')
    port=$(free_ports 1)
    fastapi_url=http://127.0.0.1:$port
    start_process fastapi env SHOP_FILE="$file" PYTHONDONTWRITEBYTECODE=1 "$venv/bin/uvicorn" --app-dir "$benchmark" \
        --port "$port" --log-level warning --no-access-log fastapi_shop:app
    wait_until fastapi 30 curl --silent --fail --noproxy '*' "$fastapi_url/api/v1/stores/1/stock/1"
    python3 "$benchmark/fastapi_history.py" "$file" "$long_product" "$long_history" "$short_product" "$short_history"
    [[ $(curl --silent --noproxy '*' "$fastapi_url/api/v1/stores/1/stock/$long_product" | jq .on_hand) == "$long_history" ]] ||
        die "the service in Python has not its history"
}

# Prints 'MOVEMENTS_PER_SECOND P50_MS P99_MS', of movements that are all in the ledger.
run_embedded_writes() { # SECONDS
    local before growth figures requests duration p50 p99
    before=$(embedded_position)
    figures=$(run_wrk 2 16 "$1" movements.lua "$KHATA_URL" "$KHATA_ADMIN_KEY" 1 "$products" 1)
    read -r requests duration p50 p99 <<<"$figures"
    growth=$(($(embedded_position) - before))
    ((growth >= requests)) || die "$requests movements were acknowledged, $growth are in the ledger"
    per_second "$requests" "$duration" "$p50" "$p99"
}

embedded_position() {
    curl --silent --show-error --fail --noproxy '*' --header "Authorization: Bearer $KHATA_ADMIN_KEY" \
        "$KHATA_URL/api/v1/stores/1/stock?limit=1" | jq .position
}

stop_fastapi() { stop_process fastapi TERM 10; }
