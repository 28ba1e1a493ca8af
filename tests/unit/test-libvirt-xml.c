/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/libvirt-xml.h"

static const char pool_xml[] =
    "<pool type='dir'>\n"
    "  <name>default</name>\n"
    "  <source><path>/wrong</path></source>\n"
    "  <target>\n"
    "    <permissions><path>/deeper</path></permissions>\n"
    "    <path> /var/lib/a&amp;b </path>\n"
    "    <path>/second</path>\n"
    "  </target>\n"
    "</pool>\n";

static void
check(const char *xml, const char *path, const char *expected)
{
    g_autofree char *found = vmc_libvirt_xml_get(xml, path);

    g_assert_cmpstr(found, ==, expected);
}

/* An element of the same name elsewhere must not be taken for it. */
static void
test_element(void)
{
    check(pool_xml, "pool/name", "default");
    check(pool_xml, "pool/target/path", "/var/lib/a&b");
    check(pool_xml, "pool/target/permissions/path", "/deeper");
    check(pool_xml, "pool/target/none", NULL);
    check(pool_xml, "target/path", NULL);
}

static void
test_attribute(void)
{
    check(pool_xml, "pool@type", "dir");
    check(pool_xml, "pool@none", NULL);
    check("<device><parent>p</parent><capability type='net'>"
          "<link speed='1000' state='up'/></capability></device>",
          "device/capability/link@speed", "1000");
}

static void
test_malformed(void)
{
    check("", "pool/name", NULL);
    check("<pool><name>half", "pool/name", NULL);
    check("no xml", "pool", NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/libvirt-xml/element", test_element);
    g_test_add_func("/libvirt-xml/attribute", test_attribute);
    g_test_add_func("/libvirt-xml/malformed", test_malformed);
    return g_test_run();
}
