# Throw-away servers for tests, on free ports: a primary, a replica, Redis and RabbitMQ.
# shellcheck shell=bash

state='' # their folder

# The tests find them in KHATA_TEST_PRIMARY_URL, KHATA_TEST_REPLICA_URL, KHATA_TEST_REDIS_URL and
# KHATA_TEST_AMQP_URL.
start_test_servers() {
    unset "${!KHATA_@}" # of a stack whose env the caller sourced
    state=$(mktemp --directory /var/tmp/khata-test.XXXXXX)
    KHATA_STATE=$state
    KHATA_PRIMARY_PORT=$(free_ports 6)
    KHATA_REPLICA_PORT=$((KHATA_PRIMARY_PORT + 1))
    KHATA_REDIS_PORT=$((KHATA_PRIMARY_PORT + 2))
    KHATA_AMQP_PORT=$((KHATA_PRIMARY_PORT + 3))
    load_settings
    prepare_state
    start_primary_and_replica test
    start_redis
    start_rabbitmq

    local password
    password=$(secret superuser-password)
    sql postgres <<<"ALTER ROLE postgres PASSWORD '$password'; CREATE ROLE khata_serve LOGIN PASSWORD '$password'"
    KHATA_TEST_PRIMARY_URL="postgresql://postgres:$password@127.0.0.1:$KHATA_PRIMARY_PORT/postgres"
    KHATA_TEST_REPLICA_URL="postgresql://postgres:$password@127.0.0.1:$KHATA_REPLICA_PORT/postgres"
    KHATA_TEST_REDIS_URL=$(redis_url)
    KHATA_TEST_AMQP_URL=$(amqp_url)
    export KHATA_TEST_PRIMARY_URL KHATA_TEST_REPLICA_URL KHATA_TEST_REDIS_URL KHATA_TEST_AMQP_URL
}
