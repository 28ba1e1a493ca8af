/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/observe.h"

#define UUID_1 "00000000-0000-4000-8000-000000000001"
#define MIB (G_GUINT64_CONSTANT(1) << 20)

/* A running domain with two of four vCPUs and 512 MiB + 256 MiB. */
static VmcDomainFacts *
make_facts(void)
{
    VmcDomainFacts *facts = vmc_domain_facts_new(UUID_1, "web1");

    facts->state = VMC_RUN_RUNNING;
    facts->is_persistent = TRUE;
    facts->shape = (VmcVmShape){.is_running = TRUE,
                                .vcpus_max = 4,
                                .vcpus_plugged = 2,
                                .vcpus_config = 2,
                                .boot_bytes = 512 * MIB,
                                .max_bytes = 2048 * MIB,
                                .balloon_bytes = 512 * MIB,
                                .balloon_config_bytes = 512 * MIB,
                                .has_virtio_mem = TRUE,
                                .virtio_mem_size_bytes = 1024 * MIB,
                                .virtio_mem_block_bytes = 2 * MIB,
                                .virtio_mem_requested_bytes = 256 * MIB,
                                .virtio_mem_current_bytes = 256 * MIB,
                                .virtio_mem_config_bytes = 256 * MIB};
    facts->size = VMC_RESOURCES(2000, 768 * MIB, 0, 1000);
    return facts;
}

static VmcVm *
observe(const VmcVm *known, const VmcDomainFacts *facts, gboolean is_held)
{
    VmcObservation seen = {known, facts, "h1", is_held, 1000};

    return vmc_vm_observe(&seen);
}

static void
test_new_domain(void)
{
    g_autoptr(VmcDomainFacts) facts = make_facts();
    g_autoptr(VmcVm) vm = observe(NULL, facts, FALSE);

    g_assert_cmpstr(vm->uuid, ==, UUID_1);
    g_assert_cmpstr(vm->host, ==, "h1");
    g_assert_false(vm->is_managed);
    g_assert_cmpint(vm->state, ==, VMC_VM_RUNNING);
    g_assert_cmpint(vm->state_since_s, ==, 1000);
    g_assert_cmpuint(vm->vcpus.requested, ==, 2);
    g_assert_cmpuint(vm->vcpus.plugged, ==, 2);
    g_assert_cmpuint(vm->memory_bytes.plugged, ==, 768 * MIB);
    g_assert_cmpuint(vm->size.amount[VMC_MEMORY], ==, 768 * MIB);
    g_assert_cmpuint(vm->size.amount[VMC_NETWORK], ==, 1000);
}

/* A VM that has just moved, by whomever, is known to have. */
static void
test_move_is_dated(void)
{
    g_autoptr(VmcDomainFacts) facts = make_facts();
    g_autoptr(VmcVm) vm = observe(NULL, facts, FALSE);

    g_assert_cmpint(vm->moved_at_s, ==, 0);
    g_free(vm->host);
    vm->host = g_strdup("h2");
    g_autoptr(VmcVm) held = observe(vm, facts, TRUE);
    g_assert_cmpint(held->moved_at_s, ==, 0);
    g_autoptr(VmcVm) moved = observe(vm, facts, FALSE);
    g_assert_cmpstr(moved->host, ==, "h1");
    g_assert_cmpint(moved->moved_at_s, ==, 1000);
    g_autoptr(VmcVm) again = observe(moved, facts, FALSE);
    g_assert_cmpint(again->moved_at_s, ==, 1000);
}

/* What a host must have for it, so that no move is planned that fails. */
static void
test_needs(void)
{
    g_autoptr(VmcDomainFacts) facts = make_facts();
    const char *const networks[] = {"lan", NULL};

    g_strfreev(facts->networks);
    facts->networks = g_strdupv((char **) networks);
    facts->cpu_model = g_strdup("EPYC");
    g_autoptr(VmcVm) vm = observe(NULL, facts, FALSE);
    g_assert_cmpstr(vm->networks[0], ==, "lan");
    g_assert_cmpstr(vm->cpu_model, ==, "EPYC");

    /* that it is not seen for once takes nothing away */
    g_autoptr(VmcDomainFacts) absent = vmc_domain_facts_new(UUID_1, "web1");
    g_autoptr(VmcVm) gone = observe(vm, absent, FALSE);
    g_assert_cmpstr(gone->networks[0], ==, "lan");
    g_assert_cmpstr(gone->cpu_model, ==, "EPYC");
    g_assert_false(vmc_vm_looks_same(vm, gone));

    facts->networks[0][0] = 'w';
    g_autoptr(VmcVm) other = observe(vm, facts, FALSE);
    g_assert_false(vmc_vm_is_stored_same(vm, other));
}

