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
    for _ in 1 2 3 4; do # no old news of the hypervisor takes it back
        assert_equal "$(vm size1 .memory_bytes.plugged)" $((640 << 20)) plugged
        [[ "$(vm size1 .pending)" != *'virtio memory'* ]]
        sleep 0.3
    done
    assert_between "$(($(report size1 .mem_total_kib) - before))" \
        380000 400000 'growth of MemTotal in KiB'
    assert_equal "$(vm size1 .memory_bytes.requested)" $((640 << 20)) requested
}

@test "memory shrinks back to 384 MiB, and the guest gives it up" {
    vmctl resize size1 --memory 384MiB
    assert_between "$(report size1 .mem_total_kib)" 270000 393216 MemTotal
}

@test "the size survives a power cycle: vCPUs and virtio-mem" {
    cycle_power size1
    assert_equal "$(report size1 .cpus_online)" 2 'vCPUs after the cycle'
    wait_for 30 mem_total_is size1 270000 393216
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

@test "without the virtio-mem driver memory grows by DIMM, and stays so" {
    create_guest size-dimm --set "cmdline=$LAB_CMDLINE lab.skip=virtio_mem"
    local before
    before=$(report size-dimm .mem_total_kib)
    run vmctl resize size-dimm --memory 512MiB
    echo "$output"
    [ "$status" = 0 ]
    assert_between "$(($(report size-dimm .mem_total_kib) - before))" \
        250000 270000 'growth of MemTotal in KiB'
    cycle_power size-dimm
    wait_for 30 mem_total_is size-dimm $((before + 250000)) $((before + 270000))
    assert_equal "$(vm size-dimm .memory_bytes.plugged)" $((512 << 20)) plugged
    # stored beside the virtio-mem device, it does not keep it from moving
    vmctl migrate size-dimm
    wait_for 30 mem_total_is size-dimm $((before + 250000)) $((before + 270000))
    vmctl resize size-dimm --memory 768MiB
    vmctl resize size-dimm --memory 512MiB
    cycle_power size-dimm
    wait_for 30 mem_total_is size-dimm $((before + 250000)) $((before + 270000))
    vmctl delete size-dimm --force --yes
}

@test "without a virtio-mem device memory grows by DIMM and shrinks by balloon" {
    TEMPLATE=lab-dimm create_guest size-plain
    local before
    before=$(report size-plain .mem_total_kib)
    vmctl resize size-plain --memory 768MiB
    wait_for 10 mem_total_is size-plain $((before + 250000)) $((before + 270000))
    cycle_power size-plain
    wait_for 30 mem_total_is size-plain $((before + 250000)) $((before + 270000))
    run vmctl resize size-plain --memory 384MiB
    echo "$output"
    [ "$status" = 0 ]
    wait_for 10 mem_total_is size-plain $((before - 135000)) $((before - 125000))
    cycle_power size-plain
    wait_for 30 mem_total_is size-plain $((before - 135000)) $((before - 125000))
    assert_equal "$(vm size-plain .memory_bytes.plugged)" $((384 << 20)) plugged
    assert_equal "$(vm size-plain .pending)" null pending
}

@test "a VM that is off is given what it shall start with" {
    vmctl stop size-plain
    vmctl resize size-plain --memory 896MiB --vcpus 2
    vmctl start size-plain
    wait_for 90 guest_is_up size-plain
    wait_for 30 mem_total_is size-plain 780000 $((896 << 10))
    assert_equal "$(report size-plain .cpus_online)" 2 'vCPUs after the start'
    vmctl delete size-plain --force --yes
}

@test "vCPUs are brought online by the agent when the guest does not" {
    create_guest size-manual --set \
        "cmdline=$LAB_CMDLINE lab.noonline"
    vmctl resize size-manual --vcpus 3
    assert_equal "$(report size-manual .cpus_online)" 3 'vCPUs online'
    vmctl delete size-manual --force --yes
}
