/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/host-fit.h"
#include "core/planner/fleet-build.h"

#include <string.h>

/* Which hosts each VM may be on: its musts, pins, and what it needs of a host.
 * VMs that ask for the same share one set, found by a text that says all they
 * ask for; most ask for nothing and have none. */

typedef struct {
    VmcFleetModel *fm;
    GHashTable *sets;     /* text of what is asked → set + 1 */
    GPtrArray **place_of; /* for each VM its rules of kind pin and avoid */
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

/* ---- what a VM asks for, as text ----------------------------------------- */

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
put_needs(GString *text, const VmcHostNeeds *needs)
{
    put(text, "c", needs->cpu_model);
    put(text, "m", needs->machine);
    put_list(text, "s", needs->pools);
    put_list(text, "n", needs->networks);
    put_list(text, "b", needs->bridges);
    if (needs->n_numa_nodes > 1)
        g_string_append_printf(text, "u%u.", needs->n_numa_nodes);
}

static void
put_wish(GString *text, const VmcWish *wish)
{
    put(text, wish->avoid ? "-h" : "+h", wish->host);
    put(text, wish->avoid ? "-l" : "+l", wish->label);
}

static void
put_rule(GString *text, const VmcPlacementRule *rule)
{
    put(text, "r", rule->name);
}

static const VmcHost *
start_of(const Builder *builder, guint vm)
{
    gint32 start = builder->fm->model->start[vm];

    return start >= 0 ? vmc_fleet_model_host(builder->fm, (guint) start) : NULL;
}

/* A guest may stay where it runs, whatever its host says it lacks. */
static void
put_start(GString *text, const Builder *builder, guint vm)
{
    const VmcHost *start = start_of(builder, vm);
    VmcHostNeeds needs = vmc_vm_host_needs(vmc_fleet_model_vm(builder->fm, vm));

    if (start == NULL)
        return;
    if (builder->has_strangers) {
        put(text, "a", start->arch != NULL ? start->arch : "?");
        put(text, "d", start->domain_type != NULL ? start->domain_type : "?");
    }
    g_autofree char *misfit =
        vmc_host_needs_any(&needs) ? vmc_host_misfit(start, &needs) : NULL;
    if (misfit != NULL)
        put(text, "@", start->name);
}

static char *
asked_by(const Builder *builder, guint vm_index)
{
    const VmcVm *vm = vmc_fleet_model_vm(builder->fm, vm_index);
    GString *text = g_string_new(NULL);
    VmcHostNeeds needs = vmc_vm_host_needs(vm);
    GPtrArray *rules = builder->place_of[vm_index];

    for (guint i = 0; i < vm->wishes->len; i++) {
        const VmcWish *wish = vm->wishes->pdata[i];
        if (wish->must)
            put_wish(text, wish);
    }
    for (guint i = 0; rules != NULL && i < rules->len; i++) {
        const VmcPlacementRule *rule = rules->pdata[i];
        if (rule->must)
            put_rule(text, rule);
    }
    put_needs(text, &needs);
    put_start(text, builder, vm_index);
    return g_string_free(text, FALSE);
}

/* ---- the set ------------------------------------------------------------- */

static gboolean
is_wanted_on(const Builder *builder, guint vm_index, const VmcHost *host)
{
    const VmcVm *vm = vmc_fleet_model_vm(builder->fm, vm_index);
    GPtrArray *rules = builder->place_of[vm_index];

    for (guint i = 0; i < vm->wishes->len; i++) {
        const VmcWish *wish = vm->wishes->pdata[i];
        if (wish->must && !vmc_wish_holds(wish, host))
            return FALSE;
    }
    for (guint i = 0; rules != NULL && i < rules->len; i++) {
        const VmcPlacementRule *rule = rules->pdata[i];
        if (rule->must && !vmc_fleet_rule_host_holds(rule, host))
            return FALSE;
    }
    return TRUE;
}

static gboolean
can_run_on(const Builder *builder, guint vm_index, const VmcHost *host)
{
    const VmcHost *start = start_of(builder, vm_index);
    VmcHostNeeds needs =
        vmc_vm_host_needs(vmc_fleet_model_vm(builder->fm, vm_index));

    if (host == start)
        return TRUE;
    g_autofree char *misfit = vmc_host_misfit(host, &needs);
    g_autofree char *stranger =
        start != NULL ? vmc_host_stranger(host, start) : NULL;
    return misfit == NULL && stranger == NULL;
}

static gint32
make_set(const Builder *builder, guint vm)
{
    const VmcFleetModel *fm = builder->fm;
    g_autoptr(GArray) hosts = g_array_new(FALSE, FALSE, sizeof(guint32));

    for (guint32 h = 0; h < fm->hosts->len; h++) {
        const VmcHost *host = vmc_fleet_model_host(fm, h);
        if (is_wanted_on(builder, vm, host) && can_run_on(builder, vm, host))
            g_array_append_val(hosts, h);
    }
    if (hosts->len == fm->hosts->len)
        return -1;
    return vmc_model_add_host_set(fm->model, (const guint32 *) hosts->data,
                                  hosts->len);
}

static gint32
set_of(Builder *builder, guint vm)
{
    g_autofree char *text = asked_by(builder, vm);
    gpointer known = NULL;

    if (*text == '\0')
        return -1;
    if (g_hash_table_lookup_extended(builder->sets, text, NULL, &known))
        return GPOINTER_TO_INT(known);
    gint32 set = make_set(builder, vm);
    g_hash_table_insert(builder->sets, g_steal_pointer(&text),
                        GINT_TO_POINTER(set));
    return set;
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

/* Where something that should hold does; by the same text as the sets. */
static gint32
wish_set(Builder *builder,
         const char *text,
         HoldsFunc holds,
         gconstpointer what)
{
    g_autofree char *key = g_strconcat("w", text, NULL);
    g_autoptr(GArray) hosts = g_array_new(FALSE, FALSE, sizeof(guint32));
    const VmcFleetModel *fm = builder->fm;
    gpointer known = NULL;

    if (g_hash_table_lookup_extended(builder->sets, key, NULL, &known))
        return GPOINTER_TO_INT(known);
    for (guint32 h = 0; h < fm->hosts->len; h++)
        if (holds(what, vmc_fleet_model_host(fm, h)))
            g_array_append_val(hosts, h);
    gint32 set = vmc_model_add_host_set(
        fm->model, (const guint32 *) hosts->data, hosts->len);
    g_hash_table_insert(builder->sets, g_steal_pointer(&key),
                        GINT_TO_POINTER(set));
    return set;
}

static void
add_wishes(Builder *builder, guint vm_index)
{
    const VmcFleetModel *fm = builder->fm;
    const VmcVm *vm = vmc_fleet_model_vm(fm, vm_index);
    GPtrArray *rules = builder->place_of[vm_index];
    double weight = (double) fm->policy->weight_milli[VMC_TERM_WISHES] / 1000;

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
    for (guint i = 0; rules != NULL && i < rules->len; i++) {
        const VmcPlacementRule *rule = rules->pdata[i];
        g_autoptr(GString) text = g_string_new(NULL);
        if (rule->must)
            continue;
        put_rule(text, rule);
        vmc_model_add_wish(fm->model, vm_index,
                           wish_set(builder, text->str, rule_holds, rule),
                           weight * rule->weight);
    }
}

/* ---- all VMs ------------------------------------------------------------- */

static void
find_place_rules(Builder *builder)
{
    const VmcFleetModel *fm = builder->fm;

    for (guint i = 0; i < vmc_fleet_n_rules(fm->fleet); i++) {
        VmcPlacementRule *rule = vmc_fleet_rule_at(fm->fleet, i);
        if (vmc_placement_rule_has_level(rule))
            continue;
        g_autoptr(GArray) vms =
            vmc_fleet_rule_vms(fm, rule->group, rule->vms, rule->templates);
        for (guint k = 0; k < vms->len; k++) {
            GPtrArray **rules =
                &builder->place_of[g_array_index(vms, guint32, k)];
            if (*rules == NULL)
                *rules = g_ptr_array_new();
            g_ptr_array_add(*rules, rule);
        }
    }
}

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
    g_autoptr(GHashTable) sets =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree GPtrArray **place_of = g_new0(GPtrArray *, fm->vms->len + 1);
    Builder builder = {.fm = fm,
                       .sets = sets,
                       .place_of = place_of,
                       .has_strangers = has_strangers(fm)};

    find_place_rules(&builder);
    for (guint v = 0; v < fm->vms->len; v++) {
        fill_vm(&builder, v);
        g_clear_pointer(&place_of[v], g_ptr_array_unref);
    }
}
