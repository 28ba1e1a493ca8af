/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/model.h"

#include "core/planner/model-draft.h"

#include <string.h>

#define DEFAULT_BROKEN_WEIGHT 1e12

/* ---- draft --------------------------------------------------------------- */

VmcModelDraft *
vmc_model_draft_new(guint n_hosts)
{
    VmcModelDraft *draft = g_new0(VmcModelDraft, 1);
    const guint32 zero = 0;

    draft->set_words = g_array_new(FALSE, TRUE, sizeof(guint64));
    draft->n_domains = g_array_new(FALSE, FALSE, sizeof(guint));
    draft->domains = g_ptr_array_new_with_free_func(g_free);
    draft->group_starts = g_array_new(FALSE, FALSE, sizeof(guint32));
    draft->group_vms = g_array_new(FALSE, FALSE, sizeof(guint32));
    draft->rules = g_array_new(FALSE, FALSE, sizeof(VmcRule));
    draft->wishes = g_array_new(FALSE, FALSE, sizeof(VmcModelWish));
    draft->shapes = g_array_new(FALSE, FALSE, sizeof(VmcModelShape));
    draft->hinges = g_array_new(FALSE, FALSE, sizeof(VmcHinge));
    draft->hinge_offset = g_ptr_array_new_with_free_func(g_free);
    g_array_append_val(draft->group_starts, zero);
    g_array_append_val(draft->n_domains, n_hosts);
    g_ptr_array_add(draft->domains, NULL);
    return draft;
}

void
vmc_model_draft_free(VmcModelDraft *draft)
{
    if (draft == NULL)
        return;
    g_array_unref(draft->set_words);
    g_array_unref(draft->n_domains);
    g_ptr_array_unref(draft->domains);
    g_array_unref(draft->group_starts);
    g_array_unref(draft->group_vms);
    g_array_unref(draft->rules);
    g_array_unref(draft->wishes);
    g_array_unref(draft->shapes);
    g_array_unref(draft->hinges);
    g_ptr_array_unref(draft->hinge_offset);
    g_free(draft);
}

/* ---- life ---------------------------------------------------------------- */

static gint64 *
new_filled(gsize n, gint64 value)
{
    gint64 *amounts = g_new(gint64, MAX(n, 1));

    for (gsize i = 0; i < n; i++)
        amounts[i] = value;
    return amounts;
}

static gint32 *
new_filled_index(gsize n, gint32 value)
{
    gint32 *indexes = g_new(gint32, MAX(n, 1));

    for (gsize i = 0; i < n; i++)
        indexes[i] = value;
    return indexes;
}

static void
new_hosts(VmcModel *model, guint n_hosts)
{
    gsize cells = (gsize) n_hosts * model->stride;

    model->n_hosts = n_hosts;
    model->set_words = (n_hosts + 63) / 64;
    model->capacity = new_filled(cells, VMC_UNLIMITED);
    model->safe = new_filled(cells, VMC_UNLIMITED);
    model->base = new_filled(cells, 0);
    model->host_flags = g_new(guint8, MAX(n_hosts, 1));
    memset(model->host_flags, VMC_MODEL_HOST_TAKES, n_hosts);
}

static void
new_vms(VmcModel *model, guint n_vms)
{
    model->n_vms = n_vms;
    model->need = new_filled((gsize) n_vms * model->stride, 0);
    model->start = new_filled_index(n_vms, VMC_NOWHERE);
    model->host_set = new_filled_index(n_vms, -1);
    model->move_group = new_filled_index(n_vms, -1);
    model->move_cost = g_new0(double, MAX(n_vms, 1));
    model->is_movable = g_new(guint8, MAX(n_vms, 1));
    memset(model->is_movable, TRUE, n_vms);
}

VmcModel *
vmc_model_new(guint n_hosts, guint n_vms, guint n_columns)
{
    VmcModel *model = g_new0(VmcModel, 1);

    model->n_columns = n_columns;
    model->stride = (n_columns + 1) & ~1u;
    model->column = g_new0(VmcColumn, MAX(model->stride, 1));
    model->keep_mask = new_filled(model->stride, -1);
    model->spare_level = -1;
    new_hosts(model, n_hosts);
    new_vms(model, n_vms);
    for (guint i = 0; i < VMC_N_TERMS; i++)
        model->weight[i] = 1;
    model->weight[VMC_TERM_BROKEN] = DEFAULT_BROKEN_WEIGHT;
    model->draft = vmc_model_draft_new(n_hosts);
    return model;
}

