/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/settings.h"

#include "core/error.h"

#include <glib.h>
#include <glib/gstdio.h>

static char *
write_file(const char *text)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    const int fd = g_file_open_tmp("vmctld-XXXXXX.conf", &path, &error);

    g_assert_no_error(error);
    g_assert_true(g_close(fd, NULL));
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    return g_steal_pointer(&path);
}

/* Loads @text, expects it to be refused, and returns the message with the name
 * of the temporary file replaced by "F". */
static char *
refusal_of(const char *text)
{
    g_autofree char *path = write_file(text);
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcSettings) settings = vmc_settings_load(path, &error);

    g_assert_null(settings);
    g_assert_cmpint(vmc_error_of(error), ==, VMC_ERROR_INVALID);
    g_unlink(path);
    g_autoptr(GString) message = g_string_new(error->message);
    g_string_replace(message, path, "F", 0);
    return g_string_free(g_steal_pointer(&message), FALSE);
}

/* What a fresh installation does is what the manual says it does. */
static void
test_defaults(void)
{
    g_autoptr(VmcSettings) settings = vmc_settings_new();

    g_assert_true(g_str_has_suffix(settings->state_dir, "/lib/vmctl"));
    g_assert_true(
        g_str_has_suffix(settings->socket_path, "/vmctl/vmctld.sock"));
    g_assert_cmpstr(settings->socket_group, ==, "vmctl");
    g_assert_false(settings->others_read);
    g_assert_cmpuint(g_strv_length(settings->template_dirs), ==, 2);
    g_assert_cmpuint(settings->log_level, ==, G_LOG_LEVEL_INFO);
    g_assert_cmpuint(settings->max_body_bytes, ==, 1024 * 1024);
    g_assert_cmpuint(settings->ceiling_milli.amount[VMC_CPU], ==, 8000);
    g_assert_cmpuint(settings->ceiling_milli.amount[VMC_MEMORY], ==, 1500);
    g_assert_cmpuint(settings->reserved.amount[VMC_MEMORY], ==, 512 << 20);
    g_assert_cmpuint(g_strv_length(settings->shared_pools), ==, 0);
}

/* Every kind of value is read with its unit; what is not said stays. */
static void
test_values(void)
{
    g_autofree char *path = write_file("# comment\n"
                                       "; another\n"
                                       "\n"
                                       "[daemon]\n"
                                       "state_dir=/srv/state\n"
                                       "  others_read  =  Yes \r\n"
                                       "socket_group =\n"
                                       "log_level = debug\n"
                                       "template_dirs = /a b, /c,\n"
                                       "[api]\n"
                                       "max_body_bytes = 2MiB\n"
                                       "[ hosts ]\n"
                                       "reserved_cpu = 0.5\n"
                                       "reserved_network = 1Gbit/s\n"
                                       "ceiling_cpu = 4.5\n"
                                       "[migration]\n"
                                       "bandwidth_mib_per_s = 120\n"
                                       "shared_pools = images, fast");
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcSettings) settings = vmc_settings_load(path, &error);

    g_unlink(path);
    g_assert_no_error(error);
    g_assert_cmpstr(settings->state_dir, ==, "/srv/state");
    g_assert_true(settings->others_read);
    g_assert_null(settings->socket_group);
    g_assert_cmpuint(settings->log_level, ==, G_LOG_LEVEL_DEBUG);
    g_assert_cmpuint(g_strv_length(settings->template_dirs), ==, 2);
    g_assert_cmpstr(settings->template_dirs[0], ==, "/a b");
    g_assert_cmpstr(settings->template_dirs[1], ==, "/c");
    g_assert_cmpuint(settings->max_body_bytes, ==, 2 << 20);
    g_assert_cmpuint(settings->reserved.amount[VMC_CPU], ==, 500);
    g_assert_cmpuint(settings->reserved.amount[VMC_NETWORK], ==, 1000000000);
    g_assert_cmpuint(settings->ceiling_milli.amount[VMC_CPU], ==, 4500);
    g_assert_cmpuint(settings->bandwidth_mib_per_s, ==, 120);
    g_assert_cmpstr(settings->shared_pools[1], ==, "fast");
    g_assert_cmpuint(settings->max_connections, ==, 256);
}

