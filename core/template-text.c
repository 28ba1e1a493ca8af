/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/template-draft.h"

#include <string.h>

static gboolean
is_blank_line(const char *line)
{
    return line[strspn(line, " \t\r")] == '\0';
}

static gsize
shared_indent(char **lines)
{
    gsize shared = G_MAXSIZE;

    for (char **line = lines; *line != NULL; line++)
        if (!is_blank_line(*line))
            shared = MIN(shared, strspn(*line, " \t"));
    return shared;
}

/* Drops the blank lines at the end and gives the first that is not. */
static char **
trim_blank_lines(char **lines)
{
    for (guint n = g_strv_length(lines); n > 0 && is_blank_line(lines[n - 1]);
         n--)
        g_clear_pointer(&lines[n - 1], g_free);
    while (*lines != NULL && is_blank_line(*lines))
        lines++;
    return lines;
}

char *
vmc_template_dedent(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    char **first = trim_blank_lines(lines);
    gsize indent = shared_indent(first);
    GString *result = g_string_new(NULL);

    for (char **line = first; *line != NULL; line++) {
        if (!is_blank_line(*line))
            g_string_append(result, *line + indent);
        g_string_append_c(result, '\n');
    }
    return g_string_free(result, FALSE);
}
