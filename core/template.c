/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/template.h"

#include "core/error.h"
#include "core/template-parts.h"

/* ---- disks and interfaces ------------------------------------------------ */

VmcTemplateDisk *
vmc_template_disk_copy(const VmcTemplateDisk *disk)
{
    VmcTemplateDisk *copy = g_new0(VmcTemplateDisk, 1);

    copy->name = g_strdup(disk->name);
    copy->pool = g_strdup(disk->pool);
    copy->image = g_strdup(disk->image);
    copy->size_bytes = disk->size_bytes;
    copy->size_max_bytes = disk->size_max_bytes;
    copy->bus = g_strdup(disk->bus);
    copy->cache = g_strdup(disk->cache);
    return copy;
}

void
vmc_template_disk_free(VmcTemplateDisk *disk)
{
    if (disk == NULL)
        return;
    g_free(disk->name);
    g_free(disk->pool);
    g_free(disk->image);
    g_free(disk->bus);
    g_free(disk->cache);
    g_free(disk);
}

VmcTemplateDisk *
vmc_template_find_disk(const VmcTemplate *tmpl, const char *name)
{
    for (guint i = 0; i < tmpl->disks->len; i++) {
        VmcTemplateDisk *disk = tmpl->disks->pdata[i];
        if (g_str_equal(disk->name, name))
            return disk;
    }
    return NULL;
}

static VmcTemplateNic *
nic_copy(const VmcTemplateNic *nic)
{
    VmcTemplateNic *copy = g_new0(VmcTemplateNic, 1);

    copy->network = g_strdup(nic->network);
    copy->bridge = g_strdup(nic->bridge);
    copy->model = g_strdup(nic->model);
    copy->bits_per_s = nic->bits_per_s;
    copy->is_share = nic->is_share;
    return copy;
}

void
vmc_template_nic_free(VmcTemplateNic *nic)
{
    if (nic == NULL)
        return;
    g_free(nic->network);
    g_free(nic->bridge);
    g_free(nic->model);
    g_free(nic);
}

/* What the VM's network size leaves beyond the capped interfaces goes to the
 * others in equal parts; the last takes the rest of the division. */
void
vmc_template_share_network(VmcTemplate *tmpl)
{
    guint64 left = tmpl->network.initial;
    guint n_shares = 0;

    for (guint i = 0; i < tmpl->nics->len; i++) {
        const VmcTemplateNic *nic = tmpl->nics->pdata[i];
        n_shares += nic->is_share ? 1 : 0;
        if (!nic->is_share)
            left -= MIN(left, nic->bits_per_s);
    }
    for (guint i = 0; i < tmpl->nics->len; i++) {
        VmcTemplateNic *nic = tmpl->nics->pdata[i];
        if (!nic->is_share)
            continue;
        nic->bits_per_s = left / n_shares;
        left -= nic->bits_per_s;
        n_shares--;
    }
}

/* ---- the template -------------------------------------------------------- */

VmcTemplate *
vmc_template_new(void)
{
    VmcTemplate *tmpl = g_new0(VmcTemplate, 1);

    tmpl->factors = vmc_factors_default();
    tmpl->disks =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_template_disk_free);
    tmpl->nics =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_template_nic_free);
    tmpl->wishes = vmc_wishes_new();
    tmpl->overridable = g_new0(char *, 1);
    g_atomic_ref_count_init(&tmpl->refs);
    return tmpl;
}

static void
copy_strings(VmcTemplate *copy, const VmcTemplate *tmpl)
{
    copy->name = g_strdup(tmpl->name);
    copy->title = g_strdup(tmpl->title);
    copy->description = g_strdup(tmpl->description);
    copy->service_class = g_strdup(tmpl->service_class);
    copy->machine = g_strdup(tmpl->machine);
    copy->cpu_model = g_strdup(tmpl->cpu_model);
    copy->kernel = g_strdup(tmpl->kernel);
    copy->initrd = g_strdup(tmpl->initrd);
    copy->cmdline = g_strdup(tmpl->cmdline);
    copy->user_data = g_strdup(tmpl->user_data);
    copy->libvirt_fragment = g_strdup(tmpl->libvirt_fragment);
    copy->path = g_strdup(tmpl->path);
}

VmcTemplate *
vmc_template_copy(const VmcTemplate *tmpl)
{
    g_return_val_if_fail(tmpl != NULL, NULL);
    VmcTemplate *copy = vmc_template_new();

    copy_strings(copy, tmpl);
    copy->cpu = tmpl->cpu;
    copy->memory = tmpl->memory;
    copy->network = tmpl->network;
    copy->factors = tmpl->factors;
    copy->firmware = tmpl->firmware;
    copy->graphics = tmpl->graphics;
    copy->has_console = tmpl->has_console;
    copy->has_agent = tmpl->has_agent;
    copy->is_windows = tmpl->is_windows;
    for (guint i = 0; i < tmpl->disks->len; i++)
        g_ptr_array_add(copy->disks,
                        vmc_template_disk_copy(tmpl->disks->pdata[i]));
    for (guint i = 0; i < tmpl->nics->len; i++)
        g_ptr_array_add(copy->nics, nic_copy(tmpl->nics->pdata[i]));
    g_ptr_array_unref(copy->wishes);
    copy->wishes = vmc_wishes_copy(tmpl->wishes);
    g_strfreev(copy->overridable);
    copy->overridable = g_strdupv(tmpl->overridable);
    return copy;
}

