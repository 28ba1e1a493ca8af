/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/reconcile.h"

#include <glib.h>

typedef struct {
    VmcRunState source;
    VmcRunState destination;
    VmcReconcileAction action;
    VmcWhereabouts where;
} Row;

static VmcReconcileView
view_of(VmcRunState source, VmcRunState destination)
{
    return (VmcReconcileView){.source_answers = TRUE,
                              .destination_answers = TRUE,
                              .source = source,
                              .destination = destination,
                              .should_run = TRUE};
}

/* The rows that were seen on real hosts, after errors and crashes. */
static void
test_rows(void)
{
    static const Row rows[] = {
        {VMC_RUN_RUNNING, VMC_RUN_ABSENT, VMC_RECONCILE_SETTLED,
         VMC_WHERE_SOURCE},
        {VMC_RUN_RUNNING, VMC_RUN_SHUT_OFF, VMC_RECONCILE_UNDEFINE_DESTINATION,
         VMC_WHERE_SOURCE},
        {VMC_RUN_RUNNING, VMC_RUN_PAUSED, VMC_RECONCILE_DESTROY_DESTINATION,
         VMC_WHERE_SOURCE},
        {VMC_RUN_RUNNING, VMC_RUN_PAUSED_INCOMING,
         VMC_RECONCILE_DESTROY_DESTINATION, VMC_WHERE_SOURCE},
        {VMC_RUN_RUNNING, VMC_RUN_RUNNING, VMC_RECONCILE_DESTROY_DESTINATION,
         VMC_WHERE_SOURCE},
        {VMC_RUN_ABSENT, VMC_RUN_PAUSED, VMC_RECONCILE_RESUME_DESTINATION,
         VMC_WHERE_DESTINATION},
        {VMC_RUN_SHUT_OFF, VMC_RUN_PAUSED, VMC_RECONCILE_RESUME_DESTINATION,
         VMC_WHERE_DESTINATION},
        {VMC_RUN_SHUT_OFF, VMC_RUN_RUNNING, VMC_RECONCILE_UNDEFINE_SOURCE,
         VMC_WHERE_DESTINATION},
        {VMC_RUN_ABSENT, VMC_RUN_RUNNING, VMC_RECONCILE_SETTLED,
         VMC_WHERE_DESTINATION},
        {VMC_RUN_PAUSED_MIGRATION, VMC_RUN_ABSENT, VMC_RECONCILE_RESUME_SOURCE,
         VMC_WHERE_SOURCE},
        {VMC_RUN_PAUSED_MIGRATION, VMC_RUN_PAUSED, VMC_RECONCILE_DESTROY_SOURCE,
         VMC_WHERE_DESTINATION},
        {VMC_RUN_PAUSED_MIGRATION, VMC_RUN_PAUSED_INCOMING,
         VMC_RECONCILE_DESTROY_DESTINATION, VMC_WHERE_SOURCE},
        {VMC_RUN_SHUT_OFF, VMC_RUN_SHUT_OFF, VMC_RECONCILE_UNDEFINE_DESTINATION,
         VMC_WHERE_SOURCE},
        {VMC_RUN_ABSENT, VMC_RUN_ABSENT, VMC_RECONCILE_ALARM,
         VMC_WHERE_UNKNOWN},
        {VMC_RUN_POSTCOPY_FAILED, VMC_RUN_RUNNING, VMC_RECONCILE_ALARM,
         VMC_WHERE_UNKNOWN},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        VmcReconcileView view = view_of(rows[i].source, rows[i].destination);
        VmcReconcileVerdict verdict = vmc_reconcile(&view);

        g_test_message("%s / %s", vmc_run_state_to_name(rows[i].source),
                       vmc_run_state_to_name(rows[i].destination));
        g_assert_cmpint(verdict.action, ==, rows[i].action);
        g_assert_cmpint(verdict.where, ==, rows[i].where);
    }
}

/* Nothing is started or ended while a host that may hold the VM is silent. */
static void
test_silence_is_waited_for(void)
{
    for (guint state = 0; state < VMC_N_RUN_STATES; state++) {
        VmcReconcileView view = view_of((VmcRunState) state, VMC_RUN_ABSENT);

        view.destination_answers = FALSE;
        g_assert_cmpint(vmc_reconcile(&view).action, ==, VMC_RECONCILE_WAIT);
        view = view_of(VMC_RUN_ABSENT, (VmcRunState) state);
        view.source_answers = FALSE;
        g_assert_cmpint(vmc_reconcile(&view).action, ==, VMC_RECONCILE_WAIT);
    }
}

