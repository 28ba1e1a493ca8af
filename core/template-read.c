/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/template-draft.h"

#include "core/units.h"

#include <string.h>

/* One document being laid over a draft. */
typedef struct {
    VmcTemplateDraft *draft;
    VmcTemplate *tmpl;
    const VmcTemplateDocument *document;
} Reading;

typedef gboolean (*ReadFunc)(const Reading *reading,
                             xmlNode *element,
                             GError **error);

typedef struct {
    const char *name;
    ReadFunc read;
} Reader;

#define NAME(node) ((const char *) (node)->name)

/* ---- helpers ------------------------------------------------------------- */

static VmcTemplatePlace
place_of(const Reading *reading, const xmlNode *element)
{
    return (VmcTemplatePlace){reading->document->path, xmlGetLineNo(element)};
}

static VmcTemplatePlace *
place_dup(VmcTemplatePlace place)
{
    return g_memdup2(&place, sizeof place);
}

/* Sets *string to the attribute, when it is there. */
static void
take_attribute(xmlNode *element, const char *name, char **string)
{
    char *value = vmc_template_attribute(element, name);

    if (value == NULL)
        return;
    g_free(*string);
    *string = value;
}

/* Sets *ret_flag to whether the attribute is @yes, when it is there. */
static void
take_flag(xmlNode *element,
          const char *name,
          const char *yes,
          gboolean *ret_flag)
{
    g_autofree char *value = vmc_template_attribute(element, name);

    if (value != NULL)
        *ret_flag = g_str_equal(g_strstrip(value), yes);
}

static gboolean
is_cut_off(xmlNode *element)
{
    gboolean inherits = TRUE;

    take_flag(element, "inherit", "yes", &inherits);
    return !inherits;
}

/* Reads an amount of @resource from an attribute that may be absent. */
static gboolean
take_amount(const Reading *reading,
            xmlNode *element,
            const char *name,
            VmcResource resource,
            guint64 *amount,
            gboolean *ret_given,
            GError **error)
{
    g_autofree char *text = vmc_template_attribute(element, name);
    g_autoptr(GError) failure = NULL;

    if (text == NULL)
        return TRUE;
    if (!vmc_resource_parse(resource, text, amount, &failure)) {
        vmc_template_set_error(error, VMC_ERROR_INVALID,
                               reading->document->path, xmlGetLineNo(element),
                               "'%s' of <%s>: %s", name, NAME(element),
                               failure->message);
        return FALSE;
    }
    if (ret_given != NULL)
        *ret_given = TRUE;
    return TRUE;
}

static char *
collapse_text(xmlNode *element)
{
    g_autofree char *text = vmc_template_text(element);
    g_auto(GStrv) words = g_strsplit_set(text, " \t\r\n", -1);
    GString *line = g_string_new(NULL);

    for (char **word = words; *word != NULL; word++)
        if (**word != '\0')
            g_string_append_printf(line, "%s%s", line->len > 0 ? " " : "",
                                   *word);
    return g_string_free(line, FALSE);
}

static gboolean
read_children(const Reading *reading,
              xmlNode *element,
              const Reader *readers,
              gsize n_readers,
              GError **error)
{
    for (xmlNode *node = element->children; node != NULL; node = node->next)
        for (gsize i = 0; i < n_readers; i++)
            if (vmc_template_is_element(node, readers[i].name) &&
                !readers[i].read(reading, node, error))
                return FALSE;
    return TRUE;
}

/* ---- words --------------------------------------------------------------- */

static gboolean
read_title(const Reading *reading, xmlNode *element, GError **error)
{
    g_free(reading->tmpl->title);
    reading->tmpl->title = collapse_text(element);
    return TRUE;
}

static gboolean
read_description(const Reading *reading, xmlNode *element, GError **error)
{
    g_free(reading->tmpl->description);
    reading->tmpl->description = collapse_text(element);
    return TRUE;
}

static gboolean
read_class(const Reading *reading, xmlNode *element, GError **error)
{
    g_free(reading->tmpl->service_class);
    reading->tmpl->service_class = collapse_text(element);
    return TRUE;
}

/* ---- size and factors ---------------------------------------------------- */

static gboolean
read_range(const Reading *reading,
           xmlNode *element,
           VmcResource resource,
           GError **error)
{
    VmcRangeDraft *draft = &reading->draft->ranges[resource];

    draft->place = place_of(reading, element);
    return take_amount(reading, element, "min", resource, &draft->range.min,
                       &draft->has_min, error) &&
           take_amount(reading, element, "default", resource,
                       &draft->range.initial, &draft->has_initial, error) &&
           take_amount(reading, element, "max", resource, &draft->range.max,
                       &draft->has_max, error);
}

