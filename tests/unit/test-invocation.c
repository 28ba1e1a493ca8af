/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "vmctl/completion.h"
#include "vmctl/verbs.h"

#include <glib.h>

#include <string.h>

static VmcInvocation *
parse(const char *line, GError **error)
{
    g_auto(GStrv) argv = g_strsplit(line, " ", -1);
    VmcTerminal nowhere = {0};
    g_autoptr(VmcInvocation) invocation =
        vmc_invocation_new(vmc_verbs, nowhere);

    if (!vmc_invocation_parse(invocation, (const char *const *) argv, error))
        return NULL;
    return g_steal_pointer(&invocation);
}

static void
assert_verb(const char *line, const char *verb)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcInvocation) invocation = parse(line, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(invocation->verb->name, ==, verb);
}

static void
assert_error(const char *line, const char *pattern)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcInvocation) invocation = parse(line, &error);

    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    g_assert_null(invocation);
    if (!g_pattern_match_simple(pattern, error->message))
        g_error("'%s' gives: %s", line, error->message);
}

/* Verbs by name, by unique beginning, and by what is left out. */
static void
test_verbs(void)
{
    assert_verb("vmctl", "list");
    assert_verb("vmctl -o json", "list");
    assert_verb("vmctl show web1", "show");
    assert_verb("vmctl mig web1", "migrate");
    assert_verb("vmctl host", "host list");
    assert_verb("vmctl host -o json", "host list");
    assert_verb("vmctl ho ad h1 sim://h1", "host add");
    assert_verb("vmctl -o plain job s 1", "job show");
    assert_error("vmctl st web1", "'st' is ambiguous: it may be start, stop");
    assert_error("vmctl strat web1", "*no verb 'strat'; did you mean 'start'?");
    assert_error("vmctl frobnicate", "*no verb 'frobnicate'; 'vmctl help'*");
    assert_error("vmctl host frob", "host: there is no verb 'frob'*");
    assert_error("vmctl comple", "*no verb 'comple'*");
}

/* Options may stand on both sides of the verb's arguments; the last wins. */
static void
test_options(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcInvocation) invocation =
        parse("vmctl -o json create --disk=a=1G web1 -t web -o plain "
              "--disk b=2G --no-wait",
              &error);

    g_assert_no_error(error);
    g_assert_cmpstr(invocation->operands[0], ==, "web1");
    g_assert_null(invocation->operands[1]);
    g_assert_cmpstr(vmc_invocation_option(invocation, "template"), ==, "web");
    g_assert_cmpint(invocation->output.format, ==, VMC_FORMAT_PLAIN);
    g_assert_cmpuint(vmc_invocation_values(invocation, "disk")->len, ==, 2);
    g_assert_true(vmc_invocation_has(invocation, "no-wait"));
    g_assert_false(vmc_invocation_has(invocation, "dry-run"));
    g_assert_cmpuint(invocation->output.table_flags, ==, VMC_TABLE_LEGEND);
}

/* An option behind the verb counts as much as before it. */
static void
test_no_legend(void)
{
    static const char *const lines[] = {"vmctl --no-legend list",
                                        "vmctl list --no-legend"};

    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(VmcInvocation) invocation = parse(lines[i], NULL);

        g_assert_cmpuint(invocation->output.table_flags, ==, 0);
    }
}

/* A size that is to be taken away is a value and not an option. */
static void
test_negative_value(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcInvocation) invocation =
        parse("vmctl resize web1 --memory -512M", &error);

    g_assert_no_error(error);
    g_assert_cmpstr(vmc_invocation_option(invocation, "memory"), ==, "-512M");
}

static void
test_usage_errors(void)
{
    assert_error("vmctl show", "VM is missing");
    assert_error("vmctl show a b", "'b' is one argument too many");
    assert_error("vmctl create web1", "--template TEMPLATE is missing");
    assert_error("vmctl create web1 --templte web",
                 "unknown option --templte; did you mean --template?");
    assert_error("vmctl --frob list", "unknown option --frob");
    assert_error("vmctl list -x", "unknown option -x");
    assert_error("vmctl list -o", "*-o*");
    assert_error("vmctl list -o yaml", "--output: 'yaml' is no format*");
    assert_error("vmctl resize web1 --memory 4apples", "--memory: *apples*");
    assert_error("vmctl start web1 --wait --no-wait", "--wait and --no-wait*");
    assert_error("vmctl job show web1", "'web1' is no job*");
    assert_error("vmctl list --wait", "unknown option --wait");
}

/* Asking for help needs nothing else to be right. */
static void
test_help(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcInvocation) invocation = parse("vmctl create --help", &error);

    g_assert_no_error(error);
    g_assert_true(vmc_invocation_has(invocation, "help"));
}

/* The rows are complete: no verb can be run that has no help. */
static void
test_table(void)
{
    for (const VmcVerb *verb = vmc_verbs; verb->name != NULL; verb++) {
        g_autofree char *help = vmc_verb_help(verb);
        g_autoptr(GPtrArray) options = vmc_verb_options(verb);

        g_assert_nonnull(verb->run);
        g_assert_cmpuint(strlen(verb->summary), <=, 65);
        g_assert_nonnull(strstr(help, verb->summary));
        for (guint i = 0; i < options->len; i++) {
            const VmcOption *option = g_ptr_array_index(options, i);

            g_assert_nonnull(strstr(help, option->name));
            g_assert_cmpint(option->value_name == NULL, ==,
                            option->kind == VMC_VALUE_NONE);
        }
    }
}

static void
assert_completion(const char *line, const char *expected)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    g_autofree char *lines =
        vmc_completion_lines(vmc_verbs, (const char *const *) words);
    g_auto(GStrv) candidates = g_strsplit(lines, "\n", -1);
    g_autoptr(GString) seen = g_string_new(NULL);

    for (guint i = 0; candidates[i] != NULL; i++)
        g_string_append_printf(
            seen, "%.*s ", (int) strcspn(candidates[i], "\t"), candidates[i]);
    if (!g_pattern_match_simple(expected, seen->str))
        g_error("'%s' completes to: %s", line, seen->str);
}

/* Completion without a daemon: what the tables alone know. */
static void
test_completion(void)
{
    assert_completion("re", "reboot resume rename resize  ");
    assert_completion("host ", "list show add remove  ");
    assert_completion("hos", "host  ");
    assert_completion("create --tem", "--template  ");
    assert_completion("create x -o ", "table json plain  ");
    assert_completion("create x --output=j", "--output=json  ");
    assert_completion("create x --factor ", "cpu= memory= disk= network=  ");
    assert_completion("template check ", ":files  ");
    assert_completion("--socket ", ":files  ");
    assert_completion("create ", "");
    assert_completion("help res", "resume resize  ");
    assert_completion("-o json job ca", "cancel  ");
    assert_completion("list --n", "--no-legend --no-color  ");
    assert_completion("stop x --n", "--no-wait --no-legend --no-color  ");
    assert_completion("frob ", "list *");
    assert_completion("", "list show *help  ");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_setenv("VMCTL_SOCKET", "/nonexistent/vmctld.sock", TRUE);
    g_test_add_func("/invocation/verbs", test_verbs);
    g_test_add_func("/invocation/options", test_options);
    g_test_add_func("/invocation/no-legend", test_no_legend);
    g_test_add_func("/invocation/negative-value", test_negative_value);
    g_test_add_func("/invocation/usage-errors", test_usage_errors);
    g_test_add_func("/invocation/help", test_help);
    g_test_add_func("/invocation/table", test_table);
    g_test_add_func("/invocation/completion", test_completion);
    return g_test_run();
}
