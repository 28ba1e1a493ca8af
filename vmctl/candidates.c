/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/candidates.h"

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

void
vmc_candidates_print(const VmcOutput *output, JsonNode *answer)
{
    JsonNode *placement =
        vmc_json_find(json_node_get_object(answer), "placement");

    if (output->format == VMC_FORMAT_JSON || placement == NULL ||
        !JSON_NODE_HOLDS_OBJECT(placement))
        vmc_output_json(answer);
    else
        vmc_output_list(output, placement, "candidates", data);
}

const char *
vmc_candidates_chosen(JsonNode *answer)
{
    return vmc_json_text(json_node_get_object(answer), "placement.host");
}
