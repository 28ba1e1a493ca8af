/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "daemon/hypervisor/libvirt-connection.h"
#include "daemon/hypervisor/libvirt-driver.h"

#include <glib/gstdio.h>

#include <string.h>

/*
 * The libvirt driver on libvirt's own simulated hosts ("test:"), which know
 * the life of a domain and little else. The rest needs real hosts: tests/lab.
 */

#define UUID "c7a5fdbd-cdaf-9455-926a-d65c16db1809"
#define ABSENT "00000000-cdaf-9455-926a-d65c16db1809"

static const char domain_xml[] =
    "<domain type='test'><name>web1</name><uuid>" UUID "</uuid>"
    "<memory unit='MiB'>512</memory><vcpu current='1'>4</vcpu>"
    "<os><type arch='i686'>hvm</type></os></domain>";

static const char node_xml[] =
    "<node><cpu><mhz>2000</mhz><model>i686</model><active>8</active>"
    "<nodes>1</nodes><sockets>1</sockets><cores>4</cores><threads>2</threads>"
    "</cpu><memory>33554432</memory><pool type='dir'><name>images</name>"
    "<target><path>/images</path></target></pool></node>";

/* ---- a host of one's own ------------------------------------------------- */

typedef struct {
    char *path;
    VmcConnection *connection;
    guint n_changes; /* of the domain */
    gboolean is_gone;
} Fixture;

static void
on_event(VmcEventKind kind,
         const char *uuid,
         const char *detail,
         gpointer user_data)
{
    Fixture *fixture = user_data;

    if (kind == VMC_EVENT_DOMAIN_CHANGED && g_strcmp0(uuid, UUID) == 0)
        fixture->n_changes++;
    if (kind == VMC_EVENT_DOMAIN_GONE && g_strcmp0(uuid, UUID) == 0)
        fixture->is_gone = TRUE;
}

/* A "test" URI with a file of its own is a host of its own. */
static void
set_up(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *uri = NULL;
    int fd = g_file_open_tmp("test-node-XXXXXX.xml", &fixture->path, &error);

    g_assert_no_error(error);
    g_assert_true(g_close(fd, NULL));
    g_file_set_contents(fixture->path, node_xml, -1, &error);
    g_assert_no_error(error);
    uri = g_strconcat("test://", fixture->path, NULL);
    fixture->connection =
        vmc_libvirt_driver.open(uri, on_event, fixture, &error);
    g_assert_no_error(error);
    g_assert_true(vmc_libvirt_driver.is_alive(fixture->connection));
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    if (fixture->connection != NULL)
        vmc_libvirt_driver.close(fixture->connection);
    g_assert_cmpint(g_unlink(fixture->path), ==, 0);
    g_free(fixture->path);
}

static gboolean
try(Fixture *fixture, VmcCall *call, VmcReply *reply, GError **error)
{
    g_autoptr(VmcCall) own = call;
    g_auto(VmcReply) dropped = VMC_REPLY_INIT;

    return vmc_libvirt_driver.perform(fixture->connection, own,
                                      reply != NULL ? reply : &dropped, error);
}

static void
perform(Fixture *fixture, VmcCallKind kind, const char *uuid, VmcReply *reply)
{
    g_autoptr(GError) error = NULL;

    if (reply != NULL)
        vmc_reply_clear(reply);
    try(fixture, vmc_call_new(kind, uuid), reply, &error);
    g_assert_no_error(error);
}

static void
refuse(Fixture *fixture, VmcCallKind kind, const char *uuid, VmcError code)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(try(fixture, vmc_call_new(kind, uuid), NULL, &error));
    g_assert_error(error, VMC_ERROR, (int) code);
}

static void
define(Fixture *fixture)
{
    VmcCall *call = vmc_call_new(VMC_CALL_DEFINE, NULL);
    g_autoptr(GError) error = NULL;

    call->xml = g_strdup(domain_xml);
    try(fixture, call, NULL, &error);
    g_assert_no_error(error);
}

static VmcRunState
read_state(Fixture *fixture)
{
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    perform(fixture, VMC_CALL_READ_DOMAIN, UUID, &reply);
    return reply.domain->state;
}

/* ---- tests --------------------------------------------------------------- */

