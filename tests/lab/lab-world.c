/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/lab/lab-world.h"

#include "daemon/hypervisor/domain-xml.h"
#include "daemon/hypervisor/libvirt-connection.h"
#include "daemon/hypervisor/libvirt-driver.h"

#include <gio/gio.h>
#include <stdlib.h>

#define EVENT_WAIT_S 60
#define AGENT_WAIT_S 120
#define LOOK_AGAIN_MS 200

static GHashTable *settings; /* of lab.env */

/* ---- the lab ------------------------------------------------------------- */

static gpointer
run_loop(gpointer data)
{
    g_main_loop_run(data);
    return NULL;
}

static gboolean
read_settings(const char *path)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return FALSE;
    settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) pair = g_strsplit(lines[i], "=", 2);

        if (g_strv_length(pair) == 2)
            g_hash_table_insert(settings, g_strdup(pair[0]),
                                g_shell_unquote(pair[1], NULL));
    }
    return TRUE;
}

void
lab_read(void)
{
    const char *dir = g_getenv("VMCTL_LAB");
    g_autofree char *path =
        dir != NULL ? g_build_filename(dir, "lab.env", NULL) : NULL;

    if (path != NULL && read_settings(path))
        return;
    g_printerr("VMCTL_LAB names no lab: scripts/lab up raises one\n");
    exit(1);
}

void
lab_serve(void)
{
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);

    vmc_libvirt_init();
    g_thread_unref(g_thread_new("loop", run_loop, loop));
}

const char *
lab_get(const char *key)
{
    const char *value = g_hash_table_lookup(settings, key);

    g_assert_nonnull(value);
    return value;
}

void
lab_run(const char *command, ...)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    const char *top = g_getenv("VMC_SRCDIR");
    g_autoptr(GSubprocess) process = NULL;
    g_autoptr(GError) error = NULL;
    const char *argument = command;
    va_list args;

    g_assert_nonnull(top);
    g_ptr_array_add(argv, g_build_filename(top, "scripts", "lab", NULL));
    va_start(args, command);
    for (; argument != NULL; argument = va_arg(args, const char *))
        g_ptr_array_add(argv, g_strdup(argument));
    va_end(args);
    g_ptr_array_add(argv, NULL);
    process = g_subprocess_newv((const char *const *) argv->pdata,
                                G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error);
    g_assert_no_error(error);
    g_subprocess_wait_check(process, NULL, &error);
    g_assert_no_error(error);
}

/* ---- hosts --------------------------------------------------------------- */

typedef struct {
    VmcEventKind kind;
    char *uuid;
} LabEvent;

struct _LabHost {
    VmcConnection *connection;
    GMutex lock;
    GCond changed;
    GPtrArray *events; /* (element-type LabEvent) not yet waited for */
};

static void
free_event(gpointer data)
{
    LabEvent *event = data;

    g_free(event->uuid);
    g_free(event);
}

static void
on_event(VmcEventKind kind,
         const char *uuid,
         const char *detail,
         gpointer user_data)
{
    LabHost *host = user_data;
    LabEvent *event = g_new0(LabEvent, 1);

    event->kind = kind;
    event->uuid = g_strdup(uuid);
    g_mutex_lock(&host->lock);
    g_ptr_array_add(host->events, event);
    g_cond_broadcast(&host->changed);
    g_mutex_unlock(&host->lock);
}

LabHost *
lab_host_open(const char *name)
{
    LabHost *host = g_new0(LabHost, 1);
    g_autofree char *key = g_strconcat("uri_", name, NULL);
    g_autoptr(GError) error = NULL;

    g_mutex_init(&host->lock);
    g_cond_init(&host->changed);
    host->events = g_ptr_array_new_with_free_func(free_event);
    host->connection =
        vmc_libvirt_driver.open(lab_get(key), on_event, host, &error);
    g_assert_no_error(error);
    return host;
}

void
lab_host_close(LabHost *host)
{
    vmc_libvirt_driver.close(host->connection);
    g_ptr_array_unref(host->events);
    g_cond_clear(&host->changed);
    g_mutex_clear(&host->lock);
    g_free(host);
}

gboolean
lab_host_is_alive(LabHost *host)
{
    return vmc_libvirt_driver.is_alive(host->connection);
}

