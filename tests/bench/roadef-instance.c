/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/bench/roadef-instance.h"

#include "core/error.h"

#include <string.h>

/* ---- reading ------------------------------------------------------------- */

/* A text of numbers, and whether all asked for were there. */
typedef struct {
    const char *at;
    const char *end;
    gboolean is_short;
} Numbers;

static gint64
next_number(Numbers *numbers)
{
    char *end;
    gint64 value = g_ascii_strtoll(numbers->at, &end, 10);

    if (end == numbers->at)
        numbers->is_short = TRUE;
    numbers->at = end;
    return value;
}

/* A count that the rest of the text can hold: each item is a digit and a
 * space at the least. */
static guint
next_count(Numbers *numbers)
{
    gint64 count = next_number(numbers);

    if (count < 0 || count > numbers->end - numbers->at) {
        numbers->is_short = TRUE;
        return 0;
    }
    return (guint) count;
}

static void
read_resources(RoadefInstance *instance, Numbers *numbers)
{
    guint n = instance->n_resources = next_count(numbers);

    instance->is_transient = g_new0(gboolean, n);
    instance->load_weight = g_new0(gint64, n);
    for (guint r = 0; r < n; r++) {
        instance->is_transient[r] = next_number(numbers) != 0;
        instance->load_weight[r] = next_number(numbers);
    }
}

/* Most machines have the same distances as many others. */
static void
keep_distances(RoadefInstance *instance,
               guint machine,
               GHashTable *known,
               const gint32 *row)
{
    gsize size = instance->n_machines * sizeof *row;
    g_autoptr(GBytes) key = g_bytes_new(row, size);
    gpointer found = g_hash_table_lookup(known, key);

    if (found == NULL) {
        g_ptr_array_add(instance->distance, g_memdup2(row, size));
        found = GUINT_TO_POINTER(instance->distance->len);
        g_hash_table_insert(known, g_steal_pointer(&key), found);
    }
    instance->distance_row[machine] = GPOINTER_TO_UINT(found) - 1;
}

static void
read_machine(RoadefInstance *instance,
             Numbers *numbers,
             guint machine,
             gint32 *distances)
{
    gsize first = (gsize) machine * instance->n_resources;

    instance->neighbourhood[machine] = (guint32) next_number(numbers);
    instance->location[machine] = (guint32) next_number(numbers);
    for (guint r = 0; r < instance->n_resources; r++)
        instance->capacity[first + r] = next_number(numbers);
    for (guint r = 0; r < instance->n_resources; r++)
        instance->safety[first + r] = next_number(numbers);
    for (guint m = 0; m < instance->n_machines; m++)
        distances[m] = (gint32) next_number(numbers);
}

static void
read_machines(RoadefInstance *instance, Numbers *numbers)
{
    guint n = instance->n_machines = next_count(numbers);
    gsize cells = (gsize) n * instance->n_resources;
    g_autofree gint32 *distances = g_new0(gint32, n);
    g_autoptr(GHashTable) known = g_hash_table_new_full(
        g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);

    instance->neighbourhood = g_new0(guint32, n);
    instance->location = g_new0(guint32, n);
    instance->capacity = g_new0(gint64, cells);
    instance->safety = g_new0(gint64, cells);
    instance->distance_row = g_new0(guint32, n);
    instance->distance = g_ptr_array_new_with_free_func(g_free);
    for (guint m = 0; m < n && !numbers->is_short; m++) {
        read_machine(instance, numbers, m, distances);
        keep_distances(instance, m, known, distances);
    }
}

static void
read_services(RoadefInstance *instance, Numbers *numbers)
{
    guint n = instance->n_services = next_count(numbers);

    instance->spread_min = g_new0(guint32, n);
    instance->depends_on = g_new0(GArray *, n);
    for (guint s = 0; s < n && !numbers->is_short; s++) {
        instance->spread_min[s] = (guint32) next_number(numbers);
        instance->depends_on[s] = g_array_new(FALSE, FALSE, sizeof(guint32));
        guint n_depends = next_count(numbers);
        for (guint d = 0; d < n_depends; d++) {
            guint32 other = (guint32) next_number(numbers);
            g_array_append_val(instance->depends_on[s], other);
        }
    }
}

