/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/rebuild.h"
#include "daemon/settings.h"

#include <glib-unix.h>

#include <locale.h>
#include <signal.h>
#include <stdio.h>

#define DEFAULT_CONFIG VMC_SYSCONFDIR "/vmctl/vmctld.conf"

/* ---- options ------------------------------------------------------------- */

typedef struct {
    char *config;
    char *state_dir;
    char *socket_path;
    GStrv template_dirs;
    char *log_level;
    gboolean check_config;
    gboolean rebuild;
    GStrv hosts;
    gboolean version;
} Options;

static void
options_clear(Options *options)
{
    g_free(options->config);
    g_free(options->state_dir);
    g_free(options->socket_path);
    g_strfreev(options->template_dirs);
    g_free(options->log_level);
    g_strfreev(options->hosts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static gboolean
check_options(const Options *options, int n_rest, char **rest, GError **error)
{
    if (n_rest > 1) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' is one argument too many: vmctld takes only options",
                    rest[1]);
        return FALSE;
    }
    if (options->hosts != NULL && !options->rebuild) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "--host is only for --rebuild: hosts are added by 'vmctl "
                    "host add'");
        return FALSE;
    }
    return TRUE;
}

static gboolean
parse_options(int argc, char **argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config,
         "Read FILE, not " DEFAULT_CONFIG, "FILE"},
        {"state-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->state_dir,
         "Keep the database in DIR", "DIR"},
        {"socket", 0, 0, G_OPTION_ARG_FILENAME, &options->socket_path,
         "Serve the API on PATH", "PATH"},
        {"template-dir", 0, 0, G_OPTION_ARG_FILENAME_ARRAY,
         &options->template_dirs, "Look for templates in DIR; may be repeated",
         "DIR"},
        {"log-level", 0, 0, G_OPTION_ARG_STRING, &options->log_level,
         "Log from LEVEL on: error, warning, notice, info, debug", "LEVEL"},
        {"check-config", 0, 0, G_OPTION_ARG_NONE, &options->check_config,
         "Check the configuration, and do nothing else", NULL},
        {"rebuild", 0, 0, G_OPTION_ARG_NONE, &options->rebuild,
         "Make the database anew from what the hosts know", NULL},
        {"host", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->hosts,
         "A host to rebuild from; may be repeated", "NAME=URI"},
        {"version", 'V', 0, G_OPTION_ARG_NONE, &options->version,
         "Say the version", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_set_summary(
        context, "Manages a fleet of KVM hosts; see vmctld(8).");
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, &argc, &argv, error) &&
           check_options(options, argc, argv, error);
}

/* ---- settings: file, then environment, then options ---------------------- */

static gboolean
has_default_config(void)
{
    return g_file_test(DEFAULT_CONFIG, G_FILE_TEST_EXISTS);
}

static VmcSettings *
load_file(const Options *options, GError **error)
{
    if (options->config != NULL)
        return vmc_settings_load(options->config, error);
    if (has_default_config())
        return vmc_settings_load(DEFAULT_CONFIG, error);
    return vmc_settings_new();
}

/* systemd gives the directories of the service, the first one if several. */
static char *
dir_from_environment(const char *variable)
{
    const char *value = g_getenv(variable);

    if (value == NULL || *value == '\0')
        return NULL;
    return g_strndup(value, strcspn(value, ":"));
}

static char *
absolute(const char *path)
{
    return g_canonicalize_filename(path, NULL);
}

static gboolean
set_path(VmcSettings *settings, const char *key, char *path, GError **error)
{
    g_autofree char *taken = path;

    return taken == NULL ||
           vmc_settings_set(settings, "daemon", key, taken, error);
}

