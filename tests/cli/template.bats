#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# template check works without vmctld, on what is shipped and on what is wrong.

load common

setup() {
    templates=$VMC_SRCDIR/templates
    export VMCTL_SOCKET=/nonexistent
}

# write: a template from stdin; its path is $file
write() {
    file=$BATS_TEST_TMPDIR/$1.xml
    cat >"$file"
}

@test "every shipped template is right" {
    local file
    for file in "$templates"/*.xml; do
        expect 0 template check "$file"
        [ -z "$stderr" ]
    done
}

@test "the summary, as a table" {
    expect 0 template check "$templates/web.xml"
    output_is <<'END'
template     web
title        Web server
class        silver
vcpus        1 .. 2 .. 8
memory       1GiB .. 2GiB .. 16GiB
disk         20GiB
overridable  vcpus, memory, class, factor.cpu, disk.root, image.root, user-data, network
END
}

@test "the summary, as plain and as JSON: exact" {
    expect 0 template check "$templates/web.xml" -o plain
    grep -qxF $'memory\t1073741824..2147483648..17179869184' <<<"$output"
    expect 0 template check "$templates/web.xml" -o json
    grep -qF '"initial" : 2147483648' <<<"$output"
}

@test "what is wrong is said with file, line and what would be right" {
    write bad <<'END'
<template name="bad" extends="base" xmlns="urn:vmctl:template:1">
  <size>
    <memory min="4GiB" default="2GiB" max="16GiB"/>
  </size>
</template>
END
    expect 2 template check --template-dir "$templates" "$file"
    [ -z "$output" ]
    one_sentence
    says "^vmctl: $file:3: "
    write unit <<'END'
<template name="unit" extends="base" xmlns="urn:vmctl:template:1">
  <size>
    <memory min="1GiB" default="2GiB" max="16 apples"/>
  </size>
</template>
END
    expect 2 template check --template-dir "$templates" "$file"
    says "^vmctl: $file:3: .*apples"
    write element <<'END'
<template name="element" extends="base" xmlns="urn:vmctl:template:1">
  <frobnicate/>
</template>
END
    expect 2 template check --template-dir "$templates" "$file"
    says "^vmctl: $file:2: .*frobnicate"
}

@test "a cycle, and a DOCTYPE with entities that blow up" {
    write hen <<'END'
<template name="hen" extends="egg" xmlns="urn:vmctl:template:1"/>
END
    write egg <<'END'
<template name="egg" extends="hen" xmlns="urn:vmctl:template:1"/>
END
    expect 2 template check --template-dir "$templates" "$file"
    [ -z "$output" ]
    one_sentence
    says "hen.xml:1: 'egg' extends itself: egg → hen → egg; remove one"
    write laughs <<'END'
<!DOCTYPE t [<!ENTITY a "ha"> <!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"> <!ENTITY d "&c;&c;&c;&c;&c;&c;">]>
<template name="laughs" xmlns="urn:vmctl:template:1"><title>&d;</title></template>
END
    expect 2 template check --template-dir "$templates" "$file"
    [ -z "$output" ]
    one_sentence
    says "^vmctl: $file:1: a DOCTYPE is not allowed; a template is plain XML"
}

@test "no such file, a folder, no text, no schema, what it extends is missing" {
    expect 4 template check "$BATS_TEST_TMPDIR/none.xml"
    one_sentence
    says "^vmctl: cannot read '.*/none.xml': No such file or directory$"
    try template check "$BATS_TEST_TMPDIR"
    [ "$status" != 0 ]
    one_sentence
    head -c 1000 /dev/zero >"$BATS_TEST_TMPDIR/zero.xml"
    expect 2 template check --template-dir "$templates" \
        "$BATS_TEST_TMPDIR/zero.xml"
    says 'is not a text file'
    echo '<template/>' >"$BATS_TEST_TMPDIR/lonely.xml"
    [ -e /usr/share/vmctl/templates/template.rng ] ||
        [ -e /usr/local/share/vmctl/templates/template.rng ] || {
        expect 4 template check "$BATS_TEST_TMPDIR/lonely.xml"
        says "there is no 'template.rng' in .*; --template-dir adds a folder"
    }
    write orphan <<'END'
<template name="orphan" extends="nowhere" xmlns="urn:vmctl:template:1"/>
END
    try template check --template-dir "$templates" "$file"
    [ "$status" != 0 ]
    one_sentence
    says "nowhere"
}

@test "larger than a template may be" {
    { echo '<template name="large"><!--'; head -c 10000000 /dev/zero |
        tr '\0' x; echo '--></template>'; } >"$BATS_TEST_TMPDIR/large.xml"
    expect 2 template check --template-dir "$templates" \
        "$BATS_TEST_TMPDIR/large.xml"
    one_sentence
    says 'large.xml:1: the file is larger than 256 KiB'
}

@test "a file that is not called as its template is refused, as by vmctld" {
    write shop <<'END'
<template name="web2" extends="base" xmlns="urn:vmctl:template:1"/>
END
    expect 2 template check --template-dir "$templates" "$file"
    one_sentence
    says "call the file 'web2.xml'"
}
