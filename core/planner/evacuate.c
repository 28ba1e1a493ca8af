/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/evacuate.h"

#include "core/planner/place.h"

static gboolean
must_leave(const VmcState *state, guint vm)
{
    gint32 host = state->host_of[vm];

    return host != VMC_NOWHERE &&
           (state->model->host_flags[host] & VMC_MODEL_HOST_MUST_EMPTY) != 0;
}

static GArray *
stranded(const VmcState *state)
{
    GArray *vms = g_array_new(FALSE, FALSE, sizeof(guint32));

    for (guint32 v = 0; v < state->model->n_vms; v++)
        if (must_leave(state, v) && state->model->is_movable[v])
            g_array_append_val(vms, v);
    return vms;
}

gboolean
vmc_evacuate(VmcState *state, VmcRepairReport *ret_report)
{
    g_return_val_if_fail(state != NULL, FALSE);
    g_autoptr(GArray) vms = stranded(state);
    guint n_placed = vmc_place(state, (const guint32 *) vms->data, vms->len);

    if (ret_report != NULL)
        *ret_report = (VmcRepairReport){.n_moves = n_placed,
                                        .n_bound = vms->len,
                                        .n_left = vms->len - n_placed};
    if (n_placed == vms->len)
        return TRUE;
    vmc_state_assign(state, state->model->start);
    return vmc_repair(state, ret_report);
}
