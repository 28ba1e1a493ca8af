/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/capacity.h"

#include "core/planner/fleet-model.h"
#include "core/planner/place.h"
#include "core/planner/term.h"

#include <string.h>

/* Sizes are not halved below what a guest boots with. */
static const guint64 least[VMC_N_RESOURCES] = {
    [VMC_CPU] = 1000,
    [VMC_MEMORY] = G_GUINT64_CONSTANT(268435456),
    [VMC_DISK] = G_GUINT64_CONSTANT(1073741824),
    [VMC_NETWORK] = 1000000,
};

static void
tier_free(gpointer data)
{
    VmcCapacityTier *tier = data;

    g_free(tier->ends);
    g_free(tier);
}

/* ---- VMs like the example ------------------------------------------------ */

/* UUIDs of our own count up from one that nobody has: they only tell the copies
 * apart. */
static VmcVm *
copy_of(const VmcVm *example, const VmcFleet *fleet, guint *serial)
{
    VmcVm *vm = vmc_vm_copy(example);

    g_clear_pointer(&vm->host, g_free);
    g_clear_pointer(&vm->destination, g_free);
    vm->is_managed = TRUE;
    vm->demand_age_s = -1;
    do {
        g_free(vm->uuid);
        vm->uuid = g_strdup_printf("ffffffff-ffff-4fff-bfff-%012x", *serial);
        g_free(vm->name);
        vm->name = g_strdup_printf("%.40s.%u", example->name, ++*serial);
    } while (vmc_fleet_find_vm(fleet, vm->uuid) != NULL ||
             vmc_fleet_find_vm(fleet, vm->name) != NULL);
    return vm;
}

static void
add_to_fleet(VmcFleet **fleet, VmcVm *vm)
{
    VmcFleet *changed = vmc_fleet_with_vm(*fleet, vm);

    vmc_fleet_unref(*fleet);
    *fleet = changed;
}

/* More than can fit by room alone: the counting needs no more copies. */
static guint
bound(const VmcFleet *fleet, const VmcVm *example)
{
    VmcResources claim = vmc_vm_claim(example);
    guint64 sum = 0;

    for (guint i = 0; i < vmc_fleet_n_hosts(fleet); i++) {
        const VmcHost *host = vmc_fleet_host_at(fleet, i);
        VmcHostUse use = vmc_fleet_host_use(fleet, host->name);
        VmcResources left =
            vmc_resources_subtract(vmc_host_capacity(host), use.claim);
        guint64 most = VMC_CAPACITY_MAX;
        for (guint r = 0; r < VMC_N_RESOURCES; r++)
            if (claim.amount[r] > 0 && vmc_host_knows(host, (VmcResource) r))
                most = MIN(most, left.amount[r] / claim.amount[r]);
        if (vmc_host_takes_vms(host))
            sum += most;
    }
    return (guint) MIN(sum, VMC_CAPACITY_MAX);
}

/* ---- one tier ------------------------------------------------------------ */

typedef struct {
    VmcFleet *fleet; /* with the copies */
    VmcFleetModel *fm;
    GArray *indexes; /* guint32: the copies */
    VmcState *state;
} Count;

