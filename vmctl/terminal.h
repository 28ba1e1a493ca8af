/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * What the three standard streams are, and how text looks on them. stdout is
 * data, stderr is talk.
 */

typedef enum {
    VMC_STYLE_NONE,
    VMC_STYLE_TITLE,
    VMC_STYLE_DIM,
    VMC_STYLE_GOOD,
    VMC_STYLE_WARN,
    VMC_STYLE_BAD,
    VMC_N_STYLES
} VmcStyle;

/**
 * VmcTerminal:
 * @stdin_is_tty: whether somebody can be asked
 * @stdout_is_tty: whether data goes to a screen
 * @stderr_is_tty: whether talk does: then there are progress bars
 * @has_colour: whether data may be coloured
 * @is_utf8: whether more than ASCII can be shown
 */
typedef struct {
    gboolean stdin_is_tty;
    gboolean stdout_is_tty;
    gboolean stderr_is_tty;
    gboolean has_colour;
    gboolean is_utf8;
} VmcTerminal;

/**
 * vmc_terminal_detect:
 *
 * Colour needs a terminal that is not "dumb" and no NO_COLOR in the
 * environment (https://no-color.org).
 *
 * Returns: what this process was started on
 */
VmcTerminal vmc_terminal_detect(void);

/**
 * vmc_terminal_width_columns:
 * @fd: a file descriptor
 *
 * Returns: how wide its terminal is; 80 when that cannot be told
 */
guint vmc_terminal_width_columns(int fd);

/**
 * vmc_style_begin:
 * @style: a style
 *
 * Returns: (transfer none): the escape sequence that switches it on, ""
 * for %VMC_STYLE_NONE
 */
const char *vmc_style_begin(VmcStyle style);

/**
 * vmc_style_end:
 * @style: a style
 *
 * Returns: (transfer none): what switches it off again
 */
const char *vmc_style_end(VmcStyle style);

/**
 * vmc_text_width_columns:
 * @text: UTF-8 text
 *
 * Returns: the columns it takes on a terminal: wide characters take two,
 * combining ones none
 */
guint vmc_text_width_columns(const char *text);

/**
 * vmc_text_harmless:
 * @text: text from a host, a guest or a daemon
 *
 * Returns: (transfer full): the text as valid UTF-8 on one line, control
 * characters replaced: it cannot drive the terminal
 */
char *vmc_text_harmless(const char *text);

/**
 * vmc_say:
 * @format: printf() format of one sentence, without a line end
 *
 * Talks to people: "vmctl: " and the sentence, on stderr.
 */
void vmc_say(const char *format, ...) G_GNUC_PRINTF(1, 2);
