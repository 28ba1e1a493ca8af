/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/breaker.h"

#define SECOND_US G_GINT64_CONSTANT(1000000)

static VmcBreaker
new_breaker(void)
{
    VmcBreaker breaker;

    vmc_breaker_init(&breaker, 3, 1000);
    return breaker;
}

static void
fail_times(VmcBreaker *breaker, guint n, gint64 now_us)
{
    for (guint i = 0; i < n; i++) {
        g_assert_true(vmc_breaker_admit(breaker, now_us));
        gboolean opened = vmc_breaker_failure(breaker, now_us);
        g_assert_cmpint(opened, ==, i + 1 == breaker->threshold);
    }
}

/* It takes failures in a row: an answer in between starts the count anew. */
static void
test_opens_after_threshold(void)
{
    VmcBreaker breaker = new_breaker();

    fail_times(&breaker, 2, 0);
    vmc_breaker_success(&breaker);
    fail_times(&breaker, 2, 0);
    g_assert_true(vmc_breaker_admit(&breaker, 0));
    g_assert_true(vmc_breaker_failure(&breaker, 0));
    g_assert_false(vmc_breaker_admit(&breaker, SECOND_US / 2));
    g_assert_cmpuint(vmc_breaker_wait_ms(&breaker, SECOND_US / 2), ==, 500);
}

/* After its time exactly one call may try, and its success closes it. */
static void
test_one_may_try(void)
{
    VmcBreaker breaker = new_breaker();

    fail_times(&breaker, 3, 0);
    g_assert_true(vmc_breaker_admit(&breaker, SECOND_US));
    g_assert_false(vmc_breaker_admit(&breaker, SECOND_US));
    g_assert_cmpuint(vmc_breaker_wait_ms(&breaker, SECOND_US), ==, 0);
    vmc_breaker_success(&breaker);
    g_assert_true(vmc_breaker_admit(&breaker, SECOND_US));
    g_assert_true(vmc_breaker_admit(&breaker, SECOND_US));
}

/* A try that was cancelled tells nothing: the next one may try. */
static void
test_withdrawn_try(void)
{
    VmcBreaker breaker = new_breaker();

    fail_times(&breaker, 3, 0);
    g_assert_true(vmc_breaker_admit(&breaker, SECOND_US));
    vmc_breaker_withdraw(&breaker);
    g_assert_true(vmc_breaker_admit(&breaker, SECOND_US));
    g_assert_true(vmc_breaker_failure(&breaker, SECOND_US));
}

/* Each failed try doubles the pause, but not beyond eight times. */
static void
test_pause_doubles(void)
{
    static const guint pauses_ms[] = {1000, 2000, 4000, 8000, 8000};
    VmcBreaker breaker = new_breaker();
    gint64 now_us = 0;

    fail_times(&breaker, 3, now_us);
    for (guint i = 0; i < G_N_ELEMENTS(pauses_ms); i++) {
        g_assert_cmpuint(vmc_breaker_wait_ms(&breaker, now_us), ==,
                         pauses_ms[i]);
        now_us += pauses_ms[i] * 1000;
        g_assert_true(vmc_breaker_admit(&breaker, now_us));
        g_assert_true(vmc_breaker_failure(&breaker, now_us));
    }
}

/* Calls that left before it opened and fail later do not prolong the pause. */
static void
test_late_failures(void)
{
    VmcBreaker breaker = new_breaker();

    for (guint i = 0; i < 5; i++)
        g_assert_true(vmc_breaker_admit(&breaker, 0));
    for (guint i = 0; i < 3; i++)
        vmc_breaker_failure(&breaker, 0);
    g_assert_false(vmc_breaker_failure(&breaker, SECOND_US / 2));
    g_assert_false(vmc_breaker_failure(&breaker, SECOND_US / 2));
    g_assert_true(vmc_breaker_admit(&breaker, SECOND_US));
}

/* Pauses between attempts to connect grow, end, and differ between hosts. */
static void
test_backoff(void)
{
    g_assert_cmpuint(vmc_backoff_ms(1, 500, 30000, 0.0), ==, 250);
    g_assert_cmpuint(vmc_backoff_ms(1, 500, 30000, 0.5), ==, 375);
    g_assert_cmpuint(vmc_backoff_ms(3, 500, 30000, 0.0), ==, 1000);
    g_assert_cmpuint(vmc_backoff_ms(7, 500, 30000, 0.0), ==, 15000);
    g_assert_cmpuint(vmc_backoff_ms(G_MAXUINT, 500, 30000, 0.999), <, 30000);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/breaker/opens-after-threshold",
                    test_opens_after_threshold);
    g_test_add_func("/breaker/one-may-try", test_one_may_try);
    g_test_add_func("/breaker/withdrawn-try", test_withdrawn_try);
    g_test_add_func("/breaker/pause-doubles", test_pause_doubles);
    g_test_add_func("/breaker/late-failures", test_late_failures);
    g_test_add_func("/breaker/backoff", test_backoff);
    return g_test_run();
}
