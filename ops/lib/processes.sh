# Processes of this state: started in the background, remembered by id, stopped only if they are still the same ones.
# shellcheck shell=bash

log_of() { echo "$KHATA_STATE/log/$1.log"; }
identity_file() { echo "$KHATA_STATE/run/$1"; }

# Starts COMMAND in a session of its own, so that ctrl-C in the terminal reaches only the script.
start_process() { # NAME COMMAND…
    local name=$1
    shift
    setsid "$@" </dev/null >>"$(log_of "$name")" 2>&1 9>&- &
    identity_of $! >"$(identity_file "$name")" || die "$name ended early; $(last_lines "$name")"
}

# A process id comes back after a reboot or a wrap-around; with its start time and the boot it does not.
identity_of() { # PID
    local stat state_to_end
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    read -ra state_to_end <<<"${stat##*) }"
    [[ ${state_to_end[0]} != Z ]] || return 1
    echo "$1 ${state_to_end[19]} $(</proc/sys/kernel/random/boot_id)"
}

process_id() { # NAME
    local pid _
    read -r pid _ 2>/dev/null <"$(identity_file "$1")" && echo "$pid"
}

is_running() { # NAME
    local pid
    pid=$(process_id "$1") && [[ $(identity_of "$pid") == "$(<"$(identity_file "$1")")" ]]
}

# A process that ended meanwhile is no error.
signal_process() { # NAME SIGNAL
    if is_running "$1"; then
        kill -s "$2" "$(process_id "$1")" 2>/dev/null || true
    fi
}

# Asks with SIGNAL, waits, and kills what has not ended after SECONDS.
stop_process() { # NAME SIGNAL SECONDS
    local name=$1 signal=$2 deadline=$((SECONDS + $3))
    if is_running "$name"; then
        say "stopping $name"
        signal_process "$name" "$signal"
        while is_running "$name"; do
            if ((SECONDS >= deadline)); then
                say "$name does not stop: killing it"
                signal_process "$name" KILL
                deadline=$((SECONDS + 10))
            fi
            sleep 0.1
        done
    fi
    rm -f "$(identity_file "$name")"
}
