/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/libvirt-event.h"

#include "daemon/hypervisor/libvirt-error.h"

#include <gio/gio.h>
#include <libvirt/virterror.h>

/* libvirt frees callbacks from its own code: nothing of libvirt in here. */
static void
free_sink(void *opaque)
{
    vmc_event_sink_unref(opaque);
}

static void
emit_for_domain(VmcEventSink *sink,
                VmcEventKind kind,
                virDomainPtr dom,
                const char *detail)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    /* Read from the handle: no call to the host. */
    if (virDomainGetUUIDString(dom, uuid) == 0)
        vmc_event_sink_emit(sink, kind, uuid, detail);
}

/* ---- gone? --------------------------------------------------------------- */

typedef struct {
    virDomainPtr dom;
    VmcEventSink *sink;
    gboolean is_gone;
} Absence;

static void
free_absence(gpointer data)
{
    Absence *absence = data;

    (void) virDomainFree(absence->dom);
    vmc_event_sink_unref(absence->sink);
    g_free(absence);
}

/* In a thread, since it asks the host. */
static void
look_for_absence(GTask *task,
                 gpointer source,
                 gpointer data,
                 GCancellable *cancellable)
{
    Absence *absence = data;

    absence->is_gone = virDomainIsActive(absence->dom) < 0 &&
                       virGetLastErrorCode() == VIR_ERR_NO_DOMAIN;
    g_task_return_boolean(task, absence->is_gone);
}

static void
on_looked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    const Absence *absence = g_task_get_task_data(G_TASK(result));

    if (g_task_propagate_boolean(G_TASK(result), NULL))
        emit_for_domain(absence->sink, VMC_EVENT_DOMAIN_GONE, absence->dom,
                        "gone");
}

/* A domain is gone when it is undefined and does not run. Of the two events
 * either may be the second one, and neither tells. */
static void
check_gone(VmcEventSink *sink, virDomainPtr dom)
{
    g_autoptr(GTask) task = g_task_new(NULL, NULL, on_looked, NULL);
    Absence *absence = g_new0(Absence, 1);

    (void) virDomainRef(dom);
    absence->dom = dom;
    absence->sink = vmc_event_sink_ref(sink);
    g_task_set_task_data(task, absence, free_absence);
    g_task_run_in_thread(task, look_for_absence);
}

/* ---- what libvirt calls -------------------------------------------------- */

static const char *
lifecycle_name(int event)
{
    static const char *const names[] = {
        [VIR_DOMAIN_EVENT_DEFINED] = "defined",
        [VIR_DOMAIN_EVENT_UNDEFINED] = "undefined",
        [VIR_DOMAIN_EVENT_STARTED] = "started",
        [VIR_DOMAIN_EVENT_SUSPENDED] = "suspended",
        [VIR_DOMAIN_EVENT_RESUMED] = "resumed",
        [VIR_DOMAIN_EVENT_STOPPED] = "stopped",
        [VIR_DOMAIN_EVENT_SHUTDOWN] = "shut down",
        [VIR_DOMAIN_EVENT_PMSUSPENDED] = "suspended by the guest",
        [VIR_DOMAIN_EVENT_CRASHED] = "crashed",
    };

    if (event < 0 || (gsize) event >= G_N_ELEMENTS(names))
        return "changed";
    return names[event];
}

static int
on_lifecycle(
    virConnectPtr conn, virDomainPtr dom, int event, int detail, void *opaque)
{
    emit_for_domain(opaque, VMC_EVENT_DOMAIN_CHANGED, dom,
                    lifecycle_name(event));
    if (event == VIR_DOMAIN_EVENT_UNDEFINED ||
        event == VIR_DOMAIN_EVENT_STOPPED)
        check_gone(opaque, dom);
    return 0;
}

static void
on_device_removed(virConnectPtr conn,
                  virDomainPtr dom,
                  const char *alias,
                  void *opaque)
{
    g_autofree char *text = g_strdup_printf("device '%s' removed", alias);

    emit_for_domain(opaque, VMC_EVENT_DEVICE, dom, text);
}

static void
on_device_removal_failed(virConnectPtr conn,
                         virDomainPtr dom,
                         const char *alias,
                         void *opaque)
{
    g_autofree char *text =
        g_strdup_printf("the guest keeps device '%s'", alias);

    emit_for_domain(opaque, VMC_EVENT_DEVICE, dom, text);
}

