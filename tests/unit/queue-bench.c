/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/queue-bench.h"

#include "core/error.h"
#include "daemon/jobs/json-value.h"

/* ---- jobs that do as they are told ----------------------------------------
 */

/* Where a job of kind "gate" waits: it may go on when it is open. */
typedef struct {
    GMutex mutex;
    GCond cond;
    guint n_inside;
    guint n_most;
    gboolean is_open;
} Gate;

static Gate gate;

static void
gate_enter(void)
{
    g_mutex_lock(&gate.mutex);
    gate.n_inside++;
    gate.n_most = MAX(gate.n_most, gate.n_inside);
    while (!gate.is_open)
        g_cond_wait(&gate.cond, &gate.mutex);
    gate.n_inside--;
    g_mutex_unlock(&gate.mutex);
}

void
vmc_queue_bench_open_gate(void)
{
    g_mutex_lock(&gate.mutex);
    gate.is_open = TRUE;
    g_cond_broadcast(&gate.cond);
    g_mutex_unlock(&gate.mutex);
}

gboolean
vmc_queue_bench_is_inside(gpointer data)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&gate.mutex);

    return gate.n_inside > 0;
}

guint
vmc_queue_bench_most_inside(void)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&gate.mutex);

    return gate.n_most;
}

/* Two steps with a gate between them; says whether it was resumed. */
static gboolean
run_gate(VmcJobRun *run, GError **error)
{
    if (vmc_job_run_is_resumed(run))
        vmc_job_run_note(run, "it was resumed at '%s' with '%s'",
                         vmc_job_run_record(run)->step,
                         vmc_job_run_recall(run, "key"));
    if (!vmc_job_run_remember(run, "key", "value", error) ||
        !vmc_job_run_step(run, 100, error, "enter"))
        return FALSE;
    gate_enter();
    return vmc_job_run_step(run, 900, error, "leave");
}

static gboolean
run_quick(VmcJobRun *run, GError **error)
{
    return vmc_job_run_step(run, 500, error, "do it");
}

/* Ends as its intent says, as {"end":"partial"}. */
static gboolean
run_end(VmcJobRun *run, GError **error)
{
    const char *slug =
        json_object_get_string_member(vmc_job_run_intent(run), "end");
    VmcError code;

    g_assert_true(vmc_error_from_slug(slug, &code));
    g_set_error(error, VMC_ERROR, (int) code, "it ended as '%s'", slug);
    return FALSE;
}

/* Publishes the VM, then fails. */
static gboolean
run_publish(VmcJobRun *run, GError **error)
{
    g_autoptr(VmcVm) old = vmc_job_run_vm(run, error);
    g_autoptr(VmcVm) vm = vmc_vm_copy(old);

    vm->size.amount[VMC_CPU] = 3000;
    if (!vmc_job_run_publish_vm(run, vm, error))
        return FALSE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_FAILED, "failed after it");
    return FALSE;
}

static gboolean
run_chatter(VmcJobRun *run, GError **error)
{
    for (guint i = 0; i < 1000; i++)
        vmc_job_run_progress(run, i);
    return TRUE;
}

/* Waits for ever, or until it is cancelled. */
static gboolean
run_wait(VmcJobRun *run, GError **error)
{
    if (!vmc_job_run_step(run, 100, error, "wait"))
        return FALSE;
    g_assert_false(vmc_job_run_wait(run, G_MAXUINT));
    g_set_error(error, VMC_ERROR, VMC_ERROR_CANCELLED, "it was woken");
    return FALSE;
}

/* Begins to undo; a wait in it is not ended by the cancel that caused it. */
static gboolean
run_undo(VmcJobRun *run, GError **error)
{
    g_autoptr(GError) why = vmc_job_run_undo_reason(run);

    if (why == NULL) {
        g_set_error(&why, VMC_ERROR, VMC_ERROR_REFUSED, "it was a bad idea");
        vmc_job_run_begin_undo(run, why);
        gate_enter();
    } else
        vmc_job_run_begin_undo(run, why);
    vmc_job_run_note(run, "undone");
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}

static const VmcJobKind *
find_kind(const char *name)
{
    static const VmcJobKind kinds[] = {
        {"gate", run_gate},       {"quick", run_quick},     {"end", run_end},
        {"publish", run_publish}, {"chatter", run_chatter}, {"wait", run_wait},
        {"undo", run_undo},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_str_equal(kinds[i].name, name))
            return &kinds[i];
    return NULL;
}

void
vmc_queue_bench_set_up(VmcDaemonFixture *fixture, gconstpointer data)
{
    gate.is_open = FALSE;
    gate.n_inside = 0;
    gate.n_most = 0;
    fixture->find_kind = find_kind;
    vmc_daemon_fixture_set_up(fixture, data);
    vmc_daemon_fixture_add_host(fixture, "h1");
    vmc_daemon_fixture_add_vm(fixture, UUID_1, "web1", "h1");
    vmc_daemon_fixture_add_vm(fixture, UUID_2, "web2", "h1");
}

guint64
vmc_queue_bench_submit(VmcDaemonFixture *fixture,
                       const char *kind,
                       const char *uuid)
{
    return vmc_daemon_fixture_submit(fixture, kind, uuid, NULL);
}

VmcVm *
vmc_queue_bench_make_reserve(VmcDaemonFixture *fixture)
{
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID_1);
    VmcVm *reserve = vmc_vm_copy(vm);

    reserve->size.amount[VMC_CPU] = 8000;
    return reserve;
}

guint64
vmc_queue_bench_submit_reserve(VmcDaemonFixture *fixture, const char *kind)
{
    g_autoptr(VmcVm) reserve = vmc_queue_bench_make_reserve(fixture);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) intent =
        vmc_json_parse_object("{\"end\":\"refused\"}", NULL);
    guint64 id = vmc_job_queue_submit(
        fixture->queue, vmc_job_record_new(kind, UUID_1, "web1", intent),
        reserve, &error);

    g_assert_no_error(error);
    return id;
}
