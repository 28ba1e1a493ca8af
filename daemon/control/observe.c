/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/observe.h"

/* ---- state ----------------------------------------------------------------
 */

typedef struct {
    VmcVmState state;
    const char *reason;
} StateRow;

static const StateRow states[VMC_N_RUN_STATES] = {
    [VMC_RUN_ABSENT] = {VMC_VM_UNKNOWN, "its host has no such domain"},
    [VMC_RUN_SHUT_OFF] = {VMC_VM_SHUT_OFF, NULL},
    [VMC_RUN_STARTING] = {VMC_VM_PAUSED, "is being started"},
    [VMC_RUN_RUNNING] = {VMC_VM_RUNNING, NULL},
    [VMC_RUN_PAUSED] = {VMC_VM_PAUSED, NULL},
    [VMC_RUN_PAUSED_MIGRATION] = {VMC_VM_PAUSED, "by a migration"},
    [VMC_RUN_PAUSED_INCOMING] = {VMC_VM_PAUSED, "is being received"},
    [VMC_RUN_PAUSED_IO_ERROR] = {VMC_VM_PAUSED, "a disk failed"},
    [VMC_RUN_POSTCOPY_FAILED] = {VMC_VM_PAUSED, "a migration failed"},
    [VMC_RUN_CRASHED] = {VMC_VM_CRASHED, NULL},
};

void
vmc_vm_set_state(VmcVm *vm, VmcVmState state, const char *reason, gint64 now_s)
{
    g_return_if_fail(vm != NULL);
    if (vm->state == state && g_strcmp0(vm->state_reason, reason) == 0)
        return;
    g_autofree char *old_reason = vm->state_reason; /* may be @reason */
    vm->state = state;
    vm->state_reason = g_strdup(reason);
    vm->state_since_s = now_s;
}

/* ---- what is taken over ---------------------------------------------------
 */

static void
replace(char **string, const char *value)
{
    if (g_strcmp0(*string, value) == 0)
        return;
    g_free(*string);
    *string = g_strdup(value);
}

/* A domain that carries our metadata, and that we did not know as ours. */
static void
take_metadata(VmcVm *vm, const VmcVm *metadata)
{
    replace(&vm->template_name, metadata->template_name);
    replace(&vm->service_class, metadata->service_class);
    vm->factors = metadata->factors;
    vm->size_min = metadata->size_min;
    vm->size_max = metadata->size_max;
    vm->size.amount[VMC_DISK] = metadata->size.amount[VMC_DISK];
    g_ptr_array_unref(vm->wishes);
    vm->wishes = vmc_wishes_copy(metadata->wishes);
}

static VmcVm *
begin(const VmcObservation *seen)
{
    const VmcDomainFacts *facts = seen->facts;
    VmcVm *vm = seen->known != NULL ? vmc_vm_copy(seen->known)
                                    : vmc_vm_new(facts->uuid, facts->name);

    if (!vm->is_managed && facts->is_managed && facts->metadata != NULL)
        take_metadata(vm, facts->metadata);
    vm->is_managed = vm->is_managed || facts->is_managed;
    return vm;
}

/* ---- what its host must have -----------------------------------------------
 */

static void
replace_list(GStrv *list, GStrv seen)
{
    if (seen == NULL)
        return;
    g_strfreev(*list);
    *list = g_strdupv(seen);
}

static void
observe_needs(VmcVm *vm, const VmcDomainFacts *facts)
{
    replace_list(&vm->pools, facts->pools);
    replace_list(&vm->networks, facts->networks);
    replace_list(&vm->bridges, facts->bridges);
    if (facts->cpu_model != NULL)
        replace(&vm->cpu_model, facts->cpu_model);
    if (facts->machine != NULL)
        replace(&vm->machine, facts->machine);
}

/* ---- size -----------------------------------------------------------------
 */

/* What the hypervisor says of a growing virtio-mem device may be a second old:
 * a guest that was seen with all of it, and counts no less now, has it still.
 * While a job has the VM only the job asks the guest. */
static gboolean
is_old_news(const VmcObservation *seen)
{
    const VmcVmShape *shape = &seen->facts->shape;
    guint64 current = shape->virtio_mem_current_bytes;
    guint64 requested = shape->virtio_mem_requested_bytes;

    if (seen->known == NULL || !shape->is_running || current >= requested)
        return FALSE;
    const VmcTriple *memory = &seen->known->memory_bytes;
    guint64 all = vmc_vm_shape_memory_plugged(shape) - current + requested;
    if (memory->plugged != all || memory->usable == 0)
        return FALSE;
    return shape->guest_total_bytes > 0
               ? shape->guest_total_bytes >= memory->usable
               : seen->is_held;
}

/* (transfer none): lives as long as what was seen */
static VmcVmShape
shape_of(const VmcObservation *seen)
{
    VmcVmShape shape = seen->facts->shape;

    if (is_old_news(seen))
        shape.virtio_mem_current_bytes = shape.virtio_mem_requested_bytes;
    return shape;
}

