/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/log.h"

#include "core/error.h"

#include <glib.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OUR_DOMAIN "vmctl"
#define MAX_FIELDS 8

static GLogLevelFlags least_level = G_LOG_LEVEL_INFO;
static gboolean is_journal;

/* ---- lines for stderr ---------------------------------------------------- */

static const char *
level_word(GLogLevelFlags level)
{
    if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
        return "error";
    if (level & G_LOG_LEVEL_WARNING)
        return "warning";
    if (level & G_LOG_LEVEL_MESSAGE)
        return "notice";
    return level & G_LOG_LEVEL_INFO ? "info" : "debug";
}

static const char *
find_field(const GLogField *fields, gsize n_fields, const char *key)
{
    for (gsize i = 0; i < n_fields; i++)
        if (g_str_equal(fields[i].key, key) && fields[i].length < 0)
            return fields[i].value;
    return NULL;
}

/* Names come from outside: a newline in one must not forge a line. */
static void
append_escaped(GString *line, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        const guchar byte = (guchar) *p;
        if (byte < 0x20 || byte == 0x7f)
            g_string_append_printf(line, "\\x%02x", byte);
        else
            g_string_append_c(line, *p);
    }
}

char *
vmc_log_format_line(GLogLevelFlags level,
                    const GLogField *fields,
                    gsize n_fields,
                    GDateTime *now)
{
    const char *topic = find_field(fields, n_fields, "VMCTL_TOPIC");
    const char *domain = find_field(fields, n_fields, "GLIB_DOMAIN");
    const char *message = find_field(fields, n_fields, "MESSAGE");
    GString *line = g_string_new(NULL);

    if (now != NULL) {
        g_autofree char *time = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S.%f");
        g_string_append_printf(line, "%.23sZ ", time);
    }
    g_string_append_printf(line, "%s ", level_word(level));
    append_escaped(line, topic != NULL ? topic : domain != NULL ? domain : "?");
    g_string_append(line, ": ");
    append_escaped(line, message != NULL ? message : "");
    g_string_append_c(line, '\n');
    return g_string_free(line, FALSE);
}

/* ---- where it goes ------------------------------------------------------- */

static GLogWriterOutput
write_line(GLogLevelFlags level, const GLogField *fields, gsize n_fields)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *line = vmc_log_format_line(level, fields, n_fields, now);

    fputs(line, stderr);
    fflush(stderr);
    return G_LOG_WRITER_HANDLED;
}

/* GLib's own default writer is what aborts on G_DEBUG=fatal-warnings, so what
 * libraries complain of goes there; what we say ourselves never aborts. */
static GLogWriterOutput
write_log(GLogLevelFlags level,
          const GLogField *fields,
          gsize n_fields,
          gpointer user_data)
{
    const char *domain = find_field(fields, n_fields, "GLIB_DOMAIN");
    const gboolean is_ours = domain != NULL && g_str_equal(domain, OUR_DOMAIN);
    const GLogLevelFlags bare = level & G_LOG_LEVEL_MASK;

    if (!is_ours && (bare & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL |
                             G_LOG_LEVEL_WARNING)) != 0)
        return g_log_writer_default(level, fields, n_fields, user_data);
    if (bare > least_level)
        return G_LOG_WRITER_HANDLED;
    if (is_journal && g_log_writer_journald(level, fields, n_fields, NULL) ==
                          G_LOG_WRITER_HANDLED)
        return G_LOG_WRITER_HANDLED;
    return write_line(level, fields, n_fields);
}

/* ---- public -------------------------------------------------------------- */

void
vmc_log_init(GLogLevelFlags level)
{
    least_level = level;
    is_journal = g_log_writer_is_journald(STDERR_FILENO);
    g_log_set_writer_func(write_log, NULL, NULL);
}

static gsize
add_field(GLogField *fields, gsize n_fields, const char *key, const char *value)
{
    if (value == NULL)
        return n_fields;
    fields[n_fields] = (GLogField){.key = key, .value = value, .length = -1};
    return n_fields + 1;
}

static const char *
syslog_priority(GLogLevelFlags level)
{
    if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
        return "3";
    if (level & G_LOG_LEVEL_WARNING)
        return "4";
    if (level & G_LOG_LEVEL_MESSAGE)
        return "5";
    return level & G_LOG_LEVEL_INFO ? "6" : "7";
}

void
vmc_log(GLogLevelFlags level,
        const VmcLogContext *context,
        const char *format,
        ...)
{
    g_autoptr(GString) message = g_string_new(NULL);
    GLogField fields[MAX_FIELDS];
    char job[24];
    gsize n = 0;
    va_list args;

    va_start(args, format);
    g_string_append_vprintf(message, format, args);
    va_end(args);
    if (context->error != NULL)
        g_string_append_printf(message, ": %s", context->error->message);
    g_snprintf(job, sizeof job, "%" G_GUINT64_FORMAT, context->job);

    n = add_field(fields, n, "PRIORITY", syslog_priority(level));
    n = add_field(fields, n, "GLIB_DOMAIN", OUR_DOMAIN);
    n = add_field(fields, n, "MESSAGE", message->str);
    n = add_field(fields, n, "VMCTL_TOPIC", context->topic);
    n = add_field(fields, n, "VMCTL_HOST", context->host);
    n = add_field(fields, n, "VMCTL_VM", context->vm);
    n = add_field(fields, n, "VMCTL_JOB", context->job != 0 ? job : NULL);
    if (context->error != NULL)
        n = add_field(fields, n, "VMCTL_ERROR",
                      vmc_error_to_slug(vmc_error_of(context->error)));
    g_log_structured_array(level, fields, n);
}
