/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/domain-xml.h"
#include "daemon/hypervisor/libvirt-call.h"
#include "daemon/hypervisor/libvirt-error.h"
#include "daemon/hypervisor/libvirt-inventory.h"
#include "daemon/hypervisor/libvirt-util.h"
#include "daemon/hypervisor/libvirt-xml.h"

/*
 * The rungs of a live resize. "Live" and "stored" are always two calls: done
 * as one, libvirt leaves the stored size alone when the live one fails half
 * way, and cannot change a virtio-mem device at all.
 */

#define BYTES_PER_KIB 1024

/* ---- vCPUs --------------------------------------------------------------- */

/* Under TCG the guest gives the CPU up, libvirt never learns of it, and the
 * next plug crashes that QEMU. */
static gboolean
check_can_unplug(virDomainPtr dom, GError **error)
{
    g_autofree char *xml = virDomainGetXMLDesc(dom, 0);
    g_autofree char *type = NULL;

    if (xml == NULL)
        return vmc_libvirt_error_set(error, "cannot read domain '%s'",
                                     virDomainGetName(dom));
    type = vmc_libvirt_xml_get(xml, "domain@type");
    if (g_strcmp0(type, "kvm") == 0)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_UNSUPPORTED,
                "cannot unplug vCPUs of '%s': it is emulated (type '%s'), "
                "where unplugging breaks the VM; take them offline in the "
                "guest instead",
                virDomainGetName(dom), type != NULL ? type : "");
    return FALSE;
}

/* libvirt plugs and unplugs one by one, and stops where it fails. */
static gboolean
set_half_done(
    GError **error, GError *cause, virDomainPtr dom, int before, int now)
{
    if (now != before && now > 0) {
        cause->code = VMC_ERROR_PARTIAL;
        g_prefix_error(&cause, "%d vCPUs before, %d now: ", before, now);
    }
    g_propagate_error(error, cause);
    return FALSE;
}

static gboolean
set_live_vcpus(virDomainPtr dom, guint count, GError **error)
{
    int before = virDomainGetVcpusFlags(dom, VIR_DOMAIN_AFFECT_LIVE);
    g_autoptr(GError) local = NULL;
    int now = 0;

    if (before < 0)
        return vmc_libvirt_error_set(error, "cannot count the vCPUs of '%s'",
                                     virDomainGetName(dom));
    if ((guint) before == count)
        return TRUE;
    if (count < (guint) before && !check_can_unplug(dom, error))
        return FALSE;
    if (virDomainSetVcpusFlags(dom, count, VIR_DOMAIN_AFFECT_LIVE) == 0)
        return TRUE;
    vmc_libvirt_error_set(&local, "cannot give '%s' %u vCPUs",
                          virDomainGetName(dom), count);
    now = virDomainGetVcpusFlags(dom, VIR_DOMAIN_AFFECT_LIVE);
    if (now >= 0 && (guint) now == count)
        return TRUE;
    return set_half_done(error, g_steal_pointer(&local), dom, before, now);
}

/* Stored vCPUs are marked as hot-pluggable, so that those a VM boots with can
 * be taken away again. */
static gboolean
set_stored_vcpus(virDomainPtr dom, guint count, GError **error)
{
    if (virDomainSetVcpusFlags(dom, count,
                               VIR_DOMAIN_AFFECT_CONFIG |
                                   VIR_DOMAIN_VCPU_HOTPLUGGABLE) == 0)
        return TRUE;
    return vmc_libvirt_error_set(error, "cannot store %u vCPUs for '%s'", count,
                                 virDomainGetName(dom));
}

gboolean
vmc_libvirt_set_vcpus(virDomainPtr dom,
                      const VmcCall *call,
                      VmcReply *reply,
                      GError **error)
{
    if ((call->flags & VMC_CALL_LIVE) != 0 &&
        !set_live_vcpus(dom, call->count, error))
        return FALSE;
    if ((call->flags & VMC_CALL_CONFIG) != 0 &&
        !set_stored_vcpus(dom, call->count, error))
        return FALSE;
    return TRUE;
}

/* ---- virtio-mem ---------------------------------------------------------- */

/* The live and the stored device differ: one has an alias and an address. */
static gboolean
set_virtio_mem(virDomainPtr dom,
               guint64 bytes,
               unsigned int affect,
               GError **error)
{
    gboolean is_live = affect == VIR_DOMAIN_AFFECT_LIVE;
    g_autofree char *xml =
        virDomainGetXMLDesc(dom, is_live ? 0 : VIR_DOMAIN_XML_INACTIVE);
    g_autofree char *device = NULL;
    g_autoptr(GError) local = NULL;

    if (xml == NULL)
        return vmc_libvirt_error_set(error, "cannot read domain '%s'",
                                     virDomainGetName(dom));
    device = vmc_domain_xml_virtio_mem(xml, bytes, &local);
    if (local != NULL) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (device == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNSUPPORTED,
                    "'%s' has no virtio-mem device", virDomainGetName(dom));
        return FALSE;
    }
    if (virDomainUpdateDeviceFlags(dom, device, affect) == 0)
        return TRUE;
    return vmc_libvirt_error_set(error,
                                 "cannot resize the virtio-mem device of '%s'",
                                 virDomainGetName(dom));
}

