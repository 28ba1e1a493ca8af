/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/vm-routes.h"

#include "core/error.h"
#include "core/factor.h"
#include "core/fleet-json.h"
#include "daemon/api/body.h"
#include "daemon/api/job-reply.h"

#define MAX_VCPUS 4096
#define NOT_SAID (-1)

/* ---- which VM ------------------------------------------------------------ */

VmcVm *
vmc_vm_route_find(VmcRequest *request, const VmcFleet *fleet, GError **error)
{
    const char *name = vmc_request_param(request, 0);
    VmcVm *vm = vmc_fleet_find_vm(fleet, name);

    if (vm == NULL)
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "there is no VM '%s'", name);
    return vm;
}

VmcVm *
vmc_vm_route_find_managed(VmcRequest *request,
                          const VmcFleet *fleet,
                          GError **error)
{
    VmcVm *vm = vmc_vm_route_find(request, fleet, error);

    return vm != NULL && vmc_vm_check_managed(vm, error) ? vm : NULL;
}

static VmcFleet *
snapshot(VmcRequest *request)
{
    return vmc_live_fleet_snapshot(vmc_request_api(request)->live_fleet);
}

/* ---- looking ------------------------------------------------------------- */

/* Of ten thousand VMs this is ten million characters: nodes of json-glib would
 * cost ten times of that. */
static char *
make_vms(VmcRequest *request, VmcFleet *fleet, gpointer data, GError **error)
{
    const char *host = vmc_request_query(request, "host");
    const VmcFields *fields = data;
    GString *text = g_string_new("{\"vms\":[");
    gboolean is_first = TRUE;

    for (guint i = 0; i < vmc_fleet_n_vms(fleet); i++) {
        const VmcVm *vm = vmc_fleet_vm_at(fleet, i);
        if (host != NULL && g_strcmp0(vm->host, host) != 0 &&
            g_strcmp0(vm->destination, host) != 0)
            continue;
        if (!is_first)
            g_string_append_c(text, ',');
        is_first = FALSE;
        vmc_record_print(text, &vmc_vm_type, vm, *fields);
    }
    g_string_append(text, "]}");
    return g_string_free(text, FALSE);
}

/* A host there is not has no VMs, but a misspelt one should be told. */
gboolean
vmc_route_list_vms(VmcRequest *request, GError **error)
{
    const char *host = vmc_request_query(request, "host");
    const char *names = vmc_request_query(request, "fields");
    g_autoptr(VmcFleet) fleet = snapshot(request);
    VmcFields fields = VMC_FIELDS_ALL;

    if (host != NULL && vmc_fleet_find_host(fleet, host) == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "there is no host '%s'", host);
        return FALSE;
    }
    if (names != NULL &&
        !vmc_record_choose_fields(&vmc_vm_type, names, &fields, error))
        return FALSE;
    vmc_request_answer_from_thread_full(
        request, make_vms, g_memdup2(&fields, sizeof fields), g_free);
    return TRUE;
}

gboolean
vmc_route_get_vm(VmcRequest *request, GError **error)
{
    g_autoptr(VmcFleet) fleet = snapshot(request);
    const VmcVm *vm = vmc_vm_route_find(request, fleet, error);

    if (vm == NULL)
        return FALSE;
    vmc_request_answer(request, SOUP_STATUS_OK, vmc_vm_to_json(vm));
    return TRUE;
}

/* ---- power --------------------------------------------------------------- */

/* For who takes no field: anything in the body is one too many. */
static gboolean
check_no_fields(VmcRequest *request, GError **error)
{
    static const VmcRecordType none = {.n_fields = 0};
    char unused;

    return vmc_request_read_body(request, &none, &unused, error);
}

/* Jobs that take no parameter. */
static gboolean
submit_plain(VmcRequest *request, const char *kind, GError **error)
{
    g_autoptr(VmcFleet) fleet = snapshot(request);
    const VmcVm *vm = NULL;

    if (!check_no_fields(request, error))
        return FALSE;
    vm = vmc_vm_route_find_managed(request, fleet, error);
    return vm != NULL &&
           vmc_job_reply_submit(request, kind, vm, NULL, NULL, error);
}

