/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/waiting-note.h"

#include "vmctl/terminal.h"

struct _VmcWaitingNote {
    GThread *thread;
    gint64 due_us;
    GMutex mutex; /* over is_over */
    GCond ended;
    gboolean is_over;
};

static gpointer
wait_and_say(gpointer data)
{
    VmcWaitingNote *note = data;
    gboolean in_time = TRUE;

    g_mutex_lock(&note->mutex);
    while (!note->is_over && in_time)
        in_time = g_cond_wait_until(&note->ended, &note->mutex, note->due_us);
    if (!note->is_over)
        vmc_say("vmctld has not answered yet, still waiting; Ctrl-C gives up");
    g_mutex_unlock(&note->mutex);
    return NULL;
}

VmcWaitingNote *
vmc_waiting_note_begin(guint after_ms)
{
    VmcWaitingNote *note = g_new0(VmcWaitingNote, 1);

    note->due_us = g_get_monotonic_time() + (gint64) after_ms * 1000;
    g_mutex_init(&note->mutex);
    g_cond_init(&note->ended);
    note->thread = g_thread_new("vmctl-note", wait_and_say, note);
    return note;
}

void
vmc_waiting_note_end(VmcWaitingNote *note)
{
    if (note == NULL)
        return;
    g_mutex_lock(&note->mutex);
    note->is_over = TRUE;
    g_cond_signal(&note->ended);
    g_mutex_unlock(&note->mutex);
    g_thread_join(note->thread);
    g_mutex_clear(&note->mutex);
    g_cond_clear(&note->ended);
    g_free(note);
}
