/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "daemon/control/observe.h"
#include "daemon/jobs/job-ask.h"
#include "daemon/jobs/job-kinds.h"
#include "daemon/jobs/move-order.h"
#include "daemon/jobs/migrate-settle.h"
#include "daemon/jobs/migrate-watch.h"

/*
 * Migrate: checks, counts the VM on both hosts, lets libvirt move it stopped,
 * tells the destination to run it, and makes sure that one copy is left. What
 * the migration call says is never believed: both hosts are asked, after
 * success as after any error or crash.
 */

/* Whether it ran, for the next vmctld; that it is there says that the
 * migration may have begun. */
#define SHOULD_RUN "should-run"

/* Where it goes, when that is not where the intent says. */
#define CHOSEN "chosen"

/* ---- before ------------------------------------------------------------- */

static gboolean
check_source(const VmcVm *vm, const VmcDomainFacts *facts, GError **error)
{
    switch (facts->state) {
    case VMC_RUN_RUNNING:
    case VMC_RUN_PAUSED:
    case VMC_RUN_SHUT_OFF:
    case VMC_RUN_CRASHED:
        return TRUE;
    case VMC_RUN_ABSENT:
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "host '%s' has no VM '%s' any more", vm->host, vm->name);
        return FALSE;
    case VMC_RUN_PAUSED_IO_ERROR:
        g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                    "VM '%s' stands still since a disk failed: mend that, "
                    "then vmctl resume, then migrate it",
                    vm->name);
        return FALSE;
    case VMC_RUN_STARTING:
        g_set_error(error, VMC_ERROR, VMC_ERROR_BUSY,
                    "VM '%s' is being started: migrate it when it runs",
                    vm->name);
        return FALSE;
    case VMC_RUN_PAUSED_MIGRATION:
    case VMC_RUN_PAUSED_INCOMING:
    case VMC_RUN_POSTCOPY_FAILED:
    case VMC_N_RUN_STATES:
    default:
        g_set_error(error, VMC_ERROR, VMC_ERROR_BUSY,
                    "VM '%s' is in a migration already (%s)", vm->name,
                    vmc_run_state_to_name(facts->state));
        return FALSE;
    }
}

/* What runs there must not be run over. */
static gboolean
check_destination(const VmcMove *move, const VmcVm *vm, GError **error)
{
    g_autoptr(VmcDomainFacts) facts = vmc_job_look(move->run, move->to, error);

    if (facts == NULL) {
        g_prefix_error(error, "VM '%s' stays on host '%s': ", vm->name,
                       move->from);
        return FALSE;
    }
    if (!vmc_run_state_is_active(facts->state))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_EXISTS,
                "VM '%s' is %s on host '%s' already, beside the one on host "
                "'%s': a person must look which one is right",
                vm->name, vmc_run_state_to_name(facts->state), move->to,
                move->from);
    return FALSE;
}

/* Now that the host has said what the VM needs: the destination that was
 * chosen at first may not have it, and then another will do. */
static gboolean
choose(VmcMoveOrder *order,
       const VmcFleet *fleet,
       const VmcVm *vm,
       const VmcDomainFacts *facts,
       GError **error)
{
    g_autofree char *first = g_strdup(order->to);
    g_autoptr(VmcPlacement) placement =
        vmc_move_order_find(order, fleet, vm, facts);

    if (placement->host == NULL && order->is_chosen) {
        g_clear_pointer(&order->to, g_free);
        g_clear_pointer(&placement, vmc_placement_free);
        placement = vmc_move_order_find(order, fleet, vm, facts);
    }
    if (placement->host != NULL) {
        g_free(order->to);
        order->to = g_strdup(placement->host);
        return TRUE;
    }
    for (guint i = 0; i < placement->candidates->len; i++) {
        const VmcCandidate *candidate = placement->candidates->pdata[i];
        if (g_str_equal(candidate->host, first))
            g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                        "host '%s' cannot take VM '%s': %s", first, vm->name,
                        candidate->reason);
    }
    if (error != NULL && *error == NULL)
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "there is no host '%s' any more", first);
    return FALSE;
}

/* ---- showing ------------------------------------------------------------ */

