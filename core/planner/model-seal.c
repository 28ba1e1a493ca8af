/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/model.h"

#include "core/error.h"
#include "core/planner/model-draft.h"
#include "core/planner/term.h"

#include <math.h>

/* A tally of a group with up to so many members is counted from them each
 * time: that many hosts are read faster than one count far away, and a table of
 * (group, host) would not fit memory for tens of thousands of groups. */
#define MAX_MEMBERS_TO_SCAN 8

/* ---- checks -------------------------------------------------------------- */

static gboolean
refuse(GError **error, const char *what, guint index, const char *why)
{
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID, "%s %u of the model %s",
                what, index, why);
    return FALSE;
}

static gboolean
is_amount(gint64 amount)
{
    return amount >= 0 && amount <= VMC_MAX_AMOUNT;
}

static gboolean
is_limit(gint64 amount)
{
    return amount == VMC_UNLIMITED || is_amount(amount);
}

static gboolean
check_host(const VmcModel *model, guint host, GError **error)
{
    for (guint c = 0; c < model->n_columns; c++) {
        gsize cell = (gsize) host * model->stride + c;
        if (!is_limit(model->capacity[cell]) || !is_limit(model->safe[cell]))
            return refuse(error, "host", host,
                          "has a capacity below zero or above 2^53");
        if (!is_amount(model->base[cell]))
            return refuse(error, "host", host,
                          "has a base use below zero or above 2^53");
    }
    return TRUE;
}

static gboolean
check_vm(const VmcModel *model, guint vm, GError **error)
{
    gint32 start = model->start[vm];

    for (guint c = 0; c < model->n_columns; c++)
        if (!is_amount(model->need[(gsize) vm * model->stride + c]))
            return refuse(error, "VM", vm,
                          "needs an amount below zero or above 2^53");
    if (start < VMC_NOWHERE || start >= (gint32) model->n_hosts)
        return refuse(error, "VM", vm, "starts on a host that is not there");
    if (model->host_set[vm] < -1 ||
        model->host_set[vm] >= (gint32) model->n_sets)
        return refuse(error, "VM", vm, "has a host set that is not there");
    if (model->move_group[vm] < -1)
        return refuse(error, "VM", vm, "has a move group below -1");
    return TRUE;
}

/* No sum over VMs may leave what a gint64 and a double hold exactly. */
static gboolean
check_totals(const VmcModel *model, GError **error)
{
    for (guint c = 0; c < model->n_columns; c++) {
        unsigned __int128 total = 0;
        for (guint v = 0; v < model->n_vms; v++)
            total += (guint64) model->need[(gsize) v * model->stride + c];
        for (guint h = 0; h < model->n_hosts; h++)
            total += (guint64) model->base[(gsize) h * model->stride + c];
        if (total > (unsigned __int128) VMC_MAX_AMOUNT)
            return refuse(error, "column", c, "adds up to more than 2^53");
    }
    return TRUE;
}

static gboolean
check_level(const VmcModel *model, guint level, GError **error)
{
    const VmcModelDraft *draft = model->draft;
    const guint32 *domain = draft->domains->pdata[level];
    guint n_domains = g_array_index(draft->n_domains, guint, level);

    for (guint h = 0; level > 0 && h < model->n_hosts; h++)
        if (domain[h] >= n_domains)
            return refuse(error, "level", level,
                          "has a host in a domain that is not there");
    return TRUE;
}

static gboolean
check_group(const VmcModel *model, guint group, guint32 *seen, GError **error)
{
    const VmcModelDraft *draft = model->draft;
    guint32 from = g_array_index(draft->group_starts, guint32, group);
    guint32 to = g_array_index(draft->group_starts, guint32, group + 1);

    for (guint32 i = from; i < to; i++) {
        guint32 vm = g_array_index(draft->group_vms, guint32, i);
        if (vm >= model->n_vms)
            return refuse(error, "group", group,
                          "has a member that is not there");
        if (seen[vm] == group + 1)
            return refuse(error, "group", group, "has a member twice");
        seen[vm] = group + 1;
    }
    return TRUE;
}

