# The scenario of ops/chaos in which many want the last units.
# shellcheck shell=bash

run_oversell() {
    strikes=0
    python3 -B "$chaos/oversell.py" "${urls[@]}" "$KHATA_ADMIN_KEY" >"$state/clients" || die "the clients failed"
    add_result oversell oversell.jq
}