static gboolean
apply_environment(VmcSettings *settings, GError **error)
{
    g_autofree char *runtime = dir_from_environment("RUNTIME_DIRECTORY");
    char *socket_path =
        runtime != NULL ? g_build_filename(runtime, "vmctld.sock", NULL) : NULL;

    return set_path(settings, "state_dir",
                    dir_from_environment("STATE_DIRECTORY"), error) &&
           set_path(settings, "socket_path", socket_path, error);
}

static gboolean
apply_options(VmcSettings *settings, const Options *options, GError **error)
{
    if (options->state_dir != NULL &&
        !set_path(settings, "state_dir", absolute(options->state_dir), error))
        return FALSE;
    if (options->socket_path != NULL &&
        !set_path(settings, "socket_path", absolute(options->socket_path),
                  error))
        return FALSE;
    if (options->template_dirs != NULL) {
        g_strfreev(settings->template_dirs);
        settings->template_dirs = g_strdupv(options->template_dirs);
    }
    return options->log_level == NULL ||
           vmc_settings_set(settings, "daemon", "log_level", options->log_level,
                            error);
}

static VmcSettings *
load_settings(const Options *options, GError **error)
{
    g_autoptr(VmcSettings) settings = load_file(options, error);

    if (settings == NULL || !apply_environment(settings, error) ||
        !apply_options(settings, options, error))
        return NULL;
    return g_steal_pointer(&settings);
}

/* ---- what to do ---------------------------------------------------------- */

static int
report(const GError *error)
{
    fprintf(stderr, "vmctld: %s\n", error->message);
    return vmc_error_to_exit_code(vmc_error_of(error));
}

static int
check_config(const Options *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcSettings) settings = load_settings(options, &error);

    if (settings == NULL) {
        /* One line a mistake, without our name before: "file:line: …" */
        fprintf(stderr, "%s\n", error->message);
        return vmc_error_to_exit_code(vmc_error_of(error));
    }
    if (options->config == NULL && !has_default_config())
        printf("there is no " DEFAULT_CONFIG ": the defaults hold, ok\n");
    else
        printf("%s: ok\n",
               options->config != NULL ? options->config : DEFAULT_CONFIG);
    return 0;
}

static int
rebuild(const Options *options, VmcSettings *settings)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *summary =
        vmc_rebuild(settings, (const char *const *) options->hosts, &error);

    if (summary == NULL)
        return report(error);
    printf("%s\n", summary);
    return 0;
}

typedef struct {
    GMainLoop *loop;
    VmcDaemon *daemon;
} Running;

static void
on_stopped(gpointer user_data)
{
    Running *running = user_data;

    g_main_loop_quit(running->loop);
}

static gboolean
on_signal(gpointer user_data)
{
    Running *running = user_data;

    vmc_daemon_stop(running->daemon, on_stopped, running);
    return G_SOURCE_CONTINUE;
}

static int
serve(VmcSettings *settings)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(VmcDaemon) daemon = NULL;
    Running running = {.loop = loop};

    vmc_log_init((GLogLevelFlags) settings->log_level);
    signal(SIGPIPE, SIG_IGN);
    daemon = vmc_daemon_start(settings, &error);
    if (daemon == NULL)
        return report(error);
    running.daemon = daemon;
    g_unix_signal_add(SIGTERM, on_signal, &running);
    g_unix_signal_add(SIGINT, on_signal, &running);
    g_main_loop_run(loop);
    return 0;
}

int
main(int argc, char **argv)
{
    g_auto(Options) options = {0};
    g_autoptr(GError) error = NULL;

    setlocale(LC_CTYPE, "");
    if (!parse_options(argc, argv, &options, &error))
        return report(error);
    if (options.version) {
        printf("vmctld " PACKAGE_VERSION "\n");
        return 0;
    }
    if (options.check_config)
        return check_config(&options);
    VmcSettings *settings = load_settings(&options, &error);
    if (settings == NULL)
        return report(error);
    if (options.rebuild) {
        const int status = rebuild(&options, settings);
        vmc_settings_free(settings);
        return status;
    }
    return serve(settings);
}
