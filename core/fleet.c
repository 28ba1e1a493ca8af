/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/fleet.h"

#include "core/error.h"
#include "core/catalog.h"

/* Sums are kept, not made: what a host carries is asked for each VM that is
 * placed. They are wide enough never to overflow, so that taking a VM away
 * gives back exactly what it was before it came. */
typedef unsigned __int128 WideAmount;

typedef struct {
    WideAmount amount[VMC_N_RESOURCES];
} WideSum;

/* What the VMs on one host are given and claim; an entry of #VmcFleet.uses. */
typedef struct {
    gatomicrefcount refs;
    char *host;
    WideSum size;
    WideSum claim;
    guint n_vms;
} Use;

struct _VmcFleet {
    gatomicrefcount refs;
    VmcCatalog *hosts;       /* VmcHost by name */
    VmcCatalog *vms;         /* VmcVm by name, then UUID */
    VmcCatalog *vms_by_uuid; /* VmcVm */
    VmcCatalog *uses;        /* Use by name of the host */
    VmcCatalog *groups;      /* VmcGroup by name */
    VmcCatalog *rules;       /* VmcPlacementRule by name */
    WideSum total_claim;
};

/* ---- sums --------------------------------------------------------------- */

static void
wide_add(WideSum *sum, VmcResources what)
{
    for (guint i = 0; i < VMC_N_RESOURCES; i++)
        sum->amount[i] += what.amount[i];
}

static void
wide_subtract(WideSum *sum, VmcResources what)
{
    for (guint i = 0; i < VMC_N_RESOURCES; i++)
        sum->amount[i] -= what.amount[i];
}

static VmcResources
wide_to_resources(const WideSum *sum)
{
    VmcResources resources;

    for (guint i = 0; i < VMC_N_RESOURCES; i++)
        resources.amount[i] =
            (guint64) MIN(sum->amount[i], (WideAmount) G_MAXUINT64);
    return resources;
}

static Use *
use_new(const char *host)
{
    Use *use = g_new0(Use, 1);

    g_atomic_ref_count_init(&use->refs);
    use->host = g_strdup(host);
    return use;
}

static Use *
use_copy(const Use *use)
{
    Use *copy = use_new(use->host);

    copy->size = use->size;
    copy->claim = use->claim;
    copy->n_vms = use->n_vms;
    return copy;
}

static void
use_unref(Use *use)
{
    if (!g_atomic_ref_count_dec(&use->refs))
        return;
    g_free(use->host);
    g_free(use);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Use, use_unref)

/* ---- the lists ----------------------------------------------------- */

static gpointer
ref_host(gpointer host)
{
    return vmc_host_ref(host);
}

static gpointer
ref_vm(gpointer vm)
{
    return vmc_vm_ref(vm);
}

static gpointer
ref_group(gpointer group)
{
    return vmc_group_ref(group);
}

static gpointer
ref_rule(gpointer rule)
{
    return vmc_placement_rule_ref(rule);
}

static gpointer
ref_use(gpointer value)
{
    Use *use = value;

    g_atomic_ref_count_inc(&use->refs);
    return use;
}

static int
compare_hosts(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(((const VmcHost *) a)->name, ((const VmcHost *) b)->name);
}

static int
compare_vm_uuids(gconstpointer a, gconstpointer b)
{
    return g_ascii_strcasecmp(((const VmcVm *) a)->uuid,
                              ((const VmcVm *) b)->uuid);
}

static int
compare_vms(gconstpointer a, gconstpointer b)
{
    int order = g_strcmp0(((const VmcVm *) a)->name, ((const VmcVm *) b)->name);

    return order != 0 ? order : compare_vm_uuids(a, b);
}

static int
compare_uses(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(((const Use *) a)->host, ((const Use *) b)->host);
}

static int
compare_groups(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(((const VmcGroup *) a)->name,
                     ((const VmcGroup *) b)->name);
}

static int
compare_rules(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(((const VmcPlacementRule *) a)->name,
                     ((const VmcPlacementRule *) b)->name);
}

static int
compare_name_to_group(gconstpointer key, gconstpointer group)
{
    return g_strcmp0(key, ((const VmcGroup *) group)->name);
}

static int
compare_name_to_rule(gconstpointer key, gconstpointer rule)
{
    return g_strcmp0(key, ((const VmcPlacementRule *) rule)->name);
}

static int
compare_name_to_host(gconstpointer key, gconstpointer host)
{
    return g_strcmp0(key, ((const VmcHost *) host)->name);
}

static int
compare_name_to_vm(gconstpointer key, gconstpointer vm)
{
    return g_strcmp0(key, ((const VmcVm *) vm)->name);
}

static int
compare_uuid_to_vm(gconstpointer key, gconstpointer vm)
{
    return g_ascii_strcasecmp(key, ((const VmcVm *) vm)->uuid);
}

