/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/planner/rows.h"

/*
 * What the planner plans on: hosts, VMs, rules and weights as flat arrays
 * indexed by small integers. A model knows no names, units or fleets; whoever
 * builds it (fleet-problem.c, a benchmark) keeps those beside it.
 *
 * Life: vmc_model_new(), then the setters in any order, then vmc_model_seal(),
 * which checks everything and lays out what the inner loops read. A sealed
 * model never changes and may be shared by threads. The fields are public for
 * the inner loops and read-only for everybody.
 *
 * Amounts are gint64 in the builder's own exact units, and below 2^53 so that
 * they stay exact in a score, which is a double. Feasibility is decided on the
 * integers only.
 */

/** Where a VM is that is on no host. */
#define VMC_NOWHERE (-1)

/** A capacity or threshold that is not there. */
#define VMC_UNLIMITED G_MAXINT64

/** The largest amount, capacity or sum that vmc_model_seal() accepts: 2^53. */
#define VMC_MAX_AMOUNT (G_GINT64_CONSTANT(1) << 53)

/**
 * VmcColumnFlags:
 * @VMC_COLUMN_HARD: use may not exceed capacity
 * @VMC_COLUMN_HELD: what a VM takes stays counted on its start host as well,
 *   until the whole plan is over (disk while it is copied)
 */
typedef enum {
    VMC_COLUMN_HARD = 1 << 0,
    VMC_COLUMN_HELD = 1 << 1,
} VmcColumnFlags;

/**
 * VmcModelHostFlags:
 * @VMC_MODEL_HOST_TAKES: VMs may be put there
 * @VMC_MODEL_HOST_GIVES: it must be emptied: each VM on it counts as broken
 * @VMC_MODEL_HOST_DOWN: as GIVES, and what runs there has to be started anew
 */
typedef enum {
    VMC_MODEL_HOST_TAKES = 1 << 0,
    VMC_MODEL_HOST_GIVES = 1 << 1,
    VMC_MODEL_HOST_DOWN = 1 << 2,
} VmcModelHostFlags;

/** Flags of a host whose VMs have to leave. */
#define VMC_MODEL_HOST_MUST_EMPTY (VMC_MODEL_HOST_GIVES | VMC_MODEL_HOST_DOWN)

/**
 * VmcTermKind:
 *
 * The objective's terms, each in its own term-*.c; the table is in term.c.
 * @VMC_TERM_BROKEN: hard things that do not hold at the start: VMs nowhere or
 *   on a host that must be emptied, violated hard rules, use above capacity
 * @VMC_TERM_LOAD: use above the safe threshold
 * @VMC_TERM_SHAPE: free amounts out of their target proportion
 * @VMC_TERM_SPREAD: standard deviation of utilisation over hosts
 * @VMC_TERM_PEAK: the highest utilisation of any host
 * @VMC_TERM_SPARE: slots missing for the loss of the worst domain (N+1)
 * @VMC_TERM_WISHES: violated soft rules and unmet wishes
 * @VMC_TERM_MOVES: cost of each VM that moves
 * @VMC_TERM_DISTANCE: cost of the pair of hosts it moves between
 * @VMC_TERM_DISRUPTION: the most moves that any one group suffers
 * @VMC_TERM_HOSTS: hosts in use
 */
typedef enum {
    VMC_TERM_BROKEN,
    VMC_TERM_LOAD,
    VMC_TERM_SHAPE,
    VMC_TERM_SPREAD,
    VMC_TERM_PEAK,
    VMC_TERM_SPARE,
    VMC_TERM_WISHES,
    VMC_TERM_MOVES,
    VMC_TERM_DISTANCE,
    VMC_TERM_DISRUPTION,
    VMC_TERM_HOSTS,
    VMC_N_TERMS
} VmcTermKind;

