/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/lab/lab-world.h"

#include <gio/gio.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * What the libvirt driver makes of real hosts beyond what every driver does
 * (that is test-conformance-libvirt): hosts and agents that hang, migrations
 * seen from both sides, consoles.
 */

#define MIB (G_GUINT64_CONSTANT(1) << 20)
#define UUID "5e7ab001-0000-4000-8000-0000000000aa"
#define NAME "driver-test"
#define DISK UUID "-root.qcow2"

/* ---- making guests ------------------------------------------------------- */

static void
start_guest(LabHost *host, const char *disk_path)
{
    VmcCall *call = vmc_call_new(VMC_CALL_DEFINE, NULL);

    lab_forget(host, UUID);
    call->xml = lab_guest_xml(NAME, UUID, disk_path);
    lab_host_do(host, call, NULL);
    lab_host_do(host, vmc_call_new(VMC_CALL_START, UUID), NULL);
}

/* ---- the agent ----------------------------------------------------------- */

/* A guest that does not answer must cost the others nothing: calls on the same
 * connection are through before the one that waits for its agent is. */
static void
test_hung_agent(void)
{
    g_autoptr(LabHost) host = lab_host_open("host1");
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    g_autoptr(GError) error = NULL;
    LabTask *reading = NULL;

    start_guest(host, NULL);
    lab_host_wait_agent(host, UUID);
    lab_run("guest-exec", NAME, "sh", "-c",
            "(sleep 1; kill -STOP $(pidof qemu-ga)) >/dev/null 2>&1 &", NULL);
    g_usleep(3 * G_USEC_PER_SEC);
    reading = lab_task_begin(host, vmc_call_new(VMC_CALL_READ_GUEST, UUID));
    for (guint i = 0; i < 20; i++) {
        VmcCall *call = vmc_call_new(VMC_CALL_SET_BALLOON, UUID);

        call->bytes = 512 * MIB;
        call->flags = VMC_CALL_LIVE;
        lab_host_do(host, call, NULL);
        lab_host_do(host, vmc_call_new(VMC_CALL_READ_DOMAIN, UUID), NULL);
    }
    g_assert_false(lab_task_is_over(reading));
    g_assert_true(lab_task_end(reading, &error));
    lab_host_do(host, vmc_call_new(VMC_CALL_READ_GUEST, UUID), &reply);
    g_assert_false(reply.domain->shape.agent_answers);
    g_assert_true(reply.domain->shape.balloon_stats);
    g_assert_cmpuint(reply.domain->shape.guest_total_bytes, >, 256 * MIB);
    lab_forget(host, UUID);
}

/* Defines a guest whose kernel takes nothing online by itself, and starts it.
 */
static void
start_passive_guest(LabHost *host)
{
    VmcCall *call = vmc_call_new(VMC_CALL_DEFINE, NULL);
    g_autofree char *xml = lab_guest_xml(NAME, UUID, NULL);
    g_autoptr(GString) passive = g_string_new(xml);

    g_assert_cmpuint(g_string_replace(passive,
                                      "memhp_default_state=online_movable",
                                      "lab.noonline", 0),
                     ==, 1);
    lab_forget(host, UUID);
    call->xml = g_strdup(passive->str);
    lab_host_do(host, call, NULL);
    lab_host_do(host, vmc_call_new(VMC_CALL_START, UUID), NULL);
    lab_host_wait_agent(host, UUID);
}

static VmcDomainFacts *
read_guest(LabHost *host)
{
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    lab_host_do(host, vmc_call_new(VMC_CALL_READ_GUEST, UUID), &reply);
    return g_steal_pointer(&reply.domain);
}

/* The guest once it says it has @bytes of memory, or 30 s later: the balloon
 * counts every second at best, after the memory came online. */
static VmcDomainFacts *
read_guest_with(LabHost *host, guint64 bytes)
{
    gint64 limit_us = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;
    g_autoptr(VmcDomainFacts) facts = read_guest(host);

    while (facts->shape.guest_total_bytes < bytes &&
           g_get_monotonic_time() < limit_us) {
        g_usleep(G_USEC_PER_SEC / 5);
        g_clear_pointer(&facts, vmc_domain_facts_unref);
        facts = read_guest(host);
    }
    return g_steal_pointer(&facts);
}

/* Memory and vCPUs that the guest was given and did not take online are put
 * there by the agent; until then they do not count as usable. */
