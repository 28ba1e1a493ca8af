/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/template-draft.h"

#include "core/units.h"

#include <string.h>

#define MAX_DISKS 20
#define MAX_NICS 16
#define MIN_DISK_BYTES (G_GUINT64_CONSTANT(1) << 20)
#define MAX_DISK_BYTES (G_GUINT64_CONSTANT(64) << 40)

/* Memory that can be plugged needs a page descriptor of 64 bytes per 4 KiB, in
 * memory the guest already has: with 16 times that is a quarter of it. */
#define MAX_MEMORY_RATIO 16

#define FAIL(place, error, ...)                                                \
    vmc_template_set_error(error, VMC_ERROR_INVALID, (place)->path,            \
                           (place)->line, __VA_ARGS__)

VmcTemplateDraft *
vmc_template_draft_new(void)
{
    VmcTemplateDraft *draft = g_new0(VmcTemplateDraft, 1);

    draft->tmpl = vmc_template_new();
    draft->tmpl->has_console = TRUE;
    draft->tmpl->has_agent = TRUE;
    draft->disk_places =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    draft->parameter_places =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return draft;
}

void
vmc_template_draft_free(VmcTemplateDraft *draft)
{
    if (draft == NULL)
        return;
    vmc_template_unref(draft->tmpl);
    g_hash_table_unref(draft->disk_places);
    g_hash_table_unref(draft->parameter_places);
    g_free(draft);
}

/* ---- ranges -------------------------------------------------------------- */

static const char *
range_element(VmcResource resource)
{
    return resource == VMC_CPU ? "vcpus" : vmc_resource_to_name(resource);
}

static gboolean
check_order(const VmcRangeDraft *draft,
            VmcResource resource,
            const char *low_name,
            guint64 low,
            const char *high_name,
            guint64 high,
            GError **error)
{
    if (low <= high)
        return TRUE;
    g_autofree char *low_text = vmc_resource_format(resource, low);
    g_autofree char *high_text = vmc_resource_format(resource, high);
    FAIL(&draft->place, error,
         "'%s' %s of <%s> is above its '%s' %s; expected min <= default <= max",
         low_name, low_text, range_element(resource), high_name, high_text);
    return FALSE;
}

static gboolean
check_amount(const VmcRangeDraft *draft,
             VmcResource resource,
             const char *name,
             guint64 amount,
             GError **error)
{
    g_autoptr(GError) failure = NULL;

    if (vmc_template_check_amount(resource, amount, &failure))
        return TRUE;
    FAIL(&draft->place, error, "'%s' of <%s>: %s", name,
         range_element(resource), failure->message);
    return FALSE;
}

static gboolean
check_amounts(const VmcRangeDraft *draft, VmcResource resource, GError **error)
{
    const VmcRange *range = &draft->range;

    return (!draft->has_min ||
            check_amount(draft, resource, "min", range->min, error)) &&
           (!draft->has_initial ||
            check_amount(draft, resource, "default", range->initial, error)) &&
           (!draft->has_max ||
            check_amount(draft, resource, "max", range->max, error));
}

/* What is not said: a VM starts with its least, and stays as it is. */
static void
fill_range(VmcRangeDraft *draft)
{
    VmcRange *range = &draft->range;

    if (!draft->has_initial)
        range->initial = draft->has_min ? range->min : range->max;
    if (!draft->has_min)
        range->min = range->initial;
    if (!draft->has_max)
        range->max = range->initial;
}

static gboolean
finish_range(VmcTemplateDraft *draft,
             VmcResource resource,
             VmcRange *ret_range,
             GError **error)
{
    VmcRangeDraft *part = &draft->ranges[resource];
    const VmcRange *range = &part->range;

    if (!part->has_min && !part->has_initial && !part->has_max) {
        if (resource == VMC_NETWORK)
            return TRUE;
        FAIL(&draft->root_place, error,
             "the template gives no <%s> in <size>; expected it here or in "
             "what it extends",
             range_element(resource));
        return FALSE;
    }
    if (!check_amounts(part, resource, error))
        return FALSE;
    fill_range(part);
    if (!check_order(part, resource, "min", range->min, "max", range->max,
                     error) ||
        !check_order(part, resource, "min", range->min, "default",
                     range->initial, error) ||
        !check_order(part, resource, "default", range->initial, "max",
                     range->max, error))
        return FALSE;
    *ret_range = *range;
    return TRUE;
}

