# The program: built, and run as one process or several.
# shellcheck shell=bash

# With Swift's libraries inside, it is faster, and runs where no Swift is installed.
build_release() { # [PRODUCT]
    say "building"
    swift build --package-path "$repository" --configuration release --static-swift-stdlib --product "${1:-khata}" >&2
    find_release
}

find_release() { khata=$(release_program khata); }

release_program() { # NAME
    echo "$(swift build --package-path "$repository" --configuration release --show-bin-path)/$1"
}

instances=1 # API processes

export_connections() {
    unset KHATA_REPLICA_URL KHATA_REPLICA_URLS KHATA_SQLITE_FILE KHATA_AMQP_URL
    if [[ $cluster == yes ]]; then
        KHATA_PRIMARY_URL=$(cluster_url khata_serve "$(secret database-password)")
        KHATA_REPLICA_URLS=$(node_urls)
        export KHATA_REPLICA_URLS
    else
        KHATA_PRIMARY_URL=$(database_url "$KHATA_PRIMARY_PORT" khata)
        KHATA_REPLICA_URL=$(database_url "$KHATA_REPLICA_PORT" khata)
        export KHATA_REPLICA_URL
    fi
    KHATA_REDIS_URL=$(redis_url)
    export KHATA_PRIMARY_URL KHATA_REDIS_URL
}

export_queue() {
    KHATA_AMQP_URL=$(amqp_url)
    export KHATA_AMQP_URL
}

# The file that is used instead of servers.
export_file() {
    install -d -m 700 "$KHATA_STATE/sqlite"
    export KHATA_SQLITE_FILE=$KHATA_STATE/sqlite/shop.khata
    unset KHATA_PRIMARY_URL KHATA_REPLICA_URL KHATA_REPLICA_URLS KHATA_REDIS_URL KHATA_AMQP_URL
}

# With several processes both need a range of ports. The API's begins at KHATA_PORT; that of the ops ports at
# KHATA_OPS_PORT, unless the two would overlap: then it follows the API's. Behind a proxy they come in pairs.
api_port() {
    if [[ $proxy == yes ]]; then proxied_port "$1"; else echo $((KHATA_PORT + $1 - 1)); fi
}
ops_port() {
    if [[ $proxy == yes ]]; then
        echo $(($(proxied_port "$1") + 1))
        return
    fi
    local first=$KHATA_OPS_PORT distance=$((KHATA_OPS_PORT - KHATA_PORT))
    ((${distance#-} < instances)) && first=$((KHATA_PORT + instances))
    echo $((first + $1 - 1))
}

start_api() {
    local i
    for ((i = 1; i <= instances; i++)); do
        start_instance "$i"
    done
    for ((i = 1; i <= instances; i++)); do
        await_instance "$i"
    done
}

start_instance() { # NUMBER
    say "starting the API on port $(api_port "$1")"
    (
        cd "$repository" || exit # where config/khata.yaml is looked for
        start_process "api-$1" "$khata" serve --port "$(api_port "$1")" --ops-port "$(ops_port "$1")"
    )
}

await_instance() { # NUMBER
    wait_until "api-$1" 60 is_ready "$(api_port "$1")"
    wait_until "api-$1" 60 is_ready "$(ops_port "$1")"
}

is_ready() { # PORT
    curl --silent --fail --noproxy '*' --max-time 2 "http://127.0.0.1:$1/readyz"
}

# The names of the API processes that were started: api-1, api-2, …
api_names() {
    local file
    for file in "$KHATA_STATE"/run/api-*; do
        [[ -e $file ]] && basename "$file"
    done
}

any_api_runs() {
    local name
    for name in $(api_names); do
        is_running "$name" && return
    done
    return 1
}

# All are told before any is waited for: they drain together.
stop_api() {
    local name
    any_api_runs && say "stopping the API"
    for name in $(api_names); do
        signal_process "$name" TERM
    done
    for name in $(api_names); do
        stop_process "$name" TERM 40
    done
}
