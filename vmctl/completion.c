/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/completion.h"

#include "vmctl/invocation.h"

#include <string.h>

/* A shell waits for us between two keys. */
#define PATIENCE_S 2

typedef struct {
    const VmcVerb *verbs;
    const VmcVerb *verb;     /* once it is known */
    char *noun;              /* typed, but not the word behind it */
    guint n_operands;        /* before the last word */
    const VmcOption *option; /* the one the last word is the value of */
    const char *socket;      /* --socket, if it was typed */
    const char *begin;       /* of the last word: candidates begin so */
    const char *prefix;      /* "--host=" when the value is behind it */
    GString *lines;
} Completion;

static void
add(Completion *completion, const char *word, const char *what)
{
    g_autofree char *harmless = NULL;

    if (!g_str_has_prefix(word, completion->begin))
        return;
    harmless = vmc_text_harmless(what ? what : "");
    g_string_append_printf(completion->lines, "%s%s%s%s\n", completion->prefix,
                           word, *harmless ? "\t" : "", harmless);
}

/* ---- what vmctld knows --------------------------------------------------- */

typedef struct {
    VmcValueKind kind;
    const char *path;
    const char *array;
    const char *word;
    const char *what;
    const char *flag; /* (nullable): only those where this is @wanted */
    gboolean wanted;
} Collection;

#define VMS "/v1/vms?fields=name,state,is_managed"

static const Collection collections[] = {
    {VMC_VALUE_VM, VMS, "vms", "name", "state", NULL, FALSE},
    {VMC_VALUE_MANAGED_VM, VMS, "vms", "name", "state", "is_managed", TRUE},
    {VMC_VALUE_FOREIGN_VM, VMS, "vms", "name", "state", "is_managed", FALSE},
    {VMC_VALUE_VM_OR_HOST, VMS, "vms", "name", "state", NULL, FALSE},
    {VMC_VALUE_VM_OR_HOST, "/v1/hosts", "hosts", "name", "uri", NULL, FALSE},
    {VMC_VALUE_HOST, "/v1/hosts", "hosts", "name", "uri", NULL, FALSE},
    {VMC_VALUE_TEMPLATE, "/v1/templates", "templates", "name", "title", NULL,
     FALSE},
    {VMC_VALUE_JOB, "/v1/jobs?state=all&limit=100", "jobs", "id", "kind", NULL,
     FALSE},
    {VMC_VALUE_OPEN_JOB, "/v1/jobs?state=open", "jobs", "id", "kind", NULL,
     FALSE},
};

static void
add_item(Completion *completion, const Collection *collection, JsonObject *item)
{
    VmcDatum datum = {"", collection->word, VMC_DATUM_TEXT, 0, NULL};
    g_autofree char *word = NULL;

    if (item == NULL ||
        (collection->flag != NULL &&
         vmc_json_flag(item, collection->flag) != collection->wanted))
        return;
    word = vmc_datum_format(&datum, item, /* exact= */ TRUE);
    if (word != NULL)
        add(completion, word, vmc_json_text(item, collection->what));
}

static void
add_collection(Completion *completion,
               VmcClient *client,
               const Collection *collection)
{
    g_autoptr(JsonNode) answer = vmc_client_get(client, collection->path, NULL);
    JsonArray *array = NULL;

    if (answer != NULL)
        array = vmc_json_array(json_node_get_object(answer), collection->array);
    for (guint i = 0; array != NULL && i < json_array_get_length(array); i++)
        add_item(completion, collection, vmc_json_array_object(array, i));
}

static VmcClient *
open_client(Completion *completion)
{
    /* who types does not want to wait, nor to read about it */
    const VmcPatience patience = {.answer_s = PATIENCE_S};
    VmcClient *client =
        vmc_client_new(vmc_client_socket_path(completion->socket), NULL);

    if (client != NULL)
        vmc_client_set_patience(client, &patience);
    return client;
}

static void
add_names(Completion *completion, VmcValueKind kind)
{
    g_autoptr(VmcClient) client = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(collections); i++) {
        if (collections[i].kind != kind)
            continue;
        if (client == NULL)
            client = open_client(completion);
        if (client != NULL)
            add_collection(completion, client, &collections[i]);
    }
}

/* ---- what the tables know ------------------------------------------------ */

