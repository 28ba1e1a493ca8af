/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/domain-xml.h"

#include <glib.h>

#include "core/error.h"

#include <string.h>

/* The pieces of XML that live changes send, and what hosts say of themselves.
 * Whole domains are in tests/corpus/domain-xml. */

#define MIB (G_GUINT64_CONSTANT(1) << 20)
#define UUID "6ba7b810-9dad-41d1-80b4-00c04fd430c8"

static void
test_dimm(void)
{
    g_autofree char *xml = vmc_domain_xml_dimm(256 * MIB);

    g_assert_cmpstr(xml, ==,
                    "<memory model=\"dimm\">\n"
                    "  <target>\n"
                    "    <size unit=\"KiB\">262144</size>\n"
                    "    <node>0</node>\n"
                    "  </target>\n"
                    "</memory>\n");
}

/* The device as it stands there, by its size alone; virtio-mem is none. */
static void
test_find_dimm(void)
{
    const char *domain =
        "<domain><devices>"
        "<memory model='virtio-mem'><target><size unit='KiB'>131072</size>"
        "</target></memory>"
        "<memory model='dimm'><target><size unit='KiB'>262144</size></target>"
        "<address type='dimm' slot='0'/></memory>"
        "<memory model='dimm'><target><size unit='KiB'>131072</size></target>"
        "<address type='dimm' slot='1'/></memory>"
        "</devices></domain>";
    g_autoptr(GError) error = NULL;
    g_autofree char *found = vmc_domain_xml_find_dimm(domain, 128 * MIB, NULL);
    g_autofree char *absent = vmc_domain_xml_find_dimm(domain, MIB, &error);

    g_assert_nonnull(strstr(found, "slot=\"1\""));
    g_assert_null(absent);
    g_assert_no_error(error);
    g_assert_null(vmc_domain_xml_find_dimm("<domain", MIB, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
}

/* libvirt finds a live device by all it says: only the requested size may
 * differ from what libvirt gave. */
static void
test_virtio_mem(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = vmc_domain_xml_virtio_mem(
        "<domain><devices>"
        "<memory model='dimm'><target><size unit='KiB'>131072</size>"
        "<node>0</node></target><alias name='dimm0'/></memory>"
        "<memory model='virtio-mem'><target><size unit='KiB'>1048576</size>"
        "<node>0</node><block unit='KiB'>2048</block>"
        "<requested unit='KiB'>0</requested><current unit='KiB'>0</current>"
        "</target><alias name='virtiomem0'/>"
        "<address type='pci' bus='0x05'/></memory>"
        "</devices></domain>",
        512 * MIB, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(xml, ==,
                    "<memory model=\"virtio-mem\">\n"
                    "  <target>\n"
                    "    <size unit=\"KiB\">1048576</size>\n"
                    "    <node>0</node>\n"
                    "    <block unit=\"KiB\">2048</block>\n"
                    "    <current unit=\"KiB\">0</current>\n"
                    "    <requested unit=\"KiB\">524288</requested>\n"
                    "  </target>\n"
                    "  <alias name=\"virtiomem0\"/>\n"
                    "  <address type=\"pci\" bus=\"0x05\"/>\n"
                    "</memory>\n");
}

/* No device is no error: the ladder of resize has other rungs. */
static void
test_virtio_mem_absent(void)
{
    static const char *const domains[] = {
        "<domain/>", "<domain><devices/></domain>",
        "<domain><devices><memory model='dimm'/></devices></domain>",
        "<domain><devices><memory model='virtio-mem'/></devices></domain>"};
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(domains); i++) {
        g_assert_null(vmc_domain_xml_virtio_mem(domains[i], MIB, &error));
        g_assert_no_error(error);
    }
    g_assert_null(vmc_domain_xml_virtio_mem("<domain>", MIB, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
}

/* libvirt adds the namespace to metadata itself, and refuses it declared; what
 * it stores then is what a lost database is rebuilt from. */
static void
test_metadata_round_trip(void)
{
    g_autoptr(VmcVm) vm = vmc_vm_new(UUID, "vm1");
    g_autoptr(VmcDomainFacts) facts = vmc_domain_facts_new(NULL, NULL);
    g_autoptr(GError) error = NULL;

    vm->is_managed = TRUE;
    vm->template_name = g_strdup("we<b>");
    vm->size = VMC_RESOURCES(1000, 2 * MIB, 3, 4);
    vm->size_min = VMC_RESOURCES(1, 2, 3, 4);
    vm->size_max = VMC_RESOURCES(5, G_MAXUINT64, 7, 8);
    g_ptr_array_add(vm->wishes, vmc_wish_new(TRUE, TRUE, NULL, "a=\"b\""));
    g_autofree char *xml = vmc_domain_xml_metadata(vm);
    g_assert_true(g_str_has_prefix(xml, "<vm version=\"1\">"));
    g_assert_null(strstr(xml, "xmlns"));

    /* as libvirt gives it back: a default namespace says the same */
    g_autofree char *domain = g_strdup_printf(
        "<domain><name>vm1</name><uuid>" UUID "</uuid><metadata>"
        "<vm xmlns=\"" VMC_METADATA_URI "\" %s</metadata></domain>",
        xml + strlen("<vm "));
    g_assert_true(vmc_domain_xml_read(domain, NULL, facts, &error));
    g_assert_no_error(error);
    g_assert_nonnull(facts->metadata);
    g_assert_cmpstr(facts->metadata->template_name, ==, "we<b>");
    g_assert_null(facts->metadata->service_class);
    g_assert_true(vmc_resources_equal(facts->metadata->size_max, vm->size_max));
    g_assert_cmpuint(facts->metadata->wishes->len, ==, 1);
    const VmcWish *wish = facts->metadata->wishes->pdata[0];
    g_assert_cmpstr(wish->label, ==, "a=\"b\"");
}

/* ---- capabilities -------------------------------------------------------- */

/* Two nodes with two cores of two threads each. */
static char *
capabilities(void)
{
    GString *xml = g_string_new(
        "<capabilities><host><uuid>" UUID "</uuid><cpu><arch>x86_64</arch>"
        "<model>EPYC</model></cpu><topology><cells num='2'>");

    for (guint cell = 0; cell < 2; cell++) {
        g_string_append_printf(
            xml, "<cell id='%u'><memory unit='KiB'>1048576</memory><cpus>",
            cell);
        for (guint cpu = 0; cpu < 4; cpu++)
            g_string_append_printf(
                xml, "<cpu id='%u' socket_id='%u' die_id='0' core_id='%u'/>",
                cell * 4 + cpu, cell, cpu / 2);
        g_string_append(xml, "</cpus></cell>");
    }
    g_string_append(
        xml, "</cells></topology></host>"
             "<guest><os_type>hvm</os_type><arch name='i686'>"
             "<machine>isapc</machine></arch></guest>"
             "<guest><os_type>hvm</os_type><arch name='x86_64'>"
             "<machine>pc-q35-7.2</machine>"
             "<machine canonical='pc-q35-7.2'>q35</machine></arch></guest>"
             "</capabilities>");
    return g_string_free(xml, FALSE);
}

static void
test_capabilities(void)
{
    g_autoptr(VmcHost) host = vmc_host_new("kvm1", "test:///");
    g_autofree char *xml = capabilities();
    g_autoptr(GError) error = NULL;

    vmc_domain_xml_read_capabilities(
        xml,
        "<domainCapabilities><domain>kvm</domain><cpu>"
        "<mode name='host-model'><model>EPYC</model></mode>"
        "<mode name='custom' supported='yes'>"
        "<model usable='yes'>qemu64</model><model usable='no'>Denverton</model>"
        "<model usable='yes'>Westmere</model></mode></cpu>"
        "</domainCapabilities>",
        host, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(host->uuid, ==, UUID);
    g_assert_cmpstr(host->arch, ==, "x86_64");
    g_assert_cmpstr(host->cpu_model, ==, "EPYC");
    g_assert_cmpstr(host->domain_type, ==, "kvm");
    g_assert_cmpuint(host->n_numa_nodes, ==, 2);
    g_assert_cmpuint(host->n_cores, ==, 4);
    g_assert_cmpuint(host->n_threads, ==, 8);
    g_assert_cmpuint(host->physical.amount[VMC_CPU], ==, 8000);
    g_assert_cmpuint(host->physical.amount[VMC_MEMORY], ==, 2048 * MIB);
    g_autofree char *models = g_strjoinv(" ", host->cpu_models);
    g_autofree char *machines = g_strjoinv(" ", host->machines);
    g_assert_cmpstr(models, ==, "qemu64 Westmere");
    g_assert_cmpstr(machines, ==, "pc-q35-7.2 q35");
}

/* A host may not answer for its guests; what it says of itself still counts. */
static void
test_capabilities_in_part(void)
{
    g_autoptr(VmcHost) host = vmc_host_new("kvm1", "test:///");
    g_autoptr(GError) error = NULL;

    g_assert_true(vmc_domain_xml_read_capabilities("<capabilities/>", NULL,
                                                   host, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(host->n_threads, ==, 0);
    g_assert_false(vmc_domain_xml_read_capabilities("<capabilities/>", "<x/>",
                                                    host, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/domain-xml/dimm", test_dimm);
    g_test_add_func("/domain-xml/find-dimm", test_find_dimm);
    g_test_add_func("/domain-xml/virtio-mem", test_virtio_mem);
    g_test_add_func("/domain-xml/virtio-mem-absent", test_virtio_mem_absent);
    g_test_add_func("/domain-xml/metadata-round-trip",
                    test_metadata_round_trip);
    g_test_add_func("/domain-xml/capabilities", test_capabilities);
    g_test_add_func("/domain-xml/capabilities-in-part",
                    test_capabilities_in_part);
    return g_test_run();
}
