#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Live resize both ways, each seen in the guest; gates, fallbacks, and a size
# that survives a power cycle.

load common

setup_file() {
    ensure_fleet
    create_guest size1
}

teardown_file() {
    delete_all_vms
}

@test "vCPUs grow 1 to 3, and the guest has them" {
    run vmctl resize size1 --vcpus 3
    echo "$output"
    [ "$status" = 0 ]
    assert_equal "$(report size1 .cpus_online)" 3 'vCPUs online'
    assert_equal "$(vm size1 .vcpus.usable)" 3 'usable vCPUs'
}

@test "vCPUs shrink 3 to 2 through the agent, without an unplug under TCG" {
    run vmctl resize size1 --vcpus 2
    echo "$output"
    [ "$status" = 0 ]
    assert_equal "$(report size1 .cpus_online)" 2 'vCPUs online'
}

@test "memory grows 256 to 640 MiB by virtio-mem, and the guest has it" {
    local before
    before=$(report size1 .mem_total_kib)
    vmctl resize size1 --memory 640MiB
    assert_between "$(($(report size1 .mem_total_kib) - before))" \
        380000 400000 'growth of MemTotal in KiB'
    assert_equal "$(vm size1 .memory_bytes.requested)" $((640 << 20)) requested
}

@test "memory shrinks back to 384 MiB, and the guest gives it up" {
    vmctl resize size1 --memory 384MiB
    assert_between "$(report size1 .mem_total_kib)" 270000 393216 MemTotal
}

@test "the size survives a power cycle" {
    vmctl stop size1
    vmctl start size1
    wait_for 90 guest_is_up size1
    assert_equal "$(report size1 .cpus_online)" 2 'vCPUs after the cycle'
    wait_for 30 eval '[ "$(report size1 .mem_total_kib)" -gt 270000 ]'
    assert_equal "$(vm size1 .memory_bytes.requested)" $((384 << 20)) requested
}

@test "a shrink is refused while the guest uses the memory" {
    vmctl resize size1 --memory 640MiB
    lab guest-load size1 memory 420
    wait_for 30 eval '[ "$(report size1 .mem_available_kib)" -lt 250000 ]'
    run vmctl resize size1 --memory 256MiB
    echo "$output"
    [ "$status" = 3 ]
    [[ "$output" == *"must keep"* ]]
    guest_is_up size1
    lab guest-load size1 stop
}

@test "a size above the maximum is refused with the maximum" {
    run vmctl resize size1 --vcpus 64
    [ "$status" = 3 ]
    [[ "$output" == *4* ]]
    run vmctl resize size1 --memory 1TiB
    [ "$status" = 3 ]
    [[ "$output" == *1GiB* ]]
}

@test "a dry run shows the rungs and touches nothing" {
    local before
    before=$(report size1 .mem_total_kib)
    run vmctl resize size1 --memory 1GiB --dry-run
    echo "$output"
    [ "$status" = 0 ]
    [[ "$output" == *virtio-mem* ]]
    assert_equal "$(report size1 .mem_total_kib)" "$before" MemTotal
}

@test "without the virtio-mem driver memory grows by DIMM" {
    create_guest size-dimm --set \
        "cmdline=$LAB_CMDLINE lab.skip=virtio_mem"
    local before
    before=$(report size-dimm .mem_total_kib)
    run vmctl resize size-dimm --memory 512MiB
    echo "$output"
    [ "$status" = 0 ]
    assert_between "$(($(report size-dimm .mem_total_kib) - before))" \
        250000 270000 'growth of MemTotal in KiB'
    lab virsh host1 dumpxml size-dimm 2>/dev/null ||
        lab virsh host2 dumpxml size-dimm
    vmctl delete size-dimm --force --yes
}

@test "without virtio-mem and DIMMs, the balloon shrinks it, reported honestly" {
    create_guest size-balloon --memory 512MiB --set \
        "cmdline=$LAB_CMDLINE lab.skip=virtio_mem"
    run vmctl resize size-balloon --memory 256MiB
    echo "$output"
    [ "$status" = 0 ] || [ "$status" = 8 ] || [ "$status" = 3 ]
    guest_is_up size-balloon
    vmctl delete size-balloon --force --yes
}

@test "vCPUs are brought online by the agent when the guest does not" {
    create_guest size-manual --set \
        "cmdline=$LAB_CMDLINE lab.noonline"
    vmctl resize size-manual --vcpus 3
    assert_equal "$(report size-manual .cpus_online)" 3 'vCPUs online'
    vmctl delete size-manual --force --yes
}
