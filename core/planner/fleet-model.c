/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/fleet-model.h"

#include "core/planner/fleet-build.h"

#define HOUR_S 3600.0

void
vmc_fleet_model_free(VmcFleetModel *fm)
{
    if (fm == NULL)
        return;
    vmc_fleet_unref(fm->fleet);
    vmc_policy_free(fm->policy);
    vmc_model_free(fm->model);
    g_ptr_array_unref(fm->hosts);
    g_ptr_array_unref(fm->vms);
    g_hash_table_unref(fm->index_of);
    g_hash_table_unref(fm->host_index);
    g_hash_table_unref(fm->made_from);
    g_array_unref(fm->columns);
    g_ptr_array_unref(fm->place_rules);
    vmc_rows_clear(&fm->place_rules_of);
    g_hash_table_unref(fm->group_vms);
    g_ptr_array_unref(fm->rules);
    g_free(fm);
}

gint32
vmc_fleet_model_find_vm(const VmcFleetModel *fm, const VmcVm *vm)
{
    g_return_val_if_fail(fm != NULL && vm != NULL, -1);
    return (gint32) GPOINTER_TO_UINT(g_hash_table_lookup(fm->index_of, vm)) - 1;
}

gint32
vmc_fleet_model_find_host(const VmcFleetModel *fm, const char *name)
{
    g_return_val_if_fail(fm != NULL, -1);
    if (name == NULL)
        return -1;
    return (gint32) GPOINTER_TO_UINT(
               g_hash_table_lookup(fm->host_index, name)) -
           1;
}

/* ---- hosts --------------------------------------------------------------- */

static guint
host_flags(const VmcHost *host)
{
    switch (host->state) {
    case VMC_HOST_UP:
        return VMC_MODEL_HOST_TAKES;
    case VMC_HOST_DRAINING:
    case VMC_HOST_DRAINED:
        return VMC_MODEL_HOST_GIVES;
    case VMC_HOST_DEGRADED:
    case VMC_HOST_UNREACHABLE:
    case VMC_HOST_ERROR:
    case VMC_N_HOST_STATES:
    default:
        return 0;
    }
}

/* ---- which VMs are in the model ------------------------------------------ */

static void
name_all(const VmcFleet *fleet, GStrv names, GHashTable *named)
{
    for (guint i = 0; names != NULL && names[i] != NULL; i++) {
        VmcVm *vm = vmc_fleet_find_vm(fleet, names[i]);
        if (vm != NULL)
            g_hash_table_add(named, vm);
    }
}

/* The VMs that groups and rules name. */
static GHashTable *
named_vms(const VmcFleet *fleet)
{
    GHashTable *named = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < vmc_fleet_n_groups(fleet); i++)
        name_all(fleet, vmc_fleet_group_at(fleet, i)->vms, named);
    for (guint i = 0; i < vmc_fleet_n_rules(fleet); i++)
        name_all(fleet, vmc_fleet_rule_at(fleet, i)->vms, named);
    return named;
}

/* Collects what is in the model.
 * @named: (nullable): the VMs that groups and rules name, once it is asked
 * @wanted: VMs that are to be placed
 * @base: of VmcFleetBase
 * @seats: for each VM of the model the host it is on, or comes to
 * @moved: (nullable): for each VM of the model where it is taken to be */
typedef struct {
    VmcFleetModel *fm;
    const gint32 *moved;
    GHashTable *named;
    GHashTable *wanted;
    GArray *base;
    GArray *seats;
} Collector;

static void
add_host(VmcFleetModel *fm, VmcHost *host)
{
    g_ptr_array_add(fm->hosts, host);
    g_hash_table_insert(fm->host_index, host->name,
                        GUINT_TO_POINTER(fm->hosts->len));
}

static void
add_base(Collector *collector, const VmcVm *vm, gint32 host)
{
    const VmcFleetBase item = {vm, (guint) host};

    if (host >= 0)
        g_array_append_val(collector->base, item);
}