static void
on_memory_device_size(virConnectPtr conn,
                      virDomainPtr dom,
                      const char *alias,
                      unsigned long long size_kib,
                      void *opaque)
{
    g_autofree char *text = g_strdup_printf("memory device '%s' is %llu MiB",
                                            alias, size_kib / 1024);

    emit_for_domain(opaque, VMC_EVENT_DEVICE, dom, text);
}

static void
on_balloon(virConnectPtr conn,
           virDomainPtr dom,
           unsigned long long actual_kib,
           void *opaque)
{
    g_autofree char *text =
        g_strdup_printf("balloon leaves %llu MiB", actual_kib / 1024);

    emit_for_domain(opaque, VMC_EVENT_DEVICE, dom, text);
}

static void
on_agent(
    virConnectPtr conn, virDomainPtr dom, int state, int reason, void *opaque)
{
    gboolean connected =
        state == VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED;

    emit_for_domain(opaque, VMC_EVENT_AGENT, dom,
                    connected ? "agent connected" : "agent disconnected");
}

static void
on_migration_iteration(virConnectPtr conn,
                       virDomainPtr dom,
                       int iteration,
                       void *opaque)
{
    g_autofree char *text = g_strdup_printf("iteration %d", iteration);

    emit_for_domain(opaque, VMC_EVENT_MIGRATION, dom, text);
}

static void
on_job_completed(virConnectPtr conn,
                 virDomainPtr dom,
                 virTypedParameterPtr params,
                 int n_params,
                 void *opaque)
{
    emit_for_domain(opaque, VMC_EVENT_MIGRATION, dom, "job ended");
}

static void
on_metadata(virConnectPtr conn,
            virDomainPtr dom,
            int type,
            const char *ns_uri,
            void *opaque)
{
    emit_for_domain(opaque, VMC_EVENT_DOMAIN_CHANGED, dom, "metadata changed");
}

/* The machine was reset, which is how a reboot of the guest shows. */
static void
on_reboot(virConnectPtr conn, virDomainPtr dom, void *opaque)
{
    emit_for_domain(opaque, VMC_EVENT_DOMAIN_CHANGED, dom,
                    VMC_EVENT_DETAIL_RESET);
}

/* ---- registration -------------------------------------------------------- */

/* By way of void (*)(void), which stands for any function. */
#define CALLBACK(function)                                                     \
    ((virConnectDomainEventGenericCallback) (void (*)(void))(function))

typedef struct {
    int event_id;
    virConnectDomainEventGenericCallback callback;
} EventRow;

static const EventRow event_rows[] = {
    {VIR_DOMAIN_EVENT_ID_LIFECYCLE, CALLBACK(on_lifecycle)},
    {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, CALLBACK(on_device_removed)},
    {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED,
     CALLBACK(on_device_removal_failed)},
    {VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE,
     CALLBACK(on_memory_device_size)},
    {VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, CALLBACK(on_balloon)},
    {VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, CALLBACK(on_agent)},
    {VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION, CALLBACK(on_migration_iteration)},
    {VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, CALLBACK(on_job_completed)},
    {VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, CALLBACK(on_metadata)},
    {VIR_DOMAIN_EVENT_ID_REBOOT, CALLBACK(on_reboot)},
};

gboolean
vmc_libvirt_events_register(VmcConnection *connection, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(event_rows); i++) {
        const EventRow *row = &event_rows[i];
        int id = virConnectDomainEventRegisterAny(
            connection->first, /* dom= */ NULL, row->event_id, row->callback,
            vmc_event_sink_ref(connection->sink), free_sink);

        if (id >= 0) {
            g_array_append_val(connection->callback_ids, id);
            continue;
        }
        vmc_event_sink_unref(connection->sink);
        /* An older or another hypervisor may lack the rest; the monitor's
         * slow poll makes up for it. */
        if (row->event_id == VIR_DOMAIN_EVENT_ID_LIFECYCLE)
            return vmc_libvirt_error_set(error, "cannot get events from '%s'",
                                         connection->uri);
    }
    return TRUE;
}

void
vmc_libvirt_events_deregister(VmcConnection *connection)
{
    for (guint i = 0; i < connection->callback_ids->len; i++)
        (void) virConnectDomainEventDeregisterAny(
            connection->first, g_array_index(connection->callback_ids, int, i));
    g_array_set_size(connection->callback_ids, 0);
}
