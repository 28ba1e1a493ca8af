/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "vmctl/verbs.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>

/* A standard stream that the caller closed would become the next file or socket
 * that is opened. It is taken by one that cannot be used that way instead. */
static void
occupy_standard_streams(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};

    for (int fd = 0; fd < (int) G_N_ELEMENTS(modes); fd++)
        if (fcntl(fd, F_GETFD) == -1)
            (void) open("/dev/null", modes[fd]);
}

static int
exit_code_of(const GError *error)
{
    return vmc_error_to_exit_code(vmc_error_of(error));
}

static int
report(const GError *error)
{
    if (error->domain != VMC_OUTPUT_UNREAD)
        vmc_say("%s", error->message);
    return exit_code_of(error);
}

static int
report_usage_error(const VmcInvocation *invocation, const GError *error)
{
    g_autofree char *usage = vmc_verb_usage(invocation->verb);

    if (invocation->verb != NULL)
        vmc_say("%s: %s", invocation->verb->name, error->message);
    else
        vmc_say("%s", error->message);
    fprintf(stderr, "Usage: %s\n", usage);
    return exit_code_of(error);
}

static int
show_help(const VmcInvocation *invocation)
{
    gboolean is_all = invocation->verb == NULL || invocation->noun != NULL;
    g_autofree char *text =
        is_all ? vmc_verbs_help(invocation->verbs, invocation->noun)
               : vmc_verb_help(invocation->verb);

    fputs(text, stdout);
    return 0;
}

/* Output that did not get out is no success; what failed said so already. */
static int
flush_stdout(int exit_code)
{
    g_autoptr(GError) error = NULL;

    if (exit_code != 0 || vmc_output_flush(&error))
        return exit_code;
    return report(error);
}

static int
run(VmcInvocation *invocation)
{
    g_autoptr(GError) error = NULL;

    if (vmc_invocation_has(invocation, "version")) {
        puts(PACKAGE_STRING);
        return 0;
    }
    if (vmc_invocation_has(invocation, "help"))
        return show_help(invocation);
    if (invocation->verb->run(invocation, &error))
        return 0;
    fflush(stdout);
    return report(error);
}

int
main(int argc, char **argv)
{
    g_autoptr(VmcInvocation) invocation = NULL;
    g_autoptr(GError) error = NULL;

    occupy_standard_streams();
    /* only the encoding: no numbers or messages in the language of a place */
    setlocale(LC_CTYPE, "");
    invocation = vmc_invocation_new(vmc_verbs, vmc_terminal_detect());
    if (!vmc_invocation_parse(invocation, (const char *const *) argv, &error))
        return report_usage_error(invocation, error);
    return flush_stdout(run(invocation));
}
