#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The shells' completions ask vmctl; here they are asked themselves.

load common

setup() {
    export VMCTL_SOCKET=$BATS_TEST_TMPDIR/nobody
    completions=$VMC_SRCDIR/data/completions
}

# in_bash LINE WORD...: what bash offers at the end of LINE, cut into WORDs
in_bash() {
    bash -c '
        source "$1"
        compopt() { :; }
        COMP_LINE=$2 COMP_POINT=${#2}
        COMP_WORDS=("${@:3}") COMP_CWORD=$(($# - 3))
        _vmctl
        echo "${COMPREPLY[*]}"' bash "$completions/vmctl" "$@"
}

@test "bash" {
    same "$(in_bash 'vmctl re' vmctl re)" 'reboot resume rename resize'
    same "$(in_bash 'vmctl host ' vmctl host '')" 'list show add remove'
    same "$(in_bash 'vmctl x -o ' vmctl list -o '')" 'table json plain'
    same "$(in_bash 'vmctl list --output=j' vmctl list --output = j)" json
    same "$(in_bash 'vmctl create x --fac' vmctl create x --fac)" --factor
}

@test "bash: files" {
    cd "$BATS_TEST_TMPDIR"
    touch web.xml 'with blank.xml'
    same "$(in_bash 'vmctl template check web' vmctl template check web)" \
        web.xml
    same "$(in_bash 'vmctl template check with' vmctl template check with)" \
        'with blank.xml'
}

@test "zsh" {
    command -v zsh >/dev/null || skip 'no zsh here'
    run zsh -f -c '
        _describe() { print -l -- "${(P@)4}" }
        _files() { print files }
        compset() { : }
        _test() { source "$1" }
        words=(vmctl host "") CURRENT=3
        _test '"$completions/_vmctl"'
        words=(vmctl template check "") CURRENT=4
        _test '"$completions/_vmctl"
    [ "$status" = 0 ]
    [[ ${lines[0]} == 'list:List the hosts' ]]
    [[ ${lines[4]} == files ]]
}

@test "fish" {
    command -v fish >/dev/null || skip 'no fish here'
    export HOME=$BATS_TEST_TMPDIR
    run fish --no-config -c "source '$completions/vmctl.fish'
        complete -C 'vmctl re'; complete -C 'vmctl list --output=j'"
    output_is <<<"$(printf '%s\t%s\n' reboot 'Boot a VM again' \
        rename 'Give a VM that is shut off another name' \
        resize 'Grow or shrink a VM, while it runs' \
        resume 'Let a paused VM go on'; echo --output=json)"
}

@test "without vmctld there are no names, and it does not take long" {
    expect 0 complete -- show ''
    [ -z "$output$stderr" ]
}
