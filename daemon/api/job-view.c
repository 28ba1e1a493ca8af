/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/job-view.h"

JsonNode *
vmc_job_view(const VmcJobRecord *record)
{
    static const char *const private_members[] = {"domain_xml", "user_data",
                                                  "meta_data"};
    JsonNode *node = vmc_job_record_to_json(record); /* shares nothing */
    JsonObject *intent =
        json_object_get_object_member(json_node_get_object(node), "intent");

    for (gsize i = 0; i < G_N_ELEMENTS(private_members); i++)
        if (json_object_has_member(intent, private_members[i]))
            json_object_remove_member(intent, private_members[i]);
    return node;
}