static void
add_vm(Collector *collector, VmcVm *vm, gint32 seat)
{
    VmcFleetModel *fm = collector->fm;
    const guint32 index = fm->vms->len;

    g_ptr_array_add(fm->vms, vm);
    g_array_append_val(collector->seats, seat);
    g_hash_table_insert(fm->index_of, vm, GUINT_TO_POINTER(index + 1));
    if (!vm->is_managed || vm->template_name == NULL)
        return;
    GArray *made = g_hash_table_lookup(fm->made_from, vm->template_name);
    if (made == NULL) {
        made = g_array_new(FALSE, FALSE, sizeof(guint32));
        g_hash_table_insert(fm->made_from, vm->template_name, made);
    }
    g_array_append_val(made, index);
}

static gboolean
is_named(Collector *collector, const VmcVm *vm)
{
    if (collector->named == NULL)
        collector->named = named_vms(collector->fm->fleet);
    return g_hash_table_contains(collector->named, vm);
}

/* What is not managed is told of only where a rule names it, or its host is to
 * be emptied. */
static gboolean
is_told_of(Collector *collector, const VmcVm *vm, gint32 seat)
{
    const VmcFleetModel *fm = collector->fm;

    return vm->is_managed || is_named(collector, vm) ||
           (seat >= 0 && host_flags(vmc_fleet_model_host(fm, (guint) seat)) ==
                             VMC_MODEL_HOST_GIVES);
}

/* VMs that cannot be touched and that nothing is told of are base load; so is a
 * VM in transit on the host it leaves. */
static void
collect_vm(Collector *collector, VmcVm *vm)
{
    const VmcFleetModel *fm = collector->fm;
    gint32 source = vmc_fleet_model_find_host(fm, vm->host);
    gint32 destination = vmc_fleet_model_find_host(fm, vm->destination);
    gint32 seat = destination >= 0 ? destination : source;

    if (seat < 0 && !g_hash_table_contains(collector->wanted, vm))
        return;
    if (source >= 0 && source != seat)
        add_base(collector, vm, source);
    if (is_told_of(collector, vm, seat))
        add_vm(collector, vm,
               collector->moved != NULL ? collector->moved[fm->vms->len]
                                        : seat);
    else
        add_base(collector, vm, seat);
}

static void
collect_vms(VmcFleetModel *fm,
            GPtrArray *place,
            const gint32 *moved,
            GArray *base,
            GArray *seats)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new(NULL, NULL);
    Collector collector = {.fm = fm,
                           .moved = moved,
                           .wanted = wanted,
                           .base = base,
                           .seats = seats};

    for (guint i = 0; place != NULL && i < place->len; i++)
        g_hash_table_add(wanted, place->pdata[i]);
    for (guint i = 0; i < vmc_fleet_n_vms(fm->fleet); i++)
        collect_vm(&collector, vmc_fleet_vm_at(fm->fleet, i));
    g_clear_pointer(&collector.named, g_hash_table_unref);
}

/* ---- what stands in it --------------------------------------------------- */

static void
fill_seats(VmcFleetModel *fm, const GArray *seats)
{
    for (guint h = 0; h < fm->hosts->len; h++)
        vmc_model_set_host_flags(fm->model, h,
                                 host_flags(vmc_fleet_model_host(fm, h)));
    for (guint v = 0; v < fm->vms->len; v++) {
        const gint32 seat = g_array_index(seats, gint32, v);
        g_autofree char *held =
            vmc_fleet_model_held_on(fm, vmc_fleet_model_vm(fm, v), seat);
        vmc_model_set_start(fm->model, v, seat);
        if (held != NULL)
            vmc_model_fix_vm(fm->model, v);
    }
}

/* Terms of placements count points an hour, and moves pay within the horizon.
 * What should hold is weighed rule by rule, since what must hold is a wish of
 * the model as well. */
