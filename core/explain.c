/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/explain.h"

#include "core/units.h"

#define NOTHING "-"

static void
add_row(VmcExplanation *explanation, GStrvBuilder *cells)
{
    g_ptr_array_add(explanation->rows, g_strv_builder_end(cells));
    g_strv_builder_unref(cells);
}

static void
add_cell(GStrvBuilder *cells, char *text)
{
    g_strv_builder_add(cells, text);
    g_free(text);
}

/* For people: sizes as measured are no round numbers, and three digits of them
 * are enough. */
static char *
format_amount(VmcResource resource, guint64 amount)
{
    return resource == VMC_MEMORY || resource == VMC_DISK
               ? vmc_units_format_bytes_short(amount)
               : vmc_resource_format(resource, amount);
}

static char *
exact_amount(guint64 amount)
{
    return amount == G_MAXUINT64
               ? g_strdup("")
               : g_strdup_printf("%" G_GUINT64_FORMAT, amount);
}

/* %G_MAXUINT64 is what is not known, or has no end. */
static void
add_amount(GStrvBuilder *cells,
           VmcExplainStyle style,
           VmcResource resource,
           guint64 amount)
{
    if (style == VMC_EXPLAIN_EXACT)
        add_cell(cells, exact_amount(amount));
    else if (amount == G_MAXUINT64)
        g_strv_builder_add(cells, NOTHING);
    else
        add_cell(cells, format_amount(resource, amount));
}

static VmcExplanation *
explanation_new(char *title, const char *const *columns)
{
    VmcExplanation *explanation = g_new0(VmcExplanation, 1);

    explanation->title = title;
    explanation->columns = g_strdupv((GStrv) columns);
    explanation->rows =
        g_ptr_array_new_with_free_func((GDestroyNotify) g_strfreev);
    return explanation;
}

static VmcResources
room_on(const VmcFleet *fleet, const VmcHost *host)
{
    return vmc_resources_subtract(vmc_host_capacity(host),
                                  vmc_fleet_host_use(fleet, host->name).claim);
}

/* ---- a VM ---------------------------------------------------------------- */

static void
add_factor(GStrvBuilder *cells, const VmcFactor *factor)
{
    g_autofree char *value = vmc_units_format_millicores(factor->value_milli);

    add_cell(cells, factor->is_auto ? g_strdup_printf("%s auto", value)
                                    : g_steal_pointer(&value));
    g_strv_builder_add(cells, vmc_factor_source_to_name(factor->source));
}

static void
add_vm_row(VmcExplanation *explanation,
           const VmcFleet *fleet,
           const VmcVm *vm,
           VmcExplainStyle style,
           VmcResource resource)
{
    const VmcHost *host =
        vm->host != NULL ? vmc_fleet_find_host(fleet, vm->host) : NULL;
    GStrvBuilder *cells = g_strv_builder_new();

    g_strv_builder_add(cells, vmc_resource_to_name(resource));
    add_amount(cells, style, resource, vm->size.amount[resource]);
    add_factor(cells, &vm->factors.of[resource]);
    add_amount(cells, style, resource, vmc_vm_claim(vm).amount[resource]);
    add_amount(cells, style, resource,
               vm->demand_age_s < 0 ? G_MAXUINT64
                                    : vm->demand.amount[resource]);
    add_amount(cells, style, resource,
               host == NULL || !vmc_host_knows(host, resource)
                   ? G_MAXUINT64
                   : room_on(fleet, host).amount[resource]);
    add_row(explanation, cells);
}

static char *
describe_triple(const char *what, VmcResource resource, const VmcTriple *triple)
{
    /* vCPUs are counted, everything else is in the resource's unit */
    guint64 unit = resource == VMC_CPU ? 1000 : 1;
    g_autofree char *requested =
        format_amount(resource, triple->requested * unit);
    g_autofree char *plugged = format_amount(resource, triple->plugged * unit);
    g_autofree char *usable =
        triple->usable == 0 ? g_strdup("not known")
                            : format_amount(resource, triple->usable * unit);

    return g_strdup_printf("%s: %s requested, %s plugged, %s usable in the "
                           "guest",
                           what, requested, plugged, usable);
}

static char *
describe_place(const VmcVm *vm)
{
    const char *state = vmc_vm_state_to_name(vm->state);

    if (vm->host == NULL)
        return g_strdup_printf("%s, on no host", state);
    if (vm->destination != NULL)
        return g_strdup_printf("%s on '%s', moving to '%s': it counts on both",
                               state, vm->host, vm->destination);
    return g_strdup_printf("%s on '%s'", state, vm->host);
}

static char *
describe_demand(const VmcVm *vm)
{
    if (vm->demand_age_s < 0)
        return g_strdup("demand: not measured yet; its claim stands for it");
    return g_strdup_printf("demand: measured %" G_GINT64_FORMAT " s ago",
                           vm->demand_age_s);
}

static GStrv
notes_of_vm(const VmcFleet *fleet, const VmcVm *vm)
{
    g_autoptr(GStrvBuilder) notes = g_strv_builder_new();
    guint64 weight = vmc_explain_weight_milli(fleet, vmc_vm_claim(vm));

    add_cell(notes, describe_place(vm));
    if (vm->state_reason != NULL)
        add_cell(notes, g_strdup_printf("why: %s", vm->state_reason));
    add_cell(notes, describe_triple("vCPUs", VMC_CPU, &vm->vcpus));
    add_cell(notes, describe_triple("memory", VMC_MEMORY, &vm->memory_bytes));
    add_cell(notes, describe_demand(vm));
    add_cell(notes, g_strdup_printf("claims, each as a share of the fleet, "
                                    "sum to %" G_GUINT64_FORMAT ".%u %%",
                                    weight / 10, (guint) (weight % 10)));
    if (vm->pending != NULL)
        add_cell(notes, g_strdup_printf("pending: %s", vm->pending));
    if (!vm->is_managed)
        g_strv_builder_add(notes, "not managed: counted, never touched; "
                                  "'vmctl adopt' takes it over");
    return g_strv_builder_end(notes);
}