static void
read_processes(RoadefInstance *instance, Numbers *numbers)
{
    guint n = instance->n_processes = next_count(numbers);

    instance->service = g_new0(guint32, n);
    instance->requirement = g_new0(gint64, (gsize) n * instance->n_resources);
    instance->move_cost = g_new0(gint64, n);
    for (guint p = 0; p < n; p++) {
        instance->service[p] = (guint32) next_number(numbers);
        for (guint r = 0; r < instance->n_resources; r++)
            instance->requirement[(gsize) p * instance->n_resources + r] =
                next_number(numbers);
        instance->move_cost[p] = next_number(numbers);
    }
}

static void
read_weights(RoadefInstance *instance, Numbers *numbers)
{
    guint n = instance->n_balances = next_count(numbers);

    instance->balances = g_new0(RoadefBalance, n);
    for (guint b = 0; b < n; b++) {
        instance->balances[b].first = (guint) next_number(numbers);
        instance->balances[b].second = (guint) next_number(numbers);
        instance->balances[b].target = next_number(numbers);
        instance->balances[b].weight = next_number(numbers);
    }
    instance->process_weight = next_number(numbers);
    instance->service_weight = next_number(numbers);
    instance->machine_weight = next_number(numbers);
}

static gboolean
is_in_range(const RoadefInstance *instance)
{
    for (guint p = 0; p < instance->n_processes; p++)
        if (instance->service[p] >= instance->n_services ||
            instance->initial[p] >= instance->n_machines)
            return FALSE;
    for (guint s = 0; s < instance->n_services; s++)
        for (guint d = 0; d < instance->depends_on[s]->len; d++)
            if (g_array_index(instance->depends_on[s], guint32, d) >=
                instance->n_services)
                return FALSE;
    for (guint b = 0; b < instance->n_balances; b++)
        if (instance->balances[b].first >= instance->n_resources ||
            instance->balances[b].second >= instance->n_resources)
            return FALSE;
    return TRUE;
}

static gboolean
fill(RoadefInstance *instance, const char *model, const char *assignment)
{
    Numbers numbers = {.at = model, .end = model + strlen(model)};

    read_resources(instance, &numbers);
    read_machines(instance, &numbers);
    read_services(instance, &numbers);
    if (numbers.is_short)
        return FALSE;
    read_processes(instance, &numbers);
    read_weights(instance, &numbers);
    numbers.at = assignment;
    instance->initial = g_new0(guint32, instance->n_processes);
    for (guint p = 0; p < instance->n_processes; p++)
        instance->initial[p] = (guint32) next_number(&numbers);
    return !numbers.is_short && is_in_range(instance);
}

RoadefInstance *
roadef_instance_read(const char *model_path,
                     const char *assignment_path,
                     GError **error)
{
    g_autoptr(RoadefInstance) instance = g_new0(RoadefInstance, 1);
    g_autofree char *model = NULL;
    g_autofree char *assignment = NULL;

    if (!g_file_get_contents(model_path, &model, NULL, error) ||
        !g_file_get_contents(assignment_path, &assignment, NULL, error))
        return NULL;
    if (!fill(instance, model, assignment)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' and '%s' are no instance of the challenge",
                    model_path, assignment_path);
        return NULL;
    }
    return g_steal_pointer(&instance);
}

void
roadef_instance_free(RoadefInstance *instance)
{
    if (instance == NULL)
        return;
    for (guint s = 0; instance->depends_on != NULL && s < instance->n_services;
         s++)
        g_clear_pointer(&instance->depends_on[s], g_array_unref);
    g_clear_pointer(&instance->distance, g_ptr_array_unref);
    g_free(instance->is_transient);
    g_free(instance->load_weight);
    g_free(instance->neighbourhood);
    g_free(instance->location);
    g_free(instance->capacity);
    g_free(instance->safety);
    g_free(instance->distance_row);
    g_free(instance->spread_min);
    g_free(instance->depends_on);
    g_free(instance->service);
    g_free(instance->requirement);
    g_free(instance->move_cost);
    g_free(instance->balances);
    g_free(instance->initial);
    g_free(instance);
}
