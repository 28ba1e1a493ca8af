/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * VmcClock:
 *
 * What time it is, passed in wherever a time is kept, so that tests can say it.
 *
 * Returns: now, in seconds of the epoch
 */
typedef gint64 (*VmcClock)(void);

/**
 * vmc_clock_now_s:
 *
 * Returns: now, by the system's clock
 */
gint64 vmc_clock_now_s(void);
