/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/verbs.h"

#include <stdio.h>

static void
print_help(VmcInvocation *invocation, const VmcVerb *verb, const char *noun)
{
    g_autofree char *text = noun == NULL && verb != NULL
                                ? vmc_verb_help(verb)
                                : vmc_verbs_help(invocation->verbs, noun);

    fputs(text, stdout);
}

gboolean
vmc_verb_help_run(VmcInvocation *invocation, GError **error)
{
    const char *const *words = (const char *const *) invocation->operands;
    const VmcVerb *verb = NULL;
    g_autofree char *noun = NULL;
    guint n_words = 0;

    if (words[0] == NULL) {
        print_help(invocation, NULL, NULL);
        return TRUE;
    }
    verb = vmc_verb_find(invocation->verbs, words, &n_words, error);
    if (verb == NULL)
        return FALSE;
    if (n_words == 1)
        noun = vmc_verb_noun(verb);
    print_help(invocation, verb, noun);
    return TRUE;
}

gboolean
vmc_verb_version(VmcInvocation *invocation, GError **error)
{
    static const VmcDatum data[] = {
        {"VMCTL", "vmctl", VMC_DATUM_TEXT, 0, NULL},
        {"VMCTLD", "vmctld", VMC_DATUM_TEXT, 0, NULL},
        {NULL},
    };
    g_autoptr(JsonNode) answer =
        vmc_invocation_get(invocation, g_strdup("/v1"), error);
    g_autoptr(JsonNode) versions = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();

    json_node_take_object(versions, object);
    json_object_set_string_member(object, "vmctl", PACKAGE_VERSION);
    if (answer != NULL)
        json_object_set_string_member(
            object, "vmctld",
            vmc_json_text(json_node_get_object(answer), "version"));
    vmc_output_item(&invocation->output, versions, data);
    return answer != NULL;
}
