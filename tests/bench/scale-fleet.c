/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/bench/scale-fleet.h"

#define GIB (G_GUINT64_CONSTANT(1) << 30)
#define GBIT G_GUINT64_CONSTANT(1000000000)

#define HOSTS_IN_RACK 20
#define HOSTS_IN_ROOM 200
#define VMS_OF_SERVICE 10

/* Of so many hosts one is draining and one does not answer. */
#define HOSTS_TO_ONE_AWAY 200

/* VMs get a host that is no fuller than this with them, in thousandths; after
 * so many draws any. */
#define FILL_MILLI 850
#define MAX_DRAWS 64

/* What binds the VMs of a service; most are bound by nothing. */
typedef enum {
    BOUND_APART,
    BOUND_TOGETHER,
    BOUND_SPREAD,
    BOUND_NEAR,
    BOUND_PIN,
    BOUND_NEVER,
    BOUND_APART_SHOULD,
    BOUND_WISHES,
    N_BOUND
} Bound;

typedef struct {
    const ScaleFleetShape *shape;
    GRand *rand;
    VmcFleet *fleet;
    GPtrArray *hosts;    /* VmcHost by number, not shared yet */
    VmcResources *claim; /* of the VMs on each host */
} Maker;

static void
set_list(GStrv *list, const char *words)
{
    g_strfreev(*list);
    *list = g_strsplit(words, " ", -1);
}

/* ---- hosts --------------------------------------------------------------- */

static gboolean
is_fast(guint host)
{
    return host % 3 == 0;
}

static gboolean
is_old(guint host)
{
    return host % 7 == 3;
}

static VmcHostState
state_of(guint host)
{
    switch (host % HOSTS_TO_ONE_AWAY) {
    case 57:
        return VMC_HOST_DRAINING;
    case 91:
        return VMC_HOST_UNREACHABLE;
    default:
        return VMC_HOST_UP;
    }
}

static GStrv
labels_of(guint host)
{
    g_autoptr(GStrvBuilder) labels = g_strv_builder_new();
    g_autofree char *rack = g_strdup_printf("rack=r%u", host / HOSTS_IN_RACK);
    g_autofree char *room = g_strdup_printf("room=m%u", host / HOSTS_IN_ROOM);

    g_strv_builder_add_many(labels, rack, room, NULL);
    if (is_fast(host))
        g_strv_builder_add(labels, "ssd");
    if (is_old(host))
        g_strv_builder_add(labels, "old");
    return g_strv_builder_end(labels);
}

static VmcHost *
make_host(guint number)
{
    g_autofree char *name = g_strdup_printf("h%05u", number);
    g_autofree char *uri = g_strdup_printf("test:///%s", name);
    VmcHost *host = vmc_host_new(name, uri);
    const guint64 size = number % 4 == 0 ? 2 : 1;

    host->state = state_of(number);
    host->labels = labels_of(number);
    host->physical = VMC_RESOURCES(size * 64000, size * 256 * GIB,
                                   size * 8192 * GIB, size * 25 * GBIT);
    host->arch = g_strdup("x86_64");
    host->domain_type = g_strdup("kvm");
    host->n_cores = (guint) size * 32;
    host->n_threads = (guint) size * 64;
    host->n_numa_nodes = 2;
    set_list(&host->machines, "pc-i440fx-7.2 pc-q35-6.2 pc-q35-7.2");
    set_list(&host->networks, "lan storage");
    g_ptr_array_add(host->pools, vmc_pool_new("default", NULL));
    return host;
}

/* ---- where a VM starts --------------------------------------------------- */

/* What has been chosen for the service so far. */
typedef struct {
    Bound bound;
    gboolean is_bound;
    guint n;
    guint host[VMS_OF_SERVICE];
} Service;

static gboolean
is_on_chosen_host(const Service *service, guint host)
{
    for (guint i = 0; i < service->n; i++)
        if (service->host[i] == host)
            return TRUE;
    return FALSE;
}

