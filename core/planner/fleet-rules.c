/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/fleet-build.h"

#include <string.h>

/* Levels, groups and the rules that count domains. */

/* ---- levels -------------------------------------------------------------- */

guint
vmc_fleet_level_domains(const VmcFleetModel *fm,
                        const char *level,
                        guint32 *ret_domain)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    guint32 n_domains = 0;

    for (guint h = 0; h < fm->hosts->len; h++) {
        const VmcHost *host = fm->hosts->pdata[h];
        const char *name =
            vmc_label_domain((const char *const *) host->labels, level);
        gpointer known = name != NULL ? g_hash_table_lookup(seen, name) : NULL;
        if (known != NULL) {
            ret_domain[h] = GPOINTER_TO_UINT(known) - 1;
            continue;
        }
        ret_domain[h] = n_domains++;
        if (name != NULL)
            g_hash_table_insert(seen, (gpointer) name,
                                GUINT_TO_POINTER(n_domains));
    }
    return n_domains;
}

static guint
level_index(VmcFleetModel *fm, GHashTable *levels, const char *level)
{
    gpointer known = NULL;

    if (g_str_equal(level, VMC_LEVEL_HOST))
        return 0;
    if (g_hash_table_lookup_extended(levels, level, NULL, &known))
        return GPOINTER_TO_UINT(known);
    g_autofree guint32 *domain = g_new(guint32, MAX(fm->hosts->len, 1));
    guint n = vmc_fleet_level_domains(fm, level, domain);
    guint index = vmc_model_add_level(fm->model, domain, n);
    g_hash_table_insert(levels, (gpointer) level, GUINT_TO_POINTER(index));
    return index;
}

/* ---- whom a rule is about ------------------------------------------------ */

static void
add_named(const VmcFleetModel *fm, GStrv names, GArray *vms)
{
    for (guint i = 0; names != NULL && names[i] != NULL; i++) {
        const VmcVm *vm = vmc_fleet_find_vm(fm->fleet, names[i]);
        gint32 index = vm != NULL ? vmc_fleet_model_find_vm(fm, vm) : -1;
        if (index >= 0)
            g_array_append_val(vms, index);
    }
}

static void
add_made_from(const VmcFleetModel *fm, GStrv templates, GArray *vms)
{
    for (guint i = 0; templates != NULL && templates[i] != NULL; i++) {
        GArray *made = g_hash_table_lookup(fm->made_from, templates[i]);
        if (made != NULL)
            g_array_append_vals(vms, made->data, made->len);
    }
}

static int
compare_indexes(gconstpointer a, gconstpointer b)
{
    guint32 first = *(const guint32 *) a;
    guint32 second = *(const guint32 *) b;

    return (first > second) - (first < second);
}

static void
sort_and_unite(GArray *vms)
{
    guint kept = 0;

    g_array_sort(vms, compare_indexes);
    for (guint i = 0; i < vms->len; i++) {
        guint32 vm = g_array_index(vms, guint32, i);
        if (kept == 0 || g_array_index(vms, guint32, kept - 1) != vm)
            g_array_index(vms, guint32, kept++) = vm;
    }
    g_array_set_size(vms, kept);
}

void
vmc_fleet_build_groups(VmcFleetModel *fm)
{
    for (guint i = 0; i < vmc_fleet_n_groups(fm->fleet); i++) {
        const VmcGroup *group = vmc_fleet_group_at(fm->fleet, i);
        GArray *vms = g_array_new(FALSE, FALSE, sizeof(guint32));
        add_named(fm, group->vms, vms);
        add_made_from(fm, group->templates, vms);
        sort_and_unite(vms);
        g_hash_table_insert(fm->group_vms, group->name, vms);
    }
}

GArray *
vmc_fleet_rule_vms(const VmcFleetModel *fm,
                   const char *group_name,
                   GStrv vms,
                   GStrv templates)
{
    GArray *indexes = g_array_new(FALSE, FALSE, sizeof(guint32));
    const GArray *group = group_name != NULL
                              ? g_hash_table_lookup(fm->group_vms, group_name)
                              : NULL;
    const guint n_group = group != NULL ? group->len : 0;

    if (n_group > 0)
        g_array_append_vals(indexes, group->data, n_group);
    add_named(fm, vms, indexes);
    add_made_from(fm, templates, indexes);
    if (indexes->len > n_group)
        sort_and_unite(indexes);
    return indexes;
}

/* ---- rules --------------------------------------------------------------- */

