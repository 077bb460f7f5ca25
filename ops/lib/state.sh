# The state: the folder with data, sockets, logs, secrets and process ids of one stack.
# shellcheck shell=bash

# PostgreSQL refuses to run as root; its own user runs both servers then.
server_user() {
    if ((EUID == 0)); then echo postgres; else id -un; fi
}

as_server_user() {
    if ((EUID == 0)); then
        (cd / && setpriv --reuid=postgres --regid=postgres --init-groups "$@")
    else
        "$@"
    fi
}

prepare_state() {
    mkdir -p "$(dirname "$KHATA_STATE")"
    mkdir -m 700 "$KHATA_STATE" 2>/dev/null || true
    own_state
    # The servers' user, if it is another one, may pass through.
    chgrp "$(id -g "$(server_user)")" "$KHATA_STATE"
    chmod 710 "$KHATA_STATE"
    install -d -m 700 "$KHATA_STATE"/{log,run,secret}
}

# Nothing is done in a folder, or behind a link, that another user put there. One look, so that nobody can exchange it in
# between: what belongs to us cannot be moved away by others in a folder such as /var/tmp.
own_state() {
    local found
    found=$(stat --format='%F of %u' "$KHATA_STATE" 2>/dev/null) || found=nothing
    [[ $found == "directory of $EUID" ]] ||
        die "KHATA_STATE ($KHATA_STATE) has to be a folder of yours, and no link: it is a $found"
    found=$(find "$KHATA_STATE" -maxdepth 0 -perm /022)$(find "$KHATA_STATE" -maxdepth 1 -type l)
    [[ ! $found ]] ||
        die "KHATA_STATE ($KHATA_STATE) must have no links in it, and no others may write to it: remove it, or choose another"
}

prepare_server_state() {
    as_server_user test -x "$KHATA_STATE" ||
        die "the user $(server_user) cannot enter KHATA_STATE ($KHATA_STATE): choose a folder such as /var/tmp/khata"
    ((${#KHATA_STATE} <= 80)) || die "KHATA_STATE ($KHATA_STATE) is too long for the path of a Unix socket"
    install -d -m 700 -o "$(server_user)" "$KHATA_STATE"/{patroni,postgres,rabbitmq,redis,sockets}
}

# One command at a time changes a state; file descriptor 9 holds the lock until it is closed.
lock_state() { # [SECONDS TO WAIT]
    [[ -d $KHATA_STATE ]] || return 1
    own_state
    exec 9>"$KHATA_STATE/lock"
    flock --timeout "${1:-0}" 9 || die "another ops command is at work on $KHATA_STATE"
}
unlock_state() { exec 9>&-; }

stop_everything() {
    stop_api
    stop_proxy
    stop_rabbitmq
    stop_redis
    stop_redis_cluster
    stop_redis_sentinels
    stop_primary # before the replica, which so receives all of it
    stop_replica
    stop_cluster
    rm -f "$KHATA_STATE/env"
}

purge_state() {
    own_state
    rm -rf "$KHATA_STATE"/{demo,log,patroni,postgres,rabbitmq,redis,run,secret,sockets,sqlite,env,lock}
    rmdir --ignore-fail-on-non-empty "$KHATA_STATE"
}

# Prints the secret NAME, made at first use.
secret() { # NAME
    local file=$KHATA_STATE/secret/$1
    [[ -s $file ]] || (umask 077 && random_secret >"$file.new" && mv "$file.new" "$file")
    cat "$file"
}