static void
test_host(Fixture *fixture, gconstpointer data)
{
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    const VmcPool *pool = NULL;

    perform(fixture, VMC_CALL_READ_HOST, NULL, &reply);
    g_assert_cmpuint(reply.host->physical.amount[VMC_CPU], ==, 8000);
    g_assert_cmpuint(reply.host->physical.amount[VMC_MEMORY], ==,
                     G_GUINT64_CONSTANT(32) << 30);
    g_assert_cmpuint(reply.host->pools->len, ==, 1);
    pool = reply.host->pools->pdata[0];
    g_assert_cmpstr(pool->name, ==, "images");
    g_assert_cmpstr(pool->path, ==, "/images");
    g_assert_cmpuint(pool->capacity_bytes, ==,
                     reply.host->physical.amount[VMC_DISK]);
    g_assert_true(
        g_str_has_prefix(reply.host->hypervisor_version, "TEST 0.0.2, "));
}

/* Each step twice: a job that was cut off runs its steps again. */
static void
test_life(Fixture *fixture, gconstpointer data)
{
    static const struct {
        VmcCallKind kind;
        VmcRunState state;
    } steps[] = {
        {VMC_CALL_START, VMC_RUN_RUNNING},
        {VMC_CALL_SUSPEND, VMC_RUN_PAUSED},
        {VMC_CALL_RESUME, VMC_RUN_RUNNING},
        {VMC_CALL_DESTROY, VMC_RUN_SHUT_OFF},
    };

    define(fixture);
    define(fixture);
    g_assert_cmpint(read_state(fixture), ==, VMC_RUN_SHUT_OFF);
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        for (guint again = 0; again < 2; again++) {
            g_test_message("%s", vmc_call_kind_to_name(steps[i].kind));
            perform(fixture, steps[i].kind, UUID, NULL);
            g_assert_cmpint(read_state(fixture), ==, steps[i].state);
        }
    }
}

static void
test_absent(Fixture *fixture, gconstpointer data)
{
    perform(fixture, VMC_CALL_DESTROY, ABSENT, NULL);
    perform(fixture, VMC_CALL_UNDEFINE, ABSENT, NULL);
    perform(fixture, VMC_CALL_ABORT_MIGRATION, ABSENT, NULL);
    refuse(fixture, VMC_CALL_READ_DOMAIN, ABSENT, VMC_ERROR_NOT_FOUND);
    refuse(fixture, VMC_CALL_START, ABSENT, VMC_ERROR_NOT_FOUND);
    refuse(fixture, VMC_CALL_OPEN_CONSOLE, ABSENT, VMC_ERROR_NOT_FOUND);
}

static void
test_inventory(Fixture *fixture, gconstpointer data)
{
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    const VmcDomainFacts *facts = NULL;

    perform(fixture, VMC_CALL_LIST_DOMAINS, NULL, &reply);
    g_assert_cmpuint(reply.domains->len, ==, 0);
    define(fixture);
    perform(fixture, VMC_CALL_LIST_DOMAINS, NULL, &reply);
    g_assert_cmpuint(reply.domains->len, ==, 1);
    facts = reply.domains->pdata[0];
    g_assert_cmpstr(facts->uuid, ==, UUID);
    g_assert_cmpstr(facts->name, ==, "web1");
    g_assert_cmpint(facts->state, ==, VMC_RUN_SHUT_OFF);
    g_assert_true(facts->is_persistent);
    g_assert_false(facts->is_managed);
    g_assert_cmpuint(facts->shape.vcpus_max, ==, 4);
}

/* What vmctl knows of a VM must be found again, running or not. */
static void
test_metadata(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VmcVm) vm = vmc_vm_new(UUID, "web1");
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    vm->template_name = g_strdup("web");
    define(fixture);
    for (guint is_running = 0; is_running < 2; is_running++) {
        VmcCall *call = vmc_call_new(VMC_CALL_SET_METADATA, UUID);
        g_autoptr(GError) error = NULL;

        call->metadata = vmc_vm_ref(vm);
        try(fixture, call, NULL, &error);
        g_assert_no_error(error);
        perform(fixture, VMC_CALL_READ_DOMAIN, UUID, &reply);
        g_assert_true(reply.domain->is_managed);
        g_assert_cmpstr(reply.domain->metadata->template_name, ==, "web");
        perform(fixture, VMC_CALL_START, UUID, NULL);
    }
}

/* Another domain of the same name is not overwritten, and named as the
 * cause. */
