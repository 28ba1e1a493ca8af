/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "vmctl/client.h"
#include "vmctl/job-call.h"
#include "vmctl/progress.h"

#include <glib.h>

/* The bar is as wide as it should be, and never wider than the line. */
static void
test_render(void)
{
    g_autofree char *line =
        vmc_progress_render("create 'web1'", "clone disk", 450, 75, 80, FALSE);
    g_autofree char *wide =
        vmc_progress_render("create 'web1'", "日本日本", 1000, 0, 58, TRUE);
    g_autofree char *tiny = vmc_progress_render("x", "y", 0, 0, 1, TRUE);
    g_autofree char *beyond =
        vmc_progress_render("x", "y\033[1m", 5000, 0, 80, FALSE);

    g_assert_cmpstr(line, ==,
                    "[#########...........]  45% 1:15  create 'web1': clone "
                    "disk");
    g_assert_cmpuint(vmc_text_width_columns(wide), <=, 58);
    g_assert_cmpuint(vmc_text_width_columns(wide), >=, 57);
    g_assert_cmpstr(tiny, ==, "[");
    g_assert_cmpstr(beyond, ==, "[####################] 100% 0:00  x: y?[1m");
}

static void
assert_outcome(const char *text, int code, const char *message)
{
    g_autoptr(JsonNode) job = json_from_string(text, NULL);
    g_autoptr(GError) error = NULL;

    if (vmc_job_outcome(job, &error)) {
        g_assert_cmpint(code, ==, -1);
        return;
    }
    g_assert_error(error, VMC_ERROR, code);
    g_assert_cmpstr(error->message, ==, message);
}

/* How a job ended decides the exit code, and the message says which job. */
static void
test_outcome(void)
{
    assert_outcome("{\"state\": \"done\"}", -1, NULL);
    assert_outcome("{\"state\": \"running\"}", -1, NULL);
    assert_outcome("{\"state\": \"failed\", \"kind\": \"resize\","
                   " \"vm_name\": \"web1\", \"error\": {\"code\": \"refused\","
                   " \"message\": \"too small\"}}",
                   VMC_ERROR_REFUSED, "resize 'web1': too small");
    assert_outcome("{\"state\": \"failed\", \"kind\": \"resize\","
                   " \"vm_name\": \"web1\", \"error\": {\"code\": \"refused\","
                   " \"message\": \"VM 'web1' cannot\"}}",
                   VMC_ERROR_REFUSED, "VM 'web1' cannot");
    assert_outcome("{\"state\": \"failed\"}", VMC_ERROR_FAILED, "job: failed");
    assert_outcome("{\"state\": \"partial\", \"kind\": \"resize\","
                   " \"error\": {\"code\": \"unknown\", \"message\": \"m\"}}",
                   VMC_ERROR_PARTIAL, "resize: m");
    assert_outcome("{\"state\": \"cancelled\"}", VMC_ERROR_CANCELLED,
                   "job: cancelled");
    assert_outcome("{\"state\": \"unknown\"}", VMC_ERROR_UNKNOWN,
                   "job: unknown");
}

static void
assert_problem(guint status, const char *body, int code, const char *message)
{
    g_autoptr(GBytes) bytes = g_bytes_new(body, strlen(body));
    g_autoptr(GError) error = vmc_client_problem(status, bytes);

    g_assert_error(error, VMC_ERROR, code);
    g_assert_cmpstr(error->message, ==, message);
}

/* The type of a problem says more than the HTTP status; garbage is survived. */
static void
test_problem(void)
{
    assert_problem(409,
                   "{\"type\": \"urn:vmctl:problem:busy\", \"detail\": "
                   "\"a job holds it\"}",
                   VMC_ERROR_BUSY, "a job holds it");
    assert_problem(404, "{\"type\": \"about:blank\", \"title\": \"Nope\"}",
                   VMC_ERROR_NOT_FOUND, "Nope");
    assert_problem(403, "{}", VMC_ERROR_DENIED, "Denied");
    assert_problem(502, "<html>", VMC_ERROR_UNREACHABLE,
                   "vmctld answered with HTTP status 502 and no reason");
    assert_problem(418, "", VMC_ERROR_INVALID,
                   "vmctld answered with HTTP status 418 and no reason");
    assert_problem(400, "[1]", VMC_ERROR_INVALID,
                   "vmctld answered with HTTP status 400 and no reason");
}

static void
test_path(void)
{
    g_autofree char *path = vmc_client_path("vms", "a/b ?#ü", "start", NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *endless = g_strnfill(300, 'x');

    g_assert_cmpstr(path, ==, "/v1/vms/a%2Fb%20%3F%23%C3%BC/start");
    g_assert_null(vmc_client_new(endless, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/progress/render", test_render);
    g_test_add_func("/job-call/outcome", test_outcome);
    g_test_add_func("/client/problem", test_problem);
    g_test_add_func("/client/path", test_path);
    return g_test_run();
}