gboolean
vmc_route_start_vm(VmcRequest *request, GError **error)
{
    return submit_plain(request, "start", error);
}

gboolean
vmc_route_pause_vm(VmcRequest *request, GError **error)
{
    return submit_plain(request, "pause", error);
}

gboolean
vmc_route_resume_vm(VmcRequest *request, GError **error)
{
    return submit_plain(request, "resume", error);
}

static const VmcField power_fields[] = {
    VMC_BODY_FIELD(VmcPowerBody, force, BOOLEAN),
    VMC_BODY_FIELD(VmcPowerBody, timeout_s, UINT, .min = 1, .max = 86400),
};
const VmcRecordType vmc_stop_body_type = {.fields = power_fields,
                                          .n_fields = 2};
const VmcRecordType vmc_reboot_body_type = {.fields = power_fields,
                                            .n_fields = 1};

static gboolean
submit_power(VmcRequest *request,
             const char *kind,
             const VmcRecordType *type,
             GError **error)
{
    g_autoptr(VmcFleet) fleet = snapshot(request);
    g_autoptr(JsonObject) intent = json_object_new();
    VmcPowerBody body = {.force = NOT_SAID};

    if (!vmc_request_read_body(request, type, &body, error))
        return FALSE;
    if (body.force != NOT_SAID)
        json_object_set_boolean_member(intent, "force", body.force);
    if (body.timeout_s > 0)
        json_object_set_int_member(intent, "timeout_s", body.timeout_s);
    const VmcVm *vm = vmc_vm_route_find_managed(request, fleet, error);
    return vm != NULL &&
           vmc_job_reply_submit(request, kind, vm, intent, NULL, error);
}

gboolean
vmc_route_stop_vm(VmcRequest *request, GError **error)
{
    return submit_power(request, "stop", &vmc_stop_body_type, error);
}

gboolean
vmc_route_reboot_vm(VmcRequest *request, GError **error)
{
    return submit_power(request, "reboot", &vmc_reboot_body_type, error);
}

/* ---- coming and going ---------------------------------------------------- */

static gboolean
check_is_off(const VmcVm *vm, gboolean force, GError **error)
{
    if (force || (vm->state != VMC_VM_RUNNING && vm->state != VMC_VM_PAUSED))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                "VM '%s' is %s: stop it first, or delete it with "
                "--force",
                vm->name, vmc_vm_state_to_name(vm->state));
    return FALSE;
}

gboolean
vmc_route_delete_vm(VmcRequest *request, GError **error)
{
    g_autoptr(VmcFleet) fleet = snapshot(request);
    g_autoptr(JsonObject) intent = json_object_new();
    gboolean force = FALSE;

    if (!vmc_request_query_flag(request, "force", &force, error) ||
        !check_no_fields(request, error))
        return FALSE;
    const VmcVm *vm = vmc_vm_route_find_managed(request, fleet, error);
    if (vm == NULL || !check_is_off(vm, force, error))
        return FALSE;
    json_object_set_boolean_member(intent, "force", force);
    return vmc_job_reply_submit(request, "delete", vm, intent, NULL, error);
}

/* ---- a new name ---------------------------------------------------------- */

static const VmcField rename_fields[] = {
    VMC_BODY_FIELD(
        VmcRenameBody, name, STRING, .is_required = TRUE, .max = 4096),
};
const VmcRecordType vmc_rename_body_type = {
    .fields = rename_fields, .n_fields = G_N_ELEMENTS(rename_fields)};

static gboolean
check_stopped(const VmcVm *vm, GError **error)
{
    if (vm->state != VMC_VM_RUNNING && vm->state != VMC_VM_PAUSED)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                "VM '%s' is %s, and can only be renamed while it is shut off: "
                "stop it first",
                vm->name, vmc_vm_state_to_name(vm->state));
    return FALSE;
}

