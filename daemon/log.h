/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The daemon's log: structured, one sentence a message, with the topic and what
 * it is about as fields. To the journal when stderr is one, else lines on
 * stderr. Only daemon.c, control/ and the edges of api/ log; libraries return
 * errors.
 *
 *     vmc_log_info(VMC_LOG("host", .host = name), "host '%s' is up", name);
 */

/**
 * VmcLogContext:
 * @topic: which part says so: "daemon", "api", "host", "job", …
 * @host: (nullable): the host it is about; field VMCTL_HOST
 * @vm: (nullable): the VM; field VMCTL_VM
 * @job: the job, 0 for none; field VMCTL_JOB
 * @error: (nullable): its message is added, its code is field VMCTL_ERROR
 */
typedef struct {
    const char *topic;
    const char *host;
    const char *vm;
    guint64 job;
    const GError *error;
} VmcLogContext;

/**
 * VMC_LOG:
 * @topic_: which part says so
 *
 * A #VmcLogContext literal; fields may follow.
 */
#define VMC_LOG(...) (&(const VmcLogContext){.topic = __VA_ARGS__})

#define vmc_log_error(context, ...)                                            \
    vmc_log(G_LOG_LEVEL_CRITICAL, context, __VA_ARGS__)
#define vmc_log_warning(context, ...)                                          \
    vmc_log(G_LOG_LEVEL_WARNING, context, __VA_ARGS__)
#define vmc_log_notice(context, ...)                                           \
    vmc_log(G_LOG_LEVEL_MESSAGE, context, __VA_ARGS__)
#define vmc_log_info(context, ...)                                             \
    vmc_log(G_LOG_LEVEL_INFO, context, __VA_ARGS__)
#define vmc_log_debug(context, ...)                                            \
    vmc_log(G_LOG_LEVEL_DEBUG, context, __VA_ARGS__)

/**
 * vmc_log_init:
 * @level: the least important level that is written
 *
 * Sends all of GLib's structured log, the libraries' too, to the journal or to
 * stderr. Once, before other threads are there.
 */
void vmc_log_init(GLogLevelFlags level);

/**
 * vmc_log:
 * @level: how important it is
 * @context: what it is about
 * @format: one sentence, without a full stop
 *
 * Any thread.
 */
void vmc_log(GLogLevelFlags level,
             const VmcLogContext *context,
             const char *format,
             ...) G_GNUC_PRINTF(3, 4);

/**
 * vmc_log_format_line:
 * @level: how important it is
 * @fields: (array length=n_fields): a structured message
 * @n_fields: how many
 * @now: (nullable): the time to begin with
 *
 * Returns: (transfer full): the line for stderr, with its newline; what would
 * break the line or a terminal is escaped
 */
char *vmc_log_format_line(GLogLevelFlags level,
                          const GLogField *fields,
                          gsize n_fields,
                          GDateTime *now);
