/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-migration.h"

#include "daemon/hypervisor/sim-guest.h"
#include "daemon/hypervisor/sim-world.h"

#define TICK_MS 20 /* how often progress is looked at */

typedef enum { PHASE_PERFORM, PHASE_FINISH, PHASE_OVER } Phase;

/* References: the list of those under way, and who waits for its end. */
struct _VmcSimMigration {
    char *uuid;
    char *source;
    char *destination;
    guint64 total_bytes;
    guint64 bytes_per_s;
    guint64 dirty_bytes_per_s;
    gint64 started_us;
    gint64 held_us; /* since when a fault holds it; 0: none does */
    Phase phase;
    gboolean is_aborted;
    gboolean was_running;
    VmcSimStrike strike;
    GError *error; /* why it failed, once it is over */
    guint refs;
};

static GPtrArray *under_way; /* (element-type VmcSimMigration) */
static gboolean is_ticking;

/* ---- life -----------------------------------------------------------------
 */

VmcSimMigration *
vmc_sim_migration_ref(VmcSimMigration *migration)
{
    migration->refs++;
    return migration;
}

void
vmc_sim_migration_unref(VmcSimMigration *migration)
{
    if (--migration->refs > 0)
        return;
    vmc_sim_strike_clear(&migration->strike);
    g_clear_error(&migration->error);
    g_free(migration->uuid);
    g_free(migration->source);
    g_free(migration->destination);
    g_free(migration);
}

void
vmc_sim_migration_forget_all(void)
{
    g_clear_pointer(&under_way, g_ptr_array_unref);
}

/* The source, still the same; %NULL when it is gone. Does not advance it: it
 * is advanced from there. */
static VmcSimDomain *
find_end(VmcSimMigration *migration, const char *host_name)
{
    VmcSimHost *host = vmc_sim_world_find(host_name);
    VmcSimDomain *domain =
        host != NULL ? g_hash_table_lookup(host->domains, migration->uuid)
                     : NULL;

    if (domain == NULL || domain->migration != migration)
        return NULL;
    return domain;
}

gboolean
vmc_sim_migration_is_source(const VmcSimMigration *migration,
                            const VmcSimDomain *domain)
{
    return g_str_equal(migration->source, domain->host->config->name);
}

/* ---- progress -------------------------------------------------------------
 */

/* G_MAXINT64: the guest writes faster than memory is copied. */
static gint64
end_us(const VmcSimMigration *migration)
{
    if (migration->bytes_per_s <= migration->dirty_bytes_per_s)
        return G_MAXINT64;
    double net =
        (double) (migration->bytes_per_s - migration->dirty_bytes_per_s);
    return migration->started_us +
           (gint64) ((double) migration->total_bytes / net * 1e6);
}

static guint64
amount(guint64 bytes_per_s, gint64 elapsed_us)
{
    return (guint64) ((double) bytes_per_s * (double) elapsed_us / 1e6);
}

static VmcMigrationFacts
progress(const VmcSimMigration *migration)
{
    gint64 elapsed_us = g_get_monotonic_time() - migration->started_us;
    guint64 processed = amount(migration->bytes_per_s, elapsed_us);
    guint64 dirtied = amount(migration->dirty_bytes_per_s, elapsed_us);
    guint64 todo = migration->total_bytes + dirtied;

    return (VmcMigrationFacts){
        .is_active = migration->phase != PHASE_OVER,
        .total_bytes = migration->total_bytes,
        .remaining_bytes = todo > processed ? todo - processed : 0,
        .processed_bytes = MIN(processed, todo),
        .bytes_per_s = migration->bytes_per_s,
        .dirty_bytes_per_s = migration->dirty_bytes_per_s,
        .elapsed_ms = (guint64) elapsed_us / 1000,
        .iteration = 1 + (guint) (processed / MAX(migration->total_bytes, 1)),
    };
}

VmcSimMigrationRecord
vmc_sim_migration_record(VmcSimMigration *migration)
{
    return (VmcSimMigrationRecord){
        .uuid = migration->uuid,
        .source = migration->source,
        .destination = migration->destination,
        .remaining_bytes = progress(migration).remaining_bytes,
        .bytes_per_s = migration->bytes_per_s,
        .dirty_bytes_per_s = migration->dirty_bytes_per_s,
    };
}

/* ---- endings --------------------------------------------------------------
 */

