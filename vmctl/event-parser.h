/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Server-sent events (the text/event-stream of the HTML standard): bytes in,
 * events out. Comments and members other than "event" and "data" are passed
 * over.
 */

typedef struct _VmcEventParser VmcEventParser;

/**
 * VmcEventFunc:
 * @name: kind of the event, "message" when the stream says none
 * @data: its data, lines joined by line ends
 * @user_data: closure
 */
typedef void (*VmcEventFunc)(const char *name,
                             const char *data,
                             gpointer user_data);

#define VMC_EVENT_MAX_BYTES (4 * 1024 * 1024)

VmcEventParser *vmc_event_parser_new(VmcEventFunc func, gpointer user_data);
void vmc_event_parser_free(VmcEventParser *parser);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcEventParser, vmc_event_parser_free)

/**
 * vmc_event_parser_push:
 * @parser: a parser
 * @bytes: the next bytes of the stream, cut anywhere
 * @n_bytes: how many
 * @error: %VMC_ERROR_TOO_LARGE when an event grows beyond
 *   %VMC_EVENT_MAX_BYTES
 *
 * Calls the function for every event that is complete with these bytes.
 *
 * Returns: %FALSE when the stream cannot be read on
 */
gboolean vmc_event_parser_push(VmcEventParser *parser,
                               const char *bytes,
                               gsize n_bytes,
                               GError **error);
