# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What a VM says about itself, asked through its guest agent.

readonly GUEST_TIMEOUT_S=20

# Exit codes of their own, for tests.
readonly EXIT_NOWHERE=3 EXIT_TWICE=4 EXIT_SILENT=5

guest_virsh() {
    timeout "$GUEST_TIMEOUT_S" virsh -q -c "$(host_uri "$1")" "${@:2}" 2>&1
}

# Tells whether HOST has a QEMU for the VM, which may run or wait; needs no
# libvirtd.
guest_has_process() {
    local vm=$1 host=$2 init
    init=$(host_init_pid "$host") || return 1
    grep -lsE "^[0-9]+ \(qemu-[^)]*\) [^ZX] $init " /proc/[0-9]*/stat |
        sed 's/stat$/cmdline/' |
        xargs -r grep -qszF "guest=$vm,debug"
}

# Prints running, no, or unknown. A libvirtd that does not answer may still
# own a QEMU.
guest_state_on() {
    local vm=$1 host=$2 pid state
    if pid=$(host_libvirtd_pid "$host") &&
        [[ $(process_state "$pid") != T ]]; then
        state=$(guest_virsh "$host" domstate "$vm") || state=no
        [[ $state == running ]] || state=no
        echo "$state"
    elif guest_has_process "$vm" "$host"; then
        echo unknown
    else
        echo no
    fi
}

# Sets guest_host to the one host on which the VM runs.
guest_find() {
    local vm=$1 host running=()
    while read -r host; do
        case $(guest_state_on "$vm" "$host") in
        running) running+=("$host") ;;
        unknown)
            say "$host has a QEMU of '$vm' and no libvirtd to say whether" \
                "it runs"
            ;;
        esac
    done < <(host_all)
    case ${#running[@]} in
    0) die -$EXIT_NOWHERE "'$vm' runs on no host of the lab in '$LAB_DIR'" ;;
    1) guest_host=${running[0]} ;;
    *) die -$EXIT_TWICE "split brain: '$vm' runs on ${running[*]} at once" ;;
    esac
}

guest_agent() {
    local vm=$1 answer
    answer=$(guest_virsh "$guest_host" qemu-agent-command \
        --timeout "$GUEST_TIMEOUT_S" "$vm" "$2") ||
        die -$EXIT_SILENT "the agent in '$vm' on $guest_host does not" \
            "answer: $(tail -n 1 <<<"$answer")"
    echo "$answer"
}

guest_exec_command() {
    jq -nc '{execute: "guest-exec", arguments: {path: $ARGS.positional[0],
        arg: $ARGS.positional[1:], "capture-output": true}}' --args -- "$@"
}

# guest_exec VM CMD...: its output and its exit code become ours.
guest_exec() {
    local vm=$1 answer command pid
    command=$(guest_exec_command "${@:2}")
    answer=$(guest_agent "$vm" "$command") || exit
    pid=$(jq .return.pid <<<"$answer")
    command="{\"execute\":\"guest-exec-status\",\"arguments\":{\"pid\":$pid}}"
    while :; do
        answer=$(guest_agent "$vm" "$command") || exit
        [[ $(jq .return.exited <<<"$answer") != true ]] || break
        sleep 0.02
    done
    jq -r '.return["err-data"] // ""' <<<"$answer" | base64 -d >&2
    jq -r '.return["out-data"] // ""' <<<"$answer" | base64 -d
    return "$(jq '.return.exitcode // 255' <<<"$answer")"
}

# guest_wait VM [SECONDS]: until the guest has booted and its agent answers.
# Each try is a shell of its own, since the first failure would end this one.
guest_wait() {
    local vm=$1 limit_s=${2:-60} code
    [[ $limit_s =~ ^[0-9]{1,4}$ ]] ||
        die -2 "'$limit_s' is no number of seconds"
    SECONDS=0
    while :; do
        code=0
        (guest_find "$vm" && guest_exec "$vm" /bin/true) 2>/dev/null || code=$?
        ((code != 0 && code != EXIT_TWICE && SECONDS < limit_s)) || break
        sleep 0.2
    done
    ((code == 0)) || guest_find "$vm"
    ((code == 0)) ||
        die -$EXIT_SILENT "the agent in '$vm' on $guest_host does not" \
            "answer after $limit_s s; see its console"
}
