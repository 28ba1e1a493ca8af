/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/domain-xml-devices.h"

#include "daemon/hypervisor/domain-xml-tree.h"

#define BITS_PER_KILOBYTE 8000
#define BALLOON_STATS_PERIOD_S 5

/* ---- disks --------------------------------------------------------------- */

/* Hands out vda, vdb, …, and sda, sdb, … for both scsi and sata. */
typedef struct {
    guint n_virtio;
    guint n_scsi;
} DiskNames;

static void
add_target(xmlNode *disk, const char *bus, DiskNames *names)
{
    xmlNode *target = vmc_xml_add(disk, "target");

    if (g_str_equal(bus, "virtio"))
        vmc_xml_set(target, "dev", "vd%c", 'a' + names->n_virtio++);
    else
        vmc_xml_set(target, "dev", "sd%c", 'a' + names->n_scsi++);
    vmc_xml_set(target, "bus", "%s", bus);
}

/* A volume of a logical pool is a device, and raw: libvirt keeps no format in
 * those. Gives the <driver>. */
static xmlNode *
add_source(xmlNode *disk, const char *format, const char *path)
{
    gboolean is_device = g_str_has_prefix(path, "/dev/");
    xmlNode *driver = vmc_xml_add(disk, "driver");

    vmc_xml_set(disk, "type", is_device ? "block" : "file");
    vmc_xml_set(driver, "name", "qemu");
    vmc_xml_set(driver, "type", "%s", is_device ? "raw" : format);
    vmc_xml_set(vmc_xml_add(disk, "source"), is_device ? "dev" : "file", "%s",
                path);
    return driver;
}

/* The serial lets a guest find its disk by the name the template gives it:
 * /dev/disk/by-id/virtio-NAME. */
static void
add_disk(xmlNode *devices,
         const VmcTemplateDisk *disk,
         const char *path,
         DiskNames *names)
{
    xmlNode *node = vmc_xml_add(devices, "disk");
    xmlNode *driver = add_source(node, "qcow2", path);

    vmc_xml_set(node, "device", "disk");
    vmc_xml_set(driver, "cache", "%s", disk->cache);
    vmc_xml_set(driver, "discard", "unmap");
    add_target(node, disk->bus, names);
    vmc_xml_add_text(node, "serial", "%s", disk->name);
}

/* Guests look for a NoCloud seed on any drive by its label. Kernels made for
 * clouds have no driver for SATA, Windows has none for virtio. */
static void
add_seed(xmlNode *devices, const VmcDomainOrder *order, DiskNames *names)
{
    gboolean is_windows = order->tmpl->is_windows;
    xmlNode *node = vmc_xml_add(devices, "disk");

    add_source(node, "raw", order->seed_path);
    vmc_xml_set(node, "device", is_windows ? "cdrom" : "disk");
    add_target(node, is_windows ? "sata" : "virtio", names);
    vmc_xml_add(node, "readonly");
}

static void
add_disks(xmlNode *devices, const VmcDomainOrder *order)
{
    DiskNames names = {0, 0};
    gboolean has_scsi = FALSE;

    for (guint i = 0; i < order->tmpl->disks->len; i++) {
        const VmcTemplateDisk *disk = order->tmpl->disks->pdata[i];
        add_disk(devices, disk, order->disk_paths[i], &names);
        has_scsi = has_scsi || g_str_equal(disk->bus, "scsi");
    }
    if (order->seed_path != NULL)
        add_seed(devices, order, &names);
    if (!has_scsi)
        return;
    xmlNode *controller = vmc_xml_add(devices, "controller");
    vmc_xml_set(controller, "type", "scsi");
    vmc_xml_set(controller, "index", "0");
    vmc_xml_set(controller, "model", "virtio-scsi");
}

/* ---- interfaces ---------------------------------------------------------- */

/* Follows from the UUID, so that a definition made again is the same. Locally
 * administered, 40 bits of hash: libvirt's own choice has 24, which a large
 * fleet would soon have twice. */
static void
add_mac(xmlNode *interface, const char *uuid, guint index)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree char *text = g_strdup_printf("%s/%u", uuid, index);
    guint8 hash[32];
    gsize length = sizeof hash;

    g_checksum_update(checksum, (const guchar *) text, -1);
    g_checksum_get_digest(checksum, hash, &length);
    vmc_xml_set(vmc_xml_add(interface, "mac"), "address",
                "52:%02x:%02x:%02x:%02x:%02x", hash[0], hash[1], hash[2],
                hash[3], hash[4]);
}

/* Both ways. libvirt counts kilobytes of 1000 per second. */
static void
add_bandwidth(xmlNode *interface, guint64 bits_per_s)
{
    static const char *const ways[] = {"inbound", "outbound"};
    guint64 kilobytes_per_s =
        bits_per_s / BITS_PER_KILOBYTE + (bits_per_s % BITS_PER_KILOBYTE != 0);

    if (bits_per_s == 0)
        return;
    xmlNode *bandwidth = vmc_xml_add(interface, "bandwidth");
    for (guint i = 0; i < G_N_ELEMENTS(ways); i++)
        vmc_xml_set(vmc_xml_add(bandwidth, ways[i]), "average",
                    "%" G_GUINT64_FORMAT, kilobytes_per_s);
}