static gboolean
show_in_transit(VmcJobRun *run, const VmcVm *vm, const char *to, GError **error)
{
    g_autoptr(VmcVm) moving = vmc_vm_copy(vm);

    g_free(moving->destination);
    moving->destination = g_strdup(to);
    vmc_vm_set_state(moving, vm->state, "migrating", vmc_job_run_now_s(run));
    return vmc_job_run_publish_vm(run, moving, error);
}

/* On one host only, as that host sees it. */
static gboolean
show_settled(VmcJobRun *run,
             const char *host,
             const VmcDomainFacts *facts,
             GError **error)
{
    g_autoptr(VmcVm) vm = vmc_job_run_vm(run, error);

    if (vm == NULL)
        return FALSE;
    g_autoptr(VmcVm) settled = vmc_vm_copy(vm);
    g_clear_pointer(&settled->destination, g_free);
    VmcObservation seen = {.known = settled,
                           .facts = facts,
                           .host = host,
                           .now_s = vmc_job_run_now_s(run)};
    g_autoptr(VmcVm) observed = vmc_vm_observe(&seen);
    return vmc_job_run_publish_vm(run, observed, error);
}

static void
publish_result(const VmcMove *move, const char *host)
{
    g_autoptr(JsonObject) result = json_object_new();
    VmcMigrationFacts facts = {0};

    json_object_set_string_member(result, "host", host);
    if (g_str_equal(host, move->to) &&
        vmc_migrate_read(move->run, host, &facts, NULL)) {
        json_object_set_int_member(result, "elapsed_ms",
                                   (gint64) facts.elapsed_ms);
        json_object_set_int_member(result, "downtime_ms",
                                   (gint64) facts.downtime_ms);
        json_object_set_int_member(result, "processed_bytes",
                                   (gint64) facts.processed_bytes);
        json_object_set_int_member(result, "iterations",
                                   (gint64) facts.iteration);
    }
    vmc_job_run_set_result(move->run, result);
}

/* ---- after -------------------------------------------------------------- */

/* Where it is has become known, and that it is whole, whatever was not so
 * before. */
static VmcError
code_of(const GError *reason)
{
    VmcError code = vmc_error_of(reason);

    return code == VMC_ERROR_UNKNOWN || code == VMC_ERROR_PARTIAL
               ? VMC_ERROR_FAILED
               : code;
}

/* One copy is left: on which host decides whether it is a success. */
static gboolean
conclude(const VmcMove *move,
         const VmcSettlement *settlement,
         GError *why,
         GError **error)
{
    gboolean has_moved = settlement->where == VMC_WHERE_DESTINATION;
    const char *host = has_moved ? move->to : move->from;
    const char *name = vmc_job_run_record(move->run)->vm_name;
    g_autoptr(GError) reason =
        why != NULL ? why : vmc_job_run_undo_reason(move->run);

    publish_result(move, host);
    if (!show_settled(move->run, host, settlement->facts, error))
        return FALSE;
    if (has_moved) {
        if (reason != NULL)
            vmc_job_run_note(move->run, "it has moved in spite of that: %s",
                             reason->message);
        return TRUE;
    }
    g_set_error(error, VMC_ERROR, (int) code_of(reason),
                "VM '%s' is %s on host '%s' as before: %s", name,
                vmc_run_state_to_name(settlement->facts->state), move->from,
                reason != NULL ? reason->message : "the migration broke off");
    return FALSE;
}

/* It counts on both hosts until both answer. Where one copy is seen to run, the
 * VM does, whatever the other host will say. */
static gboolean
stay_unknown(const VmcMove *move,
             const VmcSettlement *settlement,
             GError *why,
             GError **error)
{
    g_autoptr(VmcVm) vm = vmc_job_run_vm(move->run, NULL);

    if (settlement->where == VMC_WHERE_UNKNOWN) {
        vmc_job_show_unknown(move->run, why);
    } else if (vm != NULL) {
        g_autoptr(VmcVm) shown = vmc_vm_copy(vm);
        vmc_vm_set_state(shown, vm->state, why->message,
                         vmc_job_run_now_s(move->run));
        (void) vmc_job_run_publish_vm(move->run, shown, NULL);
    }
    g_propagate_error(error, why);
    return FALSE;
}

