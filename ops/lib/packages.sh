# Debian packages: installed when missing, without starting services that nobody asked for.
# shellcheck shell=bash

# What building and running need; commands add their own to it.
# shellcheck disable=SC2034
build_packages=(libpq-dev libhiredis-dev librdkafka-dev libsqlite3-dev pkg-config curl jq)
# shellcheck disable=SC2034
base_packages=("${build_packages[@]}" postgresql redis-server)
# shellcheck disable=SC2034
queue_packages=(rabbitmq-server)
# shellcheck disable=SC2034
cluster_packages=(patroni etcd-server python3-etcd)
# shellcheck disable=SC2034
proxy_packages=(haproxy socat)
# shellcheck disable=SC2034
test_packages=("${base_packages[@]}" "${queue_packages[@]}")

install_packages() { # PACKAGE…
    local missing=() package
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    ((${#missing[@]} == 0)) && return
    command -v apt-get >/dev/null || die "missing: ${missing[*]} (this is not Debian: install them by other means)"
    say "installing ${missing[*]}"
    as_root "$repository/ops/lib/apt-install" "${missing[@]}" >&2 || die "could not install ${missing[*]}"
}

is_installed() { # PACKAGE
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "needs root, or sudo, for: $*"
    fi
}
