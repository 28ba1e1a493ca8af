/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/fleet-build.h"

/* Which columns a fleet has, in which units, and what stands in them. */

typedef unsigned __int128 Wide;

static gboolean
is_believed(const VmcVm *vm, const VmcPolicy *policy)
{
    return vm->demand_age_s >= 0 &&
           (guint64) vm->demand_age_s <= policy->demand_max_age_s;
}

VmcResources
vmc_fleet_demand(const VmcVm *vm, const VmcPolicy *policy)
{
    g_return_val_if_fail(vm != NULL && policy != NULL, (VmcResources){0});
    return is_believed(vm, policy) ? vm->demand : vmc_vm_claim(vm);
}

static VmcFleetAmounts
amounts_of(const VmcFleetModel *fm, const VmcVm *vm)
{
    const VmcResources claim = vmc_vm_claim(vm);

    return (VmcFleetAmounts){
        .of = {[VMC_FLEET_CLAIM] = claim,
               [VMC_FLEET_SIZE] = vm->size,
               [VMC_FLEET_DEMAND] =
                   is_believed(vm, fm->policy) ? vm->demand : claim}};
}

static guint64
vm_amount(const VmcFleetModel *fm,
          const VmcFleetColumn *column,
          const VmcVm *vm)
{
    return amounts_of(fm, vm).of[column->kind].amount[column->resource];
}

/* %G_MAXUINT64 where there is no limit. */
static guint64
host_amount(const VmcFleetColumn *column, const VmcHost *host)
{
    if (!vmc_host_knows(host, column->resource))
        return G_MAXUINT64;
    if (column->kind == VMC_FLEET_SIZE)
        return vmc_host_ceiling(host).amount[column->resource];
    return vmc_host_capacity(host).amount[column->resource];
}

/* ---- which columns, in which units --------------------------------------- */

/* A column counts when some host limits it. */
static gboolean
is_limited(const VmcFleetModel *fm, const VmcFleetColumn *column)
{
    for (guint h = 0; h < fm->hosts->len; h++)
        if (host_amount(column, fm->hosts->pdata[h]) != G_MAXUINT64)
            return TRUE;
    return FALSE;
}

/* Sums over all VMs, of every column there could be. */
typedef struct {
    Wide of[VMC_N_FLEET_COLUMN_KINDS][VMC_N_RESOURCES];
} Totals;

static void
add_to_totals(Totals *totals, const VmcFleetAmounts *amounts)
{
    for (guint kind = 0; kind < VMC_N_FLEET_COLUMN_KINDS; kind++)
        for (guint r = 0; r < VMC_N_RESOURCES; r++)
            totals->of[kind][r] += amounts->of[kind].amount[r];
}

/* (transfer full) (element-type VmcFleetAmounts): of each VM of the model */
static GArray *
fill_totals(const VmcFleetModel *fm, GArray *base, Totals *ret_totals)
{
    GArray *all =
        g_array_sized_new(FALSE, FALSE, sizeof(VmcFleetAmounts), fm->vms->len);

    *ret_totals = (Totals){0};
    for (guint v = 0; v < fm->vms->len; v++) {
        const VmcFleetAmounts amounts = amounts_of(fm, fm->vms->pdata[v]);
        g_array_append_val(all, amounts);
        add_to_totals(ret_totals, &amounts);
    }
    for (guint i = 0; i < base->len; i++) {
        const VmcFleetAmounts amounts =
            amounts_of(fm, g_array_index(base, VmcFleetBase, i).vm);
        add_to_totals(ret_totals, &amounts);
    }
    return all;
}

/* The smallest power of two in which all fits the exact integers of a double,
 * with every amount rounded up. */
static guint64
unit_for(Wide sum, guint n_amounts)
{
    guint64 unit = 1;

    while (sum / unit + n_amounts > VMC_MAX_AMOUNT)
        unit *= 2;
    return unit;
}

static guint64
largest_host(const VmcFleetModel *fm, const VmcFleetColumn *column)
{
    guint64 largest = 0;

    for (guint h = 0; h < fm->hosts->len; h++) {
        guint64 amount = host_amount(column, fm->hosts->pdata[h]);
        if (amount != G_MAXUINT64)
            largest = MAX(largest, amount);
    }
    return largest;
}

