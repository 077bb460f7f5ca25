# The pieces that the commands under ops/ are made of.
# shellcheck shell=bash

ops_lib=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lib/common.sh
source "$ops_lib/common.sh"
# shellcheck source=lib/packages.sh
source "$ops_lib/packages.sh"
# shellcheck source=lib/processes.sh
source "$ops_lib/processes.sh"
# shellcheck source=lib/state.sh
source "$ops_lib/state.sh"
# shellcheck source=lib/postgres.sh
source "$ops_lib/postgres.sh"
# shellcheck source=lib/patroni.sh
source "$ops_lib/patroni.sh"
# shellcheck source=lib/redis.sh
source "$ops_lib/redis.sh"
# shellcheck source=lib/rabbitmq.sh
source "$ops_lib/rabbitmq.sh"
# shellcheck source=lib/api.sh
source "$ops_lib/api.sh"
# shellcheck source=lib/proxy.sh
source "$ops_lib/proxy.sh"
# shellcheck source=lib/test-servers.sh
source "$ops_lib/test-servers.sh"
# shellcheck source=lib/measure.sh
source "$ops_lib/measure.sh"
