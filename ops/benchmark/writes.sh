# The scenarios of ops/bench that write, beside pgbench.
# shellcheck shell=bash

measure_single() { measure_writes single 64 "$stores" "$products" 1; }
measure_hot() { measure_writes hot 64 1 1 1; }
measure_batch() { measure_writes batch 16 "$stores" "$products" "$batch_lines"; }

measure_writes() { # NAME CONNECTIONS STORES PRODUCTS LINES
    local name=$1 lines=$5 round
    probe_writes
    ((lines > 1)) || seed_baseline
    say "$name: $rounds rounds of $seconds s"
    reset_memory_marks
    rm -f "$state"/{ours,baseline}
    touch "$state"/{ours,baseline}
    run_writes 2 "${@:2}" >/dev/null # warm-up
    ((lines > 1)) || run_pgbench 2 "$3" "$4" >/dev/null
    for ((round = 1; round <= rounds; round++)); do
        run_writes "$seconds" "${@:2}" >>"$state/ours"
        ((lines > 1)) || run_pgbench "$seconds" "$3" "$4" >>"$state/baseline"
    done
    write_figures "$name" "$2" writes.jq --rawfile ours "$state/ours" --rawfile baseline "$state/baseline"
}

# wrk counts statuses from 400 up; that the rest are 201 (200 for a batch, all lines recorded) is seen here.
probe_writes() {
    local line='{"store_id":1,"product_id":1,"movement_type":"sale","quantity":1}'
    echo "/stock-movements $line" | post_all 201
    echo "/stock-movements/batch {\"movements\":[$line,$line]}" | post_all 200
    jq --exit-status '[.results[].status] == [201, 201]' "$state/bodies/answer" >/dev/null ||
        die "a batch was not recorded: $(head -c 500 "$state/bodies/answer")"
}

seed_baseline() {
    [[ ! ${baseline_url:-} ]] || return 0
    say "seeding the baseline"
    create_database baseline
    baseline_url=$(database_url "$KHATA_PRIMARY_PORT" baseline)
    "$(postgres_bin)/psql" --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --file="$benchmark/baseline.sql" "$baseline_url"
}

# Prints 'MOVEMENTS_PER_SECOND P50_MS P99_MS'.
run_writes() { # SECONDS CONNECTIONS STORES PRODUCTS LINES
    local figures requests duration p50 p99 before growth
    checkpoint
    before=$(recorded_movements)
    figures=$(run_wrk 2 "$2" "$1" movements.lua "$KHATA_URL" "$KHATA_ADMIN_KEY" "$3" "$4" "$5")
    read -r requests duration p50 p99 <<<"$figures"
    growth=$(($(recorded_movements) - before))
    ((growth >= requests * $5)) ||
        die "$((requests * $5)) movements were acknowledged, $growth are in the ledger"
    per_second "$((requests * $5))" "$duration" "$p50" "$p99"
}

# Prints 'TRANSACTIONS_PER_SECOND MEAN_MS'.
run_pgbench() { # SECONDS STORES PRODUCTS
    local output
    checkpoint
    output=$("$(postgres_bin)/pgbench" --no-vacuum --protocol=prepared --client=16 --jobs=2 --time="$1" \
        --define=stores="$2" --define=products="$3" --file="$benchmark/movement.pgbench.sql" "$baseline_url" 2>&1) ||
        die "pgbench failed: $output"
    awk '/^latency average/ { mean = $4 } /^tps/ { print $3, mean }' <<<"$output"
}
