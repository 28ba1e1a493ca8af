/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "vmctl/candidates.h"
#include "vmctl/job-call.h"
#include "vmctl/verbs.h"

/* vmctld refuses larger bodies anyway; this keeps /dev/zero from being read. */
#define MAX_USER_DATA_BYTES (64 * 1024)

/* ---- the request --------------------------------------------------------- */

/* Options that are the name of a template's parameter, or begin it. */
static void
add_plain_overrides(VmcInvocation *invocation, JsonObject *overrides)
{
    static const char *const names[] = {"vcpus", "memory", "network", "class"};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *value = vmc_invocation_option(invocation, names[i]);

        if (value != NULL)
            json_object_set_string_member(overrides, names[i], value);
    }
}

static gboolean
add_named_overrides(VmcInvocation *invocation,
                    const char *option,
                    const char *prefix,
                    JsonObject *overrides,
                    GError **error)
{
    GPtrArray *texts = vmc_invocation_values(invocation, option);

    for (guint i = 0; texts != NULL && i < texts->len; i++) {
        g_autofree char *name = NULL;
        g_autofree char *parameter = NULL;
        const char *value = NULL;

        if (!vmc_value_split(g_ptr_array_index(texts, i), &name, &value, error))
            return FALSE;
        parameter = g_strconcat(prefix, name, NULL);
        json_object_set_string_member(overrides, parameter, value);
    }
    return TRUE;
}

static gboolean
read_user_data(const char *path, char **ret_text, GError **error)
{
    g_autoptr(GFile) file = g_file_new_for_commandline_arg(path);
    g_autoptr(GFileInputStream) stream = g_file_read(file, NULL, error);
    g_autofree char *text = g_malloc(MAX_USER_DATA_BYTES + 2);
    gsize n_bytes = 0;

    if (stream == NULL || !g_input_stream_read_all(G_INPUT_STREAM(stream), text,
                                                   MAX_USER_DATA_BYTES + 1,
                                                   &n_bytes, NULL, error)) {
        g_prefix_error(error, "--user-data: ");
        return FALSE;
    }
    text[n_bytes] = '\0';
    if (n_bytes > MAX_USER_DATA_BYTES) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_TOO_LARGE,
                    "--user-data: '%s' has more than %d KiB", path,
                    MAX_USER_DATA_BYTES / 1024);
        return FALSE;
    }
    if (!g_utf8_validate(text, (gssize) n_bytes, NULL)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "--user-data: '%s' is not UTF-8 text", path);
        return FALSE;
    }
    *ret_text = g_steal_pointer(&text);
    return TRUE;
}

static gboolean
add_user_data(VmcInvocation *invocation, JsonObject *overrides, GError **error)
{
    const char *path = vmc_invocation_option(invocation, "user-data");
    g_autofree char *text = NULL;

    if (path == NULL)
        return TRUE;
    if (!read_user_data(path, &text, error))
        return FALSE;
    json_object_set_string_member(overrides, "user-data", text);
    return TRUE;
}

static JsonObject *
create_request(VmcInvocation *invocation, GError **error)
{
    g_autoptr(JsonObject) body = json_object_new();
    JsonObject *overrides = json_object_new();
    const char *host = vmc_invocation_option(invocation, "host");

    json_object_set_string_member(body, "name", invocation->operands[0]);
    json_object_set_string_member(
        body, "template", vmc_invocation_option(invocation, "template"));
    json_object_set_object_member(body, "overrides", overrides);
    add_plain_overrides(invocation, overrides);
    if (!add_named_overrides(invocation, "disk", "disk.", overrides, error) ||
        !add_named_overrides(invocation, "factor", "factor.", overrides,
                             error) ||
        !add_named_overrides(invocation, "set", "", overrides, error) ||
        !add_user_data(invocation, overrides, error))
        return NULL;
    if (host != NULL)
        json_object_set_string_member(body, "host", host);
    if (vmc_invocation_has(invocation, "no-start"))
        json_object_set_boolean_member(body, "start", FALSE);
    if (vmc_invocation_has(invocation, "dry-run"))
        json_object_set_boolean_member(body, "dry_run", TRUE);
    return g_steal_pointer(&body);
}

gboolean
vmc_verb_create(VmcInvocation *invocation, GError **error)
{
    JsonObject *body = create_request(invocation, error);

    if (body == NULL)
        return FALSE;
    if (vmc_invocation_has(invocation, "dry-run"))
        return vmc_candidates_ask(invocation, vmc_client_path("vms", NULL),
                                  body, error);
    return vmc_job_carry_out(invocation, SOUP_METHOD_POST,
                             vmc_client_path("vms", NULL), body, error);
}
