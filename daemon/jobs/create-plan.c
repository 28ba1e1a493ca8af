/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/create-plan.h"

#include "core/error.h"
#include "daemon/hypervisor/domain-xml.h"

/* ---- the VM -------------------------------------------------------------- */

static VmcVm *
vm_of(const VmcCreateRequest *request)
{
    const VmcTemplate *tmpl = request->tmpl;
    VmcVm *vm = vmc_vm_new(request->uuid, request->name);

    vm->state = VMC_VM_CREATING;
    vm->is_managed = TRUE;
    vm->template_name = g_strdup(tmpl->name);
    vm->service_class = g_strdup(tmpl->service_class);
    vm->factors = tmpl->factors;
    vm->size = vmc_template_size(tmpl);
    vm->size_min = vmc_template_size_min(tmpl);
    vm->size_max = vmc_template_size_max(tmpl);
    vm->vcpus.requested = vm->size.amount[VMC_CPU] / 1000;
    vm->memory_bytes.requested = vm->size.amount[VMC_MEMORY];
    g_clear_pointer(&vm->wishes, g_ptr_array_unref);
    vm->wishes = vmc_wishes_copy(tmpl->wishes);
    return vm;
}

/* ---- where it goes ------------------------------------------------------- */

/* A host that was asked for by name is one more thing it must have. */
static GPtrArray *
wishes_of(const VmcCreateRequest *request)
{
    GPtrArray *wishes = vmc_wishes_copy(request->tmpl->wishes);

    if (request->host != NULL)
        g_ptr_array_insert(wishes, 0,
                           vmc_wish_new(TRUE, FALSE, request->host, NULL));
    return wishes;
}

static VmcPlacement *
place(const VmcFleet *fleet, const VmcCreateRequest *request, const VmcVm *vm)
{
    g_auto(GStrv) pools = vmc_template_pools(request->tmpl);
    g_auto(GStrv) networks = vmc_template_networks(request->tmpl);
    g_auto(GStrv) bridges = vmc_template_bridges(request->tmpl);
    g_autoptr(GPtrArray) wishes = wishes_of(request);
    VmcPlacementRequest wanted = {
        .vm_name = vm->name,
        .size = vm->size,
        .claim = vmc_vm_claim(vm),
        .wishes = wishes,
        .pools = pools,
        .networks = networks,
        .bridges = bridges,
        .cpu_model = request->tmpl->cpu_model,
        .machine = request->tmpl->machine,
        .template_name = request->tmpl->name,
    };

    return vmc_placement_find(fleet, &wanted);
}

/* ---- its volumes: their paths are known before they are made --------------
 */

static char *
path_of(const VmcHost *host, const VmcVolumeOrder *volume, GError **error)
{
    for (guint i = 0; i < host->pools->len; i++) {
        const VmcPool *pool = host->pools->pdata[i];
        if (g_str_equal(pool->name, volume->pool) && pool->path != NULL)
            return g_build_filename(pool->path, volume->volume, NULL);
    }
    g_set_error(error, VMC_ERROR, VMC_ERROR_UNSUPPORTED,
                "storage pool '%s' of host '%s' has no folder or volume group "
                "that a disk could be in; use a dir, fs, netfs or logical pool",
                volume->pool, host->name);
    return NULL;
}

static VmcVolumeOrder *
disk_order(const VmcVm *vm, const VmcTemplateDisk *disk)
{
    g_autofree char *name =
        g_strdup_printf("%s-%s.qcow2", vm->uuid, disk->name);
    VmcVolumeOrder *order = vmc_volume_order_new(disk->pool, name);

    order->image = g_strdup(disk->image);
    order->size_bytes = disk->size_bytes;
    return order;
}

static gboolean
order_disks(VmcCreateOrder *order,
            const VmcTemplate *tmpl,
            const VmcHost *host,
            GStrv *ret_paths,
            GError **error)
{
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();

    for (guint i = 0; i < tmpl->disks->len; i++) {
        VmcVolumeOrder *disk = disk_order(order->vm, tmpl->disks->pdata[i]);
        g_ptr_array_add(order->disks, disk);
        g_autofree char *path = path_of(host, disk, error);
        if (path == NULL)
            return FALSE;
        g_strv_builder_add(paths, path);
    }
    *ret_paths = g_strv_builder_end(paths);
    return TRUE;
}

