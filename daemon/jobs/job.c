/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job.h"

#include "core/name-table.h"
#include "daemon/jobs/json-value.h"

#define REMEMBERED "remembered" /* member of the intent */

static const char *const state_names[VMC_N_JOB_STATES] = {
    [VMC_JOB_QUEUED] = "queued",   [VMC_JOB_RUNNING] = "running",
    [VMC_JOB_DONE] = "done",       [VMC_JOB_PARTIAL] = "partial",
    [VMC_JOB_FAILED] = "failed",   [VMC_JOB_CANCELLED] = "cancelled",
    [VMC_JOB_UNKNOWN] = "unknown",
};

const char *
vmc_job_state_to_name(VmcJobState state)
{
    g_return_val_if_fail(state < VMC_N_JOB_STATES, NULL);
    return state_names[state];
}

gboolean
vmc_job_state_from_name(const char *name, VmcJobState *ret_state)
{
    return vmc_names_find(state_names, name, ret_state);
}

gboolean
vmc_job_state_is_final(VmcJobState state)
{
    return state != VMC_JOB_QUEUED && state != VMC_JOB_RUNNING;
}

/* ---- notes ----------------------------------------------------------------
 */

static void
note_free(gpointer data)
{
    VmcJobNote *note = data;

    g_free(note->source);
    g_free(note->text);
    g_free(note);
}

static VmcJobNote *
note_new(gint64 at_s, const char *source, const char *text)
{
    VmcJobNote *note = g_new0(VmcJobNote, 1);

    note->at_s = at_s;
    note->source = g_strdup(source);
    note->text = g_strdup(text);
    return note;
}

/* ---- records --------------------------------------------------------------
 */

static VmcJobRecord *
record_new_empty(void)
{
    VmcJobRecord *record = g_new0(VmcJobRecord, 1);

    record->trail = g_ptr_array_new_with_free_func(note_free);
    return record;
}

VmcJobRecord *
vmc_job_record_new(const char *kind,
                   const char *vm_uuid,
                   const char *vm_name,
                   JsonObject *intent)
{
    g_return_val_if_fail(kind != NULL, NULL);
    VmcJobRecord *record = record_new_empty();

    record->kind = g_strdup(kind);
    record->vm_uuid = g_strdup(vm_uuid);
    record->vm_name = g_strdup(vm_name);
    record->intent =
        intent != NULL ? vmc_json_object_copy(intent) : json_object_new();
    return record;
}

VmcJobRecord *
vmc_job_record_copy(const VmcJobRecord *record)
{
    g_return_val_if_fail(record != NULL, NULL);
    VmcJobRecord *copy = vmc_job_record_new(record->kind, record->vm_uuid,
                                            record->vm_name, record->intent);

    copy->id = record->id;
    copy->state = record->state;
    copy->step = g_strdup(record->step);
    copy->progress_milli = record->progress_milli;
    copy->requested_by = g_strdup(record->requested_by);
    copy->created_s = record->created_s;
    copy->started_s = record->started_s;
    copy->finished_s = record->finished_s;
    for (guint i = 0; i < record->trail->len; i++) {
        const VmcJobNote *note = g_ptr_array_index(record->trail, i);
        vmc_job_record_note(copy, note->at_s, note->source, note->text);
    }
    copy->error_code = record->error_code;
    copy->error_message = g_strdup(record->error_message);
    copy->result = vmc_json_object_copy(record->result);
    return copy;
}

void
vmc_job_record_free(VmcJobRecord *record)
{
    if (record == NULL)
        return;
    g_free(record->kind);
    g_free(record->vm_uuid);
    g_free(record->vm_name);
    g_clear_pointer(&record->intent, json_object_unref);
    g_free(record->step);
    g_free(record->requested_by);
    g_ptr_array_unref(record->trail);
    g_free(record->error_message);
    g_clear_pointer(&record->result, json_object_unref);
    g_free(record);
}

void
vmc_job_record_note(VmcJobRecord *record,
                    gint64 at_s,
                    const char *source,
                    const char *text)
{
    g_return_if_fail(record != NULL && source != NULL && text != NULL);
    g_ptr_array_add(record->trail, note_new(at_s, source, text));
}

void
vmc_job_record_remember(VmcJobRecord *record,
                        const char *key,
                        const char *value)
{
    g_return_if_fail(record != NULL && key != NULL && value != NULL);
    if (!json_object_has_member(record->intent, REMEMBERED))
        json_object_set_object_member(record->intent, REMEMBERED,
                                      json_object_new());
    json_object_set_string_member(
        json_object_get_object_member(record->intent, REMEMBERED), key, value);
}

const char *
vmc_job_record_recall(const VmcJobRecord *record, const char *key)
{
    g_return_val_if_fail(record != NULL && key != NULL, NULL);
    JsonNode *node = json_object_get_member(record->intent, REMEMBERED);

    if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node))
        return NULL;
    return json_object_get_string_member_with_default(
        json_node_get_object(node), key, NULL);
}

/* ---- to JSON --------------------------------------------------------------
 */

static void
set_string(JsonObject *object, const char *member, const char *value)
{
    if (value != NULL)
        json_object_set_string_member(object, member, value);
}

static void
set_time(JsonObject *object, const char *member, gint64 value_s)
{
    if (value_s > 0)
        json_object_set_int_member(object, member, value_s);
}

static JsonArray *
trail_to_json(GPtrArray *trail)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < trail->len; i++) {
        const VmcJobNote *note = g_ptr_array_index(trail, i);
        JsonObject *object = json_object_new();
        json_object_set_int_member(object, "at_s", note->at_s);
        json_object_set_string_member(object, "source", note->source);
        json_object_set_string_member(object, "text", note->text);
        json_array_add_object_element(array, object);
    }
    return array;
}

