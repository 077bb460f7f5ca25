# ops/measure, the Python package behind ops/bench and ops/chaos.
# shellcheck shell=bash

# Installs what a command needs, but not to say how it is used, and becomes it.
run_measurement() { # bench|chaos PACKAGE… -- ARGUMENT…
    local command=$1 packages=("${base_packages[@]}" python3)
    shift
    while [[ $1 != -- ]]; do
        packages+=("$1")
        shift
    done
    shift
    case " $* " in
        *" --help "* | *" -h "* | *" --list "*) ;;
        *) install_packages "${packages[@]}" ;;
    esac
    PYTHONPATH=$repository/ops exec python3 -B -m "measure.$command" "$@"
}
