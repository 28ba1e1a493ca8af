/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/resize.h"
#include "tests/corpus/corpus.h"

#include "core/error.h"
#include "core/json-record.h"
#include "core/json-text.h"
#include "core/units.h"

#include <string.h>

/*
 * tests/corpus/resize/CASE/:
 *   shape.json    what the VM looks like; what is left out is as in `plain`
 *   request.json  "title": what the case protects, "vcpus", "memory", …
 *   script        (optional) what goes wrong: a line a rung, in order:
 *                   RUNG fails          nothing happens
 *                   RUNG reaches N      only so far (vCPUs, or MiB)
 *                   RUNG reaches N usable M   … and then M MiB are free
 *                   RUNG unseen         the hypervisor has it, the guest not
 *   expected      the steps, the end, and what the VM looks like then
 *
 * Walks the ladder as the resize job does.
 */

#define MIB (G_GUINT64_CONSTANT(1) << 20)
#define MAX_STEPS 100

/* ---- reading a case ----------------------------------------------------- */

/* A shape as it is written down: memory in MiB. */
typedef struct {
    gboolean is_running;
    gboolean can_unplug_vcpus;
    guint vcpus_max;
    guint vcpus_floor;
    guint vcpus_plugged;
    guint vcpus_config;
    guint vcpus_online;
    guint64 boot_mib;
    guint64 max_mib;
    guint64 balloon_mib;
    guint64 balloon_config_mib;
    gboolean has_virtio_mem;
    guint64 virtio_mem_size_mib;
    guint64 virtio_mem_block_mib;
    guint64 virtio_mem_requested_mib;
    guint64 virtio_mem_current_mib;
    guint64 virtio_mem_config_mib;
    guint dimm_slots_free;
    GStrv dimms_mib;
    guint dimm_slots_config_free;
    GStrv dimms_config_mib;
    gboolean agent_answers;
    gboolean balloon_stats;
    guint64 guest_total_mib;
    guint64 guest_usable_mib;
    guint64 guest_block_mib;
} Draft;

#define FIELD(member, kind)                                                    \
    {                                                                          \
#member, VMC_FIELD_##kind, G_STRUCT_OFFSET(Draft, member)              \
    }

static const VmcField draft_fields[] = {
    FIELD(is_running, BOOLEAN),
    FIELD(can_unplug_vcpus, BOOLEAN),
    FIELD(vcpus_max, UINT),
    FIELD(vcpus_floor, UINT),
    FIELD(vcpus_plugged, UINT),
    FIELD(vcpus_config, UINT),
    FIELD(vcpus_online, UINT),
    FIELD(boot_mib, UINT64),
    FIELD(max_mib, UINT64),
    FIELD(balloon_mib, UINT64),
    FIELD(balloon_config_mib, UINT64),
    FIELD(has_virtio_mem, BOOLEAN),
    FIELD(virtio_mem_size_mib, UINT64),
    FIELD(virtio_mem_block_mib, UINT64),
    FIELD(virtio_mem_requested_mib, UINT64),
    FIELD(virtio_mem_current_mib, UINT64),
    FIELD(virtio_mem_config_mib, UINT64),
    FIELD(dimm_slots_free, UINT),
    FIELD(dimms_mib, STRV),
    FIELD(dimm_slots_config_free, UINT),
    FIELD(dimms_config_mib, STRV),
    FIELD(agent_answers, BOOLEAN),
    FIELD(balloon_stats, BOOLEAN),
    FIELD(guest_total_mib, UINT64),
    FIELD(guest_usable_mib, UINT64),
    FIELD(guest_block_mib, UINT64),
};
static const VmcRecordType draft_type = {draft_fields,
                                         G_N_ELEMENTS(draft_fields)};

