/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/host-fit.h"
#include "core/planner/fleet-asking.h"
#include "core/planner/fleet-build.h"
#include "core/planner/model-draft.h"

#include <string.h>

/* Which hosts each VM may be on: its musts, pins, and what it needs of a host.
 * VMs that ask for the same share one set; most ask for nothing and have none.
 */

typedef struct {
    VmcFleetModel *fm;
    GHashTable *sets;      /* VmcFleetAsking → set + 1, all being 0 */
    GHashTable *wish_sets; /* text of what should be → set */
    GPtrArray *rule_text;  /* for each of place_rules what it asks for */
    VmcRows musts_of;      /* for each VM the first of place_rules that asks
                              what its musts ask */
    gboolean has_strangers;
} Builder;

gboolean
vmc_fleet_rule_host_holds(const VmcPlacementRule *rule, const VmcHost *host)
{
    const char *const *labels = (const char *const *) host->labels;
    gboolean is_meant =
        g_strv_contains((const char *const *) rule->hosts, host->name);

    for (guint i = 0; !is_meant && rule->labels[i] != NULL; i++)
        is_meant = labels != NULL && g_strv_contains(labels, rule->labels[i]);
    return is_meant == (rule->kind == VMC_PLACEMENT_RULE_PIN);
}

/* ---- what is asked for, as text ------------------------------------------ */

/* With its length, so that no two askings look alike. */
static void
put(GString *text, const char *tag, const char *what)
{
    if (what != NULL)
        g_string_append_printf(text, "%s%" G_GSIZE_FORMAT ":%s", tag,
                               strlen(what), what);
}

static void
put_list(GString *text, const char *tag, GStrv list)
{
    for (guint i = 0; list != NULL && list[i] != NULL; i++)
        put(text, tag, list[i]);
}

static void
put_wish(GString *text, const VmcWish *wish)
{
    put(text, wish->avoid ? "-h" : "+h", wish->host);
    put(text, wish->avoid ? "-l" : "+l", wish->label);
}

/* Without its name and members: many rules ask for the same hosts. */
static char *
text_of_rule(const VmcPlacementRule *rule)
{
    GString *text = g_string_new(NULL);

    put(text, "k", vmc_placement_rule_kind_to_name(rule->kind));
    put_list(text, "h", rule->hosts);
    put_list(text, "l", rule->labels);
    return g_string_free(text, FALSE);
}

/* ---- what a VM asks for -------------------------------------------------- */

static const VmcHost *
start_of(const Builder *builder, guint vm)
{
    gint32 start = builder->fm->model->start[vm];

    return start >= 0 ? vmc_fleet_model_host(builder->fm, (guint) start) : NULL;
}

static VmcFleetAsking
asking_of(const Builder *builder, guint vm_index)
{
    const VmcVm *vm = vmc_fleet_model_vm(builder->fm, vm_index);
    const VmcRows *rows = &builder->musts_of;
    const guint32 first = rows->start[vm_index];

    return (VmcFleetAsking){
        .needs = vmc_vm_host_needs(vm),
        .wishes = vm->wishes,
        .rules = rows->item + first,
        .n_rules = rows->start[vm_index + 1] - first,
        .kin = builder->has_strangers ? start_of(builder, vm_index) : NULL};
}

static gboolean
lacks_something(const VmcHost *host, const VmcHostNeeds *needs)
{
    g_autofree char *misfit = vmc_host_misfit(host, needs);

    return misfit != NULL;
}

/* ---- the set ------------------------------------------------------------- */

static gboolean
is_wanted_on(const Builder *builder,
             const VmcFleetAsking *asking,
             const VmcHost *host)
{
    for (guint i = 0; i < asking->wishes->len; i++) {
        const VmcWish *wish = asking->wishes->pdata[i];
        if (wish->must && !vmc_wish_holds(wish, host))
            return FALSE;
    }
    for (guint i = 0; i < asking->n_rules; i++)
        if (!vmc_fleet_rule_host_holds(
                builder->fm->place_rules->pdata[asking->rules[i]], host))
            return FALSE;
    return TRUE;
}

/* A guest may stay where it runs, whatever its host says it lacks. */
static gboolean
can_run_on(const VmcFleetAsking *asking, const VmcHost *host)
{
    if (host == asking->home)
        return TRUE;
    if (lacks_something(host, &asking->needs))
        return FALSE;
    g_autofree char *stranger =
        asking->kin != NULL ? vmc_host_stranger(host, asking->kin) : NULL;
    return stranger == NULL;
}

