/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/placement.h"

#include "core/error.h"
#include "core/host-fit.h"
#include "core/planner/advice.h"

#include <string.h>

/* One host tried for one request. */
typedef struct {
    const VmcPlacementRequest *request;
    const VmcHost *host;
    VmcHostUse use;          /* of the others: without the VM that is placed */
    VmcHostUse had;          /* by that VM there already */
    const VmcAdvice *advice; /* (nullable): what rules say */
} Trial;

static const char *const verdict_names[] = {
    [VMC_CANDIDATE_CHOSEN] = "chosen",
    [VMC_CANDIDATE_FEASIBLE] = "feasible",
    [VMC_CANDIDATE_REFUSED] = "refused",
};

const char *
vmc_candidate_verdict_to_name(VmcCandidateVerdict verdict)
{
    g_return_val_if_fail(verdict < G_N_ELEMENTS(verdict_names), NULL);
    return verdict_names[verdict];
}

/* ---- a trial ------------------------------------------------------------- */

static gboolean
is_there(const VmcVm *vm, const VmcHost *host)
{
    return vm != NULL && (g_strcmp0(vm->host, host->name) == 0 ||
                          g_strcmp0(vm->destination, host->name) == 0);
}

static void
set_apart_vm(Trial *trial, const VmcVm *vm)
{
    if (!is_there(vm, trial->host))
        return;
    trial->had = (VmcHostUse){vm->size, vmc_vm_claim(vm), 1};
    trial->use.size = vmc_resources_subtract(trial->use.size, vm->size);
    trial->use.claim =
        vmc_resources_subtract(trial->use.claim, trial->had.claim);
    trial->use.n_vms--;
}

static Trial
trial_of(const VmcFleet *fleet,
         const VmcPlacementRequest *request,
         const VmcHost *host,
         const VmcAdvice *advice)
{
    Trial trial = {.request = request,
                   .host = host,
                   .advice = advice,
                   .use = vmc_fleet_host_use(fleet, host->name)};

    if (request->vm_uuid != NULL)
        set_apart_vm(&trial, vmc_fleet_find_vm(fleet, request->vm_uuid));
    return trial;
}

/* ---- reasons to refuse: each gives words, or NULL when there is none ------
 */

static char *
refuse_by_state(const Trial *trial)
{
    const VmcHost *host = trial->host;

    if (vmc_host_takes_vms(host))
        return NULL;
    if (host->state_reason == NULL)
        return g_strdup_printf("it is %s", vmc_host_state_to_name(host->state));
    return g_strdup_printf("it is %s: %s", vmc_host_state_to_name(host->state),
                           host->state_reason);
}

static char *
refuse_by_wish(const Trial *trial)
{
    GPtrArray *wishes = trial->request->wishes;

    for (guint i = 0; wishes != NULL && i < wishes->len; i++) {
        const VmcWish *wish = wishes->pdata[i];
        if (wish->must && !vmc_wish_holds(wish, trial->host))
            return vmc_wish_describe(wish);
    }
    return NULL;
}

static char *
refuse_by_hardware(const Trial *trial)
{
    const VmcPlacementRequest *request = trial->request;
    const VmcHostNeeds needs = {.cpu_model = request->cpu_model,
                                .machine = request->machine,
                                .pools = request->pools,
                                .networks = request->networks,
                                .bridges = request->bridges};

    if (g_strcmp0(request->domain_type, "kvm") == 0 &&
        g_strcmp0(trial->host->domain_type, "qemu") == 0)
        return g_strdup("it has no KVM");
    return vmc_host_misfit(trial->host, &needs);
}

static char *
describe_shortage(VmcResource resource,
                  const char *verb,
                  guint64 need,
                  guint64 left,
                  guint64 whole,
                  const char *whole_name)
{
    g_autofree char *need_text = vmc_resource_format(resource, need);
    g_autofree char *left_text = vmc_resource_format(resource, left);
    g_autofree char *whole_text = vmc_resource_format(resource, whole);

    return g_strdup_printf("%s: %s %s, %s left of %s %s",
                           vmc_resource_to_name(resource), verb, need_text,
                           left_text, whole_text, whole_name);
}

/* Σ claim ≤ capacity. A VM that is there and wants no more of a resource may
 * keep what it has, however full the host is. */
static char *
refuse_by_claim(const Trial *trial)
{
    VmcResources capacity = vmc_host_capacity(trial->host);
    VmcResources left = vmc_resources_subtract(capacity, trial->use.claim);
    VmcResources claim = trial->request->claim;

    for (guint i = 0; i < VMC_N_RESOURCES; i++) {
        VmcResource resource = (VmcResource) i;
        if (claim.amount[i] > MAX(left.amount[i], trial->had.claim.amount[i]) &&
            vmc_host_knows(trial->host, resource))
            return describe_shortage(resource, "claims", claim.amount[i],
                                     left.amount[i], capacity.amount[i],
                                     "capacity");
    }
    return NULL;
}

