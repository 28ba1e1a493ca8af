/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vmctl/terminal.h"

/*
 * How far something is, on stderr: a bar that moves on a terminal, a line per
 * step elsewhere.
 */

typedef struct _VmcProgress VmcProgress;

/**
 * vmc_progress_new:
 * @terminal: what this runs on
 * @label: what is going on, as "create 'web1'"
 *
 * Returns: (transfer full): a progress that has shown nothing
 */
VmcProgress *vmc_progress_new(const VmcTerminal *terminal, const char *label);

/**
 * vmc_progress_free:
 * @progress: (nullable): a progress; its bar is wiped away
 */
void vmc_progress_free(VmcProgress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcProgress, vmc_progress_free)

/**
 * vmc_progress_update:
 * @progress: a progress
 * @step: (nullable): what is being done now
 * @done_milli: how much is done, 0 … 1000
 */
void vmc_progress_update(VmcProgress *progress,
                         const char *step,
                         guint done_milli);

/**
 * vmc_progress_tick:
 * @progress: a progress
 *
 * Shows the time that has passed; call it each second.
 */
void vmc_progress_tick(VmcProgress *progress);

/**
 * vmc_progress_say:
 * @progress: a progress
 * @format: printf() format of one sentence
 *
 * As vmc_say(), above the bar.
 */
void vmc_progress_say(VmcProgress *progress, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/**
 * vmc_progress_render:
 * @label: what is going on
 * @step: what is being done now
 * @done_milli: how much is done, 0 … 1000
 * @elapsed_s: for how long
 * @n_columns: room on the line
 * @is_utf8: whether the bar may be drawn with more than ASCII
 *
 * Returns: (transfer full): the line, never wider than @n_columns
 */
char *vmc_progress_render(const char *label,
                          const char *step,
                          guint done_milli,
                          guint elapsed_s,
                          guint n_columns,
                          gboolean is_utf8);
