/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The open consoles of one connection, so that they end with it. Any thread.
 */

typedef struct _VmcConsoleSet VmcConsoleSet;

/* (transfer full) */
VmcConsoleSet *vmc_console_set_new(void);
VmcConsoleSet *vmc_console_set_ref(VmcConsoleSet *set);
void vmc_console_set_unref(VmcConsoleSet *set);

/* @fd: our end of the socket of a console; the caller closes it after
 * vmc_console_set_remove(). */
void vmc_console_set_add(VmcConsoleSet *set, int fd);
void vmc_console_set_remove(VmcConsoleSet *set, int fd);

/**
 * vmc_console_set_shut:
 * @set: the consoles of a connection that is lost or being closed
 *
 * Shuts our ends down, which whoever serves them sees as if the readers had
 * left, and whoever reads one as its end. Those that are added later are shut
 * as well.
 */
void vmc_console_set_shut(VmcConsoleSet *set);
