/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job.h"

#include "daemon/jobs/json-value.h"

static void
test_state_names(void)
{
    for (guint i = 0; i < VMC_N_JOB_STATES; i++) {
        VmcJobState back;
        const char *name = vmc_job_state_to_name((VmcJobState) i);

        g_assert_nonnull(name);
        g_assert_true(vmc_job_state_from_name(name, &back));
        g_assert_cmpint(back, ==, i);
    }
    VmcJobState state;
    g_assert_false(vmc_job_state_from_name("paused", &state));
    g_assert_false(vmc_job_state_is_final(VMC_JOB_QUEUED));
    g_assert_false(vmc_job_state_is_final(VMC_JOB_RUNNING));
    g_assert_true(vmc_job_state_is_final(VMC_JOB_UNKNOWN));
}

static VmcJobRecord *
make_full_record(void)
{
    g_autoptr(JsonObject) intent = vmc_json_parse_object(
        "{\"to\":\"h2\",\"n\":3,\"list\":[1,\"a\",{\"b\":null}],\"f\":1.5}",
        NULL);
    VmcJobRecord *record = vmc_job_record_new("migrate", "u-1", "web1", intent);

    record->id = 42;
    record->state = VMC_JOB_PARTIAL;
    record->step = g_strdup("resume the destination");
    record->progress_milli = 900;
    record->requested_by = g_strdup("uid 1000");
    record->created_s = 100;
    record->started_s = 101;
    record->finished_s = 102;
    vmc_job_record_note(record, 100, "api", "asked for");
    vmc_job_record_note(record, 101, "job", "\"quoted\" \xc3\xa9");
    record->error_code = VMC_ERROR_PARTIAL;
    record->error_message = g_strdup("half of it");
    record->result = vmc_json_parse_object("{\"vcpus\":{\"usable\":2}}", NULL);
    return record;
}

static char *
to_text(const VmcJobRecord *record)
{
    g_autoptr(JsonNode) node = vmc_job_record_to_json(record);

    return json_to_string(node, FALSE);
}

/* The journal gives back exactly what was put in. */
static void
test_round_trip(void)
{
    g_autoptr(VmcJobRecord) record = make_full_record();
    g_autoptr(JsonNode) node = vmc_job_record_to_json(record);
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcJobRecord) back = vmc_job_record_from_json(node, &error);

    g_assert_no_error(error);
    g_autofree char *before = to_text(record);
    g_autofree char *after = to_text(back);
    g_assert_cmpstr(before, ==, after);
    g_assert_cmpuint(back->id, ==, 42);
    g_assert_cmpint(back->state, ==, VMC_JOB_PARTIAL);
    g_assert_cmpuint(back->trail->len, ==, 2);
    g_assert_cmpint(back->error_code, ==, VMC_ERROR_PARTIAL);
}

/* What is not known is absent, so that a client need not know our nothing. */
static void
test_new_is_sparse(void)
{
    g_autoptr(VmcJobRecord) record =
        vmc_job_record_new("start", NULL, NULL, NULL);
    g_autoptr(JsonNode) node = vmc_job_record_to_json(record);
    JsonObject *object = json_node_get_object(node);

    g_assert_false(json_object_has_member(object, "error"));
    g_assert_false(json_object_has_member(object, "result"));
    g_assert_false(json_object_has_member(object, "vm_uuid"));
    g_assert_false(json_object_has_member(object, "started_s"));
    g_assert_cmpstr(json_object_get_string_member(object, "state"), ==,
                    "queued");
}

/* Two threads may have a record and its copy: they share nothing. */
static void
test_copy_shares_nothing(void)
{
    g_autoptr(VmcJobRecord) record = make_full_record();
    g_autoptr(VmcJobRecord) copy = vmc_job_record_copy(record);
    g_autofree char *before = to_text(copy);

    json_object_set_string_member(record->intent, "to", "elsewhere");
    JsonArray *list = json_object_get_array_member(record->intent, "list");
    json_array_remove_element(list, 0);
    json_object_set_int_member(
        json_object_get_object_member(record->result, "vcpus"), "usable", 9);
    vmc_job_record_note(record, 103, "job", "more");

    g_autofree char *after = to_text(copy);
    g_assert_cmpstr(before, ==, after);
}

static void
test_bad_json(void)
{
    static const char *const cases[] = {
        "{}",
        "{\"kind\":\"start\"}",
        "{\"kind\":\"start\",\"state\":\"sleeping\"}",
        "{\"kind\":7,\"state\":\"done\"}",
        "{\"kind\":\"start\",\"state\":\"done\",\"id\":-1}",
        "{\"kind\":\"start\",\"state\":\"done\",\"id\":\"1\"}",
        "{\"kind\":\"start\",\"state\":\"done\",\"progress_milli\":1001}",
        "{\"kind\":\"start\",\"state\":\"done\",\"trail\":{}}",
        "{\"kind\":\"start\",\"state\":\"done\",\"trail\":[1]}",
        "{\"kind\":\"start\",\"state\":\"done\",\"error\":{\"code\":\"x\"}}",
        "{\"kind\":\"start\",\"state\":\"done\",\"intent\":[]}",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) node = json_from_string(cases[i], NULL);

        g_test_message("%s", cases[i]);
        g_assert_null(vmc_job_record_from_json(node, &error));
        g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/job/state-names", test_state_names);
    g_test_add_func("/job/round-trip", test_round_trip);
    g_test_add_func("/job/new-is-sparse", test_new_is_sparse);
    g_test_add_func("/job/copy-shares-nothing", test_copy_shares_nothing);
    g_test_add_func("/job/bad-json", test_bad_json);
    return g_test_run();
}
