# The scenario of ops/bench that empties Redis while all read from it.
# shellcheck shell=bash

measure_storm() {
    local round
    say "storm: $rounds rounds of $seconds s"
    reset_memory_marks
    rm -f "$state/storms"
    log_queries 0
    run_wrk 2 64 2 reads.lua "$KHATA_URL" "$KHATA_ADMIN_KEY" "$stores" >/dev/null # warm-up
    for ((round = 1; round <= rounds; round++)); do
        run_storm >>"$state/storms"
    done
    log_queries -1
    write_figures storm 64 storm.jq --slurpfile storms "$state/storms"
}

# Prints the figures of one storm, as JSON.
run_storm() {
    local load flushed_at
    run_wrk 64 64 "$seconds" storm.lua "$KHATA_URL" "$KHATA_ADMIN_KEY" "$stores" "$state/answers" >"$state/load" &
    load=$!
    sleep "$(awk -v s="$seconds" 'BEGIN { print s / 2 }')"
    flushed_at=$(date +%s.%N)
    redis FLUSHALL >/dev/null
    wait "$load" || die "the load failed"
    python3 -B "$benchmark/storm.py" "$state/answers" "$flushed_at" "$stores" "$(log_of primary)" "$(log_of replica)"
}

# Each query with its parameters and its time, in the servers' logs; -1 turns it off.
log_queries() { # MILLISECONDS
    local port
    for port in "$KHATA_PRIMARY_PORT" "$KHATA_REPLICA_PORT"; do
        sql_on "$port" postgres --command="ALTER SYSTEM SET log_min_duration_statement = $1" \
            --command='SELECT pg_reload_conf()' >/dev/null
    done
}