static gboolean
order_seed(VmcCreateOrder *order,
           const VmcTemplate *tmpl,
           const VmcHost *host,
           char **ret_path,
           GError **error)
{
    g_autofree char *name = g_strdup_printf("%s-seed.iso", order->vm->uuid);
    const char *pool = VMC_TEMPLATE_SEED_POOL;

    if (tmpl->user_data == NULL)
        return TRUE;
    if (order->disks->len > 0)
        pool = ((VmcVolumeOrder *) order->disks->pdata[0])->pool;
    order->seed = vmc_volume_order_new(pool, name);
    order->user_data = g_strdup(tmpl->user_data);
    order->meta_data = g_strdup_printf("instance-id: %s\nlocal-hostname: %s\n",
                                       order->vm->uuid, order->vm->name);
    *ret_path = path_of(host, order->seed, error);
    return *ret_path != NULL;
}

static VmcCreateOrder *
order_of(const VmcCreateRequest *request,
         VmcVm *vm,
         const VmcHost *host,
         GError **error)
{
    g_autoptr(VmcCreateOrder) order = vmc_create_order_new(vm);
    g_auto(GStrv) disk_paths = NULL;
    g_autofree char *seed_path = NULL;

    order->start = request->start;
    if (!order_disks(order, request->tmpl, host, &disk_paths, error) ||
        !order_seed(order, request->tmpl, host, &seed_path, error))
        return NULL;
    VmcDomainOrder domain = {
        .vm = vm,
        .tmpl = request->tmpl,
        .domain_type = host->domain_type != NULL ? host->domain_type : "kvm",
        .disk_paths = disk_paths,
        .seed_path = seed_path,
    };
    order->domain_xml = vmc_domain_xml_new(&domain, error);
    if (order->domain_xml == NULL)
        return NULL;
    return g_steal_pointer(&order);
}

/* ---- public -------------------------------------------------------------- */

static gboolean
check_host(const VmcFleet *fleet, const char *name, GError **error)
{
    if (name == NULL || vmc_fleet_find_host(fleet, name) != NULL)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                "there is no host '%s'; 'vmctl host list' shows all", name);
    return FALSE;
}

VmcCreatePlan *
vmc_create_plan_new(const VmcFleet *fleet,
                    const VmcCreateRequest *request,
                    GError **error)
{
    g_return_val_if_fail(fleet != NULL && request != NULL, NULL);
    g_autoptr(VmcCreatePlan) plan = g_new0(VmcCreatePlan, 1);

    if (!vmc_fleet_check_name_free(fleet, request->name, NULL, error) ||
        !check_host(fleet, request->host, error))
        return NULL;
    plan->vm = vm_of(request);
    plan->placement = place(fleet, request, plan->vm);
    if (plan->placement->host == NULL)
        return g_steal_pointer(&plan);
    plan->vm->host = g_strdup(plan->placement->host);
    plan->order =
        order_of(request, plan->vm,
                 vmc_fleet_find_host(fleet, plan->placement->host), error);
    if (plan->order == NULL)
        return NULL;
    return g_steal_pointer(&plan);
}

gboolean
vmc_create_plan_check(const VmcCreatePlan *plan, GError **error)
{
    g_return_val_if_fail(plan != NULL, FALSE);
    VmcPlacementRequest request = {.vm_name = plan->vm->name};

    if (plan->order != NULL)
        return TRUE;
    g_propagate_error(error, vmc_placement_to_error(plan->placement, &request));
    return FALSE;
}

void
vmc_create_plan_free(VmcCreatePlan *plan)
{
    if (plan == NULL)
        return;
    g_clear_pointer(&plan->placement, vmc_placement_free);
    g_clear_pointer(&plan->vm, vmc_vm_unref);
    g_clear_pointer(&plan->order, vmc_create_order_free);
    g_free(plan);
}
