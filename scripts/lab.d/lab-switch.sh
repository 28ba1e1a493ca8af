# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The network between the hosts: a namespace without a name that holds one
# bridge. A sleeping process keeps it alive.

# shellcheck disable=SC2034 # for the other parts
readonly LAB_NET=10.77.0 LAB_NET_BITS=16

switch_netns() {
    nsenter --target "$1" --net "${@:2}"
}

# The record comes first and the lock goes last: whoever gets the lock next
# sees every process of the one before.
switch_spawn() {
    process_record switch "$BASHPID"
    exec 9>&-
    exec setsid unshare --net sleep infinity </dev/null >/dev/null 2>&1
}

switch_is_up() {
    local pid
    pid=$(process_pid switch) &&
        switch_netns "$pid" ip link show br0 >/dev/null 2>&1
}

switch_up() {
    local pid mine tries=0
    ! switch_is_up || return 0
    process_end switch
    switch_spawn &
    mine=$(readlink /proc/self/ns/net)
    until pid=$(process_pid switch) &&
        [[ $(readlink "/proc/$pid/ns/net") != "$mine" ]]; do
        ((++tries <= 500)) || die "the network namespace does not come up"
        sleep 0.01
    done
    switch_netns "$pid" ip link add br0 type bridge forward_delay 0
    switch_netns "$pid" ip link set br0 up
}

# Gives the host number K, whose init is PID, its cable to the switch.
switch_connect() {
    local pid=$2 switch port=port$1
    switch=$(process_pid switch)
    if switch_netns "$pid" ip link show eth0 >/dev/null 2>&1 &&
        switch_netns "$switch" ip link show "$port" >/dev/null 2>&1; then
        return 0
    fi
    switch_netns "$switch" ip link add "$port" type veth \
        peer name eth0 netns "$pid"
    switch_netns "$switch" ip link set "$port" master br0 up
    switch_netns "$pid" ip link set eth0 master br0 up
}
