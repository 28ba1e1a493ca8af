/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

/*
 * Structs as JSON objects, by a table of their fields: one table both writes
 * and reads, so that the two cannot drift apart. Reading refuses what it does
 * not know, and its errors begin with the path of what is wrong, as
 * "size.memory_bytes: ".
 */

/**
 * VmcFieldKind:
 * @VMC_FIELD_STRING: char *; %NULL is left out, and null is read as that
 * @VMC_FIELD_BOOLEAN: gboolean
 * @VMC_FIELD_INT64: gint64
 * @VMC_FIELD_UINT: guint
 * @VMC_FIELD_UINT64: guint64, at most %G_MAXINT64; a larger one, which only a
 *   saturated sum can be, is written as that
 * @VMC_FIELD_STRV: GStrv; %NULL is written as an empty array
 * @VMC_FIELD_STRING_MAP: GHashTable of strings by strings, an object; %NULL is
 *   left out
 * @VMC_FIELD_ENUM: an enum; detail: #VmcEnumNames
 * @VMC_FIELD_RECORD: a struct within the struct; detail: #VmcRecordType
 * @VMC_FIELD_RECORDS: GPtrArray of structs; detail: #VmcRecordType
 */
typedef enum {
    VMC_FIELD_STRING,
    VMC_FIELD_BOOLEAN,
    VMC_FIELD_INT64,
    VMC_FIELD_UINT,
    VMC_FIELD_UINT64,
    VMC_FIELD_STRV,
    VMC_FIELD_STRING_MAP,
    VMC_FIELD_ENUM,
    VMC_FIELD_RECORD,
    VMC_FIELD_RECORDS,
} VmcFieldKind;

/**
 * VmcField:
 * @name: name of the JSON member
 * @kind: what it is
 * @offset: where it stands in the struct
 * @is_required: reading refuses an object without it; else what the struct
 *   held before stays
 * @detail: (nullable): by @kind
 * @min: the least a number may be, or the bytes of a string, when it is read
 * @max: the most; or the most entries of an array or map; 0 for what the type
 *   holds
 */
typedef struct {
    const char *name;
    VmcFieldKind kind;
    gsize offset;
    gboolean is_required;
    gconstpointer detail;
    gint64 min;
    gint64 max;
} VmcField;

/**
 * VMC_FIELD:
 *
 * A #VmcField whose JSON member is called as the member of the struct.
 */
#define VMC_FIELD(type, member, kind, ...)                                     \
    {                                                                          \
#member, VMC_FIELD_##kind, G_STRUCT_OFFSET(type, member), __VA_ARGS__  \
    }
#define VMC_FIELD_REQUIRED .is_required = TRUE
#define VMC_FIELD_DETAIL(what) .detail = &(what)

/**
 * VmcRecordType:
 * @fields: the fields, in the order they are written
 * @n_fields: how many
 * @element_new: (nullable): makes an empty element of an array of these
 * @element_free: (nullable): frees one
 * @omits: (nullable): whether a field of a record says nothing and is left out
 * @finish: (nullable): checks a record that was read from an object, and sets
 *   what follows from it; its errors begin with ".member: " or ": "
 */
typedef struct {
    const VmcField *fields;
    gsize n_fields;
    gpointer (*element_new)(void);
    GDestroyNotify element_free;
    gboolean (*omits)(const VmcField *field, gconstpointer record);
    gboolean (*finish)(gpointer record, JsonObject *object, GError **error);
} VmcRecordType;

/**
 * VMC_RECORD_TYPE:
 *
 * A #VmcRecordType from the array of its fields, and its other members.
 */
#define VMC_RECORD_TYPE(fields, ...)                                           \
    {                                                                          \
        fields, G_N_ELEMENTS(fields), __VA_ARGS__                              \
    }

/**
 * VmcEnumNames:
 * @n_values: the values are 0 … @n_values − 1
 * @to_name: name of a value
 */
typedef struct {
    guint n_values;
    const char *(*to_name)(guint value);
} VmcEnumNames;

/**
 * VmcFields:
 *
 * Some fields of a #VmcRecordType, which then has at most 64.
 */
typedef guint64 VmcFields;
#define VMC_FIELDS_ALL G_MAXUINT64
#define VMC_FIELDS_AT(index) (G_GUINT64_CONSTANT(1) << (index))

/**
 * vmc_record_choose_fields:
 * @type: its fields
 * @names: names of some, with commas between them
 * @ret_fields: (out): those
 * @error: %VMC_ERROR_INVALID when there is no such field
 *
 * Returns: whether @ret_fields was set
 */
gboolean vmc_record_choose_fields(const VmcRecordType *type,
                                  const char *names,
                                  VmcFields *ret_fields,
                                  GError **error);

/**
 * vmc_record_print:
 * @text: what it is appended to
 * @type: its fields
 * @record: a struct
 * @fields: which of them
 *
 * Appends @record as a JSON object on one line. Beside building nodes of
 * json-glib and printing these, it takes a tenth of time and memory.
 */
void vmc_record_print(GString *text,
                      const VmcRecordType *type,
                      gconstpointer record,
                      VmcFields fields);

/* (transfer full): the text of all its fields */
char *vmc_record_to_text(const VmcRecordType *type, gconstpointer record);

/**
 * vmc_record_to_json:
 * @type: its fields
 * @record: a struct
 *
 * For who builds a larger document; others print.
 *
 * Returns: (transfer full): @record as a JSON object
 */
JsonNode *vmc_record_to_json(const VmcRecordType *type, gconstpointer record);

/**
 * vmc_record_from_json:
 * @type: its fields
 * @node: what should be such an object
 * @record: (inout): a valid struct, whose fields are replaced by those of
 *   @node; after an error it has some of them, and can only be freed
 * @error: %VMC_ERROR_INVALID that begins with the path of what is wrong
 *
 * Returns: whether @node is an object of @type
 */
gboolean vmc_record_from_json(const VmcRecordType *type,
                              JsonNode *node,
                              gpointer record,
                              GError **error);