static void
free_hosts_and_vms(VmcModel *model)
{
    g_free(model->capacity);
    g_free(model->safe);
    g_free(model->base);
    g_free(model->host_flags);
    g_free(model->need);
    g_free(model->start);
    g_free(model->host_set);
    g_free(model->move_cost);
    g_free(model->move_group);
    g_free(model->is_movable);
    g_free(model->size);
    g_free(model->sets);
}

static void
free_rules(VmcModel *model)
{
    for (guint i = 0; model->domain != NULL && i < model->n_levels; i++)
        g_free(model->domain[i]);
    for (guint i = 0; model->hosts_of != NULL && i < model->n_levels; i++)
        vmc_rows_clear(&model->hosts_of[i]);
    g_free(model->domain);
    g_free(model->hosts_of);
    g_free(model->n_domains);
    g_free(model->rules);
    g_free(model->tallies);
    vmc_rows_clear(&model->groups);
    vmc_rows_clear(&model->rules_of);
    vmc_rows_clear(&model->tallies_of);
}

static void
free_terms(VmcModel *model)
{
    g_free(model->pair_class);
    g_free(model->pair_cost);
    g_free(model->wish_set);
    g_free(model->wish_weight);
    vmc_rows_clear(&model->wishes_of);
    g_free(model->shapes);
    g_free(model->slot);
    g_free(model->slots_of);
    g_free(model->hinges);
    g_free(model->hinge_offset);
    g_free(model->lift);
}

void
vmc_model_free(VmcModel *model)
{
    if (model == NULL)
        return;
    free_hosts_and_vms(model);
    free_rules(model);
    free_terms(model);
    g_free(model->column);
    g_free(model->keep_mask);
    vmc_model_draft_free(model->draft);
    g_free(model);
}

/* ---- columns, hosts and VMs ---------------------------------------------- */

void
vmc_model_set_column(VmcModel *model, guint column, const VmcColumn *value)
{
    g_return_if_fail(model->draft != NULL && column < model->n_columns);

    model->column[column] = *value;
    model->keep_mask[column] = (value->flags & VMC_COLUMN_HELD) != 0 ? 0 : -1;
}

void
vmc_model_set_host(VmcModel *model,
                   guint host,
                   guint column,
                   gint64 capacity,
                   gint64 safe,
                   gint64 base)
{
    g_return_if_fail(model->draft != NULL && host < model->n_hosts &&
                     column < model->n_columns);
    gsize cell = (gsize) host * model->stride + column;

    model->capacity[cell] = capacity;
    model->safe[cell] = safe;
    model->base[cell] = base;
}

void
vmc_model_set_host_flags(VmcModel *model, guint host, guint flags)
{
    g_return_if_fail(model->draft != NULL && host < model->n_hosts);

    model->host_flags[host] = (guint8) flags;
}

void
vmc_model_set_need(VmcModel *model, guint vm, guint column, gint64 amount)
{
    g_return_if_fail(model->draft != NULL && vm < model->n_vms &&
                     column < model->n_columns);

    model->need[(gsize) vm * model->stride + column] = amount;
}

void
vmc_model_set_start(VmcModel *model, guint vm, gint32 host)
{
    g_return_if_fail(model->draft != NULL && vm < model->n_vms);

    model->start[vm] = host;
}

void
vmc_model_set_move(VmcModel *model, guint vm, double cost, gint32 group)
{
    g_return_if_fail(model->draft != NULL && vm < model->n_vms);

    model->move_cost[vm] = cost;
    model->move_group[vm] = group;
}

void
vmc_model_fix_vm(VmcModel *model, guint vm)
{
    g_return_if_fail(model->draft != NULL && vm < model->n_vms);

    model->is_movable[vm] = FALSE;
}

gint32
vmc_model_add_host_set(VmcModel *model, const guint32 *hosts, guint n)
{
    g_return_val_if_fail(model->draft != NULL, -1);
    GArray *words = model->draft->set_words;
    guint first = words->len;

    g_array_set_size(words, first + model->set_words);
    guint64 *set = &g_array_index(words, guint64, first);
    for (guint i = 0; i < n; i++)
        if (hosts[i] < model->n_hosts)
            set[hosts[i] / 64] |= G_GUINT64_CONSTANT(1) << hosts[i] % 64;
    return (gint32) model->n_sets++;
}

void
vmc_model_set_host_set(VmcModel *model, guint vm, gint32 set)
{
    g_return_if_fail(model->draft != NULL && vm < model->n_vms);

    model->host_set[vm] = set;
}

