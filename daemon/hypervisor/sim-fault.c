/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-fault.h"

#include "daemon/hypervisor/sim-fault-file.h"
#include "daemon/hypervisor/sim-state.h"
#include "daemon/hypervisor/sim-world.h"

#include <glib/gstdio.h>

#include <signal.h>
#include <unistd.h>

#define FILE_POLL_US 50000 /* how soon a hanging call sees the file change */

typedef struct {
    guint id;
    VmcSimFault *fault;
    const char *path; /* (nullable): file it came from; interned */
    guint n_seen;
} Entry;

typedef struct {
    char *path;
    gint64 mtime_ns;
    gint64 size;
    guint64 inode;
    GPtrArray *guests; /* (element-type VmcSimGuestRule) */
} WatchedFile;

/* Guarded by the world's lock. */
static GPtrArray *entries; /* (element-type Entry) */
static GPtrArray *files;   /* (element-type WatchedFile) */
static guint last_id;
static guint n_strikes;

static const char *const kind_names[VMC_SIM_N_FAULTS] = {
    [VMC_SIM_FAULT_HANG] = "hang",
    [VMC_SIM_FAULT_REFUSE] = "refuse",
    [VMC_SIM_FAULT_PARTIAL] = "partial",
    [VMC_SIM_FAULT_LOST_REPLY] = "lost-reply",
    [VMC_SIM_FAULT_DISCONNECT] = "disconnect",
    [VMC_SIM_FAULT_CRASH] = "crash",
    [VMC_SIM_FAULT_SPLIT_BRAIN] = "split-brain",
};

static const char *const step_names[VMC_SIM_N_STEPS] = {
    [VMC_SIM_STEP_BEFORE] = "before",
    [VMC_SIM_STEP_AFTER] = "after",
    [VMC_SIM_STEP_PERFORM] = "perform",
    [VMC_SIM_STEP_FINISH] = "finish",
};

const char *
vmc_sim_fault_kind_to_name(VmcSimFaultKind kind)
{
    g_return_val_if_fail(kind < VMC_SIM_N_FAULTS, NULL);
    return kind_names[kind];
}

const char *
vmc_sim_step_to_name(VmcSimStep step)
{
    g_return_val_if_fail(step < VMC_SIM_N_STEPS, NULL);
    return step_names[step];
}

void
vmc_sim_strike_clear(VmcSimStrike *strike)
{
    g_clear_pointer(&strike->message, g_free);
    strike->id = 0;
}

/* ---- entries --------------------------------------------------------------
 */

static void
entry_free(gpointer data)
{
    Entry *entry = data;

    vmc_sim_fault_free(entry->fault);
    g_free(entry);
}

static void
file_free(gpointer data)
{
    WatchedFile *file = data;

    g_ptr_array_unref(file->guests);
    g_free(file->path);
    g_free(file);
}

static void
init_registry(void)
{
    if (entries != NULL)
        return;
    entries = g_ptr_array_new_with_free_func(entry_free);
    files = g_ptr_array_new_with_free_func(file_free);
}

static void
add_entry(VmcSimFault *fault, const char *path)
{
    Entry *entry = g_new0(Entry, 1);

    entry->id = ++last_id;
    entry->fault = fault;
    entry->path = g_intern_string(path);
    g_ptr_array_add(entries, entry);
}

void
vmc_sim_fault_add(const VmcSimFault *fault)
{
    g_return_if_fail(fault != NULL);
    vmc_sim_world_lock();
    init_registry();
    add_entry(vmc_sim_fault_copy(fault), NULL);
    vmc_sim_world_unlock();
}

void
vmc_sim_fault_clear(void)
{
    vmc_sim_world_lock();
    g_clear_pointer(&entries, g_ptr_array_unref);
    g_clear_pointer(&files, g_ptr_array_unref);
    n_strikes = 0;
    vmc_sim_world_wake();
    vmc_sim_world_unlock();
}

guint
vmc_sim_fault_count(void)
{
    vmc_sim_world_lock();
    guint n = n_strikes;
    vmc_sim_world_unlock();
    return n;
}

/* ---- the file -------------------------------------------------------------
 */

static WatchedFile *
find_file(const char *path)
{
    for (guint i = 0; i < files->len; i++) {
        WatchedFile *file = g_ptr_array_index(files, i);
        if (g_str_equal(file->path, path))
            return file;
    }
    WatchedFile *file = g_new0(WatchedFile, 1);
    file->path = g_strdup(path);
    file->guests = g_ptr_array_new();
    g_ptr_array_add(files, file);
    return file;
}

/* Returns whether the file is another one than it was. */
static gboolean
note_change(WatchedFile *file)
{
    GStatBuf info = {0};

    if (g_stat(file->path, &info) != 0)
        info = (GStatBuf){0};
    gint64 mtime_ns =
        (gint64) info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec;
    if (mtime_ns == file->mtime_ns && info.st_size == file->size &&
        info.st_ino == file->inode)
        return FALSE;
    file->mtime_ns = mtime_ns;
    file->size = info.st_size;
    file->inode = info.st_ino;
    return TRUE;
}

static void
drop_entries_of(const char *path)
{
    const char *interned = g_intern_string(path);

    for (guint i = entries->len; i > 0; i--) {
        const Entry *entry = g_ptr_array_index(entries, i - 1);
        if (entry->path == interned)
            g_ptr_array_remove_index(entries, i - 1);
    }
}

