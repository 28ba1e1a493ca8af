/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/fleet-model.h"

#include "core/planner/fleet-conflict.h"

#include "core/fleet-json.h"

#define GIB (G_GINT64_CONSTANT(1) << 30)

/* Fleets are written as JSON with ' for ", which reads better in C. */
static VmcFleet *
fleet_of(const char *text)
{
    g_autofree char *json = g_strdelimit(g_strdup(text), "'", '"');
    g_autoptr(GError) error = NULL;
    VmcFleet *fleet = vmc_fleet_parse(json, -1, &error);

    g_assert_no_error(error);
    return fleet;
}

static VmcFleetModel *
model_of(const char *text, const VmcFleetModelOptions *options)
{
    g_autoptr(VmcFleet) fleet = fleet_of(text);
    g_autoptr(VmcPolicy) policy = vmc_policy_new("balance");
    const VmcFleetModelOptions none = {0};
    g_autoptr(GError) error = NULL;
    VmcFleetModel *fm = vmc_fleet_model_new(
        fleet, policy, options != NULL ? options : &none, &error);

    g_assert_no_error(error);
    return fm;
}

#define UUID(n) "11111111-2222-4333-8444-5555555555" #n
#define HOST(name, more)                                                       \
    "{'name': '" name "', 'uri': 'test:///default', "                          \
    "'physical': {'cpu_millicores': 8000, 'memory_bytes': 34359738368}, " more \
    "}"
#define UP "'state': 'up'"
#define VM(n, name, more)                                                      \
    "{'uuid': '" UUID(                                                         \
        n) "', 'name': '" name "', 'state': 'running', "                       \
           "'is_managed': true, 'size': {'cpu_millicores': 2000, "             \
           "'memory_bytes': 4294967296}, " more "}"
#define FLEET(hosts, vms, more)                                                \
    "{'format': 1, 'hosts': [" hosts "], 'vms': [" vms "]" more "}"

static guint
find_column(const VmcFleetModel *fm,
            VmcFleetColumnKind kind,
            VmcResource resource)
{
    for (guint c = 0; c < fm->columns->len; c++)
        if (vmc_fleet_model_column(fm, c)->kind == kind &&
            vmc_fleet_model_column(fm, c)->resource == resource)
            return c;
    g_assert_not_reached();
}

static gint64
need(const VmcFleetModel *fm, guint vm, guint column)
{
    return fm->model->need[vm * fm->model->stride + column];
}

static void
assert_refusal(const VmcFleetModel *fm, guint vm, guint host, const char *why)
{
    g_autoptr(VmcState) state = vmc_state_new(fm->model);
    g_autofree char *found = vmc_fleet_model_refusal(fm, state, vm, host);

    g_assert_cmpstr(found, ==, why);
    g_assert_cmpint(vmc_state_fits(state, vm, host), ==, why == NULL);
}

/* Demand that is old or was never measured is not zero: the claim counts. */
static void
test_stale_demand(void)
{
    g_autoptr(VmcFleetModel) fm = model_of(
        FLEET(
            HOST("a", UP),
            VM(01, "fresh",
               "'host': 'a', 'demand': {'cpu_millicores': 100}, "
               "'demand_age_s': 10") ", " VM(02, "never",
                                             "'host': 'a'") ", " VM(03, "old",
                                                                    "'host': "
                                                                    "'a', "
                                                                    "'demand': "
                                                                    "{'cpu_"
                                                                    "millicores"
                                                                    "': 100}, "
                                                                    "'demand_"
                                                                    "age_s': "
                                                                    "901, "
                                                                    "'factors':"
                                                                    " {'cpu': "
                                                                    "{'value_"
                                                                    "milli': "
                                                                    "500, "
                                                                    "'source': "
                                                                    "'vm'}}"),
            ""),
        NULL);
    guint demand = find_column(fm, VMC_FLEET_DEMAND, VMC_CPU);

    g_assert_cmpint(need(fm, 0, demand), ==, 100);
    g_assert_cmpint(need(fm, 1, demand), ==, 2000);
    g_assert_cmpint(need(fm, 2, demand), ==, 1000);
}

