/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "vmctl/job-call.h"
#include "vmctl/verbs.h"

#include <stdio.h>

/* Asks only when there is somebody to ask: a script has decided already. */
static gboolean
is_meant(VmcInvocation *invocation, GError **error)
{
    const char *name = invocation->operands[0];
    char answer[16] = "";

    if (vmc_invocation_has(invocation, "yes") ||
        !invocation->terminal.stdin_is_tty ||
        !invocation->terminal.stderr_is_tty)
        return TRUE;
    fprintf(stderr, "Delete the VM '%s' and its disks? [y/N] ", name);
    if (fgets(answer, sizeof(answer), stdin) != NULL &&
        (answer[0] == 'y' || answer[0] == 'Y'))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_CANCELLED,
                "the VM '%s' was not deleted", name);
    return FALSE;
}

gboolean
vmc_verb_delete(VmcInvocation *invocation, GError **error)
{
    g_autofree char *path =
        vmc_client_path("vms", invocation->operands[0], NULL);

    if (!is_meant(invocation, error))
        return FALSE;
    if (vmc_invocation_has(invocation, "force")) {
        char *forced = g_strconcat(path, "?force=1", NULL);

        g_free(path);
        path = forced;
    }
    return vmc_job_carry_out(invocation, SOUP_METHOD_DELETE,
                             g_steal_pointer(&path), NULL, error);
}