static gboolean
read_vcpus(const Reading *reading, xmlNode *element, GError **error)
{
    return read_range(reading, element, VMC_CPU, error);
}

static gboolean
read_memory(const Reading *reading, xmlNode *element, GError **error)
{
    return read_range(reading, element, VMC_MEMORY, error);
}

static gboolean
read_network_size(const Reading *reading, xmlNode *element, GError **error)
{
    return read_range(reading, element, VMC_NETWORK, error);
}

static gboolean
read_size(const Reading *reading, xmlNode *element, GError **error)
{
    static const Reader readers[] = {{"vcpus", read_vcpus},
                                     {"memory", read_memory},
                                     {"network", read_network_size}};

    return read_children(reading, element, readers, G_N_ELEMENTS(readers),
                         error);
}

/* The text form of a factor, for the one parser of factors. */
static char *
factor_text(xmlNode *element)
{
    g_autofree char *fixed = vmc_template_attribute(element, "fixed");
    g_autofree char *min = vmc_template_attribute(element, "min");
    g_autofree char *max = vmc_template_attribute(element, "max");

    if (fixed != NULL)
        return g_steal_pointer(&fixed);
    return g_strdup_printf("auto:%s..%s", min != NULL ? min : "0.01",
                           max != NULL ? max : "1");
}

static gboolean
read_factor(const Reading *reading, xmlNode *element, GError **error)
{
    VmcTemplateDraft *draft = reading->draft;
    g_autofree char *text = factor_text(element);
    g_autoptr(GError) failure = NULL;
    VmcResource resource;

    if (!vmc_resource_from_name(NAME(element), &resource))
        g_return_val_if_reached(FALSE); /* the schema names the same four */
    if (!vmc_factor_parse(text, VMC_FACTOR_FROM_TEMPLATE,
                          &draft->factors[resource], &failure)) {
        vmc_template_set_error(error, VMC_ERROR_INVALID,
                               reading->document->path, xmlGetLineNo(element),
                               "<%s>: %s", NAME(element), failure->message);
        return FALSE;
    }
    draft->has_factor[resource] = TRUE;
    return TRUE;
}

static gboolean
read_factors(const Reading *reading, xmlNode *element, GError **error)
{
    static const Reader readers[] = {{"cpu", read_factor},
                                     {"memory", read_factor},
                                     {"disk", read_factor},
                                     {"network", read_factor}};

    return read_children(reading, element, readers, G_N_ELEMENTS(readers),
                         error);
}

/* ---- placement ----------------------------------------------------------- */

/* A later wish about a host or label replaces the earlier one. */
static void
drop_wish(GPtrArray *wishes, const char *host, const char *label)
{
    for (guint i = 0; i < wishes->len; i++) {
        const VmcWish *wish = wishes->pdata[i];
        if (g_strcmp0(wish->host, host) != 0 ||
            g_strcmp0(wish->label, label) != 0)
            continue;
        g_ptr_array_remove_index(wishes, i);
        return;
    }
}

static gboolean
read_wish(const Reading *reading, xmlNode *element, GError **error)
{
    g_autofree char *host = vmc_template_attribute(element, "host");
    g_autofree char *label = vmc_template_attribute(element, "label");
    gboolean is_require = vmc_template_is_element(element, "require");
    gboolean is_forbid = vmc_template_is_element(element, "forbid");
    gboolean is_avoid = vmc_template_is_element(element, "avoid");

    drop_wish(reading->tmpl->wishes, host, label);
    g_ptr_array_add(reading->tmpl->wishes,
                    vmc_wish_new(is_require || is_forbid, is_forbid || is_avoid,
                                 host, label));
    return TRUE;
}

static gboolean
read_placement(const Reading *reading, xmlNode *element, GError **error)
{
    static const Reader readers[] = {{"require", read_wish},
                                     {"forbid", read_wish},
                                     {"prefer", read_wish},
                                     {"avoid", read_wish}};

    if (is_cut_off(element))
        g_ptr_array_set_size(reading->tmpl->wishes, 0);
    return read_children(reading, element, readers, G_N_ELEMENTS(readers),
                         error);
}

/* ---- machine and boot ---------------------------------------------------- */

