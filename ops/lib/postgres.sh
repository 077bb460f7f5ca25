# A PostgreSQL primary and its streaming replica. The settings stand in ops/postgres/.
# shellcheck shell=bash

# The newest PostgreSQL server that is installed.
postgres_bin() {
    local initdb
    initdb=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
    [[ -x $initdb ]] || die "found no PostgreSQL server under /usr/lib/postgresql"
    dirname "$initdb"
}

start_primary_and_replica() { # PROFILE (production or test)
    prepare_server_state
    start_primary "$1"
    start_replica "$1"
}

start_primary() { # PROFILE
    local data=$KHATA_STATE/postgres/primary
    is_running primary && return
    [[ -d $data ]] || create_primary "$data"
    configure_server "$data" "$1"
    start_server primary "$KHATA_PRIMARY_PORT"
}

create_primary() { # DATA
    say "creating the primary"
    as_server_user rm -rf "$1.new"
    as_server_user "$(postgres_bin)/initdb" --pgdata="$1.new" --username=postgres --auth=trust \
        --data-checksums --encoding=UTF8 --locale=C.UTF-8 --no-instructions >>"$(log_of primary)" 2>&1 ||
        die "initdb failed; $(last_lines primary)"
    echo "include 'khata.conf'" | as_server_user tee -a "$1.new/postgresql.conf" >/dev/null
    as_server_user mv "$1.new" "$1"
}

# Brought up to date at each start.
configure_server() { # DATA PROFILE
    as_server_user tee "$1/khata.conf" <"$repository/ops/postgres/$2.conf" >/dev/null
    as_server_user tee "$1/pg_hba.conf" <"$repository/ops/postgres/$2.hba.conf" >/dev/null
}

start_server() { # NAME PORT SETTING…
    local name=$1 port=$2 setting options=()
    shift 2
    for setting in port="$port" unix_socket_directories="$KHATA_STATE/sockets" cluster_name="khata-$name" "$@"; do
        options+=(-c "$setting")
    done
    await_end_of_killed "$KHATA_STATE/postgres/$name/postmaster.pid"
    say "starting the $name on port $port"
    start_as_server_user "$name" "$(postgres_bin)/postgres" -D "$KHATA_STATE/postgres/$name" "${options[@]}"
    wait_until "$name" 60 sql_on "$port" postgres --command='SELECT 1'
}

# A server that was killed is a zombie until init collects it, and PostgreSQL takes it for alive until then.
await_end_of_killed() { # PID FILE
    local pid deadline=$((SECONDS + 30))
    pid=$(as_server_user head -n 1 "$1" 2>/dev/null) || return 0
    while [[ -e /proc/$pid ]] && ! identity_of "$pid" >/dev/null; do
        ((SECONDS < deadline)) || die "process $pid was killed, but init does not collect it: PostgreSQL cannot start"
        sleep 0.1
    done
}

start_as_server_user() { # NAME COMMAND…
    local name=$1 become=()
    shift
    ((EUID == 0)) && become=(setpriv --reuid=postgres --regid=postgres --init-groups)
    (cd "$KHATA_STATE" && start_process "$name" "${become[@]}" "$@")
}

# The connection is given at each start and not taken from pg_basebackup's, so that ports and folders can change.
start_replica() { # PROFILE
    local data=$KHATA_STATE/postgres/replica
    local primary="host=$KHATA_STATE/sockets port=$KHATA_PRIMARY_PORT user=replicator application_name=replica"
    is_running replica && return
    [[ -d $data ]] || create_replica "$data" "$primary"
    configure_server "$data" "$1"
    start_server replica "$KHATA_REPLICA_PORT" primary_conninfo="$primary" primary_slot_name=replica
    wait_until replica 60 replica_streams
}

create_replica() { # DATA CONNECTION
    say "creating the replica"
    sql postgres <<'SQL'
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'replicator') THEN
        CREATE ROLE replicator LOGIN REPLICATION;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = 'replica') THEN
        PERFORM pg_create_physical_replication_slot('replica', true);
    END IF;
END $$;
SQL
    as_server_user rm -rf "$1.new"
    as_server_user "$(postgres_bin)/pg_basebackup" --pgdata="$1.new" --dbname="$2" --write-recovery-conf \
        --slot=replica --checkpoint=fast >>"$(log_of replica)" 2>&1 ||
        die "pg_basebackup failed; $(last_lines replica)"
    as_server_user mv "$1.new" "$1"
}

replica_streams() {
    [[ $(sql postgres --command="SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'") == 1 ]]
}

# SQL on the primary as its superuser, which only the Unix socket admits.
sql() { # DATABASE [PSQL OPTION…]
    sql_on "$KHATA_PRIMARY_PORT" "$@"
}
sql_on() { # PORT DATABASE [PSQL OPTION…]
    local port=$1 database=$2
    shift 2
    "$(postgres_bin)/psql" --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 \
        --host="$KHATA_STATE/sockets" --port="$port" --username=postgres --dbname="$database" "$@"
}

# The database NAME, owned by the role khata, which is no superuser and migrates. The role khata_serve serves.
create_database() { # NAME
    sql postgres --set=database="$1" <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(array['khata', 'khata_serve']) AS name
    WHERE name NOT IN (SELECT rolname FROM pg_roles) \gexec
SELECT format('CREATE DATABASE %I OWNER khata', :'database')
    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
SQL
    sql postgres <<SQL # not an argument, which all users see
ALTER ROLE khata PASSWORD '$(secret owner-password)';
ALTER ROLE khata_serve PASSWORD '$(secret database-password)';
SQL
}

database_url() { # PORT DATABASE
    echo "postgresql://khata_serve:$(secret database-password)@127.0.0.1:$1/$2"
}

owner_url() { # PORT DATABASE
    echo "postgresql://khata:$(secret owner-password)@127.0.0.1:$1/$2"
}

# SIGINT: disconnect clients, write a checkpoint, end.
stop_primary() { stop_process primary INT 60; }
stop_replica() { stop_process replica INT 60; }
