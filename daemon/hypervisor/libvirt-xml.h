/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vmc_libvirt_xml_get:
 * @xml: XML that libvirt made
 * @path: names of elements from the root on, as "pool/target/path", and at the
 *   end an attribute if that is wanted, as "domain@type"
 *
 * For the one value that is needed of a pool, a device or the like; domains
 * and capabilities are domain-xml.h's.
 *
 * Returns: (transfer full) (nullable): the first such text, stripped; %NULL
 * when there is none
 */
char *vmc_libvirt_xml_get(const char *xml, const char *path);
