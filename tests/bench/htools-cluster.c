/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/bench/htools-cluster.h"

#include "core/error.h"
#include "core/planner/random.h"

#include <math.h>
#include <string.h>

/* Fields of a node's line, and how many there are at least. */
enum {
    NODE_NAME,
    NODE_MEMORY,
    NODE_OWN_MEMORY,
    NODE_FREE_MEMORY,
    NODE_DISK,
    NODE_FREE_DISK,
    NODE_CPUS,
    NODE_STATE,
    NODE_N_FIELDS = 9
};

/* Fields after those that a node may have. */
#define NODE_EXCLUSIVE_STORAGE 11
#define NODE_OWN_CPUS 13
#define NODE_CPU_SPEED 14

/* The same of an instance. */
enum {
    VM_NAME,
    VM_MEMORY,
    VM_DISK,
    VM_VCPUS,
    VM_STATE,
    VM_AUTO_BALANCE,
    VM_PRIMARY,
    VM_SECONDARY,
    VM_TEMPLATE,
    VM_TAGS,
    VM_N_FIELDS
};

/* Of a policy: owner, three lines of specifications, templates, two ratios. */
enum { POLICY_OWNER, POLICY_VCPU_RATIO = 4, POLICY_N_FIELDS = 6 };

enum { GROUPS, NODES, VMS, TAGS, POLICIES, N_SECTIONS };

/* ---- reading ------------------------------------------------------------- */

typedef struct {
    HtoolsCluster *cluster;
    GHashTable *node_index; /* name → index + 1 */
    guint begin[N_SECTIONS];
    guint n[N_SECTIONS];
    guint line; /* the one that is read */
} Reader;

static gboolean
refuse(const Reader *reader, const char *what, GError **error)
{
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID, "line %u %s",
                reader->line + 1, what);
    return FALSE;
}

static char **
read_fields(Reader *reader, guint line, guint n_least, GError **error)
{
    g_auto(GStrv) fields =
        g_strsplit(reader->cluster->lines->pdata[line], "|", 0);

    reader->line = line;
    if (g_strv_length(fields) < n_least) {
        refuse(reader, "has too few fields", error);
        return NULL;
    }
    return g_steal_pointer(&fields);
}

static gboolean
read_amount(const Reader *reader,
            const char *field,
            gint64 *ret_amount,
            GError **error)
{
    return g_ascii_string_to_signed(field, 10, 0, VMC_MAX_AMOUNT, ret_amount,
                                    NULL) ||
           refuse(reader, "has an amount that is no number", error);
}

/* Whether an optional field is away, or says what we take for granted. */
static gboolean
is_plain(char **fields, guint index, double plain)
{
    return g_strv_length(fields) <= index ||
           g_ascii_strtod(fields[index], NULL) == plain;
}

static gboolean
check_node(const Reader *reader, char **fields, GError **error)
{
    if (!g_str_equal(fields[NODE_STATE], "N") &&
        !g_str_equal(fields[NODE_STATE], "M"))
        return refuse(reader, "has a node that is not on line", error);
    if (g_strv_length(fields) > NODE_EXCLUSIVE_STORAGE &&
        g_str_equal(fields[NODE_EXCLUSIVE_STORAGE], "Y"))
        return refuse(reader, "has a node with exclusive storage", error);
    if (!is_plain(fields, NODE_OWN_CPUS, 0) ||
        !is_plain(fields, NODE_CPU_SPEED, 1))
        return refuse(reader, "has a node with CPUs of its own kind", error);
    return TRUE;
}

