#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# What real guests use is measured, and becomes their demand in the fleet.

load common

setup_file() {
    ensure_fleet
    create_guest busy1
}

teardown_file() {
    delete_all_vms
}

demand_is() {
    [ "$(vm busy1 .demand_age_s)" -ge 0 ] &&
        [ "$(vm busy1 .demand.cpu_millicores)" "$1" "$2" ]
}

@test "an idle guest is measured: hardly any CPU, part of its memory" {
    wait_for 60 demand_is -lt 400
    local used
    used=$(vm busy1 .demand.memory_bytes)
    assert_between "$used" $((8 << 20)) $((256 << 20)) 'memory it uses'
}

@test "a busy guest wants most of a CPU" {
    lab guest-load busy1 cpu 1
    wait_for 60 demand_is -ge 500
    run vmctl explain busy1
    echo "$output"
    [[ "$output" == *"demand: measured "*" s ago"* ]]
    lab guest-load busy1 stop
}
