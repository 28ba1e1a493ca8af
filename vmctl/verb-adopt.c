/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/units.h"
#include "vmctl/job-call.h"
#include "vmctl/verbs.h"

gboolean
vmc_verb_adopt(VmcInvocation *invocation, GError **error)
{
    const char *class = vmc_invocation_option(invocation, "class");
    const char *vcpus = vmc_invocation_option(invocation, "vcpus-max");
    const char *memory = vmc_invocation_option(invocation, "memory-max");
    g_autoptr(JsonObject) body = json_object_new();
    guint64 memory_bytes = 0;

    if (memory != NULL && !vmc_units_parse_bytes(memory, &memory_bytes, error))
        return FALSE;
    if (class != NULL)
        json_object_set_string_member(body, "service_class", class);
    if (vcpus != NULL)
        json_object_set_int_member(body, "vcpus_max",
                                   g_ascii_strtoll(vcpus, NULL, 10));
    if (memory != NULL)
        json_object_set_int_member(body, "memory_max_bytes",
                                   (gint64) memory_bytes);
    return vmc_job_carry_out(
        invocation, SOUP_METHOD_POST,
        vmc_client_path("vms", invocation->operands[0], "adopt", NULL),
        g_steal_pointer(&body), error);
}
