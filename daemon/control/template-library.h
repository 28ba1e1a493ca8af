/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "core/template.h"

/*
 * The templates there are, kept in memory: all NAME.xml of the template
 * directories, read again when a file changes. A broken template is there with
 * its error, and harms nothing else. Main thread only.
 */

/**
 * VmcTemplateEntry:
 * @name: name of the file without ".xml"
 * @path: the file
 * @xml: (nullable): its text, when it could be read
 * @tmpl: (nullable): the template, or
 * @error: (nullable): why there is none
 *
 * An immutable value.
 */
typedef struct {
    char *name;
    char *path;
    char *xml;
    VmcTemplate *tmpl;
    GError *error;
    gatomicrefcount refs;
} VmcTemplateEntry;

VmcTemplateEntry *vmc_template_entry_ref(VmcTemplateEntry *entry);
void vmc_template_entry_unref(VmcTemplateEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcTemplateEntry, vmc_template_entry_unref)

typedef struct _VmcTemplateLibrary VmcTemplateLibrary;

/**
 * vmc_template_library_new:
 * @dirs: where templates and their schema are looked for; of two of one name
 *   the first is taken
 *
 * Reads them, which blocks: at start only. From then on changes are noticed and
 * read by a thread.
 *
 * Returns: (transfer full): the library; without any directory it is empty
 */
VmcTemplateLibrary *vmc_template_library_new(const char *const *dirs);
void vmc_template_library_free(VmcTemplateLibrary *library);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcTemplateLibrary, vmc_template_library_free)

/**
 * vmc_template_library_list:
 * @library: a library
 *
 * Returns: (transfer container) (element-type VmcTemplateEntry): all of it,
 * sorted by name
 */
GPtrArray *vmc_template_library_list(VmcTemplateLibrary *library);

/**
 * vmc_template_library_lookup:
 * @library: a library
 * @name: name of a template
 * @error: %VMC_ERROR_NOT_FOUND
 *
 * Returns: (transfer none): its entry, good or broken
 */
VmcTemplateEntry *vmc_template_library_lookup(VmcTemplateLibrary *library,
                                              const char *name,
                                              GError **error);

/**
 * vmc_template_library_find:
 * @library: a library
 * @name: name of a template
 * @error: %VMC_ERROR_NOT_FOUND, or what is wrong with it
 *
 * Returns: (transfer full): the template
 */
VmcTemplate *vmc_template_library_find(VmcTemplateLibrary *library,
                                       const char *name,
                                       GError **error);