static gboolean
check_rule(const VmcModel *model, guint index, GError **error)
{
    const VmcModelDraft *draft = model->draft;
    const VmcRule *rule = &g_array_index(draft->rules, VmcRule, index);

    if ((guint) rule->kind >= VMC_N_RULES)
        return refuse(error, "rule", index, "has a kind that is not there");
    if (rule->level >= draft->domains->len)
        return refuse(error, "rule", index, "has a level that is not there");
    if (rule->members >= model->n_groups)
        return refuse(error, "rule", index, "has a group that is not there");
    if (rule->kind == VMC_RULE_NEAR &&
        (rule->leaders < 0 || rule->leaders >= (gint32) model->n_groups))
        return refuse(error, "rule", index, "has leaders that are not there");
    if (!rule->is_hard && !(rule->weight >= 0 && isfinite(rule->weight)))
        return refuse(error, "rule", index, "has a weight below zero");
    return TRUE;
}

static gboolean
check_wishes(const VmcModel *model, GError **error)
{
    const GArray *wishes = model->draft->wishes;

    for (guint i = 0; i < wishes->len; i++) {
        const VmcModelWish *wish = &g_array_index(wishes, VmcModelWish, i);
        if (wish->set < -1 || wish->set >= (gint32) model->n_sets)
            return refuse(error, "wish", i, "has a host set that is not there");
    }
    return TRUE;
}

static gboolean
check_distance(const VmcModel *model, GError **error)
{
    for (guint h = 0; model->n_pair_classes > 0 && h < model->n_hosts; h++)
        if (model->pair_class[h] >= model->n_pair_classes)
            return refuse(error, "host", h,
                          "has a class of distance that is not there");
    return TRUE;
}

static gboolean
check_terms(const VmcModel *model, GError **error)
{
    const GArray *shapes = model->draft->shapes;

    for (guint i = 0; i < VMC_N_TERMS; i++)
        if (!(model->weight[i] >= 0 && isfinite(model->weight[i])))
            return refuse(error, "term", i, "has a weight below zero");
    for (guint i = 0; i < shapes->len; i++) {
        const VmcModelShape *shape = &g_array_index(shapes, VmcModelShape, i);
        if (shape->first >= model->n_columns ||
            shape->second >= model->n_columns)
            return refuse(error, "shape", i, "has a column that is not there");
    }
    if (model->spare_level >= (gint32) model->draft->domains->len)
        return refuse(error, "level", (guint) model->spare_level,
                      "is not there, but its loss should be survived");
    return check_wishes(model, error) && check_distance(model, error);
}

static gboolean
check_groups(const VmcModel *model, GError **error)
{
    g_autofree guint32 *seen = g_new0(guint32, MAX(model->n_vms, 1));

    for (guint g = 0; g < model->n_groups; g++)
        if (!check_group(model, g, seen, error))
            return FALSE;
    return TRUE;
}

static gboolean
check(const VmcModel *model, GError **error)
{
    for (guint h = 0; h < model->n_hosts; h++)
        if (!check_host(model, h, error))
            return FALSE;
    for (guint v = 0; v < model->n_vms; v++)
        if (!check_vm(model, v, error))
            return FALSE;
    for (guint l = 0; l < model->draft->domains->len; l++)
        if (!check_level(model, l, error))
            return FALSE;
    if (!check_groups(model, error))
        return FALSE;
    for (guint r = 0; r < model->n_rules; r++)
        if (!check_rule(model, r, error))
            return FALSE;
    return check_totals(model, error) && check_terms(model, error);
}

/* ---- layout -------------------------------------------------------------- */

/* (transfer full): the items of an array; NULL when it is empty */
static gpointer
copy_items(GArray *array)
{
    return g_memdup2(array->data,
                     (gsize) array->len * g_array_get_element_size(array));
}

static void
lay_out_hosts_of(VmcModel *model, guint level)
{
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(VmcRowPair));

    for (guint h = 0; h < model->n_hosts; h++)
        vmc_row_pairs_add(pairs, model->domain[level][h], h);
    vmc_rows_init(&model->hosts_of[level], model->n_domains[level], pairs);
}

static void
lay_out_levels(VmcModel *model)
{
    VmcModelDraft *draft = model->draft;

    model->n_levels = draft->domains->len;
    model->n_domains = copy_items(draft->n_domains);
    model->domain = g_new0(guint32 *, model->n_levels);
    for (guint l = 0; l < model->n_levels; l++)
        model->domain[l] = g_steal_pointer(&draft->domains->pdata[l]);
    model->hosts_of = g_new0(VmcRows, model->n_levels);
    for (guint l = 1; l < model->n_levels; l++)
        lay_out_hosts_of(model, l);
}

