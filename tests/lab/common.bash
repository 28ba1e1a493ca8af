# SPDX-License-Identifier: LGPL-2.1-or-later
# What the lab's tests share: vmctld, its hosts, VMs and what guests report.
# The environment comes from tests/lab/run.
# shellcheck shell=bash

# what the template 'lab' boots with, for tests that add a word
LAB_CMDLINE='console=ttyS0 quiet cryptomgr.notests memhp_default_state=online_movable'

# start_vmctld: on the lab's state; keeps state when it ran before
start_vmctld() {
    mkdir -p "$LAB_RUN/state" "$LAB_RUN/templates"
    cp "$LAB_TOP"/templates/*.{xml,rng} "$LAB_TOP"/tests/lab/*.xml \
        "$LAB_RUN/templates/"
    cat >"$LAB_RUN/vmctld.conf" <<END
[hosts]
measure_interval_s = 1
[stop]
shutdown_timeout_s = 30
[migration]
shared_pools = default
END
    run_vmctld </dev/null >>"$LAB_RUN/vmctld.log" 2>&1 &
    echo $! >"$LAB_RUN/vmctld.pid"
    wait_for 30 vmctl list >/dev/null
}

# run_vmctld: in place of this subshell, with none of the runner's files open,
# since the runner waits until all are closed
run_vmctld() {
    local fd
    for fd in /proc/self/fd/*; do
        fd=${fd##*/}
        if [ "$fd" -gt 2 ]; then eval "exec $fd>&-"; fi
    done
    exec vmctld --config "$LAB_RUN/vmctld.conf" \
        --state-dir "$LAB_RUN/state" --socket "$VMCTL_SOCKET" \
        --template-dir "$LAB_RUN/templates"
}

vmctld_pid() {
    cat "$LAB_RUN/vmctld.pid"
}

kill_vmctld() {
    kill -9 "$(vmctld_pid)"
    while kill -0 "$(vmctld_pid)" 2>/dev/null; do sleep 0.05; done
}

vmctld_runs() {
    [ -f "$LAB_RUN/vmctld.pid" ] && kill -0 "$(vmctld_pid)" 2>/dev/null
}

# ensure_fleet: vmctld runs and knows both hosts of the lab
ensure_fleet() {
    local host
    vmctld_runs || start_vmctld
    for host in host1 host2; do
        vmctl host show "$host" >/dev/null 2>&1 ||
            vmctl host add "$host" "$(lab uri "$host")" \
                --migration-uri "qemu+tcp://$host/system"
    done
    wait_for 60 hosts_are_up
}

hosts_are_up() {
    [ "$(vmctl host list -o json | jq '[.hosts[] | select(.state == "up")] | length')" \
        = 2 ]
}

# wait_for SECONDS COMMAND...: until it succeeds; fails at the limit
wait_for() {
    local limit=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $limit ] || return 1
        sleep 0.2
    done
}

# report VM FILTER: one number of what the guest sees, by jq
report() {
    lab guest-report "$1" | jq -r "$2"
}

# vm VM FILTER: one field of what vmctl says of it
vm() {
    vmctl show "$1" -o json | jq -r "$2"
}

# guest_is_up VM: the guest's agent answers
guest_is_up() {
    lab guest-report "$1" >/dev/null 2>&1
}

# assert_memory_whole VM: what the guest wrote is what it reads, and neither
# its kernel nor its programs stumbled over what is not
assert_memory_whole() {
    assert_equal "$(report "$1" .lost_pages)" 0 'pages lost'
    run lab guest-exec "$1" dmesg
    assert_equal "$status" 0 'code of dmesg'
    ! grep -E 'BUG:|Oops|segfault|protection fault' <<<"$output"
}

# create_guest VM [OPTION...]: a VM whose guest is up, from the template 'lab'
# or the one that TEMPLATE names
create_guest() {
    local name=$1
    shift
    vmctl create "$name" --template "${TEMPLATE:-lab}" "$@"
    wait_for 90 guest_is_up "$name"
}

# cycle_power VM: stops and starts it, and waits for its guest
cycle_power() {
    vmctl stop "$1"
    vmctl start "$1"
    wait_for 90 guest_is_up "$1"
}

# mem_total_is VM MIN MAX: whether MemTotal is between these, in KiB
mem_total_is() {
    local kib
    kib=$(report "$1" .mem_total_kib)
    echo "MemTotal of $1: $kib KiB"
    [ "$kib" -ge "$2" ] && [ "$kib" -le "$3" ]
}

# start_foreign HOST VM: a domain that vmctl does not manage, and can resize
start_foreign() {
    lab virsh "$1" define /dev/stdin <<END
<domain type='$LAB_TYPE'>
  <name>$2</name>
  <maxMemory slots='4' unit='MiB'>1024</maxMemory>
  <memory unit='MiB'>256</memory>
  <vcpu current='1'>3</vcpu>
  <os>
    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
    <kernel>/var/lib/vmctl-lab/vmlinuz</kernel>
    <initrd>/var/lib/vmctl-lab/initrd</initrd>
    <cmdline>$LAB_CMDLINE</cmdline>
  </os>
  <features><acpi/><apic/></features>
  <cpu>
    <numa><cell id='0' cpus='0-2' memory='256' unit='MiB'/></numa>
  </cpu>
  <devices>
    <serial type='pty'/>
    <channel type='unix'>
      <target type='virtio' name='org.qemu.guest_agent.0'/>
    </channel>
  </devices>
</domain>
END
    lab virsh "$1" start "$2"
}

# is_seen VM: vmctl knows of it, managed or not
is_seen() {
    vmctl show "$1" >/dev/null 2>&1
}

# copies VM: on how many hosts the domain is active (paused copies too)
copies() {
    local host n=0
    for host in host1 host2; do
        if lab virsh "$host" list --name 2>/dev/null | grep -qx "$1"; then
            n=$((n + 1))
        fi
    done
    echo $n
}

# definitions VM: how many hosts have any trace of it
definitions() {
    local host n=0
    for host in host1 host2; do
        if lab virsh "$host" list --all --name 2>/dev/null | grep -qx "$1"; then
            n=$((n + 1))
        fi
    done
    echo $n
}

# delete_all_vms: whatever a test left, running or not
delete_all_vms() {
    local name
    vmctld_runs || start_vmctld
    for name in $(vmctl list -o json | jq -r '.vms[] | select(.is_managed) | .name')
    do
        vmctl delete "$name" --force --yes || true
    done
}

# assert_equal ACTUAL EXPECTED WHAT
assert_equal() {
    [ "$1" = "$2" ] || {
        echo "$3: got '$1', expected '$2'"
        return 1
    }
}

# assert_between ACTUAL MIN MAX WHAT
assert_between() {
    [ "$1" -ge "$2" ] && [ "$1" -le "$3" ] || {
        echo "$4: $1 is not within $2 to $3"
        return 1
    }
}