static gboolean
finish_size(VmcTemplateDraft *draft, GError **error)
{
    VmcTemplate *tmpl = draft->tmpl;

    if (!finish_range(draft, VMC_CPU, &tmpl->cpu, error) ||
        !finish_range(draft, VMC_MEMORY, &tmpl->memory, error) ||
        !finish_range(draft, VMC_NETWORK, &tmpl->network, error))
        return FALSE;
    if (tmpl->memory.max <= tmpl->memory.min * MAX_MEMORY_RATIO)
        return TRUE;
    g_autofree char *most =
        vmc_units_format_bytes(tmpl->memory.min * MAX_MEMORY_RATIO);
    g_autofree char *max = vmc_units_format_bytes(tmpl->memory.max);
    FAIL(&draft->ranges[VMC_MEMORY].place, error,
         "'max' %s of <memory> is more than %d times its 'min'; expected at "
         "most %s, since a guest keeps the tables for all of it in its first "
         "memory",
         max, MAX_MEMORY_RATIO, most);
    return FALSE;
}

/* ---- machine ------------------------------------------------------------- */

static gboolean
finish_machine(VmcTemplateDraft *draft, GError **error)
{
    const VmcTemplate *tmpl = draft->tmpl;

    if (tmpl->machine == NULL || tmpl->cpu_model == NULL) {
        FAIL(&draft->root_place, error,
             "the template gives no %s; expected it here or in what it "
             "extends",
             tmpl->machine == NULL ? "'type' of <machine>" : "<cpu>");
        return FALSE;
    }
    if (tmpl->kernel == NULL &&
        (tmpl->initrd != NULL || tmpl->cmdline != NULL)) {
        FAIL(&draft->boot_place, error,
             "<boot> has '%s' without 'kernel'; expected 'kernel' as well",
             tmpl->initrd != NULL ? "initrd" : "cmdline");
        return FALSE;
    }
    return TRUE;
}

/* ---- disks --------------------------------------------------------------- */

static void
set_default(char **string, const char *value)
{
    if (*string == NULL)
        *string = g_strdup(value);
}

static gboolean
check_disk_size(const VmcTemplatePlace *place,
                const VmcTemplateDisk *disk,
                const char *name,
                guint64 size_bytes,
                GError **error)
{
    if (size_bytes % MIN_DISK_BYTES == 0 && size_bytes >= MIN_DISK_BYTES &&
        size_bytes <= MAX_DISK_BYTES)
        return TRUE;
    g_autofree char *size = vmc_units_format_bytes(size_bytes);
    FAIL(place, error,
         "'%s' %s of disk '%s' cannot be; expected a multiple of 1MiB, at "
         "most 64TiB",
         name, size, disk->name);
    return FALSE;
}

static gboolean
finish_disk(VmcTemplateDraft *draft, VmcTemplateDisk *disk, GError **error)
{
    const VmcTemplatePlace *place =
        g_hash_table_lookup(draft->disk_places, disk->name);

    if (disk->size_bytes == 0) {
        FAIL(place, error,
             "disk '%s' has no 'size'; expected one here or in what the "
             "template extends",
             disk->name);
        return FALSE;
    }
    set_default(&disk->pool, "default");
    set_default(&disk->bus, "virtio");
    set_default(&disk->cache, "none");
    if (disk->size_max_bytes == 0)
        disk->size_max_bytes = disk->size_bytes;
    if (!check_disk_size(place, disk, "size", disk->size_bytes, error) ||
        !check_disk_size(place, disk, "max", disk->size_max_bytes, error))
        return FALSE;
    if (disk->size_max_bytes >= disk->size_bytes)
        return TRUE;
    g_autofree char *size = vmc_units_format_bytes(disk->size_bytes);
    g_autofree char *max = vmc_units_format_bytes(disk->size_max_bytes);
    FAIL(place, error,
         "'size' %s of disk '%s' is above its 'max' %s; expected size <= max",
         size, disk->name, max);
    return FALSE;
}

static gboolean
finish_disks(VmcTemplateDraft *draft, GError **error)
{
    GPtrArray *disks = draft->tmpl->disks;

    for (guint i = 0; i < disks->len; i++)
        if (!finish_disk(draft, disks->pdata[i], error))
            return FALSE;
    if (disks->len <= MAX_DISKS)
        return TRUE;
    FAIL(&draft->root_place, error,
         "the template has %u disks; expected at most %d", disks->len,
         MAX_DISKS);
    return FALSE;
}

/* ---- interfaces ---------------------------------------------------------- */

static guint64
sum_of_caps(const VmcTemplate *tmpl, guint *ret_n_shares)
{
    guint64 sum = 0;

    *ret_n_shares = 0;
    for (guint i = 0; i < tmpl->nics->len; i++) {
        const VmcTemplateNic *nic = tmpl->nics->pdata[i];
        *ret_n_shares += nic->is_share ? 1 : 0;
        if (!nic->is_share && !g_uint64_checked_add(&sum, sum, nic->bits_per_s))
            return G_MAXUINT64;
    }
    return sum;
}

