#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Help, manual pages and completion come from the same table; here it shows.

load common

@test "there is a verb for everything that was promised" {
    same "$(every_verb | sort)" "$(sort <<'END'
adopt
capacity
console
create
delete
events
explain
help
host add
host list
host remove
host show
job cancel
job list
job show
job wait
list
migrate
pause
plan
reboot
rename
resize
resume
show
start
stop
template check
template list
template show
version
END
)"
}

@test "help of every verb, by --help, -h and help" {
    local verb
    while read -r verb; do
        # shellcheck disable=SC2086  # a verb may be two words
        expect 0 $verb --help
        [[ $output == "Usage: vmctl $verb"* ]]
        [ -z "$stderr" ]
        local by_option=$output
        # shellcheck disable=SC2086
        expect 0 $verb -h
        same "$output" "$by_option"
        # shellcheck disable=SC2086
        expect 0 help $verb
        same "$output" "$by_option"
    done < <(every_verb)
}

@test "help of vmctl names every verb, help of a noun its own" {
    local verb
    expect 0 --help
    while read -r verb; do
        grep -qE "^  $verb +[A-Z]" <<<"$output" || { echo "no $verb"; false; }
    done < <(every_verb)
    same "$output" "$(vmctl help)"
    expect 0 host --help
    output_is <<<"$(vmctl help host)"
    grep -q '^  host add ' <<<"$output"
    ! grep -q '^  job ' <<<"$output"
}

@test "every verb has a manual page that shows its usage and every option" {
    local verb page option usage
    while read -r verb; do
        page=$VMC_SRCDIR/docs/man/vmctl-${verb%% *}.1.scd
        [ -f "$page" ] || { echo "no $page"; false; }
        grep -qF "*vmctl $verb*" "$page" || { echo "$page: no $verb"; false; }
        # shellcheck disable=SC2086
        usage=$(vmctl $verb --help)
        while read -r option; do
            case $option in
            --output | --no-legend | --no-color | --socket | --help) continue ;;
            esac
            grep -qF -- "*$option*" "$page" ||
                { echo "$page: no $option of $verb"; false; }
        done < <(grep -oE '^  .{4}--[a-z-]+' <<<"$usage" | grep -oE -- '--.*')
        grep -qF "vmctl-${verb%% *}*(1)" "$VMC_SRCDIR/docs/vmctl.1.scd" ||
            { echo "vmctl.1: no $verb"; false; }
    done < <(every_verb)
}

@test "vmctl(1) shows the options of every verb, and every exit code" {
    local option code
    for option in output no-legend no-color socket help version wait no-wait; do
        grep -qF -- "*--$option*" "$VMC_SRCDIR/docs/vmctl.1.scd" ||
            { echo "no --$option"; false; }
    done
    for code in {0..14}; do
        grep -qxF "*$code*" "$VMC_SRCDIR/docs/vmctl.1.scd" ||
            { echo "no exit code $code"; false; }
    done
}

@test "--version needs no vmctld" {
    VMCTL_SOCKET=/nonexistent expect 0 --version
    [[ $output == "vmctl "[0-9]* ]]
    [ -z "$stderr" ]
}
