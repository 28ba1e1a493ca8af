# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tests of the command share: the programs of the build tree, and a
# vmctld of their own on simulated hosts.
# shellcheck shell=bash disable=SC2154  # bats sets status, output and so on

bats_require_minimum_version 1.5.0

: "${VMC_SRCDIR:=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}"
: "${VMC_BUILDDIR:=$VMC_SRCDIR}"
export PATH=$VMC_BUILDDIR/vmctl:$PATH
export TZ=UTC LC_ALL=C.UTF-8
unset NO_COLOR VMCTL_SOCKET
# the vmctld of this file of tests, once there is one
[ ! -e "${BATS_FILE_TMPDIR-}/pid" ] ||
    export VMCTL_SOCKET=$BATS_FILE_TMPDIR/sock
: "${VMCTLD:=$VMC_BUILDDIR/vmctld}"

# No test may hang: a vmctl that waits for ever is a failure.
vmctl() {
    timeout --foreground 60 "$VMC_BUILDDIR/vmctl/vmctl" "$@"
}

# try ARG...: runs vmctl; $status, $output and $stderr are what it gave
try() {
    run --separate-stderr vmctl "$@"
}

# expect STATUS ARG...: as try, and the exit code must be STATUS
expect() {
    local wanted=$1
    shift
    try "$@"
    if [ "$status" != "$wanted" ]; then
        printf 'vmctl %s\nexit code %s instead of %s\nstdout: %s\nstderr: %s\n' \
            "$*" "$status" "$wanted" "$output" "$stderr"
        return 1
    fi
}

# same GOT WANTED: the texts are equal; else the difference is shown
same() {
    [ "$1" = "$2" ] || {
        diff -u <(printf '%s\n' "$2") <(printf '%s\n' "$1")
        return 1
    }
}

# output_is: stdout is what stands on stdin, to the letter
output_is() {
    same "$output" "$(cat)"
}

# says PATTERN: stderr has a line that fits the extended regular expression
says() {
    grep -qE -- "$1" <<<"$stderr" || {
        printf 'no %s in:\n%s\n' "$1" "$stderr"
        return 1
    }
}

# one_sentence: stderr is one line, and it comes from vmctl
one_sentence() {
    [ "${#stderr_lines[@]}" = 1 ] && [[ $stderr == 'vmctl: '* ]] || {
        printf 'not one sentence:\n%s\n' "$stderr"
        return 1
    }
}

# every_verb: the names of all verbs, a line each
every_verb() {
    local first second
    while IFS=$'\t' read -r first _; do
        second=$(vmctl complete -- "$first" '' | cut -f1)
        case $first in
        host | template | job)
            while read -r second; do
                echo "$first $second"
            done <<<"$second"
            ;;
        *) echo "$first" ;;
        esac
    done < <(vmctl complete -- '')
}

# ---- a vmctld of one's own ---------------------------------------------------

# start_vmctld [ARG...]: starts one for this file of tests, and waits for it
start_vmctld() {
    local place=$BATS_FILE_TMPDIR
    export VMCTL_SOCKET=$place/sock
    : >>"$place/vmctld.conf"
    {
        "$VMCTLD" --config "$place/vmctld.conf" --state-dir "$place/state" \
            --socket "$VMCTL_SOCKET" --template-dir "$VMC_SRCDIR/templates" \
            "$@" &
        echo $! >"$place/pid"
        wait $! && echo 0 >"$place/ended" || echo $? >"$place/ended"
    } </dev/null >>"$place/log" 2>&1 3>&- &
    disown
    until_true vmctl version
}

# end_vmctld SIGNAL: sends it, and waits for the end; $code is its exit code
end_vmctld() {
    kill "-$1" "$(cat "$BATS_FILE_TMPDIR/pid")"
    until_true test -s "$BATS_FILE_TMPDIR/ended"
    code=$(cat "$BATS_FILE_TMPDIR/ended")
    rm "$BATS_FILE_TMPDIR/pid" "$BATS_FILE_TMPDIR/ended"
}

# stop_vmctld: ends it as systemd would; whatever sanitizers say is a failure
stop_vmctld() {
    local code
    end_vmctld TERM
    if [ "$code" != 0 ] || grep -qE \
        'runtime error:|ERROR: (Address|Leak)Sanitizer|CRITICAL \*\*' \
        "$BATS_FILE_TMPDIR/log"; then
        echo "vmctld ended with $code"
        tail -n 80 "$BATS_FILE_TMPDIR/log"
        return 1
    fi >&2
}

# crash_vmctld: as by kill -9
crash_vmctld() {
    local code
    end_vmctld KILL
}

# until_true COMMAND...: waits until it succeeds, at most half a minute
until_true() {
    local i
    for ((i = 0; i < 300; i++)); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.1
    done
    echo "did not become true: $*" >&2
    return 1
}

# state_of VM
state_of() {
    vmctl -o plain show "$1" | sed -n 's/^state\t//p'
}

# steady: stdin without what differs from run to run
steady() {
    sed -E -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}/TIME/g' \
        -e 's/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/UUID/g' \
        -e 's/"(created|started|finished|at|state_since)_s" : [0-9]+/"\1_s" : TIME/'
}

# steadily_is: stdout is what stands on stdin, but for what differs
steadily_is() {
    same "$(steady <<<"$output")" "$(cat)"
}

# on_terminal COMMAND: runs a shell command on a terminal of its own; what it
# shows is in $screen; type_keys types
on_terminal() {
    screen=$BATS_TEST_TMPDIR/screen
    : >"$screen"
    mkfifo "$BATS_TEST_TMPDIR/keys"
    script -qfec "$1" "$screen" <"$BATS_TEST_TMPDIR/keys" >/dev/null 3>&- &
    terminal=$!
    exec {keys}>"$BATS_TEST_TMPDIR/keys"
}

# type_keys FORMAT: as printf
type_keys() {
    # shellcheck disable=SC2059  # it is the format
    printf "$1" >&"$keys"
}

# shows TEXT: waits until the screen has it
shows() {
    until_true grep -qF -- "$1" "$screen" || { cat -v "$screen"; return 1; }
}

# terminal_ends STATUS
terminal_ends() {
    local code=0
    exec {keys}>&-
    wait "$terminal" || code=$?
    [ "$code" = "$1" ] || { echo "exit code $code"; cat -v "$screen"; return 1; }
}