/**
 * VmcRuleKind:
 * @VMC_RULE_APART: at most one member in each domain
 * @VMC_RULE_TOGETHER: all members in one domain
 * @VMC_RULE_SPREAD: members in at least `n_domains` domains
 * @VMC_RULE_NEAR: members only in domains that have a leader
 */
typedef enum {
    VMC_RULE_APART,
    VMC_RULE_TOGETHER,
    VMC_RULE_SPREAD,
    VMC_RULE_NEAR,
    VMC_N_RULES
} VmcRuleKind;

/**
 * VmcColumn:
 * @flags: of #VmcColumnFlags
 * @load_weight: cost of each unit of use above `safe`
 * @spread_weight: cost of the standard deviation of use ÷ capacity
 * @peak_weight: cost of the largest use ÷ capacity
 */
typedef struct {
    guint flags;
    double load_weight;
    double spread_weight;
    double peak_weight;
} VmcColumn;

/**
 * VmcModelShape:
 * @first: a column
 * @second: another
 * @target: how much of @second should be free for each free unit of @first
 * @weight: cost of each unit of @second that is missing
 *
 * Costs weight × max(0, target × free[first] − free[second]) on each host.
 */
typedef struct {
    guint first;
    guint second;
    double target;
    double weight;
} VmcModelShape;

/**
 * VmcRule:
 * @kind: what it asks
 * @is_hard: whether it must hold
 * @level: whose domains it counts
 * @members: index of the group it binds
 * @leaders: index of the other group, of NEAR; −1
 * @n_domains: of SPREAD
 * @weight: of a soft rule, for each unit of violation
 * @tally: index of the tally of its members at its level
 * @leader_tally: the same of its leaders; −1
 */
typedef struct {
    VmcRuleKind kind;
    gboolean is_hard;
    guint level;
    guint members;
    gint32 leaders;
    guint n_domains;
    double weight;
    guint tally;
    gint32 leader_tally;
} VmcRule;

/**
 * VmcTally:
 * @group: the group it counts
 * @level: in the domains of this level
 * @at: where its counts begin in #VmcState.counts; −1 when they are counted
 *   from the members each time (small groups)
 */
typedef struct {
    guint group;
    guint level;
    gint64 at;
} VmcTally;

/**
 * VmcHinge:
 * @first: a column
 * @second: another one
 * @first_factor: what a unit of use of @first adds
 * @second_factor: what a unit of use of @second adds
 * @term: whose cost it is; set when it is added
 *
 * Many terms cost max(0, something linear in the use of one host). They all
 * become hinges, so that trying a VM on a host is one addition and one maximum
 * each, whatever the term: see vmc_model_add_hinge().
 */
typedef struct {
    guint first;
    guint second;
    double first_factor;
    double second_factor;
    VmcTermKind term;
} VmcHinge;

typedef struct _VmcModelDraft VmcModelDraft;