/* A lost database is made again from what the domains carry. */
static void
test_metadata(void)
{
    g_autoptr(VmcDomainFacts) facts = make_facts();

    facts->is_managed = TRUE;
    facts->metadata = vmc_vm_new(UUID_1, "web1");
    facts->metadata->template_name = g_strdup("web");
    facts->metadata->service_class = g_strdup("silver");
    g_assert_true(vmc_factors_of_class("silver", &facts->metadata->factors));
    facts->metadata->size_max = VMC_RESOURCES(4000, 2048 * MIB, 0, 0);
    facts->metadata->size.amount[VMC_DISK] = 7;
    g_autoptr(VmcVm) vm = observe(NULL, facts, FALSE);

    g_assert_true(vm->is_managed);
    g_assert_cmpstr(vm->template_name, ==, "web");
    g_assert_cmpuint(vm->factors.of[VMC_CPU].value_milli, ==, 500);
    g_assert_cmpuint(vm->size_max.amount[VMC_CPU], ==, 4000);
    g_assert_cmpuint(vm->size.amount[VMC_DISK], ==, 7);
}

/* What is given counts as long as it is given, though less was asked for. */
static void
test_partial_shrink_counts(void)
{
    g_autoptr(VmcDomainFacts) facts = make_facts();

    facts->shape.vcpus_config = 1;
    facts->shape.virtio_mem_requested_bytes = 0;
    facts->shape.virtio_mem_config_bytes = 0;
    g_autoptr(VmcVm) vm = observe(NULL, facts, FALSE);
    g_assert_cmpuint(vm->vcpus.requested, ==, 1);
    g_assert_cmpuint(vm->size.amount[VMC_CPU], ==, 2000);
    g_assert_cmpuint(vm->memory_bytes.requested, ==, 512 * MIB);
    g_assert_cmpuint(vm->size.amount[VMC_MEMORY], ==, 768 * MIB);
    g_assert_nonnull(vm->pending);
}

/* The hypervisor's number of virtio-mem is up to a second old: just after a
 * resize it does not take back what the guest was seen with. */
static void
test_old_news(void)
{
    g_autoptr(VmcDomainFacts) facts = make_facts();

    facts->shape.vcpus_online = 2;
    facts->shape.guest_total_bytes = 700 * MIB;
    g_autoptr(VmcVm) grown = observe(NULL, facts, FALSE);
    facts->shape.virtio_mem_current_bytes = 0;
    g_autoptr(VmcVm) soon = observe(grown, facts, FALSE);
    g_assert_cmpuint(soon->memory_bytes.plugged, ==, 768 * MIB);
    g_assert_null(soon->pending);

    facts->shape.guest_total_bytes = 0; /* not asked: a job has the VM */
    g_autoptr(VmcVm) held = observe(grown, facts, TRUE);
    g_assert_cmpuint(held->memory_bytes.plugged, ==, 768 * MIB);
    g_autoptr(VmcVm) mute = observe(grown, facts, FALSE);
    g_assert_cmpuint(mute->memory_bytes.plugged, ==, 512 * MIB);

    facts->shape.guest_total_bytes = 450 * MIB; /* it has booted anew */
    g_autoptr(VmcVm) lost = observe(grown, facts, FALSE);
    g_assert_cmpuint(lost->memory_bytes.plugged, ==, 512 * MIB);
    g_assert_nonnull(lost->pending);
}

