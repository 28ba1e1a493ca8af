/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vmctl/datum.h"
#include "vmctl/table.h"

/*
 * Data on stdout, in the form that was asked for.
 */

typedef enum {
    VMC_FORMAT_TABLE,
    VMC_FORMAT_JSON,
    VMC_FORMAT_PLAIN,
    VMC_N_FORMATS
} VmcFormat;

const char *vmc_format_to_name(VmcFormat format);
gboolean vmc_format_from_name(const char *name, VmcFormat *ret_format);

/**
 * VmcOutput:
 * @format: tables for people, JSON for programs, tabs for scripts
 * @table_flags: of #VmcTableFlags
 */
typedef struct {
    VmcFormat format;
    guint table_flags;
} VmcOutput;

/**
 * vmc_output_list:
 * @output: how
 * @answer: an answer of the API
 * @member: its member that is an array of objects
 * @data: the columns
 *
 * One row per object. As JSON: the answer as it is.
 */
void vmc_output_list(const VmcOutput *output,
                     JsonNode *answer,
                     const char *member,
                     const VmcDatum *data);

/**
 * vmc_output_item:
 * @output: how
 * @item: an object
 * @data: its data, in order
 *
 * One row per datum that is there: title and value. As JSON: the object.
 */
void vmc_output_item(const VmcOutput *output,
                     JsonNode *item,
                     const VmcDatum *data);

/**
 * vmc_output_rows:
 * @output: how; not JSON
 * @array: (nullable): an array of objects
 * @data: the columns
 *
 * A further table behind something else; nothing when @array is empty.
 */
void vmc_output_rows(const VmcOutput *output,
                     JsonArray *array,
                     const VmcDatum *data);

/**
 * vmc_output_gap:
 * @output: how; not JSON
 *
 * A blank line between two tables for people.
 */
void vmc_output_gap(const VmcOutput *output);

/**
 * vmc_output_table:
 * @output: how; not JSON
 * @table: a table
 */
void vmc_output_table(const VmcOutput *output, const VmcTable *table);

/**
 * vmc_output_json:
 * @node: any JSON
 *
 * Indented, with a line end.
 */
void vmc_output_json(JsonNode *node);

/**
 * vmc_output_json_line:
 * @node: any JSON
 *
 * On one line: for streams.
 */
void vmc_output_json_line(JsonNode *node);

/**
 * VMC_OUTPUT_UNREAD:
 *
 * The domain of an error that is not worth a word: who reads stdout has seen
 * enough, as 'head', and is gone.
 */
#define VMC_OUTPUT_UNREAD (vmc_output_unread_quark())
GQuark vmc_output_unread_quark(void);

/**
 * vmc_output_flush:
 * @error: return location for a #GError
 *
 * Writes what is still held back.
 *
 * Returns: %FALSE when something that was printed did not get out
 */
gboolean vmc_output_flush(GError **error);