/**
 * VmcModel:
 * @n_hosts: how many hosts
 * @n_vms: how many VMs, also those to be placed
 * @n_columns: how many columns
 * @stride: columns a row of the arrays has: n_columns rounded up to even
 * @column: flags and weights of each column
 * @capacity: [host × stride + column], or %VMC_UNLIMITED
 * @safe: the threshold above which load costs, or %VMC_UNLIMITED
 * @base: what is there already and cannot move
 * @host_flags: of #VmcModelHostFlags
 * @need: [vm × stride + column]
 * @start: host each VM is on, or %VMC_NOWHERE
 * @host_set: index of the set of hosts it may be on, or −1 for all
 * @move_cost: cost of moving it at all
 * @move_group: group whose moves are counted together, or −1
 * @is_movable: whether it may leave its start host
 * @size: what it takes of all capacity, each limited column counting the same:
 *   1 for all VMs together if they filled it
 * @n_sets: how many host sets
 * @set_words: 64-bit words in each
 * @sets: the sets, one bit a host
 * @n_levels: how many levels; level 0 is the host itself
 * @n_domains: domains of each level
 * @domain: for levels above 0, [level][host]; %NULL for level 0
 * @hosts_of: for levels above 0, [level] the hosts of each domain, ascending
 * @groups: VMs of each group
 * @n_groups: how many groups
 * @n_rules: how many rules
 * @rules: the rules
 * @rules_of: for each VM the rules that count it, as rule × 2, + 1 where it is
 *   a leader; ascending
 * @has_soft_rules: whether any is soft
 * @n_tallies: how many tallies
 * @tallies: the tallies
 * @tallies_of: for each VM the tallies that count it
 * @n_counts: how many counts the stored tallies need
 * @n_move_groups: one above the largest of @move_group
 * @pair_class: for each host its class of distance
 * @n_pair_classes: how many classes; 0 when distance costs nothing
 * @pair_cost: [class of from × n_pair_classes + class of to]
 * @wish_set: host sets of wishes
 * @wish_weight: their weights
 * @wishes_of: the wishes of each VM
 * @n_shapes: how many shapes
 * @shapes: the shapes
 * @spare_level: whose domains may be lost, or −1
 * @slot: [column] the slot that spare room is counted in, or %NULL
 * @slots_of: for each VM how many slots it takes
 * @weight: of each term
 * @n_hinges: how many hinges
 * @hinge_stride: hinges a row has: n_hinges rounded up to even
 * @hinges: the hinges
 * @hinge_offset: [host × hinge_stride + hinge] its value with use 0
 * @lift: [vm × hinge_stride + hinge] what the VM adds to it
 * @keep_mask: [column] all ones, and zero where held: what a VM needs on its
 *   own start host when it comes back, and gives free when it leaves it
 */
typedef struct {
    guint n_hosts;
    guint n_vms;
    guint n_columns;
    guint stride;
    VmcColumn *column;
    gint64 *capacity;
    gint64 *safe;
    gint64 *base;
    guint8 *host_flags;
    gint64 *need;
    gint32 *start;
    gint32 *host_set;
    double *move_cost;
    gint32 *move_group;
    guint8 *is_movable;
    double *size;

    guint n_sets;
    guint set_words;
    guint64 *sets;

    guint n_levels;
    guint *n_domains;
    guint32 **domain;
    VmcRows *hosts_of;

    guint n_groups;
    VmcRows groups;
    guint n_rules;
    VmcRule *rules;
    VmcRows rules_of;
    gboolean has_soft_rules;
    guint n_tallies;
    VmcTally *tallies;
    VmcRows tallies_of;
    gsize n_counts;

    guint n_move_groups;
    guint16 *pair_class;
    guint n_pair_classes;
    double *pair_cost;
    gint32 *wish_set;
    double *wish_weight;
    VmcRows wishes_of;

    guint n_shapes;
    VmcModelShape *shapes;
    gint32 spare_level;
    gint64 *slot;
    guint32 *slots_of;
    double weight[VMC_N_TERMS];

    guint n_hinges;
    guint hinge_stride;
    VmcHinge *hinges;
    double *hinge_offset;
    double *lift;
    gint64 *keep_mask;

    VmcModelDraft *draft; /* until it is sealed */
} VmcModel;

/**
 * vmc_model_new:
 * @n_hosts: how many hosts
 * @n_vms: how many VMs
 * @n_columns: how many columns
 *
 * Hosts begin as TAKES, unlimited and empty; VMs movable, needing nothing and
 * on no host; columns without flags and weights; every term with weight 1, but
 * BROKEN with 1e12, so that nothing else is ever worth a breach.
 *
 * Returns: (transfer full): a model that is not sealed
 */
VmcModel *vmc_model_new(guint n_hosts, guint n_vms, guint n_columns);

void vmc_model_free(VmcModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcModel, vmc_model_free)

/**
 * vmc_model_set_column:
 * @model: one that is not sealed
 * @column: a column
 * @value: its flags and weights
 */