/* A healthy VM of 2 vCPUs and 1 GiB that may grow to 8 and 9 GiB. */
static const Draft plain = {.is_running = TRUE,
                            .can_unplug_vcpus = TRUE,
                            .vcpus_max = 8,
                            .vcpus_floor = 1,
                            .vcpus_plugged = 2,
                            .vcpus_config = 2,
                            .vcpus_online = 2,
                            .boot_mib = 1024,
                            .max_mib = 17408,
                            .balloon_mib = 1024,
                            .balloon_config_mib = 1024,
                            .has_virtio_mem = TRUE,
                            .virtio_mem_size_mib = 8192,
                            .virtio_mem_block_mib = 2,
                            .dimm_slots_free = 4,
                            .dimm_slots_config_free = 4,
                            .agent_answers = TRUE,
                            .balloon_stats = TRUE,
                            .guest_total_mib = 960,
                            .guest_usable_mib = 700,
                            .guest_block_mib = 128};

typedef struct {
    char *title;
    guint vcpus;
    char *memory;
    char *min_memory;
} Request;

static const VmcField request_fields[] = {
    {"title", VMC_FIELD_STRING, G_STRUCT_OFFSET(Request, title), TRUE},
    {"vcpus", VMC_FIELD_UINT, G_STRUCT_OFFSET(Request, vcpus)},
    {"memory", VMC_FIELD_STRING, G_STRUCT_OFFSET(Request, memory)},
    {"min_memory", VMC_FIELD_STRING, G_STRUCT_OFFSET(Request, min_memory)},
};
static const VmcRecordType request_type = {request_fields,
                                           G_N_ELEMENTS(request_fields)};

static void
request_clear(Request *request)
{
    g_free(request->title);
    g_free(request->memory);
    g_free(request->min_memory);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Request, request_clear)

static void
read_record(const char *folder,
            const char *name,
            const VmcRecordType *type,
            gpointer record)
{
    g_autofree char *text = corpus_read(folder, name);
    g_autoptr(GError) error = NULL;
    g_assert_nonnull(text);
    g_autoptr(JsonNode) node = vmc_json_parse(text, -1, 65536, &error);

    g_assert_no_error(error);
    vmc_record_from_json(type, node, record, &error);
    g_assert_no_error(error);
}

/* Takes @sizes_mib. */
static GPtrArray *
read_dimms(GStrv sizes_mib)
{
    GPtrArray *dimms = vmc_dimms_new();

    for (gsize i = 0; sizes_mib != NULL && sizes_mib[i] != NULL; i++) {
        g_autofree char *alias = g_strdup_printf("dimm%" G_GSIZE_FORMAT, i);
        guint64 mib = g_ascii_strtoull(sizes_mib[i], NULL, 10);
        g_ptr_array_add(dimms, vmc_dimm_new(alias, mib * MIB));
    }
    g_strfreev(sizes_mib);
    return dimms;
}

static VmcVmShape
read_shape(const char *folder)
{
    Draft draft = plain;

    read_record(folder, "shape.json", &draft_type, &draft);
    VmcVmShape shape = {
        .is_running = draft.is_running,
        .can_unplug_vcpus = draft.can_unplug_vcpus,
        .vcpus_max = draft.vcpus_max,
        .vcpus_floor = draft.vcpus_floor,
        .vcpus_plugged = draft.vcpus_plugged,
        .vcpus_config = draft.vcpus_config,
        .vcpus_online = draft.vcpus_online,
        .boot_bytes = draft.boot_mib * MIB,
        .max_bytes = draft.max_mib * MIB,
        .balloon_bytes = draft.balloon_mib * MIB,
        .balloon_config_bytes = draft.balloon_config_mib * MIB,
        .has_virtio_mem = draft.has_virtio_mem,
        .virtio_mem_size_bytes = draft.virtio_mem_size_mib * MIB,
        .virtio_mem_block_bytes = draft.virtio_mem_block_mib * MIB,
        .virtio_mem_requested_bytes = draft.virtio_mem_requested_mib * MIB,
        .virtio_mem_current_bytes = draft.virtio_mem_current_mib * MIB,
        .virtio_mem_config_bytes = draft.virtio_mem_config_mib * MIB,
        .dimm_slots_free = draft.dimm_slots_free,
        .dimms = read_dimms(draft.dimms_mib),
        .dimm_slots_config_free = draft.dimm_slots_config_free,
        .dimms_config = read_dimms(draft.dimms_config_mib),
        .agent_answers = draft.agent_answers,
        .balloon_stats = draft.balloon_stats,
        .guest_total_bytes = draft.guest_total_mib * MIB,
        .guest_usable_bytes = draft.guest_usable_mib * MIB,
        .guest_block_bytes = draft.guest_block_mib * MIB};
    return shape;
}

