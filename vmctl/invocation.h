/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vmctl/client.h"
#include "vmctl/output.h"
#include "vmctl/terminal.h"
#include "vmctl/verb.h"

/**
 * VmcInvocation:
 * @verbs: the table of verbs
 * @verb: (nullable): the one that was called, as soon as it is known
 * @noun: (nullable): the noun, when it stood alone
 * @operands: what followed the verb
 * @options: option name → its values in order, "" for a flag
 * @terminal: what this runs on
 * @output: how data is written
 *
 * One call of vmctl: what was typed, checked and taken apart.
 */
struct _VmcInvocation {
    const VmcVerb *verbs;
    const VmcVerb *verb;
    char *noun;
    GStrv operands;
    GHashTable *options;
    VmcTerminal terminal;
    VmcOutput output;
    VmcClient *client; /* made at first use */
};

VmcInvocation *vmc_invocation_new(const VmcVerb *verbs, VmcTerminal terminal);
void vmc_invocation_free(VmcInvocation *invocation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcInvocation, vmc_invocation_free)

/**
 * vmc_invocation_parse:
 * @invocation: a new one
 * @argv: (array zero-terminated=1): the command line, the program first
 * @error: %VMC_ERROR_INVALID that says what is wrong with it
 *
 * Options before the verb are those of every verb; after it, its own as well.
 * With --help or --version nothing else is missed.
 *
 * Returns: whether the verb can be run
 */
gboolean vmc_invocation_parse(VmcInvocation *invocation,
                              const char *const *argv,
                              GError **error);

/**
 * vmc_invocation_has:
 * @invocation: a parsed one
 * @name: name of an option
 *
 * Returns: whether it was given
 */
gboolean vmc_invocation_has(const VmcInvocation *invocation, const char *name);

/**
 * vmc_invocation_option:
 * @invocation: a parsed one
 * @name: name of an option
 *
 * Returns: (transfer none) (nullable): its last value
 */
const char *vmc_invocation_option(const VmcInvocation *invocation,
                                  const char *name);

/**
 * vmc_invocation_values:
 * @invocation: a parsed one
 * @name: name of an option that may be repeated
 *
 * Returns: (transfer none) (nullable) (element-type utf8): all its values
 */
GPtrArray *vmc_invocation_values(const VmcInvocation *invocation,
                                 const char *name);

/**
 * vmc_invocation_client:
 * @invocation: a parsed one
 * @error: as vmc_client_new()
 *
 * Returns: (transfer none): the way to vmctld, by --socket, VMCTL_SOCKET or
 * the default path
 */
VmcClient *vmc_invocation_client(VmcInvocation *invocation, GError **error);

/**
 * vmc_invocation_get:
 * @invocation: a parsed one
 * @path: (transfer full): what is asked for
 * @error: as vmc_client_get()
 *
 * Returns: (transfer full): the answer
 */
JsonNode *vmc_invocation_get(VmcInvocation *invocation,
                             char *path,
                             GError **error);

/**
 * vmc_invocation_post:
 * @invocation: a parsed one
 * @path: (transfer full): what is changed
 * @body: (nullable) (transfer full): how
 * @error: as vmc_client_post()
 *
 * Returns: (transfer full): the answer
 */
JsonNode *vmc_invocation_post(VmcInvocation *invocation,
                              char *path,
                              JsonObject *body,
                              GError **error);
