/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/plan-checker.h"

#include <string.h>

/* Where everything is at one moment. */
typedef struct {
    const VmcFleet *fleet;
    GHashTable *at;      /* VM name → host name, of those on a host */
    GHashTable *leaving; /* VM name → host name it is coming from */
    GHashTable *held;    /* VM name → host name its disk stays on */
} World;

static const char *
host_of(const World *world, const char *vm)
{
    return g_hash_table_lookup(world->at, vm);
}

static GHashTable *
map_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

static void
put(GHashTable *map, const char *vm, const char *host)
{
    g_hash_table_insert(map, g_strdup(vm), g_strdup(host));
}

static void
world_init(World *world, const VmcFleet *fleet)
{
    *world = (World){fleet, map_new(), map_new(), map_new()};
    for (guint i = 0; i < vmc_fleet_n_vms(fleet); i++) {
        const VmcVm *vm = vmc_fleet_vm_at(fleet, i);
        const char *seat = vm->destination != NULL ? vm->destination : vm->host;
        if (seat != NULL)
            put(world->at, vm->name, seat);
        if (vm->host != NULL && vm->destination != NULL &&
            !g_str_equal(vm->host, vm->destination))
            put(world->leaving, vm->name, vm->host);
    }
}

static void
world_clear(World *world)
{
    g_hash_table_unref(world->at);
    g_hash_table_unref(world->leaving);
    g_hash_table_unref(world->held);
}

/* ---- room ---------------------------------------------------------------- */

static gboolean
is_on(GHashTable *map, const char *vm, const char *host)
{
    return g_strcmp0(g_hash_table_lookup(map, vm), host) == 0;
}

static guint64
sum_on(const World *world, const char *host, VmcResource r, gboolean of_claim)
{
    guint64 sum = 0;

    for (guint i = 0; i < vmc_fleet_n_vms(world->fleet); i++) {
        const VmcVm *vm = vmc_fleet_vm_at(world->fleet, i);
        gboolean counts = is_on(world->at, vm->name, host) ||
                          is_on(world->leaving, vm->name, host) ||
                          (r == VMC_DISK && is_on(world->held, vm->name, host));
        if (counts)
            sum += of_claim ? vmc_vm_claim(vm).amount[r] : vm->size.amount[r];
    }
    return sum;
}

static void
check_room(const World *world, const World *before)
{
    for (guint i = 0; i < vmc_fleet_n_hosts(world->fleet); i++) {
        const VmcHost *host = vmc_fleet_host_at(world->fleet, i);
        for (guint k = 0; k < VMC_N_RESOURCES; k++) {
            VmcResource r = (VmcResource) k;
            if (!vmc_host_knows(host, r))
                continue;
            guint64 most = MAX(vmc_host_capacity(host).amount[r],
                               sum_on(before, host->name, r, TRUE));
            g_assert_cmpuint(sum_on(world, host->name, r, TRUE), <=, most);
            most = MAX(vmc_host_ceiling(host).amount[r],
                       sum_on(before, host->name, r, FALSE));
            g_assert_cmpuint(sum_on(world, host->name, r, FALSE), <=, most);
        }
    }
}

/* ---- rules --------------------------------------------------------------- */

static gboolean
in_strv(GStrv list, const char *word)
{
    return list != NULL && word != NULL &&
           g_strv_contains((const char *const *) list, word);
}

static gboolean
is_member(const VmcFleet *fleet,
          const VmcVm *vm,
          const char *group_name,
          GStrv vms,
          GStrv templates)
{
    const VmcGroup *group =
        group_name != NULL ? vmc_fleet_find_group(fleet, group_name) : NULL;
    gboolean is_made =
        vm->is_managed &&
        (in_strv(templates, vm->template_name) ||
         (group != NULL && in_strv(group->templates, vm->template_name)));

    return is_made || in_strv(vms, vm->name) || in_strv(vms, vm->uuid) ||
           (group != NULL &&
            (in_strv(group->vms, vm->name) || in_strv(group->vms, vm->uuid)));
}

/* "rack=r1" at level rack, the host's own name where it has no such label. */
static char *
domain_of(const World *world, const char *host_name, const char *level)
{
    const VmcHost *host = vmc_fleet_find_host(world->fleet, host_name);
    g_autofree char *prefix = g_strconcat(level, "=", NULL);

    for (guint i = 0; host->labels[i] != NULL; i++)
        if (g_str_has_prefix(host->labels[i], prefix) &&
            !g_str_equal(level, "host"))
            return g_strdup(host->labels[i]);
    return g_strconcat("host ", host_name, NULL);
}

typedef struct {
    guint n_members;
    guint n_placed;
    guint n_alone;
    GHashTable *domains;
} Count;

