/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/crash-bench.h"

#include <glib/gstdio.h>

#include <unistd.h>

#define CHILD "/crash-bench/subprocess/child"

/* Names the file with the child's order; set before there are threads. */
#define ENV_ORDER "VMC_CRASH_ORDER"
#define GROUP "order"

/* ---- the child ------------------------------------------------------------
 */

static void
add_faults(GKeyFile *order)
{
    g_autofree char *refused =
        g_key_file_get_string(order, GROUP, "refused", NULL);
    const VmcSimFault crash = {
        .kind = VMC_SIM_FAULT_CRASH,
        .step = (VmcSimStep) g_key_file_get_integer(order, GROUP, "step", NULL),
        .nth = (guint) g_key_file_get_integer(order, GROUP, "nth", NULL)};
    const VmcSimFault refusal = {.kind = VMC_SIM_FAULT_REFUSE, .call = refused};

    vmc_sim_fault_add(&crash);
    if (refused != NULL)
        vmc_sim_fault_add(&refusal);
}

static void G_GNUC_NORETURN
carry_out(GKeyFile *order)
{
    g_autofree char *name = g_key_file_get_string(order, GROUP, "course", NULL);
    g_autofree char *dir = g_key_file_get_string(order, GROUP, "dir", NULL);
    VmcCourseBench bench = {0};

    vmc_course_bench_begin_in(&bench, vmc_course_find(name), dir);
    add_faults(order);
    vmc_job_record_free(vmc_course_bench_carry_out(&bench));
    _exit(0); /* it came to its end, and leaves all as after a crash */
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
vmc_crash_bench_init(void)
{
    g_autofree char *path = g_strdup_printf("%s/vmctl-crash-order-%d",
                                            g_get_tmp_dir(), (int) getpid());

    g_setenv(ENV_ORDER, path, FALSE); /* a child has its parent's */
    g_test_add_func(CHILD, run_child);
}

/* ---- the parent -----------------------------------------------------------
 */

static void
write_order(const char *dir, const VmcCrash *crash)
{
    g_autoptr(GKeyFile) order = g_key_file_new();

    g_key_file_set_string(order, GROUP, "dir", dir);
    g_key_file_set_string(order, GROUP, "course", crash->course->name);
    if (crash->refused != NULL)
        g_key_file_set_string(order, GROUP, "refused", crash->refused);
    g_key_file_set_integer(order, GROUP, "step", (int) crash->step);
    g_key_file_set_integer(order, GROUP, "nth", (int) crash->nth);
    g_assert_true(g_key_file_save_to_file(order, g_getenv(ENV_ORDER), NULL));
}

gboolean
vmc_crash_bench_run(VmcCourseBench *bench, const VmcCrash *crash)
{
    g_autofree char *dir = g_dir_make_tmp("vmctl-crash-XXXXXX", NULL);

    g_test_message("%s, killed %s call %u", crash->course->name,
                   vmc_sim_step_to_name(crash->step), crash->nth);
    write_order(dir, crash);
    g_test_trap_subprocess(CHILD, 0, 0);
    g_unlink(g_getenv(ENV_ORDER));
    const gboolean was_killed = !g_test_trap_has_passed();

    vmc_course_bench_resume(bench, crash->course, dir);
    return was_killed;
}