static void
end_migration(VmcSimMigration *migration, GError *error)
{
    VmcSimDomain *source = find_end(migration, migration->source);
    VmcSimDomain *destination = find_end(migration, migration->destination);
    VmcMigrationFacts last = progress(migration);

    last.is_active = FALSE;
    last.remaining_bytes = error == NULL ? 0 : last.remaining_bytes;
    last.downtime_ms = 40;
    migration->phase = PHASE_OVER;
    migration->error = error;
    if (source != NULL) {
        source->migration = NULL;
        source->migration_facts = last;
        vmc_sim_host_changed(source->host, VMC_EVENT_MIGRATION, source->uuid,
                             "over");
    }
    if (destination != NULL) {
        destination->migration = NULL;
        destination->migration_facts = last;
    }
    vmc_sim_world_wake();
    if (under_way != NULL)
        g_ptr_array_remove_fast(under_way, migration);
}

static void
drop_destination(VmcSimMigration *migration)
{
    VmcSimDomain *destination = find_end(migration, migration->destination);

    if (destination != NULL)
        vmc_sim_host_remove(destination->host, destination->uuid);
}

static void
let_source_run(VmcSimMigration *migration)
{
    VmcSimDomain *source = find_end(migration, migration->source);

    if (source == NULL || source->state == VMC_RUN_PAUSED)
        return;
    vmc_sim_domain_set_state(source, migration->was_running ? VMC_RUN_RUNNING
                                                            : VMC_RUN_PAUSED);
    vmc_sim_guest_continue(source);
}

static GError *
error_of(const VmcSimMigration *migration, VmcError code, const char *why)
{
    return g_error_new(
        VMC_ERROR, code, "migration of %s from host '%s' to host '%s': %s",
        migration->uuid, migration->source, migration->destination, why);
}

static GError *
error_of_strike(const VmcSimMigration *migration)
{
    VmcSimTarget target = {.host = migration->source, .call = "migrate"};
    GError *error = NULL;

    vmc_sim_fault_set_error(&migration->strike, &target, &error);
    return error;
}

/* All is as it was before. */
static void
roll_back(VmcSimMigration *migration, GError *error)
{
    drop_destination(migration);
    let_source_run(migration);
    end_migration(migration, error);
}

/* Its disks were copied, or were on storage that both hosts share. */
static void
hand_over_volumes(VmcSimDomain *source, VmcSimHost *to)
{
    GStrv disks = source->disks;
    const char *volume = NULL;

    for (guint i = 0; disks != NULL && disks[i] != NULL; i++) {
        const VmcSimPool *from =
            vmc_sim_host_find_volume(source->host, disks[i], &volume);
        VmcSimPool *pool = vmc_sim_host_find_volume(to, disks[i], &volume);
        const guint64 *size_bytes =
            from != NULL ? g_hash_table_lookup(from->volumes, volume) : NULL;
        if (pool != NULL && size_bytes != NULL && pool != from)
            g_hash_table_insert(pool->volumes, g_strdup(volume),
                                g_memdup2(size_bytes, sizeof *size_bytes));
    }
}

/* The destination has what the source had at last. */
static VmcSimDomain *
hand_over(VmcSimMigration *migration, VmcRunState state)
{
    VmcSimDomain *source = find_end(migration, migration->source);
    VmcSimDomain *destination = find_end(migration, migration->destination);
    VmcSimHost *host = destination->host;
    VmcSimDomain *copy = vmc_sim_domain_copy(source);

    copy->is_persistent = TRUE;
    hand_over_volumes(source, host);
    vmc_sim_host_add(host, copy); /* replaces what was there */
    vmc_sim_domain_set_state(copy, state);
    return copy;
}

static void
succeed(VmcSimMigration *migration)
{
    hand_over(migration, VMC_RUN_PAUSED);
    VmcSimDomain *source = find_end(migration, migration->source);
    VmcSimHost *host = source->host;

    end_migration(migration, NULL);
    vmc_sim_host_remove(host, migration->uuid);
}

/* The destination took over and could not say so: the source runs on. */
static void
lose_reply(VmcSimMigration *migration, VmcRunState destination_state)
{
    hand_over(migration, destination_state);
    let_source_run(migration);
    end_migration(migration, error_of_strike(migration));
}

/* It fails, and leaves its definition behind at the destination. */
static void
fail_untidily(VmcSimMigration *migration)
{
    VmcSimDomain *destination = hand_over(migration, VMC_RUN_PAUSED_INCOMING);

    vmc_sim_domain_power_off(destination, VMC_RUN_SHUT_OFF);
    let_source_run(migration);
    end_migration(migration, error_of_strike(migration));
}

/* ---- faults ---------------------------------------------------------------
 */