static void
count_leaders(const World *world,
              const VmcPlacementRule *rule,
              GHashTable *into)
{
    for (guint i = 0; i < vmc_fleet_n_vms(world->fleet); i++) {
        const VmcVm *vm = vmc_fleet_vm_at(world->fleet, i);
        const char *host = host_of(world, vm->name);
        if (host != NULL && rule->near != NULL &&
            is_member(world->fleet, vm, rule->near, NULL, NULL))
            g_hash_table_add(into, domain_of(world, host, rule->level));
    }
}

static Count
count_rule(const World *world, const World *last, const VmcPlacementRule *rule)
{
    Count count = {.domains = g_hash_table_new_full(g_str_hash, g_str_equal,
                                                    g_free, NULL)};
    g_autoptr(GHashTable) leaders =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    count_leaders(world, rule, leaders);
    for (guint i = 0; i < vmc_fleet_n_vms(world->fleet); i++) {
        const VmcVm *vm = vmc_fleet_vm_at(world->fleet, i);
        const char *host = host_of(world, vm->name);
        if (!is_member(world->fleet, vm, rule->group, rule->vms,
                       rule->templates))
            continue;
        /* who is on no host before and after is nobody's business */
        count.n_members += host_of(last, vm->name) != NULL;
        if (host == NULL)
            continue;
        g_autofree char *domain = domain_of(world, host, rule->level);
        count.n_placed++;
        count.n_alone += !g_hash_table_contains(leaders, domain);
        g_hash_table_add(count.domains, g_steal_pointer(&domain));
    }
    return count;
}

/* By how much a rule is broken; 0 when it holds. */
static guint
breach(const World *world, const World *last, const VmcPlacementRule *rule)
{
    Count count = count_rule(world, last, rule);
    guint n_domains = g_hash_table_size(count.domains);
    guint wanted = MIN(rule->n_domains, count.n_members);
    guint reachable =
        n_domains + (count.n_members - MIN(count.n_members, count.n_placed));

    g_hash_table_unref(count.domains);
    switch (rule->kind) {
    case VMC_PLACEMENT_RULE_APART:
        return count.n_placed - n_domains;
    case VMC_PLACEMENT_RULE_TOGETHER:
        return n_domains > 1 ? n_domains - 1 : 0;
    case VMC_PLACEMENT_RULE_SPREAD:
        return wanted > reachable ? wanted - reachable : 0;
    case VMC_PLACEMENT_RULE_NEAR:
        return count.n_alone;
    case VMC_PLACEMENT_RULE_PIN:
    case VMC_PLACEMENT_RULE_AVOID:
    case VMC_N_PLACEMENT_RULE_KINDS:
    default:
        return 0;
    }
}

static void
check_rules(const World *world, const World *before, const World *last)
{
    for (guint i = 0; i < vmc_fleet_n_rules(world->fleet); i++) {
        const VmcPlacementRule *rule = vmc_fleet_rule_at(world->fleet, i);
        if (rule->must)
            g_assert_cmpuint(breach(world, last, rule), <=,
                             breach(before, last, rule));
    }
}

/* ---- one step ------------------------------------------------------------ */

static gboolean
has_label(const VmcHost *host, GStrv labels)
{
    for (guint i = 0; labels[i] != NULL; i++)
        if (in_strv(host->labels, labels[i]))
            return TRUE;
    return FALSE;
}

static void
check_wanted(const VmcFleet *fleet, const VmcVm *vm, const VmcHost *host)
{
    for (guint i = 0; i < vm->wishes->len; i++) {
        const VmcWish *wish = vm->wishes->pdata[i];
        gboolean is_there = wish->host != NULL
                                ? g_str_equal(wish->host, host->name)
                                : in_strv(host->labels, wish->label);
        if (wish->must)
            g_assert_cmpint(is_there, ==, !wish->avoid);
    }
    for (guint i = 0; i < vmc_fleet_n_rules(fleet); i++) {
        const VmcPlacementRule *rule = vmc_fleet_rule_at(fleet, i);
        if (!rule->must ||
            (rule->kind != VMC_PLACEMENT_RULE_PIN &&
             rule->kind != VMC_PLACEMENT_RULE_AVOID) ||
            !is_member(fleet, vm, rule->group, rule->vms, rule->templates))
            continue;
        gboolean is_there =
            in_strv(rule->hosts, host->name) || has_label(host, rule->labels);
        g_assert_cmpint(is_there, ==, rule->kind == VMC_PLACEMENT_RULE_PIN);
    }
}

static void
check_step(const World *world, const VmcPlanStep *step)
{
    const VmcVm *vm = vmc_fleet_find_vm(world->fleet, step->vm);
    const VmcHost *to = vmc_fleet_find_host(world->fleet, step->to);

    g_assert_nonnull(vm);
    g_assert_nonnull(to);
    g_assert_cmpstr(host_of(world, step->vm), ==, step->from);
    g_assert_cmpstr(step->from, !=, step->to);
    g_assert_true(vm->is_managed);
    g_assert_cmpint(to->state, ==, VMC_HOST_UP);
    check_wanted(world->fleet, vm, to);
    if (step->from == NULL)
        return;
    const VmcHost *from = vmc_fleet_find_host(world->fleet, step->from);
    g_assert_true(vm->destination == NULL ||
                  g_strcmp0(vm->destination, vm->host) == 0);
    g_assert_cmpint(vm->state, !=, VMC_VM_UNKNOWN);
    g_assert_cmpint(from->state, !=, VMC_HOST_UNREACHABLE);
    g_assert_cmpint(from->state, !=, VMC_HOST_ERROR);
}

