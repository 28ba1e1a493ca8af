#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The console: from pipes and from a terminal, which is always put back.

load common

setup_file() {
    start_vmctld
    vmctl host add h1 'sim://h1?cores=8&memory=32GiB'
    vmctl create web1 --template web
}

teardown_file() {
    stop_vmctld
}

# open_session NAME ARG...: a console that reads what say_to NAME writes; what
# the guest says goes to the file NAME
open_session() {
    local name=$1 fd
    shift
    cd "$BATS_TEST_TMPDIR"
    mkfifo "$name.in"
    "$VMC_BUILDDIR/vmctl/vmctl" console "$@" <"$name.in" >"$name" \
        2>"$name.talk" 3>&- &
    pids[$name]=$!
    exec {fd}>"$name.in"
    inputs[$name]=$fd
    until_true grep -q 'simulated console' "$name"
}

# end_session NAME STATUS: ends its input; it must exit so
end_session() {
    local code=0 fd=${inputs[$1]}
    exec {fd}>&-
    wait "${pids[$1]}" || code=$?
    [ "$code" = "$2" ] || { echo "exit code $code"; cat "$1.talk"; return 1; }
}

setup() {
    declare -gA pids=() inputs=()
}

@test "what a pipe says reaches the guest, what the guest says comes back" {
    open_session one web1 --linger 1
    echo hello >&"${inputs[one]}"
    until_true grep -q hello one
    end_session one 0
    [ ! -s one.talk ]
}

@test "Ctrl-] leaves, and the terminal is as it was" {
    on_terminal "stty -a >'$BATS_TEST_TMPDIR/before'
        '$VMC_BUILDDIR/vmctl/vmctl' console web1; code=\$?
        stty -a >'$BATS_TEST_TMPDIR/after'; exit \$code"
    shows "connected to the console of 'web1'; Ctrl-] leaves it"
    shows 'simulated console'
    type_keys 'abc\003'
    shows 'abc'
    type_keys '\035'
    terminal_ends 0
    cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
}

@test "the terminal is put back also when vmctl is ended" {
    on_terminal "stty -a >'$BATS_TEST_TMPDIR/before'
        '$VMC_BUILDDIR/vmctl/vmctl' console web1 & echo \$! \
            >'$BATS_TEST_TMPDIR/pid'
        wait \$!; stty -a >'$BATS_TEST_TMPDIR/after'"
    shows 'simulated console'
    kill -TERM "$(cat "$BATS_TEST_TMPDIR/pid")"
    until_true test -s "$BATS_TEST_TMPDIR/after"
    terminal_ends 0
    cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
}

@test "without an input nothing is said to the guest" {
    run --separate-stderr bash -c 'timeout 20 "$0" console web1 --linger 1 <&-' \
        "$VMC_BUILDDIR/vmctl/vmctl"
    [ "$status" = 0 ]
    same "$(tr -d '\r\n' <<<"$output")" 'web1: simulated console'
}

@test "output that cannot be written is said once, and ends it" {
    [ -e /dev/full ] || skip 'no /dev/full'
    run --separate-stderr bash -c '"$0" console web1 </dev/null >/dev/full' \
        "$VMC_BUILDDIR/vmctl/vmctl"
    [ "$status" = 1 ]
    one_sentence
    says 'cannot write to stdout: No space left on device'
}

@test "a VM that is off or not there" {
    expect 4 console web9
    one_sentence
    vmctl create web2 --template web --no-start 2>/dev/null
    expect 3 console web2
    one_sentence
    says 'only while it runs'
}

@test "one session at a time, unless it is taken over" {
    open_session first web1
    expect 10 console web1 </dev/null
    one_sentence
    says "somebody else has the console of 'web1'; --force takes it over"
    open_session second web1 --force --linger 1
    end_session first 0
    same "$(cat first.talk)" "vmctl: the console of 'web1' was closed: its VM \
stopped, its host is away, or somebody took it over"
    end_session second 0
    [ ! -s second.talk ]
}
