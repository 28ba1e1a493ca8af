#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the API does with requests it should not serve.

load common

# raw TEXT: sends bytes as they are; $output is what comes back
raw() {
    run timeout 20 /usr/bin/python3 -IS -c '
import socket, sys
sock = socket.socket(socket.AF_UNIX)
sock.connect(sys.argv[1])
sock.sendall(sys.argv[2].encode().decode("unicode_escape").encode("latin-1"))
while True:
    data = sock.recv(65536)
    if not data:
        break
    sys.stdout.write(data.decode("latin-1"))
' "$socket" "$1"
}

# nobody: the next requests come from a user without any right
nobody() {
    [ "$(id -u)" = 0 ] || skip 'only root can become somebody else'
    chmod 755 "$dir"
    as_user=(setpriv --reuid 65534 --regid 65534 "${@:---clear-groups}")
    touch "$dir/body" "$dir/headers"
    chown 65534 "$dir/body" "$dir/headers"
}

@test 'of a list of VMs only the fields that are asked for are told' {
    start
    add_host h1
    carry_out done POST /v1/vms '{"name":"a","template":"lab","start":false}'
    carry_out done POST /v1/vms '{"name":"b","template":"lab","start":false}'
    expect 200 GET '/v1/vms?fields=state,name&host=h1'
    local off='"state":"shut-off"'
    [ "$body" = '{"vms":[{"name":"a",'$off'},{"name":"b",'$off'}]}' ]
    problem 400 invalid "no field 'colour'" GET '/v1/vms?fields=name,colour'
    problem 400 invalid "no field ''" GET '/v1/vms?fields='
    stop
}

@test 'unknown paths, methods and parameters are told what there is' {
    start
    problem 404 not-found "no '/v2'" GET /v2
    problem 404 not-found "no host 'h9'" GET /v1/hosts/h9
    problem 404 not-found "no VM 'x y'" GET /v1/vms/x%20y
    problem 404 not-found "no job 'zero'" GET /v1/jobs/zero
    problem 404 not-found "no job '7'" GET '/v1/events?job=7'
    problem 405 invalid 'use GET, POST' PUT /v1/hosts '{}'
    grep -qi '^allow: GET, POST' "$dir/headers"
    problem 400 invalid "no query parameter 'status'" GET '/v1/jobs?status=open'
    problem 400 invalid "'state' is 'opne'" GET '/v1/jobs?state=opne'
    problem 400 invalid "'limit' is '0'" GET '/v1/jobs?limit=0'
    problem 400 invalid "'force' is 'yes'" DELETE '/v1/vms/x?force=yes'
    stop
}

@test 'bodies that are not what was asked for are named, with the place' {
    start
    problem 400 invalid 'line 2: not JSON' POST /v1/hosts $'{"name":\n oops}'
    problem 400 invalid 'expected an object, found an array' POST /v1/hosts '[]'
    problem 400 invalid 'uri: is missing' POST /v1/hosts '{"name": "h1"}'
    problem 400 invalid 'url: there is no such member' \
        POST /v1/hosts '{"name": "h1", "url": "sim://h1"}'
    problem 400 invalid 'name: expected a string, found a whole number' \
        POST /v1/hosts '{"name": 1, "uri": "sim://h1"}'
    problem 400 invalid 'to 1000000, found 1000001' \
        POST /v1/vms/x/migrate '{"bandwidth_mib_per_s": 1000001}'
    problem 400 invalid 'timeout_s' POST /v1/vms/x/reboot '{"timeout_s": 3}'
    problem 400 invalid 'not UTF-8' POST /v1/hosts $'{"name": "\xff"}'
    problem 413 too-large 'nested deeper' POST /v1/hosts \
        "$(printf '[%.0s' {1..200})"
    stop
}

