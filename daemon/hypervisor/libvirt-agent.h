/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>

/*
 * The guest agent (qemu-ga). Every question has a short deadline: a guest may
 * take it and never answer.
 */

/**
 * VmcGuestMemory:
 * @total_bytes: MemTotal
 * @usable_bytes: MemAvailable
 */
typedef struct {
    guint64 total_bytes;
    guint64 usable_bytes;
} VmcGuestMemory;

/**
 * vmc_agent_limit_answer:
 * @dom: a running domain
 *
 * Sets how long libvirt's own agent calls wait, which is for ever unless it is
 * said. The calls below do it themselves.
 */
void vmc_agent_limit_answer(virDomainPtr dom);

/**
 * vmc_agent_count_vcpus:
 * @dom: a running domain
 * @ret_online: (out): CPUs that are online in the guest
 * @error: %VMC_ERROR_UNSUPPORTED when no agent answers
 *
 * Returns: whether the agent answered
 */
gboolean vmc_agent_count_vcpus(virDomainPtr dom,
                               guint *ret_online,
                               GError **error);

/**
 * vmc_agent_set_vcpus:
 * @dom: a running domain
 * @count: how many CPUs shall be online in the guest, at most the plugged ones
 * @error: %VMC_ERROR_UNSUPPORTED when no agent answers
 *
 * Returns: whether the guest took it
 */
gboolean vmc_agent_set_vcpus(virDomainPtr dom, guint count, GError **error);

/**
 * vmc_agent_read_memory:
 * @dom: a running domain whose agent answers
 * @ret_memory: (out): what the Linux guest says in /proc/meminfo
 * @error: %VMC_ERROR_UNSUPPORTED for other guests, and where the agent may not
 *   open files
 *
 * Returns: whether it could be read
 */
gboolean vmc_agent_read_memory(virDomainPtr dom,
                               VmcGuestMemory *ret_memory,
                               GError **error);

/**
 * vmc_agent_read_boot:
 * @dom: a running domain whose agent answers
 * @error: as vmc_agent_read_memory()
 *
 * Returns: (transfer full) (nullable): what a Linux guest made up for itself
 * when it booted
 */
char *vmc_agent_read_boot(virDomainPtr dom, GError **error);

/**
 * vmc_agent_read_block_size:
 * @dom: a running domain whose agent answers
 * @ret_bytes: (out): the unit in which the guest takes memory online
 * @error: %VMC_ERROR_UNSUPPORTED when the guest has none
 *
 * Returns: whether it could be read
 */
gboolean vmc_agent_read_block_size(virDomainPtr dom,
                                   guint64 *ret_bytes,
                                   GError **error);

/**
 * vmc_agent_online_memory:
 * @dom: a running domain
 * @error: %VMC_ERROR_PARTIAL when some blocks stay offline
 *
 * Takes every memory block of the guest online.
 *
 * Returns: whether all are online
 */
gboolean vmc_agent_online_memory(virDomainPtr dom, GError **error);

/* For tests: what a /proc/meminfo says; FALSE when MemTotal is missing. */
gboolean vmc_agent_parse_meminfo(const char *text, VmcGuestMemory *ret_memory);

/* For tests: how many CPUs a list as "0-3,7" has. */
guint vmc_agent_count_cpu_list(const char *list);
