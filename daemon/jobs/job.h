/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "core/error.h"

typedef enum {
    VMC_JOB_QUEUED,
    VMC_JOB_RUNNING,
    VMC_JOB_DONE,
    VMC_JOB_PARTIAL, /* done in part; error says what is left */
    VMC_JOB_FAILED,  /* undone or without effect; error says why */
    VMC_JOB_CANCELLED,
    VMC_JOB_UNKNOWN, /* its end could not be learned; error says of what */
    VMC_N_JOB_STATES
} VmcJobState;

/**
 * vmc_job_state_to_name:
 * @state: a state
 *
 * Returns: (transfer none): its name, as "running"
 */
const char *vmc_job_state_to_name(VmcJobState state);

/**
 * vmc_job_state_from_name:
 * @name: a name as vmc_job_state_to_name() gives it
 * @ret_state: (out): the state
 *
 * Returns: %FALSE when there is no such state
 */
gboolean vmc_job_state_from_name(const char *name, VmcJobState *ret_state);

/**
 * vmc_job_state_is_final:
 * @state: a state
 *
 * Returns: whether a job in @state has ended
 */
gboolean vmc_job_state_is_final(VmcJobState state);

/**
 * VmcJobNote:
 * @at_s: when, seconds of the epoch
 * @source: who says so: "api", "job", "recovery"
 * @text: what
 *
 * One entry of the trail: reasons, steps, observations, in order.
 */
typedef struct {
    gint64 at_s;
    char *source;
    char *text;
} VmcJobNote;

/**
 * VmcJobRecord:
 * @id: ascending number
 * @kind: "create", "resize", …
 * @vm_uuid: (nullable): the VM it holds
 * @intent: its parameters: enough to finish or undo it after a crash
 * @state: where it stands
 * @step: (nullable): the last step it began; journalled before side effects
 * @progress_milli: 0 … 1000
 * @trail: (element-type VmcJobNote): why and what, in order
 * @error_code: valid with @error_message
 * @result: (nullable): what it found or made, as the three numbers of a resize
 *
 * A job as it is journalled and as the API shows it: a plain value.
 */
typedef struct {
    guint64 id;
    char *kind;
    char *vm_uuid;
    char *vm_name;
    JsonObject *intent;
    VmcJobState state;
    char *step;
    guint progress_milli;
    char *requested_by; /* "uid 1000", "cron", "recovery" */
    gint64 created_s;
    gint64 started_s;
    gint64 finished_s;
    GPtrArray *trail;
    VmcError error_code;
    char *error_message;
    JsonObject *result;
} VmcJobRecord;

/**
 * vmc_job_record_new:
 * @kind: "create", "resize", …
 * @vm_uuid: (nullable): the VM it holds
 * @vm_name: (nullable): its name, for people
 * @intent: (nullable): its parameters, copied
 *
 * Returns: (transfer full): a queued job without id
 */
VmcJobRecord *vmc_job_record_new(const char *kind,
                                 const char *vm_uuid,
                                 const char *vm_name,
                                 JsonObject *intent);
/**
 * vmc_job_record_copy:
 * @record: a record
 *
 * Returns: (transfer full): a copy that shares nothing with @record, so that
 * another thread may have it
 */
VmcJobRecord *vmc_job_record_copy(const VmcJobRecord *record);
void vmc_job_record_free(VmcJobRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcJobRecord, vmc_job_record_free)

/**
 * vmc_job_record_note:
 * @record: a record
 * @at_s: when, seconds of the epoch
 * @source: who says so: "api", "job", "recovery"
 * @text: what
 *
 * Adds to the end of the trail.
 */
void vmc_job_record_note(VmcJobRecord *record,
                         gint64 at_s,
                         const char *source,
                         const char *text);

/* The host of a domain that was only found when the job was submitted. */
#define VMC_JOB_REMEMBERED_HOST "host"

/**
 * vmc_job_record_remember:
 * @record: a record
 * @key: a name
 * @value: what is to be found again after a crash; kept in the intent, under
 *   "remembered"
 */
void vmc_job_record_remember(VmcJobRecord *record,
                             const char *key,
                             const char *value);

/**
 * vmc_job_record_recall:
 * @record: a record
 * @key: a name
 *
 * Returns: (transfer none) (nullable): what was last remembered
 */
const char *vmc_job_record_recall(const VmcJobRecord *record, const char *key);

/**
 * vmc_job_record_to_json:
 * @record: a record
 *
 * Returns: (transfer full): the form the API and the journal use; what is not
 * known is absent
 */
JsonNode *vmc_job_record_to_json(const VmcJobRecord *record);

/**
 * vmc_job_record_from_json:
 * @node: JSON as vmc_job_record_to_json() makes it
 * @error: %VMC_ERROR_INVALID
 *
 * Returns: (transfer full): the record
 */
VmcJobRecord *vmc_job_record_from_json(JsonNode *node, GError **error);
