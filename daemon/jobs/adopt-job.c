/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-kinds.h"

#include "daemon/jobs/job-ask.h"
#include "daemon/jobs/json-value.h"

#define FIND_INTERVAL_MS 200
#define FIND_MAX 150
#define MIN_MEMORY_BYTES (G_GUINT64_CONSTANT(256) << 20)

/*
 * Adopt: a domain that somebody else made becomes a VM of ours by what is
 * written into its metadata. Its guest does not notice.
 */

static gboolean
set_class(VmcVm *vm, const char *service_class, GError **error)
{
    if (service_class == NULL) {
        vm->factors = vmc_factors_default();
        return TRUE;
    }
    if (!vmc_factors_of_class(service_class, &vm->factors)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "there is no service class '%s'; use gold, silver or "
                    "bronze",
                    service_class);
        return FALSE;
    }
    g_free(vm->service_class);
    vm->service_class = g_strdup(service_class);
    return TRUE;
}

/* What the definition lets a live resize reach. Without a template nothing
 * says how far down it may go: the gates, which look into the guest, do. */
static void
set_limits(VmcVm *vm, const VmcDomainFacts *facts)
{
    const VmcVmShape *shape = &facts->shape;
    guint64 memory_bytes = facts->size.amount[VMC_MEMORY];

    vm->size = vm->size_min = vm->size_max = facts->size;
    vm->size_min.amount[VMC_CPU] = VMC_MILLICORES_PER_CPU;
    vm->size_max.amount[VMC_CPU] =
        (guint64) shape->vcpus_max * VMC_MILLICORES_PER_CPU;
    vm->size_min.amount[VMC_MEMORY] = MIN(memory_bytes, MIN_MEMORY_BYTES);
    vm->size_max.amount[VMC_MEMORY] =
        MAX(vmc_vm_shape_memory_most(shape), memory_bytes);
}

/* A limit that was asked for: of no use above what the definition can give, and
 * a lie below what the VM has. */
static gboolean
set_limit(VmcVm *vm, VmcResource resource, guint64 wanted, GError **error)
{
    guint64 size = vm->size.amount[resource];
    guint64 most = vm->size_max.amount[resource];
    g_autofree char *wanted_text = vmc_resource_format(resource, wanted);
    g_autofree char *size_text = vmc_resource_format(resource, size);
    g_autofree char *most_text = vmc_resource_format(resource, most);

    if (wanted >= size && wanted <= most) {
        vm->size_max.amount[resource] = wanted;
        return TRUE;
    }
    g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                "the limit of %s of VM '%s' cannot be %s: it has %s, and its "
                "definition lets it have %s at the most",
                vmc_resource_to_name(resource), vm->name, wanted_text,
                size_text, most_text);
    return FALSE;
}

static gboolean
set_wanted_limits(VmcVm *vm, JsonObject *intent, GError **error)
{
    gint64 vcpus, memory_bytes;

    if (!vmc_json_read_int(intent, "vcpus_max", 0, &vcpus, error) ||
        !vmc_json_read_int(intent, "memory_max_bytes", 0, &memory_bytes, error))
        return FALSE;
    return (vcpus == 0 ||
            set_limit(vm, VMC_CPU, (guint64) vcpus * VMC_MILLICORES_PER_CPU,
                      error)) &&
           (memory_bytes == 0 ||
            set_limit(vm, VMC_MEMORY, (guint64) memory_bytes, error));
}

/* Names of VMs are unique; those of domains only on their host. */
static gboolean
check_name(VmcJobRun *run, const VmcVm *vm, GError **error)
{
    g_autoptr(VmcFleet) fleet = vmc_job_run_fleet(run);
    const VmcVm *other = vmc_fleet_find_vm(fleet, vm->name);

    if (!vmc_vm_name_check(vm->name, error)) {
        g_prefix_error(error,
                       "give the domain another name with virsh domrename: ");
        return FALSE;
    }
    if (other == NULL || !other->is_managed ||
        g_strcmp0(other->uuid, vm->uuid) == 0)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_EXISTS,
                "there is a VM '%s' on host '%s' already: give the domain on "
                "host '%s' another name with virsh domrename",
                vm->name, other->host, vm->host);
    return FALSE;
}

/* A transient domain is gone once it stops, metadata and all. */
static gboolean
check_domain(const VmcVm *vm, const VmcDomainFacts *facts, GError **error)
{
    if (facts->state == VMC_RUN_ABSENT) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "domain '%s' is not on host '%s' any more", vm->name,
                    vm->host);
        return FALSE;
    }
    if (facts->is_persistent)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                "domain '%s' on host '%s' is transient: define it there first "
                "(virsh dumpxml, virsh define)",
                vm->name, vm->host);
    return FALSE;
}

static VmcVm *
adopted(VmcJobRun *run, const VmcDomainFacts *facts, GError **error)
{
    g_autoptr(VmcVm) known = vmc_job_run_vm(run, error);
    g_autofree char *service_class = NULL;

    if (known == NULL ||
        !vmc_json_read_string(vmc_job_run_intent(run), "service_class",
                              &service_class, error))
        return NULL;
    g_autoptr(VmcVm) vm = vmc_vm_copy(known);
    vm->is_managed = TRUE;
    set_limits(vm, facts);
    if (!set_wanted_limits(vm, vmc_job_run_intent(run), error) ||
        !set_class(vm, service_class, error))
        return NULL;
    return g_steal_pointer(&vm);
}

static gboolean
write_metadata(VmcJobRun *run, VmcVm *vm, GError **error)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_SET_METADATA, vm->uuid);

    call->metadata = vmc_vm_ref(vm);
    return vmc_job_run_step(run, 300, error,
                            "write what vmctl knows of VM '%s' into its "
                            "metadata on host '%s'",
                            vm->name, vm->host) &&
           vmc_job_ask_call(run, vm->host, call, NULL, error);
}

/* What was only found is not stored: after a crash it has to be found again,
 * which the monitor does as soon as the host answers. */
static VmcVm *
find_again(VmcJobRun *run, GError **error)
{
    for (guint i = 0; i < FIND_MAX && vmc_job_run_is_resumed(run); i++) {
        VmcVm *known = vmc_job_run_vm(run, NULL);
        if (known != NULL)
            return known;
        if (!vmc_job_run_wait(run, FIND_INTERVAL_MS))
            break;
    }
    return vmc_job_run_vm(run, error);
}

gboolean
vmc_adopt_job_run(VmcJobRun *run, GError **error)
{
    g_autoptr(VmcVm) known = find_again(run, error);

    if (known == NULL)
        return FALSE;
    g_autoptr(VmcDomainFacts) facts = vmc_job_look(run, known->host, error);
    if (facts == NULL || !check_domain(known, facts, error) ||
        !check_name(run, known, error))
        return FALSE;
    if (facts->is_managed) {
        vmc_job_run_note(run, "VM '%s' is managed already", known->name);
        return vmc_job_show(run, known->host, facts, error);
    }
    g_autoptr(VmcVm) vm = adopted(run, facts, error);
    if (vm == NULL || !write_metadata(run, vm, error))
        return FALSE;
    g_autoptr(VmcDomainFacts) seen = vmc_job_look(run, vm->host, error);
    return seen != NULL && vmc_job_run_publish_vm(run, vm, error) &&
           vmc_job_show(run, vm->host, seen, error);
}