/* Returns whether a fault holds it where it is. */
static gboolean
is_held(VmcSimMigration *migration)
{
    const VmcSimStrike *strike = &migration->strike;
    gint64 now_us = g_get_monotonic_time();

    if (!vmc_sim_fault_exists(strike->id))
        return FALSE;
    if (migration->held_us == 0)
        migration->held_us = now_us;
    return strike->ms == 0 ||
           now_us - migration->held_us < (gint64) strike->ms * 1000;
}

static gboolean
is_struck(const VmcSimMigration *migration, VmcSimStep step)
{
    return migration->strike.id != 0 && migration->strike.step == step;
}

/* Returns whether the migration stops here, for now or for good. */
static gboolean
suffer(VmcSimMigration *migration)
{
    switch (migration->strike.kind) {
    case VMC_SIM_FAULT_HANG:
        return is_held(migration);
    case VMC_SIM_FAULT_REFUSE:
        roll_back(migration, error_of_strike(migration));
        return TRUE;
    case VMC_SIM_FAULT_PARTIAL:
        fail_untidily(migration);
        return TRUE;
    case VMC_SIM_FAULT_LOST_REPLY:
        lose_reply(migration, VMC_RUN_PAUSED);
        return TRUE;
    case VMC_SIM_FAULT_SPLIT_BRAIN:
        lose_reply(migration, VMC_RUN_RUNNING);
        return TRUE;
    case VMC_SIM_FAULT_CRASH:
        vmc_sim_fault_crash();
    case VMC_SIM_FAULT_DISCONNECT: /* who asked for it is gone, not it */
    case VMC_SIM_N_FAULTS:
    default:
        return FALSE;
    }
}

/* ---- course ---------------------------------------------------------------
 */

static void
finish(VmcSimMigration *migration)
{
    if (is_struck(migration, VMC_SIM_STEP_FINISH) && suffer(migration))
        return;
    succeed(migration);
}

static void
stop_source(VmcSimMigration *migration, VmcSimDomain *source)
{
    migration->phase = PHASE_FINISH;
    if (source->state == VMC_RUN_RUNNING)
        vmc_sim_domain_set_state(source, VMC_RUN_PAUSED_MIGRATION);
    finish(migration);
}

static void
perform(VmcSimMigration *migration, VmcSimDomain *source)
{
    guint iteration = progress(migration).iteration;

    if (is_struck(migration, VMC_SIM_STEP_PERFORM) && suffer(migration))
        return;
    if (iteration != source->migration_facts.iteration)
        vmc_sim_host_changed(source->host, VMC_EVENT_MIGRATION, source->uuid,
                             "iteration");
    source->migration_facts = progress(migration);
    if (g_get_monotonic_time() >= end_us(migration))
        stop_source(migration, source);
}

static void
advance(VmcSimMigration *migration)
{
    VmcSimDomain *source = find_end(migration, migration->source);
    VmcSimDomain *destination = find_end(migration, migration->destination);

    if (source == NULL || destination == NULL ||
        !vmc_run_state_is_active(source->state))
        roll_back(migration, error_of(migration, VMC_ERROR_FAILED,
                                      "one side of it is gone"));
    else if (migration->is_aborted)
        roll_back(migration,
                  error_of(migration, VMC_ERROR_CANCELLED, "it was aborted"));
    else if (migration->phase == PHASE_PERFORM)
        perform(migration, source);
    else
        finish(migration);
}

void
vmc_sim_migration_advance(VmcSimMigration *migration)
{
    if (migration->phase == PHASE_OVER)
        return;
    /* Its end takes it off the list, which may hold the last reference. */
    vmc_sim_migration_ref(migration);
    advance(migration);
    vmc_sim_migration_unref(migration);
}

void
vmc_sim_migration_break(VmcSimMigration *migration, VmcSimDomain *destroyed)
{
    VmcSimDomain *source = find_end(migration, migration->source);
    gboolean is_source = source == destroyed;
    GError *error = error_of(migration, VMC_ERROR_FAILED,
                             is_source ? "the source was destroyed"
                                       : "the destination was destroyed");

    vmc_sim_migration_ref(migration);
    if (is_source) {
        drop_destination(migration);
        end_migration(migration, error);
        vmc_sim_domain_power_off(destroyed, VMC_RUN_SHUT_OFF);
    } else {
        roll_back(migration, error);
    }
    vmc_sim_migration_unref(migration);
}

