/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/conformance-bench.h"

/* The part of the conformance suite that changes the size of a running VM. */

#define MIB (G_GUINT64_CONSTANT(1) << 20)
#define ONLINE_BY_ITSELF_MS 1000 /* before the agent is asked to */

/* ---- vCPUs ----------------------------------------------------------------
 */

static gboolean
all_vcpus_online(const VmcVmShape *shape, gpointer data)
{
    return shape->vcpus_online == GPOINTER_TO_UINT(data);
}

/* vCPUs are added while it runs, and the guest gets them. */
static void
test_grow_vcpus(Bench *bench)
{
    bench_boot(bench);
    bench_set_vcpus(bench, 2, VMC_CALL_LIVE);
    g_autoptr(VmcDomainFacts) facts = bench_read(bench);
    g_assert_cmpuint(facts->shape.vcpus_plugged, ==, 2);
    g_assert_cmpuint(facts->shape.vcpus_config, ==, 1);
    if (!bench_guest_comes_to(bench, all_vcpus_online, GUINT_TO_POINTER(2),
                              ONLINE_BY_ITSELF_MS))
        bench_set_guest_vcpus(bench, 2);
    bench_await_guest(bench, all_vcpus_online, GUINT_TO_POINTER(2));
    bench_set_guest_vcpus(bench, 1);
    bench_await_guest(bench, all_vcpus_online, GUINT_TO_POINTER(1));
}

/* What is stored is what the next start gives. */
static void
test_stored_vcpus(Bench *bench)
{
    bench_define(bench);
    bench_set_vcpus(bench, 2, VMC_CALL_CONFIG);
    bench_do(bench, VMC_CALL_START);
    g_autoptr(VmcDomainFacts) facts = bench_read(bench);
    g_assert_cmpuint(facts->shape.vcpus_plugged, ==, 2);
    g_assert_cmpuint(facts->shape.vcpus_config, ==, 2);
}

/* Nonsense is refused and changes nothing. */
static void
test_bad_vcpus(Bench *bench)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_SET_VCPUS, bench->uuid);
    g_autoptr(VmcCall) guest =
        vmc_call_new(VMC_CALL_SET_GUEST_VCPUS, bench->uuid);

    bench_define(bench);
    bench_do(bench, VMC_CALL_START);
    call->count = 1000;
    call->flags = VMC_CALL_LIVE;
    bench_must_refuse(bench, call);
    bench_do(bench, VMC_CALL_DESTROY);
    call->count = 2;
    bench_must_refuse(bench, call);
    guest->count = 1;
    bench_must_refuse(bench, guest);
    g_autoptr(VmcDomainFacts) facts = bench_read(bench);
    g_assert_cmpuint(facts->shape.vcpus_config, ==, 1);
}

/* ---- memory ---------------------------------------------------------------
 */

static gboolean
has_taken_virtio_mem(const VmcVmShape *shape, gpointer data)
{
    return shape->virtio_mem_current_bytes == *(guint64 *) data;
}

static gboolean
has_agent(const VmcVmShape *shape, gpointer data)
{
    return shape->agent_answers;
}

static gboolean
has_total_from(const VmcVmShape *shape, gpointer data)
{
    return shape->guest_total_bytes >= *(guint64 *) data;
}

static gboolean
has_total_to(const VmcVmShape *shape, gpointer data)
{
    return shape->guest_total_bytes <= *(guint64 *) data;
}

static gboolean
knows_total(const VmcVmShape *shape, gpointer data)
{
    return shape->guest_total_bytes > 0;
}

