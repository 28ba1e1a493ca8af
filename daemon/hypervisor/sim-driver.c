/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "daemon/hypervisor/driver.h"
#include "daemon/hypervisor/sim-act.h"
#include "daemon/hypervisor/sim-console.h"
#include "daemon/hypervisor/sim-fault.h"
#include "daemon/hypervisor/sim-guest.h"
#include "daemon/hypervisor/sim-world.h"

/* A connection to a simulated host: names it, so that it never points into the
 * world. */
struct _VmcConnection {
    char *host_name;
    VmcEventSink *sink; /* (nullable) */
    gint is_broken;     /* atomic */
};

typedef enum {
    ACT_READS = 1 << 0,        /* changes nothing */
    ACT_NEEDS_DOMAIN = 1 << 1, /* NOT_FOUND without it */
    ACT_TAKES_JOB = 1 << 2,    /* waits for a migration of the domain */
} ActFlags;

typedef struct {
    VmcSimActFunc func;
    guint32 flags;
} ActRow;

/* ---- reading --------------------------------------------------------------
 */

static gboolean
read_host(VmcSimAct *act, GError **error)
{
    const char *type = act->call->domain_type;

    if (g_strcmp0(type, "kvm") == 0 && !vmc_sim_host_has_kvm(act->host)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNSUPPORTED,
                    "host '%s' has no KVM", act->host->config->name);
        return FALSE;
    }
    act->reply->host = vmc_sim_host_facts(act->host);
    if (type != NULL) {
        g_free(act->reply->host->domain_type);
        act->reply->host->domain_type = g_strdup(type);
    }
    return TRUE;
}

static gboolean
list_domains(VmcSimAct *act, GError **error)
{
    g_autoptr(GList) uuids = g_hash_table_get_keys(act->host->domains);
    GPtrArray *domains =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_domain_facts_unref);

    /* Looking at one may make it go. */
    for (GList *l = uuids; l != NULL; l = l->next) {
        VmcSimDomain *domain = vmc_sim_host_find(act->host, l->data);
        if (domain != NULL)
            g_ptr_array_add(domains, vmc_sim_domain_facts(domain, FALSE));
    }
    act->reply->domains = domains;
    return TRUE;
}

static gboolean
read_domain(VmcSimAct *act, GError **error)
{
    act->reply->domain = vmc_sim_domain_facts(act->domain, FALSE);
    return TRUE;
}

static gboolean
read_guest(VmcSimAct *act, GError **error)
{
    act->reply->domain = vmc_sim_domain_facts(act->domain, TRUE);
    return TRUE;
}

static gboolean
read_boot(VmcSimAct *act, GError **error)
{
    if (!vmc_sim_act_needs_agent(act, error))
        return FALSE;
    act->reply->boot_id = vmc_sim_guest_boot_id(act->domain);
    return TRUE;
}

static gboolean
open_console(VmcSimAct *act, GError **error)
{
    if (!vmc_sim_act_needs_running(act, error))
        return FALSE;
    act->reply->fd = vmc_sim_console_open(
        act->domain, (act->call->flags & VMC_CALL_FORCE) != 0, error);
    return act->reply->fd >= 0;
}

/* ---- the calls ------------------------------------------------------------
 */

#define DOMAIN_JOB (ACT_NEEDS_DOMAIN | ACT_TAKES_JOB)