@test 'bodies that are too large are refused, said or streamed' {
    start
    head -c 2000000 /dev/zero | tr '\0' ' ' >"$dir/large"
    problem 413 too-large '2000000 bytes' POST /v1/hosts "@$dir/large"
    code=$(curl --silent --unix-socket "$socket" -o "$dir/body" \
        -w '%{http_code}' -H 'Content-Type: application/json' \
        -H 'Transfer-Encoding: chunked' --data-binary "@$dir/large" \
        http://vmctl/v1/hosts)
    [ "$code" = 413 ]
    expect 200 GET /v1/hosts
    [ "$(field hosts.#)" = 0 ]
    stop
}

@test 'a form is no JSON' {
    start
    code=$(curl --silent --unix-socket "$socket" -o "$dir/body" \
        -w '%{http_code}' -d 'name=h1' http://vmctl/v1/hosts)
    [ "$code" = 415 ]
    stop
}

# hardly_http STATUS REQUEST: it is refused with this status, and as a problem
hardly_http() {
    raw "$2"
    [[ $output =~ ^HTTP/1\.[01]\ $1\  ]] || fail "$2: $output"
    [[ ${output,,} == *'content-type: application/problem+json'* ]] ||
        fail "$2: $output"
    tail -n 1 <<<"$output" | python -c '
import json, sys
problem = json.load(sys.stdin)
assert problem["type"] == "urn:vmctl:problem:invalid", problem
assert "no request of HTTP/1.1" in problem["detail"], problem
'
}

@test 'what libsoup refuses by itself is a problem as well' {
    start
    hardly_http 400 'NONSENSE\r\n\r\n'
    hardly_http 400 'GET /v1 HTTP/1.1\r\n\r\n'
    hardly_http 400 'GET /v1/hosts/%00%ff HTTP/1.1\r\nHost: x\r\n\r\n'
    hardly_http 505 'GET /v1 HTTP/3.7\r\nHost: x\r\n\r\n'
    hardly_http 417 'POST /v1/hosts HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 2\r\n\r\n{}'
    # and nothing of it is in the answer to what comes after it
    expect 200 GET /v1
    [[ $body != *problem* ]]
    ! grep -qi problem "$dir/headers"
    stop
}

@test 'a path or query that is too long is refused, and not repeated' {
    start
    local long
    long=$(printf 'x%.0s' {1..3000})
    problem 414 too-large 'have 3010 bytes' GET "/v1/hosts/$long"
    [[ $body != *xxx* ]]
    problem 414 too-large 'bytes' GET "/v1/jobs?state=$long"
    [[ $body != *xxx* ]]
    problem 404 not-found "no host 'xxx" GET "/v1/hosts/${long:0:300}"
    stop
}

@test 'what is hardly HTTP gets an answer or is cut off, and harms nothing' {
    printf '[api]\nrequest_timeout_s = 1\n' >>"$config"
    start
    raw 'GET /v1 HTTP/1.0\r\n\r\n'
    [[ $output == 'HTTP/1.0 200'* ]]
    raw 'GET /v1 HTTP/1.1\r\n\r\n'
    [[ $output == 'HTTP/1.1 400'* ]]
    raw 'NONSENSE\r\n\r\n'
    [[ $output == *' 400 '* ]]
    raw 'GET /v1/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n'
    [[ $output == 'HTTP/1.1 40'* ]]
    raw 'GET /v1/hosts/%00%ff HTTP/1.1\r\nHost: x\r\n\r\n'
    [[ $output == 'HTTP/1.1 400'* ]]
    raw 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n'
    [[ $output == 'HTTP/1.1 404'* ]]
    raw 'POST /v1/hosts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n'
    raw 'POST /v1/hosts HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{'
    raw "GET /v1 HTTP/1.1\\r\\nX: $(head -c 120000 /dev/zero | tr '\0' x)"
    raw 'GET /v1 HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\n\r\n'
    [[ $output == 'HTTP/1.1 200'* ]]
    expect 200 GET /v1
    stop
}

@test 'a client that sends nothing is cut off' {
    printf '[api]\nrequest_timeout_s = 1\n' >>"$config"
    start
    raw ''
    [ "$status" = 0 ]
    raw 'GET /v1 HTT'
    [ "$status" = 0 ]
    stop
}

@test 'more clients than allowed are told so, and room comes back' {
    printf '[api]\nmax_connections = 8\n' >>"$config"
    start
    run -0 /usr/bin/python3 -IS - "$socket" <<'END'
import socket, sys

def connect():
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(20)
    sock.connect(sys.argv[1])
    return sock

idle = [connect() for _ in range(8)]
ninth = connect()
assert ninth.recv(100).startswith(b"HTTP/1.1 503"), "no 503"
for sock in idle:
    sock.close()
END
    for _ in {1..100}; do
        ask GET /v1
        [ "$code" != 200 ] || break
        sleep 0.1
    done
    [ "$code" = 200 ]
    stop
}

@test 'a stranger may not even connect' {
    start
    nobody
    ask GET /v1
    [ "$code" = '000curl: 7' ] || [ "$code" = 'curl: 7' ] || fail "$code"
    as_user=()
    stop
}

@test 'a stranger may look where that is configured, and no more' {
    printf '[daemon]\nsocket_group =\nothers_read = yes\n' >"$config"
    start
    [ "$(stat -c %a "$socket")" = 666 ]
    nobody
    expect 200 GET /v1/hosts
    problem 403 denied 'user 65534 may not do this' \
        POST /v1/hosts '{"name":"h1","uri":"sim://h1"}'
    problem 403 denied 'may not do this' GET /v1/vms/x/console
    as_user=()
    stop
}

@test 'a member of the group may do everything' {
    printf '[daemon]\nsocket_group = daemon\n' >"$config"
    start
    [ "$(stat -c '%a %G' "$socket")" = '660 daemon' ]
    nobody --groups "$(getent group daemon | cut -d: -f3)"
    expect 201 POST /v1/hosts '{"name":"h1","uri":"sim://h1"}'
    as_user=()
    stop
}
