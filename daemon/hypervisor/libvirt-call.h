/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/libvirt-connection.h"

/*
 * What carries the calls out: one function a call, listed in the table of
 * libvirt-driver.c. Those that need a domain get it looked up; those that need
 * a handle for longer than the call open their own. On failure @reply is
 * untouched.
 */

#define VMC_LIBVIRT_HOST_CALL(name)                                            \
    gboolean vmc_libvirt_##name(virConnectPtr conn, const VmcCall *call,       \
                                VmcReply *reply, GError **error)
#define VMC_LIBVIRT_CONNECTION_CALL(name)                                      \
    gboolean vmc_libvirt_##name(VmcConnection *self, const VmcCall *call,      \
                                VmcReply *reply, GError **error)
#define VMC_LIBVIRT_DOMAIN_CALL(name)                                          \
    gboolean vmc_libvirt_##name(virDomainPtr dom, const VmcCall *call,         \
                                VmcReply *reply, GError **error)

/* libvirt-host.c */
VMC_LIBVIRT_HOST_CALL(read_host);

/* libvirt-inventory.c */
VMC_LIBVIRT_HOST_CALL(list_domains);
VMC_LIBVIRT_DOMAIN_CALL(read_domain);

/* libvirt-usage.c */
VMC_LIBVIRT_HOST_CALL(read_usage);

/* libvirt-domain.c */
VMC_LIBVIRT_HOST_CALL(define);
VMC_LIBVIRT_DOMAIN_CALL(undefine);
VMC_LIBVIRT_DOMAIN_CALL(start);
VMC_LIBVIRT_DOMAIN_CALL(destroy);
VMC_LIBVIRT_DOMAIN_CALL(suspend);
VMC_LIBVIRT_DOMAIN_CALL(resume);
VMC_LIBVIRT_DOMAIN_CALL(rename);
VMC_LIBVIRT_DOMAIN_CALL(set_metadata);

/* libvirt-power.c */
VMC_LIBVIRT_DOMAIN_CALL(shutdown);
VMC_LIBVIRT_DOMAIN_CALL(reboot);
VMC_LIBVIRT_DOMAIN_CALL(reset);

/* libvirt-guest.c */
VMC_LIBVIRT_DOMAIN_CALL(read_guest);
VMC_LIBVIRT_DOMAIN_CALL(read_boot);
VMC_LIBVIRT_DOMAIN_CALL(set_guest_vcpus);
VMC_LIBVIRT_DOMAIN_CALL(online_guest_memory);

/* libvirt-resize.c */
VMC_LIBVIRT_DOMAIN_CALL(set_vcpus);
VMC_LIBVIRT_DOMAIN_CALL(set_virtio_mem);
VMC_LIBVIRT_DOMAIN_CALL(set_balloon);
VMC_LIBVIRT_DOMAIN_CALL(attach_dimm);
VMC_LIBVIRT_DOMAIN_CALL(detach_dimm);

/* libvirt-storage.c */
VMC_LIBVIRT_HOST_CALL(create_disk);
VMC_LIBVIRT_HOST_CALL(create_seed);
VMC_LIBVIRT_HOST_CALL(delete_volume);

/* libvirt-migrate.c */
VMC_LIBVIRT_DOMAIN_CALL(migrate);
VMC_LIBVIRT_DOMAIN_CALL(read_migration);
VMC_LIBVIRT_DOMAIN_CALL(abort_migration);

/* libvirt-console.c */
VMC_LIBVIRT_CONNECTION_CALL(open_console);