static void
lay_out_groups(VmcModel *model)
{
    VmcModelDraft *draft = model->draft;

    model->groups.start = copy_items(draft->group_starts);
    model->groups.item = copy_items(draft->group_vms);
}

static guint
find_tally(VmcModel *model,
           GHashTable *found,
           GArray *tallies,
           guint group,
           guint level)
{
    guint64 key = (guint64) group * model->n_levels + level + 1;
    gpointer slot = g_hash_table_lookup(found, &key);
    guint members = model->groups.start[group + 1] - model->groups.start[group];
    VmcTally tally = {.group = group, .level = level, .at = -1};

    if (slot != NULL)
        return GPOINTER_TO_UINT(slot) - 1;
    if (members > MAX_MEMBERS_TO_SCAN) {
        tally.at = (gint64) model->n_counts;
        model->n_counts += model->n_domains[level];
    }
    g_array_append_val(tallies, tally);
    g_hash_table_insert(found, g_memdup2(&key, sizeof key),
                        GUINT_TO_POINTER(tallies->len));
    return tallies->len - 1;
}

static void
lay_out_tallies(VmcModel *model)
{
    g_autoptr(GHashTable) found =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    GArray *tallies = g_array_new(FALSE, FALSE, sizeof(VmcTally));

    for (guint r = 0; r < model->n_rules; r++) {
        VmcRule *rule = &model->rules[r];
        rule->tally =
            find_tally(model, found, tallies, rule->members, rule->level);
        rule->leader_tally = -1;
        if (rule->kind == VMC_RULE_NEAR)
            rule->leader_tally = (gint32) find_tally(
                model, found, tallies, (guint) rule->leaders, rule->level);
        else
            rule->leaders = -1;
    }
    model->n_tallies = tallies->len;
    model->tallies = (VmcTally *) (gpointer) g_array_free(tallies, FALSE);
}

static void
add_group_pairs(const VmcModel *model, GArray *pairs, guint group, guint item)
{
    const VmcRows *groups = &model->groups;

    for (guint32 i = groups->start[group]; i < groups->start[group + 1]; i++)
        vmc_row_pairs_add(pairs, groups->item[i], item);
}

static void
lay_out_rules(VmcModel *model)
{
    g_autoptr(GArray) of_rules = g_array_new(FALSE, FALSE, sizeof(VmcRowPair));
    g_autoptr(GArray) of_tallies =
        g_array_new(FALSE, FALSE, sizeof(VmcRowPair));

    model->rules = copy_items(model->draft->rules);
    lay_out_tallies(model);
    for (guint r = 0; r < model->n_rules; r++) {
        model->has_soft_rules |= !model->rules[r].is_hard;
        add_group_pairs(model, of_rules, model->rules[r].members, r * 2);
        if (model->rules[r].leaders >= 0)
            add_group_pairs(model, of_rules, (guint) model->rules[r].leaders,
                            r * 2 + 1);
    }
    for (guint t = 0; t < model->n_tallies; t++)
        add_group_pairs(model, of_tallies, model->tallies[t].group, t);
    vmc_rows_init(&model->rules_of, model->n_vms, of_rules);
    vmc_rows_init(&model->tallies_of, model->n_vms, of_tallies);
}

static void
lay_out_wishes(VmcModel *model)
{
    const GArray *wishes = model->draft->wishes;
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(VmcRowPair));

    if (wishes->len == 0)
        return;
    model->wish_set = g_new(gint32, wishes->len);
    model->wish_weight = g_new(double, wishes->len);
    for (guint i = 0; i < wishes->len; i++) {
        const VmcModelWish *wish = &g_array_index(wishes, VmcModelWish, i);
        model->wish_set[i] = wish->set;
        model->wish_weight[i] = wish->weight;
        vmc_row_pairs_add(pairs, wish->vm, i);
    }
    vmc_rows_init(&model->wishes_of, model->n_vms, pairs);
}

static void
lay_out_move_groups(VmcModel *model)
{
    for (guint v = 0; v < model->n_vms; v++)
        if (model->move_group[v] >= (gint32) model->n_move_groups)
            model->n_move_groups = (guint) model->move_group[v] + 1;
}

