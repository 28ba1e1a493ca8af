/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/conformance.h"

#include "tests/unit/conformance-bench.h"

#define MIB (G_GUINT64_CONSTANT(1) << 20)

/* ---- hosts and definitions ------------------------------------------------
 */

/* A host says what placement and templates need to know of it. */
static void
test_read_host(Bench *bench)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_READ_HOST, NULL);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    bench_must(bench, call, &reply);
    const VmcHost *host = reply.host;
    g_assert_nonnull(host);
    g_assert_true(g_uuid_string_is_valid(host->uuid));
    g_assert_cmpuint(host->physical.amount[VMC_CPU], >=, 1000);
    g_assert_cmpuint(host->physical.amount[VMC_MEMORY], >, 64 * MIB);
    g_assert_nonnull(host->arch);
    g_assert_nonnull(host->hypervisor_version);
    g_assert_nonnull(host->machines[0]);
    g_assert_nonnull(host->cpu_models[0]);
    g_assert_true(g_str_equal(host->domain_type, "kvm") ||
                  g_str_equal(host->domain_type, "qemu"));
}

/* To unmake what is not there is no error, to use it is. */
static void
test_absent(Bench *bench)
{
    bench_fails(bench, VMC_CALL_READ_DOMAIN, VMC_ERROR_NOT_FOUND);
    bench_fails(bench, VMC_CALL_START, VMC_ERROR_NOT_FOUND);
    bench_fails(bench, VMC_CALL_SUSPEND, VMC_ERROR_NOT_FOUND);
    bench_do(bench, VMC_CALL_DESTROY);
    bench_do(bench, VMC_CALL_UNDEFINE);
}

static gboolean
is_listed(Bench *bench)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_LIST_DOMAINS, NULL);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    bench_must(bench, call, &reply);
    for (guint i = 0; i < reply.domains->len; i++) {
        const VmcDomainFacts *facts = g_ptr_array_index(reply.domains, i);
        if (g_strcmp0(facts->uuid, bench->uuid) == 0)
            return TRUE;
    }
    return FALSE;
}

/* A definition can be made again, is found in both ways, and goes. */
static void
test_define(Bench *bench)
{
    g_assert_false(is_listed(bench));
    bench_define(bench);
    bench_define(bench);
    g_assert_true(is_listed(bench));
    g_autoptr(VmcDomainFacts) facts = bench_read(bench);
    g_assert_cmpstr(facts->name, ==, bench->name);
    g_assert_cmpint(facts->state, ==, VMC_RUN_SHUT_OFF);
    g_assert_true(facts->is_persistent);
    g_assert_true(facts->has_agent_channel);
    g_assert_cmpuint(facts->shape.vcpus_config, ==, 1);
    g_assert_cmpuint(facts->shape.boot_bytes, >, 0);
    g_assert_true(facts->shape.has_virtio_mem);
    bench_do(bench, VMC_CALL_UNDEFINE);
    bench_do(bench, VMC_CALL_UNDEFINE);
    g_assert_false(is_listed(bench));
}

/* Two domains of one name cannot be. */
static void
test_name_taken(Bench *bench)
{
    g_autofree char *uuid = g_uuid_string_random();
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_DEFINE, NULL);

    bench_define(bench);
    call->xml = bench->suite->make_xml(bench->suite, uuid, bench->name);
    bench_must_fail(bench, call, VMC_ERROR_EXISTS);
}

static void
define_other(Bench *bench, const char *uuid, const char *name)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_DEFINE, NULL);

    call->xml = bench->suite->make_xml(bench->suite, uuid, name);
    bench_must(bench, call, NULL);
}

/* A domain that is off takes another name, once or twice asked; not while it
 * runs, and not a name that is taken. */
