/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/body.h"
#include "daemon/api/host-routes.h"

#include "core/error.h"

#include <glib.h>

#include <string.h>

static gboolean
read_host(const char *text, VmcHostBody *body, GError **error)
{
    return vmc_body_read(text, strlen(text), &vmc_host_body_type, body, error);
}

/* All fields go where they belong; of what is left out, the target's own value
 * stays, also within an object. */
static void
test_good(void)
{
    VmcHostBody body = {.reserved = VMC_RESOURCES(1, 2, 3, 4)};
    g_autoptr(GError) error = NULL;

    read_host("{\"name\":\"kvm1\",\"uri\":\"qemu:///system\","
              "\"labels\":[\"rack=r1\"],\"reserved\":{\"memory_bytes\":99},"
              "\"ceiling_milli\":{\"cpu\":4000}}",
              &body, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(body.name, ==, "kvm1");
    g_assert_cmpstr(body.uri, ==, "qemu:///system");
    g_assert_null(body.migration_uri);
    g_assert_cmpstr(body.labels[0], ==, "rack=r1");
    g_assert_cmpuint(body.reserved.amount[VMC_CPU], ==, 1);
    g_assert_cmpuint(body.reserved.amount[VMC_MEMORY], ==, 99);
    g_assert_cmpuint(body.ceiling_milli.amount[VMC_CPU], ==, 4000);
    vmc_body_clear(&vmc_host_body_type, &body);
    g_assert_null(body.name);
    g_assert_null(body.labels);
}

typedef struct {
    const char *name;
    const char *text;
    const char *message;
} Bad;

static const Bad bad[] = {
    {"empty", "", "the request body: name: is missing, but required"},
    {"not-json", "{\"name\":\n  kvm1}",
     "the request body: line 2: not JSON: an unknown word"},
    {"cut-off", "{\"name\":\"kvm1\"",
     "the request body: line 1: not JSON: it "
     "ends too early"},
    {"no-object", "[1]",
     "the request body: expected an object, found an array"},
    {"missing", "{\"name\":\"kvm1\"}",
     "the request body: uri: is missing, but required"},
    {"unknown", "{\"name\":\"a\",\"uri\":\"b\",\"url\":\"c\"}",
     "the request body: url: there is no such member"},
    {"wrong-type", "{\"name\":7,\"uri\":\"b\"}",
     "the request body: name: expected a string, found a whole number"},
    {"null", "{\"name\":null,\"uri\":\"b\"}",
     "the request body: name: expected a string, found null"},
    {"deep", "{\"name\":\"a\",\"uri\":\"b\",\"reserved\":{\"memory\":1}}",
     "the request body: reserved.memory: there is no such member"},
    {"negative",
     "{\"name\":\"a\",\"uri\":\"b\",\"reserved\":{\"memory_bytes\":-1}}",
     "the request body: reserved.memory_bytes: expected a whole number from 0 "
     "to 9223372036854775807, found -1"},
    {"beyond-64-bits",
     "{\"name\":\"a\",\"uri\":\"b\",\"reserved\":{\"memory_bytes\":"
     "18446744073709551617}}",
     "the request body: line 1: not JSON: a number beyond 64 bits"},
    {"not-utf-8", "{\"name\":\"\xff\"}",
     "the request body: not JSON: the text is not UTF-8"},
};

/* Every mistake is named, with its place, and nothing leaks. */
static void
test_bad(gconstpointer data)
{
    const Bad *row = data;
    VmcHostBody body = {0};
    g_autoptr(GError) error = NULL;

    g_assert_false(read_host(row->text, &body, &error));
    g_assert_cmpint(vmc_error_of(error), ==, VMC_ERROR_INVALID);
    g_assert_cmpstr(error->message, ==, row->message);
    vmc_body_clear(&vmc_host_body_type, &body);
}

/* Brackets without end do not get to overflow the stack. */
static void
test_deep_nesting(void)
{
    g_autofree char *text = g_strnfill(500000, '[');
    VmcHostBody body = {0};
    g_autoptr(GError) error = NULL;

    g_assert_false(read_host(text, &body, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_TOO_LARGE);
    vmc_body_clear(&vmc_host_body_type, &body);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/body/good", test_good);
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *path = g_strconcat("/body/bad/", bad[i].name, NULL);
        g_test_add_data_func(path, &bad[i], test_bad);
    }
    g_test_add_func("/body/deep-nesting", test_deep_nesting);
    return g_test_run();
}
