/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "core/units.h"
#include "vmctl/candidates.h"
#include "vmctl/job-call.h"
#include "vmctl/sizes.h"
#include "vmctl/verbs.h"

#define MIB (G_GUINT64_CONSTANT(1) << 20)

static gboolean
add_bandwidth(VmcInvocation *invocation, JsonObject *body, GError **error)
{
    const char *text = vmc_invocation_option(invocation, "bandwidth");
    guint64 bytes_per_s = 0;
    guint64 mib_per_s = 0;

    if (text == NULL)
        return TRUE;
    if (!vmc_units_parse_bytes(text, &bytes_per_s, error))
        return FALSE;
    mib_per_s = MAX(bytes_per_s / MIB, 1);
    vmc_sizes_say_rounding("bandwidth per second", bytes_per_s,
                           mib_per_s * MIB);
    json_object_set_int_member(body, "bandwidth_mib_per_s", (gint64) mib_per_s);
    return TRUE;
}

static JsonObject *
migrate_request(VmcInvocation *invocation, GError **error)
{
    g_autoptr(JsonObject) body = json_object_new();
    const char *to = vmc_invocation_option(invocation, "to");

    if (to != NULL)
        json_object_set_string_member(body, "to", to);
    if (vmc_invocation_has(invocation, "dry-run"))
        json_object_set_boolean_member(body, "dry_run", TRUE);
    return add_bandwidth(invocation, body, error) ? g_steal_pointer(&body)
                                                  : NULL;
}

gboolean
vmc_verb_migrate(VmcInvocation *invocation, GError **error)
{
    g_autofree char *path =
        vmc_client_path("vms", invocation->operands[0], "migrate", NULL);
    JsonObject *body = migrate_request(invocation, error);

    if (body == NULL)
        return FALSE;
    if (vmc_invocation_has(invocation, "dry-run"))
        return vmc_candidates_ask(invocation, g_steal_pointer(&path), body,
                                  error);
    return vmc_job_carry_out(invocation, SOUP_METHOD_POST,
                             g_steal_pointer(&path), body, error);
}
