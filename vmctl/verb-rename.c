/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/job-call.h"
#include "vmctl/verbs.h"

gboolean
vmc_verb_rename(VmcInvocation *invocation, GError **error)
{
    JsonObject *body = json_object_new();

    json_object_set_string_member(body, "name", invocation->operands[1]);
    return vmc_job_carry_out(
        invocation, SOUP_METHOD_POST,
        vmc_client_path("vms", invocation->operands[0], "rename", NULL), body,
        error);
}
