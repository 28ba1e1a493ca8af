#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Live migration: the guest goes on counting, sizes go along, and whatever
# breaks there is one running copy at the end.

load common

setup_file() {
    ensure_fleet
    create_guest move1 --host host1
}

# Whatever a test left under way ends here, so that the next begins afresh.
teardown() {
    local job
    for job in $(vmctl job list -o json |
        jq '.jobs[] | select(.state == "running" or .state == "queued") | .id')
    do
        vmctl job cancel "$job" || true
        timeout 60 vmctl job wait "$job" || true
    done
    lab guest-load move1 stop >/dev/null 2>&1 || true
}

teardown_file() {
    lab host-thaw host1 || true
    lab host-thaw host2 || true
    delete_all_vms
}

assert_one_copy_on() {
    assert_equal "$(copies move1)" 1 'active copies'
    assert_equal "$(definitions move1)" 1 'definitions'
    assert_equal "$(vm move1 .host)" "$1" 'host by vmctl'
    lab virsh "$1" domstate move1 | grep -q running
}

@test "under memory load the guest's counter never goes back nor stops for 1 s" {
    local before after
    lab guest-load move1 dirty 20
    before=$(report move1 .counter)
    vmctl migrate move1 --to host2
    assert_one_copy_on host2
    after=$(report move1 .counter)
    [ "$after" -gt "$before" ]
    assert_between "$(report move1 .counter_max_gap_ms)" 0 1000 \
        'longest stop of the counter in ms'
    assert_memory_whole move1
    lab guest-load move1 stop
}

@test "resize, migrate, resize again: the guest has each size" {
    vmctl resize move1 --vcpus 3 --memory 512MiB
    vmctl migrate move1 --to host1
    assert_one_copy_on host1
    assert_equal "$(report move1 .cpus_online)" 3 'vCPUs after the move'
    assert_between "$(report move1 .mem_total_kib)" 400000 524288 MemTotal
    vmctl resize move1 --vcpus 4 --memory 768MiB
    assert_equal "$(report move1 .cpus_online)" 4 'vCPUs after the resize'
    assert_between "$(report move1 .mem_total_kib)" 650000 786432 MemTotal
}

@test "a migration can be cancelled, and the VM goes on where it was" {
    local job
    lab guest-load move1 dirty 64
    job=$(vmctl migrate move1 --to host2 --bandwidth 2MiB --no-wait -o json |
        jq -r .id)
    wait_for 30 eval \
        '[ "$(vmctl job show '"$job"' -o json | jq .progress_milli)" -gt 0 ]'
    vmctl job cancel "$job"
    run vmctl job wait "$job"
    [ "$status" = 11 ]
    lab guest-load move1 stop
    assert_one_copy_on host1
}

@test "a resize of a VM that is migrating is refused, and says by what" {
    local job
    lab guest-load move1 dirty 64
    job=$(vmctl migrate move1 --to host2 --bandwidth 2MiB --no-wait -o json |
        jq -r .id)
    run vmctl resize move1 --vcpus 2
    echo "$output"
    vmctl job cancel "$job"
    [ "$status" = 10 ]
    [[ "$output" =~ migrat|moving ]]
    vmctl job wait "$job" || true
    lab guest-load move1 stop
}

@test "a destination that freezes at the end: one running copy, nothing left" {
    local job
    lab guest-load move1 dirty 64
    job=$(vmctl migrate move1 --to host2 --bandwidth 16MiB --no-wait -o json |
        jq -r .id)
    wait_for 60 eval \
        '[ "$(vmctl job show '"$job"' -o json | jq .progress_milli)" -gt 100 ]'
    lab host-freeze host2
    lab guest-load move1 stop
    sleep 40
    lab host-thaw host2
    vmctl job wait "$job" || true
    wait_for 60 hosts_are_up
    wait_for 60 eval '[ "$(definitions move1)" = 1 ]'
    assert_one_copy_on "$(vm move1 .host)"
    wait_for 60 guest_is_up move1
    assert_memory_whole move1
}

@test "a destination whose libvirtd dies: the VM goes on at the source" {
    local job from to
    from=$(vm move1 .host)
    to=$([ "$from" = host1 ] && echo host2 || echo host1)
    lab guest-load move1 dirty 64
    job=$(vmctl migrate move1 --to "$to" --bandwidth 2MiB --no-wait -o json |
        jq -r .id)
    wait_for 30 eval \
        '[ "$(vmctl job show '"$job"' -o json | jq .progress_milli)" -gt 0 ]'
    lab host-kill "$to"
    run vmctl job wait "$job"
    [ "$status" != 0 ]
    lab host-restart "$to"
    wait_for 60 hosts_are_up
    lab guest-load move1 stop
    wait_for 60 eval '[ "$(definitions move1)" = 1 ]'
    assert_one_copy_on "$from"
}

@test "a host that cannot run it is refused with the reason" {
    run vmctl migrate move1 --to nowhere
    [ "$status" = 4 ]
    run vmctl migrate move1 --to "$(vm move1 .host)"
    [ "$status" = 3 ] || [ "$status" = 2 ]
}
