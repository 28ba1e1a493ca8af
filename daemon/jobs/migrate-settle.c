/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/migrate-settle.h"

#include "daemon/jobs/job-ask.h"
#include "daemon/jobs/migrate-watch.h"

#define FIRST_PAUSE_MS 100
#define LONGEST_PAUSE_MS 2000

/* What the table asks for ends in a few actions, or it asks in circles. */
#define MAX_ACTIONS 20

#define HANDED_OVER "handed-over"

void
vmc_settlement_clear(VmcSettlement *settlement)
{
    g_clear_pointer(&settlement->facts, vmc_domain_facts_unref);
}

/* ---- asking both -------------------------------------------------------- */

typedef struct {
    VmcReconcileView view;
    VmcDomainFacts *source;      /* (nullable): it does not answer */
    VmcDomainFacts *destination; /* likewise */
    char *silence;               /* (nullable): why one does not */
} Both;

static void
both_clear(Both *both)
{
    g_clear_pointer(&both->source, vmc_domain_facts_unref);
    g_clear_pointer(&both->destination, vmc_domain_facts_unref);
    g_clear_pointer(&both->silence, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Both, both_clear)

/* Any error of a look is silence: what a host did not say is not known. */
static VmcDomainFacts *
look(const VmcMove *move, const char *host, char **silence)
{
    g_autoptr(GError) error = NULL;
    VmcDomainFacts *facts = vmc_job_look(move->run, host, &error);

    if (facts == NULL) {
        g_free(*silence);
        *silence = g_strdup(error->message);
    }
    return facts;
}

/* Asked before the copies are looked at. When the source migrates it no more,
 * what is seen afterwards holds still; asked later, a migration that ends in
 * between leaves a picture of two moments, and what has just arrived would be
 * taken for half a copy. FALSE when the source does not say. */
static gboolean
ask_whether_migrating(const VmcMove *move,
                      gboolean *ret_is_migrating,
                      char **silence)
{
    VmcMigrationFacts facts = {0};
    g_autoptr(GError) error = NULL;

    if (!vmc_migrate_read(move->run, move->from, &facts, &error) &&
        vmc_error_of(error) != VMC_ERROR_NOT_FOUND) {
        *silence = g_strdup(error->message);
        return FALSE;
    }
    *ret_is_migrating = facts.is_active;
    return TRUE;
}

static void
look_at_both(const VmcMove *move, Both *both)
{
    gboolean is_migrating = FALSE;

    if (ask_whether_migrating(move, &is_migrating, &both->silence))
        both->source = look(move, move->from, &both->silence);
    both->destination = look(move, move->to, &both->silence);
    both->view = (VmcReconcileView){
        .source_answers = both->source != NULL,
        .destination_answers = both->destination != NULL,
        .source = both->source != NULL ? both->source->state : VMC_RUN_ABSENT,
        .destination = both->destination != NULL ? both->destination->state
                                                 : VMC_RUN_ABSENT,
        .is_migrating = is_migrating,
        .was_handed_over =
            g_strcmp0(vmc_job_run_recall(move->run, HANDED_OVER), "yes") == 0,
        .should_run = move->should_run};
}

static void
set_settlement(VmcSettlement *settlement,
               const VmcReconcileVerdict *verdict,
               const Both *both)
{
    VmcDomainFacts *facts = verdict->where == VMC_WHERE_SOURCE ? both->source
                            : verdict->where == VMC_WHERE_DESTINATION
                                ? both->destination
                                : NULL;

    vmc_settlement_clear(settlement);
    settlement->where = verdict->where;
    settlement->facts = facts != NULL ? vmc_domain_facts_ref(facts) : NULL;
}

/* ---- acting ------------------------------------------------------------- */

typedef struct {
    gboolean at_source;
    VmcCallKind call;
} ActionRow;

static const ActionRow rows[VMC_N_RECONCILE_ACTIONS] = {
    [VMC_RECONCILE_RESUME_SOURCE] = {TRUE, VMC_CALL_RESUME},
    [VMC_RECONCILE_RESUME_DESTINATION] = {FALSE, VMC_CALL_RESUME},
    [VMC_RECONCILE_DESTROY_SOURCE] = {TRUE, VMC_CALL_DESTROY},
    [VMC_RECONCILE_DESTROY_DESTINATION] = {FALSE, VMC_CALL_DESTROY},
    [VMC_RECONCILE_UNDEFINE_SOURCE] = {TRUE, VMC_CALL_UNDEFINE},
    [VMC_RECONCILE_UNDEFINE_DESTINATION] = {FALSE, VMC_CALL_UNDEFINE},
};

static void
say(const VmcMove *move, const VmcReconcileVerdict *verdict)
{
    vmc_job_run_note(
        move->run, "%s%s: %s", verdict->is_split_brain ? "SPLIT BRAIN, " : "",
        vmc_reconcile_action_to_name(verdict->action), verdict->reason);
}

/* Whether it worked is seen at the next look. */
static gboolean
act(const VmcMove *move, const VmcReconcileVerdict *verdict, GError **error)
{
    const ActionRow *row = &rows[verdict->action];
    const char *host = row->at_source ? move->from : move->to;
    g_autoptr(GError) local = NULL;

    if (!vmc_job_run_step(move->run, 900, error, "%s on host '%s': %s",
                          vmc_call_kind_to_name(row->call), host,
                          verdict->reason))
        return FALSE;
    if (verdict->action == VMC_RECONCILE_RESUME_DESTINATION &&
        !vmc_job_run_remember(move->run, HANDED_OVER, "yes", error))
        return FALSE;
    if (!vmc_job_ask(move->run, host, row->call, 0, &local))
        vmc_job_run_note(move->run, "%s", local->message);
    return TRUE;
}

void
vmc_migrate_hand_over(const VmcMove *move)
{
    g_autoptr(GError) error = NULL;

    g_return_if_fail(move != NULL);
    if (!vmc_job_run_remember(move->run, HANDED_OVER, "yes", &error) ||
        !vmc_job_ask(move->run, move->to, VMC_CALL_RESUME, 0, &error))
        vmc_job_run_note(move->run, "%s", error->message);
}

/* ---- waiting ------------------------------------------------------------ */

typedef struct {
    gint64 silent_since_us; /* 0: both answer */
    guint pause_ms;
    gboolean is_aborted;
} Patience;

static gboolean
is_cancelled(const VmcMove *move)
{
    return g_cancellable_is_cancelled(vmc_job_run_cancellable(move->run));
}

/* Somebody may cancel it here too, in a job that was taken up again. */
static void
heed_cancel(const VmcMove *move, const Both *both, Patience *patience)
{
    g_autoptr(GError) why = NULL;

    if (!is_cancelled(move) || patience->is_aborted)
        return;
    patience->is_aborted = TRUE;
    g_set_error(&why, VMC_ERROR, VMC_ERROR_CANCELLED,
                "the migration was cancelled");
    vmc_job_run_begin_undo(move->run, why);
    if (both->view.is_migrating)
        vmc_migrate_abort(move->run, move->from);
}

/* A host that is silent is waited for: libvirt itself takes 30 s to give up on
 * the other side, and a daemon that hangs may come back. */
static gboolean
is_silent_for_long(const VmcMove *move, const Both *both, Patience *patience)
{
    const gint64 limit_s = vmc_job_run_settings(move->run)->silence_timeout_s;
    const gint64 now_us = g_get_monotonic_time();

    if (both->silence == NULL)
        patience->silent_since_us = 0;
    else if (patience->silent_since_us == 0)
        patience->silent_since_us = now_us;
    return both->silence != NULL &&
           now_us - patience->silent_since_us > limit_s * G_USEC_PER_SEC;
}

static gboolean
wait_once_more(const VmcMove *move,
               const Both *both,
               Patience *patience,
               GError **error)
{
    heed_cancel(move, both, patience);
    if (is_silent_for_long(move, both, patience)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNKNOWN,
                    "where VM '%s' is cannot be made certain before both host "
                    "'%s' and host '%s' answer: %s",
                    vmc_job_run_record(move->run)->vm_name, move->from,
                    move->to, both->silence);
        return FALSE;
    }
    guint pause_ms = patience->pause_ms;
    patience->pause_ms = MIN(2 * pause_ms, LONGEST_PAUSE_MS);
    if (vmc_job_run_wait_event(move->run, pause_ms, NULL))
        return TRUE;
    /* a cancel that came meanwhile is heeded in the next round */
    if (is_cancelled(move) && !patience->is_aborted)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_CANCELLED,
                "vmctld is to end: the job goes on with the next one");
    return FALSE;
}

