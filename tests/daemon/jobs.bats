#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Jobs over the API: what is asked for happens, is shown while it does, and
# survives the end of vmctld.

load common

# until_vm NAME STATE: waits until a VM is in a state
until_vm() {
    for _ in {1..200}; do
        # a VM whose job is still to be recovered may not be there yet
        ask GET "/v1/vms/$1"
        [ "$code" != 200 ] || [ "$(field state)" != "$2" ] || return 0
        sleep 0.05
    done
    fail "'$1' is not $2: $body"
}

# faults JSON: from now on the simulated hosts fail like this
faults() {
    echo "{\"faults\": [$1]}" >"$dir/faults.new"
    mv "$dir/faults.new" "$dir/faults.json"
}

@test 'a VM is made, and every step of it can be followed' {
    start
    add_host h1
    expect 202 POST /v1/vms '{"name":"a","template":"lab","overrides":
        {"vcpus":"2"}}'
    grep -qi '^location: /v1/jobs/1' "$dir/headers"
    [ "$(field job.kind)" = create ]
    [ "$(field job.requested_by)" = "uid $(id -u)" ]
    follow 1
    [ "$(field state)" = done ]
    [ "$(field progress_milli)" = 1000 ]
    [ "$(grep -c '^event: job$' "$dir/stream")" -ge 1 ]
    until_vm a running
    [ "$(field host)" = h1 ]
    [ "$(field size.cpu_millicores)" = 2000 ]
    expect 200 GET '/v1/jobs?vm=a&state=all'
    [ "$(field jobs.0.id)" = 1 ]
    expect 200 GET '/v1/jobs?state=open'
    [ "$(field jobs.#)" = 0 ]
    stop
}

@test 'the log tells how each job ended' {
    start
    add_host h1
    carry_out done POST /v1/vms '{"name":"a","template":"lab"}'
    faults '{"call": "suspend", "kind": "refuse", "message": "not today"}'
    carry_out failed POST /v1/vms/a/pause
    stop
    grep -q " info job: job 1 (create 'a') is done" "$dir/log"
    grep -q " notice job: job 2 (pause 'a') is failed: .*not today" "$dir/log"
}

@test 'what a job was given is shown, but not what may be secret in it' {
    start
    add_host h1
    carry_out done POST /v1/vms '{"name":"a","template":"web","overrides":
        {"user-data":"#cloud-config\npassword: geheim\n"}}'
    expect 200 GET /v1/jobs
    [[ $body == *'"seed"'* ]]
    [[ $body != *geheim* ]]
    [[ $body != *'<domain'* ]]
    stop
}

@test 'a dry run says where and why, and does nothing' {
    start
    add_host h1 'cores=1&memory=1GiB'
    add_host h2 cores=8
    expect 200 POST /v1/vms '{"name":"a","template":"lab","dry_run":true,
        "overrides":{"memory":"1GiB"}}'
    [ "$(field placement.host)" = h2 ]
    [ "$(field placement.candidates.0.verdict)" = refused ]
    [ "$(field placement.candidates.1.verdict)" = chosen ]
    [ "$(field vm.name)" = a ]
    expect 200 GET /v1/vms
    [ "$(field vms.#)" = 0 ]
    expect 200 GET /v1/jobs
    [ "$(field jobs.#)" = 0 ]
    stop
}

@test 'names and templates that are none are refused, and nothing is made' {
    start
    add_host h1
    local long
    long=$(printf 'x%.0s' {1..300})
    problem 400 invalid name POST /v1/vms \
        "{\"name\":\"$long\",\"template\":\"lab\"}"
    problem 400 invalid name POST /v1/vms '{"name":"a/b","template":"lab"}'
    problem 404 not-found "no template 'nope'" \
        POST /v1/vms '{"name":"a","template":"nope"}'
    problem 404 not-found "no host 'h9'" \
        POST /v1/vms '{"name":"a","template":"lab","host":"h9"}'
    problem 422 refused "outside what the template allows" POST /v1/vms \
        '{"name":"a","template":"lab","overrides":{"vcpus":"500"}}'
    problem 422 refused "does not allow parameter 'cpus'" POST /v1/vms \
        '{"name":"a","template":"lab","overrides":{"cpus":"5"}}'
    carry_out done POST /v1/vms '{"name":"a","template":"lab"}'
    problem 409 exists "'a' is taken" \
        POST /v1/vms '{"name":"a","template":"lab"}'
    expect 200 GET /v1/jobs
    [ "$(field jobs.#)" = 1 ]
    stop
}

@test 'a VM is paused, resumed, stopped, started, rebooted and deleted' {
    start
    add_host h1
    carry_out done POST /v1/vms '{"name":"a","template":"lab"}'
    until_vm a running
    carry_out done POST /v1/vms/a/pause
    until_vm a paused
    carry_out done POST /v1/vms/a/resume '{}'
    until_vm a running
    carry_out done POST /v1/vms/a/reboot '{"force":true}'
    problem 422 refused 'stop it first' DELETE /v1/vms/a
    carry_out done POST /v1/vms/a/stop '{"force":true}'
    until_vm a shut-off
    carry_out done POST /v1/vms/a/start
    until_vm a running
    carry_out done DELETE '/v1/vms/a?force=1'
    problem 404 not-found "no VM 'a'" GET /v1/vms/a
    stop
}

