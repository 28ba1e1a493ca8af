/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/factor.h"
#include "core/resources.h"
#include "core/wish.h"

/*
 * A VM template: what a VM made from it is given, what may be changed at
 * create, how far live resize may go. Read from XML (templates/template.rng is
 * its schema, docs/template.md its description); immutable afterwards.
 */

/**
 * VmcRange:
 * @min: the least
 * @initial: what a VM starts with
 * @max: the most a live resize may reach
 *
 * In the unit of the resource it stands for.
 */
typedef struct {
    guint64 min;
    guint64 initial;
    guint64 max;
} VmcRange;

/**
 * VmcTemplateDisk:
 * @name: the disk's name within the VM, as "root"
 * @pool: libvirt storage pool it lives in
 * @image: (nullable): volume of the pool that it starts as a clone of
 * @size_bytes: its size
 * @size_max_bytes: the most it may be given or grow to
 * @bus: "virtio", "scsi" or "sata"
 * @cache: "none", "writeback" or "directsync"
 */
typedef struct {
    char *name;
    char *pool;
    char *image;
    guint64 size_bytes;
    guint64 size_max_bytes;
    char *bus;
    char *cache;
} VmcTemplateDisk;

/**
 * VmcTemplateNic:
 * @network: (nullable): libvirt network, or
 * @bridge: (nullable): host bridge it is plugged into
 * @model: "virtio", "e1000e", …
 * @bits_per_s: bandwidth cap, 0 for none
 * @is_share: it has no cap of its own: @bits_per_s is its equal share of what
 *   the VM's network size leaves for such interfaces
 */
typedef struct {
    char *network;
    char *bridge;
    char *model;
    guint64 bits_per_s;
    gboolean is_share;
} VmcTemplateNic;

typedef enum {
    VMC_FIRMWARE_BIOS,
    VMC_FIRMWARE_UEFI,
} VmcFirmware;

typedef enum {
    VMC_GRAPHICS_NONE,
    VMC_GRAPHICS_VNC,
    VMC_GRAPHICS_SPICE,
} VmcGraphics;

/**
 * VmcTemplate:
 *
 * All of a template after `extends` was resolved. Do not write to it.
 */
typedef struct {
    char *name;
    char *title;         /* (nullable) */
    char *description;   /* (nullable) */
    char *service_class; /* (nullable) */
    VmcRange cpu;        /* millicores, whole vCPUs */
    VmcRange memory;     /* bytes */
    VmcRange network;    /* bit/s, all zero: no cap and no claim */
    VmcFactors factors;  /* of the template, its class or the fleet */
    char *machine;       /* versioned machine type, as "pc-q35-7.2" */
    VmcFirmware firmware;
    char *cpu_model;   /* named model, as "qemu64" or "Skylake-Server" */
    char *kernel;      /* (nullable) direct boot, paths on the host */
    char *initrd;      /* (nullable) */
    char *cmdline;     /* (nullable) */
    GPtrArray *disks;  /* (element-type VmcTemplateDisk) */
    GPtrArray *nics;   /* (element-type VmcTemplateNic) */
    GPtrArray *wishes; /* (element-type VmcWish) */
    char *user_data;   /* (nullable) cloud-init user-data */
    VmcGraphics graphics;
    gboolean has_console; /* serial */
    gboolean has_agent;
    gboolean is_windows;    /* guest OS shape: clock, hyperv enlightenments */
    GStrv overridable;      /* parameters that create may set */
    char *libvirt_fragment; /* (nullable) raw XML children of <domain> */
    char *path;             /* (nullable) file it came from */
    gatomicrefcount refs;
} VmcTemplate;

/**
 * VmcTemplateSource:
 * @name: the template that is asked for
 * @ret_xml: (out) (transfer full): its text
 * @ret_path: (out) (transfer full): where it came from, for messages
 * @user_data: closure
 * @error: %VMC_ERROR_NOT_FOUND when there is none of that name
 *
 * How templates named by `extends` are found; core does no I/O.
 *
 * Returns: %TRUE when the text was found
 */
typedef gboolean (*VmcTemplateSource)(const char *name,
                                      char **ret_xml,
                                      char **ret_path,
                                      gpointer user_data,
                                      GError **error);

