/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/reconcile.h"

/* The states of a copy that the table tells apart. */
typedef enum {
    COPY_NONE,     /* not even defined */
    COPY_DOWN,     /* defined, not in memory */
    COPY_RUNS,     /* executing, or stopped by something other than us */
    COPY_STOPPED,  /* whole, its vCPUs stopped by a user or by the handoff */
    COPY_IN_FLUX,  /* stopped, by a migration whose end is open */
    COPY_POSTCOPY, /* half of it is on the other host */
    N_COPIES
} Copy;

static const char *const action_names[VMC_N_RECONCILE_ACTIONS] = {
    [VMC_RECONCILE_SETTLED] = "settled",
    [VMC_RECONCILE_WAIT] = "wait",
    [VMC_RECONCILE_RESUME_SOURCE] = "resume-source",
    [VMC_RECONCILE_RESUME_DESTINATION] = "resume-destination",
    [VMC_RECONCILE_DESTROY_SOURCE] = "destroy-source",
    [VMC_RECONCILE_DESTROY_DESTINATION] = "destroy-destination",
    [VMC_RECONCILE_UNDEFINE_SOURCE] = "undefine-source",
    [VMC_RECONCILE_UNDEFINE_DESTINATION] = "undefine-destination",
    [VMC_RECONCILE_ALARM] = "alarm",
};

static const Copy copies[VMC_N_RUN_STATES] = {
    [VMC_RUN_ABSENT] = COPY_NONE,
    [VMC_RUN_SHUT_OFF] = COPY_DOWN,
    [VMC_RUN_CRASHED] = COPY_DOWN,
    [VMC_RUN_STARTING] = COPY_IN_FLUX, /* by somebody else */
    [VMC_RUN_RUNNING] = COPY_RUNS,
    [VMC_RUN_PAUSED_IO_ERROR] = COPY_RUNS,
    [VMC_RUN_PAUSED] = COPY_STOPPED,
    [VMC_RUN_PAUSED_MIGRATION] = COPY_IN_FLUX,
    [VMC_RUN_PAUSED_INCOMING] = COPY_IN_FLUX,
    [VMC_RUN_POSTCOPY_FAILED] = COPY_POSTCOPY,
};

#define SETTLED VMC_RECONCILE_SETTLED
#define WAIT VMC_RECONCILE_WAIT
#define RESUME_SOURCE VMC_RECONCILE_RESUME_SOURCE
#define RESUME_DEST VMC_RECONCILE_RESUME_DESTINATION
#define DESTROY_SOURCE VMC_RECONCILE_DESTROY_SOURCE
#define DESTROY_DEST VMC_RECONCILE_DESTROY_DESTINATION
#define UNDEFINE_SOURCE VMC_RECONCILE_UNDEFINE_SOURCE
#define UNDEFINE_DEST VMC_RECONCILE_UNDEFINE_DESTINATION
#define ALARM VMC_RECONCILE_ALARM
#define AT_SOURCE VMC_WHERE_SOURCE
#define AT_DEST VMC_WHERE_DESTINATION
#define NOWHERE VMC_WHERE_UNKNOWN

/* clang-format off */

/* Both hosts answer and no migration is active: table[source][destination].
 * Rows of post-copy are not in it: there only a person may act. */
