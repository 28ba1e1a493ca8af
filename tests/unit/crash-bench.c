/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/crash-bench.h"

#include <glib/gstdio.h>

#include <unistd.h>

#define CHILD "/crash-bench/subprocess/child"

/* Names the file with the child's order; set before there are threads. */
#define ENV_ORDER "VMC_CRASH_ORDER"
#define GROUP "order"

static const VmcCrashScenario *all_scenarios;
static guint n_all_scenarios;

static const VmcCrashScenario *
find_scenario(const char *name)
{
    for (guint i = 0; i < n_all_scenarios; i++)
        if (g_str_equal(all_scenarios[i].name, name))
            return &all_scenarios[i];
    g_assert_not_reached();
}

/* Both hosts keep their state in one file of the folder. */
static char *
host_parameters(VmcDaemonFixture *fixture)
{
    return g_strdup_printf("shared_pools=yes&state=%s/world.json",
                           fixture->dir);
}

/* ---- the child ------------------------------------------------------------
 */

static void
add_crash(GKeyFile *order)
{
    g_autofree char *call = g_key_file_get_string(order, GROUP, "call", NULL);
    VmcSimFault crash = {
        .kind = VMC_SIM_FAULT_CRASH,
        .step = (VmcSimStep) g_key_file_get_integer(order, GROUP, "step", NULL),
        .call = call,
        .nth = (guint) g_key_file_get_integer(order, GROUP, "nth", NULL)};

    vmc_sim_fault_add(&crash);
}

static void
carry_out(GKeyFile *order)
{
    g_autofree char *name = g_key_file_get_string(order, GROUP, "name", NULL);
    g_autofree char *dir = g_key_file_get_string(order, GROUP, "dir", NULL);
    const VmcCrashScenario *scenario = find_scenario(name);
    VmcDaemonFixture fixture = {.has_monitor = FALSE};

    vmc_daemon_fixture_init(&fixture, dir);
    vmc_daemon_fixture_begin(&fixture);
    g_autofree char *parameters = host_parameters(&fixture);
    vmc_daemon_fixture_add_sim_host(&fixture, "h1", parameters);
    vmc_daemon_fixture_add_sim_host(&fixture, "h2", parameters);
    scenario->prepare(&fixture);
    add_crash(order);
    scenario->submit(&fixture);
    /* the parent finds out that it came to its end */
    vmc_job_record_free(vmc_daemon_fixture_finish(&fixture, 1));
}

static void
run_child(void)
{
    g_autoptr(GKeyFile) order = g_key_file_new();

    /* run by hand, it has no order */
    if (g_key_file_load_from_file(order, g_getenv(ENV_ORDER), G_KEY_FILE_NONE,
                                  NULL))
        carry_out(order);
}

void
vmc_crash_bench_init(const VmcCrashScenario *scenarios, guint n_scenarios)
{
    g_autofree char *path = g_strdup_printf("%s/vmctl-crash-order-%d",
                                            g_get_tmp_dir(), (int) getpid());

    g_setenv(ENV_ORDER, path, FALSE); /* a child has its parent's */
    all_scenarios = scenarios;
    n_all_scenarios = n_scenarios;
    g_test_add_func(CHILD, run_child);
}

/* ---- the parent -----------------------------------------------------------
 */

static void
write_order(const char *dir,
            const char *name,
            const char *call,
            VmcSimStep step,
            guint nth)
{
    g_autoptr(GKeyFile) order = g_key_file_new();

    g_key_file_set_string(order, GROUP, "dir", dir);
    g_key_file_set_string(order, GROUP, "name", name);
    g_key_file_set_string(order, GROUP, "call", call);
    g_key_file_set_integer(order, GROUP, "step", (int) step);
    g_key_file_set_integer(order, GROUP, "nth", (int) nth);
    g_assert_true(g_key_file_save_to_file(order, g_getenv(ENV_ORDER), NULL));
}

static void
add_uri(VmcDaemonFixture *fixture, const char *name)
{
    g_autofree char *parameters = host_parameters(fixture);

    g_hash_table_insert(fixture->uris, g_strdup(name),
                        g_strdup_printf("sim://%s?%s", name, parameters));
}

void
vmc_crash_bench_run(VmcDaemonFixture *fixture,
                    const char *name,
                    const char *call,
                    VmcSimStep step,
                    guint nth)
{
    g_autofree char *dir = g_dir_make_tmp("vmctl-crash-XXXXXX", NULL);

    g_test_message("%s, killed %s %s %u", name, vmc_sim_step_to_name(step),
                   call, nth);
    write_order(dir, name, call, step, nth);
    g_test_trap_subprocess(CHILD, 0, 0);
    g_unlink(g_getenv(ENV_ORDER));
    g_assert_false(g_test_trap_has_passed()); /* it was killed */

    vmc_daemon_fixture_init(fixture, dir);
    fixture->has_monitor = TRUE;
    add_uri(fixture, "h1");
    add_uri(fixture, "h2");
    vmc_daemon_fixture_begin(fixture);
}

static void
run_case(const VmcCrashCase *one, VmcSimStep step, const char *vm_uuid)
{
    VmcDaemonFixture fixture = {0};

    vmc_crash_bench_run(&fixture, one->name, one->call, step, 1);
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(&fixture, 1);
    g_assert_cmpint(record->state, ==, one->end);
    vmc_daemon_fixture_wait_for_vm(&fixture, vm_uuid, one->shown);
    vmc_daemon_fixture_tear_down(&fixture, NULL);
}

void
vmc_crash_bench_run_cases(const VmcCrashCase *cases,
                          guint n_cases,
                          const char *vm_uuid)
{
    for (guint i = 0; i < n_cases; i++) {
        run_case(&cases[i], VMC_SIM_STEP_BEFORE, vm_uuid);
        run_case(&cases[i], VMC_SIM_STEP_AFTER, vm_uuid);
    }
}
