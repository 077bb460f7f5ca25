# A RabbitMQ of our own: a node of its own on the loopback interface, with its own epmd and cookie, and no user but ours.
# shellcheck shell=bash

# The daemon in which nodes find each other, and the node for rabbitmqctl: the two ports after that for clients.
epmd_port() { echo $((KHATA_AMQP_PORT + 1)); }
node_port() { echo $((KHATA_AMQP_PORT + 2)); }

start_rabbitmq() {
    is_running rabbitmq && return
    say "starting RabbitMQ on port $KHATA_AMQP_PORT"
    local folder=$KHATA_STATE/rabbitmq
    # A file, because all users see the arguments of a process.
    (umask 077 && as_server_user tee "$folder/rabbitmq.conf" >/dev/null) <<CONF
listeners.tcp.1 = 127.0.0.1:$KHATA_AMQP_PORT
default_user = khata
default_pass = $(secret rabbitmq-password)
log.console = true
log.file = false
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = 512MB
CONF
    # Erlang's own would be easy to guess.
    (umask 077 && as_server_user tee "$folder/.erlang.cookie" >/dev/null <<<"$(secret erlang-cookie)")
    as_server_user tee "$folder/enabled_plugins" >/dev/null <<<'[].'
    # That of a node that was killed may be on another port.
    stop_process epmd TERM 10
    with_rabbitmq start_as_server_user epmd epmd
    with_rabbitmq start_as_server_user rabbitmq /usr/lib/rabbitmq/bin/rabbitmq-server -noinput
    wait_until rabbitmq 120 port_in_use "$KHATA_AMQP_PORT"
}

# Runs COMMAND with what the server, epmd and rabbitmqctl read. Debian's own settings are left out. With
# RABBITMQ_ALLOW_INPUT the script becomes the server instead of waiting for it. A node that has nothing to do must not
# keep a core busy (+sbwt).
with_rabbitmq() { # COMMAND…
    local folder=$KHATA_STATE/rabbitmq
    (
        export HOME=$folder ERL_EPMD_PORT ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_DIST_PORT
        ERL_EPMD_PORT=$(epmd_port) RABBITMQ_DIST_PORT=$(node_port)
        # Part of its data's path, so that the port may change.
        export RABBITMQ_NODENAME=khata@localhost
        export RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_CONFIG_FILE=$folder/rabbitmq.conf
        export RABBITMQ_ENABLED_PLUGINS_FILE=$folder/enabled_plugins RABBITMQ_GENERATED_CONFIG_DIR=$folder/config
        export RABBITMQ_MNESIA_BASE=$folder/mnesia RABBITMQ_LOG_BASE=$folder/log RABBITMQ_ALLOW_INPUT=1
        export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}'
        "$@"
    )
}

amqp_url() { echo "amqp://khata:$(secret rabbitmq-password)@127.0.0.1:$KHATA_AMQP_PORT"; }

# epmd last, which the server signs off from.
stop_rabbitmq() {
    stop_process rabbitmq TERM 30
    stop_process epmd TERM 10
}
