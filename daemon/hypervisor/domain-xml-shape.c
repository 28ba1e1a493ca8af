/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/domain-xml-shape.h"

#include "daemon/hypervisor/domain-xml-tree.h"

/* The memory block of x86 Linux; a guest agent that answers knows better. */
#define GUEST_BLOCK_BYTES (G_GUINT64_CONSTANT(128) << 20)

/* All memory devices of one definition. */
typedef struct {
    guint n_devices;
    guint64 total_bytes; /* with all of virtio-mem, used or not */
    guint64 current_bytes;
    xmlNode *virtio_mem; /* its <target> (nullable) */
} MemoryDevices;

/* ---- vCPUs --------------------------------------------------------------- */

static guint
read_vcpus_plugged(const xmlNode *domain)
{
    xmlNode *vcpu = vmc_xml_child(domain, "vcpu");

    return (guint) vmc_xml_get_uint(vcpu, "current", vmc_xml_uint(vcpu));
}

/* Those that are enabled and fixed. Without a list all that are there are. */
static guint
read_vcpus_floor(const xmlNode *domain)
{
    xmlNode *vcpus = vmc_xml_child(domain, "vcpus");
    guint floor = 0;

    if (vcpus == NULL)
        return read_vcpus_plugged(domain);
    for (xmlNode *vcpu = vmc_xml_child(vcpus, "vcpu"); vcpu != NULL;
         vcpu = vmc_xml_next(vcpu))
        if (vmc_xml_has(vcpu, "enabled", "yes") &&
            !vmc_xml_has(vcpu, "hotpluggable", "yes"))
            floor++;
    return floor;
}

/* ---- memory devices ------------------------------------------------------ */

static MemoryDevices
scan_devices(const xmlNode *domain)
{
    MemoryDevices found = {0};

    for (xmlNode *memory = vmc_xml_at(domain, "devices/memory"); memory != NULL;
         memory = vmc_xml_next(memory)) {
        xmlNode *target = vmc_xml_child(memory, "target");
        gboolean is_virtio_mem = vmc_xml_has(memory, "model", "virtio-mem");
        found.n_devices++;
        found.total_bytes += vmc_xml_bytes(vmc_xml_child(target, "size"));
        if (!is_virtio_mem)
            continue;
        found.current_bytes += vmc_xml_bytes(vmc_xml_child(target, "current"));
        if (found.virtio_mem == NULL)
            found.virtio_mem = target;
    }
    return found;
}

static void
read_dimms(const xmlNode *domain, GPtrArray *dimms)
{
    for (xmlNode *memory = vmc_xml_at(domain, "devices/memory"); memory != NULL;
         memory = vmc_xml_next(memory)) {
        if (!vmc_xml_has(memory, "model", "dimm"))
            continue;
        g_autofree char *alias =
            vmc_xml_get(vmc_xml_child(memory, "alias"), "name");
        g_ptr_array_add(
            dimms, vmc_dimm_new(alias, vmc_xml_bytes(
                                           vmc_xml_at(memory, "target/size"))));
    }
}

static void
read_virtio_mem(xmlNode *target, VmcVmShape *shape)
{
    shape->has_virtio_mem = target != NULL;
    if (target == NULL)
        return;
    shape->virtio_mem_size_bytes = vmc_xml_bytes(vmc_xml_child(target, "size"));
    shape->virtio_mem_block_bytes =
        vmc_xml_bytes(vmc_xml_child(target, "block"));
    shape->virtio_mem_requested_bytes =
        vmc_xml_bytes(vmc_xml_child(target, "requested"));
    shape->virtio_mem_current_bytes =
        vmc_xml_bytes(vmc_xml_child(target, "current"));
}

/* ---- memory -------------------------------------------------------------- */

/* What is there at boot: the cells, or all that is no device. */
static guint64
read_boot(const xmlNode *domain, const MemoryDevices *devices)
{
    guint64 total_bytes = vmc_xml_bytes(vmc_xml_child(domain, "memory"));
    guint64 cells_bytes = 0;

    for (xmlNode *cell = vmc_xml_at(domain, "cpu/numa/cell"); cell != NULL;
         cell = vmc_xml_next(cell))
        cells_bytes += vmc_xml_get_bytes(cell, "memory");
    if (cells_bytes > 0)
        return cells_bytes;
    return total_bytes - MIN(total_bytes, devices->total_bytes);
}

/* libvirt's currentMemory counts what virtio-mem has plugged, which the
 * balloon knows nothing of; and where it was never set it says everything. */
static guint64
read_balloon(const xmlNode *domain, const MemoryDevices *devices)
{
    xmlNode *node = vmc_xml_child(domain, "currentMemory");
    guint64 dimm_bytes = devices->total_bytes;
    guint64 boot_bytes = read_boot(domain, devices);

    if (devices->virtio_mem != NULL)
        dimm_bytes -= vmc_xml_bytes(vmc_xml_child(devices->virtio_mem, "size"));
    if (node == NULL)
        return boot_bytes + dimm_bytes;
    guint64 current_bytes = vmc_xml_bytes(node);
    current_bytes -= MIN(current_bytes, devices->current_bytes);
    return MIN(current_bytes, boot_bytes + dimm_bytes);
}

static void
read_memory(const xmlNode *live, const xmlNode *config, VmcVmShape *shape)
{
    const MemoryDevices devices = scan_devices(live);
    const MemoryDevices stored = scan_devices(config);
    xmlNode *max = vmc_xml_child(live, "maxMemory");
    guint slots = (guint) vmc_xml_get_uint(max, "slots", 0);

    shape->boot_bytes = read_boot(live, &devices);
    shape->max_bytes = max != NULL
                           ? vmc_xml_bytes(max)
                           : vmc_xml_bytes(vmc_xml_child(live, "memory"));
    shape->balloon_bytes = read_balloon(live, &devices);
    shape->balloon_config_bytes = read_balloon(config, &stored);
    read_virtio_mem(devices.virtio_mem, shape);
    if (stored.virtio_mem != NULL)
        shape->virtio_mem_config_bytes =
            vmc_xml_bytes(vmc_xml_child(stored.virtio_mem, "requested"));
    shape->dimm_slots_free = slots - MIN(slots, devices.n_devices);
    shape->dimm_slots_config_free = slots - MIN(slots, stored.n_devices);
    read_dimms(live, shape->dimms);
    read_dimms(config, shape->dimms_config);
}

void
vmc_domain_shape_read(const xmlNode *live,
                      const xmlNode *config,
                      VmcVmShape *shape)
{
    g_autofree char *id = vmc_xml_get((xmlNode *) live, "id");

    vmc_vm_shape_clear(shape);
    shape->dimms = vmc_dimms_new();
    shape->dimms_config = vmc_dimms_new();
    shape->is_running = id != NULL;
    shape->can_unplug_vcpus = vmc_xml_has((xmlNode *) live, "type", "kvm");
    shape->vcpus_max = (guint) vmc_xml_uint(vmc_xml_child(live, "vcpu"));
    shape->vcpus_floor = read_vcpus_floor(live);
    shape->vcpus_plugged = read_vcpus_plugged(live);
    shape->vcpus_config = read_vcpus_plugged(config);
    shape->guest_block_bytes = GUEST_BLOCK_BYTES;
    read_memory(live, config, shape);
}
