/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/event-parser.h"

#include "core/error.h"

#include <string.h>

struct _VmcEventParser {
    VmcEventFunc func;
    gpointer user_data;
    GString *line; /* begun, not ended */
    GString *name;
    GString *data;
    gboolean has_data;
    gboolean after_cr; /* a line feed now belongs to the line before */
};

VmcEventParser *
vmc_event_parser_new(VmcEventFunc func, gpointer user_data)
{
    VmcEventParser *parser = g_new0(VmcEventParser, 1);

    parser->func = func;
    parser->user_data = user_data;
    parser->line = g_string_new(NULL);
    parser->name = g_string_new(NULL);
    parser->data = g_string_new(NULL);
    return parser;
}

void
vmc_event_parser_free(VmcEventParser *parser)
{
    if (parser == NULL)
        return;
    g_string_free(parser->line, TRUE);
    g_string_free(parser->name, TRUE);
    g_string_free(parser->data, TRUE);
    g_free(parser);
}

static void
end_event(VmcEventParser *parser)
{
    if (parser->has_data)
        parser->func(parser->name->len > 0 ? parser->name->str : "message",
                     parser->data->str, parser->user_data);
    g_string_truncate(parser->name, 0);
    g_string_truncate(parser->data, 0);
    parser->has_data = FALSE;
}

static void
take_member(VmcEventParser *parser, const char *name, const char *value)
{
    if (g_str_equal(name, "event")) {
        g_string_assign(parser->name, value);
    } else if (g_str_equal(name, "data")) {
        if (parser->has_data)
            g_string_append_c(parser->data, '\n');
        g_string_append(parser->data, value);
        parser->has_data = TRUE;
    }
}

static void
end_line(VmcEventParser *parser)
{
    char *colon = strchr(parser->line->str, ':');

    if (parser->line->len == 0) {
        end_event(parser);
    } else if (colon == NULL) {
        take_member(parser, parser->line->str, "");
    } else if (colon != parser->line->str) {
        *colon = '\0';
        take_member(parser, parser->line->str,
                    colon[1] == ' ' ? colon + 2 : colon + 1);
    }
    g_string_truncate(parser->line, 0);
}

static void
take_byte(VmcEventParser *parser, char byte)
{
    gboolean after_cr = parser->after_cr;

    parser->after_cr = byte == '\r';
    if (byte == '\n' && after_cr)
        return;
    if (byte == '\n' || byte == '\r')
        end_line(parser);
    else if (byte != '\0')
        g_string_append_c(parser->line, byte);
}

gboolean
vmc_event_parser_push(VmcEventParser *parser,
                      const char *bytes,
                      gsize n_bytes,
                      GError **error)
{
    for (gsize i = 0; i < n_bytes; i++) {
        take_byte(parser, bytes[i]);
        if (parser->line->len + parser->data->len > VMC_EVENT_MAX_BYTES) {
            g_set_error(error, VMC_ERROR, VMC_ERROR_TOO_LARGE,
                        "vmctld sent an event of more than %d bytes",
                        VMC_EVENT_MAX_BYTES);
            return FALSE;
        }
    }
    return TRUE;
}
