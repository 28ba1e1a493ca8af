/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* XML of a domain that is ready to resize: 1 of 4 vCPUs, 512 MiB of 2 GiB,
 * virtio-mem of 1 GiB, slots for DIMMs, agent, no disk. (transfer full) */
char *sim_xml_new(const char *uuid, const char *name);
