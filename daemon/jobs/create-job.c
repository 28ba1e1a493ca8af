/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-kinds.h"

#include "daemon/hypervisor/seed-image.h"
#include "daemon/jobs/create-order.h"
#include "daemon/jobs/dismantle.h"
#include "daemon/jobs/job-ask.h"

/*
 * Create: volumes, definition, start; when one fails, all of it is taken away
 * again. Every call looks before it acts, so that after a crash the job simply
 * goes through its steps again.
 */

/* ---- building ------------------------------------------------------------ */

static gboolean
make_disk(VmcJobRun *run,
          const VmcCreateOrder *order,
          const VmcVolumeOrder *disk,
          GError **error)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_CREATE_DISK, NULL);

    call->pool = g_strdup(disk->pool);
    call->volume = g_strdup(disk->volume);
    call->image = g_strdup(disk->image);
    call->bytes = disk->size_bytes;
    return vmc_job_run_step(run, 100, error,
                            "make disk '%s' in pool '%s' of host '%s'%s%s",
                            disk->volume, disk->pool, order->vm->host,
                            disk->image != NULL ? " from image " : "",
                            disk->image != NULL ? disk->image : "") &&
           vmc_job_ask_call(run, order->vm->host, call, NULL, error);
}

static gboolean
make_disks(VmcJobRun *run, const VmcCreateOrder *order, GError **error)
{
    for (guint i = 0; i < order->disks->len; i++)
        if (!make_disk(run, order, order->disks->pdata[i], error))
            return FALSE;
    return TRUE;
}

static gboolean
make_seed(VmcJobRun *run, const VmcCreateOrder *order, GError **error)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_CREATE_SEED, NULL);

    if (order->seed == NULL)
        return TRUE;
    if (!vmc_job_run_step(run, 300, error,
                          "make cloud-init seed '%s' in pool '%s' of host '%s'",
                          order->seed->volume, order->seed->pool,
                          order->vm->host))
        return FALSE;
    call->pool = g_strdup(order->seed->pool);
    call->volume = g_strdup(order->seed->volume);
    call->data = vmc_seed_image_new(order->user_data, order->meta_data, error);
    return call->data != NULL &&
           vmc_job_ask_call(run, order->vm->host, call, NULL, error);
}

static gboolean
define(VmcJobRun *run, const VmcCreateOrder *order, GError **error)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_DEFINE, order->vm->uuid);

    call->xml = g_strdup(order->domain_xml);
    return vmc_job_run_step(run, 500, error, "define VM '%s' on host '%s'",
                            order->vm->name, order->vm->host) &&
           vmc_job_ask_call(run, order->vm->host, call, NULL, error);
}

static gboolean
start(VmcJobRun *run, const VmcCreateOrder *order, GError **error)
{
    if (!order->start)
        return TRUE;
    return vmc_job_run_step(run, 700, error, "start VM '%s' on host '%s'",
                            order->vm->name, order->vm->host) &&
           vmc_job_ask(run, order->vm->host, VMC_CALL_START, 0, error);
}

static gboolean
show(VmcJobRun *run, const VmcCreateOrder *order, GError **error)
{
    g_autoptr(VmcDomainFacts) facts = vmc_job_look(run, order->vm->host, error);
    VmcRunState wanted = order->start ? VMC_RUN_RUNNING : VMC_RUN_SHUT_OFF;

    if (facts == NULL)
        return FALSE;
    if (facts->state == wanted)
        return vmc_job_show(run, order->vm->host, facts, error);
    g_set_error(error, VMC_ERROR, VMC_ERROR_FAILED,
                "VM '%s' is %s on host '%s' right after it was made: its log "
                "on the host may say why",
                order->vm->name, vmc_run_state_to_name(facts->state),
                order->vm->host);
    return FALSE;
}

static gboolean
build(VmcJobRun *run, const VmcCreateOrder *order, GError **error)
{
    g_autoptr(VmcDomainFacts) facts = vmc_job_look(run, order->vm->host, error);

    if (facts == NULL)
        return FALSE;
    if (facts->state == VMC_RUN_RUNNING) /* it was cut off right at the end */
        return show(run, order, error);
    return make_disks(run, order, error) && make_seed(run, order, error) &&
           define(run, order, error) && start(run, order, error) &&
           show(run, order, error);
}

/* ---- undoing ------------------------------------------------------------- */

static gboolean
remove_volumes(VmcJobRun *run, const VmcCreateOrder *order, GError **error)
{
    const char *host = order->vm->host;

    for (guint i = 0; i < order->disks->len; i++) {
        const VmcVolumeOrder *disk = order->disks->pdata[i];
        if (!vmc_dismantle_volume(run, host, disk->pool, disk->volume, error))
            return FALSE;
    }
    return order->seed == NULL ||
           vmc_dismantle_volume(run, host, order->seed->pool,
                                order->seed->volume, error);
}

/* What could not be taken away stays in the fleet, so that it is seen. */
static void
undo(VmcJobRun *run, const VmcCreateOrder *order, GError **why)
{
    g_autoptr(GError) local = NULL;

    vmc_job_run_begin_undo(run, *why);
    if (vmc_dismantle_domain(run, order->vm->host, &local) &&
        remove_volumes(run, order, &local) &&
        vmc_job_run_forget_vm(run, order->vm->uuid, &local)) {
        vmc_job_run_note(run, "nothing of VM '%s' is left", order->vm->name);
        return;
    }
    vmc_job_show_unknown(run, *why);
    g_autoptr(GError) both = g_error_new(
        VMC_ERROR, VMC_ERROR_UNKNOWN,
        "%s; what was made on host '%s' could not be taken away: %s; delete "
        "VM '%s' when the host answers",
        (*why)->message, order->vm->host, local->message, order->vm->name);
    g_clear_error(why);
    *why = g_steal_pointer(&both);
}

/* A new job that could not even look has left nothing anywhere. */
static gboolean
has_begun(VmcJobRun *run)
{
    return vmc_job_run_is_resumed(run) || vmc_job_run_record(run)->step != NULL;
}

gboolean
vmc_create_job_run(VmcJobRun *run, GError **error)
{
    g_autoptr(VmcCreateOrder) order =
        vmc_create_order_from_json(vmc_job_run_intent(run), error);
    g_autoptr(GError) why = vmc_job_run_undo_reason(run);

    if (order == NULL)
        return FALSE;
    if (why == NULL && build(run, order, &why))
        return TRUE;
    if (has_begun(run))
        undo(run, order, &why);
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}