/* What is not managed cannot be moved, and takes its room all the same. */
static void
test_base(void)
{
    g_autoptr(VmcFleetModel) fm = model_of(
        FLEET(
            HOST("a", UP),
            "{'uuid': '" UUID(
                01) "', 'name': 'found', 'host': 'a', "
                    "'size': {'cpu_millicores': 7000, 'memory_bytes': 1}}, " VM(
                        02, "web", "'host': 'a'"),
            ""),
        NULL);
    guint claim = find_column(fm, VMC_FLEET_CLAIM, VMC_CPU);

    g_assert_cmpuint(fm->vms->len, ==, 1);
    g_assert_cmpint(fm->model->base[claim], ==, 7000);
}

/* A VM in transit counts on both hosts, and is left alone. */
static void
test_transit(void)
{
    g_autoptr(VmcFleetModel) fm =
        model_of(FLEET(HOST("a", UP) ", " HOST("b", UP),
                       VM(01, "web", "'host': 'a', 'destination': 'b'"), ""),
                 NULL);
    guint claim = find_column(fm, VMC_FLEET_CLAIM, VMC_MEMORY);
    guint demand = find_column(fm, VMC_FLEET_DEMAND, VMC_MEMORY);

    g_assert_cmpint(fm->model->start[0], ==, 1);
    g_assert_cmpint(fm->model->base[claim], ==, 4 * GIB);
    g_assert_cmpint(fm->model->base[demand], ==, 0);
    g_assert_false(fm->model->is_movable[0]);
}

/* Hosts say by their state what they take and give. */
static void
test_host_states(void)
{
    g_autoptr(VmcFleetModel) fm = model_of(
        FLEET(
            HOST("a", UP) ", " HOST("b", "'state': 'draining'") ", " HOST(
                "c", "'state': 'unreachable'") ", " HOST("d",
                                                         "'state': 'degraded'"),
            VM(01, "on-b", "'host': 'b'") ", " VM(
                02, "on-c", "'host': 'c'") ", " VM(03, "on-d", "'host': 'd'"),
            ""),
        NULL);

    g_assert_cmpuint(fm->model->host_flags[0], ==, VMC_MODEL_HOST_TAKES);
    g_assert_cmpuint(fm->model->host_flags[1], ==, VMC_MODEL_HOST_GIVES);
    g_assert_cmpuint(fm->model->host_flags[2], ==, 0);
    g_assert_true(fm->model->is_movable[0]);
    g_assert_false(fm->model->is_movable[1]);
    g_assert_true(fm->model->is_movable[2]);
    assert_refusal(fm, 0, 3, "it is degraded");
    assert_refusal(fm, 0, 0, NULL);
}

/* A VM that was just moved stays, but not on a host that is drained. */
static void
test_cooldown(void)
{
    const VmcFleetModelOptions now = {.now_s = 1000000};
    const VmcFleetModelOptions repair = {.now_s = 1000000,
                                         .flags = VMC_FLEET_MODEL_NO_COOLDOWN};
    const char *text =
        FLEET(HOST("a", UP) ", " HOST("b", "'state': 'draining'"),
              VM(01, "hot", "'host': 'a', 'moved_at_s': 999000") ", " VM(
                  02, "cold",
                  "'host': 'a', 'moved_at_s': 900000") ", " VM(03, "goes",
                                                               "'host': 'b', "
                                                               "'moved_at_s': "
                                                               "999000"),
              "");
    g_autoptr(VmcFleetModel) fm = model_of(text, &now);
    g_autoptr(VmcFleetModel) unhurried = model_of(text, &repair);

    /* sorted by name: cold, goes, hot */
    g_assert_true(fm->model->is_movable[0]);
    g_assert_true(fm->model->is_movable[1]);
    g_assert_false(fm->model->is_movable[2]);
    g_assert_true(unhurried->model->is_movable[2]);
}

