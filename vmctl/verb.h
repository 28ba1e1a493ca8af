/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vmctl/value.h"

/*
 * The verbs of vmctl as data. Parsing, help, completion, prefixes and the test
 * that every verb has a man page all come from these rows.
 */

typedef struct _VmcInvocation VmcInvocation;

typedef enum {
    VMC_OPTION_REQUIRED = 1 << 0,
    VMC_OPTION_REPEATS = 1 << 1,
} VmcOptionFlags;

/**
 * VmcOption:
 * @name: the long form, without dashes
 * @letter: the short form, 0 for none
 * @kind: its value, %VMC_VALUE_NONE for a flag
 * @value_name: (nullable): how its value is called in texts
 * @summary: what it does
 * @flags: of #VmcOptionFlags
 *
 * Arrays of options end with one that has no @name.
 */
typedef struct {
    const char *name;
    char letter;
    VmcValueKind kind;
    const char *value_name;
    const char *summary;
    guint flags;
} VmcOption;

/**
 * VmcOperand:
 * @name: how it is called in texts
 * @kind: what it is
 * @is_optional: whether it may be left out; so may those after it
 */
typedef struct {
    const char *name;
    VmcValueKind kind;
    gboolean is_optional;
} VmcOperand;

typedef enum {
    VMC_VERB_JOB = 1 << 0,    /* starts a job: takes --wait and --no-wait */
    VMC_VERB_HIDDEN = 1 << 1, /* not for people; takes any words as they are */
} VmcVerbFlags;

#define VMC_MAX_OPERANDS 2

/**
 * VmcVerb:
 * @name: one word, or a noun and a verb
 * @summary: what it does, in half a line
 * @operands: what follows it; ends with one that has no name
 * @options: (nullable): its own options
 * @flags: of #VmcVerbFlags
 * @run: does it; what it returns becomes the exit code
 *
 * Arrays of verbs end with one that has no @name.
 */
typedef struct {
    const char *name;
    const char *summary;
    VmcOperand operands[VMC_MAX_OPERANDS + 1];
    const VmcOption *options;
    guint flags;
    gboolean (*run)(VmcInvocation *invocation, GError **error);
} VmcVerb;

/**
 * vmc_verb_find:
 * @verbs: the table
 * @words: (array zero-terminated=1): the command line from the verb on
 * @ret_n_words: (out): how many of @words name the verb
 * @error: %VMC_ERROR_INVALID when no verb or more than one fits
 *
 * A unique beginning is as good as the whole name. Without words it is "list";
 * a noun alone is its list.
 *
 * Returns: (transfer none): the verb
 */
const VmcVerb *vmc_verb_find(const VmcVerb *verbs,
                             const char *const *words,
                             guint *ret_n_words,
                             GError **error);

/**
 * vmc_verb_noun:
 * @verb: a verb
 *
 * Returns: (transfer full) (nullable): "host" of "host add"; %NULL when its
 * name is one word
 */
char *vmc_verb_noun(const VmcVerb *verb);

/**
 * vmc_verb_options:
 * @verb: (nullable): a verb; %NULL for what may stand before one
 *
 * Returns: (transfer container) (element-type VmcOption): its own options,
 * those of every verb that starts jobs, those of every verb
 */
GPtrArray *vmc_verb_options(const VmcVerb *verb);

/**
 * vmc_verb_usage:
 * @verb: (nullable): a verb
 *
 * Returns: (transfer full): for example
 * "vmctl create NAME --template TEMPLATE [OPTION...]"
 */
char *vmc_verb_usage(const VmcVerb *verb);

/**
 * vmc_verb_help:
 * @verb: a verb
 *
 * Returns: (transfer full): the text of --help
 */
char *vmc_verb_help(const VmcVerb *verb);

/**
 * vmc_verbs_help:
 * @verbs: the table
 * @noun: (nullable): only the verbs of this noun
 *
 * Returns: (transfer full): the text of vmctl --help
 */
char *vmc_verbs_help(const VmcVerb *verbs, const char *noun);
