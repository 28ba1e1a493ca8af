/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/console-set.h"
#include "daemon/hypervisor/libvirt-call.h"
#include "daemon/hypervisor/libvirt-connection.h"
#include "daemon/hypervisor/libvirt-error.h"
#include "daemon/hypervisor/libvirt-util.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <libvirt/virterror.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK_BYTES 4096
/* So that a guest that never stops writing leaves the main loop some time. */
#define ROUNDS_MAX 16

/* One console. After start_pump() only the main thread touches it. */
typedef struct {
    GSource source; /* first: this is what watches the socket */
    VmcConsoleSet *set;
    virStreamPtr stream;
    int fd;                  /* our end; the caller has the other */
    gpointer tag;            /* of fd in the source */
    char input[CHUNK_BYTES]; /* from the socket, not yet in the stream */
    gsize n_input;
} Pump;

/* ---- the end of a console ------------------------------------------------ */

/* Asks the host, so not on the main thread. */
static gpointer
run_abort(gpointer data)
{
    virStreamPtr stream = data;

    (void) virStreamAbort(stream);
    virStreamFree(stream);
    return NULL;
}

static void
abort_stream(virStreamPtr stream)
{
    g_thread_unref(g_thread_new("vmc-console-end", run_abort, stream));
}

static void
on_source_finalize(GSource *source)
{
    Pump *pump = (Pump *) source;

    vmc_console_set_remove(pump->set, pump->fd);
    vmc_console_set_unref(pump->set);
    g_close(pump->fd, NULL);
}

/* May free @pump. */
static void
end_pump(Pump *pump)
{
    if (g_source_is_destroyed(&pump->source))
        return;
    (void) virStreamEventRemoveCallback(pump->stream);
    abort_stream(g_steal_pointer(&pump->stream));
    g_source_destroy(&pump->source);
}

/* ---- pumping ------------------------------------------------------------- */

typedef enum {
    MOVED,
    IDLE,
    ENDED,
} Motion;

/* Guest to socket. What does not fit is dropped: a terminal that does not read
 * loses output, rather than make the daemon grow. */
static Motion
move_output(Pump *pump)
{
    char output[CHUNK_BYTES];
    int n = virStreamRecv(pump->stream, output, sizeof(output));

    if (n == -2)
        return IDLE;
    if (n <= 0)
        return ENDED;
    if (send(pump->fd, output, (size_t) n, MSG_NOSIGNAL) < 0 &&
        errno != EAGAIN && errno != EINTR)
        return ENDED;
    return MOVED;
}

static Motion
fill_input(Pump *pump)
{
    ssize_t n = recv(pump->fd, pump->input, sizeof(pump->input), 0);

    if (n == 0)
        return ENDED;
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? IDLE : ENDED;
    pump->n_input = (gsize) n;
    return MOVED;
}

/* Socket to guest. The socket is not read while the guest does not take it. */
static Motion
move_input(Pump *pump)
{
    int n = 0;

    if (pump->n_input == 0)
        return fill_input(pump);
    n = virStreamSend(pump->stream, pump->input, pump->n_input);
    if (n == -2)
        return IDLE;
    if (n < 0)
        return ENDED;
    pump->n_input -= (gsize) n;
    memmove(pump->input, pump->input + n, pump->n_input);
    return MOVED;
}

static void
watch_again(Pump *pump)
{
    int events = VIR_STREAM_EVENT_READABLE;

    if (pump->n_input > 0)
        events |= VIR_STREAM_EVENT_WRITABLE;
    (void) virStreamEventUpdateCallback(pump->stream, events);
    g_source_modify_unix_fd(&pump->source, pump->tag,
                            pump->n_input > 0 ? 0 : G_IO_IN);
}

static void
run_pump(Pump *pump)
{
    for (guint i = 0; i < ROUNDS_MAX; i++) {
        Motion output = move_output(pump);
        Motion input = move_input(pump);

        if (output == ENDED || input == ENDED) {
            end_pump(pump);
            return;
        }
        if (output == IDLE && input == IDLE)
            break;
    }
    watch_again(pump);
}