gboolean
vmc_libvirt_set_virtio_mem(virDomainPtr dom,
                           const VmcCall *call,
                           VmcReply *reply,
                           GError **error)
{
    if ((call->flags & VMC_CALL_LIVE) != 0 &&
        !set_virtio_mem(dom, call->bytes, VIR_DOMAIN_AFFECT_LIVE, error))
        return FALSE;
    if ((call->flags & VMC_CALL_CONFIG) != 0 &&
        !set_virtio_mem(dom, call->bytes, VIR_DOMAIN_AFFECT_CONFIG, error))
        return FALSE;
    return TRUE;
}

/* ---- balloon ------------------------------------------------------------- */

static gboolean
set_balloon(virDomainPtr dom,
            guint64 bytes,
            unsigned int affect,
            GError **error)
{
    unsigned long kib = bytes / BYTES_PER_KIB;

    if (virDomainSetMemoryFlags(dom, kib, affect) == 0)
        return TRUE;
    return vmc_libvirt_error_set(error, "cannot set the balloon of '%s'",
                                 virDomainGetName(dom));
}

gboolean
vmc_libvirt_set_balloon(virDomainPtr dom,
                        const VmcCall *call,
                        VmcReply *reply,
                        GError **error)
{
    if ((call->flags & VMC_CALL_LIVE) != 0 &&
        !set_balloon(dom, call->bytes, VIR_DOMAIN_AFFECT_LIVE, error))
        return FALSE;
    if ((call->flags & VMC_CALL_CONFIG) != 0 &&
        !set_balloon(dom, call->bytes, VIR_DOMAIN_AFFECT_CONFIG, error))
        return FALSE;
    return TRUE;
}

/* ---- DIMMs --------------------------------------------------------------- */

gboolean
vmc_libvirt_attach_dimm(virDomainPtr dom,
                        const VmcCall *call,
                        VmcReply *reply,
                        GError **error)
{
    gboolean is_live = (call->flags & VMC_CALL_LIVE) != 0;
    g_autofree char *xml = vmc_domain_xml_dimm(call->bytes);

    if (virDomainAttachDeviceFlags(dom, xml,
                                   is_live ? VIR_DOMAIN_AFFECT_LIVE
                                           : VIR_DOMAIN_AFFECT_CONFIG) == 0)
        return TRUE;
    return vmc_libvirt_error_set(
        error, "cannot %s a DIMM %s '%s'", is_live ? "plug" : "store",
        is_live ? "into" : "for", virDomainGetName(dom));
}

/* Only to tell why it failed: libvirt has no code of its own for an alias that
 * it does not find. */
static gboolean
has_dimm(virDomainPtr dom, const char *alias)
{
    g_autoptr(VmcDomainFacts) facts = vmc_libvirt_read_facts(dom, NULL);

    for (guint i = 0; facts != NULL && i < facts->shape.dimms->len; i++) {
        const VmcDimm *dimm = facts->shape.dimms->pdata[i];

        if (g_strcmp0(dimm->alias, alias) == 0)
            return TRUE;
    }
    return facts == NULL;
}

/* By alias: the call that takes XML says that it worked although the device
 * is still there. */
static gboolean
detach_live_dimm(virDomainPtr dom, const char *alias, GError **error)
{
    g_autoptr(GError) local = NULL;

    if (virDomainDetachDeviceAlias(dom, alias, VIR_DOMAIN_AFFECT_LIVE) == 0)
        return TRUE;
    vmc_libvirt_error_set(&local, "cannot unplug '%s' from '%s'", alias,
                          virDomainGetName(dom));
    if (!has_dimm(dom, alias))
        local->code = VMC_ERROR_NOT_FOUND;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

/* What is stored has no aliases. */
static gboolean
detach_stored_dimm(virDomainPtr dom, guint64 bytes, GError **error)
{
    g_autofree char *xml = virDomainGetXMLDesc(dom, VIR_DOMAIN_XML_INACTIVE);
    g_autofree char *device = NULL;
    g_autoptr(GError) local = NULL;

    if (xml == NULL)
        return vmc_libvirt_error_set(error, "cannot read domain '%s'",
                                     virDomainGetName(dom));
    device = vmc_domain_xml_find_dimm(xml, bytes, &local);
    if (device == NULL && local == NULL)
        g_set_error(&local, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "what is stored for '%s' has no DIMM of %" G_GUINT64_FORMAT
                    " bytes",
                    virDomainGetName(dom), bytes);
    if (local != NULL) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (virDomainDetachDeviceFlags(dom, device, VIR_DOMAIN_AFFECT_CONFIG) == 0)
        return TRUE;
    return vmc_libvirt_error_set(error,
                                 "cannot take a DIMM out of what is stored for "
                                 "'%s'",
                                 virDomainGetName(dom));
}

gboolean
vmc_libvirt_detach_dimm(virDomainPtr dom,
                        const VmcCall *call,
                        VmcReply *reply,
                        GError **error)
{
    if ((call->flags & VMC_CALL_LIVE) != 0)
        return detach_live_dimm(dom, call->alias, error);
    return detach_stored_dimm(dom, call->bytes, error);
}