static void
observe_triples(VmcVm *vm, const VmcVmShape *shape)
{
    gboolean runs = shape->is_running;

    vm->vcpus.plugged = runs ? shape->vcpus_plugged : 0;
    vm->memory_bytes.plugged = runs ? vmc_vm_shape_memory_plugged(shape) : 0;
    /* the guest is not asked each time: what it last said stands */
    if (!runs || shape->vcpus_online > 0)
        vm->vcpus.usable = runs ? shape->vcpus_online : 0;
    if (!runs || shape->guest_total_bytes > 0)
        vm->memory_bytes.usable = runs ? shape->guest_total_bytes : 0;
}

static void
observe_size(VmcVm *vm, const VmcDomainFacts *facts)
{
    const VmcVmShape *shape = &facts->shape;
    guint64 *amount = vm->size.amount;

    if (shape->vcpus_config > 0)
        vm->vcpus.requested = shape->vcpus_config;
    if (vmc_vm_shape_memory_stored(shape) > 0)
        vm->memory_bytes.requested = vmc_vm_shape_memory_stored(shape);
    amount[VMC_CPU] =
        MAX(vm->vcpus.requested, vm->vcpus.plugged) * VMC_MILLICORES_PER_CPU;
    amount[VMC_MEMORY] =
        MAX(vm->memory_bytes.requested, vm->memory_bytes.plugged);
    if (facts->size.amount[VMC_DISK] > 0)
        amount[VMC_DISK] = facts->size.amount[VMC_DISK];
    amount[VMC_NETWORK] = facts->size.amount[VMC_NETWORK];
}

/* Whoever moved it: vmctl leaves it where it is for a while. */
static void
observe_place(VmcVm *vm, const VmcObservation *observation)
{
    if (vm->host != NULL && g_strcmp0(vm->host, observation->host) != 0)
        vm->moved_at_s = observation->now_s;
    replace(&vm->host, observation->host);
}

static gboolean
has_guest_numbers(const VmcVmShape *shape)
{
    return shape->vcpus_online > 0 || shape->guest_total_bytes > 0;
}

static void
observe_pending(VmcVm *vm, const VmcVmShape *shape)
{
    g_autofree char *pending = vmc_vm_shape_pending(shape);

    if (pending == NULL && shape->is_running && !has_guest_numbers(shape))
        return;
    replace(&vm->pending, pending);
}

/* ---- public ---------------------------------------------------------------
 */

VmcVm *
vmc_vm_observe(const VmcObservation *observation)
{
    g_return_val_if_fail(observation != NULL, NULL);
    g_return_val_if_fail(observation->facts != NULL, NULL);
    const VmcDomainFacts *facts = observation->facts;
    const VmcVmShape shape = shape_of(observation);
    VmcVm *vm = begin(observation);
    gboolean in_transit = vm->destination != NULL;
    /* of a VM that nobody knew nothing can have been reserved */
    gboolean is_held = observation->is_held && observation->known != NULL;

    observe_triples(vm, &shape);
    if (!is_held && !in_transit) {
        observe_place(vm, observation);
        replace(&vm->name, facts->name);
        observe_needs(vm, facts);
        observe_size(vm, facts);
        observe_pending(vm, &shape);
    }
    /* a VM that is made or moved has the state its job says it has */
    if (!in_transit && !(is_held && vm->state == VMC_VM_CREATING))
        vmc_vm_set_state(vm, states[facts->state].state,
                         states[facts->state].reason, observation->now_s);
    return vm;
}

static gboolean
triples_equal(const VmcTriple *a, const VmcTriple *b)
{
    return a->requested == b->requested && a->plugged == b->plugged &&
           a->usable == b->usable;
}

static gboolean
lists_equal(GStrv a, GStrv b)
{
    return g_strv_equal((const char *const *) a, (const char *const *) b);
}

static gboolean
needs_equal(const VmcVm *a, const VmcVm *b)
{
    return lists_equal(a->pools, b->pools) &&
           lists_equal(a->networks, b->networks) &&
           lists_equal(a->bridges, b->bridges) &&
           g_strcmp0(a->cpu_model, b->cpu_model) == 0 &&
           g_strcmp0(a->machine, b->machine) == 0;
}

gboolean
vmc_vm_is_stored_same(const VmcVm *a, const VmcVm *b)
{
    g_return_val_if_fail(a != NULL && b != NULL, FALSE);
    return needs_equal(a, b) && a->is_managed == b->is_managed &&
           g_strcmp0(a->name, b->name) == 0 &&
           g_strcmp0(a->host, b->host) == 0 &&
           g_strcmp0(a->destination, b->destination) == 0 &&
           vmc_resources_equal(a->size, b->size) &&
           a->vcpus.requested == b->vcpus.requested &&
           a->memory_bytes.requested == b->memory_bytes.requested;
}

gboolean
vmc_vm_looks_same(const VmcVm *a, const VmcVm *b)
{
    return vmc_vm_is_stored_same(a, b) && a->state == b->state &&
           g_strcmp0(a->state_reason, b->state_reason) == 0 &&
           triples_equal(&a->vcpus, &b->vcpus) &&
           triples_equal(&a->memory_bytes, &b->memory_bytes) &&
           g_strcmp0(a->pending, b->pending) == 0;
}
