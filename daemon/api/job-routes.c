/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/job-routes.h"

#include "core/error.h"
#include "daemon/api/job-view.h"

#define DEFAULT_LIMIT 100
#define MAX_LIMIT 100000

/* ---- listing ------------------------------------------------------------- */

typedef struct {
    const char *vm; /* (nullable) name or UUID */
    gboolean open_only;
    guint64 limit;
} Filter;

static gboolean
read_filter(VmcRequest *request, Filter *ret_filter, GError **error)
{
    const char *state = vmc_request_query(request, "state");
    const char *limit = vmc_request_query(request, "limit");
    Filter filter = {.vm = vmc_request_query(request, "vm"),
                     .open_only = g_strcmp0(state, "open") == 0,
                     .limit = DEFAULT_LIMIT};

    if (state != NULL && !filter.open_only && !g_str_equal(state, "all")) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'state' is '%s': use 'open' or 'all'", state);
        return FALSE;
    }
    if (limit != NULL && !g_ascii_string_to_unsigned(limit, 10, 1, MAX_LIMIT,
                                                     &filter.limit, NULL)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'limit' is '%s': use 1 to %d", limit, MAX_LIMIT);
        return FALSE;
    }
    *ret_filter = filter;
    return TRUE;
}

static gboolean
matches(const VmcJobRecord *record, const Filter *filter)
{
    if (filter->open_only && vmc_job_state_is_final(record->state))
        return FALSE;
    return filter->vm == NULL || g_strcmp0(filter->vm, record->vm_name) == 0 ||
           g_strcmp0(filter->vm, record->vm_uuid) == 0;
}

gboolean
vmc_route_list_jobs(VmcRequest *request, GError **error)
{
    Filter filter;

    if (!read_filter(request, &filter, error))
        return FALSE;
    g_autoptr(GPtrArray) records =
        vmc_job_queue_list(vmc_request_api(request)->jobs);
    JsonArray *jobs = json_array_new();
    for (guint i = 0; i < records->len; i++) {
        const VmcJobRecord *record = records->pdata[i];
        if (json_array_get_length(jobs) >= filter.limit)
            break;
        if (matches(record, &filter))
            json_array_add_element(jobs, vmc_job_view(record));
    }
    JsonObject *object = json_object_new();
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_object_set_array_member(object, "jobs", jobs);
    json_node_take_object(node, object);
    vmc_request_answer(request, SOUP_STATUS_OK, node);
    return TRUE;
}

/* ---- one ----------------------------------------------------------------- */

static VmcJobRecord *
find_job(VmcRequest *request, GError **error)
{
    const char *text = vmc_request_param(request, 0);
    guint64 id = 0;
    VmcJobRecord *record = NULL;

    if (g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT64, &id, NULL))
        record = vmc_job_queue_get(vmc_request_api(request)->jobs, id);
    if (record == NULL)
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "there is no job '%s'", text);
    return record;
}

gboolean
vmc_route_get_job(VmcRequest *request, GError **error)
{
    g_autoptr(VmcJobRecord) record = find_job(request, error);

    if (record == NULL)
        return FALSE;
    vmc_request_answer(request, SOUP_STATUS_OK, vmc_job_view(record));
    return TRUE;
}

gboolean
vmc_route_cancel_job(VmcRequest *request, GError **error)
{
    VmcJobQueue *jobs = vmc_request_api(request)->jobs;
    g_autoptr(VmcJobRecord) record = find_job(request, error);

    if (record == NULL || !vmc_job_queue_cancel(jobs, record->id, error))
        return FALSE;
    g_autoptr(VmcJobRecord) now = vmc_job_queue_get(jobs, record->id);
    vmc_request_answer_job(request, now != NULL ? now : record);
    return TRUE;
}
