# HAProxy in front of several API processes, as ops/haproxy.cfg has it: they come, go and are replaced without an error.
# shellcheck shell=bash

proxy=no
maximum_proxied=16

# API processes behind it have ports that do not depend on how many there are.
proxied_port() { echo $((KHATA_INSTANCE_PORT + 2 * ($1 - 1))); }

# What the service has to know of it.
export_proxy() {
    export KHATA_PROXIES_TRUSTED=127.0.0.1
    # Until the checks have failed twice, and one more is over.
    export KHATA_CONNECTIONS_DRAIN_DELAY_SECONDS=2
}

start_proxy() {
    say "starting HAProxy on port $KHATA_PORT"
    configure_proxy
    start_process proxy haproxy -db -f "$KHATA_STATE/run/haproxy.cfg"
    await_proxied
}

# It knows all that there may be, and uses those that are ready: a reload would cut off clients that are between two requests.
configure_proxy() {
    local i
    {
        sed -e "s|bind :80$|bind 127.0.0.1:$KHATA_PORT|" -e "s|/run/haproxy/admin.sock mode|$(proxy_socket) mode|" \
            -e '/^    server /d' "$repository/ops/haproxy.cfg"
        for ((i = 1; i <= maximum_proxied; i++)); do
            echo "    server api-$i 127.0.0.1:$(api_port "$i") port $(ops_port "$i")"
        done
    } >"$KHATA_STATE/run/haproxy.cfg"
}

proxy_socket() { echo "$KHATA_STATE/run/haproxy.sock"; }

await_proxied() { wait_until proxy 60 all_are_proxied; }

# Whether it uses each API process that runs, and nothing else.
all_are_proxied() {
    local name status
    socat - "UNIX-CONNECT:$(proxy_socket)" <<<'show stat -1 4 -1' | awk -F, '$1 == "instances" { print $2, $18 }' |
        while read -r name status; do
            if is_running "$name"; then [[ $status == UP ]]; else [[ $status == DOWN ]]; fi || return
        done
}

# One at a time. Those that are new come first, and those that are too many go last.
replace_api() {
    local i name running=()
    for ((i = 1; i <= instances; i++)); do
        if is_running "api-$i"; then
            running+=("$i")
        else
            start_instance "$i"
            await_instance "$i"
        fi
    done
    await_proxied
    for i in "${running[@]}"; do
        stop_process "api-$i" TERM 40
        start_instance "$i"
        await_instance "$i"
        await_proxied
    done
    for name in $(api_names); do
        ((${name#api-} <= instances)) || stop_process "$name" TERM 40
    done
}

stop_proxy() { stop_process proxy TERM 10; }
