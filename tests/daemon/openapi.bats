#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The API is what docs/openapi.yaml says it is: every operation is asked for on
# simulated hosts, and what comes back is held against the schemas.

load common

# keep METHOD PATH CODE REQUEST: the exchange just made goes to the cases
keep() {
    /usr/bin/python3 -IS -c '
import json, re, sys
method, path, code, request, body, headers = sys.argv[1:]
path, _, query = path.partition("?")
kind = re.search(r"(?im)^content-type: *([^\r\n]*)", headers)
print(json.dumps({"method": method, "path": path, "query": query,
                  "request": request, "code": int(code), "body": body,
                  "type": kind.group(1) if kind else ""}))
' "$1" "$2" "$3" "$4" "$body" "$(cat "$dir/headers")" >>"$dir/cases"
}

# record METHOD PATH CODE [BODY]: asks, expects CODE, and keeps the exchange
record() {
    expect "$3" "$1" "$2" ${4+"$4"}
    [ "$3" != 202 ] || job=$(field job.id)
    keep "$1" "$2" "$3" "${4-}"
}

# record_stream PATH CODE HEADER...: as record, of an answer without end
record_stream() {
    local path=$1 wanted=$2
    shift 2
    code=$(curl --silent --max-time 1 --unix-socket "$socket" "$@" \
        -o "$dir/body" -D "$dir/headers" -w '%{http_code}' \
        "http://vmctl$path") || true
    body=$(tr -d '\0' <"$dir/body")
    [ "$code" = "$wanted" ] || fail "$path: $code: $body"
    [ "$wanted" != 101 ] || body=
    keep GET "$path" "$wanted" ''
}

# done_with METHOD PATH [BODY]: as record, of a job, and waits for its end
done_with() {
    record "$1" "$2" 202 ${3+"$3"}
    follow "$job"
    [ "$(field state)" = done ] || fail "$body"
}

setup() {
    /usr/bin/python3 -c 'import jsonschema, yaml' 2>/dev/null ||
        skip 'needs python3-jsonschema and python3-yaml'
    prepare
}

teardown() {
    [ -z "${dir-}" ] || clean_up
}

@test 'every operation is as docs/openapi.yaml describes it' {
    start
    record GET /v1 200
    record POST /v1/hosts 201 '{"name": "h1", "uri": "'"sim://h1?vms=1&faults=$dir/faults.json"'",
        "labels": ["rack=r1"], "reserved": {"cpu_millicores": 1000},
        "ceiling_milli": {"cpu": 4000}, "domain_type": "kvm"}'
    record POST /v1/hosts 201 '{"name": "h2", "uri": "sim://h2",
        "migration_uri": "sim://h2"}'
    record GET '/v1/vms?fields=uuid,size' 200
    record GET /v1/hosts 200
    record GET /v1/hosts/h1 200
    record GET /v1/templates 200
    record GET /v1/templates/web 200
    record POST /v1/vms 200 '{"name": "a", "template": "lab", "dry_run": true}'
    done_with POST /v1/vms '{"name": "a", "template": "web", "host": "h1",
        "overrides": {"memory": "1GiB", "user-data": "#cloud-config\n"},
        "start": false}'
    done_with POST /v1/vms/a/start
    done_with POST /v1/vms/a/pause '{}'
    done_with POST /v1/vms/a/resume
    record GET /v1/vms 200
    record GET /v1/vms?host=h1 200
    record GET /v1/vms/a 200
    record GET /v1/fleet 200
    record POST /v1/vms/a/resize 200 '{"vcpus": 3, "dry_run": true}'
    record POST /v1/vms/a/migrate 200 '{"dry_run": true}'
    done_with POST /v1/vms/a/resize '{"vcpus": 3, "memory_bytes": 1300000000}'
    done_with POST /v1/vms/a/migrate '{"to": "h2", "bandwidth_mib_per_s": 9999}'
    done_with POST /v1/vms/a/reboot '{"force": true}'
    done_with POST /v1/vms/a/stop '{"force": true, "timeout_s": 5}'
    done_with POST /v1/vms/a/rename '{"name": "b"}'
    done_with POST /v1/vms/b/rename '{"name": "a"}'
    record GET /v1/jobs 200
    record GET '/v1/jobs?vm=a&state=all&limit=2' 200
    record GET /v1/jobs/1 200
    done_with DELETE '/v1/vms/a?force=1'
    record DELETE /v1/hosts/h2 204

    # a domain that was found
    found=$(expect 200 GET /v1/vms && field vms.0.name)
    done_with POST "/v1/vms/$found/adopt" '{"service_class": "bronze"}'
    record GET "/v1/vms/$found" 200
    record_stream "/v1/events?vm=$found" 200
    [[ $body == 'event: vm'* ]]
    record GET "/v1/vms/$found/console" 426
    record_stream "/v1/vms/$found/console?force=1" 101 \
        -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
        -H 'Sec-WebSocket-Version: 13' \
        -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
    echo '{"faults": [{"kind": "hang", "call": "suspend"}]}' >"$dir/faults.json"
    record POST "/v1/vms/$found/pause" 202
    record POST "/v1/jobs/$job/cancel" 202
    rm "$dir/faults.json"
    follow "$job"

    # what is refused
    record GET /v1/hosts/h9 404
    record PUT /v1/hosts 405 '{}'
    record POST /v1/hosts 400 '{"name": "h3"}'
    record POST /v1/hosts 409 '{"name": "h1", "uri": "sim://h4"}'
    record POST /v1/vms 422 '{"name": "c", "template": "web",
        "overrides": {"vcpus": "99"}}'
    record POST "/v1/jobs/1/cancel" 422
    stop
    /usr/bin/python3 "$VMC_SRCDIR/tests/daemon/openapi.py" \
        "$VMC_SRCDIR/docs/openapi.yaml" <"$dir/cases"
}
