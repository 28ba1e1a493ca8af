/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/template.h"

/*
 * What the template*.c files share and nobody else needs: a template is
 * immutable once vmc_template_parse() or vmc_template_override() gave it out.
 */

/* Memory grows and shrinks in the guest's memory blocks (x86 Linux ignores
 * a module that is not a multiple of it). */
#define VMC_TEMPLATE_MEMORY_BLOCK_BYTES (G_GUINT64_CONSTANT(128) << 20)

/**
 * vmc_template_new:
 *
 * Returns: (transfer full): an empty template with the fleet's factors
 */
VmcTemplate *vmc_template_new(void);

VmcTemplateDisk *vmc_template_disk_copy(const VmcTemplateDisk *disk);
void vmc_template_disk_free(VmcTemplateDisk *disk);
void vmc_template_nic_free(VmcTemplateNic *nic);

/**
 * vmc_template_find_disk:
 * @tmpl: a template
 * @name: a disk name
 *
 * Returns: (transfer none) (nullable): the disk of that name
 */
VmcTemplateDisk *vmc_template_find_disk(const VmcTemplate *tmpl,
                                        const char *name);

/**
 * vmc_template_share_network:
 * @tmpl: a template not yet given out
 *
 * Gives the interfaces that have no cap of their own their equal part of what
 * the network size leaves.
 */
void vmc_template_share_network(VmcTemplate *tmpl);

/**
 * vmc_template_apply_class:
 * @tmpl: a template not yet given out
 *
 * Takes the factors of its service class where the template sets none.
 */
void vmc_template_apply_class(VmcTemplate *tmpl);

/**
 * vmc_template_check_amount:
 * @resource: %VMC_CPU, %VMC_MEMORY or %VMC_NETWORK
 * @amount: an amount of it
 * @error: %VMC_ERROR_INVALID when no VM can have that much: no whole vCPU, no
 *   multiple of 128 MiB, beyond what QEMU can do
 *
 * Returns: whether a VM may be given @amount
 */
gboolean vmc_template_check_amount(VmcResource resource,
                                   guint64 amount,
                                   GError **error);