static void
add_nics(xmlNode *devices, const VmcDomainOrder *order)
{
    for (guint i = 0; i < order->tmpl->nics->len; i++) {
        const VmcTemplateNic *nic = order->tmpl->nics->pdata[i];
        xmlNode *interface = vmc_xml_add(devices, "interface");
        const char *kind = nic->bridge != NULL ? "bridge" : "network";
        const char *name = nic->bridge != NULL ? nic->bridge : nic->network;

        vmc_xml_set(interface, "type", "%s", kind);
        add_mac(interface, order->vm->uuid, i);
        vmc_xml_set(vmc_xml_add(interface, "source"), kind, "%s", name);
        vmc_xml_set(vmc_xml_add(interface, "model"), "type", "%s", nic->model);
        add_bandwidth(interface, nic->bits_per_s);
    }
}

/* ---- the rest ------------------------------------------------------------ */

static void
add_console(xmlNode *devices)
{
    xmlNode *serial = vmc_xml_add(devices, "serial");
    xmlNode *console = vmc_xml_add(devices, "console");

    vmc_xml_set(serial, "type", "pty");
    vmc_xml_set(vmc_xml_add(serial, "target"), "port", "0");
    vmc_xml_set(console, "type", "pty");
    xmlNode *target = vmc_xml_add(console, "target");
    vmc_xml_set(target, "type", "serial");
    vmc_xml_set(target, "port", "0");
}

static void
add_agent(xmlNode *devices)
{
    xmlNode *channel = vmc_xml_add(devices, "channel");
    xmlNode *target = vmc_xml_add(channel, "target");

    vmc_xml_set(channel, "type", "unix");
    vmc_xml_set(target, "type", "virtio");
    vmc_xml_set(target, "name", VMC_AGENT_CHANNEL);
}

static void
add_usb(xmlNode *devices, const char *model)
{
    xmlNode *controller = vmc_xml_add(devices, "controller");

    vmc_xml_set(controller, "type", "usb");
    vmc_xml_set(controller, "index", "0");
    vmc_xml_set(controller, "model", "%s", model);
}

/* Only from the host itself: whoever may see the screen comes through it. */
static void
add_screen(xmlNode *devices, const VmcTemplate *tmpl)
{
    xmlNode *graphics = vmc_xml_add(devices, "graphics");
    xmlNode *video = vmc_xml_add(devices, "video");
    xmlNode *input = vmc_xml_add(devices, "input");

    vmc_xml_set(graphics, "type",
                tmpl->graphics == VMC_GRAPHICS_VNC ? "vnc" : "spice");
    vmc_xml_set(graphics, "autoport", "yes");
    vmc_xml_set(graphics, "listen", "127.0.0.1");
    vmc_xml_set(vmc_xml_add(video, "model"), "type",
                tmpl->is_windows ? "vga" : "virtio");
    vmc_xml_set(input, "type", "tablet");
    vmc_xml_set(input, "bus", "usb");
    add_usb(devices, "qemu-xhci");
}

static void
add_rng(xmlNode *devices)
{
    xmlNode *rng = vmc_xml_add(devices, "rng");
    xmlNode *backend = vmc_xml_add_text(rng, "backend", "%s", "/dev/urandom");

    vmc_xml_set(rng, "model", "virtio");
    vmc_xml_set(backend, "model", "random");
}

/* Statistics tell a resize what the guest has. Free page reporting gives the
 * host back what the guest does not use, all the time. No autodeflate: it
 * would make the balloon a hint that the guest silently ignores. */
static void
add_balloon(xmlNode *devices)
{
    xmlNode *balloon = vmc_xml_add(devices, "memballoon");

    vmc_xml_set(balloon, "model", "virtio");
    vmc_xml_set(balloon, "freePageReporting", "on");
    vmc_xml_set(vmc_xml_add(balloon, "stats"), "period", "%d",
                BALLOON_STATS_PERIOD_S);
}

xmlNode *
vmc_domain_devices_add(xmlNode *domain, const VmcDomainOrder *order)
{
    const VmcTemplate *tmpl = order->tmpl;
    xmlNode *devices = vmc_xml_add(domain, "devices");

    add_disks(devices, order);
    add_nics(devices, order);
    if (tmpl->has_console)
        add_console(devices);
    if (tmpl->has_agent)
        add_agent(devices);
    if (tmpl->graphics == VMC_GRAPHICS_NONE)
        add_usb(devices, "none");
    else
        add_screen(devices, tmpl);
    add_rng(devices);
    add_balloon(devices);
    /* Without it a guest that has panicked looks as if it ran. */
    vmc_xml_set(vmc_xml_add(devices, "panic"), "model", "isa");
    return devices;
}
