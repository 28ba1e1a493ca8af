/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/domain-xml.h"
#include "tests/corpus/corpus.h"
#include "tests/corpus/corpus-template.h"

#include "core/error.h"

#include <glib/gstdio.h>

/*
 * tests/corpus/domain-xml/CASE/, one of two kinds:
 *
 *   order         key file, group [order]: template (a shipped one) or a
 *                 template.xml beside it; domain_type, name, host's paths
 *   overrides     (optional) PARAMETER=VALUE per line
 *                 disks lie in /pools/POOL, those of pool vg in /dev/vg
 *   expected      the domain XML; libvirt's schema must take it, and reading it
 *                 back must give the same VM
 *
 *   live.xml      a <domain> as libvirt gives it
 *   config.xml    (optional) as it is stored
 *   expected      the facts, or the error
 */

#define UUID "6ba7b810-9dad-41d1-80b4-00c04fd430c8"

/* ---- the facts ----------------------------------------------------------- */

static void
put_size(GString *out, const char *name, guint64 bytes)
{
    g_autofree char *text = vmc_resource_format(VMC_MEMORY, bytes);

    g_string_append_printf(out, "%s: %s\n", name, text);
}

static void
put_list(GString *out, const char *name, char **list)
{
    g_autofree char *text = g_strjoinv(" ", list);

    g_string_append_printf(out, "%s: %s\n", name, text);
}

static void
put_resources(GString *out, const char *name, const VmcResources *resources)
{
    g_string_append_printf(out, "%s:", name);
    for (guint i = 0; i < VMC_N_RESOURCES; i++) {
        g_autofree char *text =
            vmc_resource_format((VmcResource) i, resources->amount[i]);
        g_string_append_printf(out, " %s %s",
                               vmc_resource_to_name((VmcResource) i), text);
    }
    g_string_append_c(out, '\n');
}

static void
put_shape(GString *out, const VmcVmShape *shape)
{
    g_string_append_printf(out, "running: %s\ncan unplug vcpus: %s\n",
                           shape->is_running ? "yes" : "no",
                           shape->can_unplug_vcpus ? "yes" : "no");
    g_string_append_printf(
        out, "vcpus: %u plugged, %u stored, %u at most, %u at least\n",
        shape->vcpus_plugged, shape->vcpus_config, shape->vcpus_max,
        shape->vcpus_floor);
    put_size(out, "boot", shape->boot_bytes);
    put_size(out, "max", shape->max_bytes);
    put_size(out, "balloon", shape->balloon_bytes);
    put_size(out, "balloon stored", shape->balloon_config_bytes);
    if (shape->has_virtio_mem) {
        put_size(out, "virtio-mem size", shape->virtio_mem_size_bytes);
        put_size(out, "virtio-mem block", shape->virtio_mem_block_bytes);
        put_size(out, "virtio-mem requested",
                 shape->virtio_mem_requested_bytes);
        put_size(out, "virtio-mem current", shape->virtio_mem_current_bytes);
        put_size(out, "virtio-mem stored", shape->virtio_mem_config_bytes);
    }
    for (guint i = 0; i < shape->dimms->len; i++) {
        const VmcDimm *dimm = shape->dimms->pdata[i];
        put_size(out, dimm->alias != NULL ? dimm->alias : "dimm",
                 dimm->size_bytes);
    }
    g_string_append_printf(out, "slots free: %u\n", shape->dimm_slots_free);
    put_size(out, "stored DIMMs", vmc_vm_shape_dimm_config_bytes(shape));
    g_string_append_printf(out, "stored slots free: %u\n",
                           shape->dimm_slots_config_free);
}

static void
put_vm(GString *out, const VmcVm *vm)
{
    g_string_append_printf(
        out, "template: %s\nclass: %s\n",
        vm->template_name != NULL ? vm->template_name : "none",
        vm->service_class != NULL ? vm->service_class : "none");
    put_resources(out, "managed size", &vm->size);
    put_resources(out, "managed min", &vm->size_min);
    put_resources(out, "managed max", &vm->size_max);
    for (guint i = 0; i < VMC_N_RESOURCES; i++) {
        g_autofree char *text = vmc_factor_format(&vm->factors.of[i]);
        g_string_append_printf(
            out, "factor %s: %s now %u (%s)\n",
            vmc_resource_to_name((VmcResource) i), text,
            vm->factors.of[i].value_milli,
            vmc_factor_source_to_name(vm->factors.of[i].source));
    }
    for (guint i = 0; i < vm->wishes->len; i++) {
        const VmcWish *wish = vm->wishes->pdata[i];
        g_string_append_printf(out, "wish: %s %s %s %s\n",
                               wish->must ? "must" : "should",
                               wish->avoid ? "avoid" : "go to",
                               wish->host != NULL ? "host" : "label",
                               wish->host != NULL ? wish->host : wish->label);
    }
}

static char *
dump_facts(const VmcDomainFacts *facts)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "name: %s\nuuid: %s\ntype: %s\n", facts->name,
                           facts->uuid, facts->domain_type);
    g_string_append_printf(out, "machine: %s\ncpu model: %s\n",
                           facts->machine != NULL ? facts->machine : "none",
                           facts->cpu_model != NULL ? facts->cpu_model
                                                    : "none");
    g_string_append_printf(out, "agent channel: %s\n",
                           facts->has_agent_channel ? "yes" : "no");
    put_resources(out, "size", &facts->size);
    put_shape(out, &facts->shape);
    put_list(out, "pools", facts->pools);
    put_list(out, "disks", facts->disks);
    put_list(out, "networks", facts->networks);
    put_list(out, "bridges", facts->bridges);
    g_string_append_printf(out, "managed: %s\n",
                           facts->is_managed ? "yes" : "no");
    if (facts->metadata != NULL)
        put_vm(out, facts->metadata);
    return g_string_free(out, FALSE);
}

