# The scenarios of ops/chaos in which processes are killed while clients write.
# shellcheck shell=bash

run_kill_api() {
    local victims victim
    start_load writers.py "$state/acknowledged"
    while under_load; do
        for victims in "1 2" 1 2; do
            under_load || break
            sleep 0.5
            for victim in $victims; do signal_process "api-$victim" KILL; done
            for victim in $victims; do
                kill_process "api-$victim"
                strikes=$((strikes + 1))
                quietly start_instance "$victim"
            done
            for victim in $victims; do quietly await_instance "$victim"; done
        done
    done
    await_load
    check_ledger kill-api
}

run_kill_primary() {
    start_load writers.py "$state/acknowledged"
    while under_load; do
        sleep 1
        kill_backend
        strikes=$((strikes + 1))
    done
    await_load
    check_ledger kill-primary
}

# Any of the service's: the primary then ends all of its processes and recovers, as after a power failure.
kill_backend() {
    local pid parent checkpointer
    checkpointer=$(checkpointer_id)
    pid=$(sql khata --command="SELECT pid FROM pg_stat_activity WHERE usename = 'khata' ORDER BY random() LIMIT 1")
    parent=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")
    [[ $parent == "$(process_id primary)" ]] || die "process $pid is not one of the primary's"
    kill -s KILL "$pid"
    wait_until primary 60 has_recovered
}

checkpointer_id() { sql postgres --command="SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"; }

has_recovered() {
    local id
    id=$(checkpointer_id) && [[ $id != "$checkpointer" ]]
}

# Compares what the clients were told with what is there.
check_ledger() { # NAME
    local audit=sound
    sql khata --file="$chaos/exactly_once.sql" <"$state/acknowledged" >"$state/ledger"
    "$khata" audit verify >"$state/audit" 2>&1 || audit=defective
    [[ $audit == sound ]] || tail -n 20 "$state/audit" >&2
    add_result "$1" crashes.jq --slurpfile ledger "$state/ledger" --arg audit "$audit"
}