/* Main context: carries on what nobody waits for. */
static gboolean
on_tick(gpointer data)
{
    vmc_sim_world_lock();
    for (guint i = under_way != NULL ? under_way->len : 0; i > 0; i--)
        if (i <= under_way->len)
            vmc_sim_migration_advance(g_ptr_array_index(under_way, i - 1));
    is_ticking = under_way != NULL && under_way->len > 0;
    gboolean goes_on = is_ticking;
    vmc_sim_world_unlock();
    return goes_on ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
put_under_way(VmcSimMigration *migration)
{
    if (under_way == NULL)
        under_way = g_ptr_array_new_with_free_func(
            (GDestroyNotify) vmc_sim_migration_unref);
    g_ptr_array_add(under_way, migration);
    if (!is_ticking)
        g_timeout_add(TICK_MS, on_tick, NULL);
    is_ticking = TRUE;
}

VmcSimMigration *
vmc_sim_migration_begin(VmcSimDomain *source,
                        VmcSimHost *destination,
                        guint64 bytes_per_s)
{
    VmcSimMigration *migration = g_new0(VmcSimMigration, 1);
    VmcSimDomain *incoming = vmc_sim_domain_copy(source);

    migration->uuid = g_strdup(source->uuid);
    migration->source = g_strdup(source->host->config->name);
    migration->destination = g_strdup(destination->config->name);
    migration->total_bytes =
        source->shape.balloon_bytes + source->shape.virtio_mem_current_bytes;
    migration->bytes_per_s = bytes_per_s;
    migration->dirty_bytes_per_s = source->guest.traits.dirty_bytes_per_s;
    migration->started_us = g_get_monotonic_time();
    migration->was_running = source->state == VMC_RUN_RUNNING;
    migration->refs = 1;
    source->migration = migration;
    source->migration_facts = (VmcMigrationFacts){.is_active = TRUE};
    incoming->migration = migration;
    incoming->is_persistent = FALSE;
    vmc_sim_host_add(destination, incoming);
    vmc_sim_domain_set_state(incoming, VMC_RUN_PAUSED_INCOMING);
    put_under_way(migration);
    return migration;
}

void
vmc_sim_migration_restore(const VmcSimMigrationRecord *record)
{
    VmcSimHost *host = vmc_sim_world_find(record->source);
    VmcSimHost *destination = vmc_sim_world_find(record->destination);
    VmcSimDomain *source =
        host != NULL ? g_hash_table_lookup(host->domains, record->uuid) : NULL;

    if (source == NULL)
        return;
    if (source->state == VMC_RUN_PAUSED_MIGRATION)
        vmc_sim_domain_set_state(source, VMC_RUN_RUNNING);
    if (destination == NULL)
        return;
    VmcSimMigration *migration =
        vmc_sim_migration_begin(source, destination, record->bytes_per_s);
    migration->total_bytes = record->remaining_bytes;
    migration->dirty_bytes_per_s = record->dirty_bytes_per_s;
}

/* ---- who waits for it -----------------------------------------------------
 */

void
vmc_sim_migration_strike(VmcSimMigration *migration, const VmcSimStrike *strike)
{
    migration->strike = *strike;
    migration->strike.message = g_strdup(strike->message);
}

static gboolean
is_cut_off(const VmcSimMigration *migration)
{
    VmcSimStep step = migration->phase == PHASE_PERFORM ? VMC_SIM_STEP_PERFORM
                                                        : VMC_SIM_STEP_FINISH;

    return is_struck(migration, step) &&
           migration->strike.kind == VMC_SIM_FAULT_DISCONNECT;
}

gboolean
vmc_sim_migration_wait(VmcSimMigration *migration, GError **error)
{
    while (migration->phase != PHASE_OVER && !is_cut_off(migration)) {
        gint64 now_us = g_get_monotonic_time();
        gint64 tick_us = now_us + TICK_MS * 1000;
        gint64 due_us = end_us(migration);
        vmc_sim_world_wait(due_us > now_us ? MIN(due_us, tick_us) : tick_us);
        vmc_sim_migration_advance(migration);
    }
    if (migration->phase != PHASE_OVER) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNKNOWN,
                    "the connection to host '%s' was lost during a migration, "
                    "which goes on",
                    migration->source);
        return FALSE;
    }
    if (migration->error == NULL)
        return TRUE;
    g_propagate_error(error, g_error_copy(migration->error));
    return FALSE;
}

VmcMigrationFacts
vmc_sim_migration_progress(const VmcSimMigration *migration)
{
    return progress(migration);
}

gboolean
vmc_sim_migration_abort(VmcSimMigration *migration)
{
    if (migration->phase != PHASE_PERFORM)
        return FALSE;
    migration->is_aborted = TRUE;
    vmc_sim_migration_advance(migration);
    return TRUE;
}