/* The new name is shown at once, so that nobody else takes it. */
static gboolean
submit_rename(VmcRequest *request,
              const VmcFleet *fleet,
              const char *name,
              GError **error)
{
    g_autoptr(JsonObject) intent = json_object_new();
    const VmcVm *vm = vmc_vm_route_find_managed(request, fleet, error);

    if (vm == NULL ||
        !vmc_fleet_check_name_free(fleet, name, vm->uuid, error) ||
        !check_stopped(vm, error))
        return FALSE;
    g_autoptr(VmcVm) renamed = vmc_vm_copy(vm);
    g_free(renamed->name);
    renamed->name = g_strdup(name);
    json_object_set_string_member(intent, "name", name);
    return vmc_job_reply_submit(request, "rename", vm, intent, renamed, error);
}

gboolean
vmc_route_rename_vm(VmcRequest *request, GError **error)
{
    g_autoptr(VmcFleet) fleet = snapshot(request);
    VmcRenameBody body = {0};
    gboolean ok =
        vmc_request_read_body(request, &vmc_rename_body_type, &body, error) &&
        submit_rename(request, fleet, body.name, error);

    vmc_body_clear(&vmc_rename_body_type, &body);
    return ok;
}

/* ---- found ones ---------------------------------------------------------- */

static const VmcField adopt_fields[] = {
    VMC_BODY_FIELD(VmcAdoptBody, service_class, STRING, .min = 1, .max = 63),
    VMC_BODY_FIELD(VmcAdoptBody, vcpus_max, UINT64, .min = 1, .max = MAX_VCPUS),
    VMC_BODY_FIELD(
        VmcAdoptBody, memory_max_bytes, UINT64, .min = 1, .max = G_MAXINT64),
};
const VmcRecordType vmc_adopt_body_type = {
    .fields = adopt_fields, .n_fields = G_N_ELEMENTS(adopt_fields)};

static gboolean
check_class(const char *service_class, GError **error)
{
    VmcFactors factors;

    if (service_class == NULL || vmc_factors_of_class(service_class, &factors))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "there is no service class '%s': use gold, silver or bronze",
                service_class);
    return FALSE;
}

static gboolean
check_adoptable(const VmcVm *vm, GError **error)
{
    if (vm->is_managed) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_EXISTS,
                    "VM '%s' is managed by vmctl already", vm->name);
        return FALSE;
    }
    if (vmc_vm_name_check(vm->name, error))
        return TRUE;
    g_prefix_error(error,
                   "domain '%s' cannot be adopted under its name; "
                   "rename it with virsh first: ",
                   vm->name);
    return FALSE;
}

static JsonObject *
make_adopt_intent(const VmcAdoptBody *body)
{
    JsonObject *intent = json_object_new();

    if (body->service_class != NULL)
        json_object_set_string_member(intent, "service_class",
                                      body->service_class);
    if (body->vcpus_max > 0)
        json_object_set_int_member(intent, "vcpus_max",
                                   (gint64) body->vcpus_max);
    if (body->memory_max_bytes > 0)
        json_object_set_int_member(intent, "memory_max_bytes",
                                   (gint64) body->memory_max_bytes);
    return intent;
}

gboolean
vmc_route_adopt_vm(VmcRequest *request, GError **error)
{
    g_autoptr(VmcFleet) fleet = snapshot(request);
    g_autoptr(JsonObject) intent = NULL;
    VmcAdoptBody body = {0};

    if (vmc_request_read_body(request, &vmc_adopt_body_type, &body, error) &&
        check_class(body.service_class, error))
        intent = make_adopt_intent(&body);
    vmc_body_clear(&vmc_adopt_body_type, &body);
    if (intent == NULL)
        return FALSE;
    const VmcVm *vm = vmc_vm_route_find(request, fleet, error);
    return vm != NULL && check_adoptable(vm, error) &&
           vmc_job_reply_submit(request, "adopt", vm, intent, NULL, error);
}
