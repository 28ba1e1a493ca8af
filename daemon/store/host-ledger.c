/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/store/host-ledger.h"

#include "core/error.h"
#include "core/host-json.h"
#include "core/json-text.h"
#include "core/record-check.h"
#include "core/resources-json.h"

#include <glib/gstdio.h>

#define FILE_NAME "hosts.json"
#define FORMAT_VERSION 1
#define MAX_BYTES (64u << 20)

struct _VmcHostLedger {
    char *path;
    GTree *lines; /* JSON of a host by its name */
    char *saved;  /* (nullable): what the file says */
    gboolean is_changed;
};

/* ---- its form ------------------------------------------------------------ */

/* A host in it is one of the fleet's JSON form without what it says itself. */
static const char kept_members[] = "name,uri,migration_uri,state,state_reason,"
                                   "state_since_s,labels,reserved,"
                                   "ceiling_milli,domain_type";

typedef struct {
    guint version;
    GPtrArray *hosts;
} Document;

static const VmcField document_fields[] = {
    VMC_FIELD(Document,
              version,
              UINT,
              VMC_FIELD_REQUIRED,
              .min = FORMAT_VERSION,
              .max = FORMAT_VERSION),
    VMC_FIELD(Document,
              hosts,
              RECORDS,
              VMC_FIELD_REQUIRED,
              VMC_FIELD_DETAIL(vmc_host_type)),
};
static const VmcRecordType document_type = VMC_RECORD_TYPE(document_fields);

/* Whether it is up is for the monitor to see; that it shall be empty is not. */
static VmcHost *
without_sightings(const VmcHost *host)
{
    VmcHost *kept = vmc_host_copy(host);

    if (host->state == VMC_HOST_DRAINING || host->state == VMC_HOST_DRAINED)
        return kept;
    kept->state = VMC_HOST_UNREACHABLE;
    g_clear_pointer(&kept->state_reason, g_free);
    kept->state_since_s = 0;
    return kept;
}

static char *
print_host(const VmcHost *host)
{
    g_autoptr(VmcHost) kept = without_sightings(host);
    GString *text = g_string_new(NULL);
    VmcFields fields = 0;

    vmc_record_choose_fields(&vmc_host_type, kept_members, &fields, NULL);
    vmc_record_print(text, &vmc_host_type, kept, fields);
    return g_string_free(text, FALSE);
}

static gboolean
append_line(gpointer name, gpointer line, gpointer text)
{
    const char *separator =
        g_str_has_suffix(((GString *) text)->str, "[") ? "\n" : ",\n";

    g_string_append_printf(text, "%s%s", separator, (const char *) line);
    return FALSE;
}

static char *
print_all(const VmcHostLedger *ledger)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "{\"version\": %d, \"hosts\": [",
                           FORMAT_VERSION);
    g_tree_foreach(ledger->lines, append_line, text);
    g_string_append(text, "\n]}\n");
    return g_string_free(text, FALSE);
}

/* ---- reading ------------------------------------------------------------- */

static GPtrArray *
parse(const char *text, gsize length, GError **error)
{
    g_autoptr(JsonNode) node =
        vmc_json_parse(text, (gssize) length, MAX_BYTES, error);
    Document document = {0};

    if (node != NULL &&
        vmc_record_from_json(&document_type, node, &document, error))
        return document.hosts;
    g_clear_pointer(&document.hosts, g_ptr_array_unref);
    return NULL;
}

char *
vmc_host_ledger_path(const char *database_path)
{
    g_return_val_if_fail(database_path != NULL, NULL);
    g_autofree char *folder = g_path_get_dirname(database_path);

    return g_build_filename(folder, FILE_NAME, NULL);
}

GPtrArray *
vmc_host_ledger_read(const char *path, GError **error)
{
    g_return_val_if_fail(path != NULL, NULL);
    g_autoptr(GError) local = NULL;
    g_autofree char *text = NULL;
    gsize length = 0;

    if (!g_file_get_contents(path, &text, &length, &local)) {
        if (g_error_matches(local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return g_ptr_array_new_with_free_func(
                (GDestroyNotify) vmc_host_unref);
        g_set_error(error, VMC_ERROR, vmc_error_of(local), "%s",
                    local->message);
        return NULL;
    }
    GPtrArray *hosts = parse(text, length, &local);
    if (hosts == NULL)
        g_set_error(error, VMC_ERROR, VMC_ERROR_DAMAGED,
                    "'%s', which tells of the hosts, is damaged: %s", path,
                    local->message);
    return hosts;
}

/* ---- writing ------------------------------------------------------------- */

static int
compare_names(gconstpointer a, gconstpointer b, gpointer unused)
{
    return g_strcmp0(a, b);
}

VmcHostLedger *
vmc_host_ledger_new(const char *path)
{
    g_return_val_if_fail(path != NULL, NULL);
    VmcHostLedger *ledger = g_new0(VmcHostLedger, 1);

    ledger->path = g_strdup(path);
    (void) g_file_get_contents(path, &ledger->saved, NULL, NULL);
    ledger->is_changed = TRUE;
    ledger->lines = g_tree_new_full(compare_names, NULL, g_free, g_free);
    return ledger;
}

void
vmc_host_ledger_free(VmcHostLedger *ledger)
{
    if (ledger == NULL)
        return;
    g_tree_unref(ledger->lines);
    g_free(ledger->saved);
    g_free(ledger->path);
    g_free(ledger);
}

void
vmc_host_ledger_put(VmcHostLedger *ledger, const VmcHost *host)
{
    g_return_if_fail(ledger != NULL && host != NULL);
    g_autofree char *line = print_host(host);

    if (g_strcmp0(g_tree_lookup(ledger->lines, host->name), line) == 0)
        return;
    g_tree_replace(ledger->lines, g_strdup(host->name), g_steal_pointer(&line));
    ledger->is_changed = TRUE;
}

void
vmc_host_ledger_remove(VmcHostLedger *ledger, const char *name)
{
    g_return_if_fail(ledger != NULL && name != NULL);

    if (g_tree_remove(ledger->lines, name))
        ledger->is_changed = TRUE;
}

gboolean
vmc_host_ledger_save(VmcHostLedger *ledger, GError **error)
{
    g_return_val_if_fail(ledger != NULL, FALSE);
    g_autoptr(GError) local = NULL;

    if (!ledger->is_changed)
        return TRUE;
    g_autofree char *text = print_all(ledger);
    /* where it says that already, a full disk is no trouble */
    if (g_strcmp0(text, ledger->saved) != 0 &&
        !g_file_set_contents_full(ledger->path, text, -1,
                                  G_FILE_SET_CONTENTS_CONSISTENT |
                                      G_FILE_SET_CONTENTS_DURABLE,
                                  0600, &local)) {
        g_set_error(error, VMC_ERROR, vmc_error_of(local),
                    "what is said of the hosts is not stored: %s: free some "
                    "space there, or make the folder writable for vmctld",
                    local->message);
        return FALSE;
    }
    g_free(ledger->saved);
    ledger->saved = g_steal_pointer(&text);
    ledger->is_changed = FALSE;
    return TRUE;
}
