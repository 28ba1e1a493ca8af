#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Live resize from the command line: three numbers on stdout, the rest on
# stderr, and an exit code for each way it can end.

load common

setup_file() {
    printf '[resize]\n%s=2\n%s=2\n%s=2\n' vcpu_timeout_s memory_timeout_s \
        guest_online_timeout_s >"$BATS_FILE_TMPDIR/vmctld.conf"
    start_vmctld
    vmctl host add h1 'sim://h1?cores=8&memory=32GiB'
    vmctl host add h2 "sim://h2?cores=8&memory=32GiB&$(stubborn)"
    vmctl create web1 --template web --host h1
    vmctl create web2 --template web --host h2
    until_true eval 'vmctl -o json show web1 |
        jq -e ".memory_bytes.plugged == 2147483648"'
}

# stubborn: a guest that does not do what it is asked
stubborn() {
    echo 'agent=no&online_cpus=no&unplug_cpus=no&used_memory=1900MiB'
}

teardown_file() {
    stop_vmctld
}

# numbers: the requested and plugged numbers of the last output, a row each
numbers() {
    sed -nE 's/^(vcpus|memory) +([^ ]+) +([^ ]+) .*/\1 \2 \3/p' <<<"$output"
}

@test "the steps it would take" {
    expect 0 resize web1 --vcpus 4 --dry-run
    [[ ${lines[0]} == 'RUNG '*' REASON' ]]
    [ -z "$stderr" ]
    same "$(vmctl -o json show web1 | jq .vcpus.requested)" 2
    grep -qE '^plug-vcpus +4 ' <<<"$output"
}

@test "bytes of a step are said for people in a table, exactly in plain" {
    expect 0 resize web1 --memory 4GiB --dry-run
    grep -qE '^virtio-mem +[0-9.]+[GM]iB ' <<<"$output"
    expect 0 resize web1 --memory 4GiB --dry-run -o plain
    grep -qE $'^virtio-mem\t[0-9]+\t' <<<"$output"
}

@test "up, both at once" {
    expect 0 resize web1 --vcpus 4 --memory 4GiB
    [[ ${lines[0]} =~ ^SIZE\ +REQUESTED\ +PLUGGED\ +USABLE ]]
    same "$(numbers)" $'vcpus 4 4\nmemory 4GiB 4GiB'
    says "^vmctl: resize 'web1': done$"
}

@test "down again, as plain" {
    expect 0 resize web1 --vcpus 3 --memory 3GiB -o plain
    same "$(cut -f 1-3 <<<"$output")" \
        $'vcpus\t3\t3\nmemory\t3221225472\t3221225472'
}

@test "counted from what is" {
    expect 0 resize web1 --vcpus +1
    same "$(numbers | head -n 1)" 'vcpus 4 4'
    expect 0 resize web1 --vcpus -2 --memory +1GiB
    same "$(numbers)" $'vcpus 2 2\nmemory 4GiB 4GiB'
    expect 2 resize web1 --vcpus -2
    says "--vcpus: '-2' cannot be counted from the present 2"
    expect 2 resize web1 --memory -9GiB
    says "--memory: '-9GiB' cannot be counted from the present 4GiB"
}

@test "a rounding is announced" {
    expect 0 resize web1 --memory 4297000000
    says '^vmctl: memory rounded from 4297000000B to [0-9.]+[KMG]iB$'
}

@test "beyond what the template allows" {
    expect 3 resize web1 --vcpus 64
    one_sentence
    expect 3 resize web1 --memory 1TiB
    one_sentence
    expect 3 resize web1 --memory 1KiB
    one_sentence
    same "$(vmctl -o json show web1 | jq .vcpus.requested)" 2
}

@test "nothing is to be done" {
    expect 0 resize web1 --vcpus 2
    same "$(numbers | head -n 1)" 'vcpus 2 2'
}

@test "of a VM that is not there" {
    expect 4 resize web9 --vcpus 2
    expect 4 resize web9 --vcpus +2
    one_sentence
}

@test "as JSON: the job with its result" {
    expect 0 resize web1 --vcpus 3 -o json
    same "$(jq -r '.kind, .state, .result.vcpus.plugged' <<<"$output")" \
        $'resize\ndone\n3'
}

@test "done in part: how far it came, what is left, and exit code 8" {
    expect 8 resize web2 --vcpus 4
    same "$(numbers | head -n 1)" 'vcpus 4 4'
    says "^vmctl: VM 'web2': vCPUs plugged: 4; how many the guest uses is not"
    expect 8 resize web2 --vcpus 3 -o json
    same "$(jq -r '.state, .error.code, .result.vcpus.requested' \
        <<<"$output")" $'partial\npartial\n3'
}

@test "what the guest uses is not taken from it" {
    expect 3 resize web2 --memory 1GiB
    says "memory cannot become 1GiB: .*; 2GiB is possible now$"
    same "$(vmctl -o json show web2 | jq .memory_bytes.requested)" 2147483648
}
