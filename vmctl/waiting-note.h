/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * A line on stderr when an answer takes long, so that who looks on knows what
 * is being waited for. Needs no main loop: requests block.
 */

typedef struct _VmcWaitingNote VmcWaitingNote;

/**
 * vmc_waiting_note_begin:
 * @after_ms: how long nothing is said
 *
 * Returns: (transfer full): what says it, unless it is ended before
 */
VmcWaitingNote *vmc_waiting_note_begin(guint after_ms);

/* (nullable): the answer is there, or is not waited for any more. */
void vmc_waiting_note_end(VmcWaitingNote *note);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcWaitingNote, vmc_waiting_note_end)
