/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "vmctl/event-parser.h"

#include <glib.h>

#include <string.h>

static void
on_event(const char *name, const char *data, gpointer user_data)
{
    g_string_append_printf(user_data, "<%s:%s>", name, data);
}

static void
assert_events(const char *stream, gsize chunk, const char *expected)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autoptr(VmcEventParser) parser = vmc_event_parser_new(on_event, seen);
    gsize length = strlen(stream);

    for (gsize i = 0; i < length; i += chunk)
        g_assert_true(vmc_event_parser_push(parser, stream + i,
                                            MIN(chunk, length - i), NULL));
    g_assert_cmpstr(seen->str, ==, expected);
}

/* The network cuts a stream anywhere: every cut gives the same events. */
static void
test_any_cut(void)
{
    const char *stream = "event: vm\ndata: {\"a\":1}\n\n"
                         ": keepalive\n\n"
                         "id: 3\nevent:job\r\ndata:x\r\ndata: y\r\n\r\n"
                         "data: z\r\r"
                         "event: vm\n\n"
                         "data: not ended";

    for (gsize chunk = 1; chunk <= strlen(stream); chunk++)
        assert_events(stream, chunk, "<vm:{\"a\":1}><job:x\ny><message:z>");
}

/* A daemon gone wild cannot fill our memory. */
static void
test_too_large(void)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autoptr(VmcEventParser) parser = vmc_event_parser_new(on_event, seen);
    g_autofree char *chunk = g_strnfill(1 << 20, 'x');
    g_autoptr(GError) error = NULL;
    guint n_chunks = 0;

    while (vmc_event_parser_push(parser, chunk, 1 << 20, &error))
        g_assert_cmpuint(n_chunks++, <, 8);
    g_assert_error(error, VMC_ERROR, VMC_ERROR_TOO_LARGE);
    g_assert_cmpstr(seen->str, ==, "");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/event-parser/any-cut", test_any_cut);
    g_test_add_func("/event-parser/too-large", test_too_large);
    return g_test_run();
}