static gint32
make_set(const Builder *builder, const VmcFleetAsking *asking)
{
    const VmcFleetModel *fm = builder->fm;
    g_autoptr(GArray) hosts = g_array_new(FALSE, FALSE, sizeof(guint32));

    for (guint32 h = 0; h < fm->hosts->len; h++) {
        const VmcHost *host = vmc_fleet_model_host(fm, h);
        if (is_wanted_on(builder, asking, host) && can_run_on(asking, host))
            g_array_append_val(hosts, h);
    }
    if (hosts->len == fm->hosts->len)
        return -1;
    return vmc_model_add_host_set(fm->model, (const guint32 *) hosts->data,
                                  hosts->len);
}

static gint32
find_set(Builder *builder, const VmcFleetAsking *asking)
{
    gpointer known = NULL;

    if (g_hash_table_lookup_extended(builder->sets, asking, NULL, &known))
        return GPOINTER_TO_INT(known) - 1;
    gint32 set = make_set(builder, asking);
    g_hash_table_insert(builder->sets, g_memdup2(asking, sizeof *asking),
                        GINT_TO_POINTER(set + 1));
    return set;
}

/* Only a guest whose own host is not in the set of its kind is asked whether
 * that is for want of something. */
static gint32
set_of(Builder *builder, guint vm)
{
    const VmcModel *model = builder->fm->model;
    VmcFleetAsking asking = asking_of(builder, vm);

    if (vmc_fleet_asking_is_empty(&asking))
        return -1;
    gint32 set = find_set(builder, &asking);
    if (model->start[vm] < 0 ||
        vmc_model_draft_in_set(model, set, (guint) model->start[vm]) ||
        !lacks_something(start_of(builder, vm), &asking.needs))
        return set;
    asking.home = start_of(builder, vm);
    return find_set(builder, &asking);
}

/* ---- wishes -------------------------------------------------------------- */

typedef gboolean (*HoldsFunc)(gconstpointer what, const VmcHost *host);

static gboolean
wish_holds(gconstpointer what, const VmcHost *host)
{
    return vmc_wish_holds(what, host);
}

static gboolean
rule_holds(gconstpointer what, const VmcHost *host)
{
    return vmc_fleet_rule_host_holds(what, host);
}

/* Where something that should hold does. */
static gint32
wish_set(Builder *builder,
         const char *text,
         HoldsFunc holds,
         gconstpointer what)
{
    g_autoptr(GArray) hosts = g_array_new(FALSE, FALSE, sizeof(guint32));
    const VmcFleetModel *fm = builder->fm;
    gpointer known = NULL;

    if (g_hash_table_lookup_extended(builder->wish_sets, text, NULL, &known))
        return GPOINTER_TO_INT(known);
    for (guint32 h = 0; h < fm->hosts->len; h++)
        if (holds(what, vmc_fleet_model_host(fm, h)))
            g_array_append_val(hosts, h);
    gint32 set = vmc_model_add_host_set(
        fm->model, (const guint32 *) hosts->data, hosts->len);
    g_hash_table_insert(builder->wish_sets, g_strdup(text),
                        GINT_TO_POINTER(set));
    return set;
}

static void
add_own_wishes(Builder *builder, guint vm_index, double weight)
{
    const VmcFleetModel *fm = builder->fm;
    const VmcVm *vm = vmc_fleet_model_vm(fm, vm_index);

    for (guint i = 0; i < vm->wishes->len; i++) {
        const VmcWish *wish = vm->wishes->pdata[i];
        g_autoptr(GString) text = g_string_new(NULL);
        if (wish->must)
            continue;
        put_wish(text, wish);
        vmc_model_add_wish(fm->model, vm_index,
                           wish_set(builder, text->str, wish_holds, wish),
                           weight);
    }
}

static void
add_wishes(Builder *builder, guint vm)
{
    const VmcFleetModel *fm = builder->fm;
    const VmcRows *rows = &fm->place_rules_of;
    double weight = (double) fm->policy->weight_milli[VMC_TERM_WISHES] / 1000;

    add_own_wishes(builder, vm, weight);
    for (guint32 i = rows->start[vm]; i < rows->start[vm + 1]; i++) {
        const VmcPlacementRule *rule = fm->place_rules->pdata[rows->item[i]];
        const char *text = builder->rule_text->pdata[rows->item[i]];
        if (!rule->must)
            vmc_model_add_wish(fm->model, vm,
                               wish_set(builder, text, rule_holds, rule),
                               weight * rule->weight);
    }
}

