# The scenarios of ops/chaos in which something fails while clients read what they have just written.
# shellcheck shell=bash

stale_faults=(none redis-flushed redis-full redis-killed redis-stopped replica-paused replica-behind instance-killed)

run_stale_reads() { # FAULT
    local failures
    failures=$(redis_failures)
    start_load stale_reads.py
    "fault_${1//-/_}"
    await_load
    add_result "stale-reads/$1" stale_reads.jq --argjson redis_failures $(($(redis_failures) - failures))
}

# How often an instance had no answer from Redis in time: the writers say so, whether or not we made it so.
redis_failures() { cat "$(log_of api-1)" "$(log_of api-2)" | grep --count 'the cache failed' || true; }

fault_none() { :; }

fault_redis_flushed() {
    while under_load; do
        redis FLUSHALL >/dev/null
        strikes=$((strikes + 1))
        sleep 0.05
    done
}

# Others fill it faster than it can keep what it has. Counts the keys that had to go.
fault_redis_full() {
    local used evicted fill
    used=$(redis_figure memory used_memory)
    evicted=$(redis_figure stats evicted_keys)
    fill="for i = 1, 20 do redis.call('SET', 'filler:' .. ARGV[1] .. ':' .. i, string.rep('x', 16384)) end"
    redis CONFIG SET maxmemory-policy allkeys-random maxmemory $((used + 256 * 1024)) >/dev/null
    while under_load; do
        redis EVAL "$fill" 0 "$RANDOM" >/dev/null
        sleep 0.01
    done
    strikes=$(($(redis_figure stats evicted_keys) - evicted))
    redis CONFIG SET maxmemory-policy allkeys-lru maxmemory 256mb >/dev/null
    redis FLUSHALL >/dev/null
}

redis_figure() { # SECTION NAME
    redis INFO "$1" | tr -d '\r' | sed -n "s/^$2://p"
}

fault_redis_killed() {
    while under_load; do
        sleep 1
        kill_process redis
        strikes=$((strikes + 1))
        sleep 0.5
        quietly start_redis
    done
}

fault_redis_stopped() {
    while under_load; do
        sleep 1
        signal_process redis STOP
        strikes=$((strikes + 1))
        sleep 1
        signal_process redis CONT
    done
}

fault_replica_paused() {
    while under_load; do
        sleep 0.5
        on_replica 'SELECT pg_wal_replay_pause()'
        strikes=$((strikes + 1))
        sleep 1
        on_replica 'SELECT pg_wal_replay_resume()'
    done
}

fault_replica_behind() {
    on_replica "ALTER SYSTEM SET recovery_min_apply_delay = '5s'" 'SELECT pg_reload_conf()'
    sleep "$seconds"
    [[ $(sql_on "$KHATA_REPLICA_PORT" postgres --command="SELECT now() - pg_last_xact_replay_timestamp() > '1s'") != t ]] || strikes=1
    on_replica 'ALTER SYSTEM RESET recovery_min_apply_delay' 'SELECT pg_reload_conf()'
}

on_replica() { # SQL…
    sql_on "$KHATA_REPLICA_PORT" postgres "${@/#/--command=}" >/dev/null
}

fault_instance_killed() {
    while under_load; do
        sleep 1
        kill_process api-1
        strikes=$((strikes + 1))
        quietly start_instance 1
        quietly await_instance 1
    done
}