static void
test_rename(Bench *bench)
{
    g_autofree char *uuid = g_uuid_string_random();
    g_autofree char *taken = g_strconcat(bench->name, "-taken", NULL);
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_RENAME, bench->uuid);
    g_autoptr(VmcCall) undefine = vmc_call_new(VMC_CALL_UNDEFINE, uuid);

    bench_define(bench);
    define_other(bench, uuid, taken);
    call->name = g_strdup(taken);
    bench_must_fail(bench, call, VMC_ERROR_EXISTS);
    bench_must(bench, undefine, NULL);
    g_free(call->name);
    call->name = g_strconcat(bench->name, "-new", NULL);
    bench_do(bench, VMC_CALL_START);
    bench_must_refuse(bench, call);
    bench_do(bench, VMC_CALL_DESTROY);
    bench_must(bench, call, NULL);
    bench_must(bench, call, NULL);
    g_autoptr(VmcDomainFacts) facts = bench_read(bench);
    g_assert_cmpstr(facts->name, ==, call->name);
    bench_do(bench, VMC_CALL_START);
}

/* XML that is none is refused as such. */
static void
test_bad_xml(Bench *bench)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_DEFINE, NULL);

    call->xml = g_strdup("<domain><name>x");
    bench_must_fail(bench, call, VMC_ERROR_INVALID);
}

/* What vmctl knows of a VM can be written to its domain, and read again,
 * whether it runs or not. */
static void
test_metadata(Bench *bench)
{
    g_autoptr(VmcVm) vm = vmc_vm_new(bench->uuid, bench->name);
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_SET_METADATA, bench->uuid);

    vm->template_name = g_strdup("conformance");
    vm->service_class = g_strdup("silver");
    vm->size = VMC_RESOURCES(1000, 256 * MIB, 0, 0);
    vm->size_min = vm->size;
    vm->size_max = VMC_RESOURCES(2000, 512 * MIB, 0, 0);
    call->metadata = vmc_vm_ref(vm);
    bench_define(bench);
    bench_must(bench, call, NULL);
    bench_do(bench, VMC_CALL_START);
    bench_must(bench, call, NULL);
    g_autoptr(VmcDomainFacts) facts = bench_read(bench);
    g_assert_true(facts->is_managed);
    g_assert_cmpstr(facts->metadata->template_name, ==, "conformance");
    g_assert_cmpstr(facts->metadata->service_class, ==, "silver");
    g_assert_true(vmc_resources_equal(facts->metadata->size_max, vm->size_max));
}

/* ---- power ----------------------------------------------------------------
 */

/* Each change of state may be asked for again. */
static void
test_lifecycle(Bench *bench)
{
    static const struct {
        VmcCallKind kind;
        VmcRunState state;
    } steps[] = {
        {VMC_CALL_START, VMC_RUN_RUNNING},
        {VMC_CALL_SUSPEND, VMC_RUN_PAUSED},
        {VMC_CALL_RESUME, VMC_RUN_RUNNING},
        {VMC_CALL_RESET, VMC_RUN_RUNNING},
        {VMC_CALL_DESTROY, VMC_RUN_SHUT_OFF},
    };

    bench_define(bench);
    bench_fails(bench, VMC_CALL_RESUME, VMC_ERROR_REFUSED);
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        bench_do(bench, steps[i].kind);
        bench_do(bench, steps[i].kind == VMC_CALL_RESET ? VMC_CALL_RESUME
                                                        : steps[i].kind);
        bench_assert_state(bench, steps[i].state);
    }
}

/* A guest that has booted heeds the power button. */
static void
test_shutdown(Bench *bench)
{
    bench_boot(bench);
    bench_do(bench, VMC_CALL_SHUTDOWN);
    bench_await_state(bench, VMC_RUN_SHUT_OFF);
    bench_do(bench, VMC_CALL_SHUTDOWN);
}

static char *
read_boot(Bench *bench)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_READ_BOOT, bench->uuid);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    bench_must(bench, call, &reply);
    return g_steal_pointer(&reply.boot_id);
}

/* The guest tells one boot from another. */
static void
test_boot(Bench *bench)
{
    bench_define(bench);
    bench_fails(bench, VMC_CALL_READ_BOOT, VMC_ERROR_REFUSED);
    bench_do(bench, VMC_CALL_START);
    bench_await_agent(bench);
    g_autofree char *first = read_boot(bench);
    g_autofree char *again = read_boot(bench);
    g_assert_cmpstr(first, ==, again);
    bench_do(bench, VMC_CALL_RESET);
    bench_await_agent(bench);
    g_autofree char *second = read_boot(bench);
    g_assert_cmpstr(first, !=, second);
}

