/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/problem.h"

#define TYPE_PREFIX "urn:vmctl:problem:"

VmcProblem
vmc_problem_of(const GError *error, const char *instance)
{
    const VmcError code = vmc_error_of(error);

    return (VmcProblem){.code = code,
                        .status = vmc_error_to_http_status(code),
                        .detail = error != NULL ? error->message : "",
                        .instance = instance};
}

JsonNode *
vmc_problem_to_json(const VmcProblem *problem)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autofree char *type =
        g_strconcat(TYPE_PREFIX, vmc_error_to_slug(problem->code), NULL);
    /* What libvirt or a file name says need not be UTF-8; JSON must be. */
    g_autofree char *detail = g_utf8_make_valid(problem->detail, -1);

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "type");
    json_builder_add_string_value(builder, type);
    json_builder_set_member_name(builder, "title");
    json_builder_add_string_value(builder, vmc_error_to_title(problem->code));
    json_builder_set_member_name(builder, "status");
    json_builder_add_int_value(builder, problem->status);
    json_builder_set_member_name(builder, "detail");
    json_builder_add_string_value(builder, detail);
    if (problem->instance != NULL) {
        g_autofree char *instance = g_utf8_make_valid(problem->instance, -1);
        json_builder_set_member_name(builder, "instance");
        json_builder_add_string_value(builder, instance);
    }
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}