static gboolean
check_caps(const VmcTemplateDraft *draft, GError **error)
{
    g_autoptr(GError) failure = NULL;

    for (guint i = 0; i < draft->tmpl->nics->len; i++) {
        const VmcTemplateNic *nic = draft->tmpl->nics->pdata[i];
        if (nic->is_share ||
            vmc_template_check_amount(VMC_NETWORK, nic->bits_per_s, &failure))
            continue;
        FAIL(&draft->networks_place, error, "'bandwidth' of <network>: %s",
             failure->message);
        return FALSE;
    }
    return TRUE;
}

/* With a network size every interface has a cap: its own or its share. */
static gboolean
check_shares(const VmcTemplateDraft *draft,
             guint64 capped,
             guint n_shares,
             GError **error)
{
    const VmcRange *network = &draft->tmpl->network;

    if (n_shares == 0) {
        FAIL(&draft->ranges[VMC_NETWORK].place, error,
             "<network> in <size> is for interfaces without a 'bandwidth' of "
             "their own, and there is none; expected one, or no such size");
        return FALSE;
    }
    if (capped < network->min)
        return TRUE;
    g_autofree char *sum = vmc_units_format_bits_per_s(capped);
    g_autofree char *min = vmc_units_format_bits_per_s(network->min);
    FAIL(&draft->networks_place, error,
         "interfaces are capped to %s in sum, which leaves nothing of the "
         "'min' %s of <network> for the others; expected less",
         sum, min);
    return FALSE;
}

static gboolean
finish_nics(VmcTemplateDraft *draft, GError **error)
{
    VmcTemplate *tmpl = draft->tmpl;
    guint n_shares;
    guint64 capped = sum_of_caps(tmpl, &n_shares);

    if (tmpl->nics->len > MAX_NICS) {
        FAIL(&draft->networks_place, error,
             "the template has %u networks; expected at most %d",
             tmpl->nics->len, MAX_NICS);
        return FALSE;
    }
    if (!check_caps(draft, error))
        return FALSE;
    if (tmpl->network.max == 0) {
        tmpl->network = (VmcRange){capped, capped, capped};
        return TRUE;
    }
    if (!check_shares(draft, capped, n_shares, error))
        return FALSE;
    vmc_template_share_network(tmpl);
    return TRUE;
}

/* ---- parameters and factors ---------------------------------------------- */

static const char *
disk_parameter_fault(const VmcTemplate *tmpl, const char *parameter)
{
    const VmcTemplateDisk *disk =
        vmc_template_find_disk(tmpl, strchr(parameter, '.') + 1);

    if (disk == NULL)
        return "there is no disk of that name; expected the name of one";
    if (g_str_has_prefix(parameter, "disk.") &&
        disk->size_max_bytes == disk->size_bytes)
        return "the disk cannot be larger than it is; expected 'max' of "
               "<disk> above its 'size'";
    if (g_str_has_prefix(parameter, "image.") && disk->image == NULL)
        return "the disk is no clone of an image; expected 'image' of <disk>";
    return NULL;
}

static const char *
parameter_fault(const VmcTemplate *tmpl, const char *parameter)
{
    if (g_str_has_prefix(parameter, "disk.") ||
        g_str_has_prefix(parameter, "image."))
        return disk_parameter_fault(tmpl, parameter);
    if (g_str_equal(parameter, "cmdline") && tmpl->kernel == NULL)
        return "the VM boots from a disk; expected 'kernel' of <boot>";
    if (g_str_equal(parameter, "network") &&
        tmpl->network.min == tmpl->network.max)
        return "the network size is fixed; expected <network> in <size> with "
               "'min' below 'max'";
    return NULL;
}

static gboolean
finish_parameters(const VmcTemplateDraft *draft, GError **error)
{
    for (char **name = draft->tmpl->overridable; *name != NULL; name++) {
        const char *fault = parameter_fault(draft->tmpl, *name);
        if (fault == NULL)
            continue;
        FAIL((VmcTemplatePlace *) g_hash_table_lookup(draft->parameter_places,
                                                      *name),
             error, "parameter '%s' cannot be overridden: %s", *name, fault);
        return FALSE;
    }
    return TRUE;
}

static void
finish_factors(VmcTemplateDraft *draft)
{
    for (guint i = 0; i < VMC_N_RESOURCES; i++)
        if (draft->has_factor[i])
            draft->tmpl->factors.of[i] = draft->factors[i];
    vmc_template_apply_class(draft->tmpl);
}

VmcTemplate *
vmc_template_draft_finish(VmcTemplateDraft *draft, GError **error)
{
    if (!finish_size(draft, error) || !finish_machine(draft, error) ||
        !finish_disks(draft, error) || !finish_nics(draft, error) ||
        !finish_parameters(draft, error))
        return NULL;
    finish_factors(draft);
    return vmc_template_ref(draft->tmpl);
}
