/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "vmctl/job-call.h"
#include "vmctl/verbs.h"

static const VmcDatum list_data[] = {
    {"ID", "id", VMC_DATUM_COUNT, VMC_COLUMN_RIGHT, NULL},
    {"KIND", "kind", VMC_DATUM_TEXT, 0, NULL},
    {"VM", "vm_name", VMC_DATUM_TEXT, 0, NULL},
    {"STATE", "state", VMC_DATUM_STATE, 0, NULL},
    {"DONE", "progress_milli", VMC_DATUM_PERMILLE, VMC_COLUMN_RIGHT, NULL},
    {"CREATED", "created_s", VMC_DATUM_TIME, 0, NULL},
    {"BY", "requested_by", VMC_DATUM_TEXT, 0, NULL},
    {"STEP", "step", VMC_DATUM_TEXT, 0, NULL},
    {NULL},
};

static const VmcDatum show_data[] = {
    {"ID", "id", VMC_DATUM_COUNT, 0, NULL},
    {"KIND", "kind", VMC_DATUM_TEXT, 0, NULL},
    {"VM", "vm_name", VMC_DATUM_TEXT, 0, NULL},
    {"VM-UUID", "vm_uuid", VMC_DATUM_TEXT, 0, NULL},
    {"STATE", "state", VMC_DATUM_STATE, 0, NULL},
    {"STEP", "step", VMC_DATUM_TEXT, 0, NULL},
    {"DONE", "progress_milli", VMC_DATUM_PERMILLE, 0, NULL},
    {"BY", "requested_by", VMC_DATUM_TEXT, 0, NULL},
    {"CREATED", "created_s", VMC_DATUM_TIME, 0, NULL},
    {"STARTED", "started_s", VMC_DATUM_TIME, 0, NULL},
    {"FINISHED", "finished_s", VMC_DATUM_TIME, 0, NULL},
    {"ERROR", "error.message", VMC_DATUM_TEXT, 0, NULL},
    {"ERROR-CODE", "error.code", VMC_DATUM_TEXT, 0, NULL},
    {NULL},
};

static const VmcDatum note_data[] = {
    {"TIME", "at_s", VMC_DATUM_TIME, 0, NULL},
    {"SOURCE", "source", VMC_DATUM_TEXT, 0, NULL},
    {"WHAT", "text", VMC_DATUM_TEXT, 0, NULL},
    {NULL},
};

/* ---- list and show ------------------------------------------------------- */

static void
append_query(GString *path, const char *key, const char *value)
{
    if (value == NULL)
        return;
    g_string_append_c(path, strchr(path->str, '?') == NULL ? '?' : '&');
    g_string_append_printf(path, "%s=", key);
    g_string_append_uri_escaped(path, value, NULL, FALSE);
}

gboolean
vmc_verb_job_list(VmcInvocation *invocation, GError **error)
{
    GString *path = g_string_new("/v1/jobs");
    g_autoptr(JsonNode) answer = NULL;

    append_query(path, "vm", vmc_invocation_option(invocation, "vm"));
    append_query(path, "state",
                 vmc_invocation_has(invocation, "open") ? "open" : "all");
    append_query(path, "limit", vmc_invocation_option(invocation, "limit"));
    answer = vmc_invocation_get(invocation, g_string_free(path, FALSE), error);
    if (answer == NULL)
        return FALSE;
    vmc_output_list(&invocation->output, answer, "jobs", list_data);
    return TRUE;
}

static JsonNode *
get_job(VmcInvocation *invocation, GError **error)
{
    return vmc_invocation_get(
        invocation, vmc_client_path("jobs", invocation->operands[0], NULL),
        error);
}

gboolean
vmc_verb_job_show(VmcInvocation *invocation, GError **error)
{
    g_autoptr(JsonNode) job = get_job(invocation, error);
    const VmcOutput *output = &invocation->output;

    if (job == NULL)
        return FALSE;
    vmc_output_item(output, job, show_data);
    if (output->format != VMC_FORMAT_JSON)
        vmc_output_rows(output,
                        vmc_json_array(json_node_get_object(job), "trail"),
                        note_data);
    return TRUE;
}

/* ---- cancel and wait ----------------------------------------------------- */

/* To be cancelled is success here, and to be done is not. */
static gboolean
cancel_outcome(JsonNode *job, GError **error)
{
    JsonObject *object = json_node_get_object(job);
    const char *state = vmc_json_text(object, "state");
    const char *message = vmc_json_text(object, "error.message");

    if (!vmc_job_is_ended(object))
        return TRUE;
    if (g_strcmp0(state, "cancelled") == 0) {
        vmc_say("job %" G_GINT64_FORMAT " is cancelled: %s",
                vmc_json_number(object, "id"), message ? message : "");
        return TRUE;
    }
    g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                "job %" G_GINT64_FORMAT " was '%s' before it could be "
                "cancelled",
                vmc_json_number(object, "id"), state ? state : "over");
    return FALSE;
}

gboolean
vmc_verb_job_cancel(VmcInvocation *invocation, GError **error)
{
    g_autoptr(JsonNode) job = vmc_job_start(
        invocation, SOUP_METHOD_POST,
        vmc_client_path("jobs", invocation->operands[0], "cancel", NULL), NULL,
        error);

    return job != NULL &&
           vmc_job_follow(invocation, &job, VMC_WATCH_DETACHES, error) &&
           cancel_outcome(job, error);
}

gboolean
vmc_verb_job_wait(VmcInvocation *invocation, GError **error)
{
    g_autoptr(JsonNode) job = get_job(invocation, error);

    return job != NULL &&
           vmc_job_follow(invocation, &job, VMC_WATCH_DETACHES, error) &&
           vmc_job_outcome(job, error);
}
