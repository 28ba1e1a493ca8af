/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * What a host and its domains have used, as counters: two readings make a rate.
 * Counters of a domain begin anew when it is started or has moved.
 */

/**
 * VmcDomainUsage:
 * @uuid: which domain
 * @cpu_ns: processor time
 * @network_bytes: received and sent
 * @disk_bytes: read and written
 * @disk_allocated_bytes: what its disks take of their pools
 * @guest_used_bytes: memory its guest cannot do without; 0: not asked, or the
 *   guest does not say
 * @resident_bytes: memory it holds on the host; 0: not asked
 */
typedef struct {
    char *uuid;
    guint64 cpu_ns;
    guint64 network_bytes;
    guint64 disk_bytes;
    guint64 disk_allocated_bytes;
    guint64 guest_used_bytes;
    guint64 resident_bytes;
} VmcDomainUsage;

/**
 * VmcUsage:
 * @read_us: when it was read, monotonic
 * @cpu_ns: what all processors of the host were busy, VMs included
 * @memory_bytes: what the host uses, VMs included; caches are not use
 * @domains: (element-type VmcDomainUsage): running ones, without those that
 *   cannot be asked right now
 */
typedef struct {
    gint64 read_us;
    guint64 cpu_ns;
    guint64 memory_bytes;
    GPtrArray *domains;
} VmcUsage;

/**
 * vmc_usage_new:
 *
 * Returns: (transfer full): a reading of this moment without numbers
 */
VmcUsage *vmc_usage_new(void);
void vmc_usage_free(VmcUsage *usage);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcUsage, vmc_usage_free)

/**
 * vmc_usage_add_domain:
 * @usage: a reading
 * @uuid: a domain
 *
 * Returns: (transfer none): room for its numbers
 */
VmcDomainUsage *vmc_usage_add_domain(VmcUsage *usage, const char *uuid);
