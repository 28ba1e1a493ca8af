/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *const style_sequences[VMC_N_STYLES] = {
    [VMC_STYLE_NONE] = "",         [VMC_STYLE_TITLE] = "\033[1m",
    [VMC_STYLE_DIM] = "\033[2m",   [VMC_STYLE_GOOD] = "\033[32m",
    [VMC_STYLE_WARN] = "\033[33m", [VMC_STYLE_BAD] = "\033[31m",
};

static gboolean
may_colour(void)
{
    const char *no_color = g_getenv("NO_COLOR");
    const char *term = g_getenv("TERM");

    if (no_color != NULL && *no_color != '\0')
        return FALSE;
    return term != NULL && *term != '\0' && !g_str_equal(term, "dumb");
}

VmcTerminal
vmc_terminal_detect(void)
{
    VmcTerminal terminal = {
        .stdin_is_tty = isatty(STDIN_FILENO) == 1,
        .stdout_is_tty = isatty(STDOUT_FILENO) == 1,
        .stderr_is_tty = isatty(STDERR_FILENO) == 1,
        .is_utf8 = g_get_charset(NULL),
    };

    terminal.has_colour = terminal.stdout_is_tty && may_colour();
    return terminal;
}

guint
vmc_terminal_width_columns(int fd)
{
    struct winsize size = {0};

    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

const char *
vmc_style_begin(VmcStyle style)
{
    g_return_val_if_fail(style < VMC_N_STYLES, "");
    return style_sequences[style];
}

const char *
vmc_style_end(VmcStyle style)
{
    return style == VMC_STYLE_NONE ? "" : "\033[0m";
}

guint
vmc_text_width_columns(const char *text)
{
    guint n_columns = 0;

    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (!g_unichar_iszerowidth(c))
            n_columns += g_unichar_iswide(c) ? 2 : 1;
    }
    return n_columns;
}

char *
vmc_text_harmless(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *clean = g_string_sized_new(strlen(valid));

    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (c == '\n' || c == '\t' || c == '\r')
            g_string_append_c(clean, ' ');
        else if (g_unichar_iscntrl(c))
            g_string_append_c(clean, '?');
        else
            g_string_append_unichar(clean, c);
    }
    return g_string_free(clean, FALSE);
}

void
vmc_say(const char *format, ...)
{
    g_autofree char *raw = NULL;
    g_autofree char *sentence = NULL;
    va_list args;

    va_start(args, format);
    raw = g_strdup_vprintf(format, args);
    va_end(args);
    sentence = vmc_text_harmless(raw);
    fprintf(stderr, "vmctl: %s\n", sentence);
}
