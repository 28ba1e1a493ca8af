#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The life of a VM, from the command line; each test goes on where the one
# before it ended.

load common

setup_file() {
    start_vmctld
    vmctl host add h1 'sim://h1?cores=8&memory=32GiB'
    vmctl host add h2 'sim://h2?cores=8&memory=16GiB'
}

teardown_file() {
    stop_vmctld
}

@test "where it would go, and why" {
    expect 0 create web1 --template web --dry-run
    [ "${lines[0]}" = 'HOST  VERDICT   ROOM-LEFT  REASON' ]
    grep -qE '^h1 +feasible ' <<<"$output"
    grep -qE '^h2 +chosen ' <<<"$output"
    [ -z "$stderr" ]
    expect 0 create web1 --template web --host h1 --dry-run
    grep -qE '^h2 +refused +- ' <<<"$output"
    expect 0 create web1 --template web --host h1 --dry-run -o json
    same "$(jq -r .placement.host <<<"$output")" h1
    expect 0 list -o plain
    [ -z "$output" ]
}

@test "create: its steps go to stderr, a line each, and nothing to stdout" {
    expect 0 create web1 --template web --host h1
    [ -z "$output" ]
    says "^vmctl: create 'web1': [a-z]"
    [ "${stderr_lines[-1]}" = "vmctl: create 'web1': done" ]
    [ "$(uniq <<<"$stderr")" = "$stderr" ]
    ! grep -q $'\r' <<<"$stderr"
}

@test "it is listed" {
    until_true eval '[ "$(vmctl -o json show web1 | jq .vcpus.usable)" = 2 ]'
    until_true eval 'vmctl -o json show web1 |
        jq -e ".memory_bytes.plugged == 2147483648"'
    expect 0 list
    output_is <<'END'
NAME  HOST  STATE    VCPUS  MEMORY  TEMPLATE
web1  h1    running      2    2GiB  web
END
    expect 0 list --host h2 --no-legend
    [ -z "$output" ]
    expect 0 list -o plain
    same "$(cut -f 1-8 <<<"$output")" \
        "$(printf 'web1\th1\trunning\t2\t2147483648\tweb\t\tyes')"
    expect 0 list -o json
    same "$(jq -r '.vms[] | .name, .host, .is_managed' <<<"$output")" \
        $'web1\nh1\ntrue'
}

@test "it is shown and explained, by name or UUID" {
    local uuid
    uuid=$(vmctl -o json show web1 | jq -r .uuid)
    expect 0 show "$uuid"
    local by_uuid=$output
    expect 0 show web1
    same "$output" "$by_uuid"
    grep -qE '^host +h1$' <<<"$output"
    grep -qE '^class +silver$' <<<"$output"
    grep -qE '^SIZE +REQUESTED +PLUGGED +USABLE +MIN +MAX$' <<<"$output"
    grep -qE '^vcpus +2 +2 +2 +1 +8$' <<<"$output"
    expect 0 show web1 -o plain
    grep -qxE $'memory\t2147483648\t2147483648\t[0-9]+\t1073741824\t17179869184' \
        <<<"$output"
    expect 0 explain web1
    grep -qE '^cpu +2 +0.5 +class +1 ' <<<"$output"
    expect 0 explain web1 -o json
    same "$(jq -r '.rows[0][0:5] | join(" ")' <<<"$output")" \
        'cpu 2000 0.5 class 1000'
}

@test "a name is taken, illegal, or far too long; a template unknown" {
    expect 9 create web1 --template web
    one_sentence
    says "web1"
    expect 2 create 'web 1' --template web
    one_sentence
    expect 2 create "$(head -c 300 /dev/zero | tr '\0' x)" --template web
    one_sentence
    says '300'
    expect 4 create web2 --template nope
    one_sentence
    says "there is no template 'nope'"
    expect 4 create web2 --template web --host nope
    one_sentence
}

@test "what the template does not allow is refused" {
    expect 3 create web2 --template web --memory 64GiB
    one_sentence
    expect 3 create web2 --template web --set cmdline=x
    one_sentence
    says "'web' does not allow parameter 'cmdline'"
    expect 0 list -o plain
    same "$(wc -l <<<"$output")" 1
}

