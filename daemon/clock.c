/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/clock.h"

gint64
vmc_clock_now_s(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}
