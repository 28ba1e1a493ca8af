/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/invocation.h"

#include "core/error.h"
#include "vmctl/nearest.h"

#include <string.h>

VmcInvocation *
vmc_invocation_new(const VmcVerb *verbs, VmcTerminal terminal)
{
    VmcInvocation *invocation = g_new0(VmcInvocation, 1);

    invocation->verbs = verbs;
    invocation->terminal = terminal;
    invocation->options = g_hash_table_new_full(
        g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_ptr_array_unref);
    return invocation;
}

void
vmc_invocation_free(VmcInvocation *invocation)
{
    if (invocation == NULL)
        return;
    g_free(invocation->noun);
    g_strfreev(invocation->operands);
    g_hash_table_unref(invocation->options);
    vmc_client_free(invocation->client);
    g_free(invocation);
}

/* ---- what was given ------------------------------------------------------ */

gboolean
vmc_invocation_has(const VmcInvocation *invocation, const char *name)
{
    return g_hash_table_contains(invocation->options, name);
}

GPtrArray *
vmc_invocation_values(const VmcInvocation *invocation, const char *name)
{
    return g_hash_table_lookup(invocation->options, name);
}

const char *
vmc_invocation_option(const VmcInvocation *invocation, const char *name)
{
    GPtrArray *values = vmc_invocation_values(invocation, name);

    return values ? g_ptr_array_index(values, values->len - 1) : NULL;
}

VmcClient *
vmc_invocation_client(VmcInvocation *invocation, GError **error)
{
    const char *given = vmc_invocation_option(invocation, "socket");

    if (invocation->client == NULL)
        invocation->client =
            vmc_client_new(vmc_client_socket_path(given), error);
    return invocation->client;
}

JsonNode *
vmc_invocation_get(VmcInvocation *invocation, char *path, GError **error)
{
    g_autofree char *owned = path;
    VmcClient *client = vmc_invocation_client(invocation, error);

    return client ? vmc_client_get(client, owned, error) : NULL;
}

JsonNode *
vmc_invocation_post(VmcInvocation *invocation,
                    char *path,
                    JsonObject *body,
                    GError **error)
{
    g_autofree char *owned = path;
    g_autoptr(JsonNode) node = NULL;
    VmcClient *client = vmc_invocation_client(invocation, error);

    if (body != NULL) {
        node = json_node_new(JSON_NODE_OBJECT);
        json_node_take_object(node, body);
    }
    return client ? vmc_client_post(client, owned, node, error) : NULL;
}

/* ---- parsing ------------------------------------------------------------- */

typedef struct {
    VmcInvocation *invocation;
    GPtrArray *options; /* VmcOption */
} Parse;

static const VmcOption *
find_option(GPtrArray *options, const char *given)
{
    for (guint i = 0; i < options->len; i++) {
        const VmcOption *option = g_ptr_array_index(options, i);

        if (g_str_has_prefix(given, "--")
                ? g_str_equal(given + 2, option->name)
                : option->letter != 0 && given[1] == option->letter)
            return option;
    }
    return NULL;
}

static gboolean
take_option(const char *given, const char *text, gpointer data, GError **error)
{
    Parse *parse = data;
    const VmcOption *option = find_option(parse->options, given);
    GHashTable *taken = parse->invocation->options;
    GPtrArray *values = g_hash_table_lookup(taken, option->name);

    if (text != NULL && !vmc_value_check(option->kind, text, error)) {
        g_prefix_error(error, "--%s: ", option->name);
        return FALSE;
    }
    if (values == NULL) {
        values = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(taken, (gpointer) option->name, values);
    }
    g_ptr_array_add(values, g_strdup(text ? text : ""));
    return TRUE;
}

static GArray *
entries_of(GPtrArray *options)
{
    GArray *entries = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));

    for (guint i = 0; i < options->len; i++) {
        const VmcOption *option = g_ptr_array_index(options, i);
        GOptionEntry entry = {
            .long_name = option->name,
            .short_name = option->letter,
            .flags = option->kind == VMC_VALUE_NONE ? G_OPTION_FLAG_NO_ARG : 0,
            .arg = G_OPTION_ARG_CALLBACK,
            .arg_data = (gpointer) take_option,
        };

        g_array_append_val(entries, entry);
    }
    return entries;
}

static char *
suggest_option(GPtrArray *options, const char *given)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *nearest = NULL;

    for (guint i = 0; i < options->len; i++)
        g_ptr_array_add(
            names,
            (gpointer) ((const VmcOption *) g_ptr_array_index(options, i))
                ->name);
    nearest = vmc_nearest(given, names);
    return nearest ? g_strdup_printf("; did you mean --%s?", nearest)
                   : g_strdup("");
}

/* GLib's sentences begin in upper case; ours are put behind a prefix. */
static GError *
option_error(GPtrArray *options, GError *foreign)
{
    g_autoptr(GError) owned = foreign;
    const char *name = strstr(owned->message, "--");
    g_autofree char *hint = NULL;

    if (owned->domain == VMC_ERROR)
        return g_steal_pointer(&owned);
    owned->message[0] = g_ascii_tolower(owned->message[0]);
    if (g_error_matches(owned, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION) &&
        name != NULL)
        hint = suggest_option(options, name + 2);
    return g_error_new(VMC_ERROR, VMC_ERROR_INVALID, "%s%s", owned->message,
                       hint ? hint : "");
}