static char *
read_case(const char *folder)
{
    g_autofree char *live = corpus_read(folder, "live.xml");
    g_autofree char *config = corpus_read(folder, "config.xml");
    g_autoptr(VmcDomainFacts) facts = vmc_domain_facts_new(NULL, NULL);
    g_autoptr(GError) error = NULL;

    if (vmc_domain_xml_read(live, config, facts, &error))
        return dump_facts(facts);
    return g_strdup_printf("%s: %s\n", vmc_error_to_slug(vmc_error_of(error)),
                           error->message);
}

/* ---- the domain XML ------------------------------------------------------ */

static VmcVm *
vm_of(const VmcTemplate *tmpl, const char *name)
{
    VmcVm *vm = vmc_vm_new(UUID, name);

    vm->is_managed = TRUE;
    vm->template_name = g_strdup(tmpl->name);
    vm->service_class = g_strdup(tmpl->service_class);
    vm->size = vmc_template_size(tmpl);
    vm->size_min = vmc_template_size_min(tmpl);
    vm->size_max = vmc_template_size_max(tmpl);
    vm->factors = tmpl->factors;
    g_ptr_array_unref(vm->wishes);
    vm->wishes = vmc_wishes_copy(tmpl->wishes);
    return vm;
}

static GStrv
disk_paths_of(const VmcTemplate *tmpl)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; i < tmpl->disks->len; i++) {
        const VmcTemplateDisk *disk = tmpl->disks->pdata[i];
        gboolean is_logical = g_str_equal(disk->pool, "vg");
        g_autofree char *path =
            g_strdup_printf("%s/%s/%s-%s.qcow2", is_logical ? "/dev" : "/pools",
                            disk->pool, UUID, disk->name);
        g_strv_builder_add(builder, path);
    }
    return g_strv_builder_end(builder);
}

/* What was written says the same when it is read. */
static void
assert_reads_back(const char *xml, const VmcDomainOrder *order)
{
    g_autoptr(VmcDomainFacts) facts = vmc_domain_facts_new(NULL, NULL);
    g_autoptr(GError) error = NULL;

    vmc_domain_xml_read(xml, NULL, facts, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(facts->uuid, ==, order->vm->uuid);
    g_assert_cmpstr(facts->name, ==, order->vm->name);
    g_assert_cmpstr(facts->cpu_model, ==, order->tmpl->cpu_model);
    g_assert_true(vmc_resources_equal(facts->size, order->vm->size));
    g_assert_cmpuint(facts->shape.vcpus_max, ==, order->tmpl->cpu.max / 1000);
    g_assert_nonnull(facts->metadata);
    g_autoptr(GString) before = g_string_new(NULL);
    g_autoptr(GString) after = g_string_new(NULL);
    put_vm(before, order->vm);
    put_vm(after, facts->metadata);
    g_assert_cmpstr(before->str, ==, after->str);
}

static void
assert_libvirt_takes(const char *xml)
{
    static const char *const schema = "/usr/share/libvirt/schemas/domain.rng";
    g_autofree char *path = NULL;
    g_autofree char *output = NULL;
    g_autoptr(GError) error = NULL;
    int status = 0;
    int fd = g_file_open_tmp("domain-XXXXXX.xml", &path, &error);

    g_assert_no_error(error);
    g_close(fd, NULL);
    if (!g_file_test(schema, G_FILE_TEST_EXISTS)) {
        g_test_message("no %s: not validated", schema);
        return;
    }
    g_file_set_contents(path, xml, -1, &error);
    g_assert_no_error(error);
    const char *const argv[] = {"xmllint", "--noout", "--nonet", "--relaxng",
                                schema,    path,      NULL};
    g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                 NULL, &output, &status, &error);
    g_assert_no_error(error);
    if (!g_spawn_check_wait_status(status, NULL))
        g_test_fail_printf("libvirt's schema refuses it: %s", output);
    g_remove(path);
}

static char *
write_case(const char *folder, GKeyFile *keys)
{
    g_autofree char *domain_type =
        g_key_file_get_string(keys, "order", "domain_type", NULL);
    g_autofree char *name = g_key_file_get_string(keys, "order", "name", NULL);
    g_autofree char *seed = g_key_file_get_string(keys, "order", "seed", NULL);
    g_autofree char *shipped =
        g_key_file_get_string(keys, "order", "template", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcTemplate) tmpl = corpus_template(folder, shipped, &error);

    g_assert_no_error(error);
    g_autoptr(VmcVm) vm = vm_of(tmpl, name);
    g_auto(GStrv) disk_paths = disk_paths_of(tmpl);
    const VmcDomainOrder order = {vm, tmpl, domain_type, disk_paths, seed};
    char *xml = vmc_domain_xml_new(&order, &error);
    if (xml == NULL)
        return g_strdup_printf(
            "%s: %s\n", vmc_error_to_slug(vmc_error_of(error)), error->message);
    assert_reads_back(xml, &order);
    assert_libvirt_takes(xml);
    return xml;
}

static char *
run_domain_case(const char *folder)
{
    g_autoptr(GKeyFile) keys = g_key_file_new();
    g_autofree char *path = g_build_filename(folder, "order", NULL);

    if (g_key_file_load_from_file(keys, path, G_KEY_FILE_NONE, NULL))
        return write_case(folder, keys);
    return read_case(folder);
}

int
main(int argc, char **argv)
{
    return corpus_main(argc, argv, "domain-xml", run_domain_case);
}
