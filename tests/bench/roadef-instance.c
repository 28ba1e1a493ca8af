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

static guint
row_hash(gconstpointer row)
{
    return g_bytes_hash(row);
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
        row_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);

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

/* ---- translation --------------------------------------------------------- */

static guint
largest(const guint32 *values, guint n)
{
    guint32 most = 0;

    for (guint i = 0; i < n; i++)
        most = MAX(most, values[i]);
    return most;
}

static void
add_machines(VmcModel *model, const RoadefInstance *instance)
{
    guint n_resources = instance->n_resources;

    for (guint r = 0; r < n_resources; r++)
        vmc_model_set_column(
            model, r,
            &(VmcColumn){.flags =
                             VMC_COLUMN_HARD |
                             (instance->is_transient[r] ? VMC_COLUMN_HELD : 0),
                         .load_weight = (double) instance->load_weight[r]});
    for (guint m = 0; m < instance->n_machines; m++)
        for (guint r = 0; r < n_resources; r++)
            vmc_model_set_host(
                model, m, r, instance->capacity[(gsize) m * n_resources + r],
                instance->safety[(gsize) m * n_resources + r], 0);
}

static void
add_processes(VmcModel *model, const RoadefInstance *instance)
{
    guint n_resources = instance->n_resources;

    for (guint p = 0; p < instance->n_processes; p++) {
        for (guint r = 0; r < n_resources; r++)
            vmc_model_set_need(
                model, p, r,
                instance->requirement[(gsize) p * n_resources + r]);
        vmc_model_set_start(model, p, (gint32) instance->initial[p]);
        vmc_model_set_move(model, p, (double) instance->move_cost[p],
                           (gint32) instance->service[p]);
    }
}

static void
add_groups(VmcModel *model, const RoadefInstance *instance)
{
    g_autoptr(GPtrArray) members =
        g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);

    for (guint s = 0; s < instance->n_services; s++)
        g_ptr_array_add(members, g_array_new(FALSE, FALSE, sizeof(guint32)));
    for (guint32 p = 0; p < instance->n_processes; p++)
        g_array_append_val((GArray *) members->pdata[instance->service[p]], p);
    for (guint s = 0; s < instance->n_services; s++) {
        const GArray *group = members->pdata[s];
        vmc_model_add_group(model, (const guint32 *) (gpointer) group->data,
                            group->len);
    }
}

static void
add_rules(VmcModel *model, const RoadefInstance *instance)
{
    guint location = vmc_model_add_level(
        model, instance->location,
        largest(instance->location, instance->n_machines) + 1);
    guint neighbourhood = vmc_model_add_level(
        model, instance->neighbourhood,
        largest(instance->neighbourhood, instance->n_machines) + 1);

    for (guint s = 0; s < instance->n_services; s++) {
        const GArray *others = instance->depends_on[s];
        VmcRule rule = {.members = s, .is_hard = TRUE, .leaders = -1};
        rule.kind = VMC_RULE_APART;
        vmc_model_add_rule(model, &rule);
        rule.kind = VMC_RULE_SPREAD;
        rule.level = location;
        rule.n_domains = instance->spread_min[s];
        if (rule.n_domains > 1)
            vmc_model_add_rule(model, &rule);
        rule.kind = VMC_RULE_NEAR;
        rule.level = neighbourhood;
        for (guint d = 0; d < others->len; d++) {
            rule.leaders = (gint32) g_array_index(others, guint32, d);
            if ((guint) rule.leaders != s)
                vmc_model_add_rule(model, &rule);
        }
    }
}