/* Memory comes by virtio-mem and goes again, as the guest sees it. */
static void
test_virtio_mem(Bench *bench)
{
    guint64 size_bytes = 256 * MIB;
    guint64 nothing = 0;

    bench_boot(bench);
    bench_await_guest(bench, knows_total, NULL);
    g_autoptr(VmcDomainFacts) before = bench_read_guest(bench);
    guint64 more = before->shape.guest_total_bytes + size_bytes - 16 * MIB;
    bench_set_virtio_mem(bench, size_bytes, VMC_CALL_LIVE);
    bench_await_guest(bench, has_taken_virtio_mem, &size_bytes);
    bench_await_guest(bench, has_total_from, &more);
    bench_set_virtio_mem(bench, 0, VMC_CALL_LIVE);
    bench_await_guest(bench, has_taken_virtio_mem, &nothing);
    g_autoptr(VmcDomainFacts) after = bench_read(bench);
    g_assert_cmpuint(after->shape.virtio_mem_requested_bytes, ==, 0);
}

static void
test_stored_virtio_mem(Bench *bench)
{
    guint64 size_bytes = 128 * MIB;

    bench_define(bench);
    bench_set_virtio_mem(bench, size_bytes, VMC_CALL_CONFIG);
    g_autoptr(VmcDomainFacts) facts = bench_read(bench);
    g_assert_cmpuint(facts->shape.virtio_mem_config_bytes, ==, size_bytes);
    bench_do(bench, VMC_CALL_START);
    bench_await_guest(bench, has_taken_virtio_mem, &size_bytes);
}

static void
test_bad_virtio_mem(Bench *bench)
{
    g_autoptr(VmcCall) call =
        vmc_call_new(VMC_CALL_SET_VIRTIO_MEM, bench->uuid);

    bench_define(bench);
    bench_do(bench, VMC_CALL_START);
    call->flags = VMC_CALL_LIVE;
    call->bytes = 1 * MIB;
    bench_must_refuse(bench, call);
    call->bytes = G_GUINT64_CONSTANT(1) << 50;
    bench_must_refuse(bench, call);
    g_autoptr(VmcDomainFacts) facts = bench_read(bench);
    g_assert_cmpuint(facts->shape.virtio_mem_requested_bytes, ==, 0);
}

static gboolean
has_balloon_to(const VmcVmShape *shape, gpointer data)
{
    return shape->balloon_bytes <= *(guint64 *) data;
}

static gboolean
has_balloon_from(const VmcVmShape *shape, gpointer data)
{
    return shape->balloon_bytes >= *(guint64 *) data;
}

/* The balloon takes memory, and gives it back. */
static void
test_balloon(Bench *bench)
{
    bench_boot(bench);
    bench_await_guest(bench, knows_total, NULL);
    g_autoptr(VmcDomainFacts) before = bench_read_guest(bench);
    guint64 whole = before->shape.balloon_bytes;
    guint64 less = whole - 32 * MIB;
    bench_set_balloon(bench, less);
    bench_await_guest(bench, has_balloon_to, &less);
    bench_set_balloon(bench, whole);
    bench_await_guest(bench, has_balloon_from, &whole);
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_SET_BALLOON, bench->uuid);
    call->flags = VMC_CALL_LIVE;
    call->bytes = whole * 4;
    bench_must_refuse(bench, call);
}

static gboolean
has_dimms(const VmcVmShape *shape, gpointer data)
{
    guint n = shape->dimms != NULL ? shape->dimms->len : 0;

    return n == GPOINTER_TO_UINT(data);
}

/* A DIMM comes, is used once it is online, has a name, and goes by it. */
static void
test_dimm(Bench *bench)
{
    g_autoptr(VmcCall) attach = vmc_call_new(VMC_CALL_ATTACH_DIMM, bench->uuid);
    g_autoptr(VmcCall) detach = vmc_call_new(VMC_CALL_DETACH_DIMM, bench->uuid);
    g_autoptr(VmcCall) online =
        vmc_call_new(VMC_CALL_ONLINE_GUEST_MEMORY, bench->uuid);

    bench_boot(bench);
    bench_await_guest(bench, knows_total, NULL);
    g_autoptr(VmcDomainFacts) before = bench_read_guest(bench);
    guint64 total = before->shape.guest_total_bytes;
    guint64 more = total + 112 * MIB;
    guint64 back = total + 16 * MIB;
    attach->flags = VMC_CALL_LIVE;
    attach->bytes = 128 * MIB;
    bench_must(bench, attach, NULL);
    bench_must(bench, online, NULL);
    bench_await_guest(bench, has_total_from, &more);
    g_autoptr(VmcDomainFacts) facts = bench_read(bench);
    g_assert_cmpuint(facts->shape.dimms->len, ==, 1);
    const VmcDimm *dimm = g_ptr_array_index(facts->shape.dimms, 0);
    g_assert_cmpuint(dimm->size_bytes, ==, 128 * MIB);
    detach->flags = VMC_CALL_LIVE;
    detach->alias = g_strdup(dimm->alias);
    bench_must(bench, detach, NULL);
    bench_await_guest(bench, has_dimms, GUINT_TO_POINTER(0));
    bench_await_guest(bench, has_total_to, &back);
    bench_must_fail(bench, detach, VMC_ERROR_NOT_FOUND);
}

