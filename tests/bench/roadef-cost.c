/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/bench/roadef-instance.h"

#include "core/error.h"

/*
 * The cost of an assignment by the words of the challenge, from nothing.
 */

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
