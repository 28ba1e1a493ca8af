/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/template-routes.h"

#include "daemon/control/template-library.h"

static void
set_string(JsonObject *object, const char *name, const char *value)
{
    if (value != NULL)
        json_object_set_string_member(object, name, value);
}

/* A broken template has its error instead of what it would say. */
static JsonObject *
make_entry(const VmcTemplateEntry *entry)
{
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "name", entry->name);
    if (entry->tmpl != NULL) {
        set_string(object, "title", entry->tmpl->title);
        set_string(object, "description", entry->tmpl->description);
    } else {
        g_autofree char *error = g_utf8_make_valid(entry->error->message, -1);
        json_object_set_string_member(object, "error", error);
    }
    return object;
}

gboolean
vmc_route_list_templates(VmcRequest *request, GError **error)
{
    g_autoptr(GPtrArray) entries =
        vmc_template_library_list(vmc_request_api(request)->templates);
    JsonArray *templates = json_array_new();
    JsonObject *object = json_object_new();
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);

    for (guint i = 0; i < entries->len; i++)
        json_array_add_object_element(templates, make_entry(entries->pdata[i]));
    json_object_set_array_member(object, "templates", templates);
    json_node_take_object(node, object);
    vmc_request_answer(request, SOUP_STATUS_OK, node);
    return TRUE;
}

gboolean
vmc_route_get_template(VmcRequest *request, GError **error)
{
    const VmcTemplateEntry *entry =
        vmc_template_library_lookup(vmc_request_api(request)->templates,
                                    vmc_request_param(request, 0), error);

    if (entry == NULL)
        return FALSE;
    JsonObject *object = make_entry(entry);
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    set_string(object, "path", entry->path);
    if (entry->xml != NULL) {
        g_autofree char *xml = g_utf8_make_valid(entry->xml, -1);
        json_object_set_string_member(object, "xml", xml);
    }
    json_node_take_object(node, object);
    vmc_request_answer(request, SOUP_STATUS_OK, node);
    return TRUE;
}
