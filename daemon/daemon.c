/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/daemon.h"

#include "core/error.h"
#include "daemon/api/api.h"
#include "daemon/api/events-stream.h"
#include "daemon/api/http.h"
#include "daemon/api/listener.h"
#include "daemon/control/admission.h"
#include "daemon/control/live-fleet.h"
#include "daemon/control/meter.h"
#include "daemon/control/monitor.h"
#include "daemon/control/recovery.h"
#include "daemon/control/template-library.h"
#include "daemon/hypervisor/libvirt-connection.h"
#include "daemon/jobs/job-queue.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/store/store.h"

#include <glib/gstdio.h>

#include <errno.h>
#include <grp.h>
#include <unistd.h>

#define DATABASE_NAME "vmctl.db"
#define LAST_ANSWERS_S 2

struct _VmcDaemon {
    VmcSettings *settings;
    VmcStore *store;
    VmcLiveFleet *live_fleet;
    VmcMonitor *monitor;
    VmcMeter *meter;
    VmcJobQueue *jobs;
    VmcRecovery *recovery;
    VmcTemplateLibrary *templates;
    VmcAdmission *admission;
    VmcEvents *events;
    VmcApi api;
    VmcListener *listener;
    VmcHttp *http;
    guint watchdog_id;
    guint stop_id;
    VmcDaemonFunc stopped;
    gpointer stopped_data;
};

/* ---- starting ------------------------------------------------------------ */

static gboolean
open_store(VmcDaemon *daemon, GError **error)
{
    const char *dir = daemon->settings->state_dir;
    g_autofree char *path = g_build_filename(dir, DATABASE_NAME, NULL);

    if (g_mkdir_with_parents(dir, 0700) != 0) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_DENIED,
                    "cannot make the state directory '%s': %s: make it "
                    "yourself, writable for vmctld, or set 'state_dir'",
                    dir, g_strerror(errno));
        return FALSE;
    }
    daemon->store = vmc_store_open(path, error);
    return daemon->store != NULL;
}

/* Links come before jobs are taken up: those go on as their hosts answer. */
static gboolean
start_fleet(VmcDaemon *daemon, GError **error)
{
    g_autoptr(VmcFleet) fleet = vmc_store_load_fleet(daemon->store, error);

    if (fleet == NULL)
        return FALSE;
    vmc_libvirt_init();
    daemon->live_fleet = vmc_live_fleet_new(fleet);
    VmcMonitorOptions options = {.live_fleet = daemon->live_fleet,
                                 .store = daemon->store};
    daemon->monitor = vmc_monitor_new(&options);
    daemon->meter = vmc_meter_new(daemon->live_fleet,
                                  daemon->settings->measure_interval_s * 1000);
    daemon->admission =
        vmc_admission_new(daemon->settings, daemon->store, daemon->live_fleet);
    vmc_admission_connect_all(daemon->admission);
    vmc_log_info(VMC_LOG("daemon"), "the fleet has %u hosts and %u VMs",
                 vmc_fleet_n_hosts(fleet), vmc_fleet_n_vms(fleet));
    return TRUE;
}

static gboolean
start_jobs(VmcDaemon *daemon, GError **error)
{
    daemon->jobs =
        vmc_job_queue_new(daemon->store, daemon->live_fleet, daemon->settings);
    if (!vmc_job_queue_recover(daemon->jobs, error))
        return FALSE;
    daemon->recovery = vmc_recovery_new(daemon->live_fleet, daemon->jobs);
    return TRUE;
}

/* A group that does not exist, as on a machine without the package, means
 * nobody but root and ourselves. */
static VmcAuthRules
find_rules(const VmcSettings *settings)
{
    const struct group *group = settings->socket_group != NULL
                                    ? getgrnam(settings->socket_group)
                                    : NULL;

    if (settings->socket_group != NULL && group == NULL)
        vmc_log_notice(VMC_LOG("api"),
                       "there is no group '%s': only root and user %u may use "
                       "the API",
                       settings->socket_group, (guint) geteuid());
    return (VmcAuthRules){.own_uid = geteuid(),
                          .has_group = group != NULL,
                          .group = group != NULL ? group->gr_gid : 0,
                          .others_read = settings->others_read};
}

static gboolean
start_api(VmcDaemon *daemon, GError **error)
{
    const VmcAuthRules rules = find_rules(daemon->settings);

    daemon->templates = vmc_template_library_new(
        (const char *const *) daemon->settings->template_dirs);
    daemon->events =
        vmc_events_new(daemon->settings, daemon->live_fleet, daemon->jobs);
    daemon->listener =
        vmc_listener_open(daemon->settings->socket_path, &rules, error);
    if (daemon->listener == NULL)
        return FALSE;
    daemon->api = (VmcApi){.settings = daemon->settings,
                           .live_fleet = daemon->live_fleet,
                           .jobs = daemon->jobs,
                           .admission = daemon->admission,
                           .templates = daemon->templates,
                           .events = daemon->events};
    daemon->http = vmc_http_new(&daemon->api, &rules);
    vmc_http_listen(daemon->http, vmc_listener_socket(daemon->listener));
    return TRUE;
}

