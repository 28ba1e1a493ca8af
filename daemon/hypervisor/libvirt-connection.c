/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/libvirt-connection.h"

#include "daemon/hypervisor/libvirt-error.h"
#include "daemon/hypervisor/libvirt-event.h"

#include <libvirt/virterror.h>

#include <string.h>

/* A host that is silent for 5 × (5 + 1) seconds is given up. */
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_COUNT 5

/* ---- once per process ---------------------------------------------------- */

static gsize initialised;

/* libvirt writes errors to stderr unless told otherwise; ours become GErrors.
 */
static void
drop_error(void *user_data, virErrorPtr error)
{
}

void
vmc_libvirt_init(void)
{
    if (!g_once_init_enter(&initialised))
        return;
    virSetErrorFunc(NULL, drop_error);
    /* Since 6.1 these are GLib sources on the default main context. */
    if (virEventRegisterDefaultImpl() < 0)
        g_error("libvirt: cannot register its event loop");
    g_once_init_leave(&initialised, 1);
}

/* ---- opening ------------------------------------------------------------- */

/* The daemon has no terminal: ssh must fail rather than ask. */
static char *
make_unattended_uri(const char *uri)
{
    const char *transport = strstr(uri, "+ssh://");

    if (transport == NULL || strstr(uri, "no_tty=") != NULL)
        return g_strdup(uri);
    return g_strconcat(uri, strchr(transport, '?') != NULL ? "&" : "?",
                       "no_tty=1", NULL);
}

static const char *
open_advice(int code)
{
    switch (code) {
    case VMC_ERROR_INVALID:
        return "write it like qemu+ssh://root@kvm1/system";
    case VMC_ERROR_DENIED:
        return "let vmctld's user in there";
    default:
        return "check the address, that libvirtd runs there, and that it lets "
               "vmctld in";
    }
}

/* Whatever keeps us from connecting, the host is unreachable; but what no
 * retry will mend keeps its own code. */
static void
set_open_error(GError **error, const char *uri)
{
    GError *local = NULL;

    vmc_libvirt_error_set(&local, "cannot connect to '%s'", uri);
    if (virGetLastErrorCode() == VIR_ERR_NO_CONNECT)
        local->code = VMC_ERROR_INVALID;
    else if (local->code != VMC_ERROR_DENIED &&
             local->code != VMC_ERROR_INVALID)
        local->code = VMC_ERROR_UNREACHABLE;
    g_set_error(error, VMC_ERROR, local->code, "%s; %s", local->message,
                open_advice(local->code));
    g_error_free(local);
}

/* What the loss of a connection ends. Apart from the connection, as it may
 * come when that is gone. */
typedef struct {
    VmcEventSink *sink;
    VmcConsoleSet *consoles;
} LossWatch;

static void
on_closed(virConnectPtr conn, int reason, void *opaque)
{
    static const char *const texts[] = {
        [VIR_CONNECT_CLOSE_REASON_ERROR] = "connection lost",
        [VIR_CONNECT_CLOSE_REASON_EOF] = "libvirtd closed the connection",
        [VIR_CONNECT_CLOSE_REASON_KEEPALIVE] = "no answer to keepalive",
        [VIR_CONNECT_CLOSE_REASON_CLIENT] = "closed",
    };
    LossWatch *watch = opaque;
    const char *text = "connection lost";

    if (reason >= 0 && (gsize) reason < G_N_ELEMENTS(texts))
        text = texts[reason];
    vmc_console_set_shut(watch->consoles);
    vmc_event_sink_emit(watch->sink, VMC_EVENT_DISCONNECTED, NULL, text);
}

static void
free_watch(void *opaque)
{
    LossWatch *watch = opaque;

    vmc_console_set_unref(watch->consoles);
    vmc_event_sink_unref(watch->sink);
    g_free(watch);
}

static gboolean
watch_loss(VmcConnection *self, GError **error)
{
    LossWatch *watch = g_new0(LossWatch, 1);

    watch->consoles = vmc_console_set_ref(self->consoles);
    watch->sink = vmc_event_sink_ref(self->sink);
    if (virConnectRegisterCloseCallback(self->first, on_closed, watch,
                                        free_watch) == 0)
        return TRUE;
    free_watch(watch);
    return vmc_libvirt_error_set(error, "cannot watch the connection to '%s'",
                                 self->uri);
}

/* ---- handles ------------------------------------------------------------- */

/* Drivers that live in this process know no keepalive, which is no harm. */
static gboolean
set_keepalive(virConnectPtr conn, gboolean *ret_is_remote)
{
    *ret_is_remote = virConnectSetKeepAlive(conn, KEEPALIVE_INTERVAL_S,
                                            KEEPALIVE_COUNT) >= 0;
    return *ret_is_remote || virGetLastErrorCode() == VIR_ERR_NO_SUPPORT;
}

