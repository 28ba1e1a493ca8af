/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/domain-xml.h"

#include "daemon/hypervisor/domain-xml-devices.h"
#include "daemon/hypervisor/domain-xml-fragment.h"
#include "daemon/hypervisor/domain-xml-metadata.h"
#include "daemon/hypervisor/domain-xml-tree.h"

/*
 * Memory of a Linux guest, low to high:
 *
 *   boot memory        size.memory min      what is always there: the guest
 *                                           boots from it, and no live shrink
 *                                           goes below it
 *   virtio-mem         max − min            one device, plugged cold;
 *                      requested: default − min, the part in use
 *   room for DIMMs     max − min            for guests whose virtio-mem driver
 *                                           is missing
 *
 * One virtio-mem device from the start and never another: this libvirt does
 * not record where it lies, and a gap from a device that went would make a
 * migration fail at its very end. It takes one of the slots. Boot memory being
 * the minimum, everything above it can be given back.
 *
 * Windows has no virtio-mem driver to rely on: it boots with the default and
 * grows by DIMMs.
 */
#define MEMORY_SLOTS 16
#define VIRTIO_MEM_BLOCK_BYTES (G_GUINT64_CONSTANT(2) << 20)

/* QEMU gives named CPU models 40 address bits, that is 1 TiB, and places
 * memory with gaps: beyond half of it the guest needs more bits. */
#define MANY_BYTES (G_GUINT64_CONSTANT(512) << 30)
#define MANY_ADDRESS_BITS 46

typedef struct {
    guint64 boot_bytes;
    guint64 virtio_mem_bytes; /* 0: no device */
    guint64 requested_bytes;
    guint64 max_bytes; /* with the room for DIMMs; boot_bytes: no hotplug */
} MemoryPlan;

static MemoryPlan
plan_memory(const VmcTemplate *tmpl)
{
    const VmcRange *memory = &tmpl->memory;
    guint64 room = memory->max - memory->min;

    if (room == 0)
        return (MemoryPlan){memory->initial, 0, 0, memory->initial};
    if (tmpl->is_windows)
        return (MemoryPlan){memory->initial, 0, 0, memory->max};
    return (MemoryPlan){memory->min, room, memory->initial - memory->min,
                        memory->max + room};
}

static guint
vcpus_of(guint64 millicores)
{
    return (guint) (millicores / 1000);
}

/* ---- size ---------------------------------------------------------------- */

static void
add_memory(xmlNode *domain, const MemoryPlan *plan)
{
    if (plan->max_bytes > plan->boot_bytes) {
        xmlNode *max = vmc_xml_add_kib(domain, "maxMemory", plan->max_bytes);
        vmc_xml_set(max, "slots", "%d", MEMORY_SLOTS);
    }
    vmc_xml_add_kib(domain, "memory",
                    plan->boot_bytes + plan->virtio_mem_bytes);
    /* the balloon's word, which does not count virtio-mem */
    vmc_xml_add_kib(domain, "currentMemory", plan->boot_bytes);
}

/* vCPU 0 has to stay. The others can be taken away again, except from Windows,
 * which gives none back. */
static void
add_vcpu(xmlNode *vcpus, const VmcTemplate *tmpl, guint id)
{
    xmlNode *vcpu = vmc_xml_add(vcpus, "vcpu");
    gboolean is_enabled = id < vcpus_of(tmpl->cpu.initial);
    gboolean is_fixed = is_enabled && (id == 0 || tmpl->is_windows);

    vmc_xml_set(vcpu, "id", "%u", id);
    vmc_xml_set(vcpu, "enabled", is_enabled ? "yes" : "no");
    vmc_xml_set(vcpu, "hotpluggable", is_fixed ? "no" : "yes");
    if (is_enabled)
        vmc_xml_set(vcpu, "order", "%u", id + 1);
}

