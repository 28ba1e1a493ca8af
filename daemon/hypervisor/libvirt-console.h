/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/libvirt-connection.h"

/*
 * Consoles: libvirt's stream of a serial console, pumped to and from a socket.
 * The pump runs on the default main context and never blocks it.
 */

/* The consoles of one connection. (transfer full) */
VmcConsoleSet *vmc_console_set_new(void);
VmcConsoleSet *vmc_console_set_ref(VmcConsoleSet *set);
void vmc_console_set_unref(VmcConsoleSet *set);

/**
 * vmc_console_set_shut:
 * @set: the consoles of a connection that is lost or being closed
 *
 * Ends them: whoever reads one sees its end. Any thread.
 */
void vmc_console_set_shut(VmcConsoleSet *set);