static gboolean
suits_bound(const Service *service, guint host)
{
    const guint rack = host / HOSTS_IN_RACK;
    const guint first_rack =
        service->n > 0 ? service->host[0] / HOSTS_IN_RACK : rack;

    switch (service->is_bound ? service->bound : N_BOUND) {
    case BOUND_APART:
        return !is_on_chosen_host(service, host);
    case BOUND_TOGETHER:
    case BOUND_NEAR:
        return rack == first_rack;
    case BOUND_SPREAD:
        return service->n != 1 || rack != first_rack;
    case BOUND_PIN:
        return is_fast(host);
    case BOUND_NEVER:
        return !is_old(host);
    case BOUND_APART_SHOULD:
    case BOUND_WISHES:
    case N_BOUND:
    default:
        return TRUE;
    }
}

static gboolean
has_room(const Maker *maker, guint number, VmcResources claim)
{
    const VmcHost *host = maker->hosts->pdata[number];

    for (guint r = 0; r < VMC_N_RESOURCES; r++)
        if ((maker->claim[number].amount[r] + claim.amount[r]) * 1000 >
            host->physical.amount[r] * FILL_MILLI)
            return FALSE;
    return TRUE;
}

/* Draining hosts have few VMs left. */
static gboolean
suits_state(const Maker *maker, guint host)
{
    return state_of(host) != VMC_HOST_DRAINING ||
           maker->claim[host].amount[VMC_CPU] < 8000;
}

/* Near the first of its service, where the rule asks for that. */
static guint
draw_host(const Maker *maker, const Service *service)
{
    const guint n_hosts = maker->shape->n_hosts;
    guint first = 0, n = n_hosts;

    if (service->is_bound && service->n > 0 &&
        (service->bound == BOUND_TOGETHER || service->bound == BOUND_NEAR)) {
        first = service->host[0] / HOSTS_IN_RACK * HOSTS_IN_RACK;
        n = MIN(HOSTS_IN_RACK, n_hosts - first);
    }
    return first + (guint) g_rand_int_range(maker->rand, 0, (gint32) n);
}

static guint
choose_host(const Maker *maker, const Service *service, VmcResources claim)
{
    guint host = draw_host(maker, service);

    for (guint i = 0; i < MAX_DRAWS || !suits_bound(service, host); i++) {
        if (suits_bound(service, host) && suits_state(maker, host) &&
            has_room(maker, host, claim))
            return host;
        host = draw_host(maker, service);
    }
    return host;
}

/* ---- VMs ----------------------------------------------------------------- */

static VmcResources
draw_size(GRand *rand)
{
    static const guint8 flavours[][2] = {{1, 2}, {2, 4},  {2, 8},
                                         {4, 8}, {4, 16}, {8, 32}};
    const guint8 *flavour = flavours[g_rand_int_range(rand, 0, 6)];

    return VMC_RESOURCES(flavour[0] * G_GUINT64_CONSTANT(1000),
                         flavour[1] * GIB, flavour[0] * 20 * GIB,
                         flavour[0] * GBIT / 10);
}

/* One in ten was never measured, and who runs nowhere. */
static void
draw_demand(VmcVm *vm, GRand *rand)
{
    vm->demand_age_s =
        vm->state != VMC_VM_RUNNING || g_rand_int_range(rand, 0, 10) == 0 ? -1
                                                                          : 60;
    for (guint r = 0; vm->demand_age_s >= 0 && r < VMC_N_RESOURCES; r++)
        vm->demand.amount[r] = (guint64) ((double) vm->size.amount[r] *
                                          g_rand_double_range(rand, 0.1, 0.8));
    vm->dirty_bytes_per_s = (guint64) g_rand_int_range(rand, 0, 100) << 20;
}

static void
draw_factors(VmcVm *vm, GRand *rand)
{
    static const guint milli[] = {400, 600, 800};

    vm->factors.of[VMC_CPU] = vmc_factor_fixed(
        milli[g_rand_int_range(rand, 0, 3)], VMC_FACTOR_FROM_FLEET);
}

