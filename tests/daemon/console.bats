#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The serial console as a WebSocket.

load common

vmctl() {
    timeout 30 "$VMC_BUILDDIR/vmctl/vmctl" --socket "$socket" "$@" 3>&-
}

@test 'what is typed gets to the guest, and what it says comes back' {
    start
    add_host h1
    carry_out done POST /v1/vms '{"name":"a","template":"lab"}'
    output=$(printf 'hello guest\n' | vmctl console a --linger 1)
    [[ $output == *'hello guest'* ]] || fail "$output"
    stop
}

@test 'a console belongs to one at a time, unless it is taken' {
    start
    add_host h1
    carry_out done POST /v1/vms '{"name":"a","template":"lab"}'
    mkfifo "$dir/keys"
    vmctl console a <"$dir/keys" >"$dir/first" &
    local first=$!
    exec {keys}>"$dir/keys"
    printf 'first\n' >&$keys
    for _ in {1..100}; do
        ! grep -q first "$dir/first" || break
        sleep 0.1
    done
    grep -q first "$dir/first"
    run vmctl console a </dev/null
    [ "$status" = 10 ] || fail "$status: $output"
    output=$(printf 'second\n' | vmctl console a --force --linger 1)
    [[ $output == *second* ]]
    wait $first || true # it was told that the guest's side is closed
    exec {keys}>&-
    stop
}

@test 'a console needs a VM that runs, and is managed' {
    start
    add_host h1 vms=1
    carry_out done POST /v1/vms '{"name":"a","template":"lab","start":false}'
    problem 422 refused 'only while it runs' GET /v1/vms/a/console
    expect 200 GET /v1/vms
    local found
    found=$(field vms.1.name)
    problem 422 refused 'adopt it first' GET "/v1/vms/$found/console"
    stop
}

@test 'a client that floods a console does not fill the memory of vmctld' {
    # freed memory must count as free
    ASAN_OPTIONS=$ASAN_OPTIONS:quarantine_size_mb=1 start
    add_host h1
    carry_out done POST /v1/vms '{"name":"a","template":"lab"}'
    run timeout 60 /usr/bin/python3 -IS - "$socket" <<'END'
# What comes back is not read.
import base64, os, socket, struct, sys

sock = socket.socket(socket.AF_UNIX)
sock.settimeout(5)
sock.connect(sys.argv[1])
key = base64.b64encode(os.urandom(16)).decode()
sock.sendall((
    "GET /v1/vms/a/console HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Key: {key}\r\n\r\n").encode())
assert b" 101 " in sock.recv(4096).split(b"\r\n")[0]
frame = struct.pack("!BBH4x", 0x82, 0x80 | 126, 8192) + b"x" * 8192
sent = 0
try:
    while sent < 64 << 20:
        sent += sock.send(frame)
except (socket.timeout, BrokenPipeError, ConnectionResetError):
    pass
END
    [ "$status" = 0 ] || fail "$output"
    expect 200 GET /v1
    local kib
    kib=$(awk '/^VmHWM:/ { print $2 }' "/proc/$pid/status")
    [ "$kib" -lt 150000 ] || fail "vmctld grew to $kib KiB"
    stop
}
