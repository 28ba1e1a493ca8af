/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

/*
 * JSON as the journal and the jobs use it: copies that share nothing, since
 * JsonObject's reference count is not for several threads, and members read
 * with an error instead of a warning.
 */

/**
 * vmc_json_object_copy:
 * @object: (nullable): an object
 *
 * Returns: (transfer full) (nullable): a copy down to the last value
 */
JsonObject *vmc_json_object_copy(JsonObject *object);

/**
 * vmc_json_object_to_text:
 * @object: an object
 *
 * Returns: (transfer full): it in one line
 */
char *vmc_json_object_to_text(JsonObject *object);

/**
 * vmc_json_parse_object:
 * @text: JSON text
 * @error: %VMC_ERROR_INVALID when it is no JSON object
 *
 * Returns: (transfer full): the object
 */
JsonObject *vmc_json_parse_object(const char *text, GError **error);

/**
 * vmc_json_read_string:
 * @object: an object
 * @member: the name of a member
 * @ret_value: (out) (transfer full) (nullable): its value, %NULL when it is
 *   absent or null
 * @error: %VMC_ERROR_INVALID when it is something else
 *
 * Returns: %TRUE when @ret_value was set
 */
gboolean vmc_json_read_string(JsonObject *object,
                              const char *member,
                              char **ret_value,
                              GError **error);

/**
 * vmc_json_read_int:
 * @object: an object
 * @member: the name of a member
 * @fallback: its value when it is absent
 * @ret_value: (out): its value
 * @error: %VMC_ERROR_INVALID when it is no integer or below zero
 *
 * Returns: %TRUE when @ret_value was set
 */
gboolean vmc_json_read_int(JsonObject *object,
                           const char *member,
                           gint64 fallback,
                           gint64 *ret_value,
                           GError **error);

/**
 * vmc_json_read_boolean:
 * @object: an object
 * @member: the name of a member
 * @fallback: its value when it is absent
 * @ret_value: (out): its value
 * @error: %VMC_ERROR_INVALID when it is no boolean
 *
 * Returns: %TRUE when @ret_value was set
 */
gboolean vmc_json_read_boolean(JsonObject *object,
                               const char *member,
                               gboolean fallback,
                               gboolean *ret_value,
                               GError **error);

/**
 * vmc_json_read_object:
 * @object: an object
 * @member: the name of a member
 * @ret_value: (out) (transfer full) (nullable): a copy of its value, %NULL
 *   when it is absent or null
 * @error: %VMC_ERROR_INVALID when it is something else
 *
 * Returns: %TRUE when @ret_value was set
 */
gboolean vmc_json_read_object(JsonObject *object,
                              const char *member,
                              JsonObject **ret_value,
                              GError **error);