typedef struct {
    const char *name;
    const char *text;
    const char *message;
} Bad;

static const Bad bad[] = {
    {"no-section", "others_read = yes\n",
     "F:1: 'others_read' stands before the first [section]"},
    {"unknown-section", "\n[deamon]\nothers_read = yes\n",
     "F:2: there is no section [deamon]: see vmctld.conf(5) for those there "
     "are"},
    {"open-section", "[daemon\n",
     "F:1: '[daemon' begins a section but has no ']'"},
    {"unknown-key", "[api]\nmax_bodies = 3\n",
     "F:2: there is no 'max_bodies' in section [api]: see vmctld.conf(5) for "
     "what there is"},
    {"wrong-section", "[api]\nothers_read = yes\n",
     "F:2: 'others_read' belongs in section [daemon], not in [api]"},
    {"no-equals", "[api]\nmax_connections 3\n",
     "F:2: 'max_connections 3' is neither a [section], nor 'key = value', nor "
     "a '#' comment"},
    {"twice", "[api]\nmax_connections = 30\n\nmax_connections = 40\n",
     "F:4: 'max_connections' was set in line 2 already"},
    {"boolean", "[daemon]\nothers_read = maybe\n",
     "F:2: 'others_read': 'maybe' is neither 'yes' nor 'no'"},
    {"level", "[daemon]\nlog_level = loud\n",
     "F:2: 'log_level': 'loud' is no level: use error, warning, notice, info "
     "or debug"},
    {"count", "[api]\nmax_connections = many\n",
     "F:2: 'max_connections': 'many' is not a whole number"},
    {"negative", "[api]\nmax_connections = -3\n",
     "F:2: 'max_connections': '-3' is not a whole number"},
    {"range", "[api]\nmax_connections = 3\n",
     "F:2: 'max_connections': '3' is out of range: use 8 to 10000"},
    {"bytes-range", "[api]\nmax_body_bytes = 1GiB\n",
     "F:2: 'max_body_bytes': '1GiB' is out of range: use 1KiB to 64MiB"},
    {"relative", "[daemon]\nstate_dir = var/lib\n",
     "F:2: 'state_dir': 'var/lib' is not an absolute path"},
    {"all-of-them", "[daemon]\nstate_dir = x\nlog_level = x\n",
     "F:2: 'state_dir': 'x' is not an absolute path\n"
     "F:3: 'log_level': 'x' is no level: use error, warning, notice, info or "
     "debug"},
};

/* Every mistake is told with file, line, and what would be right. */
static void
test_bad(gconstpointer data)
{
    const Bad *row = data;
    g_autofree char *message = refusal_of(row->text);

    g_assert_cmpstr(message, ==, row->message);
}

/* A path that bind() would cut short is refused where it is written. */
static void
test_long_socket_path(void)
{
    g_autofree char *path = g_strnfill(120, 'x');
    g_autofree char *text =
        g_strdup_printf("[daemon]\nsocket_path = /%s\n", path);
    g_autofree char *message = refusal_of(text);

    g_assert_nonnull(strstr(message, "too long for a socket: 107 characters"));
}

/* A picture given by mistake is not read as a configuration. */
static void
test_not_text(void)
{
    g_autofree char *message = refusal_of("[daemon]\n\xff\xfe");

    g_assert_true(g_str_has_prefix(message, "F:1: this is no configuration"));
}

static void
test_missing_file(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(vmc_settings_load("/nonexistent/vmctld.conf", &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "/nonexistent/vmctld.conf"));
}