static const ActRow acts[VMC_N_CALLS] = {
    [VMC_CALL_READ_HOST] = {read_host, ACT_READS},
    [VMC_CALL_LIST_DOMAINS] = {list_domains, ACT_READS},
    [VMC_CALL_READ_USAGE] = {vmc_sim_act_read_usage, ACT_READS},
    [VMC_CALL_READ_DOMAIN] = {read_domain, ACT_READS | ACT_NEEDS_DOMAIN},
    [VMC_CALL_READ_GUEST] = {read_guest, ACT_READS | ACT_NEEDS_DOMAIN},
    [VMC_CALL_READ_BOOT] = {read_boot, ACT_READS | ACT_NEEDS_DOMAIN},
    [VMC_CALL_DEFINE] = {vmc_sim_act_define, 0},
    [VMC_CALL_UNDEFINE] = {vmc_sim_act_undefine, ACT_TAKES_JOB},
    [VMC_CALL_START] = {vmc_sim_act_start, DOMAIN_JOB},
    [VMC_CALL_SHUTDOWN] = {vmc_sim_act_shutdown, DOMAIN_JOB},
    [VMC_CALL_REBOOT] = {vmc_sim_act_reboot, DOMAIN_JOB},
    [VMC_CALL_RESET] = {vmc_sim_act_reset, DOMAIN_JOB},
    [VMC_CALL_DESTROY] = {vmc_sim_act_destroy, 0},
    [VMC_CALL_SUSPEND] = {vmc_sim_act_suspend, ACT_NEEDS_DOMAIN},
    [VMC_CALL_RESUME] = {vmc_sim_act_resume, DOMAIN_JOB},
    [VMC_CALL_RENAME] = {vmc_sim_act_rename, DOMAIN_JOB},
    [VMC_CALL_SET_METADATA] = {vmc_sim_act_set_metadata, DOMAIN_JOB},
    [VMC_CALL_SET_VCPUS] = {vmc_sim_act_set_vcpus, DOMAIN_JOB},
    [VMC_CALL_SET_GUEST_VCPUS] = {vmc_sim_act_set_guest_vcpus, DOMAIN_JOB},
    [VMC_CALL_SET_VIRTIO_MEM] = {vmc_sim_act_set_virtio_mem, DOMAIN_JOB},
    [VMC_CALL_SET_BALLOON] = {vmc_sim_act_set_balloon, DOMAIN_JOB},
    [VMC_CALL_ATTACH_DIMM] = {vmc_sim_act_attach_dimm, DOMAIN_JOB},
    [VMC_CALL_DETACH_DIMM] = {vmc_sim_act_detach_dimm, DOMAIN_JOB},
    [VMC_CALL_ONLINE_GUEST_MEMORY] = {vmc_sim_act_online_guest_memory,
                                      DOMAIN_JOB},
    [VMC_CALL_CREATE_DISK] = {vmc_sim_act_create_disk, 0},
    [VMC_CALL_CREATE_SEED] = {vmc_sim_act_create_seed, 0},
    [VMC_CALL_DELETE_VOLUME] = {vmc_sim_act_delete_volume, 0},
    [VMC_CALL_MIGRATE] = {vmc_sim_act_migrate, DOMAIN_JOB},
    [VMC_CALL_READ_MIGRATION] = {vmc_sim_act_read_migration,
                                 ACT_READS | ACT_NEEDS_DOMAIN},
    [VMC_CALL_ABORT_MIGRATION] = {vmc_sim_act_abort_migration,
                                  ACT_NEEDS_DOMAIN},
    [VMC_CALL_OPEN_CONSOLE] = {open_console, ACT_READS | ACT_NEEDS_DOMAIN},
};

/* ---- connections ----------------------------------------------------------
 */

static void
break_connection(VmcConnection *connection)
{
    if (g_atomic_int_exchange(&connection->is_broken, TRUE))
        return;
    if (connection->sink != NULL)
        vmc_event_sink_post(connection->sink, VMC_EVENT_DISCONNECTED, NULL,
                            "the connection broke");
}

static gboolean
check_connection(VmcConnection *connection, GError **error)
{
    if (!g_atomic_int_get(&connection->is_broken))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_UNREACHABLE,
                "the connection to host '%s' is broken", connection->host_name);
    return FALSE;
}

static void
sleep_ms(guint ms)
{
    if (ms > 0)
        g_usleep((gulong) ms * 1000);
}