/* Σ size ≤ capacity × limit, likewise */
static char *
refuse_by_ceiling(const Trial *trial)
{
    VmcResources ceiling = vmc_host_ceiling(trial->host);
    VmcResources left = vmc_resources_subtract(ceiling, trial->use.size);
    VmcResource tight;

    if (vmc_resources_fit(trial->request->size,
                          vmc_resources_max(left, trial->had.size), &tight))
        return NULL;
    return describe_shortage(
        tight, "is given", trial->request->size.amount[tight],
        left.amount[tight], ceiling.amount[tight], "overcommit ceiling");
}

/* What the planner has to say; the rest is decided here. */
static char *
refuse_by_rule(const Trial *trial)
{
    return vmc_advice_refusal(trial->advice, trial->host->name);
}

typedef char *(*RefuseFunc)(const Trial *trial);

/* In the order an operator would look: is it there at all, is it wanted there,
 * can it run there, is there room, what would it break. */
static const RefuseFunc refusals[] = {
    refuse_by_state, refuse_by_wish,    refuse_by_hardware,
    refuse_by_claim, refuse_by_ceiling, refuse_by_rule,
};

static char *
refuse(const Trial *trial)
{
    for (gsize i = 0; i < G_N_ELEMENTS(refusals); i++) {
        char *reason = refusals[i](trial);
        if (reason != NULL)
            return reason;
    }
    return NULL;
}

/* ---- how well it fits ---------------------------------------------------- */

static guint
count_unmet(const Trial *trial)
{
    GPtrArray *wishes = trial->request->wishes;
    guint n_unmet = 0;

    for (guint i = 0; wishes != NULL && i < wishes->len; i++)
        if (!vmc_wish_holds(wishes->pdata[i], trial->host))
            n_unmet++;
    return n_unmet;
}

static gint64
share_left_milli(const Trial *trial, VmcResource resource)
{
    guint64 capacity = vmc_host_capacity(trial->host).amount[resource];
    guint64 claim = trial->use.claim.amount[resource] +
                    trial->request->claim.amount[resource];

    if (capacity == 0)
        return 0;
    return (gint64) ((unsigned __int128) (capacity - claim) * 1000 / capacity);
}

/* The thousandths left of the resource that gets tightest, and which it is. */
static gint64
score(const Trial *trial, VmcResource *ret_tightest)
{
    gint64 least = G_MAXINT64;

    for (guint i = 0; i < VMC_N_RESOURCES; i++) {
        VmcResource resource = (VmcResource) i;
        if (!vmc_host_knows(trial->host, resource))
            continue;
        gint64 share = share_left_milli(trial, resource);
        if (share < least) {
            least = share;
            *ret_tightest = resource;
        }
    }
    return least;
}

static char *
describe_fit(const VmcCandidate *candidate, VmcResource tightest)
{
    g_autofree char *unmet =
        candidate->n_unmet == 0
            ? g_strdup("")
            : g_strdup_printf("; %u of its wishes unmet", candidate->n_unmet);

    return g_strdup_printf("fits; %" G_GINT64_FORMAT ".%d %% of %s left%s",
                           candidate->score_milli / 10,
                           (int) (candidate->score_milli % 10),
                           vmc_resource_to_name(tightest), unmet);
}

static VmcCandidate *
examine(const Trial *trial)
{
    VmcCandidate *candidate = g_new0(VmcCandidate, 1);
    VmcResource tightest = VMC_CPU;

    candidate->host = g_strdup(trial->host->name);
    candidate->reason = refuse(trial);
    if (candidate->reason != NULL) {
        candidate->verdict = VMC_CANDIDATE_REFUSED;
        return candidate;
    }
    candidate->verdict = VMC_CANDIDATE_FEASIBLE;
    candidate->n_unmet = count_unmet(trial);
    candidate->score_milli = score(trial, &tightest);
    candidate->reason = describe_fit(candidate, tightest);
    return candidate;
}

static gboolean
is_better(const VmcCandidate *candidate, const VmcCandidate *best)
{
    if (candidate->verdict == VMC_CANDIDATE_REFUSED)
        return FALSE;
    if (best == NULL || candidate->n_unmet != best->n_unmet)
        return best == NULL || candidate->n_unmet < best->n_unmet;
    return candidate->score_milli < best->score_milli;
}

