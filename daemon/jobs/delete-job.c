/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-kinds.h"

#include "daemon/jobs/dismantle.h"
#include "daemon/jobs/job-ask.h"
#include "daemon/jobs/json-value.h"

/*
 * Delete: plug, definition, then the volumes that were made for this VM and
 * bear its UUID; others are never touched. Which they are is remembered before
 * the definition goes, since nothing else knows.
 */

#define VOLUMES "volumes"

/* ---- which volumes ------------------------------------------------------- */

static const VmcPool *
find_pool(const VmcHost *host, const char *folder)
{
    for (guint i = 0; i < host->pools->len; i++) {
        const VmcPool *pool = host->pools->pdata[i];
        if (g_strcmp0(pool->path, folder) == 0)
            return pool;
    }
    return NULL;
}

/* "pool/volume" of a path that is this VM's own, else NULL */
static char *
own_volume(const VmcHost *host, const char *uuid, const char *path)
{
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *folder = g_path_get_dirname(path);
    const VmcPool *pool = find_pool(host, folder);

    if (pool == NULL || !g_str_has_prefix(name, uuid))
        return NULL;
    return g_strdup_printf("%s/%s", pool->name, name);
}

static char *
list_volumes(const VmcHost *host, const VmcDomainFacts *facts)
{
    g_autoptr(GStrvBuilder) volumes = g_strv_builder_new();

    for (guint i = 0; facts->disks != NULL && facts->disks[i] != NULL; i++) {
        g_autofree char *volume =
            own_volume(host, facts->uuid, facts->disks[i]);
        if (volume != NULL)
            g_strv_builder_add(volumes, volume);
    }
    g_auto(GStrv) list = g_strv_builder_end(volumes);
    return g_strjoinv("\n", list);
}

static gboolean
remember_volumes(VmcJobRun *run, const VmcVm *vm, GError **error)
{
    g_autoptr(VmcFleet) fleet = vmc_job_run_fleet(run);
    const VmcHost *host = vmc_fleet_find_host(fleet, vm->host);
    g_autoptr(VmcDomainFacts) facts = vmc_job_look(run, vm->host, error);

    if (facts == NULL)
        return FALSE;
    if (host == NULL || facts->state == VMC_RUN_ABSENT ||
        vmc_job_run_recall(run, VOLUMES) != NULL)
        return TRUE;
    g_autofree char *volumes = list_volumes(host, facts);
    return vmc_job_run_remember(run, VOLUMES, volumes, error);
}

static gboolean
delete_volume(VmcJobRun *run,
              const VmcVm *vm,
              const char *entry,
              GError **error)
{
    g_auto(GStrv) parts = g_strsplit(entry, "/", 2);

    return g_strv_length(parts) < 2 ||
           vmc_dismantle_volume(run, vm->host, parts[0], parts[1], error);
}

/* The VM is no more: what fails here is left over, and said. */
static gboolean
delete_volumes(VmcJobRun *run, const VmcVm *vm, GError **error)
{
    const char *remembered = vmc_job_run_recall(run, VOLUMES);
    g_auto(GStrv) volumes =
        g_strsplit(remembered != NULL ? remembered : "", "\n", -1);
    g_autoptr(GString) left = g_string_new(NULL);

    for (guint i = 0; volumes[i] != NULL; i++) {
        g_autoptr(GError) local = NULL;
        if (!delete_volume(run, vm, volumes[i], &local))
            g_string_append_printf(left, "; '%s': %s", volumes[i],
                                   local->message);
    }
    if (left->len == 0)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_PARTIAL,
                "VM '%s' is deleted, but volumes of it are left on host '%s'%s",
                vm->name, vm->host, left->str);
    return FALSE;
}

/* ---- the job ------------------------------------------------------------- */

/* A VM that was told to go and is half gone is not asked again. */
static gboolean
check_is_off(VmcJobRun *run, const VmcVm *vm, GError **error)
{
    gboolean is_forced;

    if (!vmc_json_read_boolean(vmc_job_run_intent(run), "force", FALSE,
                               &is_forced, error))
        return FALSE;
    if (is_forced || vmc_job_run_recall(run, VOLUMES) != NULL)
        return TRUE;
    g_autoptr(VmcDomainFacts) facts = vmc_job_look(run, vm->host, error);
    if (facts == NULL)
        return FALSE;
    if (facts->state == VMC_RUN_ABSENT || facts->state == VMC_RUN_SHUT_OFF ||
        facts->state == VMC_RUN_CRASHED)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                "VM '%s' is %s on host '%s': stop it first, or delete it with "
                "--force",
                vm->name, vmc_run_state_to_name(facts->state), vm->host);
    return FALSE;
}

/* The domain is still there, or may be. */
static gboolean
fail_dismantling(VmcJobRun *run, const VmcVm *vm, GError *why, GError **error)
{
    g_autoptr(VmcDomainFacts) facts = vmc_job_look(run, vm->host, NULL);

    if (facts == NULL)
        vmc_job_show_unknown(run, why);
    else if (facts->state != VMC_RUN_ABSENT)
        (void) vmc_job_show(run, vm->host, facts, NULL);
    g_propagate_error(error, why);
    return FALSE;
}

/* From here on there is no way back, and a cancel comes too late. */
static gboolean
dismantle(VmcJobRun *run, const VmcVm *vm, GError **error)
{
    GError *why = NULL;

    vmc_job_run_refuse_cancel(run);
    if (!vmc_dismantle_domain(run, vm->host, &why))
        return fail_dismantling(run, vm, why, error);
    gboolean is_clean = delete_volumes(run, vm, &why);
    if (!vmc_job_run_forget_vm(run, vm->uuid, error)) {
        g_clear_error(&why);
        return FALSE;
    }
    if (!is_clean)
        g_propagate_error(error, why);
    return is_clean;
}

gboolean
vmc_delete_job_run(VmcJobRun *run, GError **error)
{
    g_autoptr(VmcVm) vm = vmc_job_run_vm(run, NULL);

    if (vm == NULL) {
        vmc_job_run_note(run, "it is gone already");
        return TRUE;
    }
    return check_is_off(run, vm, error) &&
           vmc_job_run_step(run, 100, error, "delete VM '%s' from host '%s'",
                            vm->name, vm->host) &&
           remember_volumes(run, vm, error) && dismantle(run, vm, error);
}