VmcTemplate *
vmc_template_ref(VmcTemplate *tmpl)
{
    g_return_val_if_fail(tmpl != NULL, NULL);
    g_atomic_ref_count_inc(&tmpl->refs);
    return tmpl;
}

static void
free_strings(VmcTemplate *tmpl)
{
    g_free(tmpl->name);
    g_free(tmpl->title);
    g_free(tmpl->description);
    g_free(tmpl->service_class);
    g_free(tmpl->machine);
    g_free(tmpl->cpu_model);
    g_free(tmpl->kernel);
    g_free(tmpl->initrd);
    g_free(tmpl->cmdline);
    g_free(tmpl->user_data);
    g_free(tmpl->libvirt_fragment);
    g_free(tmpl->path);
}

void
vmc_template_unref(VmcTemplate *tmpl)
{
    if (tmpl == NULL || !g_atomic_ref_count_dec(&tmpl->refs))
        return;
    free_strings(tmpl);
    g_ptr_array_unref(tmpl->disks);
    g_ptr_array_unref(tmpl->nics);
    g_ptr_array_unref(tmpl->wishes);
    g_strfreev(tmpl->overridable);
    g_free(tmpl);
}

/* ---- what it needs of a host --------------------------------------------- */

static void
add_once(GPtrArray *names, const char *name)
{
    if (name != NULL &&
        !g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
        g_ptr_array_add(names, g_strdup(name));
}

static GStrv
names_end(GPtrArray *names)
{
    g_ptr_array_add(names, NULL);
    return (GStrv) g_ptr_array_free(names, FALSE);
}

GStrv
vmc_template_pools(const VmcTemplate *tmpl)
{
    g_return_val_if_fail(tmpl != NULL, NULL);
    GPtrArray *names = g_ptr_array_new();

    for (guint i = 0; i < tmpl->disks->len; i++)
        add_once(names, ((VmcTemplateDisk *) tmpl->disks->pdata[i])->pool);
    if (tmpl->user_data != NULL && tmpl->disks->len == 0)
        add_once(names, VMC_TEMPLATE_SEED_POOL);
    return names_end(names);
}

GStrv
vmc_template_networks(const VmcTemplate *tmpl)
{
    g_return_val_if_fail(tmpl != NULL, NULL);
    GPtrArray *names = g_ptr_array_new();

    for (guint i = 0; i < tmpl->nics->len; i++)
        add_once(names, ((VmcTemplateNic *) tmpl->nics->pdata[i])->network);
    return names_end(names);
}

GStrv
vmc_template_bridges(const VmcTemplate *tmpl)
{
    g_return_val_if_fail(tmpl != NULL, NULL);
    GPtrArray *names = g_ptr_array_new();

    for (guint i = 0; i < tmpl->nics->len; i++)
        add_once(names, ((VmcTemplateNic *) tmpl->nics->pdata[i])->bridge);
    return names_end(names);
}

/* ---- sizes --------------------------------------------------------------- */

VmcResources
vmc_template_size(const VmcTemplate *tmpl)
{
    g_return_val_if_fail(tmpl != NULL, ((VmcResources){{0}}));
    VmcResources size =
        VMC_RESOURCES(tmpl->cpu.initial, tmpl->memory.initial, 0, 0);

    for (guint i = 0; i < tmpl->disks->len; i++) {
        const VmcTemplateDisk *disk = tmpl->disks->pdata[i];
        size =
            vmc_resources_add(size, VMC_RESOURCES(0, 0, disk->size_bytes, 0));
    }
    for (guint i = 0; i < tmpl->nics->len; i++) {
        const VmcTemplateNic *nic = tmpl->nics->pdata[i];
        size = vmc_resources_add(size, VMC_RESOURCES(0, 0, 0, nic->bits_per_s));
    }
    return size;
}

VmcResources
vmc_template_size_min(const VmcTemplate *tmpl)
{
    g_return_val_if_fail(tmpl != NULL, ((VmcResources){{0}}));
    VmcResources size = vmc_template_size(tmpl);

    return VMC_RESOURCES(tmpl->cpu.min, tmpl->memory.min, size.amount[VMC_DISK],
                         tmpl->network.min);
}

VmcResources
vmc_template_size_max(const VmcTemplate *tmpl)
{
    g_return_val_if_fail(tmpl != NULL, ((VmcResources){{0}}));
    VmcResources size =
        VMC_RESOURCES(tmpl->cpu.max, tmpl->memory.max, 0, tmpl->network.max);

    for (guint i = 0; i < tmpl->disks->len; i++) {
        const VmcTemplateDisk *disk = tmpl->disks->pdata[i];
        size = vmc_resources_add(size,
                                 VMC_RESOURCES(0, 0, disk->size_max_bytes, 0));
    }
    return size;
}

gboolean
vmc_template_check_file(const VmcTemplate *tmpl,
                        const char *path,
                        GError **error)
{
    g_return_val_if_fail(tmpl != NULL && path != NULL, FALSE);
    g_autofree char *expected = g_strconcat(tmpl->name, ".xml", NULL);
    g_autofree char *file_name = g_path_get_basename(path);

    if (g_str_equal(file_name, expected))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "%s:1: the template is called '%s': call the file '%s', or "
                "the template as its file",
                path, tmpl->name, expected);
    return FALSE;
}
