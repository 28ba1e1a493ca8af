/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/model.h"

/*
 * An instance of the ROADEF/EURO challenge 2012, Google machine reassignment,
 * and its cost by the words of the challenge. Shares no code with the planner
 * but the model it is translated to.
 */

/** What is to be in some proportion, of the `B` part of a file. */
typedef struct {
    guint first;
    guint second;
    gint64 target;
    gint64 weight;
} RoadefBalance;

/**
 * RoadefInstance:
 *
 * The numbers of the model file, in its order; and the initial assignment.
 * Distances between machines are kept once for each distinct row.
 */
typedef struct {
    guint n_resources;
    gboolean *is_transient;
    gint64 *load_weight;
    guint n_machines;
    guint32 *neighbourhood;
    guint32 *location;
    gint64 *capacity; /* [machine × n_resources + resource] */
    gint64 *safety;
    guint32 *distance_row; /* of each machine */
    GPtrArray *distance;   /* gint32[n_machines] for each distinct row */
    guint n_services;
    guint32 *spread_min;
    GArray **depends_on; /* guint32, for each service */
    guint n_processes;
    guint32 *service;
    gint64 *requirement; /* [process × n_resources + resource] */
    gint64 *move_cost;
    guint n_balances;
    RoadefBalance *balances;
    gint64 process_weight;
    gint64 service_weight;
    gint64 machine_weight;
    guint32 *initial;
} RoadefInstance;

/**
 * roadef_instance_read:
 * @model_path: a `model_*.txt`
 * @assignment_path: the `assignment_*.txt` that belongs to it
 * @error: what is wrong with them
 *
 * Returns: (transfer full) (nullable): the instance
 */
RoadefInstance *roadef_instance_read(const char *model_path,
                                     const char *assignment_path,
                                     GError **error);

void roadef_instance_free(RoadefInstance *instance);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RoadefInstance, roadef_instance_free)

/**
 * roadef_instance_to_model:
 * @instance: an instance
 *
 * Machines are hosts, processes VMs, resources columns, services groups;
 * location and neighbourhood are levels.
 *
 * Returns: (transfer full): a sealed model, whose score is the cost
 */
VmcModel *roadef_instance_to_model(const RoadefInstance *instance);

/**
 * roadef_instance_cost:
 * @instance: an instance
 * @assignment: for each process its machine
 * @error: which hard constraint @assignment breaks, and where
 *
 * From nothing.
 *
 * Returns: the cost, or −1
 */
gint64 roadef_instance_cost(const RoadefInstance *instance,
                            const gint32 *assignment,
                            GError **error);