static void
test_held_and_in_transit(void)
{
    g_autoptr(VmcDomainFacts) facts = make_facts();
    g_autoptr(VmcVm) known = vmc_vm_new(UUID_1, "web1");

    known->host = g_strdup("h0");
    known->size = VMC_RESOURCES(4000, 1024 * MIB, 0, 0);
    known->vcpus.requested = 4;
    known->state = VMC_VM_CREATING;
    g_autoptr(VmcVm) held = observe(known, facts, TRUE);
    g_assert_cmpstr(held->host, ==, "h0");
    g_assert_cmpuint(held->size.amount[VMC_CPU], ==, 4000);
    g_assert_cmpuint(held->vcpus.requested, ==, 4);
    g_assert_cmpuint(held->vcpus.plugged, ==, 2);
    g_assert_cmpint(held->state, ==, VMC_VM_CREATING);

    /* a domain that is new to us, though a job waits for it */
    g_autoptr(VmcVm) found = observe(NULL, facts, TRUE);
    g_assert_cmpstr(found->host, ==, "h1");
    g_assert_cmpint(found->state, ==, VMC_VM_RUNNING);

    known->destination = g_strdup("h1");
    known->state = VMC_VM_UNKNOWN;
    g_autoptr(VmcVm) moving = observe(known, facts, FALSE);
    g_assert_cmpstr(moving->host, ==, "h0");
    g_assert_cmpstr(moving->destination, ==, "h1");
    g_assert_cmpint(moving->state, ==, VMC_VM_UNKNOWN);
}

/* The guest is not asked each time: what it said last stands while it runs. */
static void
test_guest_numbers_stay(void)
{
    g_autoptr(VmcDomainFacts) facts = make_facts();

    facts->shape.vcpus_online = 2;
    facts->shape.guest_total_bytes = 700 * MIB;
    g_autoptr(VmcVm) asked = observe(NULL, facts, FALSE);
    g_assert_cmpuint(asked->vcpus.usable, ==, 2);
    facts->shape.vcpus_online = 0;
    facts->shape.guest_total_bytes = 0;
    g_autoptr(VmcVm) later = observe(asked, facts, FALSE);
    g_assert_cmpuint(later->vcpus.usable, ==, 2);
    g_assert_cmpuint(later->memory_bytes.usable, ==, 700 * MIB);
    g_assert_true(vmc_vm_looks_same(asked, later));

    facts->state = VMC_RUN_SHUT_OFF;
    facts->shape.is_running = FALSE;
    g_autoptr(VmcVm) off = observe(later, facts, FALSE);
    g_assert_cmpuint(off->vcpus.usable, ==, 0);
    g_assert_cmpuint(off->vcpus.plugged, ==, 0);
    g_assert_cmpuint(off->vcpus.requested, ==, 2);
    g_assert_cmpuint(off->size.amount[VMC_CPU], ==, 2000);
    g_assert_false(vmc_vm_looks_same(later, off));
    g_assert_true(vmc_vm_is_stored_same(later, off));
}

/* Every state of a domain has a state of a VM, and says since when. */
static void
test_states(void)
{
    for (guint i = 0; i < VMC_N_RUN_STATES; i++) {
        g_autoptr(VmcDomainFacts) facts = make_facts();
        facts->state = (VmcRunState) i;
        g_autoptr(VmcVm) vm = observe(NULL, facts, FALSE);
        g_assert_cmpint(vm->state, !=, VMC_VM_CREATING);
        g_assert_true((vm->state == VMC_VM_RUNNING) == (i == VMC_RUN_RUNNING));
    }
    g_autoptr(VmcVm) vm = vmc_vm_new(UUID_1, "web1");
    vmc_vm_set_state(vm, VMC_VM_PAUSED, "why", 5);
    vmc_vm_set_state(vm, VMC_VM_PAUSED, vm->state_reason, 6);
    g_assert_cmpint(vm->state_since_s, ==, 5);
    vmc_vm_set_state(vm, VMC_VM_PAUSED, NULL, 7);
    g_assert_cmpint(vm->state_since_s, ==, 7);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/observe/new-domain", test_new_domain);
    g_test_add_func("/observe/move-is-dated", test_move_is_dated);
    g_test_add_func("/observe/needs", test_needs);
    g_test_add_func("/observe/metadata", test_metadata);
    g_test_add_func("/observe/partial-shrink-counts",
                    test_partial_shrink_counts);
    g_test_add_func("/observe/old-news", test_old_news);
    g_test_add_func("/observe/held-and-in-transit", test_held_and_in_transit);
    g_test_add_func("/observe/guest-numbers-stay", test_guest_numbers_stay);
    g_test_add_func("/observe/states", test_states);
    return g_test_run();
}