@test "no host has room" {
    try create db1 --template database --memory 48GiB --vcpus 16
    [ "$status" = 3 ]
    one_sentence
    expect 3 create db1 -t database --memory 48GiB --vcpus 16 --dry-run
    grep -qE '^h1 +refused +- ' <<<"$output"
    one_sentence
    says 'no host can take it'
}

@test "a host that cannot run it is refused, with what it lacks" {
    vmctl host add n1 'sim://n1?networks=other&pools=default'
    vmctl host add n2 'sim://n2?domain_type=qemu'
    vmctl host add n3 'sim://n3?cpu_models=Broadwell'
    vmctl host add n4 'sim://n4?cores=1&memory=1GiB'
    local host
    for host in n1:"no active network 'default'" n2:'has no KVM' \
        n3:'CPU cannot give model' n4:'memory: claims 2GiB'; do
        expect 3 migrate web1 --to "${host%%:*}"
        one_sentence
        says "^vmctl: host '${host%%:*}' cannot take VM 'web1': .*${host#*:}"
        expect 3 migrate web1 --to "${host%%:*}" --dry-run
        says "^vmctl: host '${host%%:*}' cannot take VM 'web1': .*${host#*:}"
    done
    expect 0 migrate web1 --dry-run
    same "$(grep -c refused <<<"$output")" 5
    same "$(vmctl -o json show web1 | jq -r '.host, .state')" $'h1\nrunning'
    for host in n1 n2 n3 n4; do
        vmctl host remove "$host"
    done
}

@test "everything that can be said at create arrives" {
    printf '#cloud-config\nhostname: other\n' >"$BATS_TEST_TMPDIR/user-data"
    expect 0 create web4 -t web --vcpus 4 --memory 3GiB --disk root=30GiB \
        --network 200Mbit/s --class gold --factor cpu=0.25 --no-start \
        --user-data "$BATS_TEST_TMPDIR/user-data" --host h2
    expect 0 show web4 -o json
    same "$(jq -r '.state, .host, .size.cpu_millicores, .size.memory_bytes,
        .size.disk_bytes, .size.network_bits_per_s, .service_class,
        .factors.cpu.value_milli, .factors.cpu.source' <<<"$output" |
        paste -sd' ')" \
        'shut-off h2 4000 3221225472 32212254720 200000000 gold 250 vm'
    vmctl delete web4
    expect 2 create web5 -t web --memory 2000000000 --dry-run
    one_sentence
    says "'memory': .* expected a multiple of 128MiB"
}

@test "pause, resume, reboot, stop, start" {
    expect 0 pause web1
    [ -z "$output" ]
    same "$(state_of web1)" paused
    expect 0 resume web1
    same "$(state_of web1)" running
    expect 0 reboot web1
    expect 0 stop web1 --force
    same "$(state_of web1)" shut-off
    expect 0 start web1
    same "$(state_of web1)" running
    expect 0 stop web1 --timeout 30
    same "$(state_of web1)" shut-off
    [ "${stderr_lines[-1]}" = "vmctl: stop 'web1': done" ]
}

@test "rename: of a VM that is off, to a name that is free" {
    local uuid
    uuid=$(vmctl -o json show web1 | jq -r .uuid)
    expect 0 rename web1 web-9
    [ -z "$output" ]
    [ "${stderr_lines[-1]}" = "vmctl: rename 'web1': done" ]
    same "$(vmctl -o json show web-9 | jq -r .uuid)" "$uuid"
    expect 4 show web1
    expect 0 rename web-9 web1
    expect 2 rename web1 'web 1'
    one_sentence
    expect 2 rename web1
    says 'NAME is missing'
    expect 4 rename nope web2
    one_sentence
    expect 0 create web2 --template web --no-start
    expect 9 rename web1 web2
    one_sentence
    expect 0 delete web2 --yes
    expect 0 start web1
    expect 3 rename web1 web2
    one_sentence
    says 'stop it first'
    expect 0 stop web1 --force
}

