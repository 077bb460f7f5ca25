# A PostgreSQL cluster that fails over by itself: etcd, and three nodes of Patroni. The settings stand in ops/postgres/.
# shellcheck shell=bash

cluster=no
synchronous=false
nodes=(1 2 3)

# KHATA_CLUSTER_PORT is etcd's, the next one its peers'; each node has two more.
database_port() { echo $((KHATA_CLUSTER_PORT + 2 * $1)); }
rest_port() { echo $((KHATA_CLUSTER_PORT + 2 * $1 + 1)); }

start_cluster() {
    local node
    prepare_server_state
    # What was interrupted when it was made may lack files.
    any_node_runs || as_server_user test -e "$(cluster_made)" ||
        as_server_user rm -rf "$KHATA_STATE"/patroni/{etcd,node-*}
    start_etcd
    for node in "${nodes[@]}"; do
        start_node "$node"
    done
    wait_until node-1 120 has_primary
    curl --silent --show-error --fail --noproxy '*' --output /dev/null --request PATCH \
        --data "{\"synchronous_mode\": $synchronous}" "http://127.0.0.1:$(rest_port 1)/config" ||
        die "Patroni does not take synchronous_mode: $synchronous"
    wait_until node-1 120 cluster_is_complete
    as_server_user touch "$(cluster_made)"
    KHATA_PRIMARY_PORT=$(database_port "$(primary_node)")
}

cluster_made() { echo "$KHATA_STATE/patroni/made"; }

any_node_runs() {
    local node
    for node in "${nodes[@]}"; do
        is_running "node-$node" && return
    done
    return 1
}

start_etcd() {
    is_running etcd && return
    local clients=http://127.0.0.1:$KHATA_CLUSTER_PORT peers=http://127.0.0.1:$((KHATA_CLUSTER_PORT + 1))
    say "starting etcd on port $KHATA_CLUSTER_PORT"
    start_as_server_user etcd etcd --name etcd --data-dir "$KHATA_STATE/patroni/etcd" \
        --listen-client-urls "$clients" --advertise-client-urls "$clients" \
        --listen-peer-urls "$peers" --initial-advertise-peer-urls "$peers" --initial-cluster "etcd=$peers"
    wait_until etcd 30 curl --silent --fail --noproxy '*' "$clients/health"
}

start_node() { # NUMBER
    is_running "node-$1" && return
    configure_node "$1"
    await_end_of_killed "$KHATA_STATE/patroni/node-$1/data/postmaster.pid"
    say "starting node $1 on port $(database_port "$1")"
    start_as_server_user "node-$1" patroni "$KHATA_STATE/patroni/node-$1/patroni.yaml"
}

# Brought up to date at each start.
configure_node() { # NUMBER
    local folder=$KHATA_STATE/patroni/node-$1
    as_server_user install -d -m 700 "$folder"
    as_server_user tee "$folder/settings.conf" <"$repository/ops/postgres/production.conf" >/dev/null
    as_server_user tee "$folder/hba.conf" <"$repository/ops/postgres/cluster.hba.conf" >/dev/null
    sed -e "s|\${name}|node-$1|" -e "s|\${rest}|127.0.0.1:$(rest_port "$1")|" \
        -e "s|\${address}|127.0.0.1:$(database_port "$1")|" \
        -e "s|\${etcd}|127.0.0.1:$KHATA_CLUSTER_PORT|" -e "s|\${synchronous}|$synchronous|" -e "s|\${folder}|$folder|" \
        -e "s|\${bin}|$(postgres_bin)|" -e "s|\${settings}|$folder/settings.conf|" -e "s|\${hba}|$folder/hba.conf|" \
        -e "s|\${sockets}|$KHATA_STATE/sockets|" \
        -e "s|\${replication}|{username: replicator, password: $(secret replicator-password)}|" \
        -e "s|\${rewind}|{username: rewinder, password: $(secret rewinder-password)}|" \
        "$repository/ops/postgres/patroni.yaml" | as_server_user tee "$folder/patroni.yaml" >/dev/null
}

# The number of the node that is the primary.
primary_node() {
    local node
    for node in "${nodes[@]}"; do
        if node_is "$node" primary; then
            echo "$node"
            return
        fi
    done
    return 1
}

node_is() { # NUMBER ROLE
    curl --silent --fail --noproxy '*' --max-time 2 --output /dev/null "http://127.0.0.1:$(rest_port "$1")/$2"
}

has_primary() { primary_node; }

# Two standbys stream from the primary, one of them synchronously if it is to.
cluster_is_complete() {
    local node primary states
    primary=$(primary_node) || return
    for node in "${nodes[@]}"; do
        [[ $node == "$primary" ]] || node_is "$node" replica || return
    done
    states=$(sql_on "$(database_port "$primary")" postgres \
        --command="SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming' ORDER BY sync_state") || return
    if [[ $synchronous == true ]]; then
        [[ $states == $'async\nsync' ]]
    else
        [[ $states == $'async\nasync' ]]
    fi
}

cluster_url() { # USER PASSWORD
    local node hosts=()
    for node in "${nodes[@]}"; do
        hosts+=("127.0.0.1:$(database_port "$node")")
    done
    (
        IFS=,
        echo "postgresql://$1:$2@${hosts[*]}/khata?target_session_attrs=read-write"
    )
}

# Each of them may be a standby.
node_urls() {
    local node urls=()
    for node in "${nodes[@]}"; do
        urls+=("$(database_url "$(database_port "$node")" khata)")
    done
    (
        IFS=,
        echo "${urls[*]}"
    )
}

# The primary last: otherwise the others would elect a new one.
stop_cluster() {
    local node primary
    [[ -d $KHATA_STATE/patroni/etcd ]] || return 0
    primary=$(primary_node) || primary=
    for node in "${nodes[@]}"; do
        [[ $node == "$primary" ]] || stop_node "$node"
    done
    [[ ! $primary ]] || stop_node "$primary"
    stop_process etcd TERM 10
}

stop_node() { # NUMBER
    local data=$KHATA_STATE/patroni/node-$1/data
    stop_process "node-$1" TERM 60
    # A server goes on when its Patroni was killed.
    if as_server_user test -e "$data/postmaster.pid" && control_server "$data" status >/dev/null; then
        say "stopping the server of node $1"
        control_server "$data" stop --mode=fast --silent
    fi
}

control_server() { # DATA COMMAND [OPTION…]
    local data=$1 command=$2
    shift 2
    as_server_user "$(postgres_bin)/pg_ctl" "$command" --pgdata="$data" "$@"
}