/* Finds the host, unless a fault keeps it from being reached. */
static VmcSimHost *
reach_host(const char *uri, GError **error)
{
    g_auto(VmcSimStrike) strike = {0};
    g_autoptr(VmcSimConfig) config = vmc_sim_config_parse(uri, error);
    if (config == NULL)
        return NULL;
    VmcSimTarget target = {.faults_path = config->faults_path,
                           .host = config->name,
                           .call = "open"};
    if (!vmc_sim_fault_take(&target, &strike, error))
        return NULL;
    if (strike.id != 0 && strike.kind == VMC_SIM_FAULT_CRASH)
        vmc_sim_fault_crash();
    if (strike.id != 0 && strike.kind == VMC_SIM_FAULT_HANG)
        vmc_sim_fault_hang(&strike, config->faults_path);
    else if (strike.id != 0) {
        strike.code = strike.code != 0 ? strike.code : VMC_ERROR_UNREACHABLE;
        vmc_sim_fault_set_error(&strike, &target, error);
        return NULL;
    }
    return vmc_sim_world_open(uri, error);
}

static VmcConnection *
sim_open(const char *uri,
         VmcEventFunc event_func,
         gpointer user_data,
         GError **error)
{
    VmcConnection *connection = NULL;
    guint open_ms = 0;

    vmc_sim_world_lock();
    VmcSimHost *host = reach_host(uri, error);
    if (host != NULL) {
        connection = g_new0(VmcConnection, 1);
        connection->host_name = g_strdup(host->config->name);
        vmc_sim_world_connect();
        open_ms = host->config->open_ms;
    }
    if (host != NULL && event_func != NULL) {
        connection->sink = vmc_event_sink_new(event_func, user_data);
        g_ptr_array_add(host->sinks, vmc_event_sink_ref(connection->sink));
    }
    vmc_sim_world_unlock();
    sleep_ms(open_ms);
    return connection;
}

static void
sim_close(VmcConnection *connection)
{
    vmc_sim_world_lock();
    VmcSimHost *host = vmc_sim_world_find(connection->host_name);
    if (host != NULL && connection->sink != NULL)
        g_ptr_array_remove_fast(host->sinks, connection->sink);
    vmc_sim_world_disconnect();
    vmc_sim_world_unlock();
    if (connection->sink != NULL)
        vmc_event_sink_shut(connection->sink);
    vmc_event_sink_unref(connection->sink);
    g_free(connection->host_name);
    g_free(connection);
}

static gboolean
sim_is_alive(VmcConnection *connection)
{
    return !g_atomic_int_get(&connection->is_broken);
}

/* ---- one call -------------------------------------------------------------
 */

/* libvirt lets only some calls through while a domain migrates. The others
 * wait for its job, and not for ever. */
static gboolean
wait_for_job(VmcSimAct *act, GError **error)
{
    gint64 end_us =
        g_get_monotonic_time() + (gint64) act->host->config->job_wait_ms * 1000;

    while (act->domain != NULL && act->domain->migration != NULL) {
        if (g_get_monotonic_time() >= end_us)
            return vmc_sim_act_refuse(act, error, VMC_ERROR_BUSY,
                                      "a migration holds it");
        vmc_sim_world_wait(end_us);
        act->domain = vmc_sim_host_find(act->host, act->call->uuid);
    }
    return TRUE;
}

static gboolean
find_domain(VmcSimAct *act, guint32 flags, GError **error)
{
    act->domain = vmc_sim_host_find(act->host, act->call->uuid);
    if ((flags & ACT_TAKES_JOB) != 0 && !wait_for_job(act, error))
        return FALSE;
    if (act->domain != NULL || (flags & ACT_NEEDS_DOMAIN) == 0)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                "host '%s' has no domain with UUID '%s'",
                act->host->config->name, act->call->uuid);
    return FALSE;
}

static gboolean
act_on_host(VmcSimAct *act, GError **error)
{
    const ActRow *row = &acts[act->call->kind];

    if (!find_domain(act, row->flags, error))
        return FALSE;
    gboolean ok = row->func(act, error);
    if ((row->flags & ACT_READS) == 0)
        act->host->is_changed = TRUE;
    return ok;
}

