/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/template-library.h"

#include "core/error.h"
#include "daemon/log.h"

#include <string.h>

#define SCHEMA_NAME "template.rng"
#define MAX_FILE_BYTES (256 * 1024) /* what the parser takes at most */
#define MAX_TEMPLATES 2000
#define SETTLE_MS 250 /* an editor writes a file in several goes */

struct _VmcTemplateLibrary {
    GStrv dirs;
    GHashTable *entries; /* name → VmcTemplateEntry; replaced as a whole */
    GPtrArray *monitors;
    GCancellable *cancellable;
    guint reload_id;
    gboolean is_loading;
    gboolean is_stale; /* something changed while it was loading */
};

/* ---- entries ------------------------------------------------------------- */

static VmcTemplateEntry *
entry_new(const char *name, const char *path)
{
    VmcTemplateEntry *entry = g_new0(VmcTemplateEntry, 1);

    g_atomic_ref_count_init(&entry->refs);
    entry->name = g_strdup(name);
    entry->path = g_strdup(path);
    return entry;
}

VmcTemplateEntry *
vmc_template_entry_ref(VmcTemplateEntry *entry)
{
    g_atomic_ref_count_inc(&entry->refs);
    return entry;
}

void
vmc_template_entry_unref(VmcTemplateEntry *entry)
{
    if (!g_atomic_ref_count_dec(&entry->refs))
        return;
    g_free(entry->name);
    g_free(entry->path);
    g_free(entry->xml);
    g_clear_pointer(&entry->tmpl, vmc_template_unref);
    g_clear_error(&entry->error);
    g_free(entry);
}

/* ---- reading: any thread ------------------------------------------------- */

/* A pipe would be waited for without end. */
static gboolean
check_ordinary(const char *path, GError **error)
{
    if (!g_file_test(path, G_FILE_TEST_EXISTS) ||
        g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "'%s' is no ordinary file: templates are", path);
    return FALSE;
}

/* One byte more than is allowed is enough to be refused for it. */
static char *
read_file(const char *path, GError **error)
{
    if (!check_ordinary(path, error))
        return NULL;
    g_autoptr(GFile) file = g_file_new_for_path(path);
    g_autoptr(GFileInputStream) stream = g_file_read(file, NULL, error);
    g_autofree char *text = g_malloc0(MAX_FILE_BYTES + 2);
    gsize length = 0;

    if (stream == NULL ||
        !g_input_stream_read_all(G_INPUT_STREAM(stream), text,
                                 MAX_FILE_BYTES + 1, &length, NULL, error)) {
        g_prefix_error(error, "cannot read template '%s': ", path);
        return NULL;
    }
    if (strlen(text) == length)
        return g_steal_pointer(&text);
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "%s:1: it is no XML: it has a NUL byte", path);
    return NULL;
}

/* The first of @dirs that has @file_name, or NULL. */
static char *
find_file(const char *const *dirs, const char *file_name)
{
    for (guint i = 0; dirs[i] != NULL; i++) {
        g_autofree char *path = g_build_filename(dirs[i], file_name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return g_steal_pointer(&path);
    }
    return NULL;
}

/* What `extends` names; @name comes from a file, and must not leave dirs. */
static gboolean
find_template(const char *name,
              char **ret_xml,
              char **ret_path,
              gpointer user_data,
              GError **error)
{
    const char *const *dirs = user_data;
    g_autofree char *file_name = g_strconcat(name, ".xml", NULL);
    g_autofree char *path =
        strchr(name, '/') == NULL ? find_file(dirs, file_name) : NULL;

    if (path == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "there is no template '%s'", name);
        return FALSE;
    }
    g_autofree char *xml = read_file(path, error);
    if (xml == NULL)
        return FALSE;
    *ret_xml = g_steal_pointer(&xml);
    *ret_path = g_steal_pointer(&path);
    return TRUE;
}