/* ---- rules --------------------------------------------------------------- */

/* Stands for a VM that is not there yet. */
#define NEW_UUID "ffffffff-ffff-4fff-bfff-ffffffffffff"

/* Asked only where there are rules: it looks at the whole fleet. */
static VmcAdvice *
ask_planner(const VmcFleet *fleet, const VmcPlacementRequest *request)
{
    const VmcVm *known = request->vm_uuid != NULL
                             ? vmc_fleet_find_vm(fleet, request->vm_uuid)
                             : NULL;

    if (vmc_fleet_n_rules(fleet) == 0)
        return NULL;
    if (known != NULL)
        return vmc_advice_new(fleet, known);
    g_autoptr(VmcVm) vm =
        vmc_vm_new(request->vm_uuid != NULL ? request->vm_uuid : NEW_UUID,
                   request->vm_name != NULL ? request->vm_name : "");
    vm->is_managed = TRUE;
    vm->template_name = g_strdup(request->template_name);
    return vmc_advice_new(fleet, vm);
}

/* ---- public -------------------------------------------------------------- */

static void
candidate_free(VmcCandidate *candidate)
{
    g_free(candidate->host);
    g_free(candidate->reason);
    g_free(candidate);
}

VmcPlacement *
vmc_placement_find(const VmcFleet *fleet, const VmcPlacementRequest *request)
{
    g_return_val_if_fail(fleet != NULL && request != NULL, NULL);
    VmcPlacement *placement = g_new0(VmcPlacement, 1);
    VmcCandidate *best = NULL;
    g_autoptr(VmcAdvice) advice = ask_planner(fleet, request);

    placement->candidates =
        g_ptr_array_new_with_free_func((GDestroyNotify) candidate_free);
    for (guint i = 0; i < vmc_fleet_n_hosts(fleet); i++) {
        Trial trial =
            trial_of(fleet, request, vmc_fleet_host_at(fleet, i), advice);
        VmcCandidate *candidate = examine(&trial);
        g_ptr_array_add(placement->candidates, candidate);
        if (is_better(candidate, best))
            best = candidate;
    }
    if (best != NULL) {
        best->verdict = VMC_CANDIDATE_CHOSEN;
        placement->host = g_strdup(best->host);
    }
    return placement;
}

gboolean
vmc_placement_check(const VmcFleet *fleet,
                    const VmcPlacementRequest *request,
                    const char *host_name,
                    GError **error)
{
    g_return_val_if_fail(fleet != NULL && request != NULL, FALSE);
    const VmcHost *host = vmc_fleet_find_host(fleet, host_name);

    if (host == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "there is no host '%s'; 'vmctl host list' shows all",
                    host_name);
        return FALSE;
    }
    g_autoptr(VmcAdvice) advice = ask_planner(fleet, request);
    Trial trial = trial_of(fleet, request, host, advice);
    g_autofree char *reason = refuse(&trial);
    if (reason == NULL)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                "host '%s' cannot take VM '%s': %s", host_name,
                request->vm_name, reason);
    return FALSE;
}

/* An error is one sentence: with many hosts the first few say enough, and the
 * dry run shows all. */
#define MAX_REASONS_IN_ERROR 4

GError *
vmc_placement_to_error(const VmcPlacement *placement,
                       const VmcPlacementRequest *request)
{
    g_return_val_if_fail(placement != NULL && request != NULL, NULL);
    GPtrArray *candidates = placement->candidates;
    g_autoptr(GString) text = g_string_new(NULL);

    if (candidates->len == 0)
        return g_error_new(VMC_ERROR, VMC_ERROR_REFUSED,
                           "VM '%s' has nowhere to go: the fleet has no hosts; "
                           "add one with 'vmctl host add'",
                           request->vm_name);
    for (guint i = 0; i < MIN(candidates->len, MAX_REASONS_IN_ERROR); i++) {
        const VmcCandidate *candidate = candidates->pdata[i];
        g_string_append_printf(text, "%s%s: %s", i > 0 ? "; " : "",
                               candidate->host, candidate->reason);
    }
    if (candidates->len > MAX_REASONS_IN_ERROR)
        g_string_append_printf(text, "; and %u more, see --dry-run",
                               candidates->len - MAX_REASONS_IN_ERROR);
    return g_error_new(VMC_ERROR, VMC_ERROR_REFUSED,
                       "no host can take VM '%s': %s", request->vm_name,
                       text->str);
}

void
vmc_placement_free(VmcPlacement *placement)
{
    if (placement == NULL)
        return;
    g_free(placement->host);
    g_ptr_array_unref(placement->candidates);
    g_free(placement);
}