/* Takes @why: the error of the migration, %NULL when it succeeded. */
static gboolean
settle(const VmcMove *move, GError *why, GError **error)
{
    g_auto(VmcSettlement) settlement = {0};
    GError *local = NULL;

    if (why != NULL)
        vmc_job_run_note(move->run, "%s", why->message);
    if (vmc_migrate_settle(move, &settlement, &local))
        return conclude(move, &settlement, why, error);
    g_clear_error(&why);
    return stay_unknown(move, &settlement, local, error);
}

/* ---- the job ------------------------------------------------------------ */

static gboolean
move_it(const VmcMove *move, const VmcCall *call, GError **error)
{
    GError *why = NULL;

    if (!vmc_job_run_remember(move->run, CHOSEN, move->to, error) ||
        !vmc_job_run_remember(move->run, SHOULD_RUN,
                              move->should_run ? "yes" : "no", error))
        return FALSE;
    if (vmc_migrate_watch(move->run, move->from, call, &why)) {
        if (move->should_run)
            vmc_migrate_hand_over(move);
        return settle(move, NULL, error);
    }
    /* vmctld is to end: the next one settles it */
    if (!vmc_job_run_wait(move->run, 0) &&
        !g_cancellable_is_cancelled(vmc_job_run_cancellable(move->run))) {
        g_propagate_error(error, why);
        return FALSE;
    }
    return settle(move, why, error);
}

static VmcCall *
prepare(VmcJobRun *run,
        VmcMoveOrder *order,
        const VmcVm *vm,
        const VmcDomainFacts *facts,
        GError **error)
{
    g_autoptr(VmcFleet) fleet = vmc_job_run_fleet(run);
    const VmcSettings *settings = vmc_job_run_settings(run);

    if (!check_source(vm, facts, error) ||
        !choose(order, fleet, vm, facts, error))
        return NULL;
    const VmcHost *to = vmc_fleet_find_host(fleet, order->to);
    if (order->bandwidth_mib_per_s == 0)
        order->bandwidth_mib_per_s = settings->bandwidth_mib_per_s;
    return vmc_move_order_make_call(order, to, facts, settings->shared_pools,
                                    error);
}

static gboolean
run_fresh(VmcJobRun *run, VmcMoveOrder *order, const VmcVm *vm, GError **error)
{
    g_autoptr(VmcDomainFacts) facts = vmc_job_look(run, order->from, error);

    if (facts == NULL)
        return FALSE;
    g_autoptr(VmcCall) call = prepare(run, order, vm, facts, error);
    if (call == NULL)
        return FALSE;
    VmcMove move = {.run = run,
                    .from = order->from,
                    .to = order->to,
                    .should_run = facts->state == VMC_RUN_RUNNING};
    if (!check_destination(&move, vm, error) ||
        !show_in_transit(run, vm, order->to, error))
        return FALSE;
    vmc_job_run_listen(run, order->from);
    vmc_job_run_listen(run, order->to);
    if (vmc_job_run_step(run, 100, error,
                         "migrate VM '%s' from host '%s' to host '%s'",
                         vm->name, order->from, order->to))
        return move_it(&move, call, error);
    /* cancelled before it began: it is where it was */
    (void) show_settled(run, order->from, facts, NULL);
    return FALSE;
}

static gboolean
run_resumed(VmcJobRun *run, const VmcMoveOrder *order, GError **error)
{
    const char *should_run = vmc_job_run_recall(run, SHOULD_RUN);
    const char *chosen = vmc_job_run_recall(run, CHOSEN);
    VmcMove move = {.run = run,
                    .from = order->from,
                    .to = chosen != NULL ? chosen : order->to,
                    .should_run = g_strcmp0(should_run, "no") != 0};

    vmc_job_run_listen(run, order->from);
    vmc_job_run_listen(run, move.to);
    return settle(&move, vmc_job_run_undo_reason(run), error);
}

gboolean
vmc_migrate_job_run(VmcJobRun *run, GError **error)
{
    g_auto(VmcMoveOrder) order = {0};
    g_autoptr(VmcVm) vm = vmc_job_run_vm(run, error);
    JsonObject *intent = vmc_job_run_intent(run);

    if (vm == NULL || !vmc_move_order_from_intent(intent, &order, error))
        return FALSE;
    gboolean is_recovery =
        json_object_get_boolean_member_with_default(intent, "recover", FALSE);
    if (is_recovery || vmc_job_run_recall(run, SHOULD_RUN) != NULL)
        return run_resumed(run, &order, error);
    return run_fresh(run, &order, vm, error);
}
