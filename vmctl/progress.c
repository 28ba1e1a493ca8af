/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define BAR_COLUMNS 20
#define WIPE "\r\033[K"

struct _VmcProgress {
    const VmcTerminal *terminal;
    char *label;
    char *step;
    guint done_milli;
    gint64 begun_us;
    gboolean is_drawn;
};

VmcProgress *
vmc_progress_new(const VmcTerminal *terminal, const char *label)
{
    VmcProgress *progress = g_new0(VmcProgress, 1);

    progress->terminal = terminal;
    progress->label = g_strdup(label);
    progress->begun_us = g_get_monotonic_time();
    return progress;
}

static void
wipe(VmcProgress *progress)
{
    if (progress->is_drawn)
        fputs(WIPE, stderr);
    progress->is_drawn = FALSE;
}

void
vmc_progress_free(VmcProgress *progress)
{
    if (progress == NULL)
        return;
    wipe(progress);
    g_free(progress->label);
    g_free(progress->step);
    g_free(progress);
}

/* ---- the line ------------------------------------------------------------ */

static void
append_bar(GString *line, guint done_milli, gboolean is_utf8)
{
    guint n_full = done_milli * BAR_COLUMNS / 1000;

    g_string_append_c(line, '[');
    for (guint i = 0; i < BAR_COLUMNS; i++)
        g_string_append(line, i < n_full ? (is_utf8 ? "█" : "#")
                                         : (is_utf8 ? "░" : "."));
    g_string_append_c(line, ']');
}

/* Cuts @line after @n_columns; its characters may take none, one or two. */
static void
cut(GString *line, guint n_columns)
{
    const char *p = line->str;
    guint used = 0;

    for (; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        guint width = g_unichar_iszerowidth(c) ? 0
                      : g_unichar_iswide(c)    ? 2
                                               : 1;

        if (used + width > n_columns)
            break;
        used += width;
    }
    g_string_truncate(line, (gsize) (p - line->str));
}

char *
vmc_progress_render(const char *label,
                    const char *step,
                    guint done_milli,
                    guint elapsed_s,
                    guint n_columns,
                    gboolean is_utf8)
{
    g_autofree char *raw = NULL;
    g_autofree char *text = NULL;
    GString *line = g_string_new(NULL);

    done_milli = MIN(done_milli, 1000);
    append_bar(line, done_milli, is_utf8);
    raw = g_strdup_printf(" %3u%% %u:%02u  %s: %s", done_milli / 10,
                          elapsed_s / 60, elapsed_s % 60, label, step);
    text = vmc_text_harmless(raw);
    g_string_append(line, text);
    cut(line, n_columns);
    return g_string_free(line, FALSE);
}

static void
draw(VmcProgress *progress)
{
    gint64 elapsed_us = g_get_monotonic_time() - progress->begun_us;
    /* the last column stays free: some terminals wrap when it is filled */
    guint n_columns = vmc_terminal_width_columns(STDERR_FILENO) - 1;
    g_autofree char *line = vmc_progress_render(
        progress->label, progress->step ? progress->step : "waits for its turn",
        progress->done_milli, (guint) (elapsed_us / G_USEC_PER_SEC), n_columns,
        progress->terminal->is_utf8);

    fprintf(stderr, WIPE "%s", line);
    fflush(stderr);
    progress->is_drawn = TRUE;
}

/* ---- public -------------------------------------------------------------- */

void
vmc_progress_update(VmcProgress *progress, const char *step, guint done_milli)
{
    gboolean is_new = g_strcmp0(progress->step, step) != 0;

    if (is_new) {
        g_free(progress->step);
        progress->step = g_strdup(step);
    }
    progress->done_milli = done_milli;
    if (progress->terminal->stderr_is_tty)
        draw(progress);
    else if (is_new && step != NULL)
        vmc_say("%s: %s", progress->label, step);
}

void
vmc_progress_tick(VmcProgress *progress)
{
    if (progress->terminal->stderr_is_tty)
        draw(progress);
}

void
vmc_progress_say(VmcProgress *progress, const char *format, ...)
{
    g_autofree char *sentence = NULL;
    va_list args;

    va_start(args, format);
    sentence = g_strdup_vprintf(format, args);
    va_end(args);
    wipe(progress);
    vmc_say("%s", sentence);
}