static double
total_capacity(const VmcModel *model, guint column)
{
    double sum = 0;

    for (guint h = 0; h < model->n_hosts; h++) {
        gint64 capacity = model->capacity[(gsize) h * model->stride + column];
        sum += capacity == VMC_UNLIMITED ? 0 : (double) capacity;
    }
    return sum;
}

static void
lay_out_sizes(VmcModel *model)
{
    model->size = g_new0(double, MAX(model->n_vms, 1));
    for (guint c = 0; c < model->n_columns; c++) {
        double total = total_capacity(model, c) * model->n_columns;
        for (guint v = 0; total > 0 && v < model->n_vms; v++)
            model->size[v] +=
                (double) model->need[(gsize) v * model->stride + c] / total;
    }
}

static guint32
count_slots(const VmcModel *model, guint vm)
{
    const gint64 *need = model->need + (gsize) vm * model->stride;
    gint64 slots = 1;

    for (guint c = 0; c < model->n_columns; c++)
        if (model->slot[c] > 0)
            slots = MAX(slots, (need[c] + model->slot[c] - 1) / model->slot[c]);
    return (guint32) MIN(slots, G_MAXINT32);
}

static void
lay_out_slots(VmcModel *model)
{
    if (model->slot == NULL)
        return;
    model->slots_of = g_new(guint32, MAX(model->n_vms, 1));
    for (guint v = 0; v < model->n_vms; v++)
        model->slots_of[v] = count_slots(model, v);
}

/* ---- hinges -------------------------------------------------------------- */

static void
lay_out_offsets(VmcModel *model)
{
    gsize cells = (gsize) model->n_hosts * model->hinge_stride;

    model->hinge_offset = g_new(double, MAX(cells, 1));
    for (gsize i = 0; i < cells; i++)
        model->hinge_offset[i] = -INFINITY;
    for (guint k = 0; k < model->n_hinges; k++) {
        const double *offset = model->draft->hinge_offset->pdata[k];
        for (guint h = 0; h < model->n_hosts; h++)
            model->hinge_offset[(gsize) h * model->hinge_stride + k] =
                offset[h];
    }
}

static void
lay_out_lifts(VmcModel *model)
{
    model->lift =
        g_new0(double, MAX((gsize) model->n_vms * model->hinge_stride, 1));
    for (guint v = 0; v < model->n_vms; v++) {
        const gint64 *need = model->need + (gsize) v * model->stride;
        double *lift = model->lift + (gsize) v * model->hinge_stride;
        for (guint k = 0; k < model->n_hinges; k++) {
            const VmcHinge *hinge = &model->hinges[k];
            lift[k] = hinge->first_factor * (double) need[hinge->first] +
                      hinge->second_factor * (double) need[hinge->second];
        }
    }
}

static void
lay_out_hinges(VmcModel *model)
{
    vmc_terms_add_hinges(model);
    model->n_hinges = model->draft->hinges->len;
    model->hinge_stride = (model->n_hinges + 1) & ~1u;
    model->hinges = copy_items(model->draft->hinges);
    lay_out_offsets(model);
    lay_out_lifts(model);
}

static void
lay_out_sets_and_shapes(VmcModel *model)
{
    model->sets = copy_items(model->draft->set_words);
    model->n_shapes = model->draft->shapes->len;
    model->shapes = copy_items(model->draft->shapes);
}

gboolean
vmc_model_seal(VmcModel *model, GError **error)
{
    g_return_val_if_fail(model != NULL && model->draft != NULL, FALSE);

    if (!check(model, error))
        return FALSE;
    for (guint h = 0; h < model->n_hosts; h++)
        if ((model->host_flags[h] & VMC_MODEL_HOST_MUST_EMPTY) != 0)
            model->host_flags[h] &= (guint8) ~VMC_MODEL_HOST_TAKES;
    lay_out_sets_and_shapes(model);
    lay_out_levels(model);
    lay_out_groups(model);
    lay_out_rules(model);
    lay_out_wishes(model);
    lay_out_move_groups(model);
    lay_out_sizes(model);
    lay_out_slots(model);
    lay_out_hinges(model);
    g_clear_pointer(&model->draft, vmc_model_draft_free);
    return TRUE;
}
