# Redis of our own, on the loopback interface, nothing on disk, with a password: a single server, a cluster, or a master
# with a replica and sentinels.
# shellcheck shell=bash

start_redis() {
    is_running redis && return
    say "starting Redis on port $KHATA_REDIS_PORT"
    start_redis_server redis "$KHATA_REDIS_PORT"
}

redis_url() { echo "redis://:$(secret redis-password)@127.0.0.1:$KHATA_REDIS_PORT"; }

stop_redis() { stop_process redis TERM 10; }

redis() { redis_at "$KHATA_REDIS_PORT" "$@"; }

# Three masters, each with a replica, on six ports, and their buses on the next six. Started again, they are the nodes that
# they were.
start_redis_cluster() { # FIRST_PORT
    local first=$1 node port addresses=()
    say "starting a Redis cluster on the ports $first to $((first + 5))"
    for node in {1..6}; do
        port=$((first + node - 1))
        addresses+=("127.0.0.1:$port")
        is_running "redis-node-$node" || start_redis_server "redis-node-$node" "$port" \
            "cluster-enabled yes" "cluster-port $((port + 6))" "cluster-config-file redis-node-$node.nodes" \
            "cluster-node-timeout 2000" "cluster-require-full-coverage no"
    done
    redis_at "$first" CLUSTER INFO | grep -q 'cluster_slots_assigned:16384' ||
        redis_at "$first" --cluster create "${addresses[@]}" --cluster-replicas 1 --cluster-yes >/dev/null
    for node in {1..6}; do
        wait_until "redis-node-$node" 30 redis_node_is_ready $((first + node - 1))
    done
}

# The cluster is complete, and a replica has what its master has.
redis_node_is_ready() { # PORT
    redis_at "$1" CLUSTER INFO | grep -q 'cluster_state:ok' &&
        redis_at "$1" INFO replication | grep -qE 'role:master|master_link_status:up'
}

redis_cluster_url() { # FIRST_PORT
    echo "redis-cluster://:$(secret redis-password)@127.0.0.1:$1,127.0.0.1:$(($1 + 1)),127.0.0.1:$(($1 + 2))"
}

stop_redis_cluster() {
    local node
    for node in {1..6}; do stop_process "redis-node-$node" TERM 10; done
}

# A master and its replica on two ports, and on the next three the sentinels that watch them under the name khata. Started
# again, a sentinel knows what it knew.
start_redis_sentinels() { # FIRST_PORT
    local first=$1 number configuration
    say "starting a Redis master, its replica and their sentinels on the ports $first to $((first + 4))"
    is_running redis-1 || start_redis_server redis-1 "$first"
    is_running redis-2 || start_redis_server redis-2 $((first + 1)) "replicaof 127.0.0.1 $first"
    for number in {1..3}; do
        is_running "sentinel-$number" && continue
        configuration=$KHATA_STATE/redis/sentinel-$number.conf
        [[ -e $configuration ]] || write_redis_configuration "$configuration" \
            "port $((first + 1 + number))" "bind 127.0.0.1" "dir $KHATA_STATE/redis" \
            "requirepass $(secret redis-password)" "sentinel monitor khata 127.0.0.1 $first 2" \
            "sentinel auth-pass khata $(secret redis-password)" "sentinel down-after-milliseconds khata 1000" \
            "sentinel failover-timeout khata 5000"
        start_as_server_user "sentinel-$number" redis-server "$configuration" --sentinel
    done
    for number in {1..3}; do
        wait_until "sentinel-$number" 30 redis_sentinel_is_ready $((first + 1 + number))
    done
}

# It knows the replica and the other sentinels, so that it can fail over.
redis_sentinel_is_ready() { # PORT
    redis_at "$1" INFO sentinel | grep -q 'name=khata,status=ok,.*,slaves=1,sentinels=3'
}

redis_sentinels_url() { # FIRST_PORT
    local password
    password=$(secret redis-password)
    echo "redis-sentinel://:$password@127.0.0.1:$(($1 + 2)),127.0.0.1:$(($1 + 3)),127.0.0.1:$(($1 + 4))/khata?sentinel_password=$password"
}

stop_redis_sentinels() {
    local name
    # The sentinels first: they would fail over.
    for name in sentinel-{1..3} redis-{1,2}; do stop_process "$name" TERM 10; done
}

start_redis_server() { # NAME PORT SETTING…
    local name=$1 port=$2
    shift 2
    write_redis_configuration "$KHATA_STATE/redis/$name.conf" "port $port" "bind 127.0.0.1" \
        "requirepass $(secret redis-password)" "masterauth $(secret redis-password)" "dir $KHATA_STATE/redis" 'save ""' \
        "appendonly no" "maxmemory 256mb" "maxmemory-policy allkeys-lfu" "repl-diskless-sync-delay 0" "$@"
    start_as_server_user "$name" redis-server "$KHATA_STATE/redis/$name.conf"
    wait_until "$name" 30 redis_at "$port" PING
}

# A file, because all users see the arguments of a process.
write_redis_configuration() { # FILE SETTING…
    local file=$1
    shift
    printf '%s\n' "$@" | (umask 077 && as_server_user tee "$file" >/dev/null)
}

redis_at() { # PORT ARGUMENT…
    local port=$1
    shift
    REDISCLI_AUTH=$(secret redis-password) redis-cli -e -h 127.0.0.1 -p "$port" "$@"
}
