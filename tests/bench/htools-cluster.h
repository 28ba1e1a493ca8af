/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/model.h"

/*
 * A cluster in the text format of ganeti-htools, which hbal reads with -t:
 * sections of groups, nodes, instances, tags and policies, with a blank line
 * between them. Covered is what a fleet of ours can be: one group, nodes that
 * are on line, running instances without a secondary on storage that all nodes
 * share. Whatever else a file has is refused, by name.
 */

/**
 * HtoolsCluster:
 * @n_nodes: nodes
 * @n_vms: instances
 * @memory_mib: [node] all of it
 * @base_mib: [node] what is taken by others than instances
 * @cpus: [node]
 * @disk_ratio: [node] free ÷ total; moves do not change it
 * @vcpu_ratio: vCPUs that a CPU may have, by the policy
 * @vm_memory_mib: [instance]
 * @vm_vcpus: [instance]
 * @node_of: [instance] its primary
 * @lines: (element-type utf8): the whole file
 * @first_node: line of the first node
 * @first_vm: line of the first instance
 */
typedef struct {
    guint n_nodes;
    guint n_vms;
    gint64 *memory_mib;
    gint64 *base_mib;
    gint64 *cpus;
    double *disk_ratio;
    double vcpu_ratio;
    gint64 *vm_memory_mib;
    gint64 *vm_vcpus;
    gint32 *node_of;
    GPtrArray *lines;
    guint first_node;
    guint first_vm;
} HtoolsCluster;

/**
 * htools_cluster_parse:
 * @text: what a file has
 * @error: what is wrong, or not covered, and in which line
 *
 * Returns: (transfer full): the cluster
 */
HtoolsCluster *htools_cluster_parse(const char *text, GError **error);

/**
 * htools_cluster_generate:
 * @n_nodes: nodes, all alike
 * @n_vms: instances of nine flavours
 * @seed: of the random numbers
 *
 * Some nodes draw twice as many instances as others; memory is 70 % full, and
 * a CPU has 1.6 vCPUs.
 *
 * Returns: (transfer full): the text of a cluster
 */
char *htools_cluster_generate(guint n_nodes, guint n_vms, guint32 seed);

void htools_cluster_free(HtoolsCluster *cluster);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HtoolsCluster, htools_cluster_free)

/**
 * htools_cluster_to_text:
 * @cluster: a cluster
 * @node_of: (array): another primary of each instance
 *
 * Returns: (transfer full): the file with these primaries
 */
char *htools_cluster_to_text(const HtoolsCluster *cluster,
                             const gint32 *node_of);

/**
 * htools_cluster_score:
 * @cluster: a cluster
 * @node_of: (array): a primary of each instance
 *
 * What hbal makes of it by its own table of weights, computed from nothing.
 *
 * Returns: the score; less is better
 */
double htools_cluster_score(const HtoolsCluster *cluster,
                            const gint32 *node_of);

/**
 * htools_cluster_to_model:
 * @cluster: a cluster
 * @move_cost: what a move has to bring at least
 * @error: what the planner cannot hold
 *
 * Returns: (transfer full): a sealed model whose score is that of hbal and the
 * moves, but for what no move changes
 */
VmcModel *htools_cluster_to_model(const HtoolsCluster *cluster,
                                  double move_cost,
                                  GError **error);
