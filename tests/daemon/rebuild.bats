#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# A lost database comes back from what the hosts know.

load common

# rebuild STATUS ARGUMENT...: runs vmctld --rebuild
rebuild() {
    local wanted=$1
    shift
    run "$vmctld" --config "$config" --state-dir "$state" --rebuild "$@"
    [ "$status" = "$wanted" ] || fail "--rebuild: $status: $output"
}

uri() {
    echo "sim://$1?state=$dir/world.json&${2-}"
}

# a fleet of two hosts with a managed VM on one, and a domain of somebody else
prepare_fleet() {
    start
    expect 201 POST /v1/hosts "{\"name\":\"h1\",\"uri\":\"$(uri h1 vms=1)\"}"
    expect 201 POST /v1/hosts "{\"name\":\"h2\",\"uri\":\"$(uri h2)\",
        \"labels\":[\"ssd\"], \"reserved\": {\"cpu_millicores\": 2000},
        \"ceiling_milli\": {\"cpu\": 3000}, \"domain_type\": \"qemu\"}"
    carry_out done POST /v1/vms '{"name":"a","template":"web","host":"h1",
        "overrides":{"vcpus":"3","class":"gold"}}'
    expect 200 GET /v1/vms/a
    uuid=$(field uuid)
    stop
}

damage() {
    dd if=/dev/urandom of="$state/vmctl.db" bs=1024 seek=1 count=40 \
        conv=notrunc status=none
    rm -f "$state"/vmctl.db-*
    damaged=$(sha256sum <"$state/vmctl.db")
}

@test 'a damaged database is made anew, and the old one kept' {
    prepare_fleet
    damage
    refuses 12 '--rebuild'
    rebuild 0 --host "h1=$(uri h1 vms=1)" --host "h2=$(uri h2)"
    [[ $output == *'2 hosts, 1 managed VM'* ]] || fail "$output"
    [ "$(sha256sum <"$(echo "$state"/vmctl.db.damaged-*)")" = "$damaged" ]
    start
    expect 200 GET /v1/vms/a
    [ "$(field uuid)" = "$uuid" ]
    [ "$(field is_managed)" = true ]
    [ "$(field template_name)" = web ]
    [ "$(field service_class)" = gold ]
    [ "$(field size.cpu_millicores)" = 3000 ]
    [ "$(field size_max.cpu_millicores)" = 8000 ]
    expect 200 GET /v1/hosts
    [ "$(field hosts.#)" = 2 ]
    stop
}

# what h2 was added with, and a restart of the fleet over it
assert_h2_is_itself() {
    start
    expect 200 GET /v1/hosts/h2
    [ "$(field uri)" = "$(uri h2)" ]
    [ "$(field labels.0)" = ssd ]
    [ "$(field reserved.cpu_millicores)" = 2000 ]
    [ "$(field ceiling_milli.cpu)" = 3000 ]
    [ "$(field domain_type)" = qemu ]
    expect 200 GET /v1/vms/a
    [ "$(field uuid)" = "$uuid" ]
    stop
}

@test 'what hosts were added with outlives a damaged database' {
    prepare_fleet
    damage
    rebuild 0
    [[ $output == *'2 hosts, 1 managed VM'* ]] || fail "$output"
    [[ $output != *'not known'* ]] || fail "$output"
    assert_h2_is_itself
    damage
    rebuild 0 --host "h2=$(uri h2)" --host "h1=$(uri h1 vms=1)"
    assert_h2_is_itself
}

@test 'a database that is gone is not replaced by an empty fleet' {
    prepare_fleet
    rm "$state"/vmctl.db*
    refuses 12 'hosts.json'
    rebuild 0
    assert_h2_is_itself
}