/* Returns FALSE when the fault ends the call. */
static gboolean
suffer(VmcConnection *connection,
       const VmcSimStrike *strike,
       const VmcSimTarget *target,
       GError **error)
{
    switch (strike->kind) {
    case VMC_SIM_FAULT_HANG:
        vmc_sim_fault_hang(strike, target->faults_path);
        return check_connection(connection, error);
    case VMC_SIM_FAULT_CRASH:
        vmc_sim_fault_crash();
    case VMC_SIM_FAULT_DISCONNECT:
        break_connection(connection);
        vmc_sim_fault_set_error(strike, target, error);
        return FALSE;
    case VMC_SIM_FAULT_REFUSE:
    case VMC_SIM_FAULT_PARTIAL:
    case VMC_SIM_FAULT_LOST_REPLY:
    case VMC_SIM_FAULT_SPLIT_BRAIN:
    case VMC_SIM_N_FAULTS:
    default:
        vmc_sim_fault_set_error(strike, target, error);
        return FALSE;
    }
}

/* A part done and a lost reply strike after the act by their nature. */
static gboolean
strikes_before(const VmcSimStrike *strike)
{
    return strike->id != 0 && strike->step == VMC_SIM_STEP_BEFORE &&
           strike->kind != VMC_SIM_FAULT_PARTIAL &&
           strike->kind != VMC_SIM_FAULT_LOST_REPLY;
}

static gboolean
strikes_after(const VmcSimStrike *strike)
{
    return strike->id != 0 && strike->step <= VMC_SIM_STEP_AFTER &&
           !strikes_before(strike);
}

static gboolean
act_under_fault(VmcConnection *connection,
                VmcSimAct *act,
                const VmcSimTarget *target,
                GError **error)
{
    const VmcSimStrike *strike = act->strike;

    if (strikes_before(strike) && !suffer(connection, strike, target, error))
        return FALSE;
    act->is_partial = strike->id != 0 && strike->kind == VMC_SIM_FAULT_PARTIAL;
    gboolean ok = act_on_host(act, error);
    gboolean is_cut_off =
        strike->id != 0 && strike->kind == VMC_SIM_FAULT_DISCONNECT;
    if (is_cut_off)
        break_connection(connection);
    if (ok && strikes_after(strike))
        ok = suffer(connection, strike, target, error);
    return ok;
}

static gboolean
perform_locked(VmcConnection *connection,
               const VmcCall *call,
               VmcReply *reply,
               GError **error)
{
    VmcSimHost *host = vmc_sim_world_find(connection->host_name);
    g_auto(VmcSimStrike) strike = {0};

    if (!check_connection(connection, error))
        return FALSE;
    const VmcSimDomain *domain = vmc_sim_host_find(host, call->uuid);
    g_autofree char *faults_path = g_strdup(host->config->faults_path);
    g_autofree char *vm = g_strdup(domain != NULL ? domain->name : NULL);
    VmcSimTarget target = {.faults_path = faults_path,
                           .host = connection->host_name,
                           .call = vmc_call_kind_to_name(call->kind),
                           .uuid = call->uuid,
                           .vm = vm};
    VmcSimAct act = {
        .host = host, .call = call, .strike = &strike, .reply = reply};
    return vmc_sim_fault_take(&target, &strike, error) &&
           act_under_fault(connection, &act, &target, error);
}

static gboolean
sim_perform(VmcConnection *connection,
            const VmcCall *call,
            VmcReply *reply,
            GError **error)
{
    g_auto(VmcReply) answer = VMC_REPLY_INIT;

    vmc_sim_world_lock();
    const VmcSimHost *host = vmc_sim_world_find(connection->host_name);
    guint latency_ms = host->config->latency_ms;
    vmc_sim_world_unlock();
    sleep_ms(latency_ms);
    vmc_sim_world_lock();
    gboolean ok = perform_locked(connection, call, &answer, error);
    vmc_sim_world_unlock();
    if (!ok)
        return FALSE;
    *reply = answer;
    answer = VMC_REPLY_INIT;
    return TRUE;
}

const VmcDriver vmc_sim_driver = {
    .name = "simulated",
    .open = sim_open,
    .close = sim_close,
    .is_alive = sim_is_alive,
    .perform = sim_perform,
};