static gboolean
read_machine(const Reading *reading, xmlNode *element, GError **error)
{
    gboolean is_uefi = reading->tmpl->firmware == VMC_FIRMWARE_UEFI;

    take_attribute(element, "type", &reading->tmpl->machine);
    take_flag(element, "firmware", "uefi", &is_uefi);
    reading->tmpl->firmware = is_uefi ? VMC_FIRMWARE_UEFI : VMC_FIRMWARE_BIOS;
    return TRUE;
}

static gboolean
read_cpu(const Reading *reading, xmlNode *element, GError **error)
{
    take_attribute(element, "model", &reading->tmpl->cpu_model);
    return TRUE;
}

static gboolean
read_boot(const Reading *reading, xmlNode *element, GError **error)
{
    reading->draft->boot_place = place_of(reading, element);
    take_attribute(element, "kernel", &reading->tmpl->kernel);
    take_attribute(element, "initrd", &reading->tmpl->initrd);
    take_attribute(element, "cmdline", &reading->tmpl->cmdline);
    return TRUE;
}

/* ---- disks and networks -------------------------------------------------- */

static VmcTemplateDisk *
disk_of_name(const Reading *reading, const char *name)
{
    VmcTemplateDisk *disk = vmc_template_find_disk(reading->tmpl, name);

    if (disk != NULL)
        return disk;
    disk = g_new0(VmcTemplateDisk, 1);
    disk->name = g_strdup(name);
    g_ptr_array_add(reading->tmpl->disks, disk);
    return disk;
}

static gboolean
check_disk_is_new(const Reading *reading,
                  xmlNode *element,
                  const char *name,
                  GError **error)
{
    for (xmlNode *node = element->prev; node != NULL; node = node->prev) {
        if (!vmc_template_is_element(node, "disk"))
            continue;
        g_autofree char *earlier = vmc_template_attribute(node, "name");
        if (!g_str_equal(earlier, name))
            continue;
        vmc_template_set_error(error, VMC_ERROR_INVALID,
                               reading->document->path, xmlGetLineNo(element),
                               "disk '%s' stands twice in <disks>, first in "
                               "line %ld; expected another name",
                               name, xmlGetLineNo(node));
        return FALSE;
    }
    return TRUE;
}

static gboolean
read_disk(const Reading *reading, xmlNode *element, GError **error)
{
    g_autofree char *name = vmc_template_attribute(element, "name");

    if (!check_disk_is_new(reading, element, name, error))
        return FALSE;
    VmcTemplateDisk *disk = disk_of_name(reading, name);
    g_hash_table_replace(reading->draft->disk_places, g_strdup(name),
                         place_dup(place_of(reading, element)));
    take_attribute(element, "pool", &disk->pool);
    take_attribute(element, "image", &disk->image);
    take_attribute(element, "bus", &disk->bus);
    take_attribute(element, "cache", &disk->cache);
    return take_amount(reading, element, "size", VMC_DISK, &disk->size_bytes,
                       NULL, error) &&
           take_amount(reading, element, "max", VMC_DISK, &disk->size_max_bytes,
                       NULL, error);
}

static gboolean
read_disks(const Reading *reading, xmlNode *element, GError **error)
{
    static const Reader readers[] = {{"disk", read_disk}};

    if (is_cut_off(element))
        g_ptr_array_set_size(reading->tmpl->disks, 0);
    return read_children(reading, element, readers, G_N_ELEMENTS(readers),
                         error);
}

static gboolean
read_nic(const Reading *reading, xmlNode *element, GError **error)
{
    VmcTemplateNic *nic = g_new0(VmcTemplateNic, 1);
    gboolean is_capped = FALSE;

    g_ptr_array_add(reading->tmpl->nics, nic);
    nic->model = g_strdup("virtio");
    take_attribute(element, "network", &nic->network);
    take_attribute(element, "bridge", &nic->bridge);
    take_attribute(element, "model", &nic->model);
    if (!take_amount(reading, element, "bandwidth", VMC_NETWORK,
                     &nic->bits_per_s, &is_capped, error))
        return FALSE;
    nic->is_share = !is_capped;
    return TRUE;
}

/* Interfaces have no name by which to merge, and their order is what the
 * guest sees: a list replaces the one before. */
static gboolean
read_networks(const Reading *reading, xmlNode *element, GError **error)
{
    static const Reader readers[] = {{"network", read_nic}};

    reading->draft->networks_place = place_of(reading, element);
    g_ptr_array_set_size(reading->tmpl->nics, 0);
    return read_children(reading, element, readers, G_N_ELEMENTS(readers),
                         error);
}

