/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/move-order.h"

#include "core/error.h"
#include "daemon/jobs/json-value.h"

/* ---- orders ------------------------------------------------------------- */

void
vmc_move_order_clear(VmcMoveOrder *order)
{
    g_clear_pointer(&order->from, g_free);
    g_clear_pointer(&order->to, g_free);
}

JsonObject *
vmc_move_order_to_intent(const VmcMoveOrder *order)
{
    g_return_val_if_fail(order != NULL, NULL);
    JsonObject *intent = json_object_new();

    json_object_set_string_member(intent, "from", order->from);
    json_object_set_string_member(intent, "to", order->to);
    json_object_set_boolean_member(intent, "is_chosen", order->is_chosen);
    json_object_set_int_member(intent, "bandwidth_mib_per_s",
                               (gint64) order->bandwidth_mib_per_s);
    return intent;
}

gboolean
vmc_move_order_from_intent(JsonObject *intent,
                           VmcMoveOrder *ret_order,
                           GError **error)
{
    g_return_val_if_fail(intent != NULL && ret_order != NULL, FALSE);
    g_auto(VmcMoveOrder) order = {0};
    gint64 bandwidth;

    if (!vmc_json_read_string(intent, "from", &order.from, error) ||
        !vmc_json_read_string(intent, "to", &order.to, error) ||
        !vmc_json_read_int(intent, "bandwidth_mib_per_s", 0, &bandwidth, error))
        return FALSE;
    if (order.from == NULL || order.to == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "a migration needs both hosts, 'from' and 'to'");
        return FALSE;
    }
    order.bandwidth_mib_per_s = (guint64) bandwidth;
    order.is_chosen =
        json_object_get_boolean_member_with_default(intent, "is_chosen", FALSE);
    *ret_order = order;
    order.from = order.to = NULL;
    return TRUE;
}

/* ---- where to ----------------------------------------------------------- */

/* Not where it is; where it was asked to be; and what it wishes itself. */
static GPtrArray *
make_wishes(const VmcMoveOrder *order, const VmcVm *vm)
{
    GPtrArray *wishes = vmc_wishes_copy(vm->wishes);

    g_ptr_array_add(wishes, vmc_wish_new(TRUE, TRUE, vm->host, NULL));
    if (order->to != NULL)
        g_ptr_array_add(wishes, vmc_wish_new(TRUE, FALSE, order->to, NULL));
    return wishes;
}

/* What the fleet knows of its needs, or what its host has just said of them. */
static VmcPlacementRequest
make_request(const VmcFleet *fleet,
             const VmcVm *vm,
             const VmcDomainFacts *facts,
             GPtrArray *wishes)
{
    const VmcHost *source =
        vm->host != NULL ? vmc_fleet_find_host(fleet, vm->host) : NULL;
    VmcPlacementRequest request = {
        .vm_name = vm->name,
        .vm_uuid = vm->uuid,
        .size = vm->size,
        .claim = vmc_vm_claim(vm),
        .wishes = wishes,
        .pools = vm->pools,
        .networks = vm->networks,
        .bridges = vm->bridges,
        .cpu_model = vm->cpu_model,
        .machine = vm->machine,
        .domain_type = source != NULL ? source->domain_type : NULL};

    if (facts == NULL)
        return request;
    request.pools = facts->pools;
    request.networks = facts->networks;
    request.bridges = facts->bridges;
    request.cpu_model = facts->cpu_model;
    request.machine = facts->machine;
    request.domain_type = facts->domain_type;
    return request;
}

/* To keep off the host it is on is a wish of ours, not one it was given. */
static void
say_where_it_is(const VmcPlacement *placement, const VmcVm *vm)
{
    for (guint i = 0; i < placement->candidates->len; i++) {
        VmcCandidate *candidate = placement->candidates->pdata[i];
        if (g_strcmp0(candidate->host, vm->host) != 0)
            continue;
        g_free(candidate->reason);
        candidate->reason = g_strdup("the VM is there now");
    }
}

VmcPlacement *
vmc_move_order_find(const VmcMoveOrder *order,
                    const VmcFleet *fleet,
                    const VmcVm *vm,
                    const VmcDomainFacts *facts)
{
    g_return_val_if_fail(order != NULL && fleet != NULL && vm != NULL, NULL);
    g_autoptr(GPtrArray) wishes = make_wishes(order, vm);
    VmcPlacementRequest request = make_request(fleet, vm, facts, wishes);

    VmcPlacement *placement = vmc_placement_find(fleet, &request);

    say_where_it_is(placement, vm);
    return placement;
}

/* ---- whether it may be -------------------------------------------------- */