static void
test_active_migration_is_waited_for(void)
{
    VmcReconcileView view = view_of(VMC_RUN_RUNNING, VMC_RUN_PAUSED_INCOMING);

    view.is_migrating = TRUE;
    g_assert_cmpint(vmc_reconcile(&view).action, ==, VMC_RECONCILE_WAIT);
}

/* Once the destination was told to run, its copy is the one that counts. */
static void
test_split_brain(void)
{
    VmcReconcileView view = view_of(VMC_RUN_RUNNING, VMC_RUN_RUNNING);

    g_assert_true(vmc_reconcile(&view).is_split_brain);
    view.was_handed_over = TRUE;
    VmcReconcileVerdict verdict = vmc_reconcile(&view);
    g_assert_true(verdict.is_split_brain);
    g_assert_cmpint(verdict.action, ==, VMC_RECONCILE_DESTROY_SOURCE);
    g_assert_cmpint(verdict.where, ==, VMC_WHERE_DESTINATION);
}

static void
test_paused_stays_paused(void)
{
    VmcReconcileView view = view_of(VMC_RUN_ABSENT, VMC_RUN_PAUSED);

    view.should_run = FALSE;
    g_assert_cmpint(vmc_reconcile(&view).action, ==, VMC_RECONCILE_SETTLED);
    view.source = VMC_RUN_SHUT_OFF;
    g_assert_cmpint(vmc_reconcile(&view).action, ==,
                    VMC_RECONCILE_UNDEFINE_SOURCE);
}

static VmcRunState
run_state_after(VmcRunState state, gboolean is_resumed, gboolean is_destroyed)
{
    if (is_resumed)
        return VMC_RUN_RUNNING;
    return is_destroyed ? VMC_RUN_SHUT_OFF : state;
}

static void
carry_out(VmcReconcileView *view, VmcReconcileAction action)
{
    view->source =
        run_state_after(view->source, action == VMC_RECONCILE_RESUME_SOURCE,
                        action == VMC_RECONCILE_DESTROY_SOURCE);
    view->destination = run_state_after(
        view->destination, action == VMC_RECONCILE_RESUME_DESTINATION,
        action == VMC_RECONCILE_DESTROY_DESTINATION);
    if (action == VMC_RECONCILE_UNDEFINE_SOURCE)
        view->source = VMC_RUN_ABSENT;
    if (action == VMC_RECONCILE_UNDEFINE_DESTINATION)
        view->destination = VMC_RUN_ABSENT;
}

static gboolean
is_whole(VmcRunState state)
{
    return state != VMC_RUN_ABSENT && state != VMC_RUN_PAUSED_INCOMING;
}

/* From every state both hosts can be in, the actions end, leave exactly one
 * copy, and never throw away the last whole one. */
static void
test_every_course_ends_with_one_copy(void)
{
    for (guint s = 0; s < VMC_N_RUN_STATES; s++) {
        for (guint d = 0; d < VMC_N_RUN_STATES; d++) {
            VmcReconcileView view = view_of((VmcRunState) s, (VmcRunState) d);
            VmcReconcileAction action = vmc_reconcile(&view).action;

            for (guint i = 0; i < 5 && action > VMC_RECONCILE_WAIT &&
                              action < VMC_RECONCILE_ALARM;
                 i++) {
                carry_out(&view, action);
                action = vmc_reconcile(&view).action;
            }
            g_test_message("%u %u ends with %s", s, d,
                           vmc_reconcile_action_to_name(action));
            if (action == VMC_RECONCILE_WAIT || action == VMC_RECONCILE_ALARM)
                continue;
            g_assert_cmpint(action, ==, VMC_RECONCILE_SETTLED);
            g_assert_true((view.source == VMC_RUN_ABSENT) !=
                          (view.destination == VMC_RUN_ABSENT));
            g_assert_true(is_whole(view.source) || is_whole(view.destination));
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reconcile/rows", test_rows);
    g_test_add_func("/reconcile/silence", test_silence_is_waited_for);
    g_test_add_func("/reconcile/active", test_active_migration_is_waited_for);
    g_test_add_func("/reconcile/split-brain", test_split_brain);
    g_test_add_func("/reconcile/paused", test_paused_stays_paused);
    g_test_add_func("/reconcile/ends", test_every_course_ends_with_one_copy);
    return g_test_run();
}
