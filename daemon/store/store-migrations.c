/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/store/store-migrations.h"

#include "core/error.h"
#include "daemon/store/store-private.h"

#define APPLICATION_ID 0x766d6374 /* "vmct", for file(1) and for us */

/*
 * Row n brings the schema from version n to n + 1. Rows are only ever added:
 * what a release has written stays readable. The columns beside json are keys,
 * taken from it; digest covers the other columns.
 */
static const char *const migrations[] = {
    "CREATE TABLE hosts ("
    "  name TEXT NOT NULL PRIMARY KEY,"
    "  json TEXT NOT NULL,"
    "  digest TEXT NOT NULL);"
    "CREATE TABLE vms ("
    "  uuid TEXT NOT NULL PRIMARY KEY,"
    "  host TEXT REFERENCES hosts(name),"
    "  destination TEXT REFERENCES hosts(name),"
    "  json TEXT NOT NULL,"
    "  digest TEXT NOT NULL);"
    "CREATE INDEX vms_by_host ON vms(host);"
    "CREATE INDEX vms_by_destination ON vms(destination);",

    "CREATE TABLE jobs ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT," /* never used twice */
    "  vm_uuid TEXT,"
    "  state TEXT NOT NULL,"
    "  json TEXT NOT NULL,"
    "  digest TEXT NOT NULL);"
    "CREATE INDEX jobs_by_state ON jobs(state, vm_uuid);",
};

gint64
vmc_store_newest_version(void)
{
    return G_N_ELEMENTS(migrations);
}

static gboolean
check_application(VmcStore *store, gint64 version, GError **error)
{
    gint64 application_id;

    if (!vmc_store_read_int(store, "PRAGMA application_id", 0, &application_id,
                            error))
        return FALSE;
    if (application_id == (version == 0 ? 0 : APPLICATION_ID))
        return TRUE;
    vmc_store_set_damaged(store->path, error, "it is not a database of vmctl");
    return FALSE;
}

static gboolean
check_version(VmcStore *store, gint64 version, GError **error)
{
    if (version >= 0 && version <= vmc_store_newest_version())
        return check_application(store, version, error);
    g_set_error(error, VMC_ERROR, VMC_ERROR_UNSUPPORTED,
                "the state '%s' has version %" G_GINT64_FORMAT
                ", and this vmctld knows up to %" G_GINT64_FORMAT
                ": install the newer vmctld that wrote it",
                store->path, version, vmc_store_newest_version());
    return FALSE;
}

static gboolean
apply(VmcStore *store, gpointer user_data, GError **error)
{
    gint64 version = *(gint64 *) user_data;

    for (; version < vmc_store_newest_version(); version++)
        if (!vmc_store_exec(store, migrations[version], error))
            return FALSE;

    g_autofree char *sql = g_strdup_printf(
        "PRAGMA application_id = %d; PRAGMA user_version = %" G_GINT64_FORMAT,
        APPLICATION_ID, version);
    return vmc_store_exec(store, sql, error);
}

gboolean
vmc_store_migrate(VmcStore *store, GError **error)
{
    gint64 version;

    if (!vmc_store_read_int(store, "PRAGMA user_version", 0, &version, error) ||
        !check_version(store, version, error))
        return FALSE;
    if (version == vmc_store_newest_version())
        return TRUE;
    if (vmc_store_write(store, apply, &version, error))
        return TRUE;
    g_prefix_error(error,
                   "cannot bring the state from version %" G_GINT64_FORMAT
                   " to %" G_GINT64_FORMAT ": ",
                   version, vmc_store_newest_version());
    return FALSE;
}