static VmcVm *
make_vm(Maker *maker, guint number, const Service *service, VmcVmState state)
{
    g_autofree char *name = g_strdup_printf("vm%06u", number);
    g_autofree char *uuid =
        g_strdup_printf("5ca1e000-0000-4000-8000-%012u", number);
    VmcVm *vm = vmc_vm_new(uuid, name);

    vm->state = state;
    vm->is_managed = TRUE;
    vm->machine = g_strdup("pc-q35-7.2");
    set_list(&vm->networks, "lan");
    set_list(&vm->pools, "default");
    vm->size = vm->size_min = vm->size_max = draw_size(maker->rand);
    draw_factors(vm, maker->rand);
    draw_demand(vm, maker->rand);
    if (service->is_bound && service->bound == BOUND_WISHES)
        g_ptr_array_add(vm->wishes,
                        vmc_wish_new(FALSE, number % 2 == 0, NULL, "ssd"));
    return vm;
}

static void
add_vm(Maker *maker, VmcVm *vm)
{
    VmcFleet *fleet = vmc_fleet_with_vm(maker->fleet, vm);

    vmc_fleet_unref(maker->fleet);
    maker->fleet = fleet;
}

static void
settle_vm(Maker *maker, VmcVm *vm, Service *service)
{
    VmcResources claim = vmc_vm_claim(vm);
    guint number = choose_host(maker, service, claim);
    const VmcHost *host = maker->hosts->pdata[number];

    vm->host = g_strdup(host->name);
    for (guint r = 0; r < VMC_N_RESOURCES; r++)
        maker->claim[number].amount[r] += claim.amount[r];
    service->host[service->n++] = number;
}

/* ---- rules --------------------------------------------------------------- */

static void
add_group(Maker *maker, const char *name, guint first, guint n)
{
    g_autoptr(VmcGroup) group = vmc_group_new(name);
    g_autoptr(GStrvBuilder) vms = g_strv_builder_new();

    for (guint i = 0; i < n; i++) {
        g_autofree char *vm = g_strdup_printf("vm%06u", first + i);
        g_strv_builder_add(vms, vm);
    }
    g_clear_pointer(&group->vms, g_strfreev);
    group->vms = g_strv_builder_end(vms);
    VmcFleet *fleet = vmc_fleet_with_group(maker->fleet, group);
    vmc_fleet_unref(maker->fleet);
    maker->fleet = fleet;
}

static void
replace_string(char **member, const char *value)
{
    g_free(*member);
    *member = g_strdup(value);
}

static void
fill_rule(VmcPlacementRule *rule, Bound bound)
{
    static const char *const labels[N_BOUND] = {
        [BOUND_PIN] = "ssd", [BOUND_NEVER] = "old"};

    rule->must = bound != BOUND_APART_SHOULD;
    rule->n_domains = bound == BOUND_SPREAD ? 2 : 0;
    if (vmc_placement_rule_has_level(rule) && bound != BOUND_APART)
        replace_string(&rule->level, "rack");
    if (labels[bound] == NULL)
        return;
    set_list(&rule->labels, labels[bound]);
}

/* The first two of a service that is near lead the others. */
static void
add_rule(Maker *maker, guint first, guint n, Bound bound)
{
    static const VmcPlacementRuleKind kinds[N_BOUND] = {
        [BOUND_APART] = VMC_PLACEMENT_RULE_APART,
        [BOUND_TOGETHER] = VMC_PLACEMENT_RULE_TOGETHER,
        [BOUND_SPREAD] = VMC_PLACEMENT_RULE_SPREAD,
        [BOUND_NEAR] = VMC_PLACEMENT_RULE_NEAR,
        [BOUND_PIN] = VMC_PLACEMENT_RULE_PIN,
        [BOUND_NEVER] = VMC_PLACEMENT_RULE_AVOID,
        [BOUND_APART_SHOULD] = VMC_PLACEMENT_RULE_APART,
    };
    const guint n_leaders = bound == BOUND_NEAR ? MIN(2, n) : 0;
    g_autofree char *name = g_strdup_printf("s%06u", first);
    g_autofree char *leaders = g_strdup_printf("l%06u", first);
    g_autoptr(VmcPlacementRule) rule =
        vmc_placement_rule_new(name, kinds[bound]);

    add_group(maker, name, first + n_leaders, n - n_leaders);
    if (n_leaders > 0) {
        add_group(maker, leaders, first, n_leaders);
        rule->near = g_strdup(leaders);
    }
    rule->group = g_strdup(name);
    fill_rule(rule, bound);
    VmcFleet *fleet = vmc_fleet_with_rule(maker->fleet, rule);
    vmc_fleet_unref(maker->fleet);
    maker->fleet = fleet;
}