/* ---- until it is settled ------------------------------------------------ */

static gboolean
alarm_operator(const VmcMove *move,
               const VmcReconcileVerdict *verdict,
               GError **error)
{
    g_set_error(error, VMC_ERROR, VMC_ERROR_FAILED,
                "VM '%s' needs a person to look at it on host '%s' and host "
                "'%s': %s",
                vmc_job_run_record(move->run)->vm_name, move->from, move->to,
                verdict->reason);
    return FALSE;
}

/* What ends a copy is asked for by two pictures in a row: there is no way
 * back. */
static gboolean
is_certain(const VmcReconcileVerdict *verdict, VmcReconcileAction last)
{
    return (verdict->action != VMC_RECONCILE_DESTROY_SOURCE &&
            verdict->action != VMC_RECONCILE_DESTROY_DESTINATION) ||
           verdict->action == last;
}

gboolean
vmc_migrate_settle(const VmcMove *move,
                   VmcSettlement *ret_settlement,
                   GError **error)
{
    g_return_val_if_fail(move != NULL && ret_settlement != NULL, FALSE);
    Patience patience = {.pause_ms = FIRST_PAUSE_MS};
    VmcReconcileAction last = VMC_RECONCILE_SETTLED;
    guint n_actions = 0;

    for (;;) {
        g_auto(Both) both = {0};
        look_at_both(move, &both);
        VmcReconcileVerdict verdict = vmc_reconcile(&both.view);
        set_settlement(ret_settlement, &verdict, &both);
        gboolean is_waiting =
            verdict.action == VMC_RECONCILE_WAIT || !is_certain(&verdict, last);
        if (verdict.action != last)
            say(move, &verdict);
        last = verdict.action;
        if (verdict.action == VMC_RECONCILE_SETTLED)
            return TRUE;
        if (verdict.action == VMC_RECONCILE_ALARM)
            return alarm_operator(move, &verdict, error);
        if (!is_waiting && ++n_actions > MAX_ACTIONS)
            return alarm_operator(move, &verdict, error);
        if (!is_waiting && !act(move, &verdict, error))
            return FALSE;
        if ((is_waiting || n_actions > 3) &&
            !wait_once_more(move, &both, &patience, error))
            return FALSE;
    }
}