@test 'a VM has one job at a time; a job that hangs can be cancelled' {
    start
    add_host h1
    carry_out done POST /v1/vms '{"name":"a","template":"lab"}'
    faults '{"kind": "hang", "call": "suspend"}'
    expect 202 POST /v1/vms/a/pause
    local job
    job=$(field job.id)
    problem 409 busy "job $job" POST /v1/vms/a/stop '{"force":true}'
    expect 202 POST "/v1/jobs/$job/cancel"
    rm "$dir/faults.json"
    follow "$job"
    [[ $(field state) =~ ^(cancelled|done|unknown|failed)$ ]]
    problem 422 refused . POST "/v1/jobs/$job/cancel"
    stop
}

@test 'a job whose host refuses fails, and says so' {
    start
    add_host h1
    faults '{"kind": "refuse", "call": "define", "code": "no-space",
        "message": "the disk is full"}'
    carry_out failed POST /v1/vms '{"name":"a","template":"lab"}'
    [ "$(field error.code)" = no-space ]
    [[ $(field error.message) == *'the disk is full'* ]]
    problem 404 not-found "no VM 'a'" GET /v1/vms/a
    stop
}

@test 'killed in the middle of a create, it is finished by the next vmctld' {
    for call in create-disk define start; do
        for step in before after; do
            start
            expect 200 GET /v1/hosts
            [ "$(field hosts.#)" = 1 ] || add_host h1
            faults "{\"kind\": \"crash\", \"call\": \"$call\",
                \"step\": \"$step\"}"
            ask POST /v1/vms "{\"name\":\"$call-$step\",\"template\":\"web\"}"
            await_end
            rm "$dir/faults.json"
            start
            until_vm "$call-$step" running
            expect 200 GET '/v1/jobs?state=open'
            for _ in {1..100}; do
                [ "$(field jobs.#)" != 0 ] || break
                sleep 0.1
                expect 200 GET '/v1/jobs?state=open'
            done
            [ "$(field jobs.#)" = 0 ]
            expect 200 GET "/v1/jobs?vm=$call-$step"
            [ "$(field jobs.0.state)" = done ]
            stop
        done
    done
}

@test 'SIGTERM in the middle of a job: it goes on with the next vmctld' {
    start
    add_host h1
    faults '{"kind": "hang", "call": "define", "ms": 1000}'
    expect 202 POST /v1/vms '{"name":"a","template":"lab"}'
    stop
    rm "$dir/faults.json"
    start
    until_vm a running
    stop
}

@test 'a resize says its steps without taking them' {
    start
    add_host h1
    carry_out done POST /v1/vms '{"name":"a","template":"lab"}'
    until_vm a running
    expect 200 POST /v1/vms/a/resize '{"vcpus":2,"dry_run":true}'
    [ "$(field steps.0.rung)" = plug-vcpus ]
    [ "$(field steps.0.amount)" = 2 ]
    problem 422 refused 'at most' POST /v1/vms/a/resize '{"vcpus":900}'
    problem 400 invalid 'nothing to resize' POST /v1/vms/a/resize '{}'
    problem 400 invalid 'vcpus' POST /v1/vms/a/resize '{"vcpus":0}'
    stop
}

@test 'a migration is refused where it cannot go' {
    start
    add_host h1
    add_host h2 cores=1\&memory=256MiB
    carry_out done POST /v1/vms '{"name":"a","template":"web","host":"h1"}'
    until_vm a running
    problem 404 not-found "no host 'h9'" POST /v1/vms/a/migrate '{"to":"h9"}'
    problem 422 refused "on host 'h1' already" \
        POST /v1/vms/a/migrate '{"to":"h1"}'
    problem 422 refused . POST /v1/vms/a/migrate '{"to":"h2"}'
    problem 422 refused 'h2' POST /v1/vms/a/migrate '{"dry_run":true}'
    carry_out done POST /v1/vms/a/stop '{"force":true}'
    until_vm a shut-off
    problem 422 refused 'only a VM that runs' POST /v1/vms/a/migrate
    stop
}

@test 'a journal that cannot be written refuses the job' {
    mount_small
    start
    add_host h1
    carry_out done POST /v1/vms '{"name":"a","template":"lab"}'
    fill_up
    for _ in {1..200}; do
        ask POST /v1/vms/a/pause
        [ "$code" = 202 ] || [ "$code" = 409 ] || break
    done
    [ "$code" = 507 ] || fail "$code: $body"
    [ "$(field type)" = urn:vmctl:problem:no-space ]
    rm "$state"/filler*
    until [ "$code" = 202 ]; do
        ask POST /v1/vms/a/resume
        sleep 0.1
    done
    stop
}
