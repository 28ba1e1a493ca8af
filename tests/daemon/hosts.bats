#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# How hosts join and leave the fleet.

load common

# until_hosts N: waits until the fleet has N hosts
until_hosts() {
    for _ in {1..200}; do
        expect 200 GET /v1/hosts
        [ "$(field hosts.#)" != "$1" ] || return 0
        sleep 0.05
    done
    fail "not $1 hosts: $body"
}

@test 'a host joins, is shown with what it has, and survives a restart' {
    start
    expect 201 POST /v1/hosts '{"name": "h1", "uri": "sim://h1?cores=4",
        "labels": ["rack=r1"], "reserved": {"cpu_millicores": 500},
        "ceiling_milli": {"cpu": 3000}, "domain_type": "qemu"}'
    [ "$(field state)" = up ]
    [ "$(field capacity.cpu_millicores)" = 3500 ]
    [ "$(field ceiling_milli.cpu)" = 3000 ]
    [ "$(field reserved.memory_bytes)" = 536870912 ]
    [ "$(field domain_type)" = qemu ]
    [ "$(field use.n_vms)" = 0 ]
    stop
    start
    expect 200 GET /v1/hosts/h1
    [ "$(field labels.0)" = rack=r1 ]
    [ "$(field domain_type)" = qemu ]
    stop
}

@test 'a name, a URI or a machine that is known already is refused' {
    start
    expect 201 POST /v1/hosts '{"name":"h1","uri":"sim://h1"}'
    problem 409 exists 'a host of this name' \
        POST /v1/hosts '{"name":"h1","uri":"sim://h2"}'
    problem 409 exists "this URI.*host 'h1'" \
        POST /v1/hosts '{"name":"h2","uri":"sim://h1"}'
    problem 409 exists "this machine.*host 'h1'" \
        POST /v1/hosts '{"name":"h2","uri":"sim://h1?latency_ms=0"}'
    until_hosts 1
    stop
}

@test 'names and types that are none are refused' {
    start
    local long
    long=$(printf 'x%.0s' {1..300})
    problem 400 invalid 'name' POST /v1/hosts '{"name":"","uri":"sim://h1"}'
    problem 400 invalid 'name' POST /v1/hosts '{"name":"a b","uri":"sim://h1"}'
    problem 400 invalid 'name' POST /v1/hosts \
        "{\"name\":\"$long\",\"uri\":\"sim://h1\"}"
    problem 400 invalid "'domain_type' is 'xen'" POST /v1/hosts \
        '{"name":"h1","uri":"sim://h1","domain_type":"xen"}'
    problem 400 invalid 'cores' POST /v1/hosts \
        '{"name":"h1","uri":"sim://h1?cores=many"}'
    until_hosts 0
    stop
}

@test 'a host that does not answer is not added, and holds nobody up' {
    printf '[hosts]\nconnect_timeout_s = 1\n' >>"$config"
    start
    problem 502 unreachable "host 'h1' was not added.*sim://h1" POST /v1/hosts \
        '{"name":"h1","uri":"sim://h1?open_ms=60000"}' &
    local waiting=$!
    for _ in {1..5}; do
        dir2=$(mktemp -d "$dir/XXXX")
        (dir=$dir2; expect 200 GET /v1/hosts)
    done
    wait $waiting
    until_hosts 0
    stop
}

@test 'a host that is refused is not added' {
    start
    echo '{"faults": [{"kind": "refuse", "call": "open", "code": "denied",
        "message": "the key is not known"}]}' >"$dir/faults.json"
    problem 403 denied 'the key is not known' POST /v1/hosts \
        "{\"name\":\"h1\",\"uri\":\"sim://h1?faults=$dir/faults.json\"}"
    until_hosts 0
    stop
}

@test 'when who asked has gone, nothing is added' {
    start
    run curl --silent --max-time 0.3 --unix-socket "$socket" \
        -H 'Content-Type: application/json' \
        -d '{"name":"h1","uri":"sim://h1?open_ms=1000"}' http://vmctl/v1/hosts
    [ "$status" = 28 ]
    # the same host, asked for once the other attempt has ended, joins
    for _ in {1..100}; do
        ask POST /v1/hosts '{"name":"h1","uri":"sim://h1?open_ms=1000"}'
        [ "$code" = 409 ] || break
        [ "$(field type)" = urn:vmctl:problem:busy ] || fail "$body"
        sleep 0.05
    done
    [ "$code" = 201 ]
    stop
}

@test 'a host is not added twice at a time' {
    start
    ask POST /v1/hosts '{"name":"h1","uri":"sim://h1?open_ms=700"}' &
    local first=$!
    sleep 0.2
    local own=$dir/second
    mkdir "$own"
    (
        dir=$own
        problem 409 busy 'it is being added already' POST /v1/hosts \
            '{"name":"h2","uri":"sim://h1?open_ms=700"}'
    )
    wait $first
    until_hosts 1
    stop
}

@test 'a host leaves only when it has no managed VM' {
    start
    add_host h1
    carry_out done POST /v1/vms '{"name":"web1","template":"lab"}'
    problem 422 refused "1 managed VM, one of them 'web1'" DELETE /v1/hosts/h1
    carry_out done DELETE '/v1/vms/web1?force=1'
    expect 204 DELETE /v1/hosts/h1
    problem 404 not-found "no host 'h1'" DELETE /v1/hosts/h1
    stop
    start
    until_hosts 0
    stop
}

@test 'coming and going is told to who listens' {
    start
    timeout 30 curl --silent --no-buffer --unix-socket "$socket" \
        http://vmctl/v1/events >"$dir/events" 3>&- &
    local listener=$!
    # until it listens, others come and go unseen, or are only seen to go
    for _ in {1..100}; do
        expect 201 POST /v1/hosts '{"name":"h1","uri":"sim://h1"}'
        expect 204 DELETE /v1/hosts/h1
        ! grep -A 1 '^event: host$' "$dir/events" | grep -q '"name":"h1"' ||
            break
        sleep 0.1
    done
    for _ in {1..100}; do
        ! grep -q '^event: host-gone$' "$dir/events" || break
        sleep 0.1
    done
    kill $listener
    grep -A 1 '^event: host$' "$dir/events" | grep -q '"name":"h1"'
    grep -A 1 '^event: host-gone$' "$dir/events" | grep -q '{"name":"h1"}'
    stop
}
