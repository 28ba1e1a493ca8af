/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/log.h"

#include "core/error.h"

#include <glib.h>

/* Level, topic and message are there; a name with a newline or an escape
 * sequence in it can neither forge a line nor drive a terminal. */
static void
test_line(void)
{
    const GLogField fields[] = {
        {"PRIORITY", "6", -1},
        {"VMCTL_TOPIC", "host", -1},
        {"MESSAGE", "host 'a\n2024 error forged\x1b[31m' is up", -1},
    };
    g_autofree char *line = vmc_log_format_line(G_LOG_LEVEL_INFO, fields,
                                                G_N_ELEMENTS(fields), NULL);

    g_assert_cmpstr(
        line, ==, "info host: host 'a\\x0a2024 error forged\\x1b[31m' is up\n");
}

/* The time is UTC with milliseconds, so that lines of machines compare. */
static void
test_time(void)
{
    const GLogField fields[] = {{"MESSAGE", "x", -1},
                                {"GLIB_DOMAIN", "GLib", -1}};
    g_autoptr(GDateTime) now =
        g_date_time_new_from_unix_utc(G_GINT64_CONSTANT(1700000000));
    g_autofree char *line = vmc_log_format_line(G_LOG_LEVEL_WARNING, fields,
                                                G_N_ELEMENTS(fields), now);

    g_assert_cmpstr(line, ==, "2023-11-14T22:13:20.000Z warning GLib: x\n");
}

static void
say_something(GLogLevelFlags least)
{
    g_autoptr(GError) error =
        g_error_new_literal(VMC_ERROR, VMC_ERROR_BUSY, "it is in use");

    vmc_log_init(least);
    vmc_log_debug(VMC_LOG("job", .job = 7, .vm = "web1"), "step %d", 3);
    vmc_log_warning(VMC_LOG("host", .error = error), "cannot do it");
}

/* The level is kept to; our warnings are no reason to die, even where those of
 * libraries are (G_DEBUG=fatal-warnings); the error's message is added. */
static void
test_levels(void)
{
    if (g_test_subprocess()) {
        say_something(G_LOG_LEVEL_INFO);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("*warning host: cannot do it: it is in use\n*");
    g_test_trap_assert_stderr_unmatched("*step*");
}

static void
test_debug_level(void)
{
    if (g_test_subprocess()) {
        say_something(G_LOG_LEVEL_DEBUG);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("*debug job: step 3\n*");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/log/line", test_line);
    g_test_add_func("/log/time", test_time);
    g_test_add_func("/log/levels", test_levels);
    g_test_add_func("/log/debug-level", test_debug_level);
    return g_test_run();
}