static gboolean
read_node(Reader *reader, guint node, GError **error)
{
    HtoolsCluster *cluster = reader->cluster;
    gint64 memory, free_memory, disk, free_disk, cpus;
    g_auto(GStrv) fields =
        read_fields(reader, reader->begin[NODES] + node, NODE_N_FIELDS, error);

    if (fields == NULL || !check_node(reader, fields, error) ||
        !read_amount(reader, fields[NODE_MEMORY], &memory, error) ||
        !read_amount(reader, fields[NODE_FREE_MEMORY], &free_memory, error) ||
        !read_amount(reader, fields[NODE_DISK], &disk, error) ||
        !read_amount(reader, fields[NODE_FREE_DISK], &free_disk, error) ||
        !read_amount(reader, fields[NODE_CPUS], &cpus, error))
        return FALSE;
    if (memory == 0 || cpus == 0)
        return refuse(reader, "has a node without memory or CPUs", error);
    cluster->memory_mib[node] = memory;
    cluster->base_mib[node] = memory - free_memory;
    cluster->cpus[node] = cpus;
    cluster->disk_ratio[node] =
        disk > 0 ? (double) free_disk / (double) disk : 1;
    g_hash_table_insert(reader->node_index, g_strdup(fields[NODE_NAME]),
                        GUINT_TO_POINTER(node + 1));
    return TRUE;
}

static gboolean
check_vm(const Reader *reader, char **fields, GError **error)
{
    static const char *const shared[] = {"rbd", "ext", "sharedfile", "gluster",
                                         NULL};

    if (!g_str_equal(fields[VM_STATE], "running"))
        return refuse(reader, "has an instance that does not run", error);
    if (*fields[VM_SECONDARY] != '\0')
        return refuse(reader, "has an instance with a secondary", error);
    if (!g_strv_contains(shared, fields[VM_TEMPLATE]))
        return refuse(reader, "has an instance whose disk is on one node",
                      error);
    return *fields[VM_TAGS] == '\0' ||
           refuse(reader, "has an instance with tags", error);
}

static gboolean
read_vm(Reader *reader, guint vm, GError **error)
{
    HtoolsCluster *cluster = reader->cluster;
    g_auto(GStrv) fields =
        read_fields(reader, reader->begin[VMS] + vm, VM_N_FIELDS, error);

    if (fields == NULL || !check_vm(reader, fields, error) ||
        !read_amount(reader, fields[VM_MEMORY], &cluster->vm_memory_mib[vm],
                     error) ||
        !read_amount(reader, fields[VM_VCPUS], &cluster->vm_vcpus[vm], error))
        return FALSE;
    guint index = GPOINTER_TO_UINT(
        g_hash_table_lookup(reader->node_index, fields[VM_PRIMARY]));
    if (index == 0)
        return refuse(reader, "has an instance on a node that is not there",
                      error);
    cluster->node_of[vm] = (gint32) index - 1;
    cluster->base_mib[index - 1] -= cluster->vm_memory_mib[vm];
    return TRUE;
}

/* That of the only group, or else of the cluster. */
static gboolean
read_policy(Reader *reader, GError **error)
{
    for (guint i = 0; i < reader->n[POLICIES]; i++) {
        g_auto(GStrv) fields = read_fields(reader, reader->begin[POLICIES] + i,
                                           POLICY_N_FIELDS, error);
        if (fields == NULL)
            return FALSE;
        reader->cluster->vcpu_ratio =
            g_ascii_strtod(fields[POLICY_VCPU_RATIO], NULL);
    }
    return reader->cluster->vcpu_ratio > 0 ||
           refuse(reader, "is the end, and no policy has a ratio of vCPUs",
                  error);
}

/* A blank line ends a section; that of tags is often empty. */
static void
find_sections(Reader *reader)
{
    const GPtrArray *lines = reader->cluster->lines;
    guint section = GROUPS;

    for (guint i = 0; i < lines->len && section < N_SECTIONS; i++) {
        const char *line = lines->pdata[i];
        if (*line != '\0')
            reader->n[section]++;
        else if (++section < N_SECTIONS)
            reader->begin[section] = i + 1;
    }
}

