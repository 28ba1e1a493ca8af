#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# How vmctld starts, refuses to start, and stops.

load common

@test 'starts, tells the manager, answers, stops and leaves no socket' {
    start
    expect 200 GET /v1
    [ "$(field api)" = 1 ]
    [ "$(stat -c %a "$socket")" = 660 ]
    [ "$(stat -c %a "$state")" = 700 ]
    stop
    [ ! -e "$socket" ]
    grep -q 'READY=1' "$dir/notified"
    [ "$(tail -n 1 "$dir/notified")" = 'STOPPING=1' ]
}

@test 'tells the watchdog that its loop runs' {
    export WATCHDOG_USEC=100000
    start
    until grep -q 'WATCHDOG=1' "$dir/notified"; do sleep 0.1; done
    stop
}

@test 'takes its folders from systemd' {
    export STATE_DIRECTORY=$dir/other RUNTIME_DIRECTORY=$dir/run
    supervise
    [[ $said == 'ready '* ]]
    [ -f "$dir/other/vmctl.db" ]
    socket=$dir/run/vmctld.sock expect 200 GET /v1
    stop
}

@test 'a second vmctld on the same state is refused, the first goes on' {
    start
    first_pid=$pid first_supervisor=$supervisor
    socket=$dir/s2 refuses 10 "$state/vmctl.db.*(in use|by process|another)"
    pid=$first_pid supervisor=$first_supervisor
    expect 200 GET /v1
}

@test 'a second vmctld on the same socket is refused, the first goes on' {
    start
    first_pid=$pid first_supervisor=$supervisor
    state=$dir/state2 refuses 10 "cannot listen on '$socket': another vmctld"
    pid=$first_pid supervisor=$first_supervisor
    expect 200 GET /v1
}

@test 'the socket of a vmctld that was killed is taken over' {
    start
    murder
    [ -S "$socket" ]
    start
    expect 200 GET /v1
    stop
}

@test 'a file where the socket should be is left alone' {
    echo precious >"$socket"
    refuses 9 "something else than a socket"
    [ "$(cat "$socket")" = precious ]
}

@test 'a damaged database is refused with advice, and not touched' {
    start
    expect 201 POST /v1/hosts '{"name":"h1","uri":"sim://h1"}'
    stop
    printf 'garbage' | dd of="$state/vmctl.db" bs=1 seek=20 conv=notrunc \
        status=none
    dd if=/dev/urandom of="$state/vmctl.db" bs=512 seek=2 count=8 \
        conv=notrunc status=none
    before=$(sha256sum <"$state/vmctl.db")
    refuses 12 "vmctl.db.*--rebuild"
    [ "$(sha256sum <"$state/vmctl.db")" = "$before" ]
}

@test 'a database that is removed while it is in use is noticed' {
    start
    expect 201 POST /v1/hosts '{"name":"h1","uri":"sim://h1"}'
    mkdir "$dir/away"
    mv "$state"/vmctl.db* "$dir/away"
    problem 500 damaged 'was removed or replaced .*: stop vmctld, then put it' \
        POST /v1/hosts '{"name":"h2","uri":"sim://h2"}'
    mv "$dir"/away/* "$state"
    expect 201 POST /v1/hosts '{"name":"h2","uri":"sim://h2"}'
    expect 200 GET /v1/hosts
    [ "$(field hosts.#)" = 2 ]
    stop
}

@test 'a state directory that cannot be written is refused' {
    mkdir "$state"
    chmod 555 "$state"
    if [ "$(id -u)" = 0 ]; then
        # root may write anywhere; nobody may not even look into a build tree
        cp "$vmctld" "$dir/vmctld"
        vmctld=$dir/vmctld
        chmod 755 "$dir"
        chmod 644 "$config"
        as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    fi
    refuses 5 "$state.*(ermission denied|writable)"
}

@test 'a first start on a full disk leaves no half of a database' {
    mount_small
    fill_up
    refuses 13 "no new state was made: .*: free some space there"
    [ "$(ls "$state")" = $'filler\nfiller2\nvmctl.db.lock' ] || fail "$(ls "$state")"
    rm "$state"/filler*
    start
    expect 200 GET /v1/hosts
    stop
}

@test 'a read-only file system is refused' {
    mount_small
    mount -o remount,ro "$state"
    refuses 5 "$state.*: Read-only file system: make .*--state-dir"
}

@test 'a bad configuration is refused with file and line' {
    printf '[api]\nmax_connections = many\n' >"$config"
    run -2 "$vmctld" --config "$config" --check-config
    [ "$output" = "$config:2: 'max_connections': 'many' is not a whole number" ]
    refuses 2 "$config:2: 'max_connections': 'many'"
}

@test 'a good configuration is said to be ok' {
    run -0 "$vmctld" --config "$config" --check-config
    [ "$output" = "$config: ok" ]
}

@test 'of a default configuration that is not there none is said to be ok' {
    [ ! -e /etc/vmctl/vmctld.conf ] || skip 'this machine has one'
    run -0 "$vmctld" --check-config
    [ "${output%:*}" != '/etc/vmctl/vmctld.conf' ]
    [[ $output == 'there is no '*'/vmctl/vmctld.conf: the defaults hold, ok' ]]
}

@test 'a configuration that is not there is refused' {
    run -4 "$vmctld" --config "$dir/none.conf" --check-config
    [[ $output == *"$dir/none.conf"* ]]
}

@test 'options that make no sense are usage errors' {
    run -2 "$vmctld" --no-such-option
    [[ $output == 'vmctld: '*'--no-such-option'* ]]
    run -2 "$vmctld" extra
    [[ $output == "vmctld: 'extra' is one argument too many"* ]]
    run -2 "$vmctld" --host a=b
    [[ $output == *'--host is only for --rebuild'* ]]
    run -0 "$vmctld" --version
    [[ $output == 'vmctld '[0-9]* ]]
}

@test 'a socket path that is too long is refused before anything is done' {
    socket=$dir/$(printf 'x%.0s' {1..120})
    refuses 2 'too long for a socket'
    [ ! -e "$state/vmctl.db" ]
}

@test 'a broken template is listed with its error, and harms nothing' {
    mkdir "$dir/templates"
    cp "$VMC_SRCDIR"/templates/* "$dir/templates"
    sed -i 's/<vcpus/<vcpu/' "$dir/templates/web.xml"
    templates=$dir/templates start
    expect 200 GET /v1/templates/web
    field error | grep -qE 'web.xml:[0-9]+: .*vcpu'
    expect 200 GET /v1/templates/batch
    [ "$(field error)" = '' ]
    stop
}

@test 'a template that is mended is noticed' {
    mkdir "$dir/templates"
    cp "$VMC_SRCDIR"/templates/* "$dir/templates"
    echo '<broken' >"$dir/templates/web.xml"
    templates=$dir/templates start
    expect 200 GET /v1/templates/web
    [ "$(field error)" != '' ]
    cp "$VMC_SRCDIR/templates/web.xml" "$dir/templates/web.xml"
    for _ in {1..100}; do
        expect 200 GET /v1/templates/web
        [ "$(field error)" != '' ] || break
        sleep 0.1
    done
    [ "$(field error)" = '' ]
    stop
}

@test 'the service is locked up' {
    command -v systemd-analyze >/dev/null || skip 'no systemd-analyze here'
    run -0 systemd-analyze security --offline=yes --threshold=20 \
        "$VMC_BUILDDIR/data/vmctld.service"
}
