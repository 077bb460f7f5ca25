# The scenario of ops/bench that reads while others attack.
# shellcheck shell=bash

measure_attacks() {
    local round
    start_nginx
    say "attacks: $rounds rounds of $seconds s, and of 20 s beside slow clients"
    prepare_reads
    rm -f "$state"/attack-*
    for ((round = 1; round <= rounds; round++)); do
        run_paced "$seconds" >>"$state/attack-none"
        beside slow_clients "$KHATA_URL" 20
        beside slow_clients "$nginx_url" 20 elsewhere
        beside wrong_logins "$KHATA_URL" "$seconds"
        beside wrong_logins "$nginx_url" "$seconds" elsewhere
    done
    write_figures attacks 8 attacks.jq --rawfile none "$state/attack-none" \
        --rawfile slow "$state/attack-slow_clients" --rawfile slow_elsewhere "$state/attack-slow_clients-elsewhere" \
        --rawfile logins "$state/attack-wrong_logins" --rawfile logins_elsewhere "$state/attack-wrong_logins-elsewhere" \
        --rawfile cut "$state/attack-cut" --rawfile statuses "$state/attack-statuses"
}

# Prints 'READS_PER_SECOND P50_MS P99_MS' of connections that pause for a millisecond after each read.
run_paced() { # SECONDS
    rate_of 1 8 "$1" paced.lua "$KHATA_URL" "$KHATA_ADMIN_KEY" "$page_stores" 1
}

# The reads beside an attack on the service, or, to tell what the attack itself takes from the machine, on another.
beside() { # ATTACK URL SECONDS [elsewhere]
    local attack
    "$1" "$2" "$3" "${4:-}" &
    attack=$!
    run_paced "$3" >>"$state/attack-$1${4:+-$4}"
    wait "$attack" || die "$1 failed"
}

# Notes the most seconds until one was cut. Another server need not cut them, but has to take them.
slow_clients() { # URL SECONDS [elsewhere]
    local table
    table=$("$benchmark/slow-clients" "$1" "$KHATA_ADMIN_KEY") || [[ $3 ]] || die "slow clients were not cut: $table"
    if [[ $3 ]]; then
        awk 'NR > 1 { opened += $2 } END { exit opened < 5000 }' <<<"$table" || die "not all slow clients could connect: $table"
    else
        awk 'NR > 1 && $5 > most { most = $5 } END { print most }' <<<"$table" >>"$state/attack-cut"
    fi
}

# At another server, that only refuses them, the hashing is done by a process of its own, with as little claim to the
# processors; and in a session of its own, because Linux shares the processors among sessions first (sched_autogroup).
wrong_logins() { # URL SECONDS [elsewhere]
    local statuses hashing
    if [[ $3 ]]; then
        setsid chrt --idle 0 python3 -c "$hash_passwords" "$2" &
        hashing=$!
    fi
    statuses=$("$benchmark/wrong-logins" --seconds "$2" "$1") || die "the clients with wrong passwords failed"
    if [[ $3 ]]; then wait "$hashing"; else echo "$statuses" >>"$state/attack-statuses"; fi
}

hash_passwords='
import hashlib, sys, time
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    hashlib.scrypt(b"wrong", salt=b"0123456789abcdef", n=1 << 14, r=8, p=5, maxmem=1 << 26)
'