static guint64
parse_bytes(const char *text)
{
    guint64 bytes = 0;

    if (text != NULL)
        g_assert_true(vmc_units_parse_bytes(text, &bytes, NULL));
    return bytes;
}

/* ---- the script --------------------------------------------------------- */

/* Takes the next line about @rung out of the script. */
static char *
take_line(GPtrArray *script, VmcRung rung)
{
    g_autofree char *prefix = g_strconcat(vmc_rung_to_name(rung), " ", NULL);

    for (guint i = 0; i < script->len; i++) {
        const char *line = script->pdata[i];
        if (!g_str_has_prefix(line, prefix))
            continue;
        char *rest = g_strdup(line + strlen(prefix));
        g_ptr_array_remove_index(script, i);
        return rest;
    }
    return NULL;
}

static GPtrArray *
read_script(const char *folder)
{
    g_autofree char *text = corpus_read(folder, "script");
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);
    GPtrArray *script = g_ptr_array_new_with_free_func(g_free);

    for (char **line = lines; *line != NULL; line++)
        if (**line != '\0')
            g_ptr_array_add(script, g_strdup(*line));
    return script;
}

static gboolean
is_about_vcpus(VmcRung rung)
{
    return rung == VMC_RUNG_PLUG_VCPUS || rung == VMC_RUNG_ONLINE_VCPUS ||
           rung == VMC_RUNG_UNPLUG_VCPUS || rung == VMC_RUNG_OFFLINE_VCPUS ||
           rung == VMC_RUNG_CONFIG_VCPUS;
}

static void
apply_partly(VmcVmShape *shape, const VmcResizeStep *step, guint64 number)
{
    VmcResizeStep part = *step;

    part.amount = is_about_vcpus(step->rung) ? number : number * MIB;
    vmc_resize_apply(shape, &part);
    if (step->rung == VMC_RUNG_VIRTIO_MEM)
        shape->virtio_mem_requested_bytes = step->amount;
}

static void
apply_reached(VmcVmShape *shape, const VmcResizeStep *step, const char *words)
{
    g_auto(GStrv) parts = g_strsplit(words, " ", -1);

    apply_partly(shape, step, g_ascii_strtoull(parts[0], NULL, 10));
    if (g_strv_length(parts) == 3)
        shape->guest_usable_bytes = g_ascii_strtoull(parts[2], NULL, 10) * MIB;
}

static void
apply_unseen(VmcVmShape *shape, const VmcResizeStep *step)
{
    guint online = shape->vcpus_online;
    guint64 total = shape->guest_total_bytes;
    guint64 usable = shape->guest_usable_bytes;

    vmc_resize_apply(shape, step);
    shape->vcpus_online = online;
    shape->guest_total_bytes = total;
    shape->guest_usable_bytes = usable;
}

/* Does what the script says, or what should be. Returns what rungs it used
 * up. */
static guint32
carry_out(VmcVmShape *shape, const VmcResizeStep *step, const char *line)
{
    if (line == NULL) {
        vmc_resize_apply(shape, step);
        return 0;
    }
    if (g_str_equal(line, "unseen")) {
        apply_unseen(shape, step);
        return 0;
    }
    if (g_str_has_prefix(line, "reaches "))
        apply_reached(shape, step, line + strlen("reaches "));
    else
        g_assert_cmpstr(line, ==, "fails");
    return 1u << step->rung;
}

/* ---- what comes out ----------------------------------------------------- */

static void
dump_step(GString *out, const VmcResizeStep *step)
{
    g_string_append_printf(out, "%s", vmc_rung_to_name(step->rung));
    if (is_about_vcpus(step->rung))
        g_string_append_printf(out, " %" G_GUINT64_FORMAT, step->amount);
    else if (step->rung > VMC_RUNG_GIVE_UP)
        g_string_append_printf(out, " %" G_GUINT64_FORMAT "MiB",
                               step->amount / MIB);
    if (step->alias != NULL)
        g_string_append_printf(out, " %s", step->alias);
    g_string_append_printf(out, ": %s\n", step->reason);
}

