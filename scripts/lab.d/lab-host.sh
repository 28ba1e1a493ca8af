# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# One host of the lab: a libvirtd in namespaces of its own.

host_socket() {
    echo "$LAB_DIR/$1/run/libvirt/libvirt-sock"
}

host_uri() {
    echo "qemu+unix:///system?socket=$(host_socket "$1")"
}

# Prints the hosts of the lab in order, running or not.
host_all() {
    local dir
    for dir in "$LAB_DIR"/host[0-9] "$LAB_DIR"/host[0-9][0-9]; do
        [[ ! -d $dir ]] || echo "${dir##*/}"
    done
}

host_check() {
    [[ ${1-} =~ ^host[0-9]+$ && -d $LAB_DIR/$1 ]] ||
        die -2 "the lab in '$LAB_DIR' has no host '${1-}';" \
            "'lab status' lists them"
}

host_init_pid() {
    process_pid "$1.init"
}

# Like host_init_pid, for verbs which need a host that runs.
host_need_init() {
    host_check "$1"
    host_init_pid "$1" ||
        die "$1 is down; 'lab up' brings it back"
}

# Prints the pid of the host's libvirtd as the machine sees it.
host_libvirtd_pid() {
    local init file
    init=$(host_init_pid "$1") || return 1
    file=$(grep -lsE "^[0-9]+ \(libvirtd\) [^ZX] $init " /proc/[0-9]*/stat |
        head -n 1)
    [[ -n $file ]] || return 1
    file=${file%/stat}
    echo "${file##*/}"
}

host_need_libvirtd() {
    host_need_init "$1" >/dev/null
    host_libvirtd_pid "$1" ||
        die "$1 has no libvirtd; 'lab host-restart $1' starts it"
}

host_answers() {
    timeout "${2:-5}" virsh -q -c "$(host_uri "$1")" uri >/dev/null 2>&1
}

# Prints one of: up, frozen, silent, no-libvirtd, starting, down.
host_state() {
    local host=$1 pid
    if ! host_init_pid "$host" >/dev/null; then
        echo down
    elif [[ ! -e $LAB_DIR/$host/run/lab-ready ]]; then
        echo starting
    elif ! pid=$(host_libvirtd_pid "$host"); then
        echo no-libvirtd
    elif [[ $(process_state "$pid") == T ]]; then
        echo frozen
    elif host_answers "$host"; then
        echo up
    else
        echo silent
    fi
}

# Runs a command in all namespaces of HOST.
host_enter() {
    local pid
    pid=$(host_need_init "$1") || exit
    nsenter --target "$pid" --mount --uts --net --pid --cgroup --wd=/ \
        -- "${@:2}"
}

host_spawn() {
    local k=$1 host=host$1 type=$2
    process_record "$host" "$BASHPID"
    exec 9>&-
    cgroup_enter "$host"
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        setsid unshare --cgroup --mount --net --uts --pid --fork \
        --kill-child "$LAB_LIB/host-init" "$LAB_DIR" "$k" \
        "$LAB_NET.$k/$LAB_NET_BITS" "$type" \
        </dev/null >"$LAB_DIR/$host/init.log" 2>&1
}

# host_begin K kvm|qemu
host_begin() {
    local k=$1 host=host$1 type=$2
    mkdir -p "$LAB_DIR/$host"
    cgroup_make "$host"
    config_host "$k"
    [[ -p $LAB_DIR/$host/control ]] || mkfifo "$LAB_DIR/$host/control"
    host_spawn "$k" "$type" &
}

# Waits for the namespaces of HOST, gives it its cable and its libvirtd.
host_finish() {
    local k=$1 host=host$1 init tries=0
    until init=$(host_init_pid "$host") &&
        [[ -e $LAB_DIR/$host/run/lab-ready ]]; do
        ((++tries < 50)) || process_pid "$host" >/dev/null ||
            die "$host does not start: $(tail -n 1 "$LAB_DIR/$host/init.log")"
        ((tries < 1000)) || die "$host does not start within 20 s"
        sleep 0.02
    done
    cgroup_settle "$host" "$(process_pid "$host")" "$init"
    switch_connect "$k" "$init"
    host_start_libvirtd "$host"
}

host_start_libvirtd() {
    host_libvirtd_pid "$1" >/dev/null ||
        echo start 1<>"$LAB_DIR/$1/control"
}

host_wait() {
    local host=$1 tries=0
    until host_answers "$host" 30; do
        ((++tries < 400)) ||
            die "libvirtd of $host does not answer; see" \
                "'$LAB_DIR/$host/log/libvirtd.log'"
        sleep 0.05
    done
}

host_thaw() {
    local pid
    ! pid=$(host_libvirtd_pid "$1") || kill -CONT "$pid"
}

# Ends all processes of HOST and forgets what only the living need. Its
# definitions and its identity stay.
host_stop() {
    local host=$1
    process_end "$host.init"
    process_end "$host"
    process_end "$host.init"
    cgroup_remove "$host"
    rm -rf --one-file-system "${LAB_DIR:?}/$host/run"
}

# Whole hosts stay as they are; the others are made so.
host_repair() {
    case $(host_state "$1") in
    down | starting) host_stop "$1" ;;
    frozen) host_thaw "$1" ;;
    esac
}
