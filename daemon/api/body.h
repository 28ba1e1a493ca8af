/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/json-record.h"

/**
 * VMC_BODY_FIELD:
 * @type: the struct
 * @member: its member, and the name of the field
 * @kind_: what it is, as STRING
 *
 * A #VmcField literal; limits may follow.
 */
#define VMC_BODY_FIELD(type, member, kind_, ...)                               \
    {                                                                          \
        .name = #member, .kind = VMC_FIELD_##kind_,                            \
        .offset = G_STRUCT_OFFSET(type, member), __VA_ARGS__                   \
    }

/**
 * vmc_body_read:
 * @text: a request's body: a JSON object; nothing at all counts as an empty one
 * @length: its length
 * @type: what fields there may be (core/json-record.h), all others are refused
 * @target: the struct that takes them; what is left out stays as it is
 * @error: %VMC_ERROR_INVALID with the line, or the field, that is wrong
 *
 * On failure some fields of @target may be set: vmc_body_clear() it either way.
 *
 * Returns: whether all of @text was understood
 */
gboolean vmc_body_read(const char *text,
                       gsize length,
                       const VmcRecordType *type,
                       gpointer target,
                       GError **error);

/**
 * vmc_body_clear:
 * @type: what @target was read by
 * @target: a struct; what its fields point to is freed
 */
void vmc_body_clear(const VmcRecordType *type, gpointer target);
