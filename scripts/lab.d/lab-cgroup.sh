# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# A control group of its own for each host. Version 1 has one tree per
# controller, version 2 one for all; a machine may offer neither.

readonly CGROUP_CONTROLLERS=(cpu cpuset io memory pids)

# The kernel says of these files that they are empty: one has to read them.
cgroup_has_controllers() {
    grep -qs . "$1/cgroup.controllers"
}

# Prints "VERSION MOUNTPOINT" for each usable tree of the machine.
cgroup_trees() {
    local mountpoint type
    while read -r _ mountpoint type _; do
        case $type in
        cgroup) echo "1 $mountpoint" ;;
        cgroup2)
            ! cgroup_has_controllers "$mountpoint" || echo "2 $mountpoint"
            ;;
        esac
    done </proc/self/mounts
}

cgroup_group() {
    echo "vmctl-lab-$LAB_ID"
}

# The values without which a new cpuset takes no process.
cgroup_copy_cpuset() {
    local from=$1 to=$2 file
    [[ -e $to/cpuset.cpus ]] || return 0
    for file in cpuset.cpus cpuset.mems; do
        cat "$from/$file" >"$to/$file" 2>/dev/null || return 1
    done
}

cgroup_delegate() {
    local dir=$1 controller
    for controller in "${CGROUP_CONTROLLERS[@]}"; do
        echo "+$controller" >"$dir/cgroup.subtree_control"
    done 2>/dev/null
    return 0
}

cgroup_make_one() {
    local version=$1 root=$2 host=$3 group
    group=$root/$(cgroup_group)
    mkdir -p "$group/$host" 2>/dev/null || return 1
    if ((version == 1)); then
        cgroup_copy_cpuset "$root" "$group" &&
            cgroup_copy_cpuset "$group" "$group/$host"
    else
        mkdir -p "$group/$host/init" || return 1
        cgroup_delegate "$root"
        cgroup_delegate "$group"
        cgroup_has_controllers "$group/$host"
    fi
}

# Makes the groups of HOST and lists them in its file 'cgroups', one line
# "VERSION GROUP MOUNTPOINT" for each tree in which that worked.
cgroup_make() {
    local host=$1 version root
    while read -r version root; do
        if cgroup_make_one "$version" "$root" "$host"; then
            echo "$version $root/$(cgroup_group)/$host $root"
        fi
    done < <(cgroup_trees) >"$LAB_DIR/$host/cgroups"
}

# Moves the calling process into the groups of HOST.
cgroup_enter() {
    local host=$1 group
    while read -r _ group _; do
        echo "$BASHPID" >"$group/cgroup.procs" 2>/dev/null || true
    done <"$LAB_DIR/$host/cgroups"
}

# In version 2 only a leaf may hold processes: once the host has its view of
# the tree, its first processes PID... step down into one.
cgroup_settle() {
    local host=$1 version group pid
    shift
    while read -r version group _; do
        ((version == 2)) || continue
        for pid; do
            echo "$pid" >"$group/init/cgroup.procs" 2>/dev/null || true
        done
        cgroup_delegate "$group"
    done <"$LAB_DIR/$host/cgroups"
}

# cgroup_remove [HOST]: the groups of one host, or of the whole lab.
cgroup_remove() {
    local root tries
    while read -r _ root; do
        root=$root/$(cgroup_group)${1:+/$1}
        for tries in 1 2 3 4 5; do
            [[ -d $root ]] || break
            find "$root" -depth -type d -exec rmdir {} + 2>/dev/null && break
            sleep "0.$tries"
        done
        [[ ! -d $root ]] || say "the control group '$root' is still in use"
    done < <(cgroup_trees)
}

# One word for the status: what the guests of HOST are held by.
cgroup_summary() {
    local host=$1 version
    read -r version _ 2>/dev/null <"$LAB_DIR/$host/cgroups" ||
        version=none
    echo "${version/#[12]/v$version}"
}