static VmcUsage *
read_usage(Bench *bench)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_READ_USAGE, NULL);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    call->flags = VMC_CALL_WITH_MEMORY;
    bench_must(bench, call, &reply);
    return g_steal_pointer(&reply.usage);
}

static const VmcDomainUsage *
usage_of(const Bench *bench, const VmcUsage *usage)
{
    for (guint i = 0; i < usage->domains->len; i++) {
        const VmcDomainUsage *domain = usage->domains->pdata[i];
        if (g_str_equal(domain->uuid, bench->uuid))
            return domain;
    }
    return NULL;
}

/* What runs is counted, from the moment it was started; what is off is not. */
static void
test_usage(Bench *bench)
{
    bench_define(bench);
    g_autoptr(VmcUsage) off = read_usage(bench);
    g_assert_null(usage_of(bench, off));
    bench_do(bench, VMC_CALL_START);
    bench_await_agent(bench);
    g_autoptr(VmcUsage) first = read_usage(bench);
    g_usleep(20000);
    g_autoptr(VmcUsage) second = read_usage(bench);
    const VmcDomainUsage *before = usage_of(bench, first);
    const VmcDomainUsage *after = usage_of(bench, second);
    g_assert_nonnull(before);
    g_assert_nonnull(after);
    g_assert_cmpuint(after->cpu_ns, >, before->cpu_ns);
    g_assert_cmpuint(after->network_bytes, >=, before->network_bytes);
    g_assert_cmpuint(after->resident_bytes, >, 0);
    g_assert_cmpint(second->read_us, >, first->read_us);
    g_assert_cmpuint(second->cpu_ns, >, first->cpu_ns);
    g_assert_cmpuint(second->memory_bytes, >=, after->resident_bytes / 2);
}

/* A domain that is undefined while it runs runs on, and then is gone. */
static void
test_undefine_running(Bench *bench)
{
    bench_define(bench);
    bench_do(bench, VMC_CALL_START);
    bench_do(bench, VMC_CALL_UNDEFINE);
    g_autoptr(VmcDomainFacts) facts = bench_read(bench);
    g_assert_cmpint(facts->state, ==, VMC_RUN_RUNNING);
    g_assert_false(facts->is_persistent);
    bench_do(bench, VMC_CALL_DESTROY);
    bench_fails(bench, VMC_CALL_READ_DOMAIN, VMC_ERROR_NOT_FOUND);
}

/* Changes reach who listens, on the main context, and name the domain. */
static void
test_events(Bench *bench)
{
    bench_define(bench);
    bench_do(bench, VMC_CALL_START);
    bench_await_event(bench, VMC_EVENT_DOMAIN_CHANGED);
    bench_forget_events(bench);
    bench_do(bench, VMC_CALL_DESTROY);
    bench_await_event(bench, VMC_EVENT_DOMAIN_CHANGED);
    bench_do(bench, VMC_CALL_UNDEFINE);
    bench_await_event(bench, VMC_EVENT_DOMAIN_GONE);
}

/* A console is a stream, held by one at a time, that can be taken by force. */
static void
test_console(Bench *bench)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_OPEN_CONSOLE, bench->uuid);
    g_auto(VmcReply) first = VMC_REPLY_INIT;
    g_auto(VmcReply) second = VMC_REPLY_INIT;

    bench_define(bench);
    bench_must_fail(bench, call, VMC_ERROR_REFUSED);
    bench_do(bench, VMC_CALL_START);
    bench_must(bench, call, &first);
    g_assert_cmpint(first.fd, >=, 0);
    g_assert_true(bench_await_output(bench, first.fd));
    bench_must_fail(bench, call, VMC_ERROR_BUSY);
    call->flags = VMC_CALL_FORCE;
    bench_must(bench, call, &second);
    g_assert_cmpint(second.fd, >=, 0);
}

/* ---- volumes --------------------------------------------------------------
 */

static VmcCall *
new_disk_call(Bench *bench)
{
    VmcCall *call = vmc_call_new(VMC_CALL_CREATE_DISK, NULL);

    call->pool = g_strdup(bench->suite->pool);
    call->volume = g_strdup_printf("%s-root.qcow2", bench->uuid);
    call->bytes = 64 * MIB;
    return call;
}