/* Takes the options of @verb out of *words, whose first is not looked at. */
static gboolean
parse_options(VmcInvocation *invocation,
              const VmcVerb *verb,
              GStrv *words,
              GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GPtrArray) options = vmc_verb_options(verb);
    g_autoptr(GArray) entries = entries_of(options);
    g_autoptr(GError) foreign = NULL;
    Parse parse = {invocation, options};
    GOptionGroup *group = g_option_group_new("", "", "", &parse, NULL);

    g_option_group_add_entries(group,
                               (GOptionEntry *) (gpointer) entries->data);
    g_option_context_set_main_group(context, group);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_strict_posix(context, verb == NULL);
    if (g_option_context_parse_strv(context, words, &foreign))
        return TRUE;
    g_propagate_error(error, option_error(options, g_steal_pointer(&foreign)));
    return FALSE;
}

/* ---- checks -------------------------------------------------------------- */

static gboolean
check_operands(VmcInvocation *invocation, GError **error)
{
    const VmcOperand *operand = invocation->verb->operands;
    char **text = invocation->operands;

    for (; *text != NULL && operand->name != NULL; text++, operand++) {
        if (!vmc_value_check(operand->kind, *text, error))
            return FALSE;
        if (**text == '\0') {
            g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID, "%s is empty",
                        operand->name);
            return FALSE;
        }
    }
    if (*text != NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' is one argument too many", *text);
        return FALSE;
    }
    if (operand->name == NULL || operand->is_optional)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID, "%s is missing",
                operand->name);
    return FALSE;
}

static gboolean
check_options(VmcInvocation *invocation, GError **error)
{
    const VmcOption *option = invocation->verb->options;

    for (; option != NULL && option->name != NULL; option++) {
        if (!(option->flags & VMC_OPTION_REQUIRED) ||
            vmc_invocation_has(invocation, option->name))
            continue;
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID, "--%s %s is missing",
                    option->name, option->value_name);
        return FALSE;
    }
    if (vmc_invocation_has(invocation, "wait") &&
        vmc_invocation_has(invocation, "no-wait")) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "--wait and --no-wait cannot both be");
        return FALSE;
    }
    return TRUE;
}

static void
choose_output(VmcInvocation *invocation)
{
    const char *format = vmc_invocation_option(invocation, "output");
    VmcOutput *output = &invocation->output;

    output->format = VMC_FORMAT_TABLE;
    output->table_flags = 0;
    if (format != NULL)
        vmc_format_from_name(format, &output->format);
    if (!vmc_invocation_has(invocation, "no-legend"))
        output->table_flags |= VMC_TABLE_LEGEND;
    if (invocation->terminal.has_colour &&
        !vmc_invocation_has(invocation, "no-color"))
        output->table_flags |= VMC_TABLE_COLOUR;
}

/* ---- the course ---------------------------------------------------------- */

static gboolean
find_verb(VmcInvocation *invocation,
          GStrv words,
          guint *ret_n_words,
          GError **error)
{
    invocation->verb = vmc_verb_find(
        invocation->verbs, (const char *const *) words, ret_n_words, error);
    if (invocation->verb == NULL)
        return FALSE;
    if (*ret_n_words == 1)
        invocation->noun = vmc_verb_noun(invocation->verb);
    return TRUE;
}

/* GLib leaves the "--" that ended the options in front of a word with a dash.
 */
static GStrv
operands_of(GStrv words)
{
    gboolean has_end =
        words[0] != NULL && words[1] != NULL && g_str_equal(words[1], "--");

    return g_strdupv(words + (has_end ? 2 : 1));
}

gboolean
vmc_invocation_parse(VmcInvocation *invocation,
                     const char *const *argv,
                     GError **error)
{
    g_auto(GStrv) words = g_strdupv((char **) argv);
    g_auto(GStrv) rest = NULL;
    guint n_words = 0;

    if (!parse_options(invocation, NULL, &words, error))
        return FALSE;
    choose_output(invocation);
    if (vmc_invocation_has(invocation, "version") ||
        (words[1] == NULL && vmc_invocation_has(invocation, "help")))
        return TRUE;
    if (!find_verb(invocation, words + 1, &n_words, error))
        return FALSE;
    /* the parser wants a program's name first: the last word of the verb, or
     * the program itself */
    rest = g_strdupv(words + n_words);
    if ((invocation->verb->flags & VMC_VERB_HIDDEN) != 0) {
        invocation->operands = operands_of(rest);
        return TRUE;
    }
    if (!parse_options(invocation, invocation->verb, &rest, error))
        return FALSE;
    choose_output(invocation);
    invocation->operands = operands_of(rest);
    if (vmc_invocation_has(invocation, "help"))
        return TRUE;
    return check_operands(invocation, error) &&
           check_options(invocation, error);
}