static int
compare_host_to_use(gconstpointer key, gconstpointer use)
{
    return g_strcmp0(key, ((const Use *) use)->host);
}

static const VmcCatalogType host_type = {compare_hosts, ref_host,
                                         (GDestroyNotify) vmc_host_unref};
static const VmcCatalogType vm_type = {compare_vms, ref_vm,
                                       (GDestroyNotify) vmc_vm_unref};
static const VmcCatalogType vm_uuid_type = {compare_vm_uuids, ref_vm,
                                            (GDestroyNotify) vmc_vm_unref};
static const VmcCatalogType use_type = {compare_uses, ref_use,
                                        (GDestroyNotify) use_unref};
static const VmcCatalogType group_type = {compare_groups, ref_group,
                                          (GDestroyNotify) vmc_group_unref};
static const VmcCatalogType rule_type = {
    compare_rules, ref_rule, (GDestroyNotify) vmc_placement_rule_unref};

/* Puts @fresh, which is given away, in the place of *@catalog. */
static void
take_catalog(VmcCatalog **catalog, VmcCatalog *fresh)
{
    vmc_catalog_unref(*catalog);
    *catalog = fresh;
}

/* ---- changes to a fleet that nobody else has yet ------------------------ */

static VmcFleet *
fleet_copy(const VmcFleet *fleet)
{
    VmcFleet *copy = g_new0(VmcFleet, 1);

    g_atomic_ref_count_init(&copy->refs);
    copy->hosts = vmc_catalog_ref(fleet->hosts);
    copy->vms = vmc_catalog_ref(fleet->vms);
    copy->vms_by_uuid = vmc_catalog_ref(fleet->vms_by_uuid);
    copy->uses = vmc_catalog_ref(fleet->uses);
    copy->groups = vmc_catalog_ref(fleet->groups);
    copy->rules = vmc_catalog_ref(fleet->rules);
    copy->total_claim = fleet->total_claim;
    return copy;
}

static const Use *
find_use(const VmcFleet *fleet, const char *host)
{
    return vmc_catalog_find(fleet->uses, host, compare_host_to_use);
}

static void
count_in(VmcFleet *fleet, const char *host, const VmcVm *vm)
{
    const Use *old = find_use(fleet, host);
    g_autoptr(Use) use = old != NULL ? use_copy(old) : use_new(host);

    wide_add(&use->size, vm->size);
    wide_add(&use->claim, vmc_vm_claim(vm));
    use->n_vms++;
    take_catalog(&fleet->uses, vmc_catalog_with(fleet->uses, use));
}

static void
count_out(VmcFleet *fleet, const char *host, const VmcVm *vm)
{
    g_autoptr(Use) use = use_copy(find_use(fleet, host));

    wide_subtract(&use->size, vm->size);
    wide_subtract(&use->claim, vmc_vm_claim(vm));
    use->n_vms--;
    take_catalog(&fleet->uses, use->n_vms > 0
                                   ? vmc_catalog_with(fleet->uses, use)
                                   : vmc_catalog_without(fleet->uses, use));
}

typedef void (*CountFunc)(VmcFleet *fleet, const char *host, const VmcVm *vm);

/* A VM in transit counts on both hosts. */
static void
count_on_hosts(VmcFleet *fleet, const VmcVm *vm, CountFunc count)
{
    if (vm->host != NULL)
        count(fleet, vm->host, vm);
    if (vm->destination != NULL && g_strcmp0(vm->destination, vm->host) != 0)
        count(fleet, vm->destination, vm);
}

static void
remove_vm(VmcFleet *fleet, const VmcVm *vm)
{
    wide_subtract(&fleet->total_claim, vmc_vm_claim(vm));
    count_on_hosts(fleet, vm, count_out);
    take_catalog(&fleet->vms, vmc_catalog_without(fleet->vms, vm));
}

static void
insert_vm(VmcFleet *fleet, VmcVm *vm)
{
    wide_add(&fleet->total_claim, vmc_vm_claim(vm));
    count_on_hosts(fleet, vm, count_in);
    take_catalog(&fleet->vms, vmc_catalog_with(fleet->vms, vm));
    take_catalog(&fleet->vms_by_uuid, vmc_catalog_with(fleet->vms_by_uuid, vm));
}

/* ---- public: the value -------------------------------------------------- */

VmcFleet *
vmc_fleet_new(void)
{
    VmcFleet *fleet = g_new0(VmcFleet, 1);

    g_atomic_ref_count_init(&fleet->refs);
    fleet->hosts = vmc_catalog_new(&host_type);
    fleet->vms = vmc_catalog_new(&vm_type);
    fleet->vms_by_uuid = vmc_catalog_new(&vm_uuid_type);
    fleet->uses = vmc_catalog_new(&use_type);
    fleet->groups = vmc_catalog_new(&group_type);
    fleet->rules = vmc_catalog_new(&rule_type);
    return fleet;
}