/* Everything hard has its words, and the words agree with what is allowed. */
static void
test_refusals(void)
{
    g_autoptr(VmcFleetModel) fm = model_of(
        FLEET(
            HOST("a", UP) ", " HOST("b", UP ", 'labels': ['ssd']") ", " HOST(
                "c", UP ", 'machines': "
                        "['pc']") ", " HOST("d", UP),
            VM(01, "big",
               "'host': 'd', 'factors': {'cpu': {'value_milli': 4000, "
               "'source': 'vm'}}") ", " VM(02, "odd",
                                           "'host': 'a', 'machine': "
                                           "'q35'") ", " VM(03, "pinned",
                                                            "'host': "
                                                            "'a'") ","
                                                                   " " VM(
                                                                       04,
                                                                       "shy",
                                                                       "'host"
                                                                       "': "
                                                                       "'a', "
                                                                       "'wish"
                                                                       "es': "
                                                                       "[{'"
                                                                       "must'"
                                                                       ": "
                                                                       "true,"
                                                                       " '"
                                                                       "avoid"
                                                                       "': "
                                                                       "true,"
                                                                       " "
                                                                       "'host"
                                                                       "': "
                                                                       "'b'}"
                                                                       "]") ","
                                                                            " " VM(
                                                                                05,
                                                                                "twin",
                                                                                "'host': 'b'"),
            ", 'rules': [{'name': 'on-ssd', 'kind': 'pin', 'must': true, "
            "'vms': ['pinned'], 'labels': ['ssd']}, "
            "{'name': 'two', 'kind': 'apart', 'must': true, "
            "'vms': ['pinned', 'twin', 'gone']}]"),
        NULL);

    assert_refusal(fm, 0, 0, "cpu: claims 8, 2 left of 8 capacity");
    assert_refusal(fm, 1, 2, "its QEMU does not know machine 'q35'");
    assert_refusal(fm, 1, 1, NULL);
    assert_refusal(fm, 2, 2, "rule 'on-ssd' pins it to other hosts");
    assert_refusal(fm, 2, 1, "rule 'two' keeps it apart from a VM there");
    assert_refusal(fm, 3, 1, "it must keep off host 'b'");
    g_autofree char *misplaced = vmc_fleet_model_misplaced(fm, 2, 0);
    g_assert_cmpstr(misplaced, ==, "rule 'on-ssd' pins it to other hosts");
    g_assert_null(vmc_fleet_model_misplaced(fm, 1, 0));
}

/* Of all that keeps a VM off the hosts, the least that is enough is said. */
static void
test_conflict(void)
{
    g_autoptr(VmcFleetModel) fm = model_of(
        FLEET(
            HOST("a", UP) ", " HOST("b", UP ", 'labels': ['ssd']") ", " HOST(
                "c", UP) ", " HOST("d", "'state': 'degraded'"),
            VM(01, "pinned", "'host': 'a'") ", " VM(02, "twin", "'host': 'b'"),
            ", 'rules': [{'name': 'on-ssd', 'kind': 'pin', 'must': true, "
            "'vms': ['pinned'], 'labels': ['ssd']}, "
            "{'name': 'two', 'kind': 'apart', 'must': true, "
            "'vms': ['pinned', 'twin']}]"),
        NULL);
    g_autoptr(VmcState) state = vmc_state_new(fm->model);

    g_autofree char *conflict = vmc_fleet_conflict(fm, state, 0);
    g_assert_cmpstr(conflict, ==,
                    "rule 'on-ssd' (2 of 3 hosts) and rule 'two' (1 of 3 "
                    "hosts) leave none");
    g_assert_null(vmc_fleet_conflict(fm, state, 1));
}