static void
add_vcpus(xmlNode *domain, const VmcTemplate *tmpl)
{
    guint max = vcpus_of(tmpl->cpu.max);
    xmlNode *vcpu = vmc_xml_add_text(domain, "vcpu", "%u", max);

    vmc_xml_set(vcpu, "placement", "static");
    vmc_xml_set(vcpu, "current", "%u", vcpus_of(tmpl->cpu.initial));
    xmlNode *vcpus = vmc_xml_add(domain, "vcpus");
    for (guint id = 0; id < max; id++)
        add_vcpu(vcpus, tmpl, id);
}

static void
add_virtio_mem(xmlNode *devices, const MemoryPlan *plan)
{
    if (plan->virtio_mem_bytes == 0)
        return;
    xmlNode *memory = vmc_xml_add(devices, "memory");
    xmlNode *target = vmc_xml_add(memory, "target");

    vmc_xml_set(memory, "model", "virtio-mem");
    vmc_xml_add_kib(target, "size", plan->virtio_mem_bytes);
    vmc_xml_add_text(target, "node", "0");
    vmc_xml_add_kib(target, "block", VIRTIO_MEM_BLOCK_BYTES);
    vmc_xml_add_kib(target, "requested", plan->requested_bytes);
}

/* ---- machine ------------------------------------------------------------- */

/* Firmware without Secure Boot: with it, QEMU refuses to plug vCPUs unless the
 * firmware takes part. */
static void
add_firmware(xmlNode *os)
{
    xmlNode *firmware = vmc_xml_add(os, "firmware");
    xmlNode *feature = vmc_xml_add(firmware, "feature");

    vmc_xml_set(os, "firmware", "efi");
    vmc_xml_set(feature, "enabled", "no");
    vmc_xml_set(feature, "name", "secure-boot");
}

static void
add_os(xmlNode *domain, const VmcTemplate *tmpl)
{
    xmlNode *os = vmc_xml_add(domain, "os");
    xmlNode *type = vmc_xml_add_text(os, "type", "hvm");

    vmc_xml_set(type, "arch", "x86_64");
    vmc_xml_set(type, "machine", "%s", tmpl->machine);
    if (tmpl->firmware == VMC_FIRMWARE_UEFI)
        add_firmware(os);
    if (tmpl->kernel == NULL) {
        vmc_xml_set(vmc_xml_add(os, "boot"), "dev", "hd");
        return;
    }
    vmc_xml_add_text(os, "kernel", "%s", tmpl->kernel);
    if (tmpl->initrd != NULL)
        vmc_xml_add_text(os, "initrd", "%s", tmpl->initrd);
    if (tmpl->cmdline != NULL)
        vmc_xml_add_text(os, "cmdline", "%s", tmpl->cmdline);
}

static void
add_hyperv(xmlNode *features)
{
    static const char *const names[] = {"relaxed", "vapic",      "spinlocks",
                                        "vpindex", "synic",      "stimer",
                                        "reset",   "frequencies"};
    xmlNode *hyperv = vmc_xml_add(features, "hyperv");

    vmc_xml_set(hyperv, "mode", "custom");
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        xmlNode *feature = vmc_xml_add(hyperv, names[i]);
        vmc_xml_set(feature, "state", "on");
        if (g_str_equal(names[i], "spinlocks"))
            vmc_xml_set(feature, "retries", "8191");
    }
}

/* Hyper-V's interfaces are KVM's to offer: under TCG there are none. */
static gboolean
has_hyperv(const VmcDomainOrder *order)
{
    return order->tmpl->is_windows && g_str_equal(order->domain_type, "kvm");
}

static void
add_features(xmlNode *domain, const VmcDomainOrder *order)
{
    xmlNode *features = vmc_xml_add(domain, "features");

    vmc_xml_add(features, "acpi"); /* hotplug and soft stop need it */
    vmc_xml_add(features, "apic");
    if (has_hyperv(order))
        add_hyperv(features);
}

static void
disable_feature(xmlNode *cpu, const char *name)
{
    xmlNode *feature = vmc_xml_add(cpu, "feature");

    vmc_xml_set(feature, "policy", "disable");
    vmc_xml_set(feature, "name", "%s", name);
}

