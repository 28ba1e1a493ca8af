/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/bench/roadef-instance.h"

/*
 * The instance as a model of the planner.
 */

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
        g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
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