static gboolean
read_all(Reader *reader, GError **error)
{
    HtoolsCluster *cluster = reader->cluster;
    guint n_nodes = cluster->n_nodes = reader->n[NODES];
    guint n_vms = cluster->n_vms = reader->n[VMS];

    cluster->first_node = reader->begin[NODES];
    cluster->first_vm = reader->begin[VMS];
    cluster->memory_mib = g_new0(gint64, n_nodes);
    cluster->base_mib = g_new0(gint64, n_nodes);
    cluster->cpus = g_new0(gint64, n_nodes);
    cluster->disk_ratio = g_new0(double, n_nodes);
    cluster->vm_memory_mib = g_new0(gint64, n_vms);
    cluster->vm_vcpus = g_new0(gint64, n_vms);
    cluster->node_of = g_new0(gint32, n_vms);
    if (reader->n[GROUPS] != 1)
        return refuse(reader, "begins no section of one group", error);
    if (reader->n[TAGS] > 0)
        return refuse(reader, "begins a cluster with tags", error);
    for (guint node = 0; node < n_nodes; node++)
        if (!read_node(reader, node, error))
            return FALSE;
    for (guint vm = 0; vm < n_vms; vm++)
        if (!read_vm(reader, vm, error))
            return FALSE;
    return read_policy(reader, error);
}

HtoolsCluster *
htools_cluster_parse(const char *text, GError **error)
{
    g_autoptr(HtoolsCluster) cluster = g_new0(HtoolsCluster, 1);
    g_autoptr(GHashTable) node_index =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Reader reader = {.cluster = cluster, .node_index = node_index};
    char **lines = g_strsplit(text, "\n", 0);

    cluster->lines = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; lines[i] != NULL; i++)
        g_ptr_array_add(cluster->lines, lines[i]);
    g_free(lines);
    find_sections(&reader);
    return read_all(&reader, error) ? g_steal_pointer(&cluster) : NULL;
}

void
htools_cluster_free(HtoolsCluster *cluster)
{
    if (cluster == NULL)
        return;
    g_free(cluster->memory_mib);
    g_free(cluster->base_mib);
    g_free(cluster->cpus);
    g_free(cluster->disk_ratio);
    g_free(cluster->vm_memory_mib);
    g_free(cluster->vm_vcpus);
    g_free(cluster->node_of);
    g_ptr_array_unref(cluster->lines);
    g_free(cluster);
}

/* ---- writing ------------------------------------------------------------- */

/* (transfer full): what of memory is taken on each node */
static gint64 *
memory_taken(const HtoolsCluster *cluster, const gint32 *node_of)
{
    gint64 *taken = g_memdup2(cluster->base_mib,
                              cluster->n_nodes * sizeof *cluster->base_mib);

    for (guint vm = 0; vm < cluster->n_vms; vm++)
        taken[node_of[vm]] += cluster->vm_memory_mib[vm];
    return taken;
}

static void
append_with(GString *text, const char *line, guint field, const char *value)
{
    g_auto(GStrv) fields = g_strsplit(line, "|", 0);

    g_free(fields[field]);
    fields[field] = g_strdup(value);
    g_autofree char *joined = g_strjoinv("|", fields);
    g_string_append(text, joined);
}

static char *
node_name(const HtoolsCluster *cluster, guint node)
{
    const char *line = cluster->lines->pdata[cluster->first_node + node];

    return g_strndup(line, strcspn(line, "|"));
}

