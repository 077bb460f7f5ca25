# What every command under ops/ shares: messages, settings, ports and waiting.
# shellcheck shell=bash

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { printf '== %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}
wrong_usage() {
    printf 'error: %s\n(see %s --help)\n' "$*" "$0" >&2
    exit 2
}

# Prints the comment at the top of the command, without its '#'.
print_help() { sed -n '2,/^[^#]/ { s/^# \{0,1\}//p }' "$0"; }

# Settings with their defaults; libpq's own variables must not reach our servers and clients.
load_settings() {
    unset "${!PG@}"
    # The last part of the path stays as it is: a link there is not followed.
    KHATA_STATE=$(realpath -ms "${KHATA_STATE:-/var/tmp/khata}")
    KHATA_STATE=$(realpath -m "${KHATA_STATE%/*}/")/${KHATA_STATE##*/}
    KHATA_PORT=${KHATA_PORT:-8080}
    KHATA_OPS_PORT=${KHATA_OPS_PORT:-8081}
    KHATA_INSTANCE_PORT=${KHATA_INSTANCE_PORT:-8100}
    KHATA_PRIMARY_PORT=${KHATA_PRIMARY_PORT:-5440}
    KHATA_REPLICA_PORT=${KHATA_REPLICA_PORT:-5441}
    KHATA_REDIS_PORT=${KHATA_REDIS_PORT:-6390}
    KHATA_AMQP_PORT=${KHATA_AMQP_PORT:-5680}
    KHATA_CLUSTER_PORT=${KHATA_CLUSTER_PORT:-5450}
    local name
    for name in KHATA_PORT KHATA_OPS_PORT KHATA_INSTANCE_PORT KHATA_PRIMARY_PORT KHATA_REPLICA_PORT KHATA_REDIS_PORT \
        KHATA_AMQP_PORT KHATA_CLUSTER_PORT; do
        if ! is_number "${!name}" || ((${!name} > 65535)); then
            wrong_usage "$name must be a port, not '${!name}'"
        fi
    done
    ((KHATA_AMQP_PORT <= 65533)) || wrong_usage "KHATA_AMQP_PORT must be 65533 at most: the next two are RabbitMQ's too"
    ((KHATA_CLUSTER_PORT <= 65528)) || wrong_usage "KHATA_CLUSTER_PORT must be 65528 at most: the next seven are the cluster's too"
}

is_number() { [[ $1 =~ ^[1-9][0-9]{0,8}$ ]]; }

port_in_use() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The first of COUNT consecutive free ports, below the range from which the kernel takes ports for outgoing connections.
free_ports() { # COUNT
    local count=$1 first port
    while :; do
        first=$((20000 + RANDOM % 12000))
        for ((port = first; port < first + count; port++)); do
            port_in_use "$port" && continue 2
        done
        echo "$first"
        return
    done
}

# Waits until COMMAND succeeds; the process NAME, which it waits for, may not die meanwhile.
wait_until() { # NAME SECONDS COMMAND…
    local name=$1 deadline=$((SECONDS + $2))
    shift 2
    until "$@" >/dev/null 2>&1; do
        is_running "$name" || die "$name ended early; $(last_lines "$name")"
        ((SECONDS < deadline)) || die "$name is not ready in time; $(last_lines "$name")"
        sleep 0.1
    done
}

last_lines() { # NAME
    printf 'the end of %s:\n' "$(log_of "$1")"
    tail -n 20 "$(log_of "$1")"
}

random_secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