/* First words, or the second words of a noun; a noun stands once. */
static void
add_verbs(Completion *completion, const char *noun)
{
    g_autofree char *last = NULL;

    for (const VmcVerb *verb = completion->verbs; verb->name != NULL; verb++) {
        g_autofree char *its = vmc_verb_noun(verb);
        g_autofree char *what =
            its ? g_strdup_printf("List, show or change a %s", its) : NULL;

        if ((verb->flags & VMC_VERB_HIDDEN) != 0 ||
            (noun != NULL && g_strcmp0(noun, its) != 0))
            continue;
        if (noun != NULL)
            add(completion, verb->name + strlen(noun) + 1, verb->summary);
        else if (its == NULL)
            add(completion, verb->name, verb->summary);
        else if (g_strcmp0(its, last) != 0)
            add(completion, its, what);
        g_free(last);
        last = g_steal_pointer(&its);
    }
}

static void
add_options(Completion *completion)
{
    g_autoptr(GPtrArray) options = vmc_verb_options(completion->verb);

    for (guint i = 0; i < options->len; i++) {
        const VmcOption *option = g_ptr_array_index(options, i);
        g_autofree char *word = g_strconcat("--", option->name, NULL);

        add(completion, word, option->summary);
    }
}

static void
add_values(Completion *completion, VmcValueKind kind)
{
    const char *const *words = vmc_value_words(kind);

    for (guint i = 0; words != NULL && words[i] != NULL; i++)
        add(completion, words[i], NULL);
    if (kind == VMC_VALUE_FILE)
        g_string_append(completion->lines, ":files\n");
    else if (kind == VMC_VALUE_VERB)
        add_verbs(completion, NULL);
    else
        add_names(completion, kind);
}

/* ---- what was typed ------------------------------------------------------ */

static const VmcOption *
find_option(Completion *completion, const char *word)
{
    g_autoptr(GPtrArray) options = vmc_verb_options(completion->verb);

    for (guint i = 0; i < options->len; i++) {
        const VmcOption *option = g_ptr_array_index(options, i);

        if (g_str_has_prefix(word, "--")
                ? g_str_equal(word + 2, option->name)
                : option->letter != 0 && word[1] == option->letter &&
                      word[2] == '\0')
            return option;
    }
    return NULL;
}

/* Words are taken one by one; what is wrong does not matter here. */
static void
take_word(Completion *completion, const char *word)
{
    g_autofree char *pair_word = g_strdup(word);
    const char *pair[] = {completion->noun ? completion->noun : word,
                          completion->noun ? word : NULL, NULL};
    guint n_words = 0;

    if (completion->option != NULL) {
        if (g_str_equal(completion->option->name, "socket"))
            completion->socket = word;
        completion->option = NULL;
    } else if (*word == '-') {
        completion->option = find_option(completion, word);
        if (completion->option != NULL &&
            completion->option->kind == VMC_VALUE_NONE)
            completion->option = NULL;
    } else if (completion->verb != NULL) {
        completion->n_operands++;
    } else {
        const VmcVerb *verb =
            vmc_verb_find(completion->verbs, pair, &n_words, NULL);

        if (verb != NULL && completion->noun == NULL)
            completion->noun = vmc_verb_noun(verb);
        else if (verb != NULL)
            g_clear_pointer(&completion->noun, g_free);
        if (completion->noun == NULL)
            completion->verb = verb;
    }
}

/* "--host=k": the value of an option, with the option in front. */
static gboolean
split_last(Completion *completion, const char *last, char **ret_prefix)
{
    const char *sign = strchr(last, '=');
    g_autofree char *name = NULL;

    if (!g_str_has_prefix(last, "--") || sign == NULL)
        return FALSE;
    name = g_strndup(last, (gsize) (sign - last));
    completion->option = find_option(completion, name);
    *ret_prefix = g_strconcat(name, "=", NULL);
    completion->prefix = *ret_prefix;
    completion->begin = sign + 1;
    return TRUE;
}

static void
add_last(Completion *completion, const char *last)
{
    const VmcVerb *verb = completion->verb;

    if (completion->option != NULL)
        add_values(completion, completion->option->kind);
    else if (*last == '-')
        add_options(completion);
    else if (verb == NULL)
        add_verbs(completion, completion->noun);
    else if (completion->n_operands < VMC_MAX_OPERANDS &&
             verb->operands[completion->n_operands].name != NULL)
        add_values(completion, verb->operands[completion->n_operands].kind);
}

char *
vmc_completion_lines(const VmcVerb *verbs, const char *const *words)
{
    Completion completion = {
        .verbs = verbs, .prefix = "", .lines = g_string_new(NULL)};
    g_autofree char *prefix = NULL;
    const char *last = "";
    guint i = 0;

    for (; words[i] != NULL && words[i + 1] != NULL; i++)
        take_word(&completion, words[i]);
    if (words[i] != NULL)
        last = words[i];
    completion.begin = last;
    if (completion.option == NULL)
        split_last(&completion, last, &prefix);
    add_last(&completion, last);
    g_free(completion.noun);
    return g_string_free(completion.lines, FALSE);
}