static gboolean
check_vm(const VmcVm *vm, GError **error)
{
    if (!vmc_vm_check_managed(vm, error))
        return FALSE;
    if (vm->destination != NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_BUSY,
                    "VM '%s' is moving to host '%s' already", vm->name,
                    vm->destination);
        return FALSE;
    }
    if (vm->host != NULL &&
        (vm->state == VMC_VM_RUNNING || vm->state == VMC_VM_PAUSED))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                "VM '%s' is %s, and only a VM that runs can be migrated: "
                "start it first",
                vm->name, vmc_vm_state_to_name(vm->state));
    return FALSE;
}

static gboolean
check_named_host(const VmcMoveOrder *order,
                 const VmcFleet *fleet,
                 const VmcVm *vm,
                 GError **error)
{
    VmcPlacementRequest request = make_request(fleet, vm, NULL, vm->wishes);

    if (g_strcmp0(order->to, vm->host) != 0)
        return vmc_placement_check(fleet, &request, order->to, error);
    g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                "VM '%s' is on host '%s' already", vm->name, vm->host);
    return FALSE;
}

static char *
choose_host(const VmcMoveOrder *order,
            const VmcFleet *fleet,
            const VmcVm *vm,
            GError **error)
{
    g_autoptr(VmcPlacement) placement =
        vmc_move_order_find(order, fleet, vm, NULL);
    VmcPlacementRequest request = make_request(fleet, vm, NULL, NULL);

    if (placement->host != NULL)
        return g_strdup(placement->host);
    g_propagate_error(error, vmc_placement_to_error(placement, &request));
    return NULL;
}

gboolean
vmc_move_order_prepare(VmcMoveOrder *order,
                       const VmcFleet *fleet,
                       const VmcVm *vm,
                       VmcVm **ret_reserve,
                       GError **error)
{
    g_return_val_if_fail(order != NULL && fleet != NULL, FALSE);
    g_return_val_if_fail(vm != NULL && ret_reserve != NULL, FALSE);

    if (!check_vm(vm, error))
        return FALSE;
    if (order->to != NULL && !check_named_host(order, fleet, vm, error))
        return FALSE;
    if (order->to == NULL) {
        order->to = choose_host(order, fleet, vm, error);
        order->is_chosen = TRUE;
    }
    if (order->to == NULL)
        return FALSE;
    g_free(order->from);
    order->from = g_strdup(vm->host);
    *ret_reserve = vmc_vm_copy(vm);
    (*ret_reserve)->destination = g_strdup(order->to);
    return TRUE;
}

/* ---- the call ----------------------------------------------------------- */

/* By which the source reaches the destination. A URI that means "this machine"
 * to vmctld means nothing to another host. */
static char *
destination_uri(const VmcHost *host)
{
    g_autoptr(GUri) uri = NULL;

    if (host->migration_uri != NULL)
        return g_strdup(host->migration_uri);
    uri = g_uri_parse(host->uri, G_URI_FLAGS_NON_DNS, NULL);
    if (uri != NULL && g_uri_get_host(uri) != NULL &&
        *g_uri_get_host(uri) != '\0')
        return g_strdup(host->uri);
    return g_strdup_printf("qemu+ssh://%s/system", host->name);
}

static guint
count_shared(GStrv pools, GStrv shared_pools)
{
    guint n_shared = 0;

    for (guint i = 0; pools != NULL && pools[i] != NULL; i++)
        if (shared_pools != NULL &&
            g_strv_contains((const char *const *) shared_pools, pools[i]))
            n_shared++;
    return n_shared;
}

static gboolean
set_storage(VmcMigrationOrder *migration,
            const VmcDomainFacts *facts,
            GStrv shared_pools,
            GError **error)
{
    guint n_pools = facts->pools != NULL ? g_strv_length(facts->pools) : 0;
    guint n_shared = count_shared(facts->pools, shared_pools);

    migration->pools_shared = n_shared == n_pools;
    migration->copy_disks = n_pools > 0 && n_shared == 0;
    if (!migration->pools_shared && !migration->copy_disks) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                    "VM '%s' has disks in pools that are shared and in pools "
                    "that are not, and all or none of them can be copied; see "
                    "shared_pools in vmctld.conf(5)",
                    facts->name);
        return FALSE;
    }
    if (!migration->copy_disks || vmc_run_state_is_active(facts->state))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                "VM '%s' is shut off and has disks in pools that are not "
                "shared: only a running VM can take its disks along",
                facts->name);
    return FALSE;
}

VmcCall *
vmc_move_order_make_call(const VmcMoveOrder *order,
                         const VmcHost *destination,
                         const VmcDomainFacts *facts,
                         GStrv shared_pools,
                         GError **error)
{
    g_return_val_if_fail(order != NULL && destination != NULL, NULL);
    g_return_val_if_fail(facts != NULL, NULL);
    g_autofree char *uri = destination_uri(destination);
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_MIGRATE, facts->uuid);

    call->migration = vmc_migration_order_new(uri);
    call->migration->bandwidth_mib_per_s = order->bandwidth_mib_per_s;
    if (!set_storage(call->migration, facts, shared_pools, error))
        return NULL;
    return g_steal_pointer(&call);
}
