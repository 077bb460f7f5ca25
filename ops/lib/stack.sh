# A stack of its own for a measurement: in a throw-away state, on free ports, with logins (Basic), removed afterwards.
# shellcheck shell=bash

state='' # its folder

start_own_stack() { # NAME INSTANCES [OPTION OF ops/up…]
    local first
    instances=$2
    first=$(free_ports $((2 * instances + 3)))
    unset "${!KHATA_@}"
    state=$(mktemp --directory "/var/tmp/khata-$1.XXXXXX")
    export KHATA_STATE=$state KHATA_PORT=$first KHATA_OPS_PORT=$((first + instances)) \
        KHATA_PRIMARY_PORT=$((first + 2 * instances)) KHATA_REPLICA_PORT=$((first + 2 * instances + 1)) \
        KHATA_REDIS_PORT=$((first + 2 * instances + 2)) KHATA_BASIC_ENABLED=true
    "$repository/ops/up" --detach --no-demo --instances "$instances" "${@:3}" >/dev/null
    # shellcheck source=/dev/null
    source "$KHATA_STATE/env"
}

remove_own_stack() {
    [[ $state ]] || return 0
    KHATA_STATE=$state "$repository/ops/down" --purge
    rm -rf "$state"
}