/* ---- the service manager ------------------------------------------------- */

static void
tell_manager(const char *state)
{
    g_autoptr(GError) error = NULL;

    if (!vmc_notify(state, &error))
        vmc_log_warning(VMC_LOG("daemon", .error = error), "%s", state);
}

/* That the loop runs this is what the watchdog wants to know. */
static gboolean
on_watchdog(gpointer user_data)
{
    tell_manager("WATCHDOG=1");
    return G_SOURCE_CONTINUE;
}

static void
tell_ready(VmcDaemon *daemon)
{
    const guint watchdog_ms = vmc_notify_watchdog_ms();

    if (watchdog_ms > 0)
        daemon->watchdog_id = g_timeout_add(watchdog_ms, on_watchdog, daemon);
    tell_manager("READY=1\nSTATUS=serving the API");
    vmc_log_notice(VMC_LOG("daemon"),
                   "vmctld " PACKAGE_VERSION " listens on '%s'",
                   daemon->settings->socket_path);
}

/* ---- stopping ------------------------------------------------------------ */

static void
finish_stop(VmcDaemon *daemon)
{
    g_clear_handle_id(&daemon->stop_id, g_source_remove);
    if (daemon->stopped != NULL)
        daemon->stopped(daemon->stopped_data);
    daemon->stopped = NULL;
}

static gboolean
on_stop_timeout(gpointer user_data)
{
    VmcDaemon *daemon = user_data;

    daemon->stop_id = 0;
    finish_stop(daemon);
    return G_SOURCE_REMOVE;
}

static void
on_last_client_gone(gpointer user_data)
{
    finish_stop(user_data);
}

/* ---- public -------------------------------------------------------------- */

VmcDaemon *
vmc_daemon_start(VmcSettings *settings, GError **error)
{
    g_autoptr(VmcDaemon) daemon = g_new0(VmcDaemon, 1);

    daemon->settings = settings;
    if (!open_store(daemon, error) || !start_fleet(daemon, error) ||
        !start_jobs(daemon, error) || !start_api(daemon, error))
        return NULL;
    tell_ready(daemon);
    return g_steal_pointer(&daemon);
}

void
vmc_daemon_stop(VmcDaemon *daemon, VmcDaemonFunc stopped, gpointer user_data)
{
    if (daemon->stopped != NULL)
        return;
    vmc_log_notice(VMC_LOG("daemon"), "vmctld stops");
    tell_manager("STOPPING=1");
    daemon->stopped = stopped;
    daemon->stopped_data = user_data;
    vmc_http_stop_listening(daemon->http);
    g_clear_pointer(&daemon->listener, vmc_listener_free);
    vmc_events_close(daemon->events);
    g_clear_pointer(&daemon->recovery, vmc_recovery_free);
    vmc_job_queue_shutdown(daemon->jobs);
    daemon->stop_id =
        g_timeout_add_seconds(LAST_ANSWERS_S, on_stop_timeout, daemon);
    vmc_http_when_idle(daemon->http, on_last_client_gone, daemon);
}

static void
stop_links(VmcDaemon *daemon)
{
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(daemon->live_fleet);

    for (guint i = 0; i < vmc_fleet_n_hosts(fleet); i++) {
        g_autoptr(VmcLink) link = vmc_live_fleet_link(
            daemon->live_fleet, vmc_fleet_host_at(fleet, i)->name);
        if (link != NULL)
            vmc_link_stop(link);
    }
}

void
vmc_daemon_free(VmcDaemon *daemon)
{
    if (daemon == NULL)
        return;
    g_clear_handle_id(&daemon->watchdog_id, g_source_remove);
    g_clear_handle_id(&daemon->stop_id, g_source_remove);
    /* Listeners hold their clients, which count in the server. */
    g_clear_pointer(&daemon->events, vmc_events_free);
    g_clear_pointer(&daemon->http, vmc_http_free);
    g_clear_pointer(&daemon->listener, vmc_listener_free);
    g_clear_pointer(&daemon->recovery, vmc_recovery_free);
    if (daemon->jobs != NULL)
        vmc_job_queue_shutdown(daemon->jobs);
    g_clear_pointer(&daemon->meter, vmc_meter_free);
    g_clear_pointer(&daemon->monitor, vmc_monitor_free);
    g_clear_pointer(&daemon->admission, vmc_admission_free);
    g_clear_pointer(&daemon->templates, vmc_template_library_free);
    if (daemon->live_fleet != NULL)
        stop_links(daemon);
    g_clear_object(&daemon->jobs);
    g_clear_object(&daemon->live_fleet);
    g_clear_pointer(&daemon->store, vmc_store_close);
    vmc_settings_free(daemon->settings);
    g_free(daemon);
}