static void
delete_volume(Bench *bench, const char *volume)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_DELETE_VOLUME, NULL);

    call->pool = g_strdup(bench->suite->pool);
    call->volume = g_strdup(volume);
    bench_must(bench, call, NULL);
}

/* Volumes may be made twice and unmade twice. */
static void
test_disk(Bench *bench)
{
    if (bench->suite->pool == NULL) {
        g_test_skip("no storage pool is given");
        return;
    }
    g_autoptr(VmcCall) call = new_disk_call(bench);
    g_auto(VmcReply) first = VMC_REPLY_INIT;
    g_auto(VmcReply) again = VMC_REPLY_INIT;
    bench_must(bench, call, &first);
    bench_must(bench, call, &again);
    g_assert_true(g_str_has_suffix(first.path, call->volume));
    g_assert_cmpstr(first.path, ==, again.path);
    delete_volume(bench, call->volume);
    delete_volume(bench, call->volume);
}

static void
test_clone(Bench *bench)
{
    if (bench->suite->pool == NULL || bench->suite->image == NULL) {
        g_test_skip("no image is given");
        return;
    }
    g_autoptr(VmcCall) call = new_disk_call(bench);
    call->image = g_strdup(bench->suite->image);
    call->bytes = G_GUINT64_CONSTANT(2048) * MIB;
    bench_must(bench, call, NULL);
    delete_volume(bench, call->volume);
    g_free(call->image);
    call->image = g_strdup("no-such-image.qcow2");
    bench_must_fail(bench, call, VMC_ERROR_NOT_FOUND);
    delete_volume(bench, call->volume);
}

static void
test_seed(Bench *bench)
{
    if (bench->suite->pool == NULL) {
        g_test_skip("no storage pool is given");
        return;
    }
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_CREATE_SEED, NULL);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    g_autofree char *content = g_strnfill(64 * 1024, 's');
    call->pool = g_strdup(bench->suite->pool);
    call->volume = g_strdup_printf("%s-seed.iso", bench->uuid);
    call->data = g_bytes_new(content, 64 * 1024);
    bench_must(bench, call, &reply);
    g_assert_true(g_str_has_suffix(reply.path, call->volume));
    delete_volume(bench, call->volume);
}

static void
test_unknown_pool(Bench *bench)
{
    g_autoptr(VmcCall) call = new_disk_call(bench);

    g_free(call->pool);
    call->pool = g_strdup("no-such-pool");
    bench_must_fail(bench, call, VMC_ERROR_NOT_FOUND);
}

/* ---- migration ------------------------------------------------------------
 */

static VmcCall *
new_migrate_call(Bench *bench)
{
    VmcCall *call = vmc_call_new(VMC_CALL_MIGRATE, bench->uuid);

    call->migration = vmc_migration_order_new(bench->suite->migration_uri);
    call->migration->pools_shared = TRUE;
    return call;
}

static gboolean
has_other_host(Bench *bench)
{
    if (bench->other != NULL)
        return TRUE;
    g_test_skip("no second host is given");
    return FALSE;
}

/* The handoff: paused on the destination, gone from the source; whoever asked
 * for it lets it run. Sizes changed before travel with it. */
static void
test_migrate(Bench *bench)
{
    if (!has_other_host(bench))
        return;
    bench_boot(bench);
    bench_set_vcpus(bench, 2, VMC_CALL_LIVE);
    g_autoptr(VmcCall) call = new_migrate_call(bench);
    bench_must(bench, call, NULL);
    bench_fails(bench, VMC_CALL_READ_DOMAIN, VMC_ERROR_NOT_FOUND);
    bench_swap(bench);
    g_autoptr(VmcDomainFacts) facts = bench_read(bench);
    g_assert_cmpint(facts->state, ==, VMC_RUN_PAUSED);
    g_assert_true(facts->is_persistent);
    g_assert_cmpuint(facts->shape.vcpus_plugged, ==, 2);
    bench_do(bench, VMC_CALL_RESUME);
    bench_assert_state(bench, VMC_RUN_RUNNING);
}

