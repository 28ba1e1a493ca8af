/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/store/store-private.h"

#include "core/error.h"
#include "daemon/jobs/json-value.h"

#define OPEN_STATES "('queued', 'running')"

/* ---- writing --------------------------------------------------------------
 */

static gboolean
write_job(VmcStore *store, const VmcJobRecord *record, GError **error)
{
    g_autoptr(JsonNode) node = vmc_job_record_to_json(record);
    g_autofree char *json = json_to_string(node, FALSE);
    g_autofree char *id = g_strdup_printf("%" G_GUINT64_FORMAT, record->id);
    const char *state = vmc_job_state_to_name(record->state);
    const char *columns[] = {id, record->vm_uuid != NULL ? record->vm_uuid : "",
                             state, json, NULL};
    g_autofree char *digest = vmc_store_digest(columns);
    g_autoptr(sqlite3_stmt) statement = vmc_store_prepare(
        store,
        "INSERT INTO jobs(id, vm_uuid, state, json, digest)"
        " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT(id) DO UPDATE"
        " SET vm_uuid = ?2, state = ?3, json = ?4, digest = ?5",
        error);

    if (statement == NULL)
        return FALSE;
    sqlite3_bind_int64(statement, 1, (gint64) record->id);
    vmc_store_bind(statement, 2, record->vm_uuid);
    vmc_store_bind(statement, 3, state);
    vmc_store_bind(statement, 4, json);
    vmc_store_bind(statement, 5, digest);
    return vmc_store_finish(store, statement, error);
}

typedef struct {
    const VmcJobRecord *record;
    const VmcVm *reserve;
} Submission;

static gboolean
write_submission(VmcStore *store, gpointer user_data, GError **error)
{
    const Submission *submission = user_data;

    if (submission->reserve != NULL &&
        !vmc_store_write_vm(store, submission->reserve, error))
        return FALSE;
    return write_job(store, submission->record, error);
}

static gboolean
delete_old_jobs(VmcStore *store, gpointer user_data, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = vmc_store_prepare(
        store,
        "DELETE FROM jobs WHERE id IN"
        " (SELECT id FROM jobs WHERE state NOT IN " OPEN_STATES
        "  ORDER BY id DESC LIMIT -1 OFFSET ?)",
        error);

    if (statement == NULL)
        return FALSE;
    sqlite3_bind_int64(statement, 1, *(guint *) user_data);
    return vmc_store_finish(store, statement, error);
}

/* ---- reading --------------------------------------------------------------
 */

typedef struct {
    const char *sql; /* takes the limit */
    guint limit;
    GPtrArray *records;
} JobQuery;

static gboolean
read_job(VmcStore *store,
         sqlite3_stmt *statement,
         GPtrArray *records,
         GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(JsonNode) node =
        json_from_string(vmc_store_column(statement, 0), &local);
    VmcJobRecord *record =
        node != NULL ? vmc_job_record_from_json(node, &local) : NULL;

    if (record == NULL) {
        vmc_store_set_damaged(store->path, error,
                              local != NULL ? local->message : "no JSON");
        return FALSE;
    }
    g_ptr_array_add(records, record);
    return TRUE;
}

static gboolean
read_jobs(VmcStore *store, gpointer user_data, GError **error)
{
    JobQuery *query = user_data;
    g_autoptr(sqlite3_stmt) statement =
        vmc_store_prepare(store, query->sql, error);
    gboolean row;

    if (statement == NULL)
        return FALSE;
    sqlite3_bind_int64(statement, 1, query->limit);
    while (vmc_store_next(store, statement, &row, error)) {
        if (!row)
            return TRUE;
        if (!read_job(store, statement, query->records, error))
            return FALSE;
    }
    return FALSE;
}

static GPtrArray *
load_jobs(VmcStore *store, const char *sql, guint limit, GError **error)
{
    g_autoptr(GPtrArray) records =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_job_record_free);
    JobQuery query = {sql, limit, records};

    if (!vmc_store_read(store, read_jobs, &query, error))
        return NULL;
    return g_steal_pointer(&records);
}

static gboolean
read_last_id(VmcStore *store, gpointer user_data, GError **error)
{
    return vmc_store_read_int(store,
                              "SELECT seq FROM sqlite_sequence"
                              " WHERE name = 'jobs'",
                              0, user_data, error);
}

/* ---- public ---------------------------------------------------------------
 */

static gboolean
write_record(VmcStore *store, gpointer user_data, GError **error)
{
    return write_job(store, user_data, error);
}

gboolean
vmc_store_put_job(VmcStore *store, const VmcJobRecord *record, GError **error)
{
    g_return_val_if_fail(store != NULL && record != NULL, FALSE);
    g_return_val_if_fail(record->id > 0, FALSE);
    return vmc_store_write(store, write_record, (gpointer) record, error);
}

gboolean
vmc_store_submit_job(VmcStore *store,
                     const VmcJobRecord *record,
                     const VmcVm *reserve,
                     GError **error)
{
    g_return_val_if_fail(store != NULL && record != NULL, FALSE);
    g_return_val_if_fail(record->id > 0, FALSE);
    Submission submission = {record, reserve};

    return vmc_store_write(store, write_submission, &submission, error);
}

GPtrArray *
vmc_store_load_jobs(VmcStore *store, guint limit, GError **error)
{
    g_return_val_if_fail(store != NULL, NULL);
    return load_jobs(store, "SELECT json FROM jobs ORDER BY id DESC LIMIT ?",
                     limit, error);
}

GPtrArray *
vmc_store_load_open_jobs(VmcStore *store, GError **error)
{
    g_return_val_if_fail(store != NULL, NULL);
    return load_jobs(store,
                     "SELECT json FROM jobs WHERE state IN " OPEN_STATES
                     " ORDER BY id DESC LIMIT ?",
                     G_MAXUINT, error);
}

gboolean
vmc_store_trim_jobs(VmcStore *store, guint keep, GError **error)
{
    g_return_val_if_fail(store != NULL, FALSE);
    return vmc_store_write(store, delete_old_jobs, &keep, error);
}

guint64
vmc_store_last_job_id(VmcStore *store, GError **error)
{
    g_return_val_if_fail(store != NULL, 0);
    gint64 last = 0;

    if (!vmc_store_read(store, read_last_id, &last, error))
        return 0;
    return (guint64) last;
}
