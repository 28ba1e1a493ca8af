/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/fleet-json.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/refusal.h"

#include "core/json-text.h"

/* Fleet JSON: whatever a file holds, there is a fleet that comes back the same
 * from its own JSON, or one line that says where the fault is. */

const char *const vmc_fuzz_seeds = "corpus/fleet";

static void
check_fleet(const VmcFleet *fleet)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) first = vmc_fleet_to_json(fleet);
    g_autofree char *text = vmc_json_print(first);
    g_autoptr(VmcFleet) again = vmc_fleet_parse(text, -1, &error);

    g_assert_no_error(error);
    g_autoptr(JsonNode) second = vmc_fleet_to_json(again);
    g_assert_true(json_node_equal(first, second));
    g_assert_cmpuint(vmc_fleet_n_vms(fleet), ==, vmc_fleet_n_vms(again));
    g_assert_cmpuint(vmc_fleet_n_hosts(fleet), ==, vmc_fleet_n_hosts(again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcFleet) fleet =
        vmc_fleet_parse((const char *) data, (gssize) size, &error);

    if (fleet != NULL) {
        check_fleet(fleet);
        return 0;
    }
    vmc_fuzz_check_refusal(error);
    return 0;
}
