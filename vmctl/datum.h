/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "vmctl/terminal.h"

/*
 * One datum of a JSON object and how it is shown. vmctl reads the daemon's
 * answers member by member and passes over what it does not know, so that an
 * older vmctl can talk to a newer vmctld.
 */

typedef enum {
    VMC_DATUM_TEXT,
    VMC_DATUM_COUNT,      /* a whole number */
    VMC_DATUM_BYTES,      /* people: "4GiB"; scripts: bytes */
    VMC_DATUM_MILLICORES, /* people: "2.5"; scripts: thousandths */
    VMC_DATUM_RATE,       /* people: "1Gbit/s"; scripts: bit/s */
    VMC_DATUM_TIME,       /* people: local time; scripts: seconds of epoch */
    VMC_DATUM_PERMILLE,   /* people: "35%"; scripts: thousandths */
    VMC_DATUM_YES_NO,
    VMC_DATUM_LIST,  /* an array of strings */
    VMC_DATUM_STATE, /* text with a colour */
    VMC_N_DATUM_KINDS
} VmcDatumKind;

typedef struct _VmcDatum VmcDatum;

/**
 * VmcDatumFunc:
 * @datum: the datum
 * @item: the object
 * @exact: for scripts; else for people
 *
 * Returns: (transfer full) (nullable): what the cell says
 */
typedef char *(*VmcDatumFunc)(const VmcDatum *datum,
                              JsonObject *item,
                              gboolean exact);

/**
 * VmcDatum:
 * @title: its title
 * @path: where it is, as "memory_bytes.usable"
 * @kind: what it is
 * @column_flags: of #VmcTableColumnFlags
 * @func: (nullable): makes the text instead, from what @path and @kind cannot
 *   say
 *
 * Arrays of data end with one that has no @title.
 */
struct _VmcDatum {
    const char *title;
    const char *path;
    VmcDatumKind kind;
    guint column_flags;
    VmcDatumFunc func;
};

/**
 * vmc_json_find:
 * @object: an object
 * @path: names of members with dots between
 *
 * Returns: (transfer none) (nullable): the node there; %NULL when there is none
 * or it is null
 */
JsonNode *vmc_json_find(JsonObject *object, const char *path);

/**
 * vmc_json_text:
 * @object: an object
 * @path: as vmc_json_find()
 *
 * Returns: (transfer none) (nullable): the string there
 */
const char *vmc_json_text(JsonObject *object, const char *path);

/**
 * vmc_json_number:
 * @object: an object
 * @path: as vmc_json_find()
 *
 * Returns: the whole number there, 0 when there is none
 */
gint64 vmc_json_number(JsonObject *object, const char *path);

/**
 * vmc_json_flag:
 * @object: an object
 * @path: as vmc_json_find()
 *
 * Returns: whether true stands there
 */
gboolean vmc_json_flag(JsonObject *object, const char *path);

/**
 * vmc_json_object:
 * @object: an object
 * @path: as vmc_json_find()
 *
 * Returns: (transfer none) (nullable): the object there
 */
JsonObject *vmc_json_object(JsonObject *object, const char *path);

/**
 * vmc_json_array:
 * @object: an object
 * @path: as vmc_json_find()
 *
 * Returns: (transfer none) (nullable): the array there
 */
JsonArray *vmc_json_array(JsonObject *object, const char *path);

/**
 * vmc_json_array_object:
 * @array: an array
 * @index: below its length
 *
 * Returns: (transfer none) (nullable): the object there
 */
JsonObject *vmc_json_array_object(JsonArray *array, guint index);

/**
 * vmc_datum_format:
 * @datum: a datum
 * @item: the object it is read from
 * @exact: %TRUE for scripts, %FALSE for people
 *
 * Returns: (transfer full) (nullable): its text; %NULL when @item has none
 */
char *vmc_datum_format(const VmcDatum *datum, JsonObject *item, gboolean exact);

/**
 * vmc_datum_style:
 * @datum: a datum
 * @text: (nullable): its text
 *
 * Returns: how it is shown: states are coloured by how good they are
 */
VmcStyle vmc_datum_style(const VmcDatum *datum, const char *text);