/**
 * VmcTemplateSchema:
 *
 * The compiled RELAX NG schema. Compiled once and shared between threads: a
 * lock inside lets one validation at a time use it, since libxml2 promises
 * thread safety only for objects that are not shared.
 */
typedef struct _VmcTemplateSchema VmcTemplateSchema;

/**
 * vmc_template_schema_parse:
 * @rng: the text of templates/template.rng
 * @length: its length, or -1
 * @error: %VMC_ERROR_INVALID when it is no RELAX NG schema
 *
 * Sets libxml2's global state up as well. Any thread may call it, but only
 * after it has returned once may other code of the process use libxml2 from
 * several threads.
 *
 * Returns: (transfer full): the compiled schema
 */
VmcTemplateSchema *vmc_template_schema_parse(const char *rng,
                                             gssize length,
                                             GError **error);
void vmc_template_schema_free(VmcTemplateSchema *schema);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcTemplateSchema, vmc_template_schema_free)

/**
 * vmc_template_parse:
 * @schema: the schema to validate against
 * @xml: the text of a template
 * @path: where it came from; errors begin with "path:line: "
 * @source: (nullable): finds templates named by `extends`
 * @source_data: closure of @source
 * @error: %VMC_ERROR_INVALID, with file, line and what was expected;
 *   %VMC_ERROR_TOO_LARGE beyond 256 KiB, 64 levels or 8 `extends`
 *
 * External entities, DTDs and the network are off.
 *
 * Returns: (transfer full): the template
 */
VmcTemplate *vmc_template_parse(VmcTemplateSchema *schema,
                                const char *xml,
                                const char *path,
                                VmcTemplateSource source,
                                gpointer source_data,
                                GError **error);

/**
 * vmc_template_check_file:
 * @tmpl: a template
 * @path: the file it was read from
 * @error: %VMC_ERROR_INVALID when the file is not called as its template is;
 *   a library finds templates by the name of the file
 *
 * Returns: whether the file is called `NAME.xml`
 */
gboolean vmc_template_check_file(const VmcTemplate *tmpl,
                                 const char *path,
                                 GError **error);

VmcTemplate *vmc_template_ref(VmcTemplate *tmpl);
void vmc_template_unref(VmcTemplate *tmpl);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcTemplate, vmc_template_unref)

/**
 * vmc_template_copy:
 * @tmpl: a template
 *
 * Returns: (transfer full): a deep copy, not shared yet
 */
VmcTemplate *vmc_template_copy(const VmcTemplate *tmpl);

/**
 * VmcOverride:
 * @parameter: "vcpus", "memory", "network", "disk.NAME", "class",
 *   "factor.cpu", "user-data", …
 * @value: its value as written
 */
typedef struct {
    char *parameter;
    char *value;
} VmcOverride;

/**
 * vmc_template_override:
 * @tmpl: a template
 * @overrides: (element-type VmcOverride): what create was asked to change
 * @error: %VMC_ERROR_REFUSED when the template does not allow a parameter or
 *   its value is outside the range; %VMC_ERROR_INVALID when it is malformed
 *
 * Returns: (transfer full): a template with the parameters applied
 */
VmcTemplate *vmc_template_override(const VmcTemplate *tmpl,
                                   GPtrArray *overrides,
                                   GError **error);

/**
 * vmc_template_size:
 * @tmpl: a template
 *
 * Returns: the size a VM of it starts with: vCPUs, memory, Σ disks, Σ NICs
 */
VmcResources vmc_template_size(const VmcTemplate *tmpl);

/**
 * vmc_template_size_min:
 * @tmpl: a template
 *
 * Returns: the least a live resize may reach; disks never shrink
 */
VmcResources vmc_template_size_min(const VmcTemplate *tmpl);

/**
 * vmc_template_size_max:
 * @tmpl: a template
 *
 * Returns: the most a live resize may reach
 */
VmcResources vmc_template_size_max(const VmcTemplate *tmpl);

/* Where the cloud-init seed lives of a VM that has no other disk. */
#define VMC_TEMPLATE_SEED_POOL "default"

/**
 * vmc_template_pools:
 * @tmpl: a template
 *
 * Returns: (transfer full): the storage pools a host must have, each once
 */
GStrv vmc_template_pools(const VmcTemplate *tmpl);
GStrv vmc_template_networks(const VmcTemplate *tmpl);
GStrv vmc_template_bridges(const VmcTemplate *tmpl);
