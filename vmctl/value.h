/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * What the value of an option or operand is: how it is checked before anything
 * is asked of vmctld, and what completes it.
 */

typedef enum {
    VMC_VALUE_NONE, /* an option without one */
    VMC_VALUE_TEXT,
    VMC_VALUE_COUNT,
    VMC_VALUE_COUNT_CHANGE, /* "6", "+2" or "-1" */
    VMC_VALUE_SIZE,
    VMC_VALUE_SIZE_CHANGE, /* "4GiB", "+1GiB" or "-512M" */
    VMC_VALUE_RATE,
    VMC_VALUE_SECONDS,
    VMC_VALUE_FORMAT,
    VMC_VALUE_CLASS,
    VMC_VALUE_FACTOR,    /* "cpu=0.5" */
    VMC_VALUE_CEILING,   /* "cpu=8" */
    VMC_VALUE_RESERVE,   /* "memory=2GiB" */
    VMC_VALUE_DISK_SIZE, /* "root=20GiB" */
    VMC_VALUE_SETTING,   /* "parameter=value" */
    VMC_VALUE_FILE,
    VMC_VALUE_POLICY, /* one that ships, or a file */
    VMC_VALUE_NUMBER, /* a count that may be 0 */
    VMC_VALUE_VM,
    VMC_VALUE_MANAGED_VM,
    VMC_VALUE_FOREIGN_VM, /* one that is not managed */
    VMC_VALUE_HOST,
    VMC_VALUE_VM_OR_HOST,
    VMC_VALUE_TEMPLATE,
    VMC_VALUE_JOB,
    VMC_VALUE_OPEN_JOB,
    VMC_VALUE_VERB,
    VMC_N_VALUE_KINDS
} VmcValueKind;

/**
 * vmc_value_check:
 * @kind: what it should be
 * @text: what was typed
 * @error: %VMC_ERROR_INVALID with what would be right
 *
 * Returns: whether @text can be one; names are not looked up
 */
gboolean vmc_value_check(VmcValueKind kind, const char *text, GError **error);

/**
 * vmc_value_words:
 * @kind: a kind
 *
 * Returns: (transfer none) (nullable): all words it can be, if they are fixed
 */
const char *const *vmc_value_words(VmcValueKind kind);

/**
 * vmc_value_split:
 * @text: "name=value"
 * @ret_name: (out) (transfer full): what stands before the "="
 * @ret_value: (out) (transfer none): what stands behind it
 * @error: %VMC_ERROR_INVALID when there is no "=" or nothing before it
 *
 * Returns: %TRUE when both were set
 */
gboolean vmc_value_split(const char *text,
                         char **ret_name,
                         const char **ret_value,
                         GError **error);

/**
 * vmc_value_apply:
 * @kind: %VMC_VALUE_COUNT_CHANGE or %VMC_VALUE_SIZE_CHANGE
 * @text: a value of it
 * @now: what "+" and "-" count from
 * @ret_number: (out): what is wanted: a count, or bytes
 * @error: %VMC_ERROR_INVALID when it would be zero or less, or too much
 *
 * Returns: %TRUE when @ret_number was set
 */
gboolean vmc_value_apply(VmcValueKind kind,
                         const char *text,
                         guint64 now,
                         guint64 *ret_number,
                         GError **error);

/**
 * vmc_value_is_change:
 * @text: a value
 *
 * Returns: whether it begins with "+" or "-", so that it counts from what is
 */
gboolean vmc_value_is_change(const char *text);
