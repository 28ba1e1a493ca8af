# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Messages, the lock of a lab, and records of the processes it started. A
# process is known by its pid and its start time, so that a pid used again
# by somebody else is never taken for ours.

say() {
    printf 'lab: %s\n' "$*" >&2
}

# die [-CODE] MESSAGE...
die() {
    local code=1
    if [[ $1 == -[0-9]* ]]; then
        code=${1#-}
        shift
    fi
    say "$*"
    exit "$code"
}

# Prints when the process PID began, or fails if there is none.
process_start_time() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    read -ra stat <<<"${stat##*) }"
    [[ ${stat[0]} != Z ]] && echo "${stat[19]}"
}

# Prints T for a stopped process, R or S for others.
process_state() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    stat=${stat##*) }
    echo "${stat:0:1}"
}

# Writes the record NAME for the process PID in whole or not at all.
process_record() {
    local name=$1 pid=$2
    mkdir -p "$LAB_DIR/procs"
    echo "$pid $(process_start_time "$pid")" >"$LAB_DIR/procs/.$name.new"
    mv "$LAB_DIR/procs/.$name.new" "$LAB_DIR/procs/$name"
}

# Prints the pid of the record NAME if that process still lives.
process_pid() {
    local pid start
    { read -r pid start <"$LAB_DIR/procs/$1"; } 2>/dev/null || return 1
    [[ -n $start && $(process_start_time "$pid") == "$start" ]] && echo "$pid"
}

process_end() {
    local name=$1 pid tries=0
    while pid=$(process_pid "$name"); do
        kill -KILL "$pid" 2>/dev/null || true
        ((++tries <= 500)) ||
            die "process $pid of this lab does not end; see 'ps $pid'"
        sleep 0.02
    done
    rm -f "$LAB_DIR/procs/$name"
}

# One change at a time. The lock file goes with the lab, so after waiting for
# it we look whether it is still the one that has this name.
lab_lock() {
    mkdir -p "$LAB_DIR"
    while :; do
        exec 9>>"$LAB_DIR/lock"
        flock -w 180 9 ||
            die "another 'lab up' or 'lab down' works on '$LAB_DIR' for" \
                "three minutes already; see 'fuser $LAB_DIR/lock'"
        [[ ! $LAB_DIR/lock -ef /proc/self/fd/9 ]] || return 0
        mkdir -p "$LAB_DIR"
    done
}