/* A guest does not change architecture, nor leave KVM. */
static void
test_strangers(void)
{
    g_autoptr(VmcFleetModel) fm = model_of(
        FLEET(HOST("a", UP
                   ", 'arch': 'x86_64', 'domain_type': "
                   "'kvm'") ", " HOST("b", UP
                                      ", 'arch': 'aarch64', 'domain_type': "
                                      "'kvm'") ", " HOST("c", UP
                                                         ", 'arch': 'x86_64', "
                                                         "'domain_type': "
                                                         "'qemu'"),
              VM(01, "web", "'host': 'a'"), ""),
        NULL);

    assert_refusal(fm, 0, 1, "it is aarch64, and the VM runs on x86_64");
    assert_refusal(fm, 0, 2,
                   "guests run under qemu there, and the VM under kvm");
}

/* Sums beyond what a double holds exactly are counted in larger units, never
 * too small. */
static void
test_huge(void)
{
    g_autoptr(VmcFleetModel) fm = model_of(
        FLEET(
            "{'name': 'a', 'uri': 'x', 'state': 'up', 'physical': "
            "{'memory_bytes': 9223372036854775807}}",
            "{'uuid': '" UUID(
                01) "', 'name': 'a', 'host': 'a', "
                    "'is_managed': true, 'size': "
                    "{'memory_bytes': 9223372036854775807}}, "
                    "{'uuid': '" UUID(
                        02) "', 'name': 'b', 'host': 'a', "
                            "'is_managed': true, 'size': {'memory_bytes': 1}}",
            ""),
        NULL);
    guint claim = find_column(fm, VMC_FLEET_CLAIM, VMC_MEMORY);

    g_assert_cmpuint(vmc_fleet_model_column(fm, claim)->unit, >, 1);
    g_assert_cmpint(need(fm, 1, claim), ==, 1);
    g_assert_cmpint(need(fm, 0, claim), >=, fm->model->capacity[claim]);
}

/* VMs on no host are nobody's business until they are to be placed. */
static void
test_place(void)
{
    g_autoptr(VmcFleet) fleet = fleet_of(FLEET(
        HOST("a", UP),
        VM(01, "new", "'host': null") ", " VM(02, "old", "'host': 'a'"), ""));
    g_autoptr(VmcPolicy) policy = vmc_policy_new("balance");
    g_autoptr(GPtrArray) place = g_ptr_array_new();
    VmcFleetModelOptions options = {.flags = VMC_FLEET_MODEL_ONLY_PLACE};
    g_autoptr(VmcFleetModel) none =
        vmc_fleet_model_new(fleet, policy, &options, NULL);

    g_ptr_array_add(place, vmc_fleet_find_vm(fleet, "new"));
    options.place = place;
    g_autoptr(VmcFleetModel) one =
        vmc_fleet_model_new(fleet, policy, &options, NULL);
    g_assert_cmpuint(none->vms->len, ==, 1);
    g_assert_cmpuint(one->vms->len, ==, 2);
    g_assert_cmpint(one->model->start[0], ==, VMC_NOWHERE);
    g_assert_true(one->model->is_movable[0]);
    g_assert_false(one->model->is_movable[1]);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fleet-model/stale-demand", test_stale_demand);
    g_test_add_func("/fleet-model/base", test_base);
    g_test_add_func("/fleet-model/transit", test_transit);
    g_test_add_func("/fleet-model/host-states", test_host_states);
    g_test_add_func("/fleet-model/cooldown", test_cooldown);
    g_test_add_func("/fleet-model/refusals", test_refusals);
    g_test_add_func("/fleet-model/conflict", test_conflict);
    g_test_add_func("/fleet-model/strangers", test_strangers);
    g_test_add_func("/fleet-model/huge", test_huge);
    g_test_add_func("/fleet-model/place", test_place);
    return g_test_run();
}