VmcFleet *
vmc_fleet_ref(VmcFleet *fleet)
{
    g_return_val_if_fail(fleet != NULL, NULL);
    g_atomic_ref_count_inc(&fleet->refs);
    return fleet;
}

void
vmc_fleet_unref(VmcFleet *fleet)
{
    if (fleet == NULL || !g_atomic_ref_count_dec(&fleet->refs))
        return;
    vmc_catalog_unref(fleet->hosts);
    vmc_catalog_unref(fleet->vms);
    vmc_catalog_unref(fleet->vms_by_uuid);
    vmc_catalog_unref(fleet->uses);
    vmc_catalog_unref(fleet->groups);
    vmc_catalog_unref(fleet->rules);
    g_free(fleet);
}

/* ---- public: looking ---------------------------------------------------- */

guint
vmc_fleet_n_hosts(const VmcFleet *fleet)
{
    g_return_val_if_fail(fleet != NULL, 0);
    return vmc_catalog_size(fleet->hosts);
}

guint
vmc_fleet_n_vms(const VmcFleet *fleet)
{
    g_return_val_if_fail(fleet != NULL, 0);
    return vmc_catalog_size(fleet->vms);
}

VmcHost *
vmc_fleet_host_at(const VmcFleet *fleet, guint index)
{
    g_return_val_if_fail(fleet != NULL, NULL);
    return vmc_catalog_at(fleet->hosts, index);
}

VmcVm *
vmc_fleet_vm_at(const VmcFleet *fleet, guint index)
{
    g_return_val_if_fail(fleet != NULL, NULL);
    return vmc_catalog_at(fleet->vms, index);
}

VmcHost *
vmc_fleet_find_host(const VmcFleet *fleet, const char *name)
{
    g_return_val_if_fail(fleet != NULL && name != NULL, NULL);
    return vmc_catalog_find(fleet->hosts, name, compare_name_to_host);
}

/* Domains that were found may share a name with each other and with a managed
 * VM; the managed one is meant then. */
static VmcVm *
find_vm_by_name(const VmcFleet *fleet, const char *name)
{
    guint first = vmc_catalog_lower_bound(fleet->vms, name, compare_name_to_vm);
    VmcVm *found = NULL;

    for (guint i = first; i < vmc_catalog_size(fleet->vms); i++) {
        VmcVm *vm = vmc_catalog_at(fleet->vms, i);
        if (g_strcmp0(vm->name, name) != 0)
            break;
        if (vm->is_managed)
            return vm;
        if (found == NULL)
            found = vm;
    }
    return found;
}

VmcVm *
vmc_fleet_find_vm(const VmcFleet *fleet, const char *name_or_uuid)
{
    g_return_val_if_fail(fleet != NULL && name_or_uuid != NULL, NULL);
    VmcVm *vm =
        vmc_catalog_find(fleet->vms_by_uuid, name_or_uuid, compare_uuid_to_vm);
    return vm != NULL ? vm : find_vm_by_name(fleet, name_or_uuid);
}

gboolean
vmc_fleet_check_name_free(const VmcFleet *fleet,
                          const char *name,
                          const char *uuid,
                          GError **error)
{
    g_return_val_if_fail(fleet != NULL && name != NULL, FALSE);
    const VmcVm *other;

    if (!vmc_vm_name_check(name, error))
        return FALSE;
    other = vmc_fleet_find_vm(fleet, name);
    if (other == NULL || g_strcmp0(other->uuid, uuid) == 0)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_EXISTS,
                "the name '%s' is taken by a VM%s%s%s; choose another, or "
                "delete that one first",
                name, other->host != NULL ? " on host '" : "",
                other->host != NULL ? other->host : "",
                other->host != NULL ? "'" : "");
    return FALSE;
}

VmcHostUse
vmc_fleet_host_use(const VmcFleet *fleet, const char *host_name)
{
    g_return_val_if_fail(fleet != NULL && host_name != NULL, (VmcHostUse){0});
    const Use *use = find_use(fleet, host_name);
    if (use == NULL)
        return (VmcHostUse){0};
    return (VmcHostUse){.size = wide_to_resources(&use->size),
                        .claim = wide_to_resources(&use->claim),
                        .n_vms = use->n_vms};
}

VmcResources
vmc_fleet_total_claim(const VmcFleet *fleet)
{
    g_return_val_if_fail(fleet != NULL, (VmcResources){0});
    return wide_to_resources(&fleet->total_claim);
}

/* ---- public: changing --------------------------------------------------- */

