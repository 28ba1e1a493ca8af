/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/verb.h"

#include "core/error.h"
#include "vmctl/nearest.h"

#include <string.h>

static const VmcOption job_options[] = {
    {"wait", 0, VMC_VALUE_NONE, NULL, "follow the job to its end (default)", 0},
    {"no-wait", 0, VMC_VALUE_NONE, NULL,
     "print the number of the job and leave it to vmctld", 0},
    {NULL},
};

static const VmcOption common_options[] = {
    {"output", 'o', VMC_VALUE_FORMAT, "FORMAT", "table, json or plain", 0},
    {"no-legend", 0, VMC_VALUE_NONE, NULL, "tables without titles", 0},
    {"no-color", 0, VMC_VALUE_NONE, NULL, "no colours, as with NO_COLOR", 0},
    {"socket", 's', VMC_VALUE_FILE, "PATH", "socket of vmctld", 0},
    {"help", 'h', VMC_VALUE_NONE, NULL, "show this text", 0},
    {NULL},
};

static const VmcOption front_options[] = {
    {"version", 'V', VMC_VALUE_NONE, NULL, "show the version of vmctl", 0},
    {NULL},
};

/* ---- names --------------------------------------------------------------- */

static gsize
first_word_length(const VmcVerb *verb)
{
    return strcspn(verb->name, " ");
}

char *
vmc_verb_noun(const VmcVerb *verb)
{
    gsize length = first_word_length(verb);

    return verb->name[length] == ' ' ? g_strndup(verb->name, length) : NULL;
}

static gboolean
has_word(GPtrArray *words, const char *word)
{
    return g_ptr_array_find_with_equal_func(words, word, g_str_equal, NULL);
}

/* First words of all verbs, or second words of the verbs of a noun. */
static GPtrArray *
words_to_choose(const VmcVerb *verbs, const char *noun)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);

    for (const VmcVerb *verb = verbs; verb->name != NULL; verb++) {
        gsize length = first_word_length(verb);
        g_autofree char *first = g_strndup(verb->name, length);
        const char *word = noun == NULL ? first : verb->name + length + 1;

        if (noun != NULL &&
            (!g_str_equal(first, noun) || verb->name[length] == '\0'))
            continue;
        if ((verb->flags & VMC_VERB_HIDDEN) == 0 && !has_word(words, word))
            g_ptr_array_add(words, g_strdup(word));
    }
    return words;
}

static void
set_unknown_error(const char *word, GPtrArray *words, GError **error)
{
    const char *nearest = vmc_nearest(word, words);

    if (nearest != NULL)
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "there is no verb '%s'; did you mean '%s'?", word, nearest);
    else
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "there is no verb '%s'; 'vmctl help' lists them", word);
}

static void
set_ambiguous_error(const char *word, GPtrArray *fitting, GError **error)
{
    g_ptr_array_add(fitting, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **) fitting->pdata);

    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "'%s' is ambiguous: it may be %s", word, list);
}

/* Returns the one of @words that is @word or alone begins with it. */
static char *
choose_word(const char *word, GPtrArray *words, GError **error)
{
    g_autoptr(GPtrArray) fitting = g_ptr_array_new();

    if (has_word(words, word))
        return g_strdup(word);
    for (guint i = 0; i < words->len && *word != '\0'; i++)
        if (g_str_has_prefix(g_ptr_array_index(words, i), word))
            g_ptr_array_add(fitting, g_ptr_array_index(words, i));
    if (fitting->len == 1)
        return g_strdup(g_ptr_array_index(fitting, 0));
    if (fitting->len == 0)
        set_unknown_error(word, words, error);
    else
        set_ambiguous_error(word, fitting, error);
    return NULL;
}

static const VmcVerb *
find_exactly(const VmcVerb *verbs, const char *name)
{
    for (const VmcVerb *verb = verbs; verb->name != NULL; verb++)
        if (g_str_equal(verb->name, name))
            return verb;
    return NULL;
}

/* The second word of a verb whose first is a noun. */
static const VmcVerb *
find_of_noun(const VmcVerb *verbs,
             const char *noun,
             const char *word,
             guint *ret_n_words,
             GError **error)
{
    gboolean is_left_out = word == NULL || *word == '-';
    g_autoptr(GPtrArray) words = words_to_choose(verbs, noun);
    g_autofree char *second = NULL;
    g_autofree char *name = NULL;

    second = choose_word(is_left_out ? "list" : word, words, error);
    if (second == NULL) {
        g_prefix_error(error, "%s: ", noun);
        return NULL;
    }
    *ret_n_words = is_left_out ? 1 : 2;
    name = g_strdup_printf("%s %s", noun, second);
    return find_exactly(verbs, name);
}

const VmcVerb *
vmc_verb_find(const VmcVerb *verbs,
              const char *const *words,
              guint *ret_n_words,
              GError **error)
{
    g_autoptr(GPtrArray) choice = NULL;
    g_autofree char *first = NULL;
    const VmcVerb *verb = NULL;

    if (words[0] == NULL) {
        *ret_n_words = 0;
        return find_exactly(verbs, "list");
    }
    verb = find_exactly(verbs, words[0]);
    if (verb == NULL) {
        choice = words_to_choose(verbs, NULL);
        first = choose_word(words[0], choice, error);
        if (first == NULL)
            return NULL;
        verb = find_exactly(verbs, first);
    }
    if (verb == NULL)
        return find_of_noun(verbs, first, words[1], ret_n_words, error);
    *ret_n_words = 1;
    return verb;
}

/* ---- options ------------------------------------------------------------- */

static void
add_options(GPtrArray *all, const VmcOption *options)
{
    for (const VmcOption *o = options; o != NULL && o->name != NULL; o++)
        g_ptr_array_add(all, (gpointer) o);
}

GPtrArray *
vmc_verb_options(const VmcVerb *verb)
{
    GPtrArray *all = g_ptr_array_new();

    if (verb != NULL)
        add_options(all, verb->options);
    if (verb != NULL && (verb->flags & VMC_VERB_JOB) != 0)
        add_options(all, job_options);
    add_options(all, common_options);
    if (verb == NULL)
        add_options(all, front_options);
    return all;
}