static void
test_bring_online(void)
{
    g_autoptr(LabHost) host = lab_host_open("host1");
    VmcCall *plug = vmc_call_new(VMC_CALL_SET_VCPUS, UUID);
    VmcCall *online = vmc_call_new(VMC_CALL_SET_GUEST_VCPUS, UUID);
    VmcCall *attach = vmc_call_new(VMC_CALL_ATTACH_DIMM, UUID);
    g_autoptr(VmcDomainFacts) before = NULL;
    g_autoptr(VmcDomainFacts) plugged = NULL;
    g_autoptr(VmcDomainFacts) after = NULL;

    start_passive_guest(host);
    before = read_guest(host);
    plug->count = 2;
    plug->flags = VMC_CALL_LIVE;
    lab_host_do(host, plug, NULL);
    attach->bytes = 256 * MIB;
    attach->flags = VMC_CALL_LIVE;
    lab_host_do(host, attach, NULL);
    g_usleep(2 * G_USEC_PER_SEC);
    plugged = read_guest(host);
    g_assert_cmpuint(plugged->shape.vcpus_plugged, ==, 2);
    g_assert_cmpuint(plugged->shape.vcpus_online, ==, 1);
    g_assert_cmpuint(plugged->shape.guest_total_bytes, <=,
                     before->shape.guest_total_bytes + 16 * MIB);
    online->count = 2;
    lab_host_do(host, online, NULL);
    lab_host_do(host, vmc_call_new(VMC_CALL_ONLINE_GUEST_MEMORY, UUID), NULL);
    after = read_guest_with(host, before->shape.guest_total_bytes + 240 * MIB);
    g_assert_cmpuint(after->shape.vcpus_online, ==, 2);
    g_assert_cmpuint(after->shape.guest_total_bytes, >=,
                     before->shape.guest_total_bytes + 240 * MIB);
    lab_forget(host, UUID);
}

/* vmctl does not touch what it does not manage: not even by asking its
 * agent. */
static void
test_foreign_agent(void)
{
    g_autoptr(LabHost) host = lab_host_open("host1");
    g_autoptr(VmcDomainFacts) ours = NULL;
    g_autoptr(VmcDomainFacts) foreign = NULL;

    start_guest(host, NULL);
    lab_host_wait_agent(host, UUID);
    ours = read_guest(host);
    g_assert_cmpuint(ours->shape.vcpus_online, ==, 1);
    lab_run("virsh", "host1", "metadata", NAME, "urn:vmctl:vm:1", "--live",
            "--config", "--remove", NULL);
    foreign = read_guest(host);
    g_assert_false(foreign->is_managed);
    g_assert_false(foreign->shape.agent_answers);
    g_assert_cmpuint(foreign->shape.guest_total_bytes, >, 256 * MIB);
    lab_forget(host, UUID);
}

/* Each way of rebooting takes the agent away and brings it back. */
static void
test_reboot(void)
{
    static const struct {
        VmcCallKind kind;
        guint32 flags;
    } ways[] = {
        {VMC_CALL_REBOOT, VMC_CALL_BY_AGENT},
        {VMC_CALL_REBOOT, 0},
        {VMC_CALL_RESET, 0},
    };
    g_autoptr(LabHost) host = lab_host_open("host1");

    start_guest(host, NULL);
    lab_host_wait_agent(host, UUID);
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
        VmcCall *call = vmc_call_new(ways[i].kind, UUID);

        call->flags = ways[i].flags;
        lab_host_forget_events(host);
        lab_host_do(host, call, NULL);
        lab_host_wait_event(host, VMC_EVENT_AGENT, UUID);
        lab_host_wait_event(host, VMC_EVENT_AGENT, UUID);
        lab_host_wait_agent(host, UUID);
    }
    lab_forget(host, UUID);
}

/* A guest that needs long to shut down has been asked all the same: the call
 * must not wait until it is off. */
static void
test_slow_shutdown(void)
{
    g_autoptr(LabHost) host = lab_host_open("host1");
    VmcCall *call = vmc_call_new(VMC_CALL_SHUTDOWN, UUID);

    start_guest(host, NULL);
    lab_host_wait_agent(host, UUID);
    lab_run("guest-exec", NAME, "sh", "-c",
            "rm -f /sbin/shutdown; printf '#!/bin/sh\nsleep 50\n' "
            ">/sbin/shutdown; chmod +x /sbin/shutdown",
            NULL);
    call->flags = VMC_CALL_BY_AGENT;
    lab_host_do(host, call, NULL);
    g_assert_cmpint(lab_host_state(host, UUID), ==, VMC_RUN_RUNNING);
    lab_forget(host, UUID);
}

