#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# plan, capacity and explain work on a fleet file, without vmctld.

load common

setup() {
    plans=$VMC_SRCDIR/tests/corpus/plan
    export VMCTL_SOCKET=/nonexistent
}

@test "a plan is told as a story" {
    expect 0 plan --fleet "$plans/hot-host/fleet.json" --steps 4096
    [ "$output" = "$(cat "$plans/hot-host/story")" ]
    [ -z "$stderr" ]
}

@test "a plan as plain has a line for each step, as JSON it is the whole" {
    expect 0 plan --fleet "$plans/drain/fleet.json" --drain kvm1 -o plain
    [ "$(cut -f 1-5 <<<"$output")" = $'1\tmove\ta\tkvm1\tkvm3
2\tmove\tb\tkvm1\tkvm2' ]
    expect 0 plan --fleet "$plans/drain/fleet.json" --drain kvm1 -o json
    grep -qF '"question" : "drain kvm1"' <<<"$output"
}

@test "the fleet may come from stdin" {
    expect 0 plan --fleet - <"$plans/balanced-already/fleet.json"
    [ "$output" = 'rebalance: nothing to do' ]
}

@test "room is made for a size" {
    local fleet=$plans/room-by-a-neighbour/fleet.json
    expect 0 plan --fleet "$fleet" --room-for a --memory 12GiB -o plain
    [ "$(cut -f 2-4 <<<"$output")" = $'move\tb\tkvm1\nresize\ta\tkvm1' ]
    expect 2 plan --fleet "$fleet" --room-for a
    says 'needs --vcpus or --memory'
    expect 2 plan --fleet "$fleet" --memory 12GiB
}

@test "VMs on no host are placed, and what must hold is repaired" {
    expect 0 plan --fleet "$plans/place-one/fleet.json" --place new -o plain
    [ "$(cut -f 2-5 <<<"$output")" = $'start\tnew\t\tkvm3' ]
    expect 0 plan --fleet "$plans/pin-host-hard/fleet.json" --repair -o plain
    [ "$(cut -f 2-5 <<<"$output")" = $'move\tgpu\tkvm1\tkvm3' ]
}

@test "a policy that ships, or a file" {
    local fleet=$plans/pack/fleet.json policy=$BATS_TEST_TMPDIR/policy.json
    expect 0 plan --fleet "$fleet" --policy pack -o plain
    [ "$(wc -l <<<"$output")" -eq 2 ]
    echo '{"like": "pack", "weight_milli": {"hosts": 0}}' >"$policy"
    expect 0 plan --fleet "$fleet" --policy "$policy" -o plain
    [ -z "$output" ]
    echo '{"weight_milli": {"laod": 1}}' >"$policy"
    expect 2 plan --fleet "$fleet" --policy "$policy"
    says 'weight_milli.laod: there is no such member'
    expect 4 plan --fleet "$fleet" --policy chaos
    one_sentence
}

@test "what is asked wrongly is said" {
    local fleet=$plans/drain/fleet.json
    expect 2 plan --fleet "$fleet" --drain kvm1 --repair
    says 'ask one at a time'
    expect 4 plan --fleet "$fleet" --drain kvm9
    expect 4 plan --fleet /nonexistent
    one_sentence
    expect 2 plan --fleet "$plans/fleet-nonsense/fleet.json"
    says 'hosts\[0\].uri: is missing'
    expect 2 plan --fleet "$fleet" --threads 100000
    says 'at most 64'
    expect 2 plan --fleet "$fleet" --time 0
    says 'leave it out'
    expect 4 capacity --fleet "$fleet" --template ./web
    expect 4 capacity --fleet "$fleet" --template web.yaml
    says 'as ./web.yaml'
}

@test "capacity counts VMs like one of the fleet" {
    local fleet=$plans/rule-by-template/fleet.json
    expect 0 capacity --fleet "$fleet" --template db --tiers 1
    output_is <<'END'
VCPUS  MEMORY  DISK  MORE  WITH SPARE  ENDED BY
    2    4GiB    0B     9           5  cpu
END
    expect 0 capacity --fleet "$fleet" -t web --tiers 1 -o json
    grep -qF '"n_vms" : 2' <<<"$output"
    expect 4 capacity --fleet "$fleet" --template nothing
    one_sentence
}

@test "capacity counts VMs of a template file" {
    expect 0 capacity --fleet "$plans/pack/fleet.json" --tiers 1 \
        --template "$VMC_SRCDIR/templates/web.xml" -o plain
    [ "$(cut -f 4,6 <<<"$output")" = \
        $'0\t3 of 3 hosts: it has no active storage pool \'default\'' ]
}

@test "explain of a fleet, and of a VM in it, with every host for it" {
    local fleet=$plans/near-hard-repaired/fleet.json
    expect 0 explain --fleet "$fleet"
    grep -qx "web1: rule 'web-near-db' (near) must hold and does not" \
        <<<"$output"
    expect 0 explain --fleet "$fleet" web2
    grep -qE '^kvm1 +fits +pays: it repairs what must hold$' <<<"$output"
    grep -qE '^kvm3 +fits +does not pay: the score gets [0-9.]+ worse$' \
        <<<"$output"
    expect 4 explain --fleet "$fleet" nobody
}