GArray *
vmc_fleet_build_columns(VmcFleetModel *fm, GArray *base)
{
    Totals totals;
    GArray *amounts = fill_totals(fm, base, &totals);

    for (guint kind = 0; kind < VMC_N_FLEET_COLUMN_KINDS; kind++)
        for (guint r = 0; r < VMC_N_RESOURCES; r++) {
            VmcFleetColumn column = {(VmcFleetColumnKind) kind, (VmcResource) r,
                                     1};
            if (!is_limited(fm, &column))
                continue;
            Wide sum = MAX(totals.of[kind][r], largest_host(fm, &column));
            column.unit = unit_for(sum, fm->vms->len + base->len);
            g_array_append_val(fm->columns, column);
        }
    return amounts;
}

/* ---- what stands in them ------------------------------------------------- */

static gint64
round_up(guint64 amount, guint64 unit)
{
    return (gint64) (amount / unit + (amount % unit != 0));
}

static void
fill_needs(VmcFleetModel *fm, const GArray *all)
{
    for (guint v = 0; v < fm->vms->len; v++) {
        const VmcFleetAmounts *amounts =
            &g_array_index(all, VmcFleetAmounts, v);
        for (guint c = 0; c < fm->columns->len; c++) {
            const VmcFleetColumn *column = vmc_fleet_model_column(fm, c);
            vmc_model_set_need(
                fm->model, v, c,
                round_up(amounts->of[column->kind].amount[column->resource],
                         column->unit));
        }
    }
}

static gint64
safe_amount(const VmcFleetModel *fm,
            const VmcFleetColumn *column,
            gint64 capacity)
{
    guint64 safe_milli = fm->policy->safe_milli.amount[column->resource];

    if (column->kind != VMC_FLEET_DEMAND || capacity == VMC_UNLIMITED)
        return VMC_UNLIMITED;
    return (gint64) MIN((Wide) capacity * safe_milli / 1000,
                        (Wide) VMC_MAX_AMOUNT);
}

static void
fill_hosts(VmcFleetModel *fm, guint c, const gint64 *base)
{
    const VmcFleetColumn *column = vmc_fleet_model_column(fm, c);

    for (guint h = 0; h < fm->hosts->len; h++) {
        guint64 amount = host_amount(column, fm->hosts->pdata[h]);
        gint64 capacity = amount == G_MAXUINT64
                              ? VMC_UNLIMITED
                              : (gint64) (amount / column->unit);
        vmc_model_set_host(fm->model, h, c, capacity,
                           safe_amount(fm, column, capacity), base[h]);
    }
}

/* A VM in transit counts with claim and size where it comes from, and hurts
 * only where it goes to. */
static void
fill_base(VmcFleetModel *fm, guint c, GArray *base, gint64 *amounts)
{
    const VmcFleetColumn *column = vmc_fleet_model_column(fm, c);

    for (guint i = 0; i < base->len; i++) {
        const VmcFleetBase *item = &g_array_index(base, VmcFleetBase, i);
        if (column->kind == VMC_FLEET_DEMAND &&
            vmc_fleet_model_find_vm(fm, item->vm) >= 0)
            continue;
        amounts[item->host] +=
            round_up(vm_amount(fm, column, item->vm), column->unit);
    }
}

/* In the column's unit; 1 when no host has any. */
static double
mean_capacity(const VmcFleetModel *fm, guint c)
{
    const VmcModel *model = fm->model;
    double sum = 0;
    guint n = 0;

    for (guint h = 0; h < model->n_hosts; h++) {
        gint64 capacity = model->capacity[(gsize) h * model->stride + c];
        if (capacity == VMC_UNLIMITED || capacity == 0)
            continue;
        sum += (double) capacity;
        n++;
    }
    return n > 0 ? sum / n : 1;
}

/* Load counts in hosts' worth of use; spread is multiplied by the hosts, so
 * that a move gains the same in a small fleet and in a large one. */
static void
fill_column(VmcFleetModel *fm, guint c)
{
    const VmcFleetColumn *column = vmc_fleet_model_column(fm, c);
    VmcColumn value = {0};

    if (column->kind == VMC_FLEET_DEMAND) {
        double share =
            (double) fm->policy->resource_milli.amount[column->resource] / 1000;
        value.load_weight = share / mean_capacity(fm, c);
        value.spread_weight = share * fm->hosts->len;
        value.peak_weight = share;
    } else {
        value.flags = VMC_COLUMN_HARD;
        if (column->resource == VMC_DISK)
            value.flags |= VMC_COLUMN_HELD;
    }
    vmc_model_set_column(fm->model, c, &value);
}