/* One NUMA cell: without any, memory cannot be plugged. */
static void
add_numa(xmlNode *cpu, const VmcTemplate *tmpl, const MemoryPlan *plan)
{
    xmlNode *cell = vmc_xml_add(vmc_xml_add(cpu, "numa"), "cell");
    guint last = vcpus_of(tmpl->cpu.max) - 1;

    vmc_xml_set(cell, "id", "0");
    if (last == 0)
        vmc_xml_set(cell, "cpus", "0");
    else
        vmc_xml_set(cell, "cpus", "0-%u", last);
    vmc_xml_set(cell, "memory", "%" G_GUINT64_FORMAT,
                plan->boot_bytes / VMC_BYTES_PER_KIB);
    vmc_xml_set(cell, "unit", "KiB");
}

/* A named model, so that the guest finds the same CPU on every host. No vmx or
 * svm: with them a guest that has loaded kvm cannot bring added vCPUs online
 * once it was migrated. Windows is licensed by socket: one, with all cores;
 * others get a socket per vCPU, which is how libvirt counts by default. */
static void
add_cpu(xmlNode *domain, const VmcDomainOrder *order, const MemoryPlan *plan)
{
    const VmcTemplate *tmpl = order->tmpl;
    gboolean is_kvm = g_str_equal(order->domain_type, "kvm");
    xmlNode *cpu = vmc_xml_add(domain, "cpu");
    xmlNode *model = vmc_xml_add_text(cpu, "model", "%s", tmpl->cpu_model);

    vmc_xml_set(cpu, "mode", "custom");
    vmc_xml_set(cpu, "match", "exact");
    vmc_xml_set(cpu, "check", is_kvm ? "partial" : "none");
    vmc_xml_set(model, "fallback", "forbid");
    if (tmpl->is_windows) {
        xmlNode *topology = vmc_xml_add(cpu, "topology");
        vmc_xml_set(topology, "sockets", "1");
        vmc_xml_set(topology, "dies", "1");
        vmc_xml_set(topology, "cores", "%u", vcpus_of(tmpl->cpu.max));
        vmc_xml_set(topology, "threads", "1");
    }
    if (plan->max_bytes > MANY_BYTES) {
        xmlNode *bits = vmc_xml_add(cpu, "maxphysaddr");
        vmc_xml_set(bits, "mode", "emulate");
        vmc_xml_set(bits, "bits", "%d", MANY_ADDRESS_BITS);
    }
    disable_feature(cpu, "vmx");
    disable_feature(cpu, "svm");
    if (plan->max_bytes > plan->boot_bytes)
        add_numa(cpu, tmpl, plan);
}

static void
add_timer(xmlNode *clock, const char *name, const char *key, const char *value)
{
    xmlNode *timer = vmc_xml_add(clock, "timer");

    vmc_xml_set(timer, "name", "%s", name);
    vmc_xml_set(timer, key, "%s", value);
}

static void
add_clock(xmlNode *domain, const VmcDomainOrder *order)
{
    xmlNode *clock = vmc_xml_add(domain, "clock");

    vmc_xml_set(clock, "offset", order->tmpl->is_windows ? "localtime" : "utc");
    add_timer(clock, "rtc", "tickpolicy", "catchup");
    add_timer(clock, "pit", "tickpolicy", "delay");
    add_timer(clock, "hpet", "present", "no");
    if (has_hyperv(order))
        add_timer(clock, "hypervclock", "present", "yes");
}

/* A guest that panicked is stopped and shows as crashed: who starts it again
 * is the manager's decision, not the hypervisor's. */
static void
add_lifecycle(xmlNode *domain)
{
    vmc_xml_add_text(domain, "on_poweroff", "destroy");
    vmc_xml_add_text(domain, "on_reboot", "restart");
    vmc_xml_add_text(domain, "on_crash", "destroy");
}

/* ---- public -------------------------------------------------------------- */

