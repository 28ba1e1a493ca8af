/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/template-draft.h"
#include "core/template-extends.h"

VmcTemplate *
vmc_template_parse(VmcTemplateSchema *schema,
                   const char *xml,
                   const char *path,
                   VmcTemplateSource source,
                   gpointer source_data,
                   GError **error)
{
    g_return_val_if_fail(schema != NULL && xml != NULL && path != NULL, NULL);
    g_autoptr(GPtrArray) documents = vmc_template_extends_follow(
        schema, xml, path, source, source_data, error);
    g_autoptr(VmcTemplateDraft) draft = vmc_template_draft_new();

    if (documents == NULL)
        return NULL;
    for (guint i = documents->len; i > 0; i--)
        if (!vmc_template_draft_read(draft, documents->pdata[i - 1], error))
            return NULL;
    return vmc_template_draft_finish(draft, error);
}