static const VmcReconcileVerdict table[COPY_POSTCOPY][COPY_POSTCOPY] = {
    [COPY_NONE] = {
        [COPY_NONE] = {ALARM, NOWHERE, "neither host knows the VM"},
        [COPY_DOWN] = {SETTLED, AT_DEST, "it moved, and is shut off there"},
        [COPY_RUNS] = {SETTLED, AT_DEST, "it moved and runs there"},
        [COPY_STOPPED] = {RESUME_DEST, AT_DEST,
                          "it moved and waits to be resumed"},
        [COPY_IN_FLUX] = {WAIT, NOWHERE,
                          "the source is done, the destination not yet"},
    },
    [COPY_DOWN] = {
        [COPY_NONE] = {SETTLED, AT_SOURCE, "it is shut off at the source"},
        [COPY_DOWN] = {UNDEFINE_DEST, AT_SOURCE,
                       "it is shut off, with a stale definition at the "
                       "destination"},
        [COPY_RUNS] = {UNDEFINE_SOURCE, AT_DEST,
                       "it moved; the source has a stale definition"},
        [COPY_STOPPED] = {RESUME_DEST, AT_DEST,
                          "it moved and waits to be resumed"},
        [COPY_IN_FLUX] = {WAIT, NOWHERE,
                          "the source is done, the destination not yet"},
    },
    [COPY_RUNS] = {
        [COPY_NONE] = {SETTLED, AT_SOURCE, "it never left the source"},
        [COPY_DOWN] = {UNDEFINE_DEST, AT_SOURCE,
                       "it never left the source; the destination has a stale "
                       "definition"},
        [COPY_RUNS] = {DESTROY_DEST, AT_SOURCE,
                       "it runs on both hosts; the source never stopped",
                       .is_split_brain = TRUE},
        [COPY_STOPPED] = {DESTROY_DEST, AT_SOURCE,
                          "it runs at the source; the destination has a "
                          "stopped copy"},
        [COPY_IN_FLUX] = {DESTROY_DEST, AT_SOURCE,
                          "it runs at the source; the destination has half a "
                          "copy"},
    },
    [COPY_STOPPED] = {
        [COPY_NONE] = {SETTLED, AT_SOURCE, "it is paused at the source"},
        [COPY_DOWN] = {UNDEFINE_DEST, AT_SOURCE,
                       "it is paused at the source; the destination has a "
                       "stale definition"},
        [COPY_RUNS] = {DESTROY_SOURCE, AT_DEST,
                       "it runs at the destination; the source has a stopped "
                       "copy"},
        [COPY_STOPPED] = {DESTROY_DEST, AT_SOURCE,
                          "both copies are paused; the source was not given "
                          "up"},
        [COPY_IN_FLUX] = {DESTROY_DEST, AT_SOURCE,
                          "it is paused at the source; the destination has "
                          "half a copy"},
    },
    [COPY_IN_FLUX] = {
        [COPY_NONE] = {RESUME_SOURCE, AT_SOURCE,
                       "the destination has nothing; the source is whole"},
        [COPY_DOWN] = {UNDEFINE_DEST, AT_SOURCE,
                       "the destination has only a definition; the source is "
                       "whole"},
        [COPY_RUNS] = {DESTROY_SOURCE, AT_DEST,
                       "it runs at the destination; the source was left "
                       "stopped"},
        [COPY_STOPPED] = {DESTROY_SOURCE, AT_DEST,
                          "the destination has all of it; the source was left "
                          "stopped"},
        [COPY_IN_FLUX] = {DESTROY_DEST, AT_SOURCE,
                          "the destination never finished; the source is "
                          "whole"},
    },
};

/* clang-format on */

const char *
vmc_reconcile_action_to_name(VmcReconcileAction action)
{
    g_return_val_if_fail(action < VMC_N_RECONCILE_ACTIONS, NULL);
    return action_names[action];
}

/* With one host silent nothing may be started or ended: the silent one may
 * have it. What is certain is where a running copy is. */
static VmcReconcileVerdict
judge_half(const VmcReconcileView *view)
{
    VmcReconcileVerdict verdict = {WAIT, NOWHERE, "neither host answers",
                                   FALSE};

    if (view->source_answers) {
        verdict.reason = "the destination does not answer";
        if (copies[view->source] == COPY_RUNS)
            verdict.where = AT_SOURCE;
    } else if (view->destination_answers) {
        verdict.reason = "the source does not answer";
        if (copies[view->destination] == COPY_RUNS)
            verdict.where = AT_DEST;
    }
    return verdict;
}

/* The journal knows better than the table when the destination was resumed:
 * from then on its copy is the one that counts. */
static VmcReconcileVerdict
judge_split_brain(const VmcReconcileView *view, VmcReconcileVerdict verdict)
{
    if (view->was_handed_over) {
        verdict.action = DESTROY_SOURCE;
        verdict.where = AT_DEST;
        verdict.reason = "it runs on both hosts; the destination was resumed "
                         "by us";
    }
    return verdict;
}

/* A VM that was paused before stays paused; then only a definition that the
 * source kept is left to take away. */
static VmcReconcileVerdict
judge_resume(const VmcReconcileView *view, VmcReconcileVerdict verdict)
{
    if (view->should_run)
        return verdict;
    verdict.action = SETTLED;
    verdict.reason = "it was paused before, and stays so";
    if (verdict.where == AT_DEST && copies[view->source] == COPY_DOWN) {
        verdict.action = UNDEFINE_SOURCE;
        verdict.reason = "it moved paused; the source has a stale definition";
    }
    return verdict;
}

VmcReconcileVerdict
vmc_reconcile(const VmcReconcileView *view)
{
    static const VmcReconcileVerdict postcopy = {
        ALARM, NOWHERE,
        "post-copy broke off: only its own recovery may touch either copy",
        FALSE};
    static const VmcReconcileVerdict migrating = {
        WAIT, NOWHERE, "libvirt is still migrating it", FALSE};

    g_return_val_if_fail(view != NULL, postcopy);
    g_return_val_if_fail(view->source < VMC_N_RUN_STATES, postcopy);
    g_return_val_if_fail(view->destination < VMC_N_RUN_STATES, postcopy);

    if (!view->source_answers || !view->destination_answers)
        return judge_half(view);
    Copy source = copies[view->source];
    Copy destination = copies[view->destination];
    if (source == COPY_POSTCOPY || destination == COPY_POSTCOPY)
        return postcopy;
    if (view->is_migrating)
        return migrating;
    VmcReconcileVerdict verdict = table[source][destination];
    if (verdict.is_split_brain)
        return judge_split_brain(view, verdict);
    if (verdict.action == RESUME_SOURCE || verdict.action == RESUME_DEST)
        return judge_resume(view, verdict);
    return verdict;
}
