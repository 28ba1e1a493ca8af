/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/job-call.h"

#include "core/error.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const char *state;
    VmcError code; /* of a failed one: when the job names none */
} StateCode;

/* The states a job can end in that are not "done". */
static const StateCode state_codes[] = {
    {"partial", VMC_ERROR_PARTIAL},
    {"failed", VMC_ERROR_FAILED},
    {"cancelled", VMC_ERROR_CANCELLED},
    {"unknown", VMC_ERROR_UNKNOWN},
};

static JsonNode *
job_of_answer(JsonNode *answer, GError **error)
{
    JsonObject *object = json_node_get_object(answer);
    JsonNode *job = vmc_json_find(object, "job");

    if (job != NULL && JSON_NODE_HOLDS_OBJECT(job))
        return json_node_copy(job);
    g_set_error(error, VMC_ERROR, VMC_ERROR_FAILED,
                "vmctld's answer has no job: is it of another version?");
    return NULL;
}

static JsonNode *
delete_thing(VmcInvocation *invocation, char *path, GError **error)
{
    g_autofree char *owned = path;
    VmcClient *client = vmc_invocation_client(invocation, error);

    return client ? vmc_client_delete(client, owned, error) : NULL;
}

JsonNode *
vmc_job_start(VmcInvocation *invocation,
              const char *method,
              char *path,
              JsonObject *body,
              GError **error)
{
    g_autoptr(JsonNode) answer =
        g_str_equal(method, SOUP_METHOD_DELETE)
            ? delete_thing(invocation, path, error)
            : vmc_invocation_post(invocation, path, body, error);

    return answer ? job_of_answer(answer, error) : NULL;
}

static void
print_left(const VmcOutput *output, JsonNode *job)
{
    gint64 id = vmc_json_number(json_node_get_object(job), "id");

    if (output->format == VMC_FORMAT_JSON)
        vmc_output_json(job);
    else
        printf("%" G_GINT64_FORMAT "\n", id);
}

static void
say_done(JsonNode *job)
{
    JsonObject *object = json_node_get_object(job);
    g_autofree char *label = vmc_job_label(object);

    if (g_strcmp0(vmc_json_text(object, "state"), "done") == 0)
        vmc_say("%s: done", label);
}

gboolean
vmc_job_follow(VmcInvocation *invocation,
               JsonNode **job,
               VmcWatchManner manner,
               GError **error)
{
    JsonNode *end = NULL;

    if (vmc_invocation_has(invocation, "no-wait")) {
        print_left(&invocation->output, *job);
        return TRUE;
    }
    end = vmc_job_watch(vmc_invocation_client(invocation, NULL),
                        &invocation->terminal, *job, manner, error);
    if (end == NULL)
        return FALSE;
    json_node_unref(*job);
    *job = end;
    say_done(end);
    if (invocation->output.format == VMC_FORMAT_JSON)
        vmc_output_json(end);
    return TRUE;
}

/* Most messages of jobs name the VM themselves. */
static char *
outcome_text(JsonObject *job, const char *state)
{
    const char *message = vmc_json_text(job, "error.message");
    const char *vm = vmc_json_text(job, "vm_name");
    g_autofree char *quoted = g_strdup_printf("'%s'", vm ? vm : "");
    g_autofree char *label = vmc_job_label(job);

    if (message != NULL && vm != NULL && strstr(message, quoted) != NULL)
        return g_strdup(message);
    return g_strconcat(label, ": ", message ? message : state, NULL);
}

gboolean
vmc_job_outcome(JsonNode *job, GError **error)
{
    JsonObject *object = json_node_get_object(job);
    const char *state = vmc_json_text(object, "state");
    const char *slug = vmc_json_text(object, "error.code");

    for (guint i = 0; i < G_N_ELEMENTS(state_codes); i++) {
        VmcError code = state_codes[i].code;
        g_autofree char *text = NULL;

        if (g_strcmp0(state, state_codes[i].state) != 0)
            continue;
        if (code == VMC_ERROR_FAILED && slug != NULL)
            vmc_error_from_slug(slug, &code);
        text = outcome_text(object, state);
        g_set_error_literal(error, VMC_ERROR, (int) code, text);
        return FALSE;
    }
    return TRUE;
}

gboolean
vmc_job_carry_out(VmcInvocation *invocation,
                  const char *method,
                  char *path,
                  JsonObject *body,
                  GError **error)
{
    g_autoptr(JsonNode) job =
        vmc_job_start(invocation, method, path, body, error);

    return job != NULL &&
           vmc_job_follow(invocation, &job, VMC_WATCH_CANCELS, error) &&
           vmc_job_outcome(job, error);
}
