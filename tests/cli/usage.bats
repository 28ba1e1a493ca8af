#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is wrong with a command line is said in one sentence and one line of
# usage, with exit code 2, and vmctld is not asked at all.

load common

setup() {
    export VMCTL_SOCKET=$BATS_TEST_TMPDIR/nobody
}

# wrong PATTERN ARG...: refused, for the reason in PATTERN
wrong() {
    local pattern=$1
    shift
    expect 2 "$@"
    [ -z "$output" ]
    says "^vmctl: $pattern"
    [ "${#stderr_lines[@]}" = 2 ]
    [[ ${stderr_lines[1]} == 'Usage: vmctl '* ]]
}

@test "verbs" {
    wrong "there is no verb 'strat'; did you mean 'start'\?" strat web1
    wrong "there is no verb 'frobnicate'; 'vmctl help' lists them" frobnicate
    wrong "'st' is ambiguous: it may be start, stop" st web1
    wrong "'re' is ambiguous: it may be reboot, resume, rename, resize" re web1
    wrong "host: there is no verb 'ad1'; did you mean 'add'\?" host ad1
    wrong "there is no verb ''" ''
}

@test "arguments" {
    wrong 'show: VM is missing' show
    wrong "show: 'b' is one argument too many" show a b
    wrong 'show: VM is empty' show ''
    wrong 'host add: URI is missing' host add h1
    wrong "job show: 'web1' is no job: jobs have numbers" job show web1
    wrong "job wait: '0' is no job" job wait 0
}

@test "options" {
    wrong 'create: --template TEMPLATE is missing' create web1
    wrong 'create: unknown option --templte; did you mean --template\?' \
        create web1 --templte web
    wrong 'list: unknown option --wait' list --wait
    wrong 'unknown option --host' --host h1 list
    wrong 'start: --wait and --no-wait cannot both be' \
        start web1 --wait --no-wait
    wrong "list: --output: 'yaml' is no format" list -o yaml
    wrong 'list: missing argument for -o' list -o
}

@test "sizes, counts and factors" {
    wrong "resize: --memory: '4 apples'" resize web1 --memory '4 apples'
    wrong "resize: --memory: '0' is nothing" resize web1 --memory 0
    wrong "resize: --vcpus: 'many' is not a whole number" \
        resize web1 --vcpus many
    wrong "resize: --vcpus: '0' is not a whole number from 1 on" \
        resize web1 --vcpus 0
    wrong "create: --disk: '10G' should be NAME=VALUE" \
        create web1 -t web --disk 10G
    wrong "create: --factor: 'gpu' is no resource" \
        create web1 -t web --factor gpu=1
    wrong 'create: --factor: ' create web1 -t web --factor cpu=9
    wrong "create: --class: 'platinum' is no service class" \
        create web1 -t web --class platinum
    wrong "stop: --timeout: '-1' is not a whole number of seconds" \
        stop web1 --timeout -1
}

@test "a resize has to say of what" {
    expect 2 resize web1
    says '^vmctl: say what to resize: --vcpus N, --memory SIZE or both$'
}

@test "arguments that are no UTF-8 come back as something a terminal can show" {
    expect 2 show $'\xff' --no-such$'\xfe'
    iconv -f utf-8 -t utf-8 <<<"$stderr" >/dev/null
}

@test "user-data that cannot be read" {
    expect 4 create web1 -t web --user-data "$BATS_TEST_TMPDIR/none"
    one_sentence
    says '^vmctl: --user-data: '
    head -c 70000 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/large"
    expect 2 create web1 -t web --user-data "$BATS_TEST_TMPDIR/large"
    says "--user-data: '.*/large' has more than 64 KiB"
    expect 2 create web1 -t web --user-data /dev/zero
    printf '\xff\xfe' >"$BATS_TEST_TMPDIR/binary"
    expect 2 create web1 -t web --user-data "$BATS_TEST_TMPDIR/binary"
    says 'is not UTF-8 text'
}

@test "an unwritable stdout is no success" {
    [ -e /dev/full ] || skip 'no /dev/full'
    run --separate-stderr bash -c \
        '"$0" --help >/dev/full' "$VMC_BUILDDIR/vmctl/vmctl"
    [ "$status" = 1 ]
    says '^vmctl: cannot write to stdout: '
}

@test "a stdout that is closed is no success, and nothing else is written to" {
    run --separate-stderr bash -c \
        '"$0" list >&-' "$VMC_BUILDDIR/vmctl/vmctl"
    [ "$status" = 6 ]
    one_sentence
    run --separate-stderr bash -c \
        '"$0" --help >&-' "$VMC_BUILDDIR/vmctl/vmctl"
    [ "$status" = 1 ]
    one_sentence
    says 'cannot write to stdout: Bad file descriptor$'
}
