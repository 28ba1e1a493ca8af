/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/domain-xml.h"
#include "daemon/hypervisor/libvirt-call.h"
#include "daemon/hypervisor/libvirt-error.h"
#include "daemon/hypervisor/libvirt-inventory.h"
#include "daemon/hypervisor/libvirt-util.h"
#include "daemon/hypervisor/libvirt-xml.h"

#include <libvirt/virterror.h>

/*
 * The life of a domain: defined, started, ended, paused, undefined. Each call
 * looks first, and when libvirt refuses, looks again: somebody else may have
 * done it in between. What needs the guest's help stands in libvirt-power.c.
 */

#define NOWHERE (-1)

/* Cheap: takes no lock of the domain. NOWHERE when it cannot be read. */
static int
get_state(virDomainPtr dom)
{
    int state = NOWHERE;

    if (virDomainGetState(dom, &state, NULL, 0) < 0)
        return NOWHERE;
    return state;
}

static gboolean
is_off(virDomainPtr dom)
{
    return get_state(dom) == VIR_DOMAIN_SHUTOFF;
}

/* ---- definition ---------------------------------------------------------- */

gboolean
vmc_libvirt_define(virConnectPtr conn,
                   const VmcCall *call,
                   VmcReply *reply,
                   GError **error)
{
    g_autoptr(virDomain) dom = NULL;
    g_autoptr(GError) local = NULL;

    dom = virDomainDefineXMLFlags(conn, call->xml, VIR_DOMAIN_DEFINE_VALIDATE);
    if (dom != NULL)
        return vmc_libvirt_read_domain(dom, call, reply, error);
    vmc_libvirt_error_set(&local, "cannot define the domain");
    /* How it says that another domain has the name. */
    if (virGetLastErrorCode() == VIR_ERR_OPERATION_FAILED)
        local->code = VMC_ERROR_EXISTS;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static int
undefine(virDomainPtr dom, gboolean is_deleted)
{
    unsigned int flags = VIR_DOMAIN_UNDEFINE_MANAGED_SAVE |
                         VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
                         VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA;

    /* A stale definition may share the firmware's variables with the copy
     * that runs elsewhere. */
    flags |=
        is_deleted ? VIR_DOMAIN_UNDEFINE_NVRAM : VIR_DOMAIN_UNDEFINE_KEEP_NVRAM;
    if (virDomainUndefineFlags(dom, flags) == 0)
        return 0;
    /* A hypervisor that has none of these does not know the flags. */
    if (virGetLastErrorCode() == VIR_ERR_INVALID_ARG)
        return virDomainUndefine(dom);
    return -1;
}

gboolean
vmc_libvirt_undefine(virDomainPtr dom,
                     const VmcCall *call,
                     VmcReply *reply,
                     GError **error)
{
    g_autoptr(GError) local = NULL;

    if (undefine(dom, (call->flags & VMC_CALL_FORCE) != 0) == 0 ||
        virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
        return TRUE;
    vmc_libvirt_error_set(&local, "cannot undefine '%s'",
                          virDomainGetName(dom));
    /* It may run, and have no definition any more. */
    if (virDomainIsPersistent(dom) == 0)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

/* libvirt calls the file after the domain when it makes it, and leaves it so
 * when that is renamed: the next domain of the old name would take the file as
 * its own, and so would who deletes that. */
static gboolean
check_no_variables(virDomainPtr dom, GError **error)
{
    g_autofree char *xml = virDomainGetXMLDesc(dom, VIR_DOMAIN_XML_INACTIVE);
    g_autofree char *path = NULL;
    g_autofree char *file = NULL;
    g_autofree char *named = g_strconcat(virDomainGetName(dom), "_VARS.", NULL);

    if (xml == NULL)
        return vmc_libvirt_error_set(error, "cannot read domain '%s'",
                                     virDomainGetName(dom));
    path = vmc_libvirt_xml_get(xml, "domain/os/nvram");
    if (path == NULL)
        return TRUE;
    file = g_path_get_basename(path);
    if (!g_str_has_prefix(file, named))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                "cannot rename '%s': the variables of its firmware are in "
                "'%s', which the next VM of that name would take as its own",
                virDomainGetName(dom), path);
    return FALSE;
}

/* The name that @dom knows is the one it was looked up with. */
static gboolean
has_name(virDomainPtr dom, const char *name, VmcError *ret_code)
{
    g_autoptr(virDomain) other =
        virDomainLookupByName(virDomainGetConnect(dom), name);
    char theirs[VIR_UUID_STRING_BUFLEN];
    char ours[VIR_UUID_STRING_BUFLEN];

    if (other == NULL || virDomainGetUUIDString(other, theirs) < 0 ||
        virDomainGetUUIDString(dom, ours) < 0)
        return FALSE;
    if (g_str_equal(theirs, ours))
        return TRUE;
    *ret_code = VMC_ERROR_EXISTS;
    return FALSE;
}

gboolean
vmc_libvirt_rename(virDomainPtr dom,
                   const VmcCall *call,
                   VmcReply *reply,
                   GError **error)
{
    g_autoptr(GError) local = NULL;
    VmcError code;

    if (g_strcmp0(virDomainGetName(dom), call->name) == 0)
        return TRUE;
    if (!check_no_variables(dom, error))
        return FALSE;
    if (virDomainRename(dom, call->name, 0) == 0)
        return TRUE;
    vmc_libvirt_error_set(&local, "cannot rename '%s' to '%s'",
                          virDomainGetName(dom), call->name);
    code = (VmcError) local->code;
    if (has_name(dom, call->name, &code))
        return TRUE;
    local->code = (int) code;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

gboolean
vmc_libvirt_set_metadata(virDomainPtr dom,
                         const VmcCall *call,
                         VmcReply *reply,
                         GError **error)
{
    g_autofree char *xml = vmc_domain_xml_metadata(call->metadata);
    unsigned int flags = 0;

    if (!is_off(dom))
        flags |= VIR_DOMAIN_AFFECT_LIVE;
    if (virDomainIsPersistent(dom) == 1)
        flags |= VIR_DOMAIN_AFFECT_CONFIG;
    if (virDomainSetMetadata(dom, VIR_DOMAIN_METADATA_ELEMENT, xml, "vmctl",
                             VMC_METADATA_URI, flags) == 0)
        return TRUE;
    return vmc_libvirt_error_set(error, "cannot set the metadata of '%s'",
                                 virDomainGetName(dom));
}

/* ---- on and off ---------------------------------------------------------- */

gboolean
vmc_libvirt_start(virDomainPtr dom,
                  const VmcCall *call,
                  VmcReply *reply,
                  GError **error)
{
    g_autoptr(GError) local = NULL;
    int state = get_state(dom);

    if (state != NOWHERE && state != VIR_DOMAIN_SHUTOFF)
        return TRUE;
    if (virDomainCreate(dom) == 0)
        return TRUE;
    vmc_libvirt_error_set(&local, "cannot start '%s'", virDomainGetName(dom));
    state = get_state(dom);
    if (state != NOWHERE && state != VIR_DOMAIN_SHUTOFF)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

gboolean
vmc_libvirt_destroy(virDomainPtr dom,
                    const VmcCall *call,
                    VmcReply *reply,
                    GError **error)
{
    g_autoptr(GError) local = NULL;

    if (is_off(dom) || virDomainDestroyFlags(dom, 0) == 0 ||
        virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
        return TRUE;
    vmc_libvirt_error_set(&local, "cannot destroy '%s'", virDomainGetName(dom));
    if (is_off(dom))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

/* ---- pause --------------------------------------------------------------- */

gboolean
vmc_libvirt_suspend(virDomainPtr dom,
                    const VmcCall *call,
                    VmcReply *reply,
                    GError **error)
{
    g_autoptr(GError) local = NULL;

    if (virDomainSuspend(dom) == 0)
        return TRUE;
    vmc_libvirt_error_set(&local, "cannot pause '%s'", virDomainGetName(dom));
    if (get_state(dom) == VIR_DOMAIN_PAUSED)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static gboolean
wake(virDomainPtr dom, GError **error)
{
    if (virDomainPMWakeup(dom, 0) == 0)
        return TRUE;
    return vmc_libvirt_error_set(error, "cannot wake '%s'",
                                 virDomainGetName(dom));
}

/* No look before this one: after a migration the guest waits for it. */
gboolean
vmc_libvirt_resume(virDomainPtr dom,
                   const VmcCall *call,
                   VmcReply *reply,
                   GError **error)
{
    g_autoptr(GError) local = NULL;
    int state = NOWHERE;

    if (virDomainResume(dom) == 0)
        return TRUE;
    vmc_libvirt_error_set(&local, "cannot resume '%s'", virDomainGetName(dom));
    state = get_state(dom);
    if (state == VIR_DOMAIN_RUNNING)
        return TRUE;
    if (state == VIR_DOMAIN_PMSUSPENDED)
        return wake(dom, error);
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}
