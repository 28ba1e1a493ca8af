/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/libvirt-driver.h"

#include "daemon/hypervisor/libvirt-call.h"
#include "daemon/hypervisor/libvirt-error.h"
#include "daemon/hypervisor/libvirt-util.h"

#include <libvirt/virterror.h>

/**
 * RowTraits:
 * @READS: changes nothing, so that a lost answer is no unknown outcome
 * @ABSENT_IS_DONE: on a domain that is not there, there is nothing left to do
 */
typedef enum {
    READS = 1 << 0,
    ABSENT_IS_DONE = 1 << 1,
} RowTraits;

typedef struct {
    gboolean (*on_connection)(VmcConnection *self,
                              const VmcCall *call,
                              VmcReply *reply,
                              GError **error);
    gboolean (*on_host)(virConnectPtr conn,
                        const VmcCall *call,
                        VmcReply *reply,
                        GError **error);
    gboolean (*on_domain)(virDomainPtr dom,
                          const VmcCall *call,
                          VmcReply *reply,
                          GError **error);
    guint32 traits; /* RowTraits */
} CallRow;

#define ON_CONNECTION(name, ...)                                               \
    {                                                                          \
        .on_connection = vmc_libvirt_##name, __VA_ARGS__                       \
    }
#define ON_HOST(name, ...)                                                     \
    {                                                                          \
        .on_host = vmc_libvirt_##name, __VA_ARGS__                             \
    }
#define ON_DOMAIN(name, ...)                                                   \
    {                                                                          \
        .on_domain = vmc_libvirt_##name, __VA_ARGS__                           \
    }

static const CallRow rows[VMC_N_CALLS] = {
    [VMC_CALL_READ_HOST] = ON_HOST(read_host, .traits = READS),
    [VMC_CALL_LIST_DOMAINS] = ON_HOST(list_domains, .traits = READS),
    [VMC_CALL_READ_USAGE] = ON_HOST(read_usage, .traits = READS),
    [VMC_CALL_READ_DOMAIN] = ON_DOMAIN(read_domain, .traits = READS),
    [VMC_CALL_READ_GUEST] = ON_DOMAIN(read_guest, .traits = READS),
    [VMC_CALL_READ_BOOT] = ON_DOMAIN(read_boot, .traits = READS),
    [VMC_CALL_DEFINE] = ON_HOST(define, ),
    [VMC_CALL_UNDEFINE] = ON_DOMAIN(undefine, .traits = ABSENT_IS_DONE),
    [VMC_CALL_START] = ON_DOMAIN(start, ),
    [VMC_CALL_SHUTDOWN] = ON_DOMAIN(shutdown, ),
    [VMC_CALL_REBOOT] = ON_DOMAIN(reboot, ),
    [VMC_CALL_RESET] = ON_DOMAIN(reset, ),
    [VMC_CALL_DESTROY] = ON_DOMAIN(destroy, .traits = ABSENT_IS_DONE),
    [VMC_CALL_SUSPEND] = ON_DOMAIN(suspend, ),
    [VMC_CALL_RESUME] = ON_DOMAIN(resume, ),
    [VMC_CALL_RENAME] = ON_DOMAIN(rename, ),
    [VMC_CALL_SET_METADATA] = ON_DOMAIN(set_metadata, ),
    [VMC_CALL_SET_VCPUS] = ON_DOMAIN(set_vcpus, ),
    [VMC_CALL_SET_GUEST_VCPUS] = ON_DOMAIN(set_guest_vcpus, ),
    [VMC_CALL_SET_VIRTIO_MEM] = ON_DOMAIN(set_virtio_mem, ),
    [VMC_CALL_SET_BALLOON] = ON_DOMAIN(set_balloon, ),
    [VMC_CALL_ATTACH_DIMM] = ON_DOMAIN(attach_dimm, ),
    [VMC_CALL_DETACH_DIMM] = ON_DOMAIN(detach_dimm, ),
    [VMC_CALL_ONLINE_GUEST_MEMORY] = ON_DOMAIN(online_guest_memory, ),
    [VMC_CALL_CREATE_DISK] = ON_HOST(create_disk, ),
    [VMC_CALL_CREATE_SEED] = ON_HOST(create_seed, ),
    [VMC_CALL_DELETE_VOLUME] = ON_HOST(delete_volume, ),
    [VMC_CALL_MIGRATE] = ON_DOMAIN(migrate, ),
    [VMC_CALL_READ_MIGRATION] = ON_DOMAIN(read_migration, .traits = READS),
    [VMC_CALL_ABORT_MIGRATION] =
        ON_DOMAIN(abort_migration, .traits = ABSENT_IS_DONE),
    [VMC_CALL_OPEN_CONSOLE] = ON_CONNECTION(open_console, .traits = READS),
};

static gboolean
run_on_domain(virConnectPtr conn,
              const CallRow *row,
              const VmcCall *call,
              VmcReply *reply,
              GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(virDomain) dom =
        vmc_libvirt_find_domain(conn, call->uuid, &local);

    if (dom != NULL)
        return row->on_domain(dom, call, reply, error);
    if ((row->traits & ABSENT_IS_DONE) != 0 &&
        g_error_matches(local, VMC_ERROR, VMC_ERROR_NOT_FOUND))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

/* The connection broke while the call was under way. What came back is not an
 * answer of the host: whether it did it cannot be known from here. */
static void
set_lost(GError **error, GError *cause, const CallRow *row)
{
    if ((row->traits & READS) != 0)
        cause->code = VMC_ERROR_UNREACHABLE;
    else
        cause->code = VMC_ERROR_UNKNOWN;
    g_propagate_prefixed_error(error, cause,
                               "the connection was lost meanwhile: ");
}

static gboolean
run_on_handle(virConnectPtr conn,
              const CallRow *row,
              const VmcCall *call,
              VmcReply *reply,
              GError **error)
{
    g_autoptr(GError) local = NULL;
    gboolean ok = FALSE;

    virResetLastError();
    if (row->on_host != NULL)
        ok = row->on_host(conn, call, reply, &local);
    else
        ok = run_on_domain(conn, row, call, reply, &local);
    if (ok)
        return TRUE;
    if (virConnectIsAlive(conn) == 1)
        g_propagate_error(error, g_steal_pointer(&local));
    else
        set_lost(error, g_steal_pointer(&local), row);
    return FALSE;
}

static gboolean
perform(VmcConnection *self,
        const VmcCall *call,
        VmcReply *reply,
        GError **error)
{
    const CallRow *row = &rows[call->kind];
    virConnectPtr conn = NULL;
    gboolean ok = FALSE;

    if (!vmc_libvirt_connection_is_alive(self)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNREACHABLE,
                    "the connection to '%s' is closed", self->uri);
        return FALSE;
    }
    if (row->on_connection != NULL)
        return row->on_connection(self, call, reply, error);
    conn = vmc_libvirt_connection_take(self);
    ok = run_on_handle(conn, row, call, reply, error);
    vmc_libvirt_connection_give(self, conn);
    return ok;
}

const VmcDriver vmc_libvirt_driver = {
    .name = "libvirt",
    .open = vmc_libvirt_connection_open,
    .close = vmc_libvirt_connection_close,
    .is_alive = vmc_libvirt_connection_is_alive,
    .perform = perform,
};
