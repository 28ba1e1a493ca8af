/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/output.h"

#include "core/error.h"
#include "core/name-table.h"

#include <errno.h>
#include <stdio.h>

static const char *const format_names[VMC_N_FORMATS] = {
    [VMC_FORMAT_TABLE] = "table",
    [VMC_FORMAT_JSON] = "json",
    [VMC_FORMAT_PLAIN] = "plain",
};

const char *
vmc_format_to_name(VmcFormat format)
{
    g_return_val_if_fail(format < VMC_N_FORMATS, NULL);
    return format_names[format];
}

gboolean
vmc_format_from_name(const char *name, VmcFormat *ret_format)
{
    return vmc_names_find(format_names, name, ret_format);
}

/* ---- JSON ---------------------------------------------------------------- */

static void
print_json(JsonNode *node, gboolean indented)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autofree char *text = NULL;

    json_generator_set_root(generator, node);
    json_generator_set_pretty(generator, indented);
    text = json_generator_to_data(generator, NULL);
    fputs(text, stdout);
    fputc('\n', stdout);
}

void
vmc_output_json(JsonNode *node)
{
    print_json(node, TRUE);
}

void
vmc_output_json_line(JsonNode *node)
{
    print_json(node, FALSE);
}

GQuark
vmc_output_unread_quark(void)
{
    return g_quark_from_static_string("vmc-output-unread");
}

gboolean
vmc_output_flush(GError **error)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return TRUE;
    if (errno == EPIPE)
        g_set_error(error, VMC_OUTPUT_UNREAD, 0, "nobody reads stdout");
    else
        g_set_error(error, VMC_ERROR, VMC_ERROR_FAILED,
                    "cannot write to stdout%s%s", errno != 0 ? ": " : "",
                    errno != 0 ? g_strerror(errno) : "");
    return FALSE;
}

/* ---- tables -------------------------------------------------------------- */

void
vmc_output_table(const VmcOutput *output, const VmcTable *table)
{
    g_autofree char *text = NULL;

    if (output->format == VMC_FORMAT_PLAIN)
        text = vmc_table_format_plain(table);
    else
        text = vmc_table_format(table, output->table_flags);
    fputs(text, stdout);
}

static void
add_row(VmcTable *table, const VmcDatum *data, JsonObject *item, gboolean exact)
{
    for (const VmcDatum *datum = data; datum->title != NULL; datum++) {
        g_autofree char *text = vmc_datum_format(datum, item, exact);

        vmc_table_add_cell(table, text, vmc_datum_style(datum, text));
    }
}

static VmcTable *
table_of_array(JsonArray *array, const VmcDatum *data, gboolean exact)
{
    VmcTable *table = vmc_table_new();

    for (const VmcDatum *datum = data; datum->title != NULL; datum++)
        vmc_table_add_column(table, datum->title, datum->column_flags);
    for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
        JsonObject *item = vmc_json_array_object(array, i);

        if (item != NULL)
            add_row(table, data, item, exact);
    }
    return table;
}

void
vmc_output_list(const VmcOutput *output,
                JsonNode *answer,
                const char *member,
                const VmcDatum *data)
{
    g_autoptr(VmcTable) table = NULL;

    if (output->format == VMC_FORMAT_JSON) {
        vmc_output_json(answer);
        return;
    }
    table = table_of_array(vmc_json_array(json_node_get_object(answer), member),
                           data, output->format == VMC_FORMAT_PLAIN);
    vmc_output_table(output, table);
}

void
vmc_output_gap(const VmcOutput *output)
{
    if (output->format == VMC_FORMAT_TABLE)
        fputc('\n', stdout);
}

void
vmc_output_rows(const VmcOutput *output, JsonArray *array, const VmcDatum *data)
{
    g_autoptr(VmcTable) table = NULL;

    if (array == NULL || json_array_get_length(array) == 0)
        return;
    table = table_of_array(array, data, output->format == VMC_FORMAT_PLAIN);
    vmc_output_gap(output);
    vmc_output_table(output, table);
}

/* Titles of data are written for columns; beside a value they are quieter. */
static void
add_datum(VmcTable *table,
          const VmcDatum *datum,
          JsonObject *item,
          gboolean exact)
{
    g_autofree char *text = vmc_datum_format(datum, item, exact);
    g_autofree char *title = g_ascii_strdown(datum->title, -1);

    if (text == NULL || *text == '\0')
        return;
    vmc_table_add_cell(table, title, VMC_STYLE_DIM);
    vmc_table_add_cell(table, text, vmc_datum_style(datum, text));
}

void
vmc_output_item(const VmcOutput *output, JsonNode *item, const VmcDatum *data)
{
    g_autoptr(VmcTable) table = NULL;
    VmcOutput bare = *output;

    if (output->format == VMC_FORMAT_JSON) {
        vmc_output_json(item);
        return;
    }
    table = vmc_table_new();
    vmc_table_add_column(table, "", 0);
    vmc_table_add_column(table, "", 0);
    for (const VmcDatum *datum = data; datum->title != NULL; datum++)
        add_datum(table, datum, json_node_get_object(item),
                  output->format == VMC_FORMAT_PLAIN);
    bare.table_flags &= ~(guint) VMC_TABLE_LEGEND;
    vmc_output_table(&bare, table);
}