static void
dump_shape(GString *out, const VmcVmShape *shape)
{
    g_string_append_printf(out, "vcpus: plugged %u, online %u, stored %u\n",
                           shape->vcpus_plugged, shape->vcpus_online,
                           shape->vcpus_config);
    g_string_append_printf(
        out,
        "memory: plugged %" G_GUINT64_FORMAT "MiB, in the guest "
        "%" G_GUINT64_FORMAT "MiB, stored %" G_GUINT64_FORMAT "MiB\n",
        vmc_vm_shape_memory_plugged(shape) / MIB,
        shape->guest_total_bytes / MIB,
        vmc_vm_shape_memory_stored(shape) / MIB);
    g_string_append_printf(
        out,
        "  balloon %" G_GUINT64_FORMAT "MiB, virtio-mem %" G_GUINT64_FORMAT
        " of %" G_GUINT64_FORMAT "MiB, %u DIMMs of %" G_GUINT64_FORMAT "MiB\n",
        shape->balloon_bytes / MIB, shape->virtio_mem_current_bytes / MIB,
        shape->virtio_mem_requested_bytes / MIB, shape->dimms->len,
        vmc_vm_shape_dimm_bytes(shape) / MIB);
    g_string_append_printf(
        out,
        "  stored: balloon %" G_GUINT64_FORMAT
        "MiB, virtio-mem %" G_GUINT64_FORMAT
        "MiB, %u DIMMs of %" G_GUINT64_FORMAT "MiB\n",
        shape->balloon_config_bytes / MIB, shape->virtio_mem_config_bytes / MIB,
        shape->dimms_config->len, vmc_vm_shape_dimm_config_bytes(shape) / MIB);
    g_autofree char *pending = vmc_vm_shape_pending(shape);
    g_string_append_printf(out, "pending: %s\n",
                           pending != NULL ? pending : "nothing");
}

static void
climb(GString *out,
      VmcVmShape *shape,
      const VmcResizeTarget *target,
      GPtrArray *script)
{
    guint32 tried = 0;

    for (guint i = 0; i < MAX_STEPS; i++) {
        g_autoptr(VmcResizeStep) step = vmc_resize_next(shape, target, tried);
        g_autofree char *line = take_line(script, step->rung);
        g_auto(VmcVmShape) before = vmc_vm_shape_copy(shape);

        dump_step(out, step);
        if (step->rung <= VMC_RUNG_GIVE_UP)
            break;
        tried |= carry_out(shape, step, line);
        if (line != NULL)
            g_string_append_printf(out, "  %s\n", line);
        /* what succeeds must be recognised as that, and the rest not */
        g_assert_true(vmc_resize_is_there(shape, target, step, &before) ==
                      (line == NULL));
    }
    g_assert_cmpuint(script->len, ==, 0);
}

static char *
run_resize_case(const char *folder)
{
    GString *out = g_string_new(NULL);
    g_auto(VmcVmShape) shape = read_shape(folder);
    g_auto(Request) request = {0};
    g_autoptr(GPtrArray) script = read_script(folder);
    g_autoptr(GError) error = NULL;

    read_record(folder, "request.json", &request_type, &request);
    VmcResizeTarget target = {.vcpus = request.vcpus,
                              .memory_bytes = parse_bytes(request.memory),
                              .min_memory_bytes =
                                  parse_bytes(request.min_memory)};
    guint64 asked_bytes = target.memory_bytes;

    g_string_append_printf(out, "# %s\n", request.title);
    vmc_resize_begin(&target, &shape);
    if (target.memory_bytes != asked_bytes)
        g_string_append_printf(out, "rounded to %" G_GUINT64_FORMAT "MiB\n",
                               target.memory_bytes / MIB);
    if (!vmc_resize_check(&shape, &target, &error)) {
        g_string_append_printf(out, "%s: %s\n",
                               vmc_error_to_slug(vmc_error_of(error)),
                               error->message);
        return g_string_free(out, FALSE);
    }
    climb(out, &shape, &target, script);
    dump_shape(out, &shape);
    return g_string_free(out, FALSE);
}

int
main(int argc, char **argv)
{
    return corpus_main(argc, argv, "resize", run_resize_case);
}
