/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/candidates.h"

#include "core/error.h"

/* What a host that is refused would have left was not worked out. */
static char *
format_room(const VmcDatum *datum, JsonObject *candidate, gboolean exact)
{
    const char *verdict = vmc_json_text(candidate, "verdict");
    VmcDatum plain = *datum;

    plain.func = NULL;
    if (!exact && g_strcmp0(verdict, "refused") == 0)
        return NULL;
    return vmc_datum_format(&plain, candidate, exact);
}

static const VmcDatum data[] = {
    {"HOST", "host", VMC_DATUM_TEXT, 0, NULL},
    {"VERDICT", "verdict", VMC_DATUM_STATE, 0, NULL},
    {"ROOM-LEFT", "score_milli", VMC_DATUM_PERMILLE, VMC_COLUMN_RIGHT,
     format_room},
    {"REASON", "reason", VMC_DATUM_TEXT, 0, NULL},
    {NULL},
};

static void
print(const VmcOutput *output, JsonNode *answer, JsonNode *placement)
{
    if (output->format == VMC_FORMAT_JSON || placement == NULL ||
        !JSON_NODE_HOLDS_OBJECT(placement))
        vmc_output_json(answer);
    else
        vmc_output_list(output, placement, "candidates", data);
}

gboolean
vmc_candidates_ask(VmcInvocation *invocation,
                   char *path,
                   JsonObject *body,
                   GError **error)
{
    g_autoptr(JsonNode) answer =
        vmc_invocation_post(invocation, path, body, error);

    if (answer == NULL)
        return FALSE;
    JsonObject *object = json_node_get_object(answer);
    print(&invocation->output, answer, vmc_json_find(object, "placement"));
    if (vmc_json_text(object, "placement.host") != NULL)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                "no host can take it: each has its reason above");
    return FALSE;
}
