/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/fleet-source.h"

#include "core/error.h"
#include "core/fleet-json.h"
#include "core/planner/policy-json.h"

#include <stdio.h>

static gboolean
read_stream(FILE *file, GString *text, gsize max_bytes, GError **error)
{
    char block[65536];
    gsize n;

    while ((n = fread(block, 1, sizeof block, file)) > 0) {
        g_string_append_len(text, block, (gssize) n);
        if (text->len > max_bytes) {
            g_set_error(error, VMC_ERROR, VMC_ERROR_TOO_LARGE,
                        "it is larger than %" G_GSIZE_FORMAT " bytes",
                        max_bytes);
            return FALSE;
        }
    }
    if (ferror(file) == 0)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_FAILED, "%s", g_strerror(errno));
    return FALSE;
}

char *
vmc_fleet_source_read(const char *path, gsize max_bytes, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    gboolean is_stdin = g_str_equal(path, "-");
    FILE *file = is_stdin ? stdin : fopen(path, "re");

    if (file == NULL) {
        g_set_error(error, VMC_ERROR,
                    errno == ENOENT ? VMC_ERROR_NOT_FOUND : VMC_ERROR_FAILED,
                    "cannot read '%s': %s", path, g_strerror(errno));
        return NULL;
    }
    gboolean is_read = read_stream(file, text, max_bytes, error);
    if (!is_stdin)
        fclose(file);
    if (!is_read) {
        g_prefix_error(error, "cannot read '%s': ", path);
        return NULL;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static VmcFleet *
load_file(const char *path, GError **error)
{
    g_autofree char *text =
        vmc_fleet_source_read(path, VMC_FLEET_MAX_BYTES, error);

    if (text == NULL)
        return NULL;
    VmcFleet *fleet = vmc_fleet_parse(text, -1, error);
    if (fleet == NULL)
        g_prefix_error(error, "%s: ", path);
    return fleet;
}

VmcFleet *
vmc_fleet_source_load(VmcInvocation *invocation, GError **error)
{
    const char *path = vmc_invocation_option(invocation, "fleet");

    if (path != NULL)
        return load_file(path, error);
    g_autoptr(JsonNode) answer =
        vmc_invocation_get(invocation, g_strdup("/v1/fleet"), error);
    return answer != NULL ? vmc_fleet_from_json(answer, error) : NULL;
}

VmcPolicy *
vmc_fleet_source_policy(const VmcInvocation *invocation, GError **error)
{
    const char *name = vmc_invocation_option(invocation, "policy");
    VmcPolicy *policy = vmc_policy_new(name != NULL ? name : "balance");

    if (policy != NULL)
        return policy;
    g_autofree char *text =
        vmc_fleet_source_read(name, VMC_POLICY_MAX_BYTES, error);
    if (text == NULL) {
        g_prefix_error(error,
                       "'%s' is neither a policy that ships nor a file "
                       "of one: ",
                       name);
        return NULL;
    }
    policy = vmc_policy_parse(text, -1, error);
    if (policy == NULL)
        g_prefix_error(error, "%s: ", name);
    return policy;
}