static virConnectPtr
dial(const char *uri, gboolean *ret_is_remote, GError **error)
{
    g_autofree char *unattended = make_unattended_uri(uri);
    virConnectPtr conn = NULL;

    if (*uri == '\0') { /* libvirt would take what is on this machine */
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID, "the URI is empty");
        return NULL;
    }
    conn = virConnectOpen(unattended);
    if (conn != NULL && set_keepalive(conn, ret_is_remote))
        return conn;
    set_open_error(error, uri);
    if (conn != NULL)
        virConnectClose(conn);
    return NULL;
}

virConnectPtr
vmc_libvirt_dial(const char *uri, GError **error)
{
    gboolean is_remote = FALSE;

    return dial(uri, &is_remote, error);
}

/* The first handle if it is free, else an idle extra one. */
static virConnectPtr
take_idle(VmcConnection *self)
{
    virConnectPtr conn = NULL;

    g_mutex_lock(&self->lock);
    if (self->n_on_first == 0) {
        self->n_on_first++;
        conn = self->first;
    } else if (self->extras->len > 0) {
        conn =
            g_ptr_array_steal_index_fast(self->extras, self->extras->len - 1);
    }
    g_mutex_unlock(&self->lock);
    return conn;
}

/* Shared then, which may be slow but works. */
static virConnectPtr
share_first(VmcConnection *self)
{
    g_mutex_lock(&self->lock);
    self->n_on_first++;
    g_mutex_unlock(&self->lock);
    return self->first;
}

virConnectPtr
vmc_libvirt_connection_take(VmcConnection *connection)
{
    virConnectPtr conn = take_idle(connection);

    while (conn != NULL && virConnectIsAlive(conn) != 1 &&
           conn != connection->first) {
        virConnectClose(conn);
        conn = take_idle(connection);
    }
    if (conn == NULL)
        conn = vmc_libvirt_dial(connection->uri, NULL);
    return conn != NULL ? conn : share_first(connection);
}

void
vmc_libvirt_connection_give(VmcConnection *connection, virConnectPtr conn)
{
    g_mutex_lock(&connection->lock);
    if (conn == connection->first)
        connection->n_on_first--;
    else
        g_ptr_array_add(connection->extras, conn);
    g_mutex_unlock(&connection->lock);
}

/* ---- connections --------------------------------------------------------- */

static void
close_handle(gpointer conn)
{
    virConnectClose(conn);
}

VmcConnection *
vmc_libvirt_connection_open(const char *uri,
                            VmcEventFunc event_func,
                            gpointer user_data,
                            GError **error)
{
    g_autoptr(VmcConnection) self = NULL;
    gboolean is_remote = FALSE;
    virConnectPtr first = NULL;

    g_return_val_if_fail(g_atomic_pointer_get(&initialised) != 0, NULL);

    first = dial(uri, &is_remote, error);
    if (first == NULL)
        return NULL;
    self = g_new0(VmcConnection, 1);
    g_mutex_init(&self->lock);
    self->first = first;
    self->uri = g_strdup(uri);
    self->extras = g_ptr_array_new_with_free_func(close_handle);
    self->callback_ids = g_array_new(FALSE, FALSE, sizeof(int));
    self->consoles = vmc_console_set_new();
    self->sink = vmc_event_sink_new(event_func, user_data);
    /* Others would take the callback, and neither call nor free it. */
    if (is_remote && !watch_loss(self, error))
        return NULL;
    if (event_func != NULL && !vmc_libvirt_events_register(self, error))
        return NULL;
    return g_steal_pointer(&self);
}

void
vmc_libvirt_connection_close(VmcConnection *connection)
{
    if (connection == NULL)
        return;
    vmc_event_sink_shut(connection->sink);
    vmc_console_set_shut(connection->consoles);
    vmc_libvirt_events_deregister(connection);
    (void) virConnectUnregisterCloseCallback(connection->first, on_closed);
    vmc_event_sink_unref(connection->sink);
    vmc_console_set_unref(connection->consoles);
    g_ptr_array_unref(connection->extras);
    virConnectClose(connection->first);
    g_array_unref(connection->callback_ids);
    g_mutex_clear(&connection->lock);
    g_free(connection->uri);
    g_free(connection);
}

gboolean
vmc_libvirt_connection_is_alive(VmcConnection *connection)
{
    return virConnectIsAlive(connection->first) == 1;
}

virDomainPtr
vmc_libvirt_find_domain(virConnectPtr conn, const char *uuid, GError **error)
{
    virDomainPtr dom = NULL;

    g_return_val_if_fail(uuid != NULL, NULL);

    dom = virDomainLookupByUUIDString(conn, uuid);
    if (dom == NULL)
        vmc_libvirt_error_set(error, "cannot find domain %s", uuid);
    return dom;
}
