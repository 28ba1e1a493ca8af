/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/template-document.h"
#include "core/template-parts.h"

/*
 * A template in the making: documents are laid over it one by one, from what
 * is extended to what extends it, and it remembers where each thing was said
 * so that a check of the whole can name file and line.
 */

/* Paths belong to the documents, which outlive the draft. */
typedef struct {
    const char *path;
    long line;
} VmcTemplatePlace;

/**
 * VmcRangeDraft:
 * @range: as far as it was given
 * @place: where it was last touched
 */
typedef struct {
    VmcRange range;
    gboolean has_min;
    gboolean has_initial;
    gboolean has_max;
    VmcTemplatePlace place;
} VmcRangeDraft;

/**
 * VmcTemplateDraft:
 * @ranges: per resource; that of disk stays empty
 * @has_factor: per resource: the template sets it
 * @disk_places: name of disk to place, the last one said
 * @parameter_places: overridable parameter to place
 */
typedef struct {
    VmcTemplate *tmpl;
    VmcRangeDraft ranges[VMC_N_RESOURCES];
    gboolean has_factor[VMC_N_RESOURCES];
    VmcFactor factors[VMC_N_RESOURCES];
    GHashTable *disk_places;
    GHashTable *parameter_places;
    VmcTemplatePlace boot_place;
    VmcTemplatePlace networks_place;
    VmcTemplatePlace root_place;
} VmcTemplateDraft;

VmcTemplateDraft *vmc_template_draft_new(void);
void vmc_template_draft_free(VmcTemplateDraft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcTemplateDraft, vmc_template_draft_free)

/**
 * vmc_template_draft_read:
 * @draft: what was read so far
 * @document: a document that fits the schema and outlives @draft
 * @error: %VMC_ERROR_INVALID with file and line
 *
 * Lays @document over @draft. What it says wins, attribute by attribute;
 * disks merge by name, placement by target, parameters and raw libvirt
 * elements add up; networks replace those before.
 *
 * Returns: whether it could be read
 */
gboolean vmc_template_draft_read(VmcTemplateDraft *draft,
                                 const VmcTemplateDocument *document,
                                 GError **error);

/**
 * vmc_template_draft_finish:
 * @draft: all of a template
 * @error: %VMC_ERROR_INVALID with file and line
 *
 * Fills in defaults and checks the whole.
 *
 * Returns: (transfer full): the template
 */
VmcTemplate *vmc_template_draft_finish(VmcTemplateDraft *draft, GError **error);

/**
 * vmc_template_read_libvirt:
 * @draft: what was read so far
 * @document: where @element stands
 * @element: a <libvirt>
 * @error: %VMC_ERROR_INVALID when it holds what vmctl itself writes
 *
 * Adds its children, without the template's namespace, to the raw fragment.
 *
 * Returns: whether they may be added
 */
gboolean vmc_template_read_libvirt(VmcTemplateDraft *draft,
                                   const VmcTemplateDocument *document,
                                   xmlNode *element,
                                   GError **error);

/**
 * vmc_template_dedent:
 * @text: text that was indented to suit the XML around it
 *
 * Returns: (transfer full): @text without blank lines at its ends and without
 * the indentation its lines share, ending in a newline; empty when blank
 */
char *vmc_template_dedent(const char *text);
