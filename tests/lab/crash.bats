#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# kill -9 of vmctld in the middle of each kind of job, and of libvirtd: after a
# restart the job is finished or undone, and the VM is whole.

load common

setup_file() {
    ensure_fleet
}

teardown_file() {
    delete_all_vms
}

has_begun() {
    vmctl job show "$1" -o json | jq -e '.step != null' >/dev/null
}

# kill_in_job JOB [at-once]: kills vmctld when the job has begun a step, or
# before it has had the time to, and starts it again
kill_in_job() {
    [ "${2-}" = at-once ] || wait_for 20 has_begun "$1"
    kill_vmctld
    start_vmctld
    wait_for 60 hosts_are_up
}

job_of() {
    jq -r .id
}

# ended JOB: its end, as a word
ended() {
    vmctl job wait "$1" >/dev/null 2>&1 || true
    vmctl job show "$1" -o json | jq -r .state
}

@test "create: finished or undone, nothing in between" {
    local job state
    job=$(vmctl create crash1 --template lab --no-wait -o json | job_of)
    kill_in_job "$job"
    state=$(ended "$job")
    if [ "$state" = done ]; then
        wait_for 90 guest_is_up crash1
        assert_equal "$(definitions crash1)" 1 definitions
    else
        assert_equal "$(definitions crash1)" 0 definitions
        create_guest crash1
    fi
}

@test "resize: the guest and vmctl agree on the size" {
    local job
    job=$(vmctl resize crash1 --vcpus 3 --memory 640MiB --no-wait -o json |
        job_of)
    kill_in_job "$job"
    assert_equal "$(ended "$job")" 'done' 'end of the job'
    assert_equal "$(report crash1 .cpus_online)" 3 'vCPUs online'
    assert_equal "$(vm crash1 .vcpus.usable)" 3 'usable vCPUs'
}

@test "migrate: one running copy, on the host vmctl says" {
    local job
    lab guest-load crash1 dirty 64
    job=$(vmctl migrate crash1 --bandwidth 32MiB --no-wait -o json | job_of)
    wait_for 30 eval \
        '[ "$(vmctl job show '"$job"' -o json | jq .progress_milli)" -gt 0 ]'
    kill_in_job "$job"
    lab guest-load crash1 stop
    assert_equal "$(ended "$job")" 'done' 'end of the job'
    assert_equal "$(definitions crash1)" 1 definitions
    assert_equal "$(copies crash1)" 1 'running copies'
    lab virsh "$(vm crash1 .host)" domstate crash1 | grep -q running
    wait_for 60 guest_is_up crash1
    assert_memory_whole crash1
}

@test "pause, resume, reboot, stop, start: each is done, and the VM is whole" {
    local verb when job boot=
    for when in in-a-step at-once; do
        for verb in pause resume reboot stop start; do
            [ $verb != reboot ] || boot=$(report crash1 .boot_id)
            job=$(vmctl "$verb" crash1 --no-wait -o json | job_of)
            kill_in_job "$job" $when
            assert_equal "$(ended "$job")" 'done' "end of $verb, cut off $when"
            assert_equal "$(definitions crash1)" 1 definitions
            if [ $verb = reboot ] || [ $verb = start ]; then
                wait_for 90 guest_is_up crash1
            fi
            [ $verb != reboot ] || [ "$(report crash1 .boot_id)" != "$boot" ]
        done
    done
    assert_equal "$(vm crash1 .state)" running 'state by vmctl'
}

@test "a libvirtd that dies under a resize: unknown or done, then the truth" {
    local host
    host=$(vm crash1 .host)
    lab host-kill "$host"
    run vmctl resize crash1 --vcpus 2
    [ "$status" != 0 ]
    lab host-restart "$host"
    wait_for 60 hosts_are_up
    wait_for 60 guest_is_up crash1
    vmctl resize crash1 --vcpus 4
    assert_equal "$(report crash1 .cpus_online)" 4 'vCPUs online'
}

@test "adopt: the domain is managed, by the host and by vmctl" {
    local job
    start_foreign host1 crash2
    wait_for 30 is_seen crash2
    job=$(vmctl adopt crash2 --no-wait -o json | job_of)
    kill_in_job "$job" at-once
    assert_equal "$(ended "$job")" 'done' 'end of the job'
    assert_equal "$(vm crash2 .is_managed)" true managed
    lab virsh host1 dumpxml crash2 | grep -q 'urn:vmctl:vm:1'
    assert_equal "$(definitions crash2)" 1 definitions
}

@test "delete: nothing is left" {
    local job
    job=$(vmctl delete crash1 --force --yes --no-wait -o json | job_of)
    kill_in_job "$job"
    assert_equal "$(ended "$job")" 'done' 'end of the job'
    assert_equal "$(definitions crash1)" 0 definitions
}
