/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/bench/cbc.h"

#include <gio/gio.h>

#include <stdio.h>
#include <string.h>

void
cbc_answer_free(CbcAnswer *answer)
{
    if (answer == NULL)
        return;
    g_free(answer->host_of);
    g_free(answer);
}

gboolean
cbc_find(GError **error)
{
    g_autofree char *path = g_find_program_in_path("cbc");

    if (path == NULL)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                    "there is no program 'cbc' in the PATH to find exact "
                    "optima with: install the package coinor-cbc");
    return path != NULL;
}

static gboolean
run(const char *lp_path, const char *out_path, guint seconds, GError **error)
{
    g_autofree char *limit = g_strdup_printf("%u", seconds);
    g_autofree char *output = NULL;
    g_autoptr(GSubprocess) process = g_subprocess_new(
        G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, error,
        "cbc", lp_path, "sec", limit, "timeMode", "elapsed", "ratio", "0",
        "allow", "0", "solve", "solution", out_path, NULL);

    if (process == NULL || !g_subprocess_communicate_utf8(process, NULL, NULL,
                                                          &output, NULL, error))
        return FALSE;
    if (g_subprocess_get_successful(process) &&
        g_file_test(out_path, G_FILE_TEST_EXISTS))
        return TRUE;
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                "cbc did not solve %s; it said: %s", lp_path, output);
    return FALSE;
}

/* "Optimal - objective value 12.5", "Stopped on time (no integer solution …)",
 * "Infeasible - objective value …", "Integer infeasible - …" */
static void
read_status(CbcAnswer *answer, const char *line)
{
    const char *value = strstr(line, "objective value");

    if (strstr(line, "nfeasible") != NULL)
        answer->status = CBC_INFEASIBLE;
    else if (g_str_has_prefix(line, "Optimal"))
        answer->status = CBC_OPTIMAL;
    else if (strstr(line, "no integer solution") != NULL)
        answer->status = CBC_NOTHING;
    else
        answer->status = CBC_STOPPED;
    if (value != NULL)
        answer->objective =
            g_ascii_strtod(value + strlen("objective value"), NULL);
}

/* "   12 x_3_4    1    0", with ** before what is not feasible */
static void
read_variable(CbcAnswer *answer, const char *line, guint n_vms)
{
    guint vm, host;
    double value;
    const char *name = strstr(line, "x_");

    if (name != NULL && sscanf(name, "x_%u_%u %lf", &vm, &host, &value) == 3 &&
        vm < n_vms && value > 0.5)
        answer->host_of[vm] = (gint32) host;
}

static gboolean
read_answer(CbcAnswer *answer, const char *path, guint n_vms, GError **error)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, error))
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    read_status(answer, lines[0] != NULL ? lines[0] : "");
    for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++)
        read_variable(answer, lines[i], n_vms);
    return TRUE;
}

CbcAnswer *
cbc_solve(const char *folder,
          const char *lp,
          guint n_vms,
          guint seconds,
          GError **error)
{
    g_autofree char *lp_path = g_build_filename(folder, "fleet.lp", NULL);
    g_autofree char *out_path = g_build_filename(folder, "fleet.out", NULL);
    g_autoptr(CbcAnswer) answer = g_new0(CbcAnswer, 1);
    gint64 begin_us = g_get_monotonic_time();

    answer->host_of = g_new(gint32, MAX(n_vms, 1));
    for (guint v = 0; v < n_vms; v++)
        answer->host_of[v] = -1;
    remove(out_path);
    if (!g_file_set_contents(lp_path, lp, -1, error) ||
        !run(lp_path, out_path, seconds, error) ||
        !read_answer(answer, out_path, n_vms, error))
        return NULL;
    answer->seconds = (double) (g_get_monotonic_time() - begin_us) / 1e6;
    return g_steal_pointer(&answer);
}
