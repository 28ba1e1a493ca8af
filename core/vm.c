/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/vm.h"

#include "core/error.h"
#include "core/name-table.h"

#include <string.h>

static const char *const state_names[VMC_N_VM_STATES] = {
    [VMC_VM_CREATING] = "creating", [VMC_VM_SHUT_OFF] = "shut-off",
    [VMC_VM_RUNNING] = "running",   [VMC_VM_PAUSED] = "paused",
    [VMC_VM_CRASHED] = "crashed",   [VMC_VM_UNKNOWN] = "unknown",
};

const char *
vmc_vm_state_to_name(VmcVmState state)
{
    g_return_val_if_fail(state < VMC_N_VM_STATES, NULL);
    return state_names[state];
}

gboolean
vmc_vm_state_from_name(const char *name, VmcVmState *ret_state)
{
    return vmc_names_find(state_names, name, ret_state);
}

static GStrv
strv_new_empty(void)
{
    return g_new0(char *, 1);
}

VmcVm *
vmc_vm_new(const char *uuid, const char *name)
{
    g_return_val_if_fail(uuid != NULL && name != NULL, NULL);
    VmcVm *vm = g_new0(VmcVm, 1);
    g_atomic_ref_count_init(&vm->refs);
    vm->uuid = g_strdup(uuid);
    vm->name = g_strdup(name);
    vm->state = VMC_VM_UNKNOWN;
    vm->factors = vmc_factors_default();
    vm->demand_age_s = -1;
    vm->pools = strv_new_empty();
    vm->networks = strv_new_empty();
    vm->bridges = strv_new_empty();
    vm->wishes = vmc_wishes_new();
    return vm;
}

VmcVm *
vmc_vm_copy(const VmcVm *vm)
{
    g_return_val_if_fail(vm != NULL, NULL);
    VmcVm *copy = g_new(VmcVm, 1);
    /* all but the last member, which other threads count in */
    memcpy(copy, vm, G_STRUCT_OFFSET(VmcVm, refs));
    g_atomic_ref_count_init(&copy->refs);
    copy->uuid = g_strdup(vm->uuid);
    copy->name = g_strdup(vm->name);
    copy->host = g_strdup(vm->host);
    copy->destination = g_strdup(vm->destination);
    copy->state_reason = g_strdup(vm->state_reason);
    copy->template_name = g_strdup(vm->template_name);
    copy->service_class = g_strdup(vm->service_class);
    copy->pending = g_strdup(vm->pending);
    copy->cpu_model = g_strdup(vm->cpu_model);
    copy->machine = g_strdup(vm->machine);
    copy->pools = g_strdupv(vm->pools);
    copy->networks = g_strdupv(vm->networks);
    copy->bridges = g_strdupv(vm->bridges);
    copy->wishes = vmc_wishes_copy(vm->wishes);
    return copy;
}

VmcVm *
vmc_vm_ref(VmcVm *vm)
{
    g_return_val_if_fail(vm != NULL, NULL);
    g_atomic_ref_count_inc(&vm->refs);
    return vm;
}

void
vmc_vm_unref(VmcVm *vm)
{
    if (vm == NULL || !g_atomic_ref_count_dec(&vm->refs))
        return;
    g_free(vm->uuid);
    g_free(vm->name);
    g_free(vm->host);
    g_free(vm->destination);
    g_free(vm->state_reason);
    g_free(vm->template_name);
    g_free(vm->service_class);
    g_free(vm->pending);
    g_free(vm->cpu_model);
    g_free(vm->machine);
    g_strfreev(vm->pools);
    g_strfreev(vm->networks);
    g_strfreev(vm->bridges);
    g_clear_pointer(&vm->wishes, g_ptr_array_unref);
    g_free(vm);
}

VmcResources
vmc_vm_claim(const VmcVm *vm)
{
    g_return_val_if_fail(vm != NULL, (VmcResources){0});
    return vmc_factors_claim(&vm->factors, vm->size, vm->resident_bytes);
}

static gboolean
has_only_name_characters(const char *name)
{
    if (!g_ascii_isalnum(name[0]))
        return FALSE;
    for (const char *p = name; *p != '\0'; p++)
        if (!g_ascii_isalnum(*p) && strchr("-_.", *p) == NULL)
            return FALSE;
    return TRUE;
}

gboolean
vmc_vm_name_check(const char *name, GError **error)
{
    g_return_val_if_fail(name != NULL, FALSE);
    gsize length = strlen(name);
    g_autofree char *shown = vmc_error_quote(name);

    if (length == 0) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID, "the name is empty");
        return FALSE;
    }
    if (length > VMC_NAME_MAX_LENGTH) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "name '%s' is %" G_GSIZE_FORMAT
                    " bytes long; at most %d are allowed",
                    shown, length, VMC_NAME_MAX_LENGTH);
        return FALSE;
    }
    if (!has_only_name_characters(name)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "name '%s' must begin with a letter or digit and have "
                    "only letters, digits, '-', '_' and '.'",
                    shown);
        return FALSE;
    }
    if (g_uuid_string_is_valid(name)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "name '%s' has the form of a UUID, which stands for a VM "
                    "already",
                    name);
        return FALSE;
    }
    return TRUE;
}

gboolean
vmc_vm_check_managed(const VmcVm *vm, GError **error)
{
    g_return_val_if_fail(vm != NULL, FALSE);

    if (vm->is_managed)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                "'%s' on host '%s' is a domain that vmctl does not manage, and "
                "never touches: adopt it first, with vmctl adopt",
                vm->name, vm->host != NULL ? vm->host : "?");
    return FALSE;
}