static VmcRuleKind
model_kind(VmcPlacementRuleKind kind)
{
    switch (kind) {
    case VMC_PLACEMENT_RULE_TOGETHER:
        return VMC_RULE_TOGETHER;
    case VMC_PLACEMENT_RULE_SPREAD:
        return VMC_RULE_SPREAD;
    case VMC_PLACEMENT_RULE_NEAR:
        return VMC_RULE_NEAR;
    case VMC_PLACEMENT_RULE_APART:
    case VMC_PLACEMENT_RULE_PIN:
    case VMC_PLACEMENT_RULE_AVOID:
    case VMC_N_PLACEMENT_RULE_KINDS:
    default:
        return VMC_RULE_APART;
    }
}

static guint
add_group(VmcFleetModel *fm, GArray *vms)
{
    return vmc_model_add_group(fm->model, (const guint32 *) vms->data,
                               vms->len);
}

static void
fill_rule(VmcFleetModel *fm, GHashTable *levels, VmcPlacementRule *rule)
{
    g_autoptr(GArray) members =
        vmc_fleet_rule_vms(fm, rule->group, rule->vms, rule->templates);
    VmcRule compiled = {
        .kind = model_kind(rule->kind),
        .is_hard = rule->must,
        .leaders = -1,
        .n_domains = MIN(rule->n_domains, members->len),
        .weight = rule->weight *
                  (double) fm->policy->weight_milli[VMC_TERM_WISHES] / 1000,
    };

    if (members->len == 0)
        return;
    compiled.level = level_index(fm, levels, rule->level);
    compiled.members = add_group(fm, members);
    if (rule->kind == VMC_PLACEMENT_RULE_NEAR) {
        g_autoptr(GArray) leaders =
            vmc_fleet_rule_vms(fm, rule->near, NULL, NULL);
        compiled.leaders = (gint32) add_group(fm, leaders);
    }
    vmc_model_add_rule(fm->model, &compiled);
    g_ptr_array_add(fm->rules, rule);
}

/* What a move of each VM costs, and with whose moves it is counted: those of
 * the first group it is in. What a move must gain at least is a cost as well:
 * so a search never even finds a move that does not pay. */
static void
fill_moves(VmcFleetModel *fm)
{
    g_autofree gint32 *group_of = g_new(gint32, MAX(fm->vms->len, 1));

    for (guint v = 0; v < fm->vms->len; v++)
        group_of[v] = -1;
    for (guint i = vmc_fleet_n_groups(fm->fleet); i-- > 0;) {
        const VmcGroup *group = vmc_fleet_group_at(fm->fleet, i);
        const GArray *vms = g_hash_table_lookup(fm->group_vms, group->name);
        for (guint k = 0; k < vms->len; k++)
            group_of[g_array_index(vms, guint32, k)] = (gint32) i;
    }
    for (guint v = 0; v < fm->vms->len; v++) {
        const VmcVm *vm = fm->vms->pdata[v];
        guint64 bytes = vmc_policy_move_bytes(
            fm->policy, vm->size.amount[VMC_MEMORY], vm->dirty_bytes_per_s);
        double gib = (double) bytes / (1024.0 * 1024 * 1024);
        double milli = (double) fm->policy->min_gain_milli +
                       (double) fm->policy->move_milli +
                       (double) fm->policy->gib_milli * gib;
        vmc_model_set_move(fm->model, v, milli / 1000, group_of[v]);
    }
}

/* Between domains of the policy's level a move costs one point more. */
static void
fill_distance(VmcFleetModel *fm)
{
    const char *level = fm->policy->distance_level;
    guint n_hosts = fm->hosts->len;

    if (level == NULL || n_hosts == 0)
        return;
    g_autofree guint32 *domain = g_new(guint32, n_hosts);
    g_autofree guint16 *class_of = g_new(guint16, n_hosts);
    guint n = vmc_fleet_level_domains(fm, level, domain);
    const guint most = 1024; /* a table of their pairs stays small */
    if (n > most)
        return;
    g_autofree double *cost = g_new(double, (gsize) n *n);
    for (guint i = 0; i < n * n; i++)
        cost[i] = i / n == i % n ? 0 : 1;
    for (guint h = 0; h < n_hosts; h++)
        class_of[h] = (guint16) domain[h];
    vmc_model_set_distance(fm->model, class_of, n, cost);
}

void
vmc_fleet_fill_rules(VmcFleetModel *fm)
{
    g_autoptr(GHashTable) levels = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < vmc_fleet_n_rules(fm->fleet); i++) {
        VmcPlacementRule *rule = vmc_fleet_rule_at(fm->fleet, i);
        if (vmc_placement_rule_has_level(rule))
            fill_rule(fm, levels, rule);
    }
    fill_moves(fm);
    fill_distance(fm);
}
