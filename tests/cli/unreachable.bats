#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Where no vmctld can be asked: one clear sentence with advice, and the exit
# code of its cause.

load common

@test "no socket" {
    VMCTL_SOCKET=$BATS_TEST_TMPDIR/none expect 6 list
    [ -z "$output" ]
    one_sentence
    says "^vmctl: cannot reach vmctld: there is no socket '.*/none'; start it"
    says "--socket or VMCTL_SOCKET"
}

@test "the same for every verb that asks" {
    local words
    export VMCTL_SOCKET=$BATS_TEST_TMPDIR/none
    for words in 'show v' 'explain v' 'create v -t web' 'adopt v' 'start v' \
        'stop v' 'reboot v' 'pause v' 'resume v' 'delete v' 'console v' \
        'resize v --vcpus 2' 'resize v --vcpus +1' 'migrate v' 'host list' \
        'host show h' 'host add h sim://h' 'host remove h' 'template list' \
        'template show web' 'job list' 'job show 1' 'job cancel 1' \
        'job wait 1' 'events'; do
        # shellcheck disable=SC2086  # words they are
        expect 6 $words </dev/null
        [ -z "$output" ]
        one_sentence
    done
}

@test "--socket wins over VMCTL_SOCKET" {
    VMCTL_SOCKET=/nonexistent/a expect 6 list --socket /nonexistent/b
    says "'/nonexistent/b'"
}

@test "nobody listens any more" {
    socat "UNIX-LISTEN:$BATS_TEST_TMPDIR/stale" /dev/null &
    local listener=$!
    while [ ! -S "$BATS_TEST_TMPDIR/stale" ]; do sleep 0.01; done
    kill -9 "$listener"
    wait "$listener" || true
    expect 6 -s "$BATS_TEST_TMPDIR/stale" list
    one_sentence
    says "nobody listens at '.*/stale'; it has stopped"
}

@test "not allowed" {
    [ "$(id -u)" = 0 ] || skip 'needs root, to be somebody else'
    local place
    place=$(mktemp -d /tmp/vmctl-test.XXXXXX)
    cp "$VMC_BUILDDIR/vmctl/vmctl" "$place/"
    chmod 755 "$place" "$place/vmctl"
    socat "UNIX-LISTEN:$place/sock,mode=600" /dev/null &
    local listener=$!
    while [ ! -S "$place/sock" ]; do sleep 0.01; done
    run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups \
        "$place/vmctl" --socket "$place/sock" list
    kill "$listener"
    rm -r "$place"
    [ "$status" = 5 ]
    one_sentence
    says "may not open vmctld's socket .* root or a member of the group"
}

@test "somebody else listens" {
    printf 'HTTP/1.0 200 OK\r\n\r\nhello' >"$BATS_TEST_TMPDIR/answer"
    # reads the request before it answers: else socat may fail to pass it on
    printf '%s\n' '#!/bin/bash' \
        'while read -r line && [ "$line" != $'"'\\r'"' ]; do :; done' \
        "cat '$BATS_TEST_TMPDIR/answer'" >"$BATS_TEST_TMPDIR/other-daemon"
    socat "UNIX-LISTEN:$BATS_TEST_TMPDIR/other" \
        "EXEC:bash $BATS_TEST_TMPDIR/other-daemon" &
    while [ ! -S "$BATS_TEST_TMPDIR/other" ]; do sleep 0.01; done
    expect 1 -s "$BATS_TEST_TMPDIR/other" list
    one_sentence
    says 'what answered at the socket is not vmctld'
}

@test "a request whose answer is lost may have been carried out" {
    socat "UNIX-LISTEN:$BATS_TEST_TMPDIR/mute" SYSTEM:'read -r line' &
    while [ ! -S "$BATS_TEST_TMPDIR/mute" ]; do sleep 0.01; done
    expect 7 -s "$BATS_TEST_TMPDIR/mute" start web1
    one_sentence
    says "may have been carried out: see 'vmctl job list'"
}

@test "a vmctld that hangs is waited for, and that is said" {
    local socket=$BATS_TEST_TMPDIR/hung pid
    socat -u "UNIX-LISTEN:$socket,fork" OPEN:/dev/null 3>&- &
    local listener=$!
    while [ ! -S "$socket" ]; do sleep 0.01; done
    "$VMC_BUILDDIR/vmctl/vmctl" -s "$socket" list 2>"$BATS_TEST_TMPDIR/talk" 3>&- &
    pid=$!
    until_true grep -q . "$BATS_TEST_TMPDIR/talk"
    kill "$pid" "$listener"
    same "$(cat "$BATS_TEST_TMPDIR/talk")" \
        'vmctl: vmctld has not answered yet, still waiting; Ctrl-C gives up'
}

@test "completion does not wait for a vmctld that hangs, and says nothing" {
    local socket=$BATS_TEST_TMPDIR/hung
    socat -u "UNIX-LISTEN:$socket,fork" OPEN:/dev/null 3>&- &
    local listener=$!
    while [ ! -S "$socket" ]; do sleep 0.01; done
    expect 0 complete -- --socket "$socket" show ''
    kill "$listener"
    [ -z "$output$stderr" ]
}

@test "a path that no socket can have" {
    expect 2 -s "/tmp/$(head -c 200 /dev/zero | tr '\0' x)" list
    one_sentence
    says "cannot be the path of a socket"
}

@test "version tells what it can" {
    VMCTL_SOCKET=/nonexistent expect 6 version
    [[ $output == 'vmctl  '[0-9]* ]]
}