/* ---- levels, groups, rules ----------------------------------------------- */

guint
vmc_model_add_level(VmcModel *model, const guint32 *domain, guint n_domains)
{
    g_return_val_if_fail(model->draft != NULL, 0);

    g_array_append_val(model->draft->n_domains, n_domains);
    g_ptr_array_add(model->draft->domains,
                    g_memdup2(domain, model->n_hosts * sizeof *domain));
    return model->draft->domains->len - 1;
}

guint
vmc_model_add_group(VmcModel *model, const guint32 *vms, guint n)
{
    g_return_val_if_fail(model->draft != NULL, 0);
    VmcModelDraft *draft = model->draft;

    g_array_append_vals(draft->group_vms, vms, n);
    const guint32 end = draft->group_vms->len;
    g_array_append_val(draft->group_starts, end);
    return model->n_groups++;
}

guint
vmc_model_add_rule(VmcModel *model, const VmcRule *rule)
{
    g_return_val_if_fail(model->draft != NULL, 0);

    g_array_append_vals(model->draft->rules, rule, 1);
    return model->n_rules++;
}

/* ---- terms --------------------------------------------------------------- */

void
vmc_model_add_wish(VmcModel *model, guint vm, gint32 set, double weight)
{
    g_return_if_fail(model->draft != NULL && vm < model->n_vms);
    const VmcModelWish wish = {vm, set, weight};

    g_array_append_val(model->draft->wishes, wish);
}

void
vmc_model_add_shape(VmcModel *model, const VmcModelShape *shape)
{
    g_return_if_fail(model->draft != NULL);

    g_array_append_vals(model->draft->shapes, shape, 1);
}

void
vmc_model_set_distance(VmcModel *model,
                       const guint16 *class_of,
                       guint n_classes,
                       const double *cost)
{
    g_return_if_fail(model->draft != NULL);

    g_free(model->pair_class);
    g_free(model->pair_cost);
    model->pair_class = g_memdup2(class_of, model->n_hosts * sizeof *class_of);
    model->n_pair_classes = n_classes;
    model->pair_cost =
        g_memdup2(cost, (gsize) n_classes * n_classes * sizeof *cost);
}

void
vmc_model_set_spare(VmcModel *model, guint level, const gint64 *slot)
{
    g_return_if_fail(model->draft != NULL);

    model->spare_level = (gint32) level;
    g_free(model->slot);
    model->slot = g_new0(gint64, model->stride);
    memcpy(model->slot, slot, model->n_columns * sizeof *slot);
}

void
vmc_model_set_weight(VmcModel *model, VmcTermKind term, double weight)
{
    g_return_if_fail(model->draft != NULL && term < VMC_N_TERMS);

    model->weight[term] = weight;
}

void
vmc_model_add_hinge(VmcModel *model,
                    const VmcHinge *hinge,
                    const double *offset)
{
    g_return_if_fail(model->draft != NULL);

    g_array_append_vals(model->draft->hinges, hinge, 1);
    g_ptr_array_add(model->draft->hinge_offset,
                    g_memdup2(offset, model->n_hosts * sizeof *offset));
}

/* ---- what a sealed model tells ------------------------------------------- */

double
vmc_model_wish_cost(const VmcModel *model, guint vm, guint host)
{
    const VmcRows *rows = &model->wishes_of;
    double cost = 0;

    if (rows->start == NULL)
        return 0;
    for (guint32 i = rows->start[vm]; i < rows->start[vm + 1]; i++) {
        guint32 wish = rows->item[i];
        if (!vmc_model_in_set(model, model->wish_set[wish], host))
            cost += model->wish_weight[wish];
    }
    return cost * model->weight[VMC_TERM_WISHES];
}

static double
travel_cost(const VmcModel *model, guint vm, guint host)
{
    gint32 start = model->start[vm];
    double cost = model->weight[VMC_TERM_MOVES] * model->move_cost[vm];

    if (model->n_pair_classes > 0)
        cost +=
            model->weight[VMC_TERM_DISTANCE] *
            model->pair_cost[model->pair_class[start] * model->n_pair_classes +
                             model->pair_class[host]];
    return cost;
}

double
vmc_model_seat_cost(const VmcModel *model, guint vm, guint host)
{
    gint32 start = model->start[vm];
    double cost = 0;

    if (start != (gint32) host && start != VMC_NOWHERE)
        cost = travel_cost(model, vm, host);
    return cost + vmc_model_wish_cost(model, vm, host);
}