/* What cannot begin leaves no trace. */
static void
test_migrate_nowhere(Bench *bench)
{
    if (!has_other_host(bench))
        return;
    bench_define(bench);
    g_autoptr(VmcCall) call = new_migrate_call(bench);
    bench_must_fail(bench, call, VMC_ERROR_REFUSED);
    bench_do(bench, VMC_CALL_START);
    g_free(call->migration->destination_uri);
    call->migration->destination_uri =
        g_strdup("qemu+tcp://no-such-host.invalid/system");
    bench_must_fail_somehow(bench, call);
    bench_assert_state(bench, VMC_RUN_RUNNING);
    bench_swap(bench);
    bench_fails(bench, VMC_CALL_READ_DOMAIN, VMC_ERROR_NOT_FOUND);
}

/* Whoever settles a migration asks first whether there is one. */
static void
test_no_migration(Bench *bench)
{
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    g_autoptr(VmcCall) call =
        vmc_call_new(VMC_CALL_READ_MIGRATION, bench->uuid);

    bench_must_fail(bench, call, VMC_ERROR_NOT_FOUND);
    bench_define(bench);
    bench_must(bench, call, &reply);
    g_assert_false(reply.migration.is_active);
    bench_do(bench, VMC_CALL_START);
    bench_must(bench, call, &reply);
    g_assert_false(reply.migration.is_active);
}

static gpointer
migrate_in_thread(gpointer data)
{
    Bench *bench = data;
    g_autoptr(VmcCall) call = new_migrate_call(bench);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    GError *error = NULL;

    call->migration->bandwidth_mib_per_s = 1;
    bench->suite->driver->perform(bench->connection, call, &reply, &error);
    return error;
}

/* One under way can be watched and aborted; then the source runs on and the
 * destination has nothing. */
static void
test_abort_migration(Bench *bench)
{
    if (!has_other_host(bench))
        return;
    bench_boot(bench);
    GThread *thread = g_thread_new("migrate", migrate_in_thread, bench);
    bench_await_migration(bench);
    bench_do(bench, VMC_CALL_ABORT_MIGRATION);
    g_autoptr(GError) error = g_thread_join(thread);
    g_assert_error(error, VMC_ERROR, VMC_ERROR_CANCELLED);
    bench_await_state(bench, VMC_RUN_RUNNING);
    bench_do(bench, VMC_CALL_ABORT_MIGRATION);
    bench_swap(bench);
    bench_await_absent(bench);
}

/* ---- the suite ------------------------------------------------------------
 */

static const ConformanceTest tests[] = {
    {"read-host", test_read_host},
    {"absent", test_absent},
    {"define", test_define},
    {"name-taken", test_name_taken},
    {"rename", test_rename},
    {"bad-xml", test_bad_xml},
    {"metadata", test_metadata},
    {"lifecycle", test_lifecycle},
    {"shutdown", test_shutdown},
    {"boot", test_boot},
    {"usage", test_usage},
    {"undefine-running", test_undefine_running},
    {"events", test_events},
    {"console", test_console},
    {"disk", test_disk},
    {"clone", test_clone},
    {"seed", test_seed},
    {"unknown-pool", test_unknown_pool},
    {"no-migration", test_no_migration},
    {"migrate", test_migrate},
    {"migrate-nowhere", test_migrate_nowhere},
    {"abort-migration", test_abort_migration},
    {NULL, NULL},
};

typedef struct {
    const VmcConformance *suite;
    void (*func)(Bench *bench);
} Case;

static void
run_case(gconstpointer data)
{
    const Case *test = data;
    Bench *bench = bench_new(test->suite);

    test->func(bench);
    bench_free(bench);
}

static void
add_tests(const VmcConformance *suite, const ConformanceTest *table)
{
    for (const ConformanceTest *row = table; row->name != NULL; row++) {
        g_autofree char *path =
            g_strdup_printf("%s/%s", suite->prefix, row->name);
        Case *test = g_new(Case, 1);
        test->suite = suite;
        test->func = row->func;
        g_test_add_data_func_full(path, test, run_case, g_free);
    }
}

void
vmc_conformance_add_tests(const VmcConformance *suite)
{
    add_tests(suite, tests);
    add_tests(suite, conformance_resize_tests);
}