static VmcTemplate *
parse(VmcTemplateSchema *schema,
      const VmcTemplateEntry *entry,
      const char *const *dirs,
      GError **error)
{
    g_autoptr(VmcTemplate) tmpl = vmc_template_parse(
        schema, entry->xml, entry->path, find_template, (gpointer) dirs, error);

    if (tmpl == NULL || !vmc_template_check_file(tmpl, entry->path, error))
        return NULL;
    return g_steal_pointer(&tmpl);
}

static VmcTemplateSchema *
load_schema(const char *const *dirs, GError **error)
{
    g_autofree char *path = find_file(dirs, SCHEMA_NAME);
    g_autofree char *text = NULL;

    if (path == NULL)
        path = g_build_filename(VMC_PKGDATADIR, "templates", SCHEMA_NAME, NULL);
    text = read_file(path, error);
    if (text == NULL)
        return NULL;
    return vmc_template_schema_parse(text, -1, error);
}

typedef struct {
    const char *const *dirs;
    VmcTemplateSchema *schema; /* (nullable) */
    const GError *schema_error;
    GHashTable *entries;
} Load;

static void
load_template(const Load *load, const char *dir, const char *file_name)
{
    g_autofree char *name =
        g_strndup(file_name, strlen(file_name) - strlen(".xml"));
    g_autofree char *path = g_build_filename(dir, file_name, NULL);

    if (g_hash_table_contains(load->entries, name))
        return;
    VmcTemplateEntry *entry = entry_new(name, path);
    g_hash_table_insert(load->entries, entry->name, entry);
    entry->xml = read_file(path, &entry->error);
    if (entry->xml == NULL)
        return;
    if (load->schema != NULL)
        entry->tmpl = parse(load->schema, entry, load->dirs, &entry->error);
    else
        entry->error = g_error_copy(load->schema_error);
}

static void
load_dir(const Load *load, const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *file_name;

    while (dir != NULL && (file_name = g_dir_read_name(dir)) != NULL)
        if (g_str_has_suffix(file_name, ".xml") && file_name[0] != '.' &&
            g_hash_table_size(load->entries) < MAX_TEMPLATES)
            load_template(load, path, file_name);
}

static GHashTable *
load_all(const char *const *dirs)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcTemplateSchema) schema = load_schema(dirs, &error);
    GHashTable *entries =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                              (GDestroyNotify) vmc_template_entry_unref);
    const Load load = {dirs, schema, error, entries};

    for (guint i = 0; dirs[i] != NULL; i++)
        load_dir(&load, dirs[i]);
    return entries;
}

/* ---- changes ------------------------------------------------------------- */

static void start_loading(VmcTemplateLibrary *library);

static void
log_broken(VmcTemplateLibrary *library)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, library->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const VmcTemplateEntry *entry = value;
        if (entry->error != NULL)
            vmc_log_warning(VMC_LOG("template", .error = entry->error),
                            "template '%s' cannot be used", entry->name);
    }
}

static void
load_in_thread(GTask *task, gpointer source, gpointer data, GCancellable *none)
{
    g_task_return_pointer(task, load_all(data),
                          (GDestroyNotify) g_hash_table_unref);
}

static void
on_loaded(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GHashTable *entries = g_task_propagate_pointer(G_TASK(result), NULL);

    if (entries == NULL)
        return; /* cancelled: the library is gone */
    VmcTemplateLibrary *library = user_data;
    g_hash_table_unref(library->entries);
    library->entries = entries;
    library->is_loading = FALSE;
    vmc_log_info(VMC_LOG("template"), "read %u templates",
                 g_hash_table_size(entries));
    log_broken(library);
    if (library->is_stale)
        start_loading(library);
}

static void
start_loading(VmcTemplateLibrary *library)
{
    library->is_stale = library->is_loading;
    if (library->is_loading)
        return;
    library->is_loading = TRUE;
    g_autoptr(GTask) task =
        g_task_new(NULL, library->cancellable, on_loaded, library);
    g_task_set_task_data(task, g_strdupv(library->dirs),
                         (GDestroyNotify) g_strfreev);
    g_task_run_in_thread(task, load_in_thread);
}

