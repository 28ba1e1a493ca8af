/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/template.h"
#include "core/vm.h"
#include "daemon/hypervisor/facts.h"

#define VMC_METADATA_URI "urn:vmctl:vm:1"

/**
 * VmcDomainOrder:
 * @vm: name, UUID, limits, factors, for the definition and its metadata
 * @tmpl: what it is made from, overrides applied
 * @domain_type: "kvm" or "qemu", of the host
 * @disk_paths: path per disk of @tmpl, in order
 * @seed_path: (nullable): NoCloud seed image
 */
typedef struct {
    const VmcVm *vm;
    const VmcTemplate *tmpl;
    const char *domain_type;
    GStrv disk_paths;
    const char *seed_path;
} VmcDomainOrder;

/**
 * vmc_domain_xml_new:
 * @order: what is wanted
 * @error: %VMC_ERROR_INVALID when the raw fragment is malformed
 *
 * Returns: (transfer full): libvirt domain XML, ready to resize
 */
char *vmc_domain_xml_new(const VmcDomainOrder *order, GError **error);

/**
 * vmc_domain_xml_read:
 * @live_xml: XML as virDomainGetXMLDesc gives it for the present state
 * @config_xml: (nullable): the stored definition
 * @facts: filled: identity, managed or not, metadata, sizes, devices
 * @error: %VMC_ERROR_INVALID
 *
 * Returns: whether both could be read
 */
gboolean vmc_domain_xml_read(const char *live_xml,
                             const char *config_xml,
                             VmcDomainFacts *facts,
                             GError **error);

/* The <vmctl:vm> element of a VM, for virDomainSetMetadata. */
char *vmc_domain_xml_metadata(const VmcVm *vm);

/* Device XML for live changes. (transfer full) */
char *vmc_domain_xml_dimm(guint64 size_bytes);

/* A DIMM of @domain_xml that has that size. (transfer full) (nullable): %NULL
 * when it has none */
char *vmc_domain_xml_find_dimm(const char *domain_xml,
                               guint64 size_bytes,
                               GError **error);

/* The virtio-mem device of @domain_xml with another requested size.
 * (transfer full) (nullable): %NULL when it has none */
char *vmc_domain_xml_virtio_mem(const char *domain_xml,
                                guint64 requested_bytes,
                                GError **error);

/* What a host's capabilities and domain capabilities say: arch, cores,
 * threads, NUMA, CPU model, usable models, machine types. */
gboolean vmc_domain_xml_read_capabilities(const char *capabilities_xml,
                                          const char *domain_capabilities_xml,
                                          VmcHost *host,
                                          GError **error);