static gboolean
take_event(LabHost *host, VmcEventKind kind, const char *uuid)
{
    for (guint i = 0; i < host->events->len; i++) {
        const LabEvent *event = host->events->pdata[i];

        if (event->kind == kind && g_strcmp0(event->uuid, uuid) == 0) {
            g_ptr_array_remove_range(host->events, 0, i + 1);
            return TRUE;
        }
    }
    return FALSE;
}

void
lab_host_wait_event(LabHost *host, VmcEventKind kind, const char *uuid)
{
    gint64 end = g_get_monotonic_time() + EVENT_WAIT_S * G_USEC_PER_SEC;
    gboolean found = FALSE;

    g_mutex_lock(&host->lock);
    while (!(found = take_event(host, kind, uuid)))
        if (!g_cond_wait_until(&host->changed, &host->lock, end))
            break;
    g_mutex_unlock(&host->lock);
    g_assert_true(found);
}

void
lab_host_forget_events(LabHost *host)
{
    g_mutex_lock(&host->lock);
    g_ptr_array_set_size(host->events, 0);
    g_mutex_unlock(&host->lock);
}

/* ---- calls --------------------------------------------------------------- */

gboolean
lab_host_try(LabHost *host, VmcCall *call, VmcReply *reply, GError **error)
{
    g_auto(VmcReply) own = VMC_REPLY_INIT;
    gint64 start_us = g_get_monotonic_time();
    gboolean ok = vmc_libvirt_driver.perform(
        host->connection, call, reply != NULL ? reply : &own, error);

    g_test_message("%s: %.1f ms", vmc_call_kind_to_name(call->kind),
                   (double) (g_get_monotonic_time() - start_us) / 1000.0);
    vmc_call_free(call);
    return ok;
}

void
lab_host_do(LabHost *host, VmcCall *call, VmcReply *reply)
{
    g_autoptr(GError) error = NULL;

    if (reply != NULL)
        vmc_reply_clear(reply);
    lab_host_try(host, call, reply, &error);
    g_assert_no_error(error);
}

void
lab_host_refuse(LabHost *host, VmcCall *call, VmcError code)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(lab_host_try(host, call, NULL, &error));
    g_assert_error(error, VMC_ERROR, (int) code);
}

struct _LabTask {
    LabHost *host;
    VmcCall *call;
    GThread *thread;
    gint is_over; /* atomic */
    GError *error;
};

static gpointer
run_task(gpointer data)
{
    LabTask *task = data;

    lab_host_try(task->host, task->call, NULL, &task->error);
    g_atomic_int_set(&task->is_over, TRUE);
    return NULL;
}

LabTask *
lab_task_begin(LabHost *host, VmcCall *call)
{
    LabTask *task = g_new0(LabTask, 1);

    task->host = host;
    task->call = call;
    task->thread = g_thread_new("task", run_task, task);
    return task;
}

gboolean
lab_task_is_over(LabTask *task)
{
    return g_atomic_int_get(&task->is_over);
}

gboolean
lab_task_end(LabTask *task, GError **error)
{
    gboolean ok = FALSE;

    g_thread_join(task->thread);
    ok = task->error == NULL;
    if (!ok)
        g_propagate_error(error, task->error);
    g_free(task);
    return ok;
}

/* ---- volumes ------------------------------------------------------------- */

VmcCall *
lab_disk_call(const char *pool,
              const char *volume,
              const char *image,
              guint64 bytes)
{
    VmcCall *call = vmc_call_new(VMC_CALL_CREATE_DISK, NULL);

    call->pool = g_strdup(pool);
    call->volume = g_strdup(volume);
    call->image = g_strdup(image);
    call->bytes = bytes;
    return call;
}

VmcCall *
lab_delete_call(const char *pool, const char *volume)
{
    VmcCall *call = vmc_call_new(VMC_CALL_DELETE_VOLUME, NULL);

    call->pool = g_strdup(pool);
    call->volume = g_strdup(volume);
    return call;
}

/* ---- domains ------------------------------------------------------------- */

VmcRunState
lab_host_state(LabHost *host, const char *uuid)
{
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    g_autoptr(GError) error = NULL;

    if (lab_host_try(host, vmc_call_new(VMC_CALL_READ_DOMAIN, uuid), &reply,
                     &error))
        return reply.domain->state;
    g_assert_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND);
    return VMC_RUN_ABSENT;
}