static void
store_dimm(Bench *bench, VmcCallKind kind, guint64 bytes)
{
    g_autoptr(VmcCall) call = vmc_call_new(kind, bench->uuid);

    call->flags = VMC_CALL_CONFIG;
    call->bytes = bytes;
    bench_must(bench, call, NULL);
}

/* A stored DIMM is there after the next start, and one that is forgotten is
 * not; what runs is untouched. */
static void
test_stored_dimm(Bench *bench)
{
    g_autoptr(VmcCall) odd = vmc_call_new(VMC_CALL_DETACH_DIMM, bench->uuid);
    guint64 more = (192 + 128) * MIB;

    bench_define(bench);
    g_autoptr(VmcDomainFacts) before = bench_read(bench);
    store_dimm(bench, VMC_CALL_ATTACH_DIMM, 128 * MIB);
    store_dimm(bench, VMC_CALL_ATTACH_DIMM, 256 * MIB);
    store_dimm(bench, VMC_CALL_DETACH_DIMM, 256 * MIB);
    odd->flags = VMC_CALL_CONFIG;
    odd->bytes = 256 * MIB;
    bench_must_fail(bench, odd, VMC_ERROR_NOT_FOUND);
    bench_do(bench, VMC_CALL_START);
    g_autoptr(VmcDomainFacts) facts = bench_read(bench);
    g_assert_cmpuint(vmc_vm_shape_memory_stored(&facts->shape), ==,
                     vmc_vm_shape_memory_stored(&before->shape) + 128 * MIB);
    g_assert_cmpuint(vmc_vm_shape_dimm_bytes(&facts->shape), ==, 128 * MIB);
    g_assert_cmpuint(facts->shape.dimm_slots_config_free, ==,
                     before->shape.dimm_slots_config_free - 1);
    bench_await_guest(bench, knows_total, NULL);
    bench_await_guest(bench, has_agent, NULL);
    g_autoptr(VmcCall) online =
        vmc_call_new(VMC_CALL_ONLINE_GUEST_MEMORY, bench->uuid);
    bench_must(bench, online, NULL);
    bench_await_guest(bench, has_total_from, &more);
    store_dimm(bench, VMC_CALL_DETACH_DIMM, 128 * MIB);
    g_autoptr(VmcDomainFacts) after = bench_read(bench);
    g_assert_cmpuint(vmc_vm_shape_dimm_bytes(&after->shape), ==, 128 * MIB);
    g_assert_cmpuint(vmc_vm_shape_dimm_config_bytes(&after->shape), ==, 0);
}

/* ---- the tests ------------------------------------------------------------
 */

const ConformanceTest conformance_resize_tests[] = {
    {"grow-vcpus", test_grow_vcpus},
    {"stored-vcpus", test_stored_vcpus},
    {"bad-vcpus", test_bad_vcpus},
    {"virtio-mem", test_virtio_mem},
    {"stored-virtio-mem", test_stored_virtio_mem},
    {"bad-virtio-mem", test_bad_virtio_mem},
    {"balloon", test_balloon},
    {"dimm", test_dimm},
    {"stored-dimm", test_stored_dimm},
    {NULL, NULL},
};
