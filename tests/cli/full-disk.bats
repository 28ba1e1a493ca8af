#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The disk of vmctld's state is full: nothing new is begun, what was begun is
# brought to its end when there is room again. A real full disk, a small one.

load common

setup_file() {
    [ "$(id -u)" = 0 ] || skip 'only root can mount a small file system'
    mkdir "$BATS_FILE_TMPDIR/state"
    mount -t tmpfs -o size=1m,mode=700 vmctld-test "$BATS_FILE_TMPDIR/state" ||
        skip 'no tmpfs can be mounted here'
    start_vmctld
    local both="shared_pools=yes&faults=$BATS_FILE_TMPDIR/faults.json"
    vmctl host add h1 "sim://h1?$both"
    vmctl host add h2 "sim://h2?$both"
    vmctl host add spare sim://spare
    vmctl create web1 --template web --host h1
}

teardown_file() {
    [ "$(id -u)" = 0 ] || return 0
    stop_vmctld
    umount "$BATS_FILE_TMPDIR/state"
}

# to the last byte
fill_up() {
    dd if=/dev/zero of="$BATS_FILE_TMPDIR/state/filler" bs=64k \
        status=none 2>/dev/null || true
    dd if=/dev/zero of="$BATS_FILE_TMPDIR/state/filler2" bs=512 \
        status=none 2>/dev/null || true
}

make_room() {
    rm -f "$BATS_FILE_TMPDIR"/state/filler*
}

# faults JSON
faults() {
    echo "{\"faults\": [$1]}" >"$BATS_FILE_TMPDIR/faults.new"
    mv "$BATS_FILE_TMPDIR/faults.new" "$BATS_FILE_TMPDIR/faults.json"
}

# in_the_middle CALL ARG...: runs vmctl, and fills the disk up while a host is
# at that call; makes room when vmctl has said that it waits
in_the_middle() {
    local call=$1 code=0
    shift
    faults "{\"kind\": \"hang\", \"call\": \"$call\", \"times\": 1}"
    "$VMC_BUILDDIR/vmctl/vmctl" "$@" >"$BATS_TEST_TMPDIR/out" \
        2>"$BATS_TEST_TMPDIR/talk" 3>&- &
    until_true eval '[ "$(vmctl -o json job list --open | jq -r \
        ".jobs[0].step // empty")" != "" ]'
    fill_up
    rm "$BATS_FILE_TMPDIR/faults.json"
    until_true grep -q 'wait until the state can be written: .*free some' \
        "$BATS_TEST_TMPDIR/talk"
    make_room
    wait $! || code=$?
    [ "$code" = 0 ] || { cat "$BATS_TEST_TMPDIR/talk"; return 1; }
}

@test "nothing new is begun, and what there is stays as it is" {
    local words before
    # what it was created with, the guest takes in a while
    until_true eval '[ "$(vmctl -o json show web1 | jq -r .pending)" = null ]'
    before=$(vmctl -o plain list; vmctl -o plain host list; vmctl job list)
    fill_up
    for words in 'host add h3 sim://h3' 'host remove spare' \
        'create web2 -t web' 'stop web1 --force' 'pause web1' \
        'resize web1 --vcpus 3' 'migrate web1' 'delete web1 --force'; do
        # shellcheck disable=SC2086  # words they are
        expect 13 $words
        [ -z "$output" ]
        one_sentence
        says '(disk is full|No space left on device): free some space there'
    done
    same "$(vmctl -o plain list; vmctl -o plain host list; vmctl job list)" \
        "$before"
    make_room
    expect 0 pause web1
    expect 0 resume web1
}

@test "in the middle of a job: it waits, says so, and is done" {
    in_the_middle set-vcpus resize web1 --vcpus 3
    same "$(vmctl -o json show web1 | jq -c '[.vcpus.plugged, .pending]')" \
        '[3,null]'
    in_the_middle suspend pause web1
    same "$(state_of web1)" paused
    vmctl resume web1
}

@test "in the middle of a migration: the VM runs before it waits" {
    in_the_middle migrate migrate web1 --to h2
    same "$(vmctl -o json show web1 | jq -r '.host, .state')" $'h2\nrunning'
}

@test "in the middle of a create and a delete: all of it, or nothing" {
    in_the_middle define create web2 --template web --host h1
    same "$(state_of web2)" running
    in_the_middle undefine delete web2 --force
    expect 4 show web2
}

@test "with a full disk vmctld starts, and shows what there is" {
    fill_up
    crash_vmctld
    start_vmctld
    expect 0 list -o plain
    [[ $output == web1$'\t'* ]]
    expect 13 pause web1
    make_room
}