static void
apply_rules(const WatchedFile *file, const char *vm)
{
    for (guint i = 0; i < file->guests->len; i++) {
        const VmcSimGuestRule *rule = g_ptr_array_index(file->guests, i);
        if (vm == NULL || g_str_equal(rule->vm, vm))
            vmc_sim_guest_set_locked(rule->vm, rule->key, rule->value, NULL);
    }
}

/* Reads the file again when it has changed: calls are counted anew then. A
 * malformed one is said at each call until it is mended. */
static gboolean
refresh_file(const char *path, GError **error)
{
    WatchedFile *file = find_file(path);

    if (!note_change(file))
        return TRUE;
    g_autoptr(VmcSimFaultFile) content = vmc_sim_fault_file_read(path, error);
    if (content == NULL) {
        file->mtime_ns = -1;
        return FALSE;
    }
    drop_entries_of(path);
    while (content->faults->len > 0)
        add_entry(g_ptr_array_steal_index(content->faults, 0), path);
    g_ptr_array_unref(file->guests);
    file->guests = g_ptr_array_ref(content->guests);
    apply_rules(file, NULL);
    return TRUE;
}

void
vmc_sim_fault_apply_guests(const char *vm)
{
    init_registry();
    for (guint i = 0; i < files->len; i++)
        apply_rules(g_ptr_array_index(files, i), vm);
}

/* ---- striking -------------------------------------------------------------
 */

static gboolean
matches(const VmcSimFault *fault, const VmcSimTarget *target)
{
    if (fault->host != NULL && g_strcmp0(fault->host, target->host) != 0)
        return FALSE;
    if (fault->call != NULL && g_strcmp0(fault->call, target->call) != 0)
        return FALSE;
    return fault->vm == NULL || g_strcmp0(fault->vm, target->uuid) == 0 ||
           g_strcmp0(fault->vm, target->vm) == 0;
}

/* Counts the call, and returns whether the fault strikes it. */
static gboolean
counts_out(Entry *entry)
{
    guint first = MAX(entry->fault->nth, 1);
    guint times = entry->fault->times;

    entry->n_seen++;
    return entry->n_seen >= first &&
           (times == 0 || entry->n_seen - first < times);
}

static VmcSimStrike
strike_of(const Entry *entry)
{
    const VmcSimFault *fault = entry->fault;

    return (VmcSimStrike){.id = entry->id,
                          .kind = fault->kind,
                          .step = fault->step,
                          .ms = fault->ms,
                          .code = fault->code,
                          .message = g_strdup(fault->message)};
}

gboolean
vmc_sim_fault_take(const VmcSimTarget *target,
                   VmcSimStrike *ret_strike,
                   GError **error)
{
    const Entry *striking = NULL;

    init_registry();
    if (target->faults_path != NULL &&
        !refresh_file(target->faults_path, error))
        return FALSE;
    for (guint i = 0; i < entries->len; i++) {
        Entry *entry = g_ptr_array_index(entries, i);
        if (matches(entry->fault, target) && counts_out(entry) &&
            striking == NULL)
            striking = entry;
    }
    *ret_strike = (VmcSimStrike){0};
    if (striking != NULL) {
        *ret_strike = strike_of(striking);
        n_strikes++;
    }
    return TRUE;
}

gboolean
vmc_sim_fault_exists(guint id)
{
    for (guint i = 0; entries != NULL && i < entries->len; i++)
        if (((Entry *) g_ptr_array_index(entries, i))->id == id)
            return TRUE;
    return FALSE;
}

void
vmc_sim_fault_hang(const VmcSimStrike *strike, const char *faults_path)
{
    gint64 now_us = g_get_monotonic_time();
    gint64 end_us =
        strike->ms == 0 ? G_MAXINT64 : now_us + (gint64) strike->ms * 1000;

    while (vmc_sim_fault_exists(strike->id) && now_us < end_us) {
        gint64 until_us = end_us;
        if (faults_path != NULL)
            until_us = MIN(end_us, now_us + FILE_POLL_US);
        vmc_sim_world_wait(until_us);
        if (faults_path != NULL && entries != NULL)
            refresh_file(faults_path, NULL);
        now_us = g_get_monotonic_time();
    }
}

static VmcError
code_of(const VmcSimStrike *strike)
{
    if (strike->code != 0)
        return strike->code;
    if (strike->kind == VMC_SIM_FAULT_PARTIAL)
        return VMC_ERROR_PARTIAL;
    if (strike->kind == VMC_SIM_FAULT_REFUSE)
        return VMC_ERROR_FAILED;
    return VMC_ERROR_UNKNOWN;
}

void
vmc_sim_fault_set_error(const VmcSimStrike *strike,
                        const VmcSimTarget *target,
                        GError **error)
{
    const char *message =
        strike->message != NULL ? strike->message : "injected fault";

    g_set_error(error, VMC_ERROR, code_of(strike), "'%s' on host '%s': %s: %s",
                target->call, target->host,
                vmc_sim_fault_kind_to_name(strike->kind), message);
}

void
vmc_sim_fault_crash(void)
{
    vmc_sim_state_save();
    kill(getpid(), SIGKILL);
    /* The signal is delivered before kill() returns; the compiler does not
     * know. */
    _exit(137);
}
