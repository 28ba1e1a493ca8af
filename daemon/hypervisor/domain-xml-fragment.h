/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

/**
 * vmc_domain_fragment_merge:
 * @domain: a <domain> being written
 * @fragment: elements that go into it
 * @error: %VMC_ERROR_INVALID when @fragment is malformed
 *
 * Lays the elements of @fragment over @domain. What goes into <devices> is
 * added there. Elsewhere an element that @domain has already (the same name,
 * and the same 'name' or 'id' if it has one) is merged: attributes and text of
 * the fragment win, children merge in the same way. What it has not is added.
 *
 * Returns: whether it was merged
 */
gboolean vmc_domain_fragment_merge(xmlNode *domain,
                                   const char *fragment,
                                   GError **error);
