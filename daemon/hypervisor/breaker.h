/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * A circuit breaker, as a value: the clock is passed in, and whoever owns it
 * holds its own lock around it. Closed, it lets every call through. After
 * @threshold failures in a row it opens and refuses all. When it has been open
 * for a while, one call may try: its success closes the breaker, its failure
 * opens it for twice as long, up to eight times.
 */

/**
 * VmcBreaker:
 * @threshold: failures in a row that open it
 * @open_ms: how long it stays open the first time
 *
 * The rest is private.
 */
typedef struct {
    guint threshold;
    guint open_ms;
    guint n_failures;
    guint n_opened; /* since the last success */
    gint64 open_until_us;
    gboolean is_open;
    gboolean is_trying; /* the one call that may try is under way */
} VmcBreaker;

void vmc_breaker_init(VmcBreaker *breaker, guint threshold, guint open_ms);

/**
 * vmc_breaker_admit:
 * @breaker: a breaker
 * @now_us: monotonic time
 *
 * Every admitted call must be followed by one of vmc_breaker_success(),
 * vmc_breaker_failure() and vmc_breaker_withdraw().
 *
 * Returns: whether a call may be made
 */
gboolean vmc_breaker_admit(VmcBreaker *breaker, gint64 now_us);

/* An answer came, be it an error: the other side lives. */
void vmc_breaker_success(VmcBreaker *breaker);

/**
 * vmc_breaker_failure:
 * @breaker: a breaker
 * @now_us: monotonic time
 *
 * No answer came.
 *
 * Returns: whether this opened the breaker
 */
gboolean vmc_breaker_failure(VmcBreaker *breaker, gint64 now_us);

/* The call was given up before it could tell anything. */
void vmc_breaker_withdraw(VmcBreaker *breaker);

/**
 * vmc_breaker_wait_ms:
 * @breaker: a breaker
 * @now_us: monotonic time
 *
 * Returns: how long until a call may try, for messages; 0: now
 */
guint vmc_breaker_wait_ms(const VmcBreaker *breaker, gint64 now_us);

/**
 * vmc_backoff_ms:
 * @n_attempts: how many attempts have failed, 1 or more
 * @min_ms: wait after the first
 * @max_ms: the longest wait
 * @random: a random number in [0, 1)
 *
 * How long to wait before the next attempt: doubled each time, and spread over
 * its upper half, so that those who lost the same host do not come back as one.
 *
 * Returns: the wait
 */
guint vmc_backoff_ms(guint n_attempts,
                     guint min_ms,
                     guint max_ms,
                     double random);
