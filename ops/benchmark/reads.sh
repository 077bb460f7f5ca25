# The scenarios of ops/bench that read, beside nginx.
# shellcheck shell=bash

page_stores=50 writes_beside=500 nginx_url=''

measure_reads() {
    local round
    start_nginx
    say "reads: $rounds rounds of $seconds s"
    prepare_reads
    run_reads 2 "$nginx_url" >/dev/null
    for ((round = 1; round <= rounds; round++)); do
        run_reads "$seconds" "$KHATA_URL" "$state/samples" >>"$state/ours"
        run_reads "$seconds" "$nginx_url" >>"$state/baseline"
    done
    write_read_figures reads
}

measure_mixed() {
    local round writer before
    say "mixed: $rounds rounds of $seconds s"
    prepare_reads
    for ((round = 1; round <= rounds; round++)); do
        checkpoint
        before=$(recorded_movements)
        run_wrk 1 16 "$seconds" movements.lua "$KHATA_URL" "$KHATA_ADMIN_KEY" "$page_stores" 20 1 "$writes_beside" >/dev/null &
        writer=$!
        run_reads "$seconds" "$KHATA_URL" "$state/samples" >>"$state/ours"
        wait "$writer" || die "the writes beside the reads failed"
        echo $((($(recorded_movements) - before) / seconds)) >>"$state/writes"
    done
    write_read_figures mixed
}

prepare_reads() {
    reset_memory_marks
    rm -f "$state"/{ours,baseline,samples,writes}
    touch "$state"/{ours,baseline,samples,writes}
    run_reads 2 "$KHATA_URL" >/dev/null # warm-up
    probe_reads
}

# What is measured are cached pages of 20 products.
probe_reads() {
    curl --silent --show-error --fail --noproxy '*' --header "Authorization: Bearer $KHATA_ADMIN_KEY" --dump-header "$state/head" \
        --output "$state/page" "$KHATA_URL/api/v1/stores/1/stock?limit=20"
    grep --quiet --ignore-case '^cache-status: khata-redis; hit' "$state/head" || die "after the warm-up, a page is not cached: $(cat "$state/head")"
    [[ $(jq '.items | length' "$state/page") == 20 ]] || die "a page has not 20 products: $(head -c 500 "$state/page")"
}

# Prints 'READS_PER_SECOND P50_MS P99_MS', and adds the sample's 'HITS OTHERS' to SAMPLES.
run_reads() { # SECONDS URL [SAMPLES]
    local figures sampler
    python3 -B "$benchmark/sample_reads.py" "$2" "$KHATA_ADMIN_KEY" "$page_stores" "$1" >>"${3:-/dev/null}" &
    sampler=$!
    figures=$(rate_of 2 64 "$1" reads.lua "$2" "$KHATA_ADMIN_KEY" "$page_stores")
    wait "$sampler" || die "a sampled read failed"
    echo "$figures"
}

write_read_figures() { # NAME
    write_figures "$1" 64 reads.jq --rawfile ours "$state/ours" --rawfile baseline "$state/baseline" \
        --rawfile samples "$state/samples" --rawfile writes "$state/writes"
}

# Serves the same pages from files, with the head of such an answer.
start_nginx() {
    local folder=$state/nginx port
    [[ ! $nginx_url ]] || return 0
    say "starting nginx"
    install -d -m 755 "$folder" "$folder/files"
    curl --silent --show-error --fail --noproxy '*' --create-dirs --header "Authorization: Bearer $KHATA_ADMIN_KEY" \
        --dump-header "$folder/head" --output "$folder/files/api/v1/stores/#1/stock" \
        "$KHATA_URL/api/v1/stores/[1-$page_stores]/stock?limit=20"
    chmod -R u=rwX,go=rX "$folder/files"
    port=$(free_ports 1)
    nginx_url=http://127.0.0.1:$port
    cp "$benchmark/nginx.conf" "$folder/nginx.conf"
    {
        echo "listen 127.0.0.1:$port;"
        add_headers "$folder/head"
    } >"$folder/server.conf"
    start_process nginx nginx -e stderr -p "$folder" -c nginx.conf
    wait_until nginx 30 port_in_use "$port"
}

# Those of the last answer in HEAD that nginx does not make by itself.
add_headers() { # HEAD
    tr -d '\r' <"$1" | awk -F ': ' '
        /^HTTP\// { split("", header) }
        /: / && tolower($1) !~ /^(connection|content-length|content-type|date|etag|server)$/ { header[$1] = substr($0, length($1) + 3) }
        END {
            for (name in header) {
                gsub(/["\\]/, "\\\\&", header[name])
                print "add_header", name, "\"" header[name] "\";"
            }
        }'
}

stop_nginx() { stop_process nginx QUIT 10; }
