#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The hosts of the fleet, from the command line.

load common

setup_file() {
    start_vmctld
}

teardown_file() {
    stop_vmctld
}

@test "an empty fleet" {
    expect 0 host list
    output_is <<<'NAME  STATE  VMS  CPUS  CPU-CLAIM  MEMORY  MEM-CLAIM  URI'
    expect 0 host list -o plain
    output_is </dev/null
    expect 0 -o json host list
    same "$(jq -c . <<<"$output")" '{"hosts":[]}'
    expect 0
    output_is <<<'NAME  HOST  STATE  VCPUS  MEMORY  TEMPLATE'
}

@test "a host is added" {
    expect 0 host add h1 'sim://h1?cores=8&memory=32GiB' --label rack=r1 \
        --label ssd --reserve memory=2GiB --ceiling cpu=4
    [ -z "$output" ]
    one_sentence
    says "^vmctl: host 'h1' added: 8 threads, 32GiB memory, simulated "
    expect 0 host add h2 'sim://h2?cores=4&memory=16GiB&vms=2' -o json
    same "$(jq -r '.name, .state, .physical.memory_bytes' <<<"$output")" \
        $'h2\nup\n17179869184'
    [ -z "$stderr" ]
}

@test "hosts as a table, as plain, without titles, as JSON" {
    until_true eval '[ "$(vmctl -o plain list | wc -l)" = 2 ]'
    expect 0 host list
    output_is <<'END'
NAME  STATE  VMS  CPUS  CPU-CLAIM   MEMORY  MEM-CLAIM  LABELS        URI
h1    up       0     8         0%    30GiB         0%  rack=r1, ssd  sim://h1?cores=8&memory=32GiB
h2    up       2     4        50%  15.5GiB        13%  -             sim://h2?cores=4&memory=16GiB&vms=2
END
    expect 0 host list --no-legend
    [[ ${lines[0]} == h1* ]]
    expect 0 host list -o plain
    output_is <<END
$(printf 'h1\tup\t0\t8000\t0\t32212254720\t0\track=r1,ssd\tsim://h1?cores=8&memory=32GiB')
$(printf 'h2\tup\t2\t4000\t500\t16642998272\t129\t\tsim://h2?cores=4&memory=16GiB&vms=2')
END
    expect 0 host list -o json
    same "$(jq -r '.hosts[] | .name, .use.n_vms, .capacity.memory_bytes' \
        <<<"$output")" $'h1\n0\n32212254720\nh2\n2\n16642998272'
}

@test "one host" {
    expect 0 host show h1
    steadily_is <<'END'
name           h1
state          up
since          TIME
uri            sim://h1?cores=8&memory=32GiB
uuid           UUID
labels         rack=r1, ssd
hypervisor     simulated 1.0.0
guests-run-as  kvm
architecture   x86_64
cpu-model      qemu64
cores          8
threads        8
numa-nodes     1
networks       default
bridges        br0
vms            0

RESOURCE  PHYSICAL  RESERVED  CAPACITY   SIZES  CLAIMED
cpu              8         0         8       0        0
memory       32GiB      2GiB     30GiB      0B       0B
disk          1TiB        0B      1TiB      0B       0B
network   10Gbit/s    0bit/s  10Gbit/s  0bit/s   0bit/s

POOL     SIZE  FREE  PATH
default  1TiB  1TiB  /var/lib/libvirt/default
END
    expect 0 host show h1 -o plain
    grep -qxF $'memory\t34359738368\t2147483648\t32212254720\t0\t0' \
        <<<"$output"
    expect 0 host show h1 -o json
    same "$(jq -c '.ceiling_milli.cpu, .reserved.memory_bytes' <<<"$output")" \
        $'4000\n2147483648'
    expect 0 explain h2
    [[ ${lines[0]} == "host h2 (sim://h2"* ]]
}

@test "a host that is known already, by name or by another name" {
    expect 9 host add h1 sim://h3
    one_sentence
    says "host 'h1' cannot be added: .*already"
    expect 9 host add h3 sim://h1
    one_sentence
    says "already, as host 'h1'"
    same "$(vmctl -o plain host list | cut -f1 | paste -sd' ')" 'h1 h2'
}

@test "a host that cannot be, and one that does not answer" {
    expect 2 host add 'h 3' sim://h3
    one_sentence
    expect 2 host add "$(head -c 300 /dev/zero | tr '\0' x)" sim://h3
    one_sentence
    says '300'
    expect 2 host add h3 'sim://h3?cores=lots'
    one_sentence
    says 'cores'
    expect 6 host add h3 'qemu+unix:///system?socket=/nonexistent/libvirt-sock'
    one_sentence
    says "^vmctl: host 'h3' was not added: cannot connect to 'qemu.*: .*; check"
    expect 2 host add h3 nonsense
    one_sentence
    says "write it like qemu"
    same "$(vmctl -o plain host list | cut -f1 | paste -sd' ')" 'h1 h2'
}

@test "a host that takes the connection and says nothing, or answers late" {
    crash_vmctld
    printf '[hosts]\nconnect_timeout_s = 1\n' >"$BATS_FILE_TMPDIR/vmctld.conf"
    start_vmctld
    local socket=$BATS_TEST_TMPDIR/silent
    socat -u "UNIX-LISTEN:$socket,fork" OPEN:/dev/null 3>&- &
    local listener=$!
    while [ ! -S "$socket" ]; do sleep 0.01; done
    expect 6 host add h3 "qemu+unix:///system?socket=$socket"
    kill "$listener"
    one_sentence
    says "host 'h3' was not added: 'qemu.*' did not answer within 1 s; check"
    expect 6 host add h4 'sim://h4?open_ms=60000'
    one_sentence
    says "host 'h4' was not added: .* did not answer within 1 s; check"
    same "$(vmctl -o plain host list | cut -f1 | paste -sd' ')" 'h1 h2'
}

@test "a host is removed, and one that is not there is not" {
    expect 0 host remove h1
    one_sentence
    says "^vmctl: host 'h1' removed; what runs on it goes on"
    expect 4 host remove h1
    one_sentence
    says "there is no host 'h1'"
    expect 4 host show h1
    expect 4 list --host h1
    expect 4 explain h1
    says "there is neither a VM nor a host 'h1'"
}
