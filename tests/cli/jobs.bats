#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Jobs from the command line: looking on, cancelling, leaving; across a crash
# of vmctld.

load common

setup_file() {
    start_vmctld
    local shared='cores=8&memory=32GiB&shared_pools=yes&migration_mib_per_s=256'
    shared+="&state=$BATS_FILE_TMPDIR"
    vmctl host add h1 "sim://h1?$shared/h1.json"
    vmctl host add h2 "sim://h2?$shared/h2.json"
    vmctl create web1 --template web --host h1
}

teardown_file() {
    stop_vmctld
}

# in_background ARG...: vmctl, whose stderr goes to $talk; its pid is $pid
in_background() {
    talk=$BATS_TEST_TMPDIR/talk
    rm -f "$BATS_TEST_TMPDIR/data" # what an earlier one said is not its answer
    "$VMC_BUILDDIR/vmctl/vmctl" "$@" >"$BATS_TEST_TMPDIR/data" 2>"$talk" 3>&- &
    pid=$!
}

# has_said PATTERN
has_said() {
    grep -qE -- "$1" "$talk"
}

# ends STATUS: the vmctl in the background exits so
ends() {
    local code=0
    wait "$pid" || code=$?
    [ "$code" = "$1" ] || { echo "exit code $code"; cat "$talk"; return 1; }
}

@test "a slow migration is followed step by step" {
    in_background migrate web1 --to h2
    until_true has_said "^vmctl: migrate 'web1': "
    expect 10 resize web1 --vcpus 3
    one_sentence
    ends 0
    has_said "^vmctl: migrate 'web1': done$"
    same "$(vmctl -o json show web1 | jq -r .host)" h2
}

@test "Ctrl-C cancels, and says so" {
    in_background migrate web1 --to h1
    until_true has_said "^vmctl: migrate 'web1': "
    kill -INT "$pid"
    ends 11
    has_said '^vmctl: asked vmctld to cancel job [0-9]+; Ctrl-C again leaves it'
    same "$(vmctl -o json show web1 | jq -r .host)" h2
    same "$(state_of web1)" running
}

@test "Ctrl-C leaves a job that is only looked at" {
    local job
    job=$(vmctl migrate web1 --to h1 --no-wait)
    in_background job wait "$job"
    until_true has_said "^vmctl: migrate 'web1': "
    kill -INT "$pid"
    ends 7
    has_said "^vmctl: detached: job $job goes on; 'vmctl job wait $job' follows"
    expect 0 job wait "$job"
    same "$(vmctl -o json show web1 | jq -r .host)" h1
}

@test "the bar of a job that runs begins where the job is" {
    local job
    job=$(vmctl migrate web1 --to h2 --no-wait)
    until_true eval '[ "$(vmctl job show '"$job"' -o json | jq -r .step)" != null ]'
    on_terminal "exec '$VMC_BUILDDIR/vmctl/vmctl' job wait $job"
    terminal_ends 0
    shows "migrate 'web1': migrate VM"
    same "$(grep -c 'waits for its turn' "$screen")" 0
    vmctl migrate web1 --to h1
}

@test "job cancel" {
    local job
    job=$(vmctl migrate web1 --to h2 --no-wait)
    expect 0 job cancel "$job"
    says "^vmctl: job $job is cancelled: "
    same "$(vmctl -o json job show "$job" | jq -r .state)" cancelled
    expect 11 job wait "$job"
    one_sentence
    expect 3 job cancel "$job"
    one_sentence
    same "$(state_of web1)" running
}

@test "the list of jobs" {
    expect 0 job list
    [[ ${lines[0]} =~ ^ID\ +KIND\ +VM\ +STATE\ +DONE\ +CREATED\ +BY\ +STEP$ ]]
    grep -qE '^ *1 +create +web1 +done +100% ' <<<"$output"
    expect 0 job list --limit 1 --no-legend
    [ "${#lines[@]}" = 1 ]
    expect 0 job list --open --no-legend
    [ -z "$output" ]
    expect 0 job list --vm nobody -o json
    same "$(jq -c . <<<"$output")" '{"jobs":[]}'
}

@test "a job and its trail" {
    expect 0 job show 1
    grep -qE '^kind +create$' <<<"$output"
    grep -qE '^state +done$' <<<"$output"
    grep -qE '^TIME +SOURCE +WHAT$' <<<"$output"
    expect 4 job show 999
    one_sentence
    says "there is no job '999'"
}

@test "events as they come" {
    in_background events --vm web1 -o plain
    until_true grep -qs . "$BATS_TEST_TMPDIR/data"
    same "$(head -n 1 "$BATS_TEST_TMPDIR/data")" $'vm\t\tweb1\trunning\th1'
    vmctl pause web1 2>/dev/null
    vmctl resume web1 2>/dev/null
    until_true grep -qxF $'vm\t\tweb1\tpaused\th1' "$BATS_TEST_TMPDIR/data"
    until_true grep -q $'^job\tresume\tweb1\tdone' "$BATS_TEST_TMPDIR/data"
    kill -INT "$pid"
    ends 0
    in_background events -o json --vm web1
    until_true grep -qs . "$BATS_TEST_TMPDIR/data"
    kill -INT "$pid"
    same "$(head -n 1 "$BATS_TEST_TMPDIR/data" | jq -r '.event, .data.name')" \
        $'vm\nweb1'
}

@test "events for people tell how far a job is, and nothing twice" {
    in_background events --vm web1
    until_true grep -qs . "$BATS_TEST_TMPDIR/data"
    expect 0 pause web1
    expect 0 resume web1
    until_true grep -qE ' job +web1 +done +resume [0-9]+, 100%' \
        "$BATS_TEST_TMPDIR/data"
    kill -INT "$pid"
    ends 0
    same "$(cut -c11- "$BATS_TEST_TMPDIR/data" | uniq -d)" ''
}

@test "events end when vmctld does, and say so" {
    in_background events -o plain --vm web1
    until_true grep -qs . "$BATS_TEST_TMPDIR/data"
    crash_vmctld
    ends 6
    has_said '^vmctl: vmctld '
    same "$(wc -l <"$talk")" 1
    start_vmctld
    until_true eval '[ "$(state_of web1)" = running ]'
}

@test "a job is followed across a crash of vmctld" {
    in_background migrate web1 --to h2
    until_true has_said "^vmctl: migrate 'web1': "
    crash_vmctld
    until_true has_said '^vmctl: lost vmctld, waiting for it to come back$'
    start_vmctld
    until_true has_said '^vmctl: vmctld is back$'
    # broken off or done, but told either way, and the VM runs
    local code=0
    wait "$pid" || code=$?
    case $code in
    0) has_said "^vmctl: migrate 'web1': done$" ;;
    1) [[ $(tail -n 1 "$talk") == "vmctl: VM 'web1' "* ]] ;;
    *) echo "exit code $code"; cat "$talk"; false ;;
    esac
    until_true eval '[ "$(state_of web1)" = running ]'
}
