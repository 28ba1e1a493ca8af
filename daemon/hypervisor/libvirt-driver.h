/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/driver.h"

/* The driver for every URI that libvirt knows. Before it is used:
 * vmc_libvirt_init() of libvirt-connection.h. */
extern const VmcDriver vmc_libvirt_driver;