/* ---- the guest ----------------------------------------------------------- */

static gboolean
read_user_data(const Reading *reading, xmlNode *element, GError **error)
{
    g_autofree char *text = vmc_template_text(element);
    g_autofree char *user_data = vmc_template_dedent(text);

    g_clear_pointer(&reading->tmpl->user_data, g_free);
    if (*user_data != '\0')
        reading->tmpl->user_data = g_steal_pointer(&user_data);
    return TRUE;
}

static gboolean
read_cloud_init(const Reading *reading, xmlNode *element, GError **error)
{
    static const Reader readers[] = {{"user-data", read_user_data}};

    return read_children(reading, element, readers, G_N_ELEMENTS(readers),
                         error);
}

static gboolean
read_graphics(const Reading *reading, xmlNode *element, GError **error)
{
    gboolean is_vnc = FALSE;
    gboolean is_spice = FALSE;

    take_flag(element, "type", "vnc", &is_vnc);
    take_flag(element, "type", "spice", &is_spice);
    reading->tmpl->graphics = is_vnc     ? VMC_GRAPHICS_VNC
                              : is_spice ? VMC_GRAPHICS_SPICE
                                         : VMC_GRAPHICS_NONE;
    return TRUE;
}

static gboolean
read_console(const Reading *reading, xmlNode *element, GError **error)
{
    take_flag(element, "type", "serial", &reading->tmpl->has_console);
    return TRUE;
}

static gboolean
read_guest(const Reading *reading, xmlNode *element, GError **error)
{
    take_flag(element, "agent", "yes", &reading->tmpl->has_agent);
    take_flag(element, "os", "windows", &reading->tmpl->is_windows);
    return TRUE;
}

static gboolean
read_libvirt(const Reading *reading, xmlNode *element, GError **error)
{
    if (is_cut_off(element))
        g_clear_pointer(&reading->tmpl->libvirt_fragment, g_free);
    return vmc_template_read_libvirt(reading->draft, reading->document, element,
                                     error);
}

/* ---- what may be overridden ---------------------------------------------- */

static gboolean
read_parameter(const Reading *reading, xmlNode *element, GError **error)
{
    VmcTemplate *tmpl = reading->tmpl;
    g_autofree char *name = vmc_template_attribute(element, "name");

    g_hash_table_replace(reading->draft->parameter_places, g_strdup(name),
                         place_dup(place_of(reading, element)));
    if (g_strv_contains((const char *const *) tmpl->overridable, name))
        return TRUE;
    guint n = g_strv_length(tmpl->overridable);
    tmpl->overridable = g_renew(char *, tmpl->overridable, n + 2);
    tmpl->overridable[n] = g_steal_pointer(&name);
    tmpl->overridable[n + 1] = NULL;
    return TRUE;
}

static gboolean
read_overridable(const Reading *reading, xmlNode *element, GError **error)
{
    static const Reader readers[] = {{"parameter", read_parameter}};

    if (is_cut_off(element)) {
        g_strfreev(reading->tmpl->overridable);
        reading->tmpl->overridable = g_new0(char *, 1);
    }
    return read_children(reading, element, readers, G_N_ELEMENTS(readers),
                         error);
}

/* ---- the whole ----------------------------------------------------------- */

static const Reader template_readers[] = {
    {"title", read_title},       {"description", read_description},
    {"class", read_class},       {"size", read_size},
    {"factors", read_factors},   {"placement", read_placement},
    {"machine", read_machine},   {"cpu", read_cpu},
    {"boot", read_boot},         {"disks", read_disks},
    {"networks", read_networks}, {"cloud-init", read_cloud_init},
    {"graphics", read_graphics}, {"console", read_console},
    {"guest", read_guest},       {"overridable", read_overridable},
    {"libvirt", read_libvirt},
};

gboolean
vmc_template_draft_read(VmcTemplateDraft *draft,
                        const VmcTemplateDocument *document,
                        GError **error)
{
    const Reading reading = {draft, draft->tmpl, document};
    xmlNode *root = xmlDocGetRootElement(document->xml);

    draft->root_place = place_of(&reading, root);
    g_free(draft->tmpl->path);
    draft->tmpl->path = g_strdup(document->path);
    take_attribute(root, "name", &draft->tmpl->name);
    return read_children(&reading, root, template_readers,
                         G_N_ELEMENTS(template_readers), error);
}