/* A flag goes through the same checks as the file. */
static void
test_set(void)
{
    g_autoptr(VmcSettings) settings = vmc_settings_new();
    g_autoptr(GError) error = NULL;

    g_assert_true(
        vmc_settings_set(settings, "daemon", "state_dir", "/x", &error));
    g_assert_cmpstr(settings->state_dir, ==, "/x");
    g_assert_false(
        vmc_settings_set(settings, "daemon", "state_dir", "y", &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    g_assert_cmpstr(error->message, ==,
                    "'state_dir': 'y' is not an absolute path");
    g_assert_cmpstr(settings->state_dir, ==, "/x");
}

static char *
read_source(const char *name)
{
    g_autofree char *path =
        g_build_filename(g_getenv("VMC_SRCDIR"), name, NULL);
    char *text = NULL;
    g_autoptr(GError) error = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

/* The sample shows every key with its default, commented out; and the manual
 * has an entry for each. Whoever adds a key is told to describe it. */
static void
test_documentation(void)
{
    g_autofree char *sample = read_source("data/vmctld.conf.in");
    g_autofree char *manual = read_source("docs/vmctld.conf.5.scd");
    const char *section = NULL;
    const char *standard = NULL;
    const char *key;

    for (guint i = 0; (key = vmc_settings_key_at(i, &section, &standard));
         i++) {
        g_autofree char *header = g_strdup_printf("\n[%s]\n", section);
        const gboolean is_path = strchr(standard, '/') != NULL;
        g_autofree char *line =
            g_strdup_printf("\n#%s =%s%s%s", key, *standard != '\0' ? " " : "",
                            is_path ? "" : standard, is_path ? "" : "\n");
        g_autofree char *entry = g_strdup_printf("\n*%s*", key);

        if (strstr(sample, header) == NULL || strstr(sample, line) == NULL)
            g_error("data/vmctld.conf.in has no line '%s' in [%s]", line + 1,
                    section);
        if (strstr(manual, entry) == NULL)
            g_error("docs/vmctld.conf.5.scd does not describe '%s'", key);
    }
}

/* The sample is a valid configuration, also once its comments are taken off. */
static void
test_sample_is_valid(void)
{
    g_autofree char *sample = read_source("data/vmctld.conf.in");
    g_autoptr(GRegex) regex =
        g_regex_new("^#([a-z_]+ =)", G_REGEX_MULTILINE, 0, NULL);
    g_autofree char *bare =
        g_regex_replace(regex, sample, -1, 0, "\\1", 0, NULL);
    g_autoptr(GString) text = g_string_new(bare);
    g_string_replace(text, "@sysconfdir@", "/etc", 0);
    g_string_replace(text, "@localstatedir@", "/var", 0);
    g_string_replace(text, "@runstatedir@", "/run", 0);
    g_string_replace(text, "@pkgdatadir@", "/usr/share/vmctl", 0);
    g_autofree char *path = write_file(text->str);
    g_autoptr(GError) error = NULL;

    g_autoptr(VmcSettings) settings = vmc_settings_load(path, &error);
    g_unlink(path);
    g_assert_no_error(error);
    g_assert_cmpstr(settings->state_dir, ==, "/var/lib/vmctl");
    g_assert_cmpuint(settings->max_connections, ==, 256);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/settings/defaults", test_defaults);
    g_test_add_func("/settings/values", test_values);
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *path =
            g_strdup_printf("/settings/bad/%s", bad[i].name);
        g_test_add_data_func(path, &bad[i], test_bad);
    }
    g_test_add_func("/settings/long-socket-path", test_long_socket_path);
    g_test_add_func("/settings/not-text", test_not_text);
    g_test_add_func("/settings/missing-file", test_missing_file);
    g_test_add_func("/settings/set", test_set);
    g_test_add_func("/settings/documentation", test_documentation);
    g_test_add_func("/settings/sample-is-valid", test_sample_is_valid);
    return g_test_run();
}