/* Machines with the same distances to and from all others are of one class. */
static void
add_distance(VmcModel *model, const RoadefInstance *instance)
{
    guint n = instance->n_machines, n_rows = instance->distance->len;
    g_autofree guint16 *class_of = g_new0(guint16, MAX(n, 1));
    g_autoptr(GHashTable) known = g_hash_table_new_full(
        row_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
    g_autoptr(GArray) first = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autofree gint32 *key = g_new(gint32, n_rows + 1);

    for (guint m = 0; m < n; m++) {
        for (guint row = 0; row < n_rows; row++)
            key[row] = ((gint32 *) instance->distance->pdata[row])[m];
        key[n_rows] = (gint32) instance->distance_row[m];
        g_autoptr(GBytes) bytes = g_bytes_new(key, (n_rows + 1) * sizeof *key);
        gpointer found = g_hash_table_lookup(known, bytes);
        if (found == NULL) {
            g_array_append_val(first, m);
            found = GUINT_TO_POINTER(first->len);
            g_hash_table_insert(known, g_steal_pointer(&bytes), found);
        }
        class_of[m] = (guint16) (GPOINTER_TO_UINT(found) - 1);
    }
    g_autofree double *cost = g_new(double, (gsize) first->len * first->len);
    for (guint i = 0; i < first->len; i++)
        for (guint j = 0; j < first->len; j++) {
            guint from = g_array_index(first, guint, i);
            guint to = g_array_index(first, guint, j);
            const gint32 *row =
                instance->distance->pdata[instance->distance_row[from]];
            cost[i * first->len + j] = row[to];
        }
    vmc_model_set_distance(model, class_of, first->len, cost);
}

static void
add_weights(VmcModel *model, const RoadefInstance *instance)
{
    for (guint b = 0; b < instance->n_balances; b++)
        vmc_model_add_shape(
            model,
            &(VmcModelShape){.first = instance->balances[b].first,
                             .second = instance->balances[b].second,
                             .target = (double) instance->balances[b].target,
                             .weight = (double) instance->balances[b].weight});
    vmc_model_set_weight(model, VMC_TERM_MOVES,
                         (double) instance->process_weight);
    vmc_model_set_weight(model, VMC_TERM_DISRUPTION,
                         (double) instance->service_weight);
    vmc_model_set_weight(model, VMC_TERM_DISTANCE,
                         (double) instance->machine_weight);
    vmc_model_set_weight(model, VMC_TERM_HOSTS, 0);
}

VmcModel *
roadef_instance_to_model(const RoadefInstance *instance)
{
    VmcModel *model = vmc_model_new(instance->n_machines, instance->n_processes,
                                    instance->n_resources);
    g_autoptr(GError) error = NULL;

    add_machines(model, instance);
    add_processes(model, instance);
    add_groups(model, instance);
    add_rules(model, instance);
    add_distance(model, instance);
    add_weights(model, instance);
    if (!vmc_model_seal(model, &error))
        g_error("%s", error->message);
    return model;
}

/* ---- the challenge's cost ------------------------------------------------ */

static gint64
breach(GError **error, const char *what, guint index)
{
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID, "%s %u", what, index);
    return -1;
}

/* (transfer full): Σ requirements [machine × n_resources + resource] */
static gint64 *
used_by(const RoadefInstance *instance,
        const gint32 *assignment,
        gboolean with_transient)
{
    guint n_resources = instance->n_resources;
    gint64 *used = g_new0(gint64, (gsize) instance->n_machines * n_resources);

    for (guint p = 0; p < instance->n_processes; p++)
        for (guint r = 0; r < n_resources; r++) {
            gint64 amount = instance->requirement[(gsize) p * n_resources + r];
            used[(gsize) assignment[p] * n_resources + r] += amount;
            if (with_transient && instance->is_transient[r] &&
                assignment[p] != (gint32) instance->initial[p])
                used[(gsize) instance->initial[p] * n_resources + r] += amount;
        }
    return used;
}

static gboolean
is_within_capacity(const RoadefInstance *instance,
                   const gint32 *assignment,
                   GError **error)
{
    g_autofree gint64 *used = used_by(instance, assignment, TRUE);

    for (guint m = 0; m < instance->n_machines; m++)
        for (guint r = 0; r < instance->n_resources; r++) {
            gsize cell = (gsize) m * instance->n_resources + r;
            if (used[cell] > instance->capacity[cell])
                return breach(error, "above capacity on machine", m) >= 0;
        }
    return TRUE;
}

/* For each service the machines, locations and neighbourhoods of its
 * processes, as sets. */
typedef struct {
    GHashTable *machines;
    GHashTable *locations;
    GHashTable *neighbourhoods;
    guint n_processes;
} Places;