static void
fill_weights(VmcFleetModel *fm)
{
    double hours = (double) MAX(fm->policy->horizon_s, 1) / HOUR_S;

    for (guint i = 0; i < VMC_N_TERMS; i++)
        vmc_model_set_weight(fm->model, (VmcTermKind) i,
                             (double) fm->policy->weight_milli[i] / 1000);
    vmc_model_set_weight(fm->model, VMC_TERM_BROKEN, VMC_FLEET_BROKEN_WEIGHT);
    vmc_model_set_weight(fm->model, VMC_TERM_WISHES, 1);
    for (guint i = VMC_TERM_MOVES; i <= VMC_TERM_DISRUPTION; i++)
        vmc_model_set_weight(fm->model, (VmcTermKind) i,
                             (double) fm->policy->weight_milli[i] / 1000 /
                                 hours);
}

static VmcFleetModel *
fleet_model_alloc(const VmcFleet *fleet,
                  const VmcPolicy *policy,
                  const VmcFleetModelOptions *options)
{
    VmcFleetModel *fm = g_new0(VmcFleetModel, 1);

    fm->fleet = vmc_fleet_ref((VmcFleet *) fleet);
    fm->policy = vmc_policy_copy(policy);
    fm->options = *options;
    fm->options.place = NULL;
    fm->hosts = g_ptr_array_new();
    fm->vms = g_ptr_array_new();
    fm->index_of = g_hash_table_new(NULL, NULL);
    fm->host_index = g_hash_table_new(g_str_hash, g_str_equal);
    fm->made_from = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                          (GDestroyNotify) g_array_unref);
    fm->columns = g_array_new(FALSE, FALSE, sizeof(VmcFleetColumn));
    fm->place_rules = g_ptr_array_new();
    fm->group_vms = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                          (GDestroyNotify) g_array_unref);
    fm->rules = g_ptr_array_new();
    return fm;
}

static gboolean
compile(VmcFleetModel *fm,
        GPtrArray *place,
        const gint32 *moved,
        GError **error)
{
    g_autoptr(GArray) base = g_array_new(FALSE, FALSE, sizeof(VmcFleetBase));
    g_autoptr(GArray) seats = g_array_new(FALSE, FALSE, sizeof(gint32));

    for (guint i = 0; i < vmc_fleet_n_hosts(fm->fleet); i++)
        add_host(fm, vmc_fleet_host_at(fm->fleet, i));
    collect_vms(fm, place, moved, base, seats);
    vmc_fleet_build_groups(fm);
    g_autoptr(GArray) amounts = vmc_fleet_build_columns(fm, base);
    fm->model = vmc_model_new(fm->hosts->len, fm->vms->len, fm->columns->len);
    fill_seats(fm, seats);
    fill_weights(fm);
    vmc_fleet_fill_columns(fm, base, amounts);
    vmc_fleet_fill_sets(fm);
    vmc_fleet_fill_rules(fm);
    return vmc_model_seal(fm->model, error);
}

VmcFleetModel *
vmc_fleet_model_new(const VmcFleet *fleet,
                    const VmcPolicy *policy,
                    const VmcFleetModelOptions *options,
                    GError **error)
{
    g_return_val_if_fail(fleet != NULL && policy != NULL && options != NULL,
                         NULL);
    g_autoptr(VmcFleetModel) fm = fleet_model_alloc(fleet, policy, options);

    if (!compile(fm, options->place, NULL, error))
        return NULL;
    return g_steal_pointer(&fm);
}

VmcModel *
vmc_fleet_model_moved(const VmcFleetModel *fm, const gint32 *host_of)
{
    g_return_val_if_fail(fm != NULL && host_of != NULL, NULL);
    g_autoptr(VmcFleetModel) there =
        fleet_model_alloc(fm->fleet, fm->policy, &fm->options);

    if (!compile(there, NULL, host_of, NULL))
        return NULL;
    return g_steal_pointer(&there->model);
}
