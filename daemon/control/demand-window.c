/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/demand-window.h"

#include <stdlib.h>

/* With a reading a minute, a quarter of an hour. The second largest of so many
 * is the percentile: one outlier is none. */
#define SAMPLES 16
#define PERCENT 90

#define BITS_PER_BYTE 8
#define NS_PER_US 1000

struct _VmcDemandWindow {
    char *host;
    VmcDomainUsage last; /* without uuid */
    gint64 last_us;
    guint64 resident_bytes; /* 0: not read yet */
    gint64 sampled_us;
    VmcResources samples[SAMPLES]; /* a ring; disk is not used */
    guint n_samples;               /* ever */
};

VmcDemandWindow *
vmc_demand_window_new(void)
{
    return g_new0(VmcDemandWindow, 1);
}

void
vmc_demand_window_free(VmcDemandWindow *window)
{
    if (window == NULL)
        return;
    g_free(window->host);
    g_free(window);
}

/* ---- samples ------------------------------------------------------------- */

static gboolean
goes_on(const VmcDemandWindow *window,
        const char *host,
        const VmcDomainUsage *usage,
        gint64 read_us)
{
    return g_strcmp0(window->host, host) == 0 && read_us > window->last_us &&
           usage->cpu_ns >= window->last.cpu_ns &&
           usage->network_bytes >= window->last.network_bytes;
}

/* Memory is not read each time; then it is what it was. */
static guint64
memory_of(const VmcDemandWindow *window, const VmcDomainUsage *usage)
{
    if (usage->guest_used_bytes > 0 || window->n_samples == 0)
        return usage->guest_used_bytes;
    return window->samples[(window->n_samples - 1) % SAMPLES]
        .amount[VMC_MEMORY];
}

static void
add_sample(VmcDemandWindow *window, const VmcDomainUsage *usage, gint64 read_us)
{
    guint64 passed_us = (guint64) (read_us - window->last_us);
    guint64 cpu_ns = usage->cpu_ns - window->last.cpu_ns;
    guint64 bytes = usage->network_bytes - window->last.network_bytes;
    VmcResources *sample = &window->samples[window->n_samples % SAMPLES];

    *sample =
        VMC_RESOURCES(cpu_ns * VMC_MILLICORES_PER_CPU / NS_PER_US / passed_us,
                      memory_of(window, usage), 0,
                      bytes * BITS_PER_BYTE * G_USEC_PER_SEC / passed_us);
    window->n_samples++;
    window->sampled_us = read_us;
}

void
vmc_demand_window_add(VmcDemandWindow *window,
                      const char *host,
                      const VmcDomainUsage *usage,
                      gint64 read_us)
{
    g_return_if_fail(window != NULL && host != NULL && usage != NULL);

    if (goes_on(window, host, usage, read_us))
        add_sample(window, usage, read_us);
    g_free(window->host);
    window->host = g_strdup(host);
    if (usage->resident_bytes > 0)
        window->resident_bytes = usage->resident_bytes;
    window->last = *usage;
    window->last.uuid = NULL;
    window->last_us = read_us;
}

gint64
vmc_demand_window_sampled_us(const VmcDemandWindow *window)
{
    g_return_val_if_fail(window != NULL, 0);
    return window->sampled_us;
}

/* ---- demand -------------------------------------------------------------- */

static int
compare_amounts(const void *a, const void *b)
{
    guint64 left = *(const guint64 *) a;
    guint64 right = *(const guint64 *) b;

    return (left > right) - (left < right);
}

static guint64
percentile(const VmcDemandWindow *window, VmcResource resource)
{
    guint n = MIN(window->n_samples, SAMPLES);
    guint64 amounts[SAMPLES] = {0};

    if (n == 0)
        return 0;
    for (guint i = 0; i < n; i++)
        amounts[i] = window->samples[i].amount[resource];
    qsort(amounts, n, sizeof amounts[0], compare_amounts);
    return amounts[(n * PERCENT + 99) / 100 - 1];
}

static guint64
memory_demand(const VmcDemandWindow *window, const VmcVm *vm)
{
    guint64 used_bytes = percentile(window, VMC_MEMORY);

    if (used_bytes > 0)
        return used_bytes;
    if (vm->resident_bytes > 0)
        return MIN(vm->resident_bytes, vm->size.amount[VMC_MEMORY]);
    return vm->size.amount[VMC_MEMORY];
}

void
vmc_demand_window_measure(const VmcDemandWindow *window, VmcVm *vm)
{
    g_return_if_fail(window != NULL && vm != NULL);
    vm->resident_bytes = window->resident_bytes;
    vm->demand = VMC_RESOURCES(
        percentile(window, VMC_CPU), memory_demand(window, vm),
        window->last.disk_allocated_bytes, percentile(window, VMC_NETWORK));
    vm->demand_age_s = 0;
}
