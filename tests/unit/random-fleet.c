/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/random-fleet.h"

#define GIB (G_GUINT64_CONSTANT(1) << 30)
#define MAX_HOSTS 7
#define MAX_VMS 24

typedef struct {
    GRand *rand;
    VmcFleet *fleet;
    guint n_hosts;
    guint n_vms;
} Maker;

static guint
below(Maker *maker, guint n)
{
    return (guint) g_rand_int_range(maker->rand, 0, (gint32) MAX(n, 1));
}

static gboolean
one_in(Maker *maker, guint n)
{
    return below(maker, n) == 0;
}

static void
replace_fleet(Maker *maker, VmcFleet *changed)
{
    vmc_fleet_unref(maker->fleet);
    maker->fleet = changed;
}

static char *
host_name(guint index)
{
    return g_strdup_printf("h%u", index);
}

static char *
vm_name(guint index)
{
    return g_strdup_printf("v%02u", index);
}

/* ---- hosts --------------------------------------------------------------- */

static VmcHostState
random_state(Maker *maker)
{
    if (!one_in(maker, 6))
        return VMC_HOST_UP;
    return (VmcHostState) below(maker, VMC_N_HOST_STATES);
}

static void
add_host(Maker *maker, guint index)
{
    g_autofree char *name = host_name(index);
    g_autoptr(VmcHost) host = vmc_host_new(name, "test:///default");
    g_autoptr(GStrvBuilder) labels = g_strv_builder_new();
    g_autofree char *rack = g_strdup_printf("rack=r%u", index % 3);

    host->state = random_state(maker);
    host->physical = VMC_RESOURCES(1000 * (4 + 4 * below(maker, 4)),
                                   GIB * (8 + 8 * below(maker, 4)),
                                   one_in(maker, 2) ? 400 * GIB : 0, 0);
    if (one_in(maker, 3))
        host->ceiling_milli.amount[VMC_CPU] = 1000 * (1 + below(maker, 3));
    if (!one_in(maker, 5))
        g_strv_builder_add(labels, rack);
    if (one_in(maker, 3))
        g_strv_builder_add(labels, "ssd");
    g_strfreev(host->labels);
    host->labels = g_strv_builder_end(labels);
    replace_fleet(maker, vmc_fleet_with_host(maker->fleet, host));
}

/* ---- VMs ----------------------------------------------------------------- */

static void
put_somewhere(Maker *maker, VmcVm *vm)
{
    if (maker->n_hosts == 0 || one_in(maker, 12))
        return;
    vm->host = host_name(below(maker, maker->n_hosts));
    if (one_in(maker, 25))
        vm->destination = host_name(below(maker, maker->n_hosts));
}

static void
measure(Maker *maker, VmcVm *vm)
{
    vm->demand_age_s = (gint64) below(maker, 1200) - 1;
    for (guint r = 0; r < VMC_N_RESOURCES; r++)
        vm->demand.amount[r] = vm->size.amount[r] / 8 * below(maker, 9);
    vm->dirty_bytes_per_s = one_in(maker, 3) ? 400000000 : 0;
}

static void
add_vm(Maker *maker, guint index)
{
    g_autofree char *name = vm_name(index);
    g_autofree char *uuid =
        g_strdup_printf("11111111-2222-4333-8444-5555555555%02u", index);
    g_autoptr(VmcVm) vm = vmc_vm_new(uuid, name);

    vm->is_managed = !one_in(maker, 12);
    vm->state = one_in(maker, 10) ? (VmcVmState) below(maker, VMC_N_VM_STATES)
                                  : VMC_VM_RUNNING;
    vm->size =
        VMC_RESOURCES(1000 * (1 + below(maker, 3)), GIB * (1 + below(maker, 4)),
                      GIB * 20 * below(maker, 4), 0);
    vm->factors.of[VMC_CPU] =
        vmc_factor_fixed(250 * (1 + below(maker, 4)), VMC_FACTOR_FROM_VM);
    vm->template_name = g_strdup(one_in(maker, 2) ? "web" : "db");
    put_somewhere(maker, vm);
    measure(maker, vm);
    if (one_in(maker, 12))
        g_ptr_array_add(
            vm->wishes,
            vmc_wish_new(one_in(maker, 2), one_in(maker, 2), NULL, "ssd"));
    replace_fleet(maker, vmc_fleet_with_vm(maker->fleet, vm));
}

/* ---- rules --------------------------------------------------------------- */

static GStrv
some_vms(Maker *maker)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    guint n = 1 + below(maker, 4);

    for (guint i = 0; i < n; i++) {
        g_autofree char *name = vm_name(below(maker, maker->n_vms + 1));
        g_strv_builder_add(names, name);
    }
    return g_strv_builder_end(names);
}

static GStrv
strv_of(const char *word)
{
    const char *const words[] = {word, NULL};

    return g_strdupv((GStrv) words);
}

static void
fill_kind(Maker *maker, VmcPlacementRule *rule)
{
    if (rule->kind == VMC_PLACEMENT_RULE_SPREAD)
        rule->n_domains = 1 + below(maker, 3);
    if (rule->kind == VMC_PLACEMENT_RULE_NEAR)
        rule->near = g_strdup("g");
    if (vmc_placement_rule_has_level(rule))
        return;
    g_strfreev(rule->labels);
    rule->labels = strv_of(one_in(maker, 2) ? "ssd" : "rack=r1");
}

static void
add_rule(Maker *maker, guint index)
{
    g_autofree char *name = g_strdup_printf("rule%u", index);
    g_autoptr(VmcPlacementRule) rule = vmc_placement_rule_new(
        name, (VmcPlacementRuleKind) below(maker, VMC_N_PLACEMENT_RULE_KINDS));

    rule->must = one_in(maker, 2);
    rule->weight = 1 + below(maker, 10);
    g_strfreev(rule->vms);
    rule->vms = some_vms(maker);
    if (one_in(maker, 2)) {
        g_free(rule->level);
        rule->level = g_strdup("rack");
    }
    fill_kind(maker, rule);
    replace_fleet(maker, vmc_fleet_with_rule(maker->fleet, rule));
}

VmcFleet *
random_fleet(guint32 seed)
{
    Maker maker = {.rand = g_rand_new_with_seed(seed),
                   .fleet = vmc_fleet_new()};
    g_autoptr(VmcGroup) group = vmc_group_new("g");

    maker.n_hosts = below(&maker, MAX_HOSTS + 1);
    maker.n_vms = below(&maker, MAX_VMS + 1);
    for (guint i = 0; i < maker.n_hosts; i++)
        add_host(&maker, i);
    for (guint i = 0; i < maker.n_vms; i++)
        add_vm(&maker, i);
    g_strfreev(group->vms);
    group->vms = some_vms(&maker);
    replace_fleet(&maker, vmc_fleet_with_group(maker.fleet, group));
    for (guint i = below(&maker, 5); i > 0; i--)
        add_rule(&maker, i);
    g_rand_free(maker.rand);
    return maker.fleet;
}
