# A Redis of our own: a cache on the loopback interface, nothing on disk, with a password.
# shellcheck shell=bash

start_redis() {
    is_running redis && return
    say "starting Redis on port $KHATA_REDIS_PORT"
    # A file, because all users see the arguments of a process.
    (umask 077 && as_server_user tee "$KHATA_STATE/redis/redis.conf" >/dev/null) <<CONF
port $KHATA_REDIS_PORT
bind 127.0.0.1
requirepass $(secret redis-password)
dir $KHATA_STATE/redis
save ""
appendonly no
maxmemory 256mb
maxmemory-policy allkeys-lfu
CONF
    start_as_server_user redis redis-server "$KHATA_STATE/redis/redis.conf"
    wait_until redis 30 redis PING
}

redis_url() { echo "redis://:$(secret redis-password)@127.0.0.1:$KHATA_REDIS_PORT"; }

stop_redis() { stop_process redis TERM 10; }

redis() { REDISCLI_AUTH=$(secret redis-password) redis-cli -e -h 127.0.0.1 -p "$KHATA_REDIS_PORT" "$@"; }