void vmc_model_set_column(VmcModel *model,
                          guint column,
                          const VmcColumn *value);

/**
 * vmc_model_set_host:
 * @model: one that is not sealed
 * @host: a host
 * @column: a column
 * @capacity: what it offers, or %VMC_UNLIMITED
 * @safe: the threshold above which load costs, or %VMC_UNLIMITED
 * @base: what is taken already and cannot move
 */
void vmc_model_set_host(VmcModel *model,
                        guint host,
                        guint column,
                        gint64 capacity,
                        gint64 safe,
                        gint64 base);

/**
 * vmc_model_set_host_flags:
 * @model: one that is not sealed
 * @host: a host
 * @flags: of #VmcModelHostFlags
 */
void vmc_model_set_host_flags(VmcModel *model, guint host, guint flags);

/**
 * vmc_model_set_need:
 * @model: one that is not sealed
 * @vm: a VM
 * @column: a column
 * @amount: what it takes of it
 */
void vmc_model_set_need(VmcModel *model, guint vm, guint column, gint64 amount);

/**
 * vmc_model_set_start:
 * @model: one that is not sealed
 * @vm: a VM
 * @host: where it is, or %VMC_NOWHERE for one that is to be placed
 */
void vmc_model_set_start(VmcModel *model, guint vm, gint32 host);

/**
 * vmc_model_set_move:
 * @model: one that is not sealed
 * @vm: a VM
 * @cost: of moving it, before the weight of %VMC_TERM_MOVES
 * @group: group whose moves are counted together, or −1
 */
void vmc_model_set_move(VmcModel *model, guint vm, double cost, gint32 group);

/**
 * vmc_model_fix_vm:
 * @model: one that is not sealed
 * @vm: a VM that may not leave its start host
 */
void vmc_model_fix_vm(VmcModel *model, guint vm);

/**
 * vmc_model_add_host_set:
 * @model: one that is not sealed
 * @hosts: hosts of the set
 * @n: how many
 *
 * Returns: the index of the set
 */
gint32 vmc_model_add_host_set(VmcModel *model, const guint32 *hosts, guint n);

/**
 * vmc_model_set_host_set:
 * @model: one that is not sealed
 * @vm: a VM
 * @set: the only hosts it may be on, as vmc_model_add_host_set() gave it, or
 *   −1 for all
 */
void vmc_model_set_host_set(VmcModel *model, guint vm, gint32 set);

/**
 * vmc_model_add_level:
 * @model: one that is not sealed
 * @domain: for each host its domain, below @n_domains
 * @n_domains: how many there are
 *
 * Returns: the index of the level, 1 for the first
 */
guint vmc_model_add_level(VmcModel *model,
                          const guint32 *domain,
                          guint n_domains);

/**
 * vmc_model_add_group:
 * @model: one that is not sealed
 * @vms: its VMs, each once
 * @n: how many
 *
 * Returns: the index of the group
 */
guint vmc_model_add_group(VmcModel *model, const guint32 *vms, guint n);

/**
 * vmc_model_add_rule:
 * @model: one that is not sealed
 * @rule: kind, is_hard, level, members, leaders (of NEAR), n_domains (of
 *   SPREAD) and weight (of a soft one); the tallies are found by the seal
 *
 * Returns: the index of the rule
 */
guint vmc_model_add_rule(VmcModel *model, const VmcRule *rule);

/**
 * vmc_model_add_wish:
 * @model: one that is not sealed
 * @vm: a VM
 * @set: a host set
 * @weight: cost of being outside of it, before the weight of
 *   %VMC_TERM_WISHES
 */
void vmc_model_add_wish(VmcModel *model, guint vm, gint32 set, double weight);

/**
 * vmc_model_add_shape:
 * @model: one that is not sealed
 * @shape: the proportion of two columns that should stay free
 */
