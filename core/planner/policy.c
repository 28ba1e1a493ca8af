/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/policy.h"

#define HOUR_S 3600
#define MIN_BANDWIDTH 1

/* What both have in common: overload and broken wishes are bad whatever is
 * preferred, and a move is never free. */
#define COMMON                                                                 \
    .resource_milli = VMC_RESOURCES(1000, 1000, 200, 500),                     \
    .safe_milli = VMC_RESOURCES(700, 900, 900, 700), .horizon_s = 4 * HOUR_S,  \
    .cooldown_s = HOUR_S, .demand_max_age_s = 900, .min_gain_milli = 5,        \
    .move_milli = 10, .gib_milli = 1,                                          \
    .bandwidth_bytes_per_s = G_GUINT64_CONSTANT(1000000000), .moves_in = 2,    \
    .moves_out = 2

static const VmcPolicy balance = {
    .name = (char *) "balance",
    .weight_milli = {[VMC_TERM_LOAD] = 10000,
                     [VMC_TERM_SHAPE] = 20,
                     [VMC_TERM_SPREAD] = 1000,
                     [VMC_TERM_PEAK] = 100,
                     [VMC_TERM_SPARE] = 2000,
                     [VMC_TERM_WISHES] = 1000,
                     [VMC_TERM_MOVES] = 1000,
                     [VMC_TERM_DISTANCE] = 1000,
                     [VMC_TERM_DISRUPTION] = 10},
    .spare_level = (char *) "host",
    COMMON,
};

static const VmcPolicy pack = {
    .name = (char *) "pack",
    .weight_milli = {[VMC_TERM_LOAD] = 10000,
                     [VMC_TERM_WISHES] = 1000,
                     [VMC_TERM_MOVES] = 1000,
                     [VMC_TERM_DISTANCE] = 1000,
                     [VMC_TERM_DISRUPTION] = 10,
                     [VMC_TERM_HOSTS] = 1000},
    COMMON,
};

static const VmcPolicy *const shipped[] = {&balance, &pack};
static const char *const names[] = {"balance", "pack", NULL};

const char *const *
vmc_policy_names(void)
{
    return names;
}

VmcPolicy *
vmc_policy_new(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(shipped); i++)
        if (g_strcmp0(shipped[i]->name, name) == 0)
            return vmc_policy_copy(shipped[i]);
    return NULL;
}

VmcPolicy *
vmc_policy_copy(const VmcPolicy *policy)
{
    g_return_val_if_fail(policy != NULL, NULL);
    VmcPolicy *copy = g_memdup2(policy, sizeof *policy);

    copy->name = g_strdup(policy->name);
    copy->spare_level = g_strdup(policy->spare_level);
    copy->distance_level = g_strdup(policy->distance_level);
    return copy;
}

void
vmc_policy_free(VmcPolicy *policy)
{
    if (policy == NULL)
        return;
    g_free(policy->name);
    g_free(policy->spare_level);
    g_free(policy->distance_level);
    g_free(policy);
}

guint64
vmc_policy_move_bytes(const VmcPolicy *policy,
                      guint64 memory_bytes,
                      guint64 dirty_bytes_per_s)
{
    g_return_val_if_fail(policy != NULL, 0);
    guint64 bandwidth = MAX(policy->bandwidth_bytes_per_s, MIN_BANDWIDTH);
    const guint64 most = 4;

    if (memory_bytes > G_MAXUINT64 / most)
        return G_MAXUINT64;
    if (dirty_bytes_per_s >= bandwidth - bandwidth / most)
        return most * memory_bytes;
    return (guint64) ((unsigned __int128) memory_bytes * bandwidth /
                      (bandwidth - dirty_bytes_per_s));
}
