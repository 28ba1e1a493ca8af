/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/usage.h"

static void
domain_usage_free(gpointer data)
{
    VmcDomainUsage *domain = data;

    g_free(domain->uuid);
    g_free(domain);
}

VmcUsage *
vmc_usage_new(void)
{
    VmcUsage *usage = g_new0(VmcUsage, 1);

    usage->read_us = g_get_monotonic_time();
    usage->domains = g_ptr_array_new_with_free_func(domain_usage_free);
    return usage;
}

void
vmc_usage_free(VmcUsage *usage)
{
    if (usage == NULL)
        return;
    g_ptr_array_unref(usage->domains);
    g_free(usage);
}

VmcDomainUsage *
vmc_usage_add_domain(VmcUsage *usage, const char *uuid)
{
    g_return_val_if_fail(usage != NULL && uuid != NULL, NULL);
    VmcDomainUsage *domain = g_new0(VmcDomainUsage, 1);

    domain->uuid = g_strdup(uuid);
    g_ptr_array_add(usage->domains, domain);
    return domain;
}
