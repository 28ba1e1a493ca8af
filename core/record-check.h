/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * What hosts and VMs have in common. For the finish() of a VmcRecordType:
 * errors are %VMC_ERROR_INVALID and begin with the member, as ".name: ".
 */

gboolean vmc_record_check_name(const char *name, GError **error);
gboolean vmc_record_check_uuid(const char *uuid, GError **error);
