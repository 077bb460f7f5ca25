# A Redis of our own: a cache on the loopback interface, nothing on disk.
# shellcheck shell=bash

start_redis() {
    is_running redis && return
    say "starting Redis on port $KHATA_REDIS_PORT"
    start_as_server_user redis redis-server --port "$KHATA_REDIS_PORT" --bind 127.0.0.1 --dir "$KHATA_STATE/redis" \
        --save '' --appendonly no --maxmemory 256mb --maxmemory-policy allkeys-lru
    wait_until redis 30 redis PING
}

redis_url() { echo "redis://127.0.0.1:$KHATA_REDIS_PORT"; }

stop_redis() { stop_process redis TERM 10; }

redis() { redis-cli -e -h 127.0.0.1 -p "$KHATA_REDIS_PORT" "$@"; }
