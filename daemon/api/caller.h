/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "daemon/api/auth.h"

/*
 * One caller's connection: who it is, how long it may take, whether it is still
 * there. It carries one request and is closed after the answer: on a UNIX
 * socket a new one costs nothing, and an idle one cannot be held for ever.
 * Main thread only.
 */

typedef struct _VmcCaller VmcCaller;

/**
 * VmcCallerFunc:
 * @user_data: closure
 */
typedef void (*VmcCallerFunc)(gpointer user_data);

/**
 * vmc_caller_serve:
 * @server: takes the connection
 * @socket: the accepted socket
 * @peer: (transfer full): who is at its other end
 * @timeout_s: how long it may take to send its request
 * @closed: called when all of it is gone
 * @closed_data: closure of @closed
 * @error: what libsoup says
 *
 * Returns: whether @server took it; if not, @closed is called all the same
 */
gboolean vmc_caller_serve(SoupServer *server,
                          GSocket *socket,
                          VmcPeer *peer,
                          guint timeout_s,
                          VmcCallerFunc closed,
                          gpointer closed_data,
                          GError **error);

/**
 * vmc_caller_of:
 * @message: a message of a server that got it by vmc_caller_serve()
 *
 * Returns: (transfer none): the connection it came by; it lives as long as
 * @message, or longer with vmc_caller_hold()
 */
VmcCaller *vmc_caller_of(SoupServerMessage *message);

const VmcPeer *vmc_caller_peer(VmcCaller *caller);

/**
 * vmc_caller_hold:
 * @caller: a caller
 *
 * Returns: (transfer full): something that keeps @caller until it is let go
 * by g_object_unref(), for who takes the stream away from libsoup
 */
GObject *vmc_caller_hold(VmcCaller *caller);

/**
 * vmc_caller_set_deadline:
 * @caller: a caller
 * @timeout_s: after so many seconds it is cut off; 0: never
 *
 * Replaces the deadline there was.
 */
void vmc_caller_set_deadline(VmcCaller *caller, guint timeout_s);

/**
 * vmc_caller_watch:
 * @caller: a caller
 * @gone: (nullable): called once when it hangs up; %NULL: never mind
 * @user_data: closure
 *
 * libsoup does not look at a caller while its request waits for an answer.
 */
void vmc_caller_watch(VmcCaller *caller,
                      VmcCallerFunc gone,
                      gpointer user_data);

/**
 * vmc_caller_cut:
 * @caller: a caller
 *
 * Cuts it off; libsoup then notices an error and cleans up.
 */
void vmc_caller_cut(VmcCaller *caller);