/* ---- batches ------------------------------------------------------------- */

static void
begin_step(World *world, const VmcPlanStep *step)
{
    const VmcVm *vm = vmc_fleet_find_vm(world->fleet, step->vm);

    if (step->from != NULL) {
        put(world->leaving, step->vm, step->from);
        if (vm->host != NULL)
            put(world->held, step->vm, vm->host);
    }
    put(world->at, step->vm, step->to);
}

/* The next one that ends: those that are joint end together. */
static guint
arrive(World *world, GPtrArray *steps, guint first, gint way)
{
    const VmcPlanStep *step = steps->pdata[first];
    guint n = 0;

    for (guint i = first; i < steps->len; i += (guint) way) {
        const VmcPlanStep *other = steps->pdata[i];
        if (n > 0 && (step->joint == 0 || other->joint != step->joint))
            break;
        put(world->at, other->vm, other->to);
        n++;
    }
    return n;
}

/* Rules hold after each, in this order. */
static void
check_order(const World *start,
            GPtrArray *steps,
            gint way,
            const World *before,
            const World *last)
{
    World world = {start->fleet, map_new(), start->leaving, start->held};
    GHashTableIter iter;
    gpointer vm, host;
    guint at = way > 0 ? 0 : steps->len - 1;

    g_hash_table_iter_init(&iter, start->at);
    while (g_hash_table_iter_next(&iter, &vm, &host))
        put(world.at, vm, host);
    for (guint done = 0; done < steps->len;) {
        guint n = arrive(&world, steps, at, way);
        check_rules(&world, before, last);
        done += n;
        at += n * (guint) way;
    }
    g_hash_table_unref(world.at);
}

static void
run_batch(World *world,
          GPtrArray *steps,
          const World *before,
          const World *last)
{
    for (guint i = 0; i < steps->len; i++)
        check_step(world, steps->pdata[i]);
    check_order(world, steps, 1, before, last);
    check_order(world, steps, -1, before, last);
    for (guint i = 0; i < steps->len; i++)
        begin_step(world, steps->pdata[i]);
    check_room(world, before);
    for (guint i = 0; i < steps->len; i++)
        g_hash_table_remove(world->leaving,
                            ((VmcPlanStep *) steps->pdata[i])->vm);
}

static void
run_batches(World *world,
            const VmcPlan *plan,
            const World *before,
            const World *last)
{
    g_autoptr(GPtrArray) steps = g_ptr_array_new();

    for (guint batch = 1, done = 0; done < plan->steps->len; batch++) {
        g_ptr_array_set_size(steps, 0);
        for (guint i = 0; i < plan->steps->len; i++) {
            VmcPlanStep *step = plan->steps->pdata[i];
            if (step->batch == batch)
                g_ptr_array_add(steps, step);
        }
        g_assert_cmpuint(steps->len, >, 0);
        run_batch(world, steps, before, last);
        done += steps->len;
    }
}

static VmcFleet *
fleet_after(const World *world)
{
    VmcFleet *fleet = vmc_fleet_ref((VmcFleet *) world->fleet);

    for (guint i = 0; i < vmc_fleet_n_vms(world->fleet); i++) {
        const VmcVm *vm = vmc_fleet_vm_at(world->fleet, i);
        const char *host = host_of(world, vm->name);
        if (g_strcmp0(vm->host, host) == 0 ||
            (vm->destination != NULL && vm->host != NULL &&
             !g_str_equal(vm->destination, vm->host)))
            continue;
        g_autoptr(VmcVm) moved = vmc_vm_copy(vm);
        g_free(moved->host);
        moved->host = g_strdup(host);
        g_clear_pointer(&moved->destination, g_free);
        VmcFleet *changed = vmc_fleet_with_vm(fleet, moved);
        vmc_fleet_unref(fleet);
        fleet = changed;
    }
    return fleet;
}

void
plan_checker_run(const VmcFleet *fleet,
                 const VmcPlan *plan,
                 VmcFleet **ret_after)
{
    World world, before, last;

    world_init(&world, fleet);
    world_init(&before, fleet);
    world_init(&last, fleet);
    for (guint i = 0; i < plan->steps->len; i++) {
        const VmcPlanStep *step = plan->steps->pdata[i];
        put(last.at, step->vm, step->to);
    }
    run_batches(&world, plan, &before, &last);
    *ret_after = fleet_after(&world);
    world_clear(&world);
    world_clear(&before);
    world_clear(&last);
}