static JsonObject *
error_to_json(const VmcJobRecord *record)
{
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "code",
                                  vmc_error_to_slug(record->error_code));
    json_object_set_string_member(object, "message", record->error_message);
    return object;
}

JsonNode *
vmc_job_record_to_json(const VmcJobRecord *record)
{
    g_return_val_if_fail(record != NULL, NULL);
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "id", (gint64) record->id);
    json_object_set_string_member(object, "kind", record->kind);
    set_string(object, "vm_uuid", record->vm_uuid);
    set_string(object, "vm_name", record->vm_name);
    json_object_set_string_member(object, "state",
                                  vmc_job_state_to_name(record->state));
    set_string(object, "step", record->step);
    json_object_set_int_member(object, "progress_milli",
                               record->progress_milli);
    set_string(object, "requested_by", record->requested_by);
    set_time(object, "created_s", record->created_s);
    set_time(object, "started_s", record->started_s);
    set_time(object, "finished_s", record->finished_s);
    json_object_set_array_member(object, "trail", trail_to_json(record->trail));
    if (record->error_message != NULL)
        json_object_set_object_member(object, "error", error_to_json(record));
    if (record->result != NULL)
        json_object_set_object_member(object, "result",
                                      vmc_json_object_copy(record->result));
    json_object_set_object_member(object, "intent",
                                  vmc_json_object_copy(record->intent));

    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, object);
    return node;
}

/* ---- from JSON ------------------------------------------------------------
 */

static gboolean
read_identity(JsonObject *object, VmcJobRecord *record, GError **error)
{
    gint64 id;

    if (!vmc_json_read_int(object, "id", 0, &id, error) ||
        !vmc_json_read_string(object, "kind", &record->kind, error) ||
        !vmc_json_read_string(object, "vm_uuid", &record->vm_uuid, error) ||
        !vmc_json_read_string(object, "vm_name", &record->vm_name, error) ||
        !vmc_json_read_string(object, "requested_by", &record->requested_by,
                              error))
        return FALSE;
    if (record->kind == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID, "'kind' is missing");
        return FALSE;
    }
    record->id = (guint64) id;
    return TRUE;
}

static gboolean
read_state(JsonObject *object, VmcJobRecord *record, GError **error)
{
    g_autofree char *name = NULL;
    gint64 progress_milli;

    if (!vmc_json_read_string(object, "state", &name, error) ||
        !vmc_json_read_string(object, "step", &record->step, error) ||
        !vmc_json_read_int(object, "progress_milli", 0, &progress_milli, error))
        return FALSE;
    if (name == NULL || !vmc_job_state_from_name(name, &record->state)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'state' is '%s', which is no state of a job",
                    name != NULL ? name : "");
        return FALSE;
    }
    if (progress_milli > 1000) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'progress_milli' is above 1000");
        return FALSE;
    }
    record->progress_milli = (guint) progress_milli;
    return TRUE;
}

static gboolean
read_note(JsonNode *node, VmcJobRecord *record, GError **error)
{
    g_autofree char *source = NULL, *text = NULL;
    gint64 at_s;

    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'trail' has a note that is no object");
        return FALSE;
    }
    JsonObject *object = json_node_get_object(node);
    if (!vmc_json_read_int(object, "at_s", 0, &at_s, error) ||
        !vmc_json_read_string(object, "source", &source, error) ||
        !vmc_json_read_string(object, "text", &text, error))
        return FALSE;
    vmc_job_record_note(record, at_s, source != NULL ? source : "",
                        text != NULL ? text : "");
    return TRUE;
}

static gboolean
read_trail(JsonObject *object, VmcJobRecord *record, GError **error)
{
    JsonNode *node = json_object_get_member(object, "trail");

    if (node == NULL)
        return TRUE;
    if (!JSON_NODE_HOLDS_ARRAY(node)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'trail' is not a list");
        return FALSE;
    }
    JsonArray *array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++)
        if (!read_note(json_array_get_element(array, i), record, error))
            return FALSE;
    return TRUE;
}

static gboolean
read_error(JsonObject *object, VmcJobRecord *record, GError **error)
{
    g_autoptr(JsonObject) member = NULL;
    g_autofree char *slug = NULL;

    if (!vmc_json_read_object(object, "error", &member, error))
        return FALSE;
    if (member == NULL)
        return TRUE;
    if (!vmc_json_read_string(member, "code", &slug, error) ||
        !vmc_json_read_string(member, "message", &record->error_message, error))
        return FALSE;
    if (slug == NULL || !vmc_error_from_slug(slug, &record->error_code)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'error' has no code that is known");
        return FALSE;
    }
    if (record->error_message == NULL)
        record->error_message = g_strdup("");
    return TRUE;
}

VmcJobRecord *
vmc_job_record_from_json(JsonNode *node, GError **error)
{
    g_return_val_if_fail(node != NULL, NULL);
    g_autoptr(VmcJobRecord) record = record_new_empty();

    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "a job is a JSON object");
        return NULL;
    }
    JsonObject *object = json_node_get_object(node);
    if (!read_identity(object, record, error) ||
        !read_state(object, record, error) ||
        !vmc_json_read_int(object, "created_s", 0, &record->created_s, error) ||
        !vmc_json_read_int(object, "started_s", 0, &record->started_s, error) ||
        !vmc_json_read_int(object, "finished_s", 0, &record->finished_s,
                           error) ||
        !read_trail(object, record, error) ||
        !read_error(object, record, error) ||
        !vmc_json_read_object(object, "result", &record->result, error) ||
        !vmc_json_read_object(object, "intent", &record->intent, error))
        return NULL;
    if (record->intent == NULL)
        record->intent = json_object_new();
    return g_steal_pointer(&record);
}
