/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/fleet-routes.h"

#include "core/fleet-json.h"

#define API_VERSION 1

gboolean
vmc_route_get_version(VmcRequest *request, GError **error)
{
    JsonObject *object = json_object_new();
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);

    json_object_set_string_member(object, "version", PACKAGE_VERSION);
    json_object_set_int_member(object, "api", API_VERSION);
    json_node_take_object(node, object);
    vmc_request_answer(request, SOUP_STATUS_OK, node);
    return TRUE;
}

static char *
make_fleet(VmcRequest *request, VmcFleet *fleet, GError **error)
{
    return vmc_fleet_to_text(fleet);
}

gboolean
vmc_route_get_fleet(VmcRequest *request, GError **error)
{
    vmc_request_answer_from_thread(request, make_fleet);
    return TRUE;
}
