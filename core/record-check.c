/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/record-check.h"

#include "core/error.h"
#include "core/vm.h"

gboolean
vmc_record_check_name(const char *name, GError **error)
{
    if (vmc_vm_name_check(name, error))
        return TRUE;
    g_prefix_error(error, ".name: ");
    return FALSE;
}

gboolean
vmc_record_check_uuid(const char *uuid, GError **error)
{
    if (g_uuid_string_is_valid(uuid))
        return TRUE;
    g_autofree char *shown = vmc_error_quote(uuid);
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                ".uuid: '%s' is not a UUID", shown);
    return FALSE;
}