static gboolean
on_settled(gpointer user_data)
{
    VmcTemplateLibrary *library = user_data;

    library->reload_id = 0;
    start_loading(library);
    return G_SOURCE_REMOVE;
}

static void
on_file_changed(GFileMonitor *monitor,
                GFile *file,
                GFile *other,
                GFileMonitorEvent event,
                gpointer user_data)
{
    VmcTemplateLibrary *library = user_data;

    g_clear_handle_id(&library->reload_id, g_source_remove);
    library->reload_id = g_timeout_add(SETTLE_MS, on_settled, library);
}

static void
watch_dir(VmcTemplateLibrary *library, const char *path)
{
    g_autoptr(GFile) dir = g_file_new_for_path(path);
    g_autoptr(GError) error = NULL;
    GFileMonitor *monitor =
        g_file_monitor_directory(dir, G_FILE_MONITOR_WATCH_MOVES, NULL, &error);

    if (monitor == NULL) {
        vmc_log_warning(VMC_LOG("template", .error = error),
                        "changes in '%s' will not be noticed", path);
        return;
    }
    g_signal_connect(monitor, "changed", G_CALLBACK(on_file_changed), library);
    g_ptr_array_add(library->monitors, monitor);
}

/* ---- public -------------------------------------------------------------- */

VmcTemplateLibrary *
vmc_template_library_new(const char *const *dirs)
{
    VmcTemplateLibrary *library = g_new0(VmcTemplateLibrary, 1);

    library->dirs = g_strdupv((char **) dirs);
    library->monitors = g_ptr_array_new_with_free_func(g_object_unref);
    library->cancellable = g_cancellable_new();
    for (guint i = 0; dirs[i] != NULL; i++)
        watch_dir(library, dirs[i]);
    library->entries = load_all(dirs);
    log_broken(library);
    return library;
}

void
vmc_template_library_free(VmcTemplateLibrary *library)
{
    if (library == NULL)
        return;
    g_cancellable_cancel(library->cancellable);
    g_object_unref(library->cancellable);
    g_clear_handle_id(&library->reload_id, g_source_remove);
    for (guint i = 0; i < library->monitors->len; i++)
        g_signal_handlers_disconnect_by_data(library->monitors->pdata[i],
                                             library);
    g_ptr_array_unref(library->monitors);
    g_hash_table_unref(library->entries);
    g_strfreev(library->dirs);
    g_free(library);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    const VmcTemplateEntry *const *left = a;
    const VmcTemplateEntry *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

GPtrArray *
vmc_template_library_list(VmcTemplateLibrary *library)
{
    GPtrArray *list = g_ptr_array_new();
    GHashTableIter iter;
    gpointer entry;

    g_hash_table_iter_init(&iter, library->entries);
    while (g_hash_table_iter_next(&iter, NULL, &entry))
        g_ptr_array_add(list, entry);
    g_ptr_array_sort(list, compare_names);
    return list;
}

VmcTemplateEntry *
vmc_template_library_lookup(VmcTemplateLibrary *library,
                            const char *name,
                            GError **error)
{
    VmcTemplateEntry *entry = g_hash_table_lookup(library->entries, name);

    if (entry == NULL)
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "there is no template '%s': see 'vmctl template list'",
                    name);
    return entry;
}

VmcTemplate *
vmc_template_library_find(VmcTemplateLibrary *library,
                          const char *name,
                          GError **error)
{
    const VmcTemplateEntry *entry =
        vmc_template_library_lookup(library, name, error);

    if (entry == NULL)
        return NULL;
    if (entry->tmpl != NULL)
        return vmc_template_ref(entry->tmpl);
    g_propagate_prefixed_error(error, g_error_copy(entry->error),
                               "template '%s' cannot be used: ", name);
    return NULL;
}