void
lab_host_wait_state(LabHost *host, const char *uuid, VmcRunState state)
{
    guint n_looks = EVENT_WAIT_S * 1000 / LOOK_AGAIN_MS;
    VmcRunState now = VMC_RUN_ABSENT;

    for (guint i = 0; i < n_looks; i++) {
        now = lab_host_state(host, uuid);
        if (now == state)
            return;
        g_usleep(LOOK_AGAIN_MS * 1000);
    }
    g_assert_cmpstr(vmc_run_state_to_name(now), ==,
                    vmc_run_state_to_name(state));
}

void
lab_host_wait_agent(LabHost *host, const char *uuid)
{
    guint n_looks = AGENT_WAIT_S * 1000 / LOOK_AGAIN_MS;

    for (guint i = 0; i < n_looks; i++) {
        g_auto(VmcReply) reply = VMC_REPLY_INIT;

        lab_host_do(host, vmc_call_new(VMC_CALL_READ_GUEST, uuid), &reply);
        if (reply.domain->shape.agent_answers)
            return;
        g_usleep(LOOK_AGAIN_MS * 1000);
    }
    g_assert_not_reached();
}

static char *
make_disk_xml(const char *path)
{
    if (path == NULL)
        return g_strdup("");
    return g_markup_printf_escaped(
        "<disk type='file' device='disk'>"
        "<driver name='qemu' type='qcow2' cache='none'/>"
        "<source file='%s'/><target dev='vda' bus='virtio'/></disk>",
        path);
}

/* Managed by vmctl: others' agents are left alone. */
static char *
make_metadata_xml(const char *name, const char *uuid)
{
    g_autoptr(VmcVm) vm = vmc_vm_new(uuid, name);
    g_autofree char *bare = vmc_domain_xml_metadata(vm);
    g_autoptr(GString) xml = g_string_new(bare);

    g_string_replace(xml, "<vm", "<vm xmlns='" VMC_METADATA_URI "'", 1);
    return g_string_free(g_steal_pointer(&xml), FALSE);
}

char *
lab_guest_xml(const char *name, const char *uuid, const char *disk_path)
{
    g_autofree char *disk = make_disk_xml(disk_path);
    g_autofree char *metadata = make_metadata_xml(name, uuid);

    return g_strdup_printf(
        "<domain type='%s'><name>%s</name><uuid>%s</uuid>"
        "<metadata>%s</metadata>"
        "<maxMemory slots='8' unit='MiB'>4096</maxMemory>"
        "<memory unit='MiB'>512</memory><vcpu current='1'>4</vcpu>"
        "<vcpus><vcpu id='0' enabled='yes' hotpluggable='no'/>"
        "<vcpu id='1' enabled='no' hotpluggable='yes'/>"
        "<vcpu id='2' enabled='no' hotpluggable='yes'/>"
        "<vcpu id='3' enabled='no' hotpluggable='yes'/></vcpus>"
        "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type>"
        "<kernel>%s</kernel><initrd>%s</initrd>"
        "<cmdline>console=ttyS0 quiet cryptomgr.notests "
        "memhp_default_state=online_movable"
        "</cmdline></os><features><acpi/><apic/></features>"
        "<cpu mode='custom' match='exact'><model>qemu64</model><numa>"
        "<cell id='0' cpus='0-3' memory='512' unit='MiB'/></numa></cpu>"
        "<on_crash>destroy</on_crash><devices>%s"
        "<serial type='pty'/><console type='pty'/><channel type='unix'>"
        "<target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
        "<memballoon model='virtio'><stats period='2'/></memballoon>"
        "<memory model='virtio-mem'><target><size unit='MiB'>2048</size>"
        "<node>0</node><block unit='MiB'>2</block>"
        "<requested unit='MiB'>0</requested></target></memory>"
        "</devices></domain>",
        lab_get("type"), name, uuid, metadata, lab_get("kernel"),
        lab_get("initrd"), disk);
}

void
lab_forget(LabHost *host, const char *uuid)
{
    lab_host_do(host, vmc_call_new(VMC_CALL_DESTROY, uuid), NULL);
    lab_host_do(host, vmc_call_new(VMC_CALL_UNDEFINE, uuid), NULL);
}