static void
count_clear(Count *count)
{
    g_clear_pointer(&count->fleet, vmc_fleet_unref);
    g_clear_pointer(&count->fm, vmc_fleet_model_free);
    g_clear_pointer(&count->state, vmc_state_free);
    g_clear_pointer(&count->indexes, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Count, count_clear)

static gboolean
count_init(Count *count,
           const VmcFleet *fleet,
           const VmcPolicy *policy,
           const VmcVm *example,
           guint *serial,
           GError **error)
{
    guint n = bound(fleet, example) + 1;
    g_autoptr(GPtrArray) place = g_ptr_array_new();
    VmcFleetModelOptions options = {.flags = VMC_FLEET_MODEL_ONLY_PLACE,
                                    .place = place};

    count->fleet = vmc_fleet_ref((VmcFleet *) fleet);
    count->indexes = g_array_new(FALSE, FALSE, sizeof(guint32));
    for (guint i = 0; i < n; i++) {
        g_autoptr(VmcVm) vm = copy_of(example, fleet, serial);
        add_to_fleet(&count->fleet, vm);
        g_ptr_array_add(place, vmc_fleet_find_vm(count->fleet, vm->uuid));
    }
    count->fm = vmc_fleet_model_new(count->fleet, policy, &options, error);
    if (count->fm == NULL)
        return FALSE;
    for (guint32 v = 0; v < count->fm->vms->len; v++)
        if (count->fm->model->start[v] == VMC_NOWHERE)
            g_array_append_val(count->indexes, v);
    count->state = vmc_state_new(count->fm->model);
    return TRUE;
}

static guint
place_first(Count *count, guint n)
{
    vmc_state_assign(count->state, count->fm->model->start);
    return vmc_place(count->state, (const guint32 *) count->indexes->data, n);
}

static double
missing_spare(const Count *count)
{
    double cost[VMC_N_TERMS];

    vmc_terms_recompute(count->fm->model, count->state->host_of, cost);
    return cost[VMC_TERM_SPARE];
}

/* The most that leave as much spare room as there is without them. */
static guint
count_spare(Count *count, guint n)
{
    guint low = 0, high = n;

    if (count->fm->model->spare_level < 0)
        return n;
    vmc_state_assign(count->state, count->fm->model->start);
    double before = missing_spare(count);
    while (low < high) {
        guint middle = low + (high - low + 1) / 2;
        place_first(count, middle);
        if (missing_spare(count) <= before)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* ---- what ends it -------------------------------------------------------- */

/* "memory" of "memory: claims 4GiB, …"; else the whole reason. */
static char *
short_reason(const char *why, gint *ret_resource)
{
    *ret_resource = -1;
    for (guint r = 0; r < VMC_N_RESOURCES; r++) {
        const char *name = vmc_resource_to_name((VmcResource) r);
        gsize length = strlen(name);
        if (strncmp(why, name, length) != 0 || why[length] != ':')
            continue;
        *ret_resource = (gint) r;
        return g_strdup(name);
    }
    return g_strdup(why);
}

/* The reason that most hosts give to a VM that found none. */
static char *
find_end(const Count *count, guint vm, gint *ret_resource)
{
    g_autoptr(GHashTable) votes =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    char *most = NULL;
    guint n_most = 0;

    *ret_resource = -1;
    for (guint h = 0; h < count->fm->hosts->len; h++) {
        g_autofree char *why =
            vmc_fleet_model_refusal(count->fm, count->state, vm, h);
        gint resource = -1;
        if (why == NULL)
            continue;
        char *reason = short_reason(why, &resource);
        guint n = GPOINTER_TO_UINT(g_hash_table_lookup(votes, reason)) + 1;
        if (n > n_most) {
            n_most = n;
            *ret_resource = resource;
            g_free(most);
            most = g_strdup(reason);
        }
        g_hash_table_insert(votes, reason, GUINT_TO_POINTER(n));
    }
    if (most == NULL)
        return g_strdup("the fleet has no hosts");
    if (*ret_resource < 0) {
        char *counted = g_strdup_printf("%u of %u hosts: %s", n_most,
                                        count->fm->hosts->len, most);
        g_free(most);
        return counted;
    }
    return most;
}

static guint
first_left(const Count *count)
{
    for (guint i = 0; i < count->indexes->len; i++) {
        guint vm = g_array_index(count->indexes, guint32, i);
        if (count->state->host_of[vm] == VMC_NOWHERE)
            return vm;
    }
    return G_MAXUINT;
}

/* ---- tiers --------------------------------------------------------------- */

/* Counts one tier and leaves its VMs in *@fleet. */
static VmcCapacityTier *
count_tier(VmcFleet **fleet,
           const VmcPolicy *policy,
           const VmcVm *example,
           guint *serial,
           gint *ret_resource,
           GError **error)
{
    g_auto(Count) count = {NULL};

    if (!count_init(&count, *fleet, policy, example, serial, error))
        return NULL;
    VmcCapacityTier *tier = g_new0(VmcCapacityTier, 1);
    tier->size = example->size;
    tier->n = MIN(place_first(&count, count.indexes->len), VMC_CAPACITY_MAX);
    tier->n_spare = count_spare(&count, tier->n);
    tier->is_more = tier->n >= VMC_CAPACITY_MAX;
    place_first(&count, count.indexes->len);
    guint left = first_left(&count);
    *ret_resource = -1;
    if (tier->is_more)
        tier->ends = g_strdup_printf("nothing yet: counting stops at %d",
                                     VMC_CAPACITY_MAX);
    else if (left != G_MAXUINT)
        tier->ends = find_end(&count, left, ret_resource);
    for (guint i = 0; i < count.indexes->len; i++) {
        guint vm = g_array_index(count.indexes, guint32, i);
        if (count.state->host_of[vm] == VMC_NOWHERE)
            continue;
        g_autoptr(VmcVm) placed = vmc_vm_copy(vmc_fleet_model_vm(count.fm, vm));
        placed->host = g_strdup(
            vmc_fleet_model_host(count.fm, (guint) count.state->host_of[vm])
                ->name);
        placed->state = VMC_VM_RUNNING;
        add_to_fleet(fleet, placed);
    }
    return tier;
}

/* Whether there is a smaller one to ask for. */
static gboolean
halve(VmcVm *example, gint resource)
{
    if (resource < 0)
        return FALSE;
    guint64 half = example->size.amount[resource] / 2;
    if (resource == VMC_CPU)
        half -= half % 1000;
    if (half < least[resource])
        return FALSE;
    example->size.amount[resource] = half;
    return TRUE;
}

GPtrArray *
vmc_capacity(const VmcFleet *fleet,
             const VmcPolicy *policy,
             const VmcVm *example,
             guint max_tiers,
             GError **error)
{
    g_return_val_if_fail(fleet != NULL && policy != NULL && example != NULL,
                         NULL);
    g_autoptr(GPtrArray) tiers = g_ptr_array_new_with_free_func(tier_free);
    g_autoptr(VmcVm) asked = vmc_vm_copy(example);
    g_autoptr(VmcFleet) filled = vmc_fleet_ref((VmcFleet *) fleet);
    gint resource = -1;
    guint serial = 0;

    asked->resident_bytes = 0;
    do {
        VmcCapacityTier *tier =
            count_tier(&filled, policy, asked, &serial, &resource, error);
        if (tier == NULL)
            return NULL;
        if (tier->n > 0 || tiers->len == 0)
            g_ptr_array_add(tiers, tier);
        else
            tier_free(tier);
    } while (tiers->len < max_tiers && halve(asked, resource));
    return g_steal_pointer(&tiers);
}
