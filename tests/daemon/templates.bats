#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is wrong with a template is said when it is asked for, with file and
# line, and nothing is made; all else goes on.

load common

# template NAME: one that is shipped beside, from stdin
template() {
    cat >"$templates/$1.xml"
}

setup() {
    prepare
    cp -r "$templates" "$dir/templates"
    templates=$dir/templates
}

# refused NAME CODE SLUG PATTERN: no VM can be made of it, for that reason
refused() {
    problem "$2" "$3" "^template '$1' cannot be used: $templates/$4" \
        POST /v1/vms "{\"name\":\"x\",\"template\":\"$1\"}"
    expect 200 GET "/v1/templates/$1"
    grep -oE '"error" ?: ?"[^"]*' "$dir/body" | grep -qE "$4"
}

@test 'each broken template says what is wrong with it, and where' {
    template unknown <<'END'
<template name="unknown" extends="base" xmlns="urn:vmctl:template:1">
  <frobnicate/>
</template>
END
    template unit <<'END'
<template name="unit" extends="base" xmlns="urn:vmctl:template:1">
  <size>
    <memory min="1GiB" default="2GiB" max="16 apples"/>
  </size>
</template>
END
    template min-above-max <<'END'
<template name="min-above-max" extends="base" xmlns="urn:vmctl:template:1">
  <size>
    <memory min="8GiB" default="8GiB" max="2GiB"/>
  </size>
</template>
END
    template egg <<'END'
<template name="egg" extends="hen" xmlns="urn:vmctl:template:1"/>
END
    template hen <<'END'
<template name="hen" extends="egg" xmlns="urn:vmctl:template:1"/>
END
    template laughs <<'END'
<!DOCTYPE t [<!ENTITY a "ha"> <!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"> <!ENTITY d "&c;&c;&c;&c;&c;&c;">]>
<template name="laughs" xmlns="urn:vmctl:template:1"><title>&d;</title></template>
END
    { echo '<template name="endless"><!--'; head -c 10000000 /dev/zero |
        tr '\0' x; } | template endless
    start
    add_host h1
    refused unknown 400 invalid 'unknown.xml:2: unknown element <frobnicate>'
    refused unit 400 invalid "unit.xml:3: .*unit 'apples'; write it like 4GiB"
    refused min-above-max 400 invalid \
        "min-above-max.xml:3: 'min' 8GiB of <memory> is above its 'max' 2GiB"
    refused egg 400 invalid "hen.xml:1: 'egg' extends itself: egg → hen → egg"
    refused laughs 400 invalid 'laughs.xml:1: a DOCTYPE is not allowed'
    refused endless 413 too-large 'endless.xml:1: .*larger than 256 KiB'
    expect 200 GET /v1/vms
    [ "$(field vms.#)" = 0 ]
    expect 200 GET /v1/jobs
    [ "$(field jobs.#)" = 0 ]
    carry_out done POST /v1/vms '{"name":"x","template":"lab"}'
    stop
}