VmcExplanation *
vmc_explain_vm(const VmcFleet *fleet, const VmcVm *vm, VmcExplainStyle style)
{
    static const char *const columns[] = {"RESOURCE",     "SIZE",  "V",
                                          "V FROM",       "CLAIM", "DEMAND",
                                          "LEFT ON HOST", NULL};

    g_return_val_if_fail(fleet != NULL && vm != NULL, NULL);
    VmcExplanation *explanation = explanation_new(
        g_strdup_printf("VM %s (%s)", vm->name, vm->uuid), columns);
    for (guint i = 0; i < VMC_N_RESOURCES; i++)
        add_vm_row(explanation, fleet, vm, style, (VmcResource) i);
    explanation->notes = notes_of_vm(fleet, vm);
    return explanation;
}

/* ---- a host -------------------------------------------------------------- */

static void
add_host_row(VmcExplanation *explanation,
             const VmcFleet *fleet,
             const VmcHost *host,
             VmcExplainStyle style,
             VmcResource resource)
{
    VmcHostUse use = vmc_fleet_host_use(fleet, host->name);
    gboolean is_known = vmc_host_knows(host, resource);
    GStrvBuilder *cells = g_strv_builder_new();
    const guint64 amounts[] = {
        is_known ? host->physical.amount[resource] : G_MAXUINT64,
        host->reserved.amount[resource],
        is_known ? vmc_host_capacity(host).amount[resource] : G_MAXUINT64,
        use.claim.amount[resource],
        is_known ? room_on(fleet, host).amount[resource] : G_MAXUINT64,
        use.size.amount[resource],
        vmc_host_ceiling(host).amount[resource],
    };

    g_strv_builder_add(cells, vmc_resource_to_name(resource));
    for (gsize i = 0; i < G_N_ELEMENTS(amounts); i++)
        add_amount(cells, style, resource, amounts[i]);
    add_row(explanation, cells);
}

static char *
describe_tenant(const VmcVm *vm)
{
    VmcResources claim = vmc_vm_claim(vm);
    g_autofree char *cpu = format_amount(VMC_CPU, claim.amount[VMC_CPU]);
    g_autofree char *memory =
        format_amount(VMC_MEMORY, claim.amount[VMC_MEMORY]);

    return g_strdup_printf("VM '%s' (%s%s) claims %s CPU, %s memory", vm->name,
                           vmc_vm_state_to_name(vm->state),
                           vm->is_managed ? "" : ", not managed", cpu, memory);
}

static GStrv
notes_of_host(const VmcFleet *fleet, const VmcHost *host)
{
    g_autoptr(GStrvBuilder) notes = g_strv_builder_new();

    add_cell(notes, host->state_reason == NULL
                        ? g_strdup_printf("it is %s",
                                          vmc_host_state_to_name(host->state))
                        : g_strdup_printf("it is %s: %s",
                                          vmc_host_state_to_name(host->state),
                                          host->state_reason));
    for (guint i = 0; i < vmc_fleet_n_vms(fleet); i++) {
        const VmcVm *vm = vmc_fleet_vm_at(fleet, i);
        if (g_strcmp0(vm->host, host->name) == 0 ||
            g_strcmp0(vm->destination, host->name) == 0)
            add_cell(notes, describe_tenant(vm));
    }
    return g_strv_builder_end(notes);
}

VmcExplanation *
vmc_explain_host(const VmcFleet *fleet,
                 const VmcHost *host,
                 VmcExplainStyle style)
{
    static const char *const columns[] = {"RESOURCE", "PHYSICAL", "RESERVED",
                                          "CAPACITY", "CLAIMED",  "LEFT",
                                          "GIVEN",    "CEILING",  NULL};

    g_return_val_if_fail(fleet != NULL && host != NULL, NULL);
    VmcExplanation *explanation = explanation_new(
        g_strdup_printf("host %s (%s)", host->name, host->uri), columns);
    for (guint i = 0; i < VMC_N_RESOURCES; i++)
        add_host_row(explanation, fleet, host, style, (VmcResource) i);
    explanation->notes = notes_of_host(fleet, host);
    return explanation;
}

/* ---- order --------------------------------------------------------------- */

guint64
vmc_explain_weight_milli(const VmcFleet *fleet, VmcResources claim)
{
    g_return_val_if_fail(fleet != NULL, 0);
    VmcResources total = {0};
    guint64 weight_milli = 0;

    for (guint i = 0; i < vmc_fleet_n_hosts(fleet); i++)
        total = vmc_resources_add(
            total, vmc_host_capacity(vmc_fleet_host_at(fleet, i)));
    for (guint i = 0; i < VMC_N_RESOURCES; i++)
        if (total.amount[i] > 0)
            weight_milli += (guint64) ((unsigned __int128) claim.amount[i] *
                                       1000 / total.amount[i]);
    return weight_milli;
}

void
vmc_explanation_free(VmcExplanation *explanation)
{
    if (explanation == NULL)
        return;
    g_free(explanation->title);
    g_strfreev(explanation->columns);
    g_ptr_array_unref(explanation->rows);
    g_strfreev(explanation->notes);
    g_free(explanation);
}
