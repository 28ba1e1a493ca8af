/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/units.h"
#include "vmctl/sizes.h"
#include "vmctl/verbs.h"

/* ---- cells --------------------------------------------------------------- */

static const char *
arrow(void)
{
    return g_get_charset(NULL) ? "→" : "->";
}

static char *
format_place(const VmcDatum *datum, JsonObject *vm, gboolean exact)
{
    const char *host = vmc_json_text(vm, "host");
    const char *destination = vmc_json_text(vm, "destination");

    if (host == NULL || destination == NULL || exact)
        return g_strdup(host);
    return g_strconcat(host, arrow(), destination, NULL);
}

/* What was asked for; for people also what is there, while that differs. */
static char *
format_requested(const VmcDatum *datum, JsonObject *vm, gboolean exact)
{
    g_autofree char *requested_path =
        g_strconcat(datum->path, ".requested", NULL);
    g_autofree char *plugged_path = g_strconcat(datum->path, ".plugged", NULL);
    VmcDatum part = {datum->title, requested_path, datum->kind, 0, NULL};
    g_autofree char *requested = vmc_datum_format(&part, vm, exact);
    g_autofree char *plugged = NULL;

    if (exact || vmc_json_number(vm, plugged_path) == 0)
        return g_steal_pointer(&requested);
    part.path = plugged_path;
    plugged = vmc_datum_format(&part, vm, exact);
    if (g_strcmp0(plugged, requested) == 0)
        return g_steal_pointer(&requested);
    return g_strconcat(plugged, arrow(), requested, NULL);
}

static char *
format_template(const VmcDatum *datum, JsonObject *vm, gboolean exact)
{
    if (!exact && !vmc_json_flag(vm, "is_managed"))
        return g_strdup("(not managed)");
    return g_strdup(vmc_json_text(vm, "template_name"));
}

/* What exactly is a sentence or two: more than a line of a table has room for.
 */
static char *
format_pending(const VmcDatum *datum, JsonObject *vm, gboolean exact)
{
    const char *pending = vmc_json_text(vm, datum->path);

    return g_strdup(pending != NULL && !exact ? "yes" : pending);
}

static char *
format_if_known(const VmcDatum *datum, JsonObject *vm, gboolean exact)
{
    VmcDatum plain = *datum;

    plain.func = NULL;
    return vmc_json_number(vm, datum->path) > 0
               ? vmc_datum_format(&plain, vm, exact)
               : NULL;
}

/* ---- list ---------------------------------------------------------------- */

static const VmcDatum list_data[] = {
    {"NAME", "name", VMC_DATUM_TEXT, 0, NULL},
    {"HOST", "host", VMC_DATUM_TEXT, 0, format_place},
    {"STATE", "state", VMC_DATUM_STATE, 0, NULL},
    {"VCPUS", "vcpus", VMC_DATUM_COUNT, VMC_COLUMN_RIGHT, format_requested},
    {"MEMORY", "memory_bytes", VMC_DATUM_BYTES, VMC_COLUMN_RIGHT,
     format_requested},
    {"TEMPLATE", "template_name", VMC_DATUM_TEXT, 0, format_template},
    {"PENDING", "pending", VMC_DATUM_TEXT, VMC_COLUMN_OPTIONAL, format_pending},
    {"MANAGED", "is_managed", VMC_DATUM_YES_NO, VMC_COLUMN_SCRIPTS, NULL},
    {"UUID", "uuid", VMC_DATUM_TEXT, VMC_COLUMN_SCRIPTS, NULL},
    {NULL},
};

/* What the table above needs: of a large fleet all that is known is long. */
#define LIST_FIELDS                                                            \
    "uuid,name,host,destination,state,is_managed,template_name,vcpus,"         \
    "memory_bytes,pending"

static char *
list_path(VmcInvocation *invocation)
{
    const char *host = vmc_invocation_option(invocation, "host");
    gboolean wants_all = invocation->output.format == VMC_FORMAT_JSON;
    g_autofree char *escaped =
        host != NULL ? g_uri_escape_string(host, NULL, FALSE) : NULL;

    return g_strconcat("/v1/vms", wants_all ? "?" : "?fields=" LIST_FIELDS "&",
                       escaped != NULL ? "host=" : NULL, escaped, NULL);
}

gboolean
vmc_verb_list(VmcInvocation *invocation, GError **error)
{
    g_autoptr(JsonNode) answer =
        vmc_invocation_get(invocation, list_path(invocation), error);

    if (answer == NULL)
        return FALSE;
    vmc_output_list(&invocation->output, answer, "vms", list_data);
    return TRUE;
}

/* ---- show ---------------------------------------------------------------- */

static const VmcDatum show_data[] = {
    {"NAME", "name", VMC_DATUM_TEXT, 0, NULL},
    {"UUID", "uuid", VMC_DATUM_TEXT, 0, NULL},
    {"STATE", "state", VMC_DATUM_STATE, 0, NULL},
    {"REASON", "state_reason", VMC_DATUM_TEXT, 0, NULL},
    {"SINCE", "state_since_s", VMC_DATUM_TIME, 0, NULL},
    {"HOST", "host", VMC_DATUM_TEXT, 0, NULL},
    {"MOVES-TO", "destination", VMC_DATUM_TEXT, 0, NULL},
    {"MANAGED", "is_managed", VMC_DATUM_YES_NO, 0, NULL},
    {"TEMPLATE", "template_name", VMC_DATUM_TEXT, 0, NULL},
    {"CLASS", "service_class", VMC_DATUM_TEXT, 0, NULL},
    {"DISK", "size.disk_bytes", VMC_DATUM_BYTES, 0, format_if_known},
    {"NETWORK", "size.network_bits_per_s", VMC_DATUM_RATE, 0, format_if_known},
    {"RESIDENT", "resident_bytes", VMC_DATUM_BYTES, 0, format_if_known},
    {"PENDING", "pending", VMC_DATUM_TEXT, 0, NULL},
    {NULL},
};

gboolean
vmc_verb_show(VmcInvocation *invocation, GError **error)
{
    const VmcOutput *output = &invocation->output;
    g_autoptr(JsonNode) vm = vmc_invocation_get(
        invocation, vmc_client_path("vms", invocation->operands[0], NULL),
        error);

    if (vm == NULL)
        return FALSE;
    vmc_output_item(output, vm, show_data);
    if (output->format == VMC_FORMAT_JSON)
        return TRUE;
    vmc_output_gap(output);
    vmc_sizes_print(output, json_node_get_object(vm));
    return TRUE;
}
