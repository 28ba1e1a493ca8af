#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Domains that vmctl did not make: seen, counted, never touched; adopted when
# asked, and then resized as far as their definition goes. And the store made anew from what the hosts know.

load common

# of a host: what libvirt does not know
SAID='[.uri, .migration_uri, .labels, .reserved, .ceiling_milli, .domain_type]'

setup_file() {
    ensure_fleet
    start_foreign host1 foreign
}

teardown_file() {
    delete_all_vms
    lab virsh host1 destroy foreign 2>/dev/null || true
    lab virsh host1 undefine foreign 2>/dev/null || true
}

@test "a foreign domain is seen and counts against its host" {
    wait_for 30 is_seen foreign
    assert_equal "$(vm foreign .is_managed)" false managed
}

@test "a foreign domain is never touched" {
    run vmctl stop foreign
    [ "$status" = 3 ]
    [[ "$output" == *adopt* ]]
    run vmctl delete foreign --force --yes
    [ "$status" = 3 ]
    lab virsh host1 domstate foreign | grep -q running
}

@test "a limit that its definition does not let it have is refused" {
    run vmctl adopt foreign --vcpus-max 16
    echo "$output"
    [ "$status" = 3 ]
    [[ "$output" == *'lets it have 3 at the most'* ]]
    run vmctl adopt foreign --memory-max 128MiB
    [ "$status" = 3 ]
    assert_equal "$(vm foreign .is_managed)" false managed
}

@test "an adopted domain is managed, and its guest did not notice" {
    local boot
    wait_for 90 guest_is_up foreign
    boot=$(report foreign .boot_id)
    vmctl adopt foreign --vcpus-max 2
    assert_equal "$(report foreign .boot_id)" "$boot" 'boot id'
    assert_equal "$(vm foreign .is_managed)" true managed
    lab virsh host1 dumpxml foreign | grep -q 'urn:vmctl:vm:1'
    lab virsh host1 domstate foreign | grep -q running
}

@test "it is resized within its limits, and keeps that over a power cycle" {
    local before
    before=$(report foreign .mem_total_kib)
    vmctl resize foreign --vcpus 2 --memory 512MiB
    assert_equal "$(report foreign .cpus_online)" 2 'vCPUs online'
    wait_for 10 mem_total_is foreign $((before + 250000)) $((before + 270000))
    cycle_power foreign
    assert_equal "$(report foreign .cpus_online)" 2 'vCPUs after the cycle'
    wait_for 30 mem_total_is foreign $((before + 250000)) $((before + 270000))
    run vmctl resize foreign --vcpus 3
    [ "$status" = 3 ]
    [[ "$output" == *'at most 2'* ]]
    run vmctl resize foreign --memory 2GiB
    [ "$status" = 3 ]
    [[ "$output" == *'1GiB'* ]]
}

@test "a damaged database is refused with advice, and --rebuild makes it anew" {
    local before
    # once more, with all that can be said of a host
    vmctl host remove host2
    vmctl host add host2 "$(lab uri host2)" --label rack=r2 \
        --reserve cpu=0.25 --ceiling cpu=6 --domain-type qemu \
        --migration-uri qemu+tcp://host2/system
    before=$(vmctl host show host2 -o json | jq -c "$SAID")
    kill "$(vmctld_pid)"
    while vmctld_runs; do sleep 0.1; done
    printf 'garbage' | dd of="$LAB_RUN/state/vmctl.db" bs=1 seek=20 \
        conv=notrunc status=none
    run vmctld --state-dir "$LAB_RUN/state" --socket "$VMCTL_SOCKET"
    echo "$output"
    [ "$status" = 12 ]
    [[ "$output" == *--rebuild* ]]
    vmctld --state-dir "$LAB_RUN/state" --rebuild
    start_vmctld
    wait_for 60 hosts_are_up
    assert_equal "$(vmctl host show host2 -o json | jq -c "$SAID")" "$before" \
        'what was said of host2'
    wait_for 30 is_seen foreign
    assert_equal "$(vm foreign .is_managed)" true 'managed after the rebuild'
}
