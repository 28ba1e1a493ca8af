/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/create-plan.h"

#include "core/error.h"
#include "tests/corpus/corpus-template.h"

#include <glib.h>
#include <string.h>

#define GIB (G_GUINT64_CONSTANT(1) << 30)
#define UUID "6ba7b810-9dad-41d1-80b4-00c04fd430c8"

static VmcFleet *
make_fleet(const char *pool_path)
{
    g_autoptr(VmcHost) host = vmc_host_new("kvm1", "sim://kvm1");
    g_autoptr(VmcFleet) empty = vmc_fleet_new();

    host->state = VMC_HOST_UP;
    host->physical = VMC_RESOURCES(8000, 8 * GIB, 100 * GIB, 0);
    host->domain_type = g_strdup("qemu");
    g_strfreev(host->networks);
    host->networks = g_strsplit("default", ",", -1);
    g_ptr_array_add(host->pools, vmc_pool_new("default", pool_path));
    return vmc_fleet_with_host(empty, host);
}

static VmcTemplate *
shipped(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_test_build_filename(G_TEST_DIST, "unit", NULL);
    VmcTemplate *tmpl = corpus_template(folder, name, &error);

    g_assert_no_error(error);
    return tmpl;
}

/* The paths in the definition are those the job will make the volumes at. */
static void
test_disks_are_where_the_definition_says(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet("/srv/images");
    g_autoptr(VmcTemplate) tmpl = shipped("lab-disk");
    VmcCreateRequest request = {"vm1", UUID, tmpl, NULL, TRUE};
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcCreatePlan) plan =
        vmc_create_plan_new(fleet, &request, &error);

    g_assert_no_error(error);
    g_assert_true(vmc_create_plan_check(plan, NULL));
    g_assert_cmpstr(plan->vm->host, ==, "kvm1");
    g_assert_cmpint(plan->vm->state, ==, VMC_VM_CREATING);
    g_assert_cmpuint(plan->order->disks->len, ==, 1);
    const VmcVolumeOrder *disk = plan->order->disks->pdata[0];
    g_autofree char *path = g_build_filename("/srv/images", disk->volume, NULL);
    g_assert_true(g_str_has_prefix(disk->volume, UUID));
    g_assert_nonnull(strstr(plan->order->domain_xml, path));
}

/* After a crash the job reads from the journal what the planner wrote. */
static void
test_order_round_trip(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet("/srv/images");
    g_autoptr(VmcTemplate) tmpl = shipped("web");
    VmcCreateRequest request = {"vm1", UUID, tmpl, NULL, FALSE};
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcCreatePlan) plan =
        vmc_create_plan_new(fleet, &request, &error);

    g_assert_no_error(error);
    if (plan->order == NULL)
        g_error(
            "%s",
            ((VmcCandidate *) plan->placement->candidates->pdata[0])->reason);
    g_autoptr(JsonObject) intent = vmc_create_order_to_json(plan->order);
    g_autoptr(VmcCreateOrder) back = vmc_create_order_from_json(intent, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(back->domain_xml, ==, plan->order->domain_xml);
    g_assert_cmpuint(back->disks->len, ==, plan->order->disks->len);
    g_assert_false(back->start);
    g_assert_cmpstr(back->user_data, ==, plan->order->user_data);
    json_object_remove_member(intent, "domain_xml");
    g_assert_null(vmc_create_order_from_json(intent, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
}

static void
assert_fails(VmcFleet *fleet,
             const VmcCreateRequest *request,
             VmcError code,
             const char *pattern)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcCreatePlan) plan = vmc_create_plan_new(fleet, request, &error);

    if (plan != NULL)
        g_assert_false(vmc_create_plan_check(plan, &error));
    g_assert_error(error, VMC_ERROR, (int) code);
    if (!g_pattern_match_simple(pattern, error->message))
        g_error("'%s' does not match '%s'", error->message, pattern);
}

static void
test_bad_requests(void)
{
    g_autoptr(VmcFleet) bare = make_fleet("/srv/images");
    g_autoptr(VmcFleet) pathless = make_fleet(NULL);
    g_autoptr(VmcFleet) empty = vmc_fleet_new();
    g_autoptr(VmcVm) other =
        vmc_vm_new("00000000-0000-0000-0000-000000000001", "vm1");
    g_autofree char *long_name = g_strnfill(300, 'a');
    g_autoptr(VmcTemplate) tmpl = shipped("lab-disk");
    VmcCreateRequest request = {"vm1", UUID, tmpl, NULL, TRUE};

    other->host = g_strdup("kvm1");
    other->is_managed = TRUE;
    g_autoptr(VmcFleet) taken = vmc_fleet_with_vm(bare, other);
    assert_fails(taken, &request, VMC_ERROR_EXISTS, "*'vm1' is taken*'kvm1'*");
    assert_fails(empty, &request, VMC_ERROR_REFUSED, "*no hosts*");
    assert_fails(pathless, &request, VMC_ERROR_UNSUPPORTED, "*pool 'default'*");
    request.host = "kvm9";
    assert_fails(bare, &request, VMC_ERROR_NOT_FOUND, "*no host 'kvm9'*");
    request.host = NULL;
    request.name = long_name;
    assert_fails(bare, &request, VMC_ERROR_INVALID, "*63*");
    request.name = "../etc";
    assert_fails(bare, &request, VMC_ERROR_INVALID, "*");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/create-plan/disks",
                    test_disks_are_where_the_definition_says);
    g_test_add_func("/create-plan/round-trip", test_order_round_trip);
    g_test_add_func("/create-plan/bad", test_bad_requests);
    return g_test_run();
}