/* ---- migration ----------------------------------------------------------- */

static VmcCall *
migrate_call(guint64 mib_per_s)
{
    VmcCall *call = vmc_call_new(VMC_CALL_MIGRATE, UUID);

    call->migration = vmc_migration_order_new(lab_get("tcp_host2"));
    call->migration->bandwidth_mib_per_s = mib_per_s;
    call->migration->pools_shared = TRUE;
    return call;
}

/* The first numbers come a moment after the migration has begun. */
static void
wait_progress(LabHost *source, VmcMigrationFacts *ret_facts)
{
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    while (reply.migration.processed_bytes == 0) {
        lab_host_do(source, vmc_call_new(VMC_CALL_READ_MIGRATION, UUID),
                    &reply);
        g_assert_true(reply.migration.is_active);
        g_usleep(50000);
    }
    *ret_facts = reply.migration;
}

/* While it is under way both sides say "paused (migration)" or "running":
 * recovery must be able to tell source from destination, and asking must not
 * hang on the receiving one. */
static void
test_incoming(void)
{
    g_autoptr(LabHost) source = lab_host_open("host1");
    g_autoptr(LabHost) moving = lab_host_open("host1");
    g_autoptr(LabHost) destination = lab_host_open("host2");
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    g_autoptr(GError) error = NULL;
    LabTask *migration = NULL;

    lab_forget(destination, UUID);
    start_guest(source, NULL);
    lab_host_wait_agent(source, UUID);
    migration = lab_task_begin(moving, migrate_call(1));
    lab_host_wait_state(destination, UUID, VMC_RUN_PAUSED_INCOMING);
    g_assert_cmpint(lab_host_state(source, UUID), ==, VMC_RUN_RUNNING);
    lab_host_do(destination, vmc_call_new(VMC_CALL_LIST_DOMAINS, NULL), &reply);
    g_assert_cmpuint(reply.domains->len, ==, 1);
    lab_host_do(destination, vmc_call_new(VMC_CALL_READ_GUEST, UUID), &reply);
    g_assert_false(reply.domain->shape.agent_answers);
    lab_host_do(destination, vmc_call_new(VMC_CALL_READ_MIGRATION, UUID),
                &reply);
    g_assert_true(reply.migration.is_active);
    lab_host_wait_event(source, VMC_EVENT_MIGRATION, UUID);
    wait_progress(source, &reply.migration);
    g_assert_cmpuint(reply.migration.total_bytes, >, 256 * MIB);
    g_assert_cmpuint(reply.migration.remaining_bytes, >, 0);

    lab_host_do(source, vmc_call_new(VMC_CALL_ABORT_MIGRATION, UUID), NULL);
    g_assert_false(lab_task_end(migration, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_CANCELLED);
    lab_host_wait_state(destination, UUID, VMC_RUN_ABSENT);
    g_assert_cmpint(lab_host_state(source, UUID), ==, VMC_RUN_RUNNING);
    lab_host_do(source, vmc_call_new(VMC_CALL_ABORT_MIGRATION, UUID), NULL);
    lab_forget(source, UUID);
}

/* The destination must not run before the manager says so: that is what keeps
 * a VM from running twice. */
static void
test_handoff(void)
{
    g_autoptr(LabHost) source = lab_host_open("host1");
    g_autoptr(LabHost) destination = lab_host_open("host2");
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    lab_forget(destination, UUID);
    start_guest(source, NULL);
    lab_host_wait_agent(source, UUID);
    lab_host_do(source, migrate_call(0), NULL);
    g_assert_cmpint(lab_host_state(source, UUID), ==, VMC_RUN_ABSENT);
    lab_host_do(destination, vmc_call_new(VMC_CALL_READ_DOMAIN, UUID), &reply);
    g_assert_cmpint(reply.domain->state, ==, VMC_RUN_PAUSED);
    g_assert_true(reply.domain->is_persistent);
    lab_host_do(destination, vmc_call_new(VMC_CALL_READ_MIGRATION, UUID),
                &reply);
    g_assert_false(reply.migration.is_active);
    g_assert_cmpuint(reply.migration.total_bytes, >, 256 * MIB);
    lab_host_do(destination, vmc_call_new(VMC_CALL_RESUME, UUID), NULL);
    lab_host_wait_agent(destination, UUID);
    lab_forget(destination, UUID);
}

/* A pool of the same name that the hosts do not share. */
static void
make_own_pool(const char *host)
{
    lab_run("host-exec", host, "mkdir", "-p", "/var/lib/vmc-own", NULL);
    lab_run("virsh", host, "pool-create-as", "own", "dir", "--target",
            "/var/lib/vmc-own", NULL);
}

static void
test_copied_disk(void)
{
    g_autoptr(LabHost) source = lab_host_open("host1");
    g_autoptr(LabHost) destination = lab_host_open("host2");
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    VmcCall *call = migrate_call(0);

    make_own_pool("host1");
    make_own_pool("host2");
    lab_host_do(source, lab_disk_call("own", DISK, NULL, 64 * MIB), &reply);
    lab_forget(destination, UUID);
    start_guest(source, reply.path);
    lab_host_wait_agent(source, UUID);
    call->migration->pools_shared = FALSE;
    call->migration->copy_disks = TRUE;
    lab_host_do(source, call, NULL);
    lab_host_do(destination, vmc_call_new(VMC_CALL_RESUME, UUID), NULL);
    lab_host_wait_agent(destination, UUID);
    lab_forget(destination, UUID);
    lab_host_do(destination, lab_disk_call("own", DISK, NULL, 64 * MIB),
                &reply);
    lab_host_do(source, lab_delete_call("own", DISK), NULL);
    lab_host_do(destination, lab_delete_call("own", DISK), NULL);
    lab_run("virsh", "host1", "pool-destroy", "own", NULL);
    lab_run("virsh", "host2", "pool-destroy", "own", NULL);
}

/* ---- lost hosts ---------------------------------------------------------- */

/* QEMU dies: the domain is there, crashed, and an event says so. */
static void
test_crash(void)
{
    g_autoptr(LabHost) host = lab_host_open("host1");

    start_guest(host, NULL);
    lab_run("host-exec", "host1", "sh", "-c",
            "kill -9 $(cat /run/libvirt/qemu/" NAME ".pid)", NULL);
    lab_host_wait_event(host, VMC_EVENT_DOMAIN_CHANGED, UUID);
    lab_host_wait_state(host, UUID, VMC_RUN_CRASHED);
    lab_host_do(host, vmc_call_new(VMC_CALL_START, UUID), NULL);
    g_assert_cmpint(lab_host_state(host, UUID), ==, VMC_RUN_RUNNING);
    lab_forget(host, UUID);
}

/* libvirtd dies between calls: nothing has happened, and the caller knows. */
static void
test_lost_connection(void)
{
    g_autoptr(LabHost) host = lab_host_open("host1");
    g_autoptr(LabHost) again = NULL;

    start_guest(host, NULL);
    lab_run("host-kill", "host1", NULL);
    lab_host_wait_event(host, VMC_EVENT_DISCONNECTED, NULL);
    g_assert_false(lab_host_is_alive(host));
    lab_host_refuse(host, vmc_call_new(VMC_CALL_DESTROY, UUID),
                    VMC_ERROR_UNREACHABLE);
    lab_run("host-restart", "host1", NULL);
    again = lab_host_open("host1");
    g_assert_cmpint(lab_host_state(again, UUID), ==, VMC_RUN_RUNNING);
    lab_forget(again, UUID);
}

/* The host hangs, and thaws when it was given up: what was being read is
 * unreachable, what was being done is unknown. */
static void
test_frozen_host(void)
{
    g_autoptr(LabHost) reader = lab_host_open("host1");
    g_autoptr(LabHost) writer = lab_host_open("host1");
    g_autoptr(LabHost) again = NULL;
    g_autoptr(GError) read_error = NULL;
    g_autoptr(GError) write_error = NULL;
    LabTask *reading = NULL;
    LabTask *writing = NULL;

    start_guest(writer, NULL);
    lab_run("host-freeze", "host1", NULL);
    reading = lab_task_begin(reader, vmc_call_new(VMC_CALL_READ_DOMAIN, UUID));
    writing = lab_task_begin(writer, vmc_call_new(VMC_CALL_SUSPEND, UUID));
    g_assert_false(lab_task_end(reading, &read_error));
    g_assert_error(read_error, VMC_ERROR, VMC_ERROR_UNREACHABLE);
    g_assert_false(lab_task_end(writing, &write_error));
    g_assert_error(write_error, VMC_ERROR, VMC_ERROR_UNKNOWN);
    lab_host_wait_event(reader, VMC_EVENT_DISCONNECTED, NULL);
    lab_run("host-thaw", "host1", NULL);
    again = lab_host_open("host1");
    lab_forget(again, UUID);
}

/* ---- consoles ------------------------------------------------------------ */

static int
open_console(LabHost *host, guint32 flags)
{
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    VmcCall *call = vmc_call_new(VMC_CALL_OPEN_CONSOLE, UUID);
    int fd = -1;

    call->flags = flags;
    lab_host_do(host, call, &reply);
    fd = reply.fd;
    reply.fd = -1;
    g_assert_cmpint(fd, >=, 0);
    return fd;
}

/* Reads until @text has come; fails at the end of the console. */
static void
expect(int fd, const char *text)
{
    g_autoptr(GString) got = g_string_new(NULL);
    char bytes[512];

    while (strstr(got->str, text) == NULL) {
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);

        g_assert_cmpint(n, >, 0);
        for (ssize_t i = 0; i < n; i++)
            if (bytes[i] != '\0')
                g_string_append_c(got, bytes[i]);
    }
}

