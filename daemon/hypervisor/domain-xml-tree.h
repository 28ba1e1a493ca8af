/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

/*
 * libxml2 for the domain-xml*.c files: a tree with GLib's strings, errors and
 * clean-up. Strings that libxml2 allocates do not leave domain-xml-tree.c.
 */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)

#define VMC_BYTES_PER_KIB G_GUINT64_CONSTANT(1024)

/**
 * vmc_xml_parse:
 * @text: XML of libvirt, or a fragment of a template
 * @root: the name its root element must have
 * @error: %VMC_ERROR_INVALID when it is malformed or has another root
 *
 * No network, no DTD, no external entities.
 *
 * Returns: (transfer full): the tree
 */
xmlDoc *vmc_xml_parse(const char *text, const char *root, GError **error);

/**
 * vmc_xml_to_text:
 * @node: an element
 *
 * Returns: (transfer full): it as indented text
 */
char *vmc_xml_to_text(xmlNode *node);

/* ---- writing ---- */

/* A new last child. (transfer none) */
xmlNode *vmc_xml_add(xmlNode *parent, const char *name);

/* A new last child that holds a text, printf()-like. */
xmlNode *vmc_xml_add_text(xmlNode *parent,
                          const char *name,
                          const char *format,
                          ...) G_GNUC_PRINTF(3, 4);

/* A new last child that holds a size in KiB, as libvirt writes sizes. */
xmlNode *vmc_xml_add_kib(xmlNode *parent, const char *name, guint64 size_bytes);

/* Sets an attribute, printf()-like. */
void vmc_xml_set(xmlNode *node, const char *name, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* ---- reading ---- */

/* Whether @node is an element of that name, in whatever namespace. */
gboolean vmc_xml_is(const xmlNode *node, const char *name);

/* The first child element of that name. (transfer none) (nullable) */
xmlNode *vmc_xml_child(const xmlNode *parent, const char *name);

/* The element after @node that has the same name. (transfer none) (nullable) */
xmlNode *vmc_xml_next(const xmlNode *node);

/* The element at "a/b/c" below @parent. (transfer none) (nullable) */
xmlNode *vmc_xml_at(const xmlNode *parent, const char *path);

/* An attribute of @node. (transfer full) (nullable) */
char *vmc_xml_get(xmlNode *node, const char *name);

/* Whether @node has that attribute with that value. */
gboolean vmc_xml_has(xmlNode *node, const char *name, const char *value);

/* The text in @node, without blanks at its ends. (transfer full) (nullable) */
char *vmc_xml_text(xmlNode *node);

/* The text in @node as a number, or 0. */
guint64 vmc_xml_uint(xmlNode *node);

/* An attribute as a number, or @fallback. */
guint64 vmc_xml_get_uint(xmlNode *node, const char *name, guint64 fallback);

/* The text in @node as a size by its "unit", KiB when there is none; bytes. */
guint64 vmc_xml_bytes(xmlNode *node);

/* An attribute as a size by the "unit" beside it, as vmc_xml_bytes(). */
guint64 vmc_xml_get_bytes(xmlNode *node, const char *name);
