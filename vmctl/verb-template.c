/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/template-checker.h"
#include "vmctl/verbs.h"

#include <stdio.h>

static const VmcDatum list_data[] = {
    {"NAME", "name", VMC_DATUM_TEXT, 0, NULL},
    {"TITLE", "title", VMC_DATUM_TEXT, 0, NULL},
    {"PROBLEM", "error", VMC_DATUM_TEXT, VMC_COLUMN_OPTIONAL, NULL},
    {"DESCRIPTION", "description", VMC_DATUM_TEXT, VMC_COLUMN_SCRIPTS, NULL},
    {NULL},
};

gboolean
vmc_verb_template_list(VmcInvocation *invocation, GError **error)
{
    g_autoptr(JsonNode) answer = vmc_invocation_get(
        invocation, vmc_client_path("templates", NULL), error);

    if (answer == NULL)
        return FALSE;
    vmc_output_list(&invocation->output, answer, "templates", list_data);
    return TRUE;
}

/* A template is its text: that is what is shown. */
gboolean
vmc_verb_template_show(VmcInvocation *invocation, GError **error)
{
    g_autoptr(JsonNode) answer = vmc_invocation_get(
        invocation, vmc_client_path("templates", invocation->operands[0], NULL),
        error);
    const char *xml = NULL;
    const char *path = NULL;

    if (answer == NULL)
        return FALSE;
    if (invocation->output.format == VMC_FORMAT_JSON) {
        vmc_output_json(answer);
        return TRUE;
    }
    xml = vmc_json_text(json_node_get_object(answer), "xml");
    path = vmc_json_text(json_node_get_object(answer), "path");
    if (path != NULL)
        vmc_say("template '%s' is '%s'", invocation->operands[0], path);
    fputs(xml ? xml : "", stdout);
    return TRUE;
}

/* ---- check --------------------------------------------------------------- */

static void
add_range(JsonObject *object,
          const char *name,
          const VmcRange *range,
          guint64 divisor)
{
    JsonObject *member = json_object_new();

    json_object_set_int_member(member, "min", (gint64) (range->min / divisor));
    json_object_set_int_member(member, "initial",
                               (gint64) (range->initial / divisor));
    json_object_set_int_member(member, "max", (gint64) (range->max / divisor));
    json_object_set_object_member(object, name, member);
}

static JsonNode *
summary_of(const VmcTemplate *tmpl)
{
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();
    JsonArray *overridable = json_array_new();

    json_node_take_object(node, object);
    json_object_set_string_member(object, "name", tmpl->name);
    json_object_set_string_member(object, "title", tmpl->title);
    json_object_set_string_member(object, "class", tmpl->service_class);
    add_range(object, "vcpus", &tmpl->cpu, 1000);
    add_range(object, "memory_bytes", &tmpl->memory, 1);
    json_object_set_int_member(
        object, "disk_bytes",
        (gint64) vmc_template_size(tmpl).amount[VMC_DISK]);
    for (guint i = 0; tmpl->overridable[i] != NULL; i++)
        json_array_add_string_element(overridable, tmpl->overridable[i]);
    json_object_set_array_member(object, "overridable", overridable);
    return node;
}

/* "1 … 2 … 8": the least, what it starts with, the most. */
static char *
format_range(const VmcDatum *datum, JsonObject *item, gboolean exact)
{
    static const char *const ends[] = {"min", "initial", "max"};
    char *texts[G_N_ELEMENTS(ends) + 1] = {NULL};
    char *joined = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *path = g_strconcat(datum->path, ".", ends[i], NULL);
        VmcDatum part = {datum->title, path, datum->kind, 0, NULL};

        texts[i] = vmc_datum_format(&part, item, exact);
    }
    joined =
        g_strjoin(exact ? ".." : " .. ", texts[0], texts[1], texts[2], NULL);
    for (guint i = 0; i < G_N_ELEMENTS(ends); i++)
        g_free(texts[i]);
    return joined;
}

static const VmcDatum check_data[] = {
    {"TEMPLATE", "name", VMC_DATUM_TEXT, 0, NULL},
    {"TITLE", "title", VMC_DATUM_TEXT, 0, NULL},
    {"CLASS", "class", VMC_DATUM_TEXT, 0, NULL},
    {"VCPUS", "vcpus", VMC_DATUM_COUNT, 0, format_range},
    {"MEMORY", "memory_bytes", VMC_DATUM_BYTES, 0, format_range},
    {"DISK", "disk_bytes", VMC_DATUM_BYTES, 0, NULL},
    {"OVERRIDABLE", "overridable", VMC_DATUM_LIST, 0, NULL},
    {NULL},
};

gboolean
vmc_verb_template_check(VmcInvocation *invocation, GError **error)
{
    g_autoptr(VmcTemplate) tmpl = vmc_template_checker_load(
        invocation->operands[0],
        vmc_invocation_values(invocation, "template-dir"), error);
    g_autoptr(JsonNode) summary = NULL;

    if (tmpl == NULL)
        return FALSE;
    summary = summary_of(tmpl);
    vmc_output_item(&invocation->output, summary, check_data);
    return TRUE;
}
