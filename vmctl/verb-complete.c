/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/completion.h"
#include "vmctl/verbs.h"

#include <stdio.h>

/* One candidate a line, a tab and what it is behind it; ":files" when the shell
 * should offer files. The scripts of data/completions read this. */
gboolean
vmc_verb_complete(VmcInvocation *invocation, GError **error)
{
    g_autofree char *lines = vmc_completion_lines(
        invocation->verbs, (const char *const *) invocation->operands);

    fputs(lines, stdout);
    return TRUE;
}
