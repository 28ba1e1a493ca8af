#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# From a template to a guest that is up, and through its whole life.

load common

setup_file() {
    ensure_fleet
}

teardown_file() {
    delete_all_vms
}

@test "a host says what its guests run under, without being told" {
    assert_equal "$(vmctl host show host1 -o json | jq -r .domain_type)" \
        "$LAB_TYPE" 'domain type'
}

@test "a VM made from a template boots, and its guest sees its size" {
    create_guest life1 --vcpus 2
    assert_equal "$(vm life1 .state)" running state
    assert_equal "$(report life1 .cpus_online)" 2 'vCPUs in the guest'
    assert_between "$(report life1 '.mem_total_kib')" 140000 262144 MemTotal
}

@test "cloud-init user-data reaches the guest as a NoCloud seed" {
    printf '#cloud-config\nhostname: seeded\n' >"$BATS_TEST_TMPDIR/user-data"
    create_guest life-seed --user-data "$BATS_TEST_TMPDIR/user-data"
    run lab guest-exec life-seed cat /run/user-data
    [ "$status" = 0 ]
    [[ "$output" == *'hostname: seeded'* ]]
    vmctl delete life-seed --force --yes
}

@test "pause stops the guest's counter, resume lets it go on" {
    vmctl pause life1
    assert_equal "$(vm life1 .state)" paused state
    vmctl resume life1
    assert_equal "$(vm life1 .state)" running state
    wait_for 20 guest_is_up life1
}

@test "reboot gives the guest a new boot id" {
    local before
    before=$(report life1 .boot_id)
    vmctl reboot life1
    wait_for 90 guest_is_up life1
    [ "$(report life1 .boot_id)" != "$before" ]
}

@test "stop lets the guest shut down by itself; start brings it back" {
    run vmctl stop life1
    [ "$status" = 0 ]
    assert_equal "$(vm life1 .state)" shut-off state
    vmctl job list -o json |
        jq -e '[.jobs[] | select(.kind == "stop")][0].trail
               | map(.text) | join(" ") | test("plug") | not'
    vmctl start life1
    wait_for 90 guest_is_up life1
}

@test "a guest that does not listen is stopped by force after the deadline" {
    create_guest life-deaf
    lab guest-exec life-deaf sh -c 'kill -STOP $(pidof acpid qemu-ga) 1' || true
    vmctl stop life-deaf --timeout 5
    assert_equal "$(vm life-deaf .state)" shut-off state
    vmctl delete life-deaf --yes
}

@test "console carries what the guest prints" {
    run timeout 60 bash -c \
        "(sleep 2; echo; echo 'echo con\$((40+2))sole'; sleep 4) |
         vmctl console life1"
    [[ "$output" == *con42sole* ]]
}

@test "rename: refused while it runs, then the same guest by another name" {
    local uuid
    uuid=$(vm life1 .uuid)
    [ "$(vm life1 .state)" = running ] || vmctl start life1
    run vmctl rename life1 life2
    echo "$output"
    [ "$status" = 3 ]
    [[ "$output" == *'stop it first'* ]]
    vmctl stop life1 --force
    vmctl rename life1 life2
    assert_equal "$(vm life2 .uuid)" "$uuid" UUID
    run vmctl show life1
    [ "$status" = 4 ]
    assert_equal "$(definitions life1)" 0 'definitions of the old name'
    assert_equal "$(definitions life2)" 1 'definitions of the new name'
    vmctl start life2
    wait_for 90 guest_is_up life2
    assert_equal "$(report life2 .uuid)" "$uuid" 'UUID in the guest'
    vmctl stop life2 --force
    vmctl rename life2 life1
    vmctl start life1
    wait_for 90 guest_is_up life1
}

@test "delete leaves no definition and no volume behind" {
    local uuid
    vmctl create life-disk --template lab-disk
    uuid=$(vm life-disk .uuid)
    ls "$VMCTL_LAB"/shared/*"$uuid"*
    vmctl delete life-disk --force --yes
    assert_equal "$(definitions life-disk)" 0 definitions
    run ls "$VMCTL_LAB"/shared/*"$uuid"*
    [ "$status" != 0 ]
    run vmctl show life-disk
    [ "$status" = 4 ]
}

@test "a name that is taken is refused, and the VM that has it is untouched" {
    run vmctl create life1 --template lab
    [ "$status" = 9 ]
    [[ "$output" == *life1* ]]
    guest_is_up life1
}