static void
expect_end(int fd)
{
    char bytes[512];

    while (recv(fd, bytes, sizeof bytes, 0) > 0)
        ;
    close(fd);
}

static void
type(int fd, const char *text)
{
    g_assert_cmpint(send(fd, text, strlen(text), MSG_NOSIGNAL), ==,
                    strlen(text));
}

static void
test_console(void)
{
    g_autoptr(LabHost) host = lab_host_open("host1");
    VmcCall *call = NULL;
    int first = -1;
    int second = -1;

    start_guest(host, NULL);
    lab_host_wait_agent(host, UUID);
    first = open_console(host, 0);
    type(first, "echo he''llo\n");
    expect(first, "hello");
    call = vmc_call_new(VMC_CALL_OPEN_CONSOLE, UUID);
    lab_host_refuse(host, call, VMC_ERROR_BUSY);
    second = open_console(host, VMC_CALL_FORCE);
    expect_end(first);
    type(second, "echo wo''rld\n");
    expect(second, "world");
    lab_run("host-kill", "host1", NULL);
    expect_end(second);
    lab_run("host-restart", "host1", NULL);
}

/* Closing the connection ends what came by it. */
static void
test_console_of_closed(void)
{
    LabHost *host = lab_host_open("host1");
    g_autoptr(LabHost) again = NULL;
    int fd = -1;

    start_guest(host, NULL);
    lab_host_wait_agent(host, UUID);
    fd = open_console(host, 0);
    lab_host_close(host);
    expect_end(fd);
    again = lab_host_open("host1");
    close(open_console(again, VMC_CALL_FORCE));
    lab_forget(again, UUID);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    lab_read();
    lab_serve();
    g_test_add_func("/lab/libvirt-hosts/hung-agent", test_hung_agent);
    g_test_add_func("/lab/libvirt-hosts/bring-online", test_bring_online);
    g_test_add_func("/lab/libvirt-hosts/foreign-agent", test_foreign_agent);
    g_test_add_func("/lab/libvirt-hosts/reboot", test_reboot);
    g_test_add_func("/lab/libvirt-hosts/slow-shutdown", test_slow_shutdown);
    g_test_add_func("/lab/libvirt-hosts/incoming", test_incoming);
    g_test_add_func("/lab/libvirt-hosts/handoff", test_handoff);
    g_test_add_func("/lab/libvirt-hosts/copied-disk", test_copied_disk);
    g_test_add_func("/lab/libvirt-hosts/crash", test_crash);
    g_test_add_func("/lab/libvirt-hosts/lost-connection", test_lost_connection);
    g_test_add_func("/lab/libvirt-hosts/frozen-host", test_frozen_host);
    g_test_add_func("/lab/libvirt-hosts/console", test_console);
    g_test_add_func("/lab/libvirt-hosts/console-of-closed",
                    test_console_of_closed);
    return g_test_run();
}
