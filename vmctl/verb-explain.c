/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "core/explain.h"
#include "core/planner/fleet-explain.h"
#include "vmctl/fleet-source.h"
#include "vmctl/verbs.h"

#include <stdio.h>

static VmcExplanation *
explain(const VmcFleet *fleet,
        const char *name,
        VmcFormat format,
        GError **error)
{
    const VmcExplainStyle style =
        format == VMC_FORMAT_TABLE ? VMC_EXPLAIN_ROUNDED : VMC_EXPLAIN_EXACT;
    VmcVm *vm = vmc_fleet_find_vm(fleet, name);
    VmcHost *host = vmc_fleet_find_host(fleet, name);

    if (vm != NULL && host != NULL)
        vmc_say("'%s' is a VM and a host; this is the VM", name);
    if (vm != NULL)
        return vmc_explain_vm(fleet, vm, style);
    if (host != NULL)
        return vmc_explain_host(fleet, host, style);
    g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                "there is neither a VM nor a host '%s'", name);
    return NULL;
}

/* ---- the forms ----------------------------------------------------------- */

/* The cells are words first, and what @flags say behind. */
static VmcTable *
table_of(const VmcExplanation *explanation, guint flags)
{
    VmcTable *table = vmc_table_new();

    for (guint i = 0; explanation->columns[i] != NULL; i++)
        vmc_table_add_column(table, explanation->columns[i], i > 0 ? flags : 0);
    for (guint i = 0; i < explanation->rows->len; i++) {
        GStrv row = g_ptr_array_index(explanation->rows, i);

        for (guint j = 0; row[j] != NULL; j++)
            vmc_table_add_cell(table, row[j], VMC_STYLE_NONE);
    }
    return table;
}

/* What is not known is null. */
static JsonArray *
array_of(GStrv texts)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; texts != NULL && texts[i] != NULL; i++)
        if (*texts[i] != '\0')
            json_array_add_string_element(array, texts[i]);
        else
            json_array_add_null_element(array);
    return array;
}

static void
print_json(const VmcExplanation *explanation)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();
    JsonArray *rows = json_array_new();

    json_node_take_object(node, object);
    json_object_set_string_member(object, "title", explanation->title);
    json_object_set_array_member(object, "columns",
                                 array_of(explanation->columns));
    for (guint i = 0; i < explanation->rows->len; i++)
        json_array_add_array_element(
            rows, array_of(g_ptr_array_index(explanation->rows, i)));
    json_object_set_array_member(object, "rows", rows);
    json_object_set_array_member(object, "notes", array_of(explanation->notes));
    vmc_output_json(node);
}

static void
print_people(const VmcOutput *output,
             const VmcExplanation *explanation,
             guint flags)
{
    g_autoptr(VmcTable) table = table_of(explanation, flags);

    if (output->format == VMC_FORMAT_TABLE)
        printf("%s\n\n", explanation->title);
    vmc_output_table(output, table);
    if (output->format == VMC_FORMAT_PLAIN || explanation->notes == NULL)
        return;
    vmc_output_gap(output);
    for (guint i = 0; explanation->notes[i] != NULL; i++)
        printf("%s\n", explanation->notes[i]);
}

static void
print(const VmcOutput *output, const VmcExplanation *explanation)
{
    if (output->format == VMC_FORMAT_JSON)
        print_json(explanation);
    else
        print_people(output, explanation, VMC_COLUMN_RIGHT);
}

/* What the planner thinks of the hosts for a VM goes behind the table of the
 * VM, for people only: it is a table of its own. */
static gboolean
print_moves(VmcInvocation *invocation,
            const VmcFleet *fleet,
            const VmcPolicy *policy,
            GError **error)
{
    const VmcVm *vm = vmc_fleet_find_vm(fleet, invocation->operands[0]);
    g_autoptr(VmcExplanation) moves = NULL;

    if (vm == NULL || invocation->output.format != VMC_FORMAT_TABLE)
        return TRUE;
    moves = vmc_fleet_explain_moves(fleet, policy, vm, error);
    if (moves == NULL)
        return FALSE;
    vmc_output_gap(&invocation->output);
    print_people(&invocation->output, moves, 0);
    return TRUE;
}

gboolean
vmc_verb_explain(VmcInvocation *invocation, GError **error)
{
    const char *name = invocation->operands[0];
    g_autoptr(VmcPolicy) policy = vmc_fleet_source_policy(invocation, error);
    g_autoptr(VmcFleet) fleet =
        policy != NULL ? vmc_fleet_source_load(invocation, error) : NULL;
    g_autoptr(VmcExplanation) explanation = NULL;

    if (fleet == NULL)
        return FALSE;
    explanation = name != NULL
                      ? explain(fleet, name, invocation->output.format, error)
                      : vmc_fleet_explain(fleet, policy, error);
    if (explanation == NULL)
        return FALSE;
    print(&invocation->output, explanation);
    return name == NULL || print_moves(invocation, fleet, policy, error);
}