@test "--no-wait prints the number of the job, and job wait follows it" {
    expect 0 start web1 --no-wait
    [[ $output =~ ^[0-9]+$ ]]
    [ -z "$stderr" ]
    local job=$output
    expect 0 job wait "$job"
    [ -z "$output" ]
    says "^vmctl: start 'web1': done$"
    expect 0 job wait "$job" -o json
    same "$(jq -r '.id, .kind, .state' <<<"$output")" "$job"$'\nstart\ndone'
    expect 0 stop web1 --force --no-wait -o json
    same "$(jq -r '.kind, .vm_name' <<<"$output")" $'stop\nweb1'
    vmctl job wait "$(jq .id <<<"$output")"
}

@test "as JSON, a verb prints the job at its end" {
    expect 0 start web1 -o json
    same "$(jq -r '.kind, .state, .vm_name' <<<"$output")" \
        $'start\ndone\nweb1'
}

@test "a bar on a terminal, which is gone at the end; colours, unless refused" {
    local vmctl=$VMC_BUILDDIR/vmctl/vmctl
    on_terminal "TERM=xterm '$vmctl' reboot web1"
    terminal_ends 0
    grep -qF "%" "$screen"
    grep -qF "reboot 'web1': " "$screen"
    tr '\r' '\n' <"$screen" | grep -qF $'\033[K'"vmctl: reboot 'web1': done"
    rm "$BATS_TEST_TMPDIR/keys"
    on_terminal "TERM=xterm '$vmctl' list; TERM=xterm '$vmctl' list --no-color
        NO_COLOR=1 TERM=xterm '$vmctl' list; TERM=dumb '$vmctl' list"
    terminal_ends 0
    same "$(grep -c $'\033\\[32mrunning\033\\[0m' "$screen")" 1
    same "$(grep -c running "$screen")" 4
    same "$(grep -c $'\033' "$screen")" 2
}

@test "completion knows the names" {
    expect 0 complete -- show ''
    output_is <<<$'web1\trunning'
    expect 0 complete -- create x --host ''
    same "$(cut -f 1 <<<"$output")" $'h1\nh2'
    expect 0 complete -- create x --template=we
    output_is <<<$'--template=web\tWeb server'
    expect 0 complete -- explain ''
    same "$(cut -f 1 <<<"$output")" $'web1\nh1\nh2'
    expect 0 complete -- adopt ''
    [ -z "$output" ]
    expect 0 complete -- job show ''
    grep -qxF $'1\tcreate' <<<"$output"
    expect 0 complete -- job wait ''
    [ -z "$output" ]
    VMCTL_SOCKET='' expect 0 complete -- --socket "$VMCTL_SOCKET" show ''
    output_is <<<$'web1\trunning'
}

@test "delete: a VM that runs only by force" {
    expect 3 delete web1
    one_sentence
    says "stop it first"
    expect 0 delete web1 --force
    [ -z "$output" ]
    expect 4 show web1
    one_sentence
    says "there is no VM 'web1'"
    expect 4 delete web1
}

@test "delete asks on a terminal, and only there" {
    vmctl create web3 --template web --no-start 2>/dev/null
    on_terminal "'$VMC_BUILDDIR/vmctl/vmctl' delete web3"
    shows "Delete the VM 'web3' and its disks? [y/N] "
    type_keys 'n\n'
    shows "the VM 'web3' was not deleted"
    terminal_ends 11
    expect 0 show web3
    expect 0 delete web3
    expect 4 show web3
}

@test "VMs that vmctl did not make are seen, left alone, and adopted" {
    vmctl host add h3 'sim://h3?cores=4&memory=8GiB&vms=1'
    until_true eval 'vmctl -o plain list --host h3 | grep -q .'
    local name
    name=$(vmctl -o plain list --host h3 | cut -f 1)
    expect 0 list --host h3
    [[ ${lines[1]} == *'(not managed)' ]]
    expect 3 stop "$name"
    one_sentence
    says 'adopt it first'
    expect 0 adopt "$name" --class bronze
    same "$(vmctl -o json show "$name" | jq -r '.is_managed, .service_class')" \
        $'true\nbronze'
    expect 9 adopt "$name"
    one_sentence
    expect 3 host remove h3
    one_sentence
}

@test "who reads only the beginning of a list is not bothered" {
    run --separate-stderr bash -c 'set -o pipefail
        { sleep 0.2; "$0" list; } | true' "$VMC_BUILDDIR/vmctl/vmctl"
    [ "$status" = 1 ]
    [ -z "$stderr" ]
}