void vmc_model_add_shape(VmcModel *model, const VmcModelShape *shape);

/**
 * vmc_model_set_distance:
 * @model: one that is not sealed
 * @class_of: for each host its class, below @n_classes
 * @n_classes: how many
 * @cost: [from × n_classes + to] cost of a move, before the weight of
 *   %VMC_TERM_DISTANCE
 */
void vmc_model_set_distance(VmcModel *model,
                            const guint16 *class_of,
                            guint n_classes,
                            const double *cost);

/**
 * vmc_model_set_spare:
 * @model: one that is not sealed
 * @level: the domains of this level are those that may be lost
 * @slot: [column] the slot that room and VMs are counted in; columns with 0 do
 *   not count
 */
void vmc_model_set_spare(VmcModel *model, guint level, const gint64 *slot);

/**
 * vmc_model_set_weight:
 * @model: one that is not sealed
 * @term: a term
 * @weight: what a unit of it costs; 0 switches it off
 */
void vmc_model_set_weight(VmcModel *model, VmcTermKind term, double weight);

/**
 * vmc_model_add_hinge:
 * @model: one that is being sealed: for add_hinges() of a term
 * @hinge: which columns it depends on, and how
 * @offset: [host] its value on an empty host; −INFINITY where it cannot cost
 */
void vmc_model_add_hinge(VmcModel *model,
                         const VmcHinge *hinge,
                         const double *offset);

/**
 * vmc_model_seal:
 * @model: one that is not sealed
 * @error: %VMC_ERROR_INVALID naming the index and what is wrong with it,
 *   %VMC_ERROR_TOO_LARGE
 *
 * Returns: %FALSE when the model makes no sense; it can only be freed then
 */
gboolean vmc_model_seal(VmcModel *model, GError **error);

/**
 * vmc_model_in_set:
 * @model: a sealed model
 * @set: a host set, or −1
 * @host: a host
 *
 * Returns: whether @host is in @set; all hosts are in −1
 */
static inline gboolean
vmc_model_in_set(const VmcModel *model, gint32 set, guint host)
{
    return set < 0 ||
           (model->sets[(gsize) set * model->set_words + host / 64] >>
                (host % 64) &
            1);
}

/**
 * vmc_model_domain:
 * @model: a sealed model
 * @level: a level
 * @host: a host
 *
 * Returns: the domain of @host
 */
static inline guint32
vmc_model_domain(const VmcModel *model, guint level, guint host)
{
    return level == 0 ? host : model->domain[level][host];
}

/**
 * vmc_model_may_sit:
 * @model: a sealed model
 * @vm: a VM
 * @host: a host
 *
 * Returns: whether @vm may be on @host as far as its host set, its being fixed
 * and the flags of the host say; room and rules are the state's to tell
 */
static inline gboolean
vmc_model_may_sit(const VmcModel *model, guint vm, guint host)
{
    gboolean is_start = model->start[vm] == (gint32) host;
    guint flags = model->host_flags[host];

    if (!vmc_model_in_set(model, model->host_set[vm], host))
        return FALSE;
    if (is_start)
        return (flags & VMC_MODEL_HOST_MUST_EMPTY) == 0;
    return (flags & VMC_MODEL_HOST_TAKES) != 0 && model->is_movable[vm];
}

/**
 * vmc_model_seat_cost:
 * @model: a sealed model
 * @vm: a VM
 * @host: a host
 *
 * Returns: what depends on the VM and its host alone: cost of the move and of
 * its distance, and unmet wishes, weights included
 */
double vmc_model_seat_cost(const VmcModel *model, guint vm, guint host);

/**
 * vmc_model_wish_cost:
 * @model: a sealed model
 * @vm: a VM
 * @host: a host
 *
 * Returns: the part of vmc_model_seat_cost() that is unmet wishes
 */
double vmc_model_wish_cost(const VmcModel *model, guint vm, guint host);