VmcFleet *
vmc_fleet_with_host(const VmcFleet *fleet, VmcHost *host)
{
    g_return_val_if_fail(fleet != NULL && host != NULL, NULL);
    VmcFleet *changed = fleet_copy(fleet);
    take_catalog(&changed->hosts, vmc_catalog_with(changed->hosts, host));
    return changed;
}

VmcFleet *
vmc_fleet_without_host(const VmcFleet *fleet, const char *name)
{
    g_return_val_if_fail(fleet != NULL && name != NULL, NULL);
    VmcFleet *changed = fleet_copy(fleet);
    const VmcHost *host = vmc_fleet_find_host(fleet, name);
    if (host != NULL)
        take_catalog(&changed->hosts,
                     vmc_catalog_without(changed->hosts, host));
    return changed;
}

VmcFleet *
vmc_fleet_with_vm(const VmcFleet *fleet, VmcVm *vm)
{
    g_return_val_if_fail(fleet != NULL && vm != NULL, NULL);
    VmcFleet *changed = fleet_copy(fleet);
    const VmcVm *old =
        vmc_catalog_find(fleet->vms_by_uuid, vm->uuid, compare_uuid_to_vm);
    if (old != NULL)
        remove_vm(changed, old);
    insert_vm(changed, vm);
    return changed;
}

VmcFleet *
vmc_fleet_without_vm(const VmcFleet *fleet, const char *uuid)
{
    g_return_val_if_fail(fleet != NULL && uuid != NULL, NULL);
    VmcFleet *changed = fleet_copy(fleet);
    const VmcVm *old =
        vmc_catalog_find(fleet->vms_by_uuid, uuid, compare_uuid_to_vm);
    if (old != NULL) {
        remove_vm(changed, old);
        take_catalog(&changed->vms_by_uuid,
                     vmc_catalog_without(changed->vms_by_uuid, old));
    }
    return changed;
}

/* ---- public: groups and rules ------------------------------------------- */

guint
vmc_fleet_n_groups(const VmcFleet *fleet)
{
    g_return_val_if_fail(fleet != NULL, 0);
    return vmc_catalog_size(fleet->groups);
}

VmcGroup *
vmc_fleet_group_at(const VmcFleet *fleet, guint index)
{
    g_return_val_if_fail(fleet != NULL, NULL);
    return vmc_catalog_at(fleet->groups, index);
}

VmcGroup *
vmc_fleet_find_group(const VmcFleet *fleet, const char *name)
{
    g_return_val_if_fail(fleet != NULL && name != NULL, NULL);
    return vmc_catalog_find(fleet->groups, name, compare_name_to_group);
}

VmcFleet *
vmc_fleet_with_group(const VmcFleet *fleet, VmcGroup *group)
{
    g_return_val_if_fail(fleet != NULL && group != NULL, NULL);
    VmcFleet *changed = fleet_copy(fleet);
    take_catalog(&changed->groups, vmc_catalog_with(changed->groups, group));
    return changed;
}

VmcFleet *
vmc_fleet_without_group(const VmcFleet *fleet, const char *name)
{
    g_return_val_if_fail(fleet != NULL && name != NULL, NULL);
    VmcFleet *changed = fleet_copy(fleet);
    const VmcGroup *group = vmc_fleet_find_group(fleet, name);
    if (group != NULL)
        take_catalog(&changed->groups,
                     vmc_catalog_without(changed->groups, group));
    return changed;
}

guint
vmc_fleet_n_rules(const VmcFleet *fleet)
{
    g_return_val_if_fail(fleet != NULL, 0);
    return vmc_catalog_size(fleet->rules);
}

VmcPlacementRule *
vmc_fleet_rule_at(const VmcFleet *fleet, guint index)
{
    g_return_val_if_fail(fleet != NULL, NULL);
    return vmc_catalog_at(fleet->rules, index);
}

VmcPlacementRule *
vmc_fleet_find_rule(const VmcFleet *fleet, const char *name)
{
    g_return_val_if_fail(fleet != NULL && name != NULL, NULL);
    return vmc_catalog_find(fleet->rules, name, compare_name_to_rule);
}

VmcFleet *
vmc_fleet_with_rule(const VmcFleet *fleet, VmcPlacementRule *rule)
{
    g_return_val_if_fail(fleet != NULL && rule != NULL, NULL);
    VmcFleet *changed = fleet_copy(fleet);
    take_catalog(&changed->rules, vmc_catalog_with(changed->rules, rule));
    return changed;
}

VmcFleet *
vmc_fleet_without_rule(const VmcFleet *fleet, const char *name)
{
    g_return_val_if_fail(fleet != NULL && name != NULL, NULL);
    VmcFleet *changed = fleet_copy(fleet);
    const VmcPlacementRule *rule = vmc_fleet_find_rule(fleet, name);
    if (rule != NULL)
        take_catalog(&changed->rules,
                     vmc_catalog_without(changed->rules, rule));
    return changed;
}
