/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/template.h"
#include "tests/corpus/corpus-template.h"
#include "tests/corpus/corpus.h"

#include "core/error.h"

/*
 * tests/corpus/template/CASE/:
 *   template.xml  the template, or
 *   shipped       the name of one of templates/
 *   NAME.xml      what `extends` finds under NAME; shipped ones as well
 *   overrides     (optional) PARAMETER=VALUE per line, applied in order
 *   expected      all of the template, or the error and its kind
 *
 * Protects: what each element means, how extends merges, and that every fault
 * gets its one sentence with file, line and what was expected.
 */

/* ---- the canonical form -------------------------------------------------- */

static void
dump_text(GString *out, const char *name, const char *text)
{
    if (text == NULL)
        return;
    g_autofree char *escaped = g_strescape(text, "\"→…");
    g_string_append_printf(out, "%s: %s\n", name, escaped);
}

static void
dump_range(GString *out, VmcResource resource, const VmcRange *range)
{
    g_autofree char *min = vmc_resource_format(resource, range->min);
    g_autofree char *initial = vmc_resource_format(resource, range->initial);
    g_autofree char *max = vmc_resource_format(resource, range->max);

    g_string_append_printf(out, "%s: %s .. %s .. %s\n",
                           vmc_resource_to_name(resource), min, initial, max);
}

static void
dump_factors(GString *out, const VmcFactors *factors)
{
    for (guint i = 0; i < VMC_N_RESOURCES; i++) {
        g_autofree char *text = vmc_factor_format(&factors->of[i]);
        g_string_append_printf(
            out, "factor %s: %s (%s)\n", vmc_resource_to_name((VmcResource) i),
            text, vmc_factor_source_to_name(factors->of[i].source));
    }
}

static void
dump_disks(GString *out, GPtrArray *disks)
{
    for (guint i = 0; i < disks->len; i++) {
        const VmcTemplateDisk *disk = disks->pdata[i];
        g_autofree char *size = vmc_resource_format(VMC_DISK, disk->size_bytes);
        g_autofree char *max =
            vmc_resource_format(VMC_DISK, disk->size_max_bytes);
        g_string_append_printf(
            out, "disk %s: %s up to %s in %s, image %s, bus %s, cache %s\n",
            disk->name, size, max, disk->pool,
            disk->image != NULL ? disk->image : "none", disk->bus, disk->cache);
    }
}

static void
dump_nics(GString *out, GPtrArray *nics)
{
    for (guint i = 0; i < nics->len; i++) {
        const VmcTemplateNic *nic = nics->pdata[i];
        g_autofree char *rate =
            vmc_resource_format(VMC_NETWORK, nic->bits_per_s);
        g_string_append_printf(out, "nic %s %s: %s, %s%s\n",
                               nic->bridge != NULL ? "bridge" : "network",
                               nic->bridge != NULL ? nic->bridge : nic->network,
                               nic->model, rate,
                               nic->is_share ? " (share)" : "");
    }
}

static void
dump_wishes(GString *out, GPtrArray *wishes)
{
    static const char *const words[2][2] = {{"prefer", "avoid"},
                                            {"require", "forbid"}};

    for (guint i = 0; i < wishes->len; i++) {
        const VmcWish *wish = wishes->pdata[i];
        g_string_append_printf(out, "%s %s %s\n",
                               words[wish->must][wish->avoid],
                               wish->host != NULL ? "host" : "label",
                               wish->host != NULL ? wish->host : wish->label);
    }
}

static char *
dump(const VmcTemplate *tmpl)
{
    static const char *const firmwares[] = {"bios", "uefi"};
    static const char *const graphics[] = {"none", "vnc", "spice"};
    GString *out = g_string_new(NULL);
    g_autofree char *overridable = g_strjoinv(" ", tmpl->overridable);
    VmcResources size = vmc_template_size(tmpl);

    dump_text(out, "name", tmpl->name);
    dump_text(out, "path", tmpl->path);
    dump_text(out, "title", tmpl->title);
    dump_text(out, "description", tmpl->description);
    dump_text(out, "class", tmpl->service_class);
    dump_range(out, VMC_CPU, &tmpl->cpu);
    dump_range(out, VMC_MEMORY, &tmpl->memory);
    dump_range(out, VMC_NETWORK, &tmpl->network);
    for (guint i = 0; i < VMC_N_RESOURCES; i++) {
        g_autofree char *amount =
            vmc_resource_format((VmcResource) i, size.amount[i]);
        g_string_append_printf(out, "size %s: %s\n",
                               vmc_resource_to_name((VmcResource) i), amount);
    }
    dump_factors(out, &tmpl->factors);
    dump_wishes(out, tmpl->wishes);
    g_string_append_printf(out, "machine: %s, %s\n", tmpl->machine,
                           firmwares[tmpl->firmware]);
    dump_text(out, "cpu model", tmpl->cpu_model);
    dump_text(out, "kernel", tmpl->kernel);
    dump_text(out, "initrd", tmpl->initrd);
    dump_text(out, "cmdline", tmpl->cmdline);
    dump_disks(out, tmpl->disks);
    dump_nics(out, tmpl->nics);
    dump_text(out, "user-data", tmpl->user_data);
    g_string_append_printf(out, "graphics: %s\nconsole: %s\n",
                           graphics[tmpl->graphics],
                           tmpl->has_console ? "serial" : "none");
    g_string_append_printf(out, "guest: %s, agent %s\n",
                           tmpl->is_windows ? "windows" : "linux",
                           tmpl->has_agent ? "yes" : "no");
    g_string_append_printf(out, "overridable: %s\n", overridable);
    dump_text(out, "libvirt", tmpl->libvirt_fragment);
    return g_string_free(out, FALSE);
}

/* ---- a case -------------------------------------------------------------- */

static char *
run_template_case(const char *folder)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *shipped = corpus_read(folder, "shipped");
    g_autoptr(VmcTemplate) tmpl = corpus_template(
        folder, shipped != NULL ? g_strstrip(shipped) : NULL, &error);

    if (tmpl != NULL)
        return dump(tmpl);
    g_assert_nonnull(error);
    return g_strdup_printf("%s: %s\n", vmc_error_to_slug(vmc_error_of(error)),
                           error->message);
}

int
main(int argc, char **argv)
{
    return corpus_main(argc, argv, "template", run_template_case);
}
