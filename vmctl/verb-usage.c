/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/table.h"
#include "vmctl/verb.h"

#include <string.h>

/* ---- one line ------------------------------------------------------------ */

static void
append_operands(GString *usage, const VmcVerb *verb)
{
    for (const VmcOperand *o = verb->operands; o->name != NULL; o++)
        g_string_append_printf(usage, o->is_optional ? " [%s]" : " %s",
                               o->name);
}

static void
append_required(GString *usage, const VmcVerb *verb)
{
    for (const VmcOption *o = verb->options; o != NULL && o->name != NULL; o++)
        if (o->flags & VMC_OPTION_REQUIRED)
            g_string_append_printf(usage, " --%s %s", o->name, o->value_name);
}

char *
vmc_verb_usage(const VmcVerb *verb)
{
    GString *usage = g_string_new("vmctl");

    if (verb == NULL) {
        g_string_append(usage, " [OPTION...] VERB [ARGUMENT...]");
        return g_string_free(usage, FALSE);
    }
    g_string_append_printf(usage, " %s", verb->name);
    append_operands(usage, verb);
    append_required(usage, verb);
    g_string_append(usage, " [OPTION...]");
    return g_string_free(usage, FALSE);
}

/* ---- pages --------------------------------------------------------------- */

static char *
option_text(const VmcOption *option)
{
    char letter[] = "    ";

    if (option->letter != 0)
        memcpy(letter, (char[]){'-', option->letter, ',', ' '}, 4);
    return g_strconcat("  ", letter, "--", option->name,
                       option->value_name ? " " : NULL, option->value_name,
                       NULL);
}

static VmcTable *
two_columns(void)
{
    VmcTable *table = vmc_table_new();

    vmc_table_add_column(table, "", 0);
    vmc_table_add_column(table, "", 0);
    return table;
}

static void
append_section(GString *text, const char *title, const VmcTable *table)
{
    g_autofree char *lines = vmc_table_format(table, 0);

    g_string_append_printf(text, "\n%s:\n%s", title, lines);
}

static void
append_options(GString *text, const VmcVerb *verb)
{
    g_autoptr(GPtrArray) options = vmc_verb_options(verb);
    g_autoptr(VmcTable) table = two_columns();

    for (guint i = 0; i < options->len; i++) {
        const VmcOption *option = g_ptr_array_index(options, i);
        g_autofree char *left = option_text(option);

        vmc_table_add_cell(table, left, VMC_STYLE_NONE);
        vmc_table_add_cell(table, option->summary, VMC_STYLE_NONE);
    }
    append_section(text, "Options", table);
}

char *
vmc_verb_help(const VmcVerb *verb)
{
    GString *text = g_string_new(NULL);
    g_autofree char *usage = vmc_verb_usage(verb);

    g_string_append_printf(text, "Usage: %s\n\n%s.\n", usage, verb->summary);
    append_options(text, verb);
    g_string_append_printf(text, "\nMore: man vmctl-%.*s\n",
                           (int) strcspn(verb->name, " "), verb->name);
    return g_string_free(text, FALSE);
}

static gboolean
is_of_noun(const VmcVerb *verb, const char *noun)
{
    g_autofree char *its = vmc_verb_noun(verb);

    return noun == NULL || g_strcmp0(its, noun) == 0;
}

static void
append_verbs(GString *text, const VmcVerb *verbs, const char *noun)
{
    g_autoptr(VmcTable) table = two_columns();

    for (const VmcVerb *verb = verbs; verb->name != NULL; verb++) {
        g_autofree char *left = g_strconcat("  ", verb->name, NULL);

        if ((verb->flags & VMC_VERB_HIDDEN) != 0 || !is_of_noun(verb, noun))
            continue;
        vmc_table_add_cell(table, left, VMC_STYLE_NONE);
        vmc_table_add_cell(table, verb->summary, VMC_STYLE_NONE);
    }
    append_section(text, "Verbs", table);
}

char *
vmc_verbs_help(const VmcVerb *verbs, const char *noun)
{
    GString *text = g_string_new("Usage: ");
    g_autofree char *usage = vmc_verb_usage(NULL);

    if (noun != NULL)
        g_string_append_printf(text, "vmctl %s VERB [ARGUMENT...]\n", noun);
    else
        g_string_append_printf(text,
                               "%s\n\nManage a fleet of KVM hosts. Without a "
                               "verb: list the VMs.\n",
                               usage);
    append_verbs(text, verbs, noun);
    append_options(text, NULL);
    g_string_append_printf(text, "\nMore: vmctl help VERB, man vmctl%s%s\n",
                           noun ? "-" : "", noun ? noun : "");
    return g_string_free(text, FALSE);
}