static void
test_name_taken(Fixture *fixture, gconstpointer data)
{
    VmcCall *call = vmc_call_new(VMC_CALL_DEFINE, NULL);
    g_autoptr(GString) other = g_string_new(domain_xml);
    g_autoptr(GError) error = NULL;

    define(fixture);
    g_string_replace(other, UUID, ABSENT, 0);
    call->xml = g_strdup(other->str);
    g_assert_false(try(fixture, call, NULL, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_EXISTS);
    g_assert_nonnull(strstr(error->message, "web1"));
}

static void
define_with_variables(Fixture *fixture, const char *file)
{
    g_autoptr(GError) error = NULL;
    VmcCall *call = vmc_call_new(VMC_CALL_DEFINE, NULL);

    call->xml = g_strdup_printf(
        "<domain type='test'><name>web1</name><uuid>" UUID "</uuid>"
        "<memory unit='MiB'>512</memory><os><type arch='i686'>hvm</type>"
        "<loader readonly='yes' type='pflash'>/code.fd</loader>"
        "<nvram>/variables/%s</nvram></os></domain>",
        file);
    g_assert_true(try(fixture, call, NULL, &error));
    g_assert_no_error(error);
}

static gboolean
is_rename_refused(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    VmcCall *call = vmc_call_new(VMC_CALL_RENAME, UUID);

    call->name = g_strdup("web2");
    (void) try(fixture, call, NULL, &error);
    return g_error_matches(error, VMC_ERROR, VMC_ERROR_REFUSED) &&
           strstr(error->message, "web1_VARS.fd") != NULL;
}

/* Where the variables of UEFI firmware are in a file of the old name, the next
 * domain of that name would take it as its own. */
static void
test_rename_with_variables(Fixture *fixture, gconstpointer data)
{
    define_with_variables(fixture, "web1_VARS.fd");
    g_assert_true(is_rename_refused(fixture));
    define_with_variables(fixture, "of-its-own.fd");
    g_assert_false(is_rename_refused(fixture));
}

/* On what is not KVM no vCPU is unplugged: that kills a guest under TCG. */
static void
test_no_unplug(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    VmcCall *call = vmc_call_new(VMC_CALL_SET_VCPUS, UUID);

    define(fixture);
    perform(fixture, VMC_CALL_START, UUID, NULL);
    call->count = 2;
    call->flags = VMC_CALL_LIVE;
    try(fixture, call, NULL, &error);
    g_assert_no_error(error);
    call = vmc_call_new(VMC_CALL_SET_VCPUS, UUID);
    call->count = 1;
    call->flags = VMC_CALL_LIVE;
    g_assert_false(try(fixture, call, NULL, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_UNSUPPORTED);
}

/* Events come on the main context, and none after the connection is closed:
 * who closes it frees what they are given. */
static void
test_events(Fixture *fixture, gconstpointer data)
{
    define(fixture);
    perform(fixture, VMC_CALL_START, UUID, NULL);
    g_assert_cmpuint(fixture->n_changes, ==, 0);
    while (fixture->n_changes < 2)
        g_main_context_iteration(NULL, TRUE);
    perform(fixture, VMC_CALL_SUSPEND, UUID, NULL);
    vmc_libvirt_driver.close(g_steal_pointer(&fixture->connection));
    fixture->n_changes = 0;
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_assert_cmpuint(fixture->n_changes, ==, 0);
}

/* A domain that runs outlives its definition: it is gone when both are. */
static void
test_gone(Fixture *fixture, gconstpointer data)
{
    define(fixture);
    perform(fixture, VMC_CALL_START, UUID, NULL);
    perform(fixture, VMC_CALL_UNDEFINE, UUID, NULL);
    while (fixture->n_changes < 3)
        g_main_context_iteration(NULL, TRUE);
    g_assert_false(fixture->is_gone);
    perform(fixture, VMC_CALL_DESTROY, UUID, NULL);
    while (!fixture->is_gone)
        g_main_context_iteration(NULL, TRUE);
}

static void
test_open_fails(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(
        vmc_libvirt_driver.open("qemu+warp:///system", NULL, NULL, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, "'qemu+warp:///system'"));
    g_clear_error(&error);
    g_assert_null(vmc_libvirt_driver.open("", NULL, NULL, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    g_clear_error(&error);
    g_assert_null(vmc_libvirt_driver.open(
        "qemu+unix:///system?socket=/nonexistent/socket", NULL, NULL, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_UNREACHABLE);
}

#define ADD(name)                                                              \
    g_test_add("/libvirt-driver/" #name, Fixture, NULL, set_up, test_##name,   \
               tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    vmc_libvirt_init();
    ADD(host);
    ADD(life);
    ADD(absent);
    ADD(inventory);
    ADD(metadata);
    ADD(name_taken);
    ADD(rename_with_variables);
    ADD(no_unplug);
    ADD(events);
    ADD(gone);
    g_test_add_func("/libvirt-driver/open_fails", test_open_fails);
    return g_test_run();
}
