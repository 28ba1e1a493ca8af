/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/body.h"

#include "core/json-text.h"

gboolean
vmc_body_read(const char *text,
              gsize length,
              const VmcRecordType *type,
              gpointer target,
              GError **error)
{
    g_autoptr(JsonNode) node =
        length == 0 ? vmc_json_parse("{}", -1, 2, error)
                    : vmc_json_parse(text, (gssize) length, length, error);

    /* a body without members needs no place, but the reader wants one */
    guint8 nowhere = 0;

    if (node != NULL &&
        vmc_record_from_json(type, node, target != NULL ? target : &nowhere,
                             error))
        return TRUE;
    g_prefix_error(error, "the request body: ");
    return FALSE;
}

static void
clear_field(const VmcField *field, gpointer at)
{
    switch (field->kind) {
    case VMC_FIELD_STRING:
        g_clear_pointer((char **) at, g_free);
        break;
    case VMC_FIELD_STRV:
        g_clear_pointer((GStrv *) at, g_strfreev);
        break;
    case VMC_FIELD_STRING_MAP:
        g_clear_pointer((GHashTable **) at, g_hash_table_unref);
        break;
    case VMC_FIELD_RECORD:
        vmc_body_clear(field->detail, at);
        break;
    case VMC_FIELD_RECORDS:
        g_clear_pointer((GPtrArray **) at, g_ptr_array_unref);
        break;
    case VMC_FIELD_BOOLEAN:
    case VMC_FIELD_INT64:
    case VMC_FIELD_UINT:
    case VMC_FIELD_UINT64:
    case VMC_FIELD_ENUM:
    default:
        break;
    }
}

void
vmc_body_clear(const VmcRecordType *type, gpointer target)
{
    for (gsize i = 0; i < type->n_fields; i++)
        clear_field(&type->fields[i], (char *) target + type->fields[i].offset);
}
