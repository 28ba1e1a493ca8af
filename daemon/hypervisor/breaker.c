/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/breaker.h"

#define MAX_DOUBLINGS 3 /* open at most eight times as long */

void
vmc_breaker_init(VmcBreaker *breaker, guint threshold, guint open_ms)
{
    g_return_if_fail(breaker != NULL && threshold > 0);
    *breaker = (VmcBreaker){.threshold = threshold, .open_ms = open_ms};
}

gboolean
vmc_breaker_admit(VmcBreaker *breaker, gint64 now_us)
{
    if (!breaker->is_open)
        return TRUE;
    if (breaker->is_trying || now_us < breaker->open_until_us)
        return FALSE;
    breaker->is_trying = TRUE;
    return TRUE;
}

void
vmc_breaker_success(VmcBreaker *breaker)
{
    breaker->n_failures = 0;
    breaker->n_opened = 0;
    breaker->is_open = FALSE;
    breaker->is_trying = FALSE;
}

static void
open_breaker(VmcBreaker *breaker, gint64 now_us)
{
    guint n_doublings = MIN(breaker->n_opened, MAX_DOUBLINGS);

    breaker->open_until_us =
        now_us + (((gint64) breaker->open_ms * 1000) << n_doublings);
    breaker->n_opened++;
    breaker->is_open = TRUE;
    breaker->is_trying = FALSE;
}

gboolean
vmc_breaker_failure(VmcBreaker *breaker, gint64 now_us)
{
    breaker->n_failures++;
    /* Calls that left before it opened fail late: they are no news. */
    if (breaker->is_open && !breaker->is_trying)
        return FALSE;
    if (!breaker->is_open && breaker->n_failures < breaker->threshold)
        return FALSE;
    open_breaker(breaker, now_us);
    return TRUE;
}

void
vmc_breaker_withdraw(VmcBreaker *breaker)
{
    breaker->is_trying = FALSE;
}

guint
vmc_breaker_wait_ms(const VmcBreaker *breaker, gint64 now_us)
{
    if (!breaker->is_open || now_us >= breaker->open_until_us)
        return 0;
    return (guint) ((breaker->open_until_us - now_us + 999) / 1000);
}

guint
vmc_backoff_ms(guint n_attempts, guint min_ms, guint max_ms, double random)
{
    guint64 wait_ms = min_ms;

    for (guint i = 1; i < n_attempts && wait_ms < max_ms; i++)
        wait_ms *= 2;
    wait_ms = MIN(wait_ms, max_ms);
    return (guint) (wait_ms / 2 + (guint64) ((double) wait_ms * random / 2));
}