static gint32
find_column(const VmcFleetModel *fm,
            VmcFleetColumnKind kind,
            VmcResource resource)
{
    for (guint c = 0; c < fm->columns->len; c++) {
        const VmcFleetColumn *column = vmc_fleet_model_column(fm, c);
        if (column->kind == kind && column->resource == resource)
            return (gint32) c;
    }
    return -1;
}

/* What is free should have the proportion of what there is, so that a big VM
 * still fits; each direction costs. */
static void
fill_shape(VmcFleetModel *fm)
{
    gint32 cpu = find_column(fm, VMC_FLEET_CLAIM, VMC_CPU);
    gint32 memory = find_column(fm, VMC_FLEET_CLAIM, VMC_MEMORY);

    if (cpu < 0 || memory < 0 || fm->policy->weight_milli[VMC_TERM_SHAPE] == 0)
        return;
    double cpu_mean = mean_capacity(fm, (guint) cpu);
    double memory_mean = mean_capacity(fm, (guint) memory);
    vmc_model_add_shape(fm->model,
                        &(VmcModelShape){.first = (guint) cpu,
                                         .second = (guint) memory,
                                         .target = memory_mean / cpu_mean,
                                         .weight = 1 / memory_mean});
    vmc_model_add_shape(fm->model,
                        &(VmcModelShape){.first = (guint) memory,
                                         .second = (guint) cpu,
                                         .target = cpu_mean / memory_mean,
                                         .weight = 1 / cpu_mean});
}

static void
exchange(gint64 *one, gint64 *other)
{
    gint64 kept = *one;

    *one = *other;
    *other = kept;
}

/* What would be at @k if @n amounts were sorted: sorts only what it must. */
static gint64
amount_in_order(gint64 *amounts, gint64 n, gint64 k)
{
    gint64 from = 0, to = n - 1;

    while (from < to) {
        const gint64 pivot = amounts[from + (to - from) / 2];
        gint64 i = from, j = to;
        while (i <= j) {
            while (amounts[i] < pivot)
                i++;
            while (amounts[j] > pivot)
                j--;
            if (i <= j)
                exchange(&amounts[i++], &amounts[j--]);
        }
        if (k > j && k < i)
            break;
        from = k >= i ? i : from;
        to = k <= j ? j : to;
    }
    return amounts[k];
}

/* The median of what VMs need, of those that need any. */
static gint64
median_need(const VmcFleetModel *fm, guint c)
{
    const VmcModel *model = fm->model;
    g_autofree gint64 *needs = g_new(gint64, MAX(model->n_vms, 1));
    guint n = 0;

    for (guint v = 0; v < model->n_vms; v++) {
        gint64 need = model->need[(gsize) v * model->stride + c];
        if (need > 0)
            needs[n++] = need;
    }
    return n > 0 ? amount_in_order(needs, n, n / 2) : 0;
}

/* Room for the loss of a domain is counted in typical VMs. Disk is not: where
 * it is not shared, it dies with its host. */
static void
fill_spare(VmcFleetModel *fm)
{
    const char *level_name = fm->policy->spare_level;
    g_autofree gint64 *slot = g_new0(gint64, MAX(fm->columns->len, 1));
    guint level = 0;

    if (level_name == NULL || fm->policy->weight_milli[VMC_TERM_SPARE] == 0 ||
        fm->hosts->len < 2)
        return;
    for (guint c = 0; c < fm->columns->len; c++) {
        const VmcFleetColumn *column = vmc_fleet_model_column(fm, c);
        if (column->kind != VMC_FLEET_DEMAND && column->resource != VMC_DISK)
            slot[c] = median_need(fm, c);
    }
    if (!g_str_equal(level_name, VMC_LEVEL_HOST)) {
        g_autofree guint32 *domain = g_new(guint32, fm->hosts->len);
        guint n = vmc_fleet_level_domains(fm, level_name, domain);
        level = vmc_model_add_level(fm->model, domain, n);
    }
    vmc_model_set_spare(fm->model, level, slot);
}

void
vmc_fleet_fill_columns(VmcFleetModel *fm, GArray *base, const GArray *amounts)
{
    fill_needs(fm, amounts);
    for (guint c = 0; c < fm->columns->len; c++) {
        g_autofree gint64 *load = g_new0(gint64, MAX(fm->hosts->len, 1));
        fill_base(fm, c, base, load);
        fill_hosts(fm, c, load);
        fill_column(fm, c);
    }
    fill_shape(fm);
    fill_spare(fm);
}