static gboolean
write_domain(xmlNode *domain, const VmcDomainOrder *order, GError **error)
{
    const VmcTemplate *tmpl = order->tmpl;
    const MemoryPlan plan = plan_memory(tmpl);

    vmc_xml_set(domain, "type", "%s", order->domain_type);
    vmc_xml_add_text(domain, "name", "%s", order->vm->name);
    vmc_xml_add_text(domain, "uuid", "%s", order->vm->uuid);
    vmc_domain_metadata_add(domain, order->vm);
    add_memory(domain, &plan);
    add_vcpus(domain, tmpl);
    add_os(domain, tmpl);
    add_features(domain, order);
    add_cpu(domain, order, &plan);
    add_clock(domain, order);
    add_lifecycle(domain);
    add_virtio_mem(vmc_domain_devices_add(domain, order), &plan);
    return tmpl->libvirt_fragment == NULL ||
           vmc_domain_fragment_merge(domain, tmpl->libvirt_fragment, error);
}

char *
vmc_domain_xml_new(const VmcDomainOrder *order, GError **error)
{
    g_return_val_if_fail(order != NULL, NULL);
    g_autoptr(xmlDoc) xml = xmlNewDoc((const xmlChar *) "1.0");
    xmlNode *domain =
        xmlNewDocNode(xml, NULL, (const xmlChar *) "domain", NULL);
    guint n_paths =
        order->disk_paths != NULL ? g_strv_length(order->disk_paths) : 0;

    g_return_val_if_fail(n_paths == order->tmpl->disks->len, NULL);
    xmlDocSetRootElement(xml, domain);
    if (!write_domain(domain, order, error)) {
        g_prefix_error(error, "template '%s', <libvirt>: ", order->tmpl->name);
        return NULL;
    }
    return vmc_xml_to_text(domain);
}

char *
vmc_domain_xml_dimm(guint64 size_bytes)
{
    g_autoptr(xmlDoc) xml = xmlNewDoc((const xmlChar *) "1.0");
    xmlNode *memory =
        xmlNewDocNode(xml, NULL, (const xmlChar *) "memory", NULL);

    xmlDocSetRootElement(xml, memory);
    vmc_xml_set(memory, "model", "dimm");
    xmlNode *target = vmc_xml_add(memory, "target");
    vmc_xml_add_kib(target, "size", size_bytes);
    vmc_xml_add_text(target, "node", "0");
    return vmc_xml_to_text(memory);
}

/* (nullable) */
static xmlNode *
next_memory(xmlNode *memory, const char *model)
{
    while (memory != NULL && !vmc_xml_has(memory, "model", model))
        memory = vmc_xml_next(memory);
    return memory;
}

char *
vmc_domain_xml_find_dimm(const char *domain_xml,
                         guint64 size_bytes,
                         GError **error)
{
    g_return_val_if_fail(domain_xml != NULL, NULL);
    g_autoptr(xmlDoc) xml = vmc_xml_parse(domain_xml, "domain", error);

    if (xml == NULL)
        return NULL;
    xmlNode *memory = vmc_xml_at(xmlDocGetRootElement(xml), "devices/memory");
    for (memory = next_memory(memory, "dimm"); memory != NULL;
         memory = next_memory(vmc_xml_next(memory), "dimm"))
        if (vmc_xml_bytes(vmc_xml_at(memory, "target/size")) == size_bytes)
            return vmc_xml_to_text(memory);
    return NULL;
}

char *
vmc_domain_xml_virtio_mem(const char *domain_xml,
                          guint64 requested_bytes,
                          GError **error)
{
    g_return_val_if_fail(domain_xml != NULL, NULL);
    g_autoptr(xmlDoc) xml = vmc_xml_parse(domain_xml, "domain", error);

    if (xml == NULL)
        return NULL;
    xmlNode *memory = next_memory(
        vmc_xml_at(xmlDocGetRootElement(xml), "devices/memory"), "virtio-mem");
    xmlNode *target = vmc_xml_child(memory, "target");
    if (target == NULL)
        return NULL;
    xmlNode *requested = vmc_xml_child(target, "requested");
    if (requested != NULL) {
        xmlUnlinkNode(requested);
        xmlFreeNode(requested);
    }
    vmc_xml_add_kib(target, "requested", requested_bytes);
    return vmc_xml_to_text(memory);
}
