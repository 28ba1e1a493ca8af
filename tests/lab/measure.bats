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

measured() {
    [ "$(vm busy1 .demand_age_s)" -ge 0 ]
}

# wants OPERATOR MILLICORES
wants() {
    [ "$(vm busy1 .demand.cpu_millicores)" "$1" "$2" ]
}

@test "an idle guest is measured: hardly any CPU, a part of its memory" {
    wait_for 60 measured
    wait_for 120 wants -lt 200 # when its boot is forgotten
    assert_between "$(vm busy1 .demand.memory_bytes)" \
        $((8 << 20)) $((256 << 20)) 'memory it uses'
}

# What a busy guest gets depends on who else is there, so it is compared with
# what it got when it was idle.
@test "a busy guest wants more CPU, and explain says how old that is" {
    local idle
    idle=$(vm busy1 .demand.cpu_millicores)
    lab guest-load busy1 cpu 1
    wait_for 120 wants -gt $((idle + 100))
    run vmctl explain busy1
    echo "$output"
    [[ "$output" == *"demand: measured "*" s ago"* ]]
    lab guest-load busy1 stop
}
