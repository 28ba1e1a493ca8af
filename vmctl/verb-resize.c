/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "vmctl/job-call.h"
#include "vmctl/sizes.h"
#include "vmctl/verbs.h"

/* One of the two sizes that can be changed. */
typedef struct {
    const char *option;
    VmcValueKind kind;
    const char *member; /* in the request */
    const char *now;    /* in a VM: what "+" and "-" count from */
} Dimension;

static const Dimension dimensions[] = {
    {"vcpus", VMC_VALUE_COUNT_CHANGE, "vcpus", "vcpus.requested"},
    {"memory", VMC_VALUE_SIZE_CHANGE, "memory_bytes", "memory_bytes.requested"},
};

/* ---- the request --------------------------------------------------------- */

static gboolean
needs_present_size(VmcInvocation *invocation)
{
    for (guint i = 0; i < G_N_ELEMENTS(dimensions); i++) {
        const char *text =
            vmc_invocation_option(invocation, dimensions[i].option);

        if (text != NULL && vmc_value_is_change(text))
            return TRUE;
    }
    return FALSE;
}

static gboolean
add_dimension(VmcInvocation *invocation,
              const Dimension *dimension,
              JsonNode *vm,
              JsonObject *body,
              GError **error)
{
    const char *text = vmc_invocation_option(invocation, dimension->option);
    guint64 number = 0;
    guint64 now = 0;

    if (text == NULL)
        return TRUE;
    if (vm != NULL)
        now =
            (guint64) vmc_json_number(json_node_get_object(vm), dimension->now);
    if (!vmc_value_apply(dimension->kind, text, now, &number, error)) {
        g_prefix_error(error, "--%s: ", dimension->option);
        return FALSE;
    }
    json_object_set_int_member(body, dimension->member, (gint64) number);
    return TRUE;
}

static JsonObject *
resize_request(VmcInvocation *invocation, GError **error)
{
    g_autoptr(JsonObject) body = json_object_new();
    g_autoptr(JsonNode) vm = NULL;

    if (!vmc_invocation_has(invocation, "vcpus") &&
        !vmc_invocation_has(invocation, "memory")) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "say what to resize: --vcpus N, --memory SIZE or both");
        return NULL;
    }
    if (needs_present_size(invocation)) {
        vm = vmc_invocation_get(
            invocation, vmc_client_path("vms", invocation->operands[0], NULL),
            error);
        if (vm == NULL)
            return NULL;
    }
    for (guint i = 0; i < G_N_ELEMENTS(dimensions); i++)
        if (!add_dimension(invocation, &dimensions[i], vm, body, error))
            return NULL;
    if (vmc_invocation_has(invocation, "dry-run"))
        json_object_set_boolean_member(body, "dry_run", TRUE);
    return g_steal_pointer(&body);
}

/* ---- the answer ---------------------------------------------------------- */

/* vCPUs are counted; of all else there are bytes. */
static char *
format_amount(const VmcDatum *datum, JsonObject *step, gboolean exact)
{
    const char *rung = vmc_json_text(step, "rung");
    gboolean is_count = rung != NULL && g_str_has_suffix(rung, "-vcpus");
    VmcDatum part = {datum->title, datum->path,
                     is_count ? VMC_DATUM_COUNT : VMC_DATUM_BYTES, 0, NULL};

    return vmc_datum_format(&part, step, exact);
}

static const VmcDatum step_data[] = {
    {"RUNG", "rung", VMC_DATUM_TEXT, 0, NULL},
    {"AMOUNT", "amount", VMC_DATUM_COUNT, VMC_COLUMN_RIGHT, format_amount},
    {"DEVICE", "alias", VMC_DATUM_TEXT, VMC_COLUMN_OPTIONAL, NULL},
    {"REASON", "reason", VMC_DATUM_TEXT, 0, NULL},
    {NULL},
};

static gboolean
dry_run(VmcInvocation *invocation, char *path, JsonObject *body, GError **error)
{
    g_autoptr(JsonNode) answer =
        vmc_invocation_post(invocation, path, body, error);

    if (answer == NULL)
        return FALSE;
    vmc_output_list(&invocation->output, answer, "steps", step_data);
    return TRUE;
}

static void
say_rounding(JsonNode *job, gint64 asked_bytes)
{
    gint64 given_bytes =
        vmc_json_number(json_node_get_object(job), "intent.memory_bytes");

    if (asked_bytes > 0 && given_bytes > 0)
        vmc_sizes_say_rounding("memory", (guint64) asked_bytes,
                               (guint64) given_bytes);
}

/* Also of a job that went wrong: the three numbers say how far it came. */
static void
print_result(VmcInvocation *invocation, JsonNode *job)
{
    JsonObject *result = vmc_json_object(json_node_get_object(job), "result");

    if (result != NULL && invocation->output.format != VMC_FORMAT_JSON)
        vmc_sizes_print(&invocation->output, result);
}

gboolean
vmc_verb_resize(VmcInvocation *invocation, GError **error)
{
    g_autofree char *path =
        vmc_client_path("vms", invocation->operands[0], "resize", NULL);
    JsonObject *body = resize_request(invocation, error);
    g_autoptr(JsonNode) job = NULL;
    gint64 asked_bytes = 0;

    if (body == NULL)
        return FALSE;
    if (vmc_invocation_has(invocation, "dry-run"))
        return dry_run(invocation, g_steal_pointer(&path), body, error);
    asked_bytes = vmc_json_number(body, "memory_bytes");
    job = vmc_job_start(invocation, SOUP_METHOD_POST, g_steal_pointer(&path),
                        body, error);
    if (job == NULL)
        return FALSE;
    say_rounding(job, asked_bytes);
    if (!vmc_job_follow(invocation, &job, VMC_WATCH_CANCELS, error))
        return FALSE;
    print_result(invocation, job);
    return vmc_job_outcome(job, error);
}