static gboolean
on_socket(GSource *source, GSourceFunc callback, gpointer user_data)
{
    Pump *pump = (Pump *) source;

    /* Closed by the other side while its input waits: nobody reads. */
    if ((g_source_query_unix_fd(source, pump->tag) & (G_IO_HUP | G_IO_ERR)) !=
        0)
        end_pump(pump);
    else
        run_pump(pump);
    return G_SOURCE_CONTINUE;
}

static void
on_stream(virStreamPtr stream, int events, void *opaque)
{
    run_pump(opaque);
}

static GSourceFuncs pump_funcs = {
    .dispatch = on_socket,
    .finalize = on_source_finalize,
};

/* ---- opening ------------------------------------------------------------- */

/* On the main thread, where both ends will be served. */
static gboolean
start_pump(gpointer data)
{
    Pump *pump = data;

    pump->tag = g_source_add_unix_fd(&pump->source, pump->fd, G_IO_IN);
    g_source_attach(&pump->source, NULL);
    /* libvirt forgets to call a free function here; none is needed, since both
     * calling back and taking the callback away happen on this thread. */
    if (virStreamEventAddCallback(pump->stream, VIR_STREAM_EVENT_READABLE,
                                  on_stream, pump, NULL) < 0)
        end_pump(pump);
    return G_SOURCE_REMOVE;
}

static void
set_open_error(GError **error, virDomainPtr dom)
{
    /* How it says that somebody else has it. */
    if (virGetLastErrorCode() == VIR_ERR_OPERATION_FAILED)
        g_set_error(error, VMC_ERROR, VMC_ERROR_BUSY,
                    "somebody else has the console of '%s' open; it can be "
                    "taken over by force",
                    virDomainGetName(dom));
    else
        vmc_libvirt_error_set(error, "cannot open the console of '%s'",
                              virDomainGetName(dom));
}

static virStreamPtr
open_stream(virConnectPtr conn, const VmcCall *call, GError **error)
{
    g_autoptr(virDomain) dom = vmc_libvirt_find_domain(conn, call->uuid, error);
    g_autoptr(virStream) stream = NULL;
    unsigned int how = (call->flags & VMC_CALL_FORCE) != 0
                           ? VIR_DOMAIN_CONSOLE_FORCE
                           : VIR_DOMAIN_CONSOLE_SAFE;

    if (dom == NULL)
        return NULL;
    stream = virStreamNew(conn, VIR_STREAM_NONBLOCK);
    if (stream != NULL && virDomainOpenConsole(dom, NULL, stream, how) == 0)
        return g_steal_pointer(&stream);
    set_open_error(error, dom);
    return NULL;
}

/* Takes @stream and @fd. */
static void
launch_pump(VmcConnection *self, virStreamPtr stream, int fd)
{
    Pump *pump = (Pump *) g_source_new(&pump_funcs, sizeof(Pump));

    pump->set = vmc_console_set_ref(self->consoles);
    pump->stream = stream;
    pump->fd = fd;
    vmc_console_set_add(pump->set, fd);
    g_main_context_invoke_full(NULL, G_PRIORITY_DEFAULT, start_pump, pump,
                               (GDestroyNotify) g_source_unref);
}

gboolean
vmc_libvirt_open_console(VmcConnection *self,
                         const VmcCall *call,
                         VmcReply *reply,
                         GError **error)
{
    virConnectPtr conn = vmc_libvirt_dial(self->uri, error);
    virStreamPtr stream = NULL;
    int fds[2] = {-1, -1};

    if (conn == NULL)
        return FALSE;
    stream = open_stream(conn, call, error);
    virConnectClose(conn); /* the stream keeps the handle open */
    if (stream == NULL)
        return FALSE;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0 ||
        !g_unix_set_fd_nonblocking(fds[0], TRUE, NULL)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_FAILED,
                    "cannot make a socket for a console: %s",
                    g_strerror(errno));
        abort_stream(stream);
        return FALSE;
    }
    launch_pump(self, stream, fds[0]);
    if (reply->fd >= 0)
        g_close(reply->fd, NULL);
    reply->fd = fds[1];
    return TRUE;
}
