# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tests of the daemon share: a vmctld of their own on simulated hosts,
# in a temporary folder, and ways to ask it.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

: "${VMC_SRCDIR:=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}"
: "${VMC_BUILDDIR:=$VMC_SRCDIR}"
vmctld=$VMC_BUILDDIR/vmctld
# Asked often: the distribution's own, without what sites add to it.
python() {
    /usr/bin/python3 -IS "$@"
}
export LC_ALL=C.UTF-8
# Warnings of libraries end the program; so do sanitizers, with a status that
# vmctld itself does not know.
export G_DEBUG=fatal-warnings
export ASAN_OPTIONS=exitcode=99:detect_leaks=1
export UBSAN_OPTIONS=halt_on_error=1:exitcode=99
unset NOTIFY_SOCKET WATCHDOG_USEC STATE_DIRECTORY RUNTIME_DIRECTORY

# A folder of its own for each test, short enough for a socket.
prepare() {
    dir=$(mktemp -d /tmp/vmctld-test.XXXXXX)
    state=$dir/state
    socket=$dir/s
    templates=$VMC_SRCDIR/templates
    config=$dir/vmctld.conf
    printf '[daemon]\nsocket_group =\n' >"$config"
    pid=
    supervisor=
    mounted=
}

# Of a test that failed, the log is the first thing to look at.
clean_up() {
    [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
    [ -z "$supervisor" ] || wait "$supervisor" 2>/dev/null || true
    [ -z "$mounted" ] || umount -l "$mounted" 2>/dev/null || true
    [ ! -f "$dir/log" ] || sed 's/^/# /' "$dir/log"
    rm -rf "$dir"
}

setup() {
    prepare
}

teardown() {
    clean_up
}

# supervise ARGUMENT...: runs vmctld; $said is "ready PID" or "ended STATUS"
supervise() {
    rm -f "$dir/said"
    mkfifo "$dir/said"
    /usr/bin/python3 -IS "$VMC_SRCDIR/tests/daemon/supervise.py" "$dir" "${as_user[@]}" \
        "$vmctld" --config "$config" "$@" >"$dir/said" 2>>"$dir/log" 3>&- &
    supervisor=$!
    read -r said <"$dir/said"
    pid=
    [[ $said != 'ready '* ]] || pid=${said#ready }
}

# launch ARGUMENT...: as supervise, on the state and socket of this test
launch() {
    supervise --state-dir "$state" --socket "$socket" \
        --template-dir "$templates" "$@"
}

# start ARGUMENT...: starts vmctld, which must get ready
start() {
    launch "$@"
    [[ $said == 'ready '* ]] || fail "vmctld $*: $said"
}

# refuses STATUS PATTERN ARGUMENT...: vmctld must not start, with one sentence
refuses() {
    local status=$1 pattern=$2
    shift 2
    : >"$dir/log"
    launch "$@"
    wait "$supervisor" || true
    supervisor='' pid=''
    [ "$said" = "ended $status" ] || fail "$said instead of ended $status"
    grep -qE "^vmctld: .*$pattern" "$dir/log" || fail "no '$pattern' said"
    [ "$(grep -c '^vmctld: ' "$dir/log")" = 1 ] || fail 'not one sentence'
}

# await_end: waits until vmctld has ended; supervise.py sees to it that it does
await_end() {
    ended=0
    wait "$supervisor" || ended=$?
    pid='' supervisor=''
}

# stop: ends vmctld as a service manager does; it must end well
stop() {
    kill -TERM "$pid"
    await_end
    [ $ended = 0 ] || fail "vmctld ended with $ended"
}

# murder: ends vmctld as a power cut does
murder() {
    kill -KILL "$pid"
    await_end
}

# mount_small [SIZE]: the state is on a small file system of its own
mount_small() {
    [ "$(id -u)" = 0 ] || skip 'only root can mount a small file system'
    mkdir "$state"
    mount -t tmpfs -o "size=${1-1m},mode=700" vmctld-test "$state" ||
        skip 'no tmpfs can be mounted here'
    mounted=$state
}

# fill_up: to the last byte
fill_up() {
    dd if=/dev/zero of="$state/filler" bs=64k status=none 2>/dev/null || true
    dd if=/dev/zero of="$state/filler2" bs=512 status=none 2>/dev/null || true
}

fail() {
    printf '%s\n' "$*"
    return 1
}

# ask METHOD PATH [BODY]: $code is the status, $body what came back
ask() {
    local -a data=()
    [ $# -lt 3 ] || data=(--data-binary "$3" -H 'Content-Type: application/json')
    code=$("${as_user[@]}" curl --silent --show-error --max-time 60 \
        --unix-socket "$socket" -X "$1" "${data[@]}" -o "$dir/body" \
        -D "$dir/headers" -w '%{http_code}' "http://vmctl$2") || code="curl: $?"
    body=$(cat "$dir/body" 2>/dev/null) || body=
}

# expect CODE METHOD PATH [BODY]: as ask, and the status must be CODE
expect() {
    local wanted=$1
    shift
    ask "$@"
    [ "$code" = "$wanted" ] || fail "$* : $code instead of $wanted: $body"
}

# problem CODE SLUG PATTERN METHOD PATH [BODY]: it is refused like this
problem() {
    local wanted=$1 slug=$2 pattern=$3
    shift 3
    expect "$wanted" "$@"
    grep -qi '^content-type: application/problem+json' "$dir/headers" ||
        fail "no problem: $(cat "$dir/headers")"
    python -c '
import json, re, sys
body, slug, status, pattern = sys.argv[1:]
problem = json.loads(body)
assert problem["type"] == "urn:vmctl:problem:" + slug, body
assert problem["status"] == int(status), body
assert re.search(pattern, problem["detail"]), body
' "$body" "$slug" "$wanted" "$pattern"
}

# field PATH: of $body, as jobs.0.state
field() {
    python -c '
import json, sys
value = json.loads(sys.argv[1])
for key in sys.argv[2].split("."):
    if isinstance(value, list):
        value = len(value) if key == "#" else value[int(key)]
    else:
        value = value.get(key, "")
print(value if isinstance(value, str) else json.dumps(value))
' "$body" "$1"
}

# add_host NAME [PARAMETERS]: a simulated host that outlives vmctld
add_host() {
    expect 201 POST /v1/hosts "{\"name\": \"$1\", \"uri\":
        \"sim://$1?state=$dir/world.json&faults=$dir/faults.json&${2-}\"}"
}

# follow JOB: until it has ended; $body is the job then
follow() {
    local events curl line
    exec {events}< <(exec curl --silent --no-buffer --max-time 60 \
        --unix-socket "$socket" "http://vmctl/v1/events?job=$1" 3>&-)
    curl=$!
    body=
    : >"$dir/stream"
    while read -r line <&$events; do
        echo "$line" >>"$dir/stream"
        [[ $line == data:* ]] || continue
        body=${line#data: }
        case $(field state) in
        queued | running) ;;
        *) break ;;
        esac
    done
    kill "$curl" 2>/dev/null || true
    exec {events}<&-
}

# carry_out STATE METHOD PATH [BODY]: a job that must end in STATE
carry_out() {
    local wanted=$1
    shift
    expect 202 "$@"
    follow "$(field job.id)"
    [ "$(field state)" = "$wanted" ] || fail "$* : $body"
}
