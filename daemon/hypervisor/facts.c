/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/facts.h"

#include "core/name-table.h"

static const char *const run_state_names[VMC_N_RUN_STATES] = {
    [VMC_RUN_ABSENT] = "absent",
    [VMC_RUN_SHUT_OFF] = "shut-off",
    [VMC_RUN_STARTING] = "starting",
    [VMC_RUN_RUNNING] = "running",
    [VMC_RUN_PAUSED] = "paused",
    [VMC_RUN_PAUSED_MIGRATION] = "paused-migration",
    [VMC_RUN_PAUSED_INCOMING] = "paused-incoming",
    [VMC_RUN_PAUSED_IO_ERROR] = "paused-io-error",
    [VMC_RUN_POSTCOPY_FAILED] = "postcopy-failed",
    [VMC_RUN_CRASHED] = "crashed",
};

const char *
vmc_run_state_to_name(VmcRunState state)
{
    g_return_val_if_fail(state < VMC_N_RUN_STATES, NULL);
    return run_state_names[state];
}

gboolean
vmc_run_state_from_name(const char *name, VmcRunState *ret_state)
{
    return vmc_names_find(run_state_names, name, ret_state);
}

gboolean
vmc_run_state_is_active(VmcRunState state)
{
    return state != VMC_RUN_ABSENT && state != VMC_RUN_SHUT_OFF &&
           state != VMC_RUN_CRASHED;
}

VmcDomainFacts *
vmc_domain_facts_new(const char *uuid, const char *name)
{
    VmcDomainFacts *facts = g_new0(VmcDomainFacts, 1);

    facts->uuid = g_strdup(uuid);
    facts->name = g_strdup(name);
    g_atomic_ref_count_init(&facts->refs);
    return facts;
}

VmcDomainFacts *
vmc_domain_facts_ref(VmcDomainFacts *facts)
{
    g_return_val_if_fail(facts != NULL, NULL);
    g_atomic_ref_count_inc(&facts->refs);
    return facts;
}

void
vmc_domain_facts_unref(VmcDomainFacts *facts)
{
    if (facts == NULL || !g_atomic_ref_count_dec(&facts->refs))
        return;
    g_free(facts->uuid);
    g_free(facts->name);
    g_free(facts->domain_type);
    g_clear_pointer(&facts->metadata, vmc_vm_unref);
    vmc_vm_shape_clear(&facts->shape);
    g_strfreev(facts->pools);
    g_strfreev(facts->disks);
    g_strfreev(facts->networks);
    g_strfreev(facts->bridges);
    g_free(facts->machine);
    g_free(facts->cpu_model);
    g_free(facts);
}
