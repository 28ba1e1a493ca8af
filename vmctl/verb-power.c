/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/job-call.h"
#include "vmctl/verbs.h"

/* start, stop, reboot, pause and resume: the resource below the VM is called as
 * the verb, and what they can be told is the same. */
gboolean
vmc_verb_power(VmcInvocation *invocation, GError **error)
{
    const char *timeout = vmc_invocation_option(invocation, "timeout");
    JsonObject *body = json_object_new();

    if (vmc_invocation_has(invocation, "force"))
        json_object_set_boolean_member(body, "force", TRUE);
    if (timeout != NULL)
        json_object_set_int_member(body, "timeout_s",
                                   g_ascii_strtoll(timeout, NULL, 10));
    return vmc_job_carry_out(invocation, SOUP_METHOD_POST,
                             vmc_client_path("vms", invocation->operands[0],
                                             invocation->verb->name, NULL),
                             body, error);
}