@test 'without anything beside the hosts, that is said' {
    prepare_fleet
    damage
    echo nonsense >"$state/hosts.json"
    rebuild 2
    [[ $output == *"hosts.json', which tells of the hosts, is damaged"* ]] ||
        fail "$output"
    rebuild 0 --host "h1=$(uri h1 vms=1)" --host "h2=$(uri h2)"
    [[ $output == *"not known"*"'h1', 'h2'" ]] || fail "$output"
    grep -q nonsense "$state"/hosts.json.damaged-*
    start
    expect 200 GET /v1/hosts/h2
    [ "$(field labels.#)" = 0 ]
    stop
}

@test 'where all VMs are emulated, so will be the next' {
    start
    expect 201 POST /v1/hosts "{\"name\":\"h1\",\"uri\":\"$(uri h1)\",
        \"domain_type\":\"qemu\"}"
    carry_out done POST /v1/vms '{"name":"a","template":"web","host":"h1"}'
    stop
    damage
    rm "$state/hosts.json"
    rebuild 0 --host "h1=$(uri h1)"
    start
    expect 200 GET /v1/hosts/h1
    [ "$(field domain_type)" = qemu ]
    stop
}

@test 'a database that is whole tells its hosts itself' {
    prepare_fleet
    rebuild 0
    [[ $output == *'2 hosts, 1 managed VM'* ]] || fail "$output"
    start
    expect 200 GET /v1/hosts/h2
    [ "$(field labels.0)" = ssd ]
    expect 200 GET /v1/vms/a
    stop
}

@test 'nothing is changed when a host does not answer' {
    prepare_fleet
    damage
    rebuild 6 --host "h1=$(uri h1 vms=1)" --host h2=qemu+tcp://127.0.0.1:1/system
    [[ $output == "vmctld: nothing was rebuilt: host 'h2'"* ]] || fail "$output"
    [ "$(sha256sum <"$state/vmctl.db")" = "$damaged" ]
    [ ! -e "$(echo "$state"/vmctl.db.damaged-*)" ]
}

@test 'a host that is silent is not waited for without end' {
    prepare_fleet
    damage
    printf '[hosts]\nconnect_timeout_s = 1\n' >>"$config"
    rebuild 6 --host "h1=$(uri h1 vms=1)" --host "h2=sim://h2?open_ms=60000"
    [[ $output == *"host 'h2': "*"did not answer within 1 s"* ]] ||
        fail "$output"
    [ "$(sha256sum <"$state/vmctl.db")" = "$damaged" ]
}

@test 'on a full disk the old database stays, and nothing beside it' {
    mount_small
    prepare_fleet
    damage
    fill_up
    rebuild 13 --host "h1=$(uri h1 vms=1)" --host "h2=$(uri h2)"
    [[ $output == 'vmctld: '*'free some space'* ]] || fail "$output"
    [ "$(sha256sum <"$state/vmctl.db")" = "$damaged" ]
    rm "$state"/filler*
    ! ls "$state" | grep -E 'new|damaged-' || fail "$(ls "$state")"
    rebuild 0 --host "h1=$(uri h1 vms=1)" --host "h2=$(uri h2)"
}

@test 'nothing is changed when no host is known, or named badly' {
    prepare_fleet
    damage
    rm "$state/hosts.json"
    rebuild 2
    [[ $output == *'--host NAME=URI'* ]]
    rebuild 2 --host h1
    [[ $output == *"'--host h1'"* ]]
    rebuild 2 --host 'a b=sim://h1'
    [[ $output == *"'--host a b=sim://h1'"* ]]
    [ "$(sha256sum <"$state/vmctl.db")" = "$damaged" ]
}

@test 'not while a vmctld uses the database' {
    prepare_fleet
    start
    rebuild 10 --host "h1=$(uri h1 vms=1)"
    expect 200 GET /v1/vms/a
    stop
}

@test 'of nothing, an empty fleet is not made by mistake' {
    mkdir "$state"
    rebuild 2
    [ ! -e "$(echo "$state"/vmctl.db.damaged-*)" ]
}