static Places *
places_of(const RoadefInstance *instance, const gint32 *assignment)
{
    Places *places = g_new0(Places, instance->n_services);

    for (guint s = 0; s < instance->n_services; s++) {
        places[s].machines = g_hash_table_new(NULL, NULL);
        places[s].locations = g_hash_table_new(NULL, NULL);
        places[s].neighbourhoods = g_hash_table_new(NULL, NULL);
    }
    for (guint p = 0; p < instance->n_processes; p++) {
        Places *place = &places[instance->service[p]];
        guint m = (guint) assignment[p];
        place->n_processes++;
        g_hash_table_add(place->machines, GUINT_TO_POINTER(m));
        g_hash_table_add(place->locations,
                         GUINT_TO_POINTER(instance->location[m]));
        g_hash_table_add(place->neighbourhoods,
                         GUINT_TO_POINTER(instance->neighbourhood[m]));
    }
    return places;
}

static void
places_free(const RoadefInstance *instance, Places *places)
{
    for (guint s = 0; s < instance->n_services; s++) {
        g_hash_table_unref(places[s].machines);
        g_hash_table_unref(places[s].locations);
        g_hash_table_unref(places[s].neighbourhoods);
    }
    g_free(places);
}

static gboolean
depends_in_place(const RoadefInstance *instance,
                 const Places *places,
                 guint service)
{
    const GArray *others = instance->depends_on[service];
    GHashTableIter iter;
    gpointer key;

    for (guint d = 0; d < others->len; d++) {
        guint other = g_array_index(others, guint32, d);
        g_hash_table_iter_init(&iter, places[service].neighbourhoods);
        while (g_hash_table_iter_next(&iter, &key, NULL))
            if (!g_hash_table_contains(places[other].neighbourhoods, key))
                return FALSE;
    }
    return TRUE;
}

static gboolean
services_hold(const RoadefInstance *instance,
              const Places *places,
              GError **error)
{
    for (guint s = 0; s < instance->n_services; s++) {
        if (g_hash_table_size(places[s].machines) != places[s].n_processes)
            return breach(error, "two processes on a machine: service", s) >= 0;
        if (g_hash_table_size(places[s].locations) < instance->spread_min[s])
            return breach(error, "too few locations: service", s) >= 0;
        if (!depends_in_place(instance, places, s))
            return breach(error, "dependency elsewhere: service", s) >= 0;
    }
    return TRUE;
}

static gint64
machines_cost(const RoadefInstance *instance, const gint32 *assignment)
{
    g_autofree gint64 *used = used_by(instance, assignment, FALSE);
    gint64 cost = 0;

    for (guint m = 0; m < instance->n_machines; m++) {
        gsize first = (gsize) m * instance->n_resources;
        const gint64 *capacity = instance->capacity + first;
        for (guint r = 0; r < instance->n_resources; r++)
            cost += instance->load_weight[r] *
                    MAX(0, used[first + r] - instance->safety[first + r]);
        for (guint b = 0; b < instance->n_balances; b++) {
            const RoadefBalance *balance = &instance->balances[b];
            gint64 one =
                capacity[balance->first] - used[first + balance->first];
            gint64 two =
                capacity[balance->second] - used[first + balance->second];
            cost += balance->weight * MAX(0, balance->target * one - two);
        }
    }
    return cost;
}

static gint64
moves_cost(const RoadefInstance *instance, const gint32 *assignment)
{
    g_autofree gint64 *moved = g_new0(gint64, MAX(instance->n_services, 1));
    gint64 process = 0, service = 0, machine = 0;

    for (guint p = 0; p < instance->n_processes; p++) {
        guint from = instance->initial[p];
        const gint32 *row =
            instance->distance->pdata[instance->distance_row[from]];
        if (assignment[p] == (gint32) from)
            continue;
        process += instance->move_cost[p];
        machine += row[assignment[p]];
        moved[instance->service[p]]++;
        service = MAX(service, moved[instance->service[p]]);
    }
    return process * instance->process_weight +
           service * instance->service_weight +
           machine * instance->machine_weight;
}

gint64
roadef_instance_cost(const RoadefInstance *instance,
                     const gint32 *assignment,
                     GError **error)
{
    for (guint p = 0; p < instance->n_processes; p++)
        if (assignment[p] < 0 || assignment[p] >= (gint32) instance->n_machines)
            return breach(error, "nowhere: process", p);
    if (!is_within_capacity(instance, assignment, error))
        return -1;
    Places *places = places_of(instance, assignment);
    gboolean holds = services_hold(instance, places, error);
    places_free(instance, places);
    if (!holds)
        return -1;
    return machines_cost(instance, assignment) +
           moves_cost(instance, assignment);
}