/* ---- rules --------------------------------------------------------------- */

static void
find_place_rules(VmcFleetModel *fm)
{
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(VmcRowPair));

    for (guint i = 0; i < vmc_fleet_n_rules(fm->fleet); i++) {
        VmcPlacementRule *rule = vmc_fleet_rule_at(fm->fleet, i);
        if (vmc_placement_rule_has_level(rule))
            continue;
        g_autoptr(GArray) vms =
            vmc_fleet_rule_vms(fm, rule->group, rule->vms, rule->templates);
        for (guint k = 0; k < vms->len; k++)
            vmc_row_pairs_add(pairs, g_array_index(vms, guint32, k),
                              fm->place_rules->len);
        g_ptr_array_add(fm->place_rules, rule);
    }
    vmc_rows_init(&fm->place_rules_of, fm->vms->len, pairs);
}

/* The first rule that asks for what each does. */
static guint32 *
first_alike(Builder *builder)
{
    const GPtrArray *rules = builder->fm->place_rules;
    g_autoptr(GHashTable) first = g_hash_table_new(g_str_hash, g_str_equal);
    guint32 *alike = g_new(guint32, MAX(rules->len, 1));

    for (guint i = 0; i < rules->len; i++) {
        char *text = text_of_rule(rules->pdata[i]);
        gpointer known = g_hash_table_lookup(first, text);
        g_ptr_array_add(builder->rule_text, text);
        alike[i] = known != NULL ? GPOINTER_TO_UINT(known) - 1 : i;
        if (known == NULL)
            g_hash_table_insert(first, text, GUINT_TO_POINTER(i + 1));
    }
    return alike;
}

static void
find_musts(Builder *builder)
{
    const VmcFleetModel *fm = builder->fm;
    const VmcRows *rows = &fm->place_rules_of;
    g_autofree guint32 *alike = first_alike(builder);
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(VmcRowPair));

    for (guint vm = 0; vm < fm->vms->len; vm++)
        for (guint32 i = rows->start[vm]; i < rows->start[vm + 1]; i++) {
            const VmcPlacementRule *rule =
                fm->place_rules->pdata[rows->item[i]];
            if (rule->must)
                vmc_row_pairs_add(pairs, vm, alike[rows->item[i]]);
        }
    vmc_rows_init(&builder->musts_of, fm->vms->len, pairs);
}

/* ---- all VMs ------------------------------------------------------------- */

static gboolean
has_strangers(const VmcFleetModel *fm)
{
    for (guint h = 1; h < fm->hosts->len; h++) {
        g_autofree char *why = vmc_host_stranger(vmc_fleet_model_host(fm, h),
                                                 vmc_fleet_model_host(fm, 0));
        if (why != NULL || vmc_fleet_model_host(fm, h)->arch == NULL ||
            vmc_fleet_model_host(fm, h)->domain_type == NULL)
            return TRUE;
    }
    return FALSE;
}

/* A VM that is where it must not be is broken, as much as one on a host that
 * must be emptied: to be outside of its set costs as much. */
static void
fill_vm(Builder *builder, guint vm)
{
    VmcModel *model = builder->fm->model;
    gint32 set = set_of(builder, vm);

    vmc_model_set_host_set(model, vm, set);
    if (set >= 0)
        vmc_model_add_wish(model, vm, set, VMC_FLEET_BROKEN_WEIGHT);
    add_wishes(builder, vm);
}

void
vmc_fleet_fill_sets(VmcFleetModel *fm)
{
    g_autoptr(GHashTable) sets = g_hash_table_new_full(
        vmc_fleet_asking_hash, vmc_fleet_asking_equal, g_free, NULL);
    g_autoptr(GHashTable) wish_sets =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) rule_text = g_ptr_array_new_with_free_func(g_free);
    Builder builder = {.fm = fm,
                       .sets = sets,
                       .wish_sets = wish_sets,
                       .rule_text = rule_text,
                       .has_strangers = has_strangers(fm)};

    find_place_rules(fm);
    find_musts(&builder);
    for (guint v = 0; v < fm->vms->len; v++)
        fill_vm(&builder, v);
    vmc_rows_clear(&builder.musts_of);
}
