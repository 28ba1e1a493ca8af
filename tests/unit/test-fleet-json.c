/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/fleet-json.h"

#include "core/error.h"
#include "core/json-text.h"

#include <string.h>

/* The corpus tests/corpus/fleet: good/NAME.json must pass and come back the
 * same; bad/NAME.json must be refused with the words of bad/NAME.exp. Each file
 * is a test of its own. */

static char *
corpus_path(const char *name)
{
    return g_test_build_filename(G_TEST_DIST, "corpus", "fleet", name, NULL);
}

static char *
read_corpus(const char *name, gsize *ret_length)
{
    g_autofree char *path = corpus_path(name);
    g_autoptr(GError) error = NULL;
    char *text;

    g_file_get_contents(path, &text, ret_length, &error);
    g_assert_no_error(error);
    return text;
}

static void
test_good_file(gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    gsize length;
    g_autofree char *text = read_corpus(data, &length);

    g_autoptr(VmcFleet) fleet = vmc_fleet_parse(text, (gssize) length, &error);
    g_assert_no_error(error);
    g_autoptr(JsonNode) first = vmc_fleet_to_json(fleet);
    g_autoptr(VmcFleet) again = vmc_fleet_from_json(first, &error);
    g_assert_no_error(error);
    g_autoptr(JsonNode) second = vmc_fleet_to_json(again);
    g_assert_true(json_node_equal(first, second));
    g_assert_cmpuint(vmc_fleet_n_vms(fleet), ==, vmc_fleet_n_vms(again));
}

static void
test_bad_file(gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    gsize length;
    g_autofree char *text = read_corpus(data, &length);
    g_autofree char *stem = g_strndup(data, strlen(data) - strlen(".json"));
    g_autofree char *exp_name = g_strconcat(stem, ".exp", NULL);
    g_autofree char *wanted = read_corpus(exp_name, NULL);

    g_assert_null(vmc_fleet_parse(text, (gssize) length, &error));
    g_assert_nonnull(error);
    g_assert_true(error->domain == VMC_ERROR);
    g_assert_true(error->code == VMC_ERROR_INVALID ||
                  error->code == VMC_ERROR_TOO_LARGE);
    g_assert_cmpstr(error->message, ==, g_strchomp(wanted));
}

static void
add_files(const char *folder, GTestDataFunc test)
{
    g_autofree char *path = corpus_path(folder);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    guint n_files = 0;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir)) != NULL) {
        if (!g_str_has_suffix(name, ".json"))
            continue;
        g_autofree char *title =
            g_strdup_printf("/fleet-json/%s/%s", folder, name);
        g_test_add_data_func_full(title, g_build_filename(folder, name, NULL),
                                  test, g_free);
        n_files++;
    }
    g_assert_cmpuint(n_files, >, 0);
}

/* Every member there is survives: full.json has them all, so what comes back
 * is the very document. A member added to a table and not to full.json is
 * noticed here. */
static void
test_nothing_lost(void)
{
    g_autoptr(GError) error = NULL;
    gsize length;
    g_autofree char *text = read_corpus("good/full.json", &length);
    g_autoptr(JsonNode) written =
        vmc_json_parse(text, (gssize) length, length, &error);
    g_assert_no_error(error);
    g_autoptr(VmcFleet) fleet = vmc_fleet_from_json(written, &error);
    g_assert_no_error(error);
    g_autoptr(JsonNode) back = vmc_fleet_to_json(fleet);
    g_autofree char *back_text = vmc_json_print(back);

    g_test_message("%s", back_text);
    g_assert_true(json_node_equal(written, back));
}

/* Left out means the default, not garbage. */
static void
test_defaults(void)
{
    g_autoptr(GError) error = NULL;
    gsize length;
    g_autofree char *text = read_corpus("good/least.json", &length);
    g_autoptr(VmcFleet) fleet = vmc_fleet_parse(text, (gssize) length, &error);

    g_assert_no_error(error);
    const VmcVm *vm = vmc_fleet_find_vm(fleet, "web1");
    g_assert_cmpint(vm->state, ==, VMC_VM_UNKNOWN);
    g_assert_cmpint(vm->demand_age_s, ==, -1);
    g_assert_cmpuint(vm->factors.of[VMC_DISK].value_milli, ==, 1000);
    g_assert_cmpuint(vm->wishes->len, ==, 0);
    const VmcHost *host = vmc_fleet_find_host(fleet, "kvm1");
    g_assert_cmpuint(g_strv_length(host->labels), ==, 0);
    g_assert_null(host->uuid);
}

/* The keys of amounts are those the rest of the program names. */
static void
test_resource_keys(void)
{
    g_autoptr(JsonNode) node =
        vmc_resources_to_json(VMC_RESOURCES(1, 2, 3, G_MAXUINT64));
    JsonObject *object = json_node_get_object(node);

    for (guint i = 0; i < VMC_N_RESOURCES; i++) {
        const char *key = vmc_resource_to_key((VmcResource) i);
        g_assert_true(json_object_has_member(object, key));
        g_assert_cmpint(json_object_get_int_member(object, key), ==,
                        i == VMC_NETWORK ? G_MAXINT64 : (gint64) i + 1);
    }
    VmcResources back = {0};
    g_assert_true(vmc_resources_from_json(node, &back, NULL));
    g_assert_cmpuint(back.amount[VMC_DISK], ==, 3);
}

/* A single host or VM has the same form, and errors without the list. */
static void
test_single(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) bad =
        vmc_json_parse("{\"name\":\"a\",\"uri\":7}", -1, 100, NULL);

    g_assert_null(vmc_host_from_json(bad, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    g_assert_cmpstr(error->message, ==,
                    "uri: expected a string, found a whole number");
    g_autoptr(VmcVm) vm =
        vmc_vm_new("11111111-2222-4333-8444-555555555501", "web1");
    g_autoptr(JsonNode) node = vmc_vm_to_json(vm);
    g_autoptr(VmcVm) back = vmc_vm_from_json(node, NULL);
    g_assert_cmpstr(back->name, ==, "web1");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_files("good", test_good_file);
    add_files("bad", test_bad_file);
    g_test_add_func("/fleet-json/nothing-lost", test_nothing_lost);
    g_test_add_func("/fleet-json/defaults", test_defaults);
    g_test_add_func("/fleet-json/resource-keys", test_resource_keys);
    g_test_add_func("/fleet-json/single", test_single);
    return g_test_run();
}
