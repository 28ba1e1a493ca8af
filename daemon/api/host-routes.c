/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/host-routes.h"

#include "core/error.h"
#include "core/fleet-json.h"
#include "core/json-text.h"
#include "daemon/api/body.h"
#include "daemon/control/admission.h"

#define MAX_URI_BYTES 1024
#define MAX_LABELS 64

/* ---- reading ------------------------------------------------------------- */

/* A host with what its VMs use of it. */
static JsonNode *
make_host(const VmcFleet *fleet, const VmcHost *host)
{
    const VmcHostUse use = vmc_fleet_host_use(fleet, host->name);
    JsonNode *node = vmc_host_to_json(host);
    JsonObject *object = json_node_get_object(node);
    JsonObject *use_object = json_object_new();

    json_object_set_member(use_object, "size", vmc_resources_to_json(use.size));
    json_object_set_member(use_object, "claim",
                           vmc_resources_to_json(use.claim));
    json_object_set_int_member(use_object, "n_vms", use.n_vms);
    json_object_set_object_member(object, "use", use_object);
    json_object_set_member(object, "capacity",
                           vmc_resources_to_json(vmc_host_capacity(host)));
    return node;
}

static char *
make_hosts(VmcRequest *request, VmcFleet *fleet, GError **error)
{
    JsonArray *hosts = json_array_new();
    JsonObject *object = json_object_new();
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);

    for (guint i = 0; i < vmc_fleet_n_hosts(fleet); i++)
        json_array_add_element(hosts,
                               make_host(fleet, vmc_fleet_host_at(fleet, i)));
    json_object_set_array_member(object, "hosts", hosts);
    json_node_take_object(node, object);
    return vmc_json_print(node);
}

gboolean
vmc_route_list_hosts(VmcRequest *request, GError **error)
{
    vmc_request_answer_from_thread(request, make_hosts);
    return TRUE;
}

gboolean
vmc_route_get_host(VmcRequest *request, GError **error)
{
    const char *name = vmc_request_param(request, 0);
    g_autoptr(VmcFleet) fleet =
        vmc_live_fleet_snapshot(vmc_request_api(request)->live_fleet);
    const VmcHost *host = vmc_fleet_find_host(fleet, name);

    if (host == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "there is no host '%s'", name);
        return FALSE;
    }
    vmc_request_answer(request, SOUP_STATUS_OK, make_host(fleet, host));
    return TRUE;
}

/* ---- adding -------------------------------------------------------------- */

static const VmcField fields[] = {
    VMC_BODY_FIELD(VmcHostBody, name, STRING, .is_required = TRUE, .max = 255),
    VMC_BODY_FIELD(VmcHostBody,
                   uri,
                   STRING,
                   .is_required = TRUE,
                   .min = 1,
                   .max = MAX_URI_BYTES),
    VMC_BODY_FIELD(
        VmcHostBody, migration_uri, STRING, .min = 1, .max = MAX_URI_BYTES),
    VMC_BODY_FIELD(VmcHostBody, domain_type, STRING, .min = 1, .max = 63),
    VMC_BODY_FIELD(VmcHostBody, labels, STRV, .max = MAX_LABELS),
    VMC_BODY_FIELD(
        VmcHostBody, reserved, RECORD, .detail = &vmc_resources_type),
    VMC_BODY_FIELD(
        VmcHostBody, ceiling_milli, RECORD, .detail = &vmc_ceiling_type),
};

const VmcRecordType vmc_host_body_type = {.fields = fields,
                                          .n_fields = G_N_ELEMENTS(fields)};

static gboolean
check_domain_type(const char *type, GError **error)
{
    if (type == NULL || g_str_equal(type, "kvm") || g_str_equal(type, "qemu"))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "'domain_type' is '%s': use 'kvm' or 'qemu'", type);
    return FALSE;
}

static VmcHost *
host_from_body(const VmcHostBody *body, GError **error)
{
    if (!vmc_vm_name_check(body->name, error) ||
        !check_domain_type(body->domain_type, error))
        return NULL;
    VmcHost *host = vmc_host_new(body->name, body->uri);
    host->migration_uri = g_strdup(body->migration_uri);
    host->domain_type = g_strdup(body->domain_type);
    g_strfreev(host->labels);
    host->labels =
        body->labels != NULL ? g_strdupv(body->labels) : g_new0(char *, 1);
    host->reserved = body->reserved;
    host->ceiling_milli = body->ceiling_milli;
    return host;
}

static void
on_added(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(VmcRequest) request = user_data;
    const VmcApi *api = vmc_request_api(request);
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcHost) host =
        vmc_admission_add_host_finish(api->admission, result, &error);

    if (host == NULL) {
        vmc_request_fail(request, error);
        return;
    }
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(api->live_fleet);
    vmc_request_answer(request, SOUP_STATUS_CREATED, make_host(fleet, host));
}

gboolean
vmc_route_add_host(VmcRequest *request, GError **error)
{
    const VmcApi *api = vmc_request_api(request);
    VmcHostBody body = {.reserved = api->settings->reserved,
                        .ceiling_milli = api->settings->ceiling_milli};
    g_autoptr(VmcHost) host = NULL;

    if (vmc_request_read_body(request, &vmc_host_body_type, &body, error))
        host = host_from_body(&body, error);
    vmc_body_clear(&vmc_host_body_type, &body);
    if (host == NULL)
        return FALSE;
    vmc_admission_add_host_async(api->admission, host,
                                 vmc_request_cancellable(request), on_added,
                                 vmc_request_ref(request));
    return TRUE;
}

/* ---- removing ------------------------------------------------------------ */

static void
on_removed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(VmcRequest) request = user_data;
    const VmcApi *api = vmc_request_api(request);
    g_autoptr(GError) error = NULL;

    if (vmc_admission_remove_host_finish(api->admission, result, &error))
        vmc_request_answer_nothing(request);
    else
        vmc_request_fail(request, error);
}

gboolean
vmc_route_remove_host(VmcRequest *request, GError **error)
{
    vmc_admission_remove_host_async(vmc_request_api(request)->admission,
                                    vmc_request_param(request, 0), on_removed,
                                    vmc_request_ref(request));
    return TRUE;
}
