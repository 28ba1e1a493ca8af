/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/term.h"

/* Hosts: how many have a VM. The state adds it to the cost of a host, see
 * vmc_state_host_cost_with(). */

static double
recompute(const VmcScene *scene)
{
    const VmcModel *model = scene->model;
    g_autofree guint8 *in_use = g_new0(guint8, MAX(model->n_hosts, 1));
    guint n = 0;

    for (guint v = 0; v < model->n_vms; v++) {
        gint32 host = scene->host_of[v];
        if (host == VMC_NOWHERE || in_use[host])
            continue;
        in_use[host] = TRUE;
        n++;
    }
    return model->weight[VMC_TERM_HOSTS] * n;
}

const VmcTerm vmc_term_hosts = {
    .name = "hosts",
    .unit = "hosts in use",
    .recompute = recompute,
};
