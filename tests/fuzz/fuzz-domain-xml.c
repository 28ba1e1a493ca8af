/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/domain-xml.h"
#include "tests/fuzz/fuzz.h"

#include "core/error.h"

/* Domain XML as hosts give it: anybody who may define a domain there writes
 * it, metadata and all. */

const char *const vmc_fuzz_seeds = "corpus/domain-xml";

static void
check_facts(const VmcDomainFacts *facts)
{
    g_assert_nonnull(facts->uuid);
    g_assert_nonnull(facts->name);
    g_assert_cmpint(facts->is_managed, ==, facts->metadata != NULL);
    if (facts->metadata == NULL)
        return;
    for (guint i = 0; i < VMC_N_RESOURCES; i++) {
        const VmcFactor *factor = &facts->metadata->factors.of[i];
        g_assert_cmpuint(factor->value_milli, >=, VMC_FACTOR_MIN_MILLI);
        g_assert_cmpuint(factor->value_milli, <=, VMC_FACTOR_MAX_MILLI);
    }
    g_autofree char *metadata = vmc_domain_xml_metadata(facts->metadata);
    g_assert_nonnull(metadata);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *) data, size);
    g_autoptr(VmcDomainFacts) facts = vmc_domain_facts_new(NULL, NULL);
    g_autoptr(GError) error = NULL;

    if (vmc_domain_xml_read(text, NULL, facts, &error))
        check_facts(facts);
    else
        g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    g_free(vmc_domain_xml_virtio_mem(text, 1 << 30, NULL));
    return 0;
}
