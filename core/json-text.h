/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* No document of ours nests deeper than this. */
#define VMC_JSON_MAX_DEPTH 32

/**
 * vmc_json_parse:
 * @text: JSON text from outside
 * @length: its length in bytes, or -1 when it ends with a NUL
 * @max_bytes: the most it may be
 * @error: %VMC_ERROR_INVALID with the line when it is not JSON in UTF-8, or
 *   has a whole number beyond 64 bits; %VMC_ERROR_TOO_LARGE beyond @max_bytes
 * or %VMC_JSON_MAX_DEPTH levels
 *
 * The one way text from outside gets to json-glib, whose own parser takes much
 * that is not JSON, and recurses.
 *
 * Returns: (transfer full): the document
 */
JsonNode *vmc_json_parse(const char *text,
                         gssize length,
                         gsize max_bytes,
                         GError **error);

/**
 * vmc_json_print_string:
 * @text: what it is appended to
 * @value: (nullable): a string; what is no UTF-8 in it is replaced
 *
 * Appends @value as JSON, in quotes; %NULL as null.
 */
void vmc_json_print_string(GString *text, const char *value);

/**
 * vmc_json_print:
 * @node: a document
 *
 * Returns: (transfer full): its text, on one line
 */
char *vmc_json_print(JsonNode *node);