/* ---- the whole ----------------------------------------------------------- */

static void
make_service(Maker *maker, guint first, guint n, gboolean is_new)
{
    const guint number = first / VMS_OF_SERVICE;
    Service service = {.bound =
                           (Bound) (number / 10 * 4 + number % 10) % N_BOUND,
                       .is_bound = number % 10 < 4};

    for (guint i = 0; i < n; i++) {
        g_autoptr(VmcVm) vm =
            make_vm(maker, first + i, &service,
                    is_new ? VMC_VM_SHUT_OFF : VMC_VM_RUNNING);
        if (!is_new)
            settle_vm(maker, vm, &service);
        add_vm(maker, vm);
    }
    if (service.is_bound && service.bound != BOUND_WISHES)
        add_rule(maker, first, n, service.bound);
}

static void
make_services(Maker *maker, guint first, guint n_vms, gboolean is_new)
{
    for (guint at = 0; at < n_vms; at += VMS_OF_SERVICE)
        make_service(maker, first + at, MIN(VMS_OF_SERVICE, n_vms - at),
                     is_new);
}

/* Keeps back so much for itself that its VMs claim a tenth too much. */
static void
overload(Maker *maker, guint number)
{
    VmcHost *host = maker->hosts->pdata[number];

    host->reserved.amount[VMC_MEMORY] =
        host->physical.amount[VMC_MEMORY] -
        maker->claim[number].amount[VMC_MEMORY] / 11 * 10;
}

/* Every so many hosts one that is up. */
static void
overload_some(Maker *maker)
{
    const guint n_hosts = maker->shape->n_hosts;
    const guint n = maker->shape->n_overloaded;

    for (guint i = 0; i < n; i++) {
        guint host = i * (n_hosts / n);
        while (state_of(host) != VMC_HOST_UP)
            host++;
        overload(maker, host);
    }
}

static void
share_hosts(Maker *maker)
{
    for (guint h = 0; h < maker->hosts->len; h++) {
        VmcFleet *fleet =
            vmc_fleet_with_host(maker->fleet, maker->hosts->pdata[h]);
        vmc_fleet_unref(maker->fleet);
        maker->fleet = fleet;
    }
}

VmcFleet *
scale_fleet_new(const ScaleFleetShape *shape)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(shape->seed);
    g_autoptr(GPtrArray) hosts =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_host_unref);
    g_autofree VmcResources *claim = g_new0(VmcResources, shape->n_hosts);
    Maker maker = {.shape = shape,
                   .rand = rand,
                   .fleet = vmc_fleet_new(),
                   .hosts = hosts,
                   .claim = claim};

    for (guint h = 0; h < shape->n_hosts; h++)
        g_ptr_array_add(hosts, make_host(h));
    make_services(&maker, 0, shape->n_vms, FALSE);
    make_services(&maker, shape->n_vms, shape->n_new, TRUE);
    if (shape->n_overloaded > 0)
        overload_some(&maker);
    share_hosts(&maker);
    return maker.fleet;
}

GPtrArray *
scale_fleet_new_vms(const VmcFleet *fleet)
{
    GPtrArray *vms = g_ptr_array_new();

    for (guint i = 0; i < vmc_fleet_n_vms(fleet); i++) {
        VmcVm *vm = vmc_fleet_vm_at(fleet, i);
        if (vm->host == NULL)
            g_ptr_array_add(vms, vm);
    }
    return vms;
}
