/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/libvirt-xml.h"

#include <string.h>

typedef struct {
    GStrv names;     /* of elements, from the root on */
    char *attribute; /* (nullable) */
    guint n_names;
    guint depth;     /* of the open element */
    guint n_matched; /* how many of the open ones are on the path */
    GString *text;   /* (nullable): of the wanted element, while it is open */
    char *found;
} Search;

static void
on_start(GMarkupParseContext *context,
         const char *name,
         const char **attribute_names,
         const char **attribute_values,
         gpointer user_data,
         GError **error)
{
    Search *search = user_data;
    gboolean on_path = search->depth == search->n_matched &&
                       search->n_matched < search->n_names &&
                       g_str_equal(search->names[search->n_matched], name);

    search->depth++;
    if (!on_path || search->found != NULL)
        return;
    search->n_matched++;
    if (search->n_matched < search->n_names)
        return;
    if (search->attribute == NULL) {
        search->text = g_string_new(NULL);
        return;
    }
    for (guint i = 0; attribute_names[i] != NULL; i++)
        if (g_str_equal(attribute_names[i], search->attribute))
            search->found = g_strdup(attribute_values[i]);
}

static void
on_end(GMarkupParseContext *context,
       const char *name,
       gpointer user_data,
       GError **error)
{
    Search *search = user_data;

    if (search->depth == search->n_matched)
        search->n_matched--;
    search->depth--;
    if (search->text != NULL && search->depth < search->n_names) {
        search->found = g_strstrip(g_string_free(search->text, FALSE));
        search->text = NULL;
    }
}

static void
on_text(GMarkupParseContext *context,
        const char *text,
        gsize length,
        gpointer user_data,
        GError **error)
{
    Search *search = user_data;

    if (search->text != NULL && search->depth == search->n_names)
        g_string_append_len(search->text, text, (gssize) length);
}

static const GMarkupParser parser = {
    .start_element = on_start,
    .end_element = on_end,
    .text = on_text,
};

char *
vmc_libvirt_xml_get(const char *xml, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "@", 2);
    g_auto(GStrv) names = g_strsplit(parts[0], "/", -1);
    Search search = {
        .names = names, .attribute = parts[1], .n_names = g_strv_length(names)};
    g_autoptr(GMarkupParseContext) context =
        g_markup_parse_context_new(&parser, 0, &search, NULL);

    (void) g_markup_parse_context_parse(context, xml, -1, NULL);
    if (search.text != NULL)
        g_string_free(search.text, TRUE);
    return search.found;
}
