/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/driver.h"

#include "daemon/hypervisor/libvirt-driver.h"

typedef struct {
    const char *scheme; /* (nullable): any other */
    const VmcDriver *driver;
} DriverRow;

static const DriverRow rows[] = {
    {"sim://", &vmc_sim_driver},
    {NULL, &vmc_libvirt_driver},
};

const VmcDriver *
vmc_driver_for_uri(const char *uri)
{
    g_return_val_if_fail(uri != NULL, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].scheme == NULL || g_str_has_prefix(uri, rows[i].scheme))
            return rows[i].driver;
    return NULL;
}