char *
htools_cluster_to_text(const HtoolsCluster *cluster, const gint32 *node_of)
{
    g_autofree gint64 *taken = memory_taken(cluster, node_of);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < cluster->lines->len; i++) {
        const char *line = cluster->lines->pdata[i];
        guint node = i - cluster->first_node;
        guint vm = i - cluster->first_vm;
        if (i > 0)
            g_string_append_c(text, '\n');
        if (node < cluster->n_nodes) {
            g_autofree char *free_mib = g_strdup_printf(
                "%" G_GINT64_FORMAT, cluster->memory_mib[node] - taken[node]);
            append_with(text, line, NODE_FREE_MEMORY, free_mib);
        } else if (vm < cluster->n_vms) {
            g_autofree char *name = node_name(cluster, (guint) node_of[vm]);
            append_with(text, line, VM_PRIMARY, name);
        } else {
            g_string_append(text, line);
        }
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* ---- score --------------------------------------------------------------- */

static double
deviation(const double *value, guint n)
{
    double mean = 0, squares = 0;

    for (guint i = 0; i < n; i++)
        mean += value[i] / n;
    for (guint i = 0; i < n; i++)
        squares += (value[i] - mean) * (value[i] - mean);
    return sqrt(squares / n);
}

/* Twice half of memory, disk and vCPUs: hbal counts them once with instances
 * to come, of which there are none. Nothing is reserved without secondaries,
 * and the load of each instance is 1 of each of four kinds. */
double
htools_cluster_score(const HtoolsCluster *cluster, const gint32 *node_of)
{
    guint n = cluster->n_nodes;
    g_autofree gint64 *taken = memory_taken(cluster, node_of);
    g_autofree double *memory = g_new0(double, n);
    g_autofree double *vcpus = g_new0(double, n);
    g_autofree double *load = g_new0(double, n);

    for (guint vm = 0; vm < cluster->n_vms; vm++) {
        vcpus[node_of[vm]] += (double) cluster->vm_vcpus[vm];
        load[node_of[vm]] += 1;
    }
    for (guint node = 0; node < n; node++) {
        memory[node] =
            1 - (double) taken[node] / (double) cluster->memory_mib[node];
        vcpus[node] /= (double) cluster->cpus[node];
    }
    return deviation(memory, n) + deviation(cluster->disk_ratio, n) +
           deviation(vcpus, n) + 4 * deviation(load, n);
}

/* ---- model --------------------------------------------------------------- */

enum { MEMORY, VCPUS, LOAD, N_COLUMNS };

/* vCPUs are counted in thousandths, so that any ratio is exact. */
#define MILLI 1000

static void
set_columns(VmcModel *model, const HtoolsCluster *cluster)
{
    const VmcColumn columns[] = {
        [MEMORY] = {.flags = VMC_COLUMN_HARD, .spread_weight = 1},
        [VCPUS] = {.flags = VMC_COLUMN_HARD,
                   .spread_weight = cluster->vcpu_ratio},
        [LOAD] = {.spread_weight = 4},
    };

    for (guint c = 0; c < N_COLUMNS; c++)
        vmc_model_set_column(model, c, &columns[c]);
    vmc_model_set_weight(model, VMC_TERM_HOSTS, 0);
    vmc_model_set_weight(model, VMC_TERM_BROKEN, 0);
    vmc_model_set_weight(model, VMC_TERM_DISRUPTION, 0);
}

/* hbal fills no node to its last MiB, but does not mind one that is so full. */
static void
set_node(VmcModel *model, const HtoolsCluster *cluster, guint node)
{
    gint64 vcpus = (gint64) floor(
        cluster->vcpu_ratio * MILLI * (double) cluster->cpus[node] + 1e-6);

    vmc_model_set_host(model, node, MEMORY, cluster->memory_mib[node],
                       VMC_UNLIMITED, cluster->base_mib[node] + 1);
    vmc_model_set_host(model, node, VCPUS, vcpus, VMC_UNLIMITED, 0);
    vmc_model_set_host(model, node, LOAD, 1, VMC_UNLIMITED, 0);
}

VmcModel *
htools_cluster_to_model(const HtoolsCluster *cluster,
                        double move_cost,
                        GError **error)
{
    g_autoptr(VmcModel) model =
        vmc_model_new(cluster->n_nodes, cluster->n_vms, N_COLUMNS);

    set_columns(model, cluster);
    for (guint node = 0; node < cluster->n_nodes; node++)
        set_node(model, cluster, node);
    for (guint vm = 0; vm < cluster->n_vms; vm++) {
        vmc_model_set_need(model, vm, MEMORY, cluster->vm_memory_mib[vm]);
        vmc_model_set_need(model, vm, VCPUS, cluster->vm_vcpus[vm] * MILLI);
        vmc_model_set_need(model, vm, LOAD, 1);
        vmc_model_set_start(model, vm, cluster->node_of[vm]);
        vmc_model_set_move(model, vm, move_cost, -1);
    }
    return vmc_model_seal(model, error) ? g_steal_pointer(&model) : NULL;
}

/* ---- made up ------------------------------------------------------------- */

static const struct {
    guint share; /* of all instances, in percent */
    guint memory_mib;
    guint disk_mib;
    guint vcpus;
} flavours[] = {
    {22, 1024, 10240, 1},  {22, 2048, 20480, 1},  {24, 4096, 40960, 2},
    {10, 8192, 40960, 2},  {10, 8192, 81920, 4},  {6, 16384, 81920, 4},
    {3, 16384, 163840, 8}, {2, 32768, 163840, 8}, {1, 65536, 327680, 16},
};

#define OWN_MIB 2048
#define N_DRAWS 1000

typedef struct {
    guint n_nodes;
    gint64 memory_mib; /* of a node */
    gint64 vcpus;      /* that a node may have */
    gint64 *free_mib;
    gint64 *free_vcpus;
    VmcRandom random;
} Making;

static guint
draw_flavour(VmcRandom *random)
{
    guint draw = vmc_random_below(random, 100);
    guint i = 0;

    while (draw >= flavours[i].share)
        draw -= flavours[i++].share;
    return i;
}

/* The lower half of the nodes is drawn half as often as the upper one. */
static guint
draw_node(Making *making, guint flavour)
{
    guint node = 0;

    for (guint i = 0; i < N_DRAWS; i++) {
        node = vmc_random_below(&making->random, making->n_nodes);
        gboolean is_shy = node < making->n_nodes / 2 &&
                          vmc_random_below(&making->random, 2) == 0;
        if (!is_shy && making->free_mib[node] > flavours[flavour].memory_mib &&
            making->free_vcpus[node] >= flavours[flavour].vcpus)
            break;
    }
    making->free_mib[node] -= flavours[flavour].memory_mib;
    making->free_vcpus[node] -= flavours[flavour].vcpus;
    return node;
}

static void
append_vms(GString *text, Making *making, const guint *flavour, guint n_vms)
{
    for (guint vm = 0; vm < n_vms; vm++) {
        guint f = flavour[vm];
        g_string_append_printf(
            text, "inst-%06u|%u|%u|%u|running|Y|node-%05u||rbd||1|-\n", vm,
            flavours[f].memory_mib, flavours[f].disk_mib, flavours[f].vcpus,
            draw_node(making, f));
    }
}

static void
append_nodes(GString *text, const Making *making, gint64 cpus)
{
    for (guint node = 0; node < making->n_nodes; node++)
        g_string_append_printf(
            text,
            "node-%05u|%" G_GINT64_FORMAT "|%u|%" G_GINT64_FORMAT
            "|1048576|1048576|%" G_GINT64_FORMAT "|%c|group|64||N|0|0|1.0\n",
            node, making->memory_mib, OWN_MIB, making->free_mib[node], cpus,
            node == 0 ? 'M' : 'N');
}

char *
htools_cluster_generate(guint n_nodes, guint n_vms, guint32 seed)
{
    static const char *const policy =
        "|128,1,1024,1,1,1|128,1,1024,1,1,1;131072,32,2097152,16,8,12|rbd|4.0|"
        "32.0\n";
    g_autofree guint *flavour = g_new(guint, n_vms);
    Making making = {.n_nodes = n_nodes};
    gint64 memory_mib = 0, vcpus = 0;
    GString *text = g_string_new("default|group|preferred||\n\n");
    g_autoptr(GString) vms = g_string_new(NULL);

    vmc_random_init(&making.random, seed);
    for (guint vm = 0; vm < n_vms; vm++) {
        flavour[vm] = draw_flavour(&making.random);
        memory_mib += flavours[flavour[vm]].memory_mib;
        vcpus += flavours[flavour[vm]].vcpus;
    }
    gint64 cpus = MAX(4, vcpus * 10 / 16 / n_nodes + 1);
    making.memory_mib = memory_mib * 10 / 7 / n_nodes + OWN_MIB;
    making.free_mib = g_new(gint64, n_nodes);
    making.free_vcpus = g_new(gint64, n_nodes);
    for (guint node = 0; node < n_nodes; node++) {
        making.free_mib[node] = making.memory_mib - OWN_MIB;
        making.free_vcpus[node] = 4 * cpus;
    }
    append_vms(vms, &making, flavour, n_vms);
    append_nodes(text, &making, cpus);
    g_string_append_printf(text, "\n%s\n\n%sdefault%s", vms->str, policy,
                           policy);
    g_free(making.free_mib);
    g_free(making.free_vcpus);
    return g_string_free(text, FALSE);
}
