/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * CbcStatus:
 * @CBC_OPTIMAL: no solution is better
 * @CBC_STOPPED: the best it found in the time
 * @CBC_INFEASIBLE: there is no solution
 * @CBC_NOTHING: the time was over before it found one
 */
typedef enum {
    CBC_OPTIMAL,
    CBC_STOPPED,
    CBC_INFEASIBLE,
    CBC_NOTHING,
} CbcStatus;

/**
 * CbcAnswer:
 * @status: how it ended
 * @objective: of the solution
 * @host_of: (array): for each VM its host, as the variables x_VM_HOST say
 * @seconds: how long it took
 */
typedef struct {
    CbcStatus status;
    double objective;
    gint32 *host_of;
    double seconds;
} CbcAnswer;

/**
 * cbc_find:
 * @error: says which package has it
 *
 * Returns: whether the solver is installed
 */
gboolean cbc_find(GError **error);

/**
 * cbc_solve:
 * @folder: where its files go
 * @lp: a linear program, see lp_of_model()
 * @n_vms: VMs of the model
 * @seconds: how long it may take
 * @error: where a failure goes
 *
 * Runs `cbc` on one core.
 *
 * Returns: (transfer full): what it found
 */
CbcAnswer *cbc_solve(const char *folder,
                     const char *lp,
                     guint n_vms,
                     guint seconds,
                     GError **error);
void cbc_answer_free(CbcAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CbcAnswer, cbc_answer_free)
