/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/settings.h"

#include "core/error.h"
#include "core/units.h"

#include <glib.h>

#include <string.h>
#include <sys/un.h>

#define MAX_FILE_BYTES (256 * 1024)

/* ---- the table ----------------------------------------------------------- */

typedef enum {
    SETTING_PATH,        /* char *: absolute */
    SETTING_SOCKET_PATH, /* char *: absolute, short enough for a socket */
    SETTING_WORD,        /* char *: may be empty, then NULL */
    SETTING_LIST,        /* GStrv: comma separated, may be empty */
    SETTING_BOOLEAN,     /* gboolean */
    SETTING_LEVEL,       /* guint: a GLogLevelFlags */
    SETTING_COUNT,       /* guint, within min … max */
    SETTING_BIG_COUNT,   /* guint64, within min … max */
    SETTING_BYTES,       /* guint64 with a unit, within min … max */
    SETTING_CPU,         /* guint64 millicores */
    SETTING_RATE,        /* guint64 bit/s */
    SETTING_MILLI,       /* guint64 thousandths */
} SettingType;

typedef struct {
    const char *section;
    const char *key;
    SettingType type;
    gsize offset;
    const char *standard; /* the default, as written in a file */
    guint64 min;
    guint64 max;
} Setting;

#define AT(member) G_STRUCT_OFFSET(VmcSettings, member)

/* data/vmctld.conf and docs/vmctld.conf.5.scd show the same keys and defaults;
 * tests/unit/test-settings.c holds the three together. */
static const Setting table[] = {
    {"daemon", "state_dir", SETTING_PATH, AT(state_dir),
     VMC_LOCALSTATEDIR "/lib/vmctl"},
    {"daemon", "socket_path", SETTING_SOCKET_PATH, AT(socket_path),
     VMC_RUNSTATEDIR "/vmctl/vmctld.sock"},
    {"daemon", "socket_group", SETTING_WORD, AT(socket_group), "vmctl"},
    {"daemon", "others_read", SETTING_BOOLEAN, AT(others_read), "no"},
    {"daemon", "template_dirs", SETTING_LIST, AT(template_dirs),
     VMC_SYSCONFDIR "/vmctl/templates, " VMC_PKGDATADIR "/templates"},
    {"daemon", "log_level", SETTING_LEVEL, AT(log_level), "info"},
    {"daemon", "max_running_jobs", SETTING_COUNT, AT(max_running_jobs), "16", 1,
     1000},
    {"daemon", "job_history", SETTING_COUNT, AT(job_history), "1000", 0,
     1000000},
    {"api", "max_body_bytes", SETTING_BYTES, AT(max_body_bytes), "1MiB", 1024,
     G_GUINT64_CONSTANT(1) << 26},
    {"api", "max_connections", SETTING_COUNT, AT(max_connections), "256", 8,
     10000},
    {"api", "request_timeout_s", SETTING_COUNT, AT(request_timeout_s), "30", 1,
     3600},
    {"hosts", "connect_timeout_s", SETTING_COUNT, AT(connect_timeout_s), "20",
     1, 600},
    {"hosts", "keepalive_interval_s", SETTING_COUNT, AT(keepalive_interval_s),
     "5", 1, 600},
    {"hosts", "measure_interval_s", SETTING_COUNT, AT(measure_interval_s), "60",
     1, 3600},
    {"hosts", "reserved_cpu", SETTING_CPU, AT(reserved.amount[VMC_CPU]), "0", 0,
     G_MAXINT64},
    {"hosts", "reserved_memory", SETTING_BYTES, AT(reserved.amount[VMC_MEMORY]),
     "512MiB", 0, G_MAXINT64},
    {"hosts", "reserved_disk", SETTING_BYTES, AT(reserved.amount[VMC_DISK]),
     "0", 0, G_MAXINT64},
    {"hosts", "reserved_network", SETTING_RATE,
     AT(reserved.amount[VMC_NETWORK]), "0", 0, G_MAXINT64},
    {"hosts", "ceiling_cpu", SETTING_MILLI, AT(ceiling_milli.amount[VMC_CPU]),
     "8", 0, 1000000},
    {"hosts", "ceiling_memory", SETTING_MILLI,
     AT(ceiling_milli.amount[VMC_MEMORY]), "1.5", 0, 1000000},
    {"hosts", "ceiling_disk", SETTING_MILLI, AT(ceiling_milli.amount[VMC_DISK]),
     "0", 0, 1000000},
    {"hosts", "ceiling_network", SETTING_MILLI,
     AT(ceiling_milli.amount[VMC_NETWORK]), "0", 0, 1000000},
    {"stop", "shutdown_timeout_s", SETTING_COUNT, AT(shutdown_timeout_s), "120",
     1, 86400},
    {"resize", "vcpu_timeout_s", SETTING_COUNT, AT(vcpu_timeout_s), "60", 1,
     3600},
    {"resize", "memory_timeout_s", SETTING_COUNT, AT(memory_timeout_s), "60", 1,
     3600},
    {"resize", "guest_online_timeout_s", SETTING_COUNT,
     AT(guest_online_timeout_s), "30", 1, 3600},
    {"migration", "bandwidth_mib_per_s", SETTING_BIG_COUNT,
     AT(bandwidth_mib_per_s), "0", 0, 1000000},
    {"migration", "migration_timeout_s", SETTING_COUNT, AT(migration_timeout_s),
     "0", 0, 604800},
    {"migration", "silence_timeout_s", SETTING_COUNT, AT(silence_timeout_s),
     "120", 1, 86400},
    {"migration", "shared_pools", SETTING_LIST, AT(shared_pools), ""},
};

static const Setting *
find_setting(const char *section, const char *key)
{
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
        if (g_str_equal(table[i].section, section) &&
            g_str_equal(table[i].key, key))
            return &table[i];
    return NULL;
}

static gboolean
is_section(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
        if (g_str_equal(table[i].section, name))
            return TRUE;
    return FALSE;
}

/* The section another key of that name stands in: a common slip. */
static const char *
section_of_key(const char *key)
{
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
        if (g_str_equal(table[i].key, key))
            return table[i].section;
    return NULL;
}

/* ---- values -------------------------------------------------------------- */

static gboolean
parse_boolean(const char *text, gboolean *ret_value, GError **error)
{
    static const char *const words[2][3] = {{"no", "false", "off"},
                                            {"yes", "true", "on"}};

    for (guint value = 0; value < 2; value++) {
        for (guint i = 0; i < 3; i++) {
            if (g_ascii_strcasecmp(text, words[value][i]) == 0) {
                *ret_value = value == 1;
                return TRUE;
            }
        }
    }
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "'%s' is neither 'yes' nor 'no'", text);
    return FALSE;
}

static gboolean
parse_level(const char *text, guint *ret_level, GError **error)
{
    static const struct {
        const char *name;
        GLogLevelFlags level;
    } levels[] = {
        {"error", G_LOG_LEVEL_CRITICAL}, {"warning", G_LOG_LEVEL_WARNING},
        {"notice", G_LOG_LEVEL_MESSAGE}, {"info", G_LOG_LEVEL_INFO},
        {"debug", G_LOG_LEVEL_DEBUG},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(levels); i++) {
        if (g_str_equal(text, levels[i].name)) {
            *ret_level = levels[i].level;
            return TRUE;
        }
    }
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "'%s' is no level: use error, warning, notice, info or debug",
                text);
    return FALSE;
}

static gboolean
parse_number(const Setting *setting,
             const char *text,
             guint64 *ret_number,
             GError **error)
{
    switch (setting->type) {
    case SETTING_BYTES:
        return vmc_units_parse_bytes(text, ret_number, error);
    case SETTING_CPU:
        return vmc_units_parse_millicores(text, ret_number, error);
    case SETTING_RATE:
        return vmc_units_parse_bits_per_s(text, ret_number, error);
    case SETTING_MILLI:
        return vmc_units_parse_milli(text, ret_number, error);
    case SETTING_PATH:
    case SETTING_SOCKET_PATH:
    case SETTING_WORD:
    case SETTING_LIST:
    case SETTING_BOOLEAN:
    case SETTING_LEVEL:
    case SETTING_COUNT:
    case SETTING_BIG_COUNT:
    default:
        break;
    }
    if (g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, ret_number, NULL))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "'%s' is not a whole number", text);
    return FALSE;
}

/* A number as the file would have it, for messages. */
static char *
format_number(const Setting *setting, guint64 number)
{
    if (setting->type == SETTING_BYTES)
        return vmc_units_format_bytes(number);
    if (setting->type == SETTING_MILLI)
        return g_strdup_printf("%" G_GUINT64_FORMAT, number / 1000);
    return g_strdup_printf("%" G_GUINT64_FORMAT, number);
}

static gboolean
set_number(const Setting *setting,
           const char *text,
           gpointer field,
           GError **error)
{
    guint64 number = 0;

    if (!parse_number(setting, text, &number, error))
        return FALSE;
    if (number < setting->min || number > setting->max) {
        g_autofree char *min = format_number(setting, setting->min);
        g_autofree char *max = format_number(setting, setting->max);
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' is out of range: use %s to %s", text, min, max);
        return FALSE;
    }
    if (setting->type == SETTING_COUNT)
        *(guint *) field = (guint) number;
    else
        *(guint64 *) field = number;
    return TRUE;
}

static gboolean
set_path(const Setting *setting, const char *text, char **field, GError **error)
{
    if (!g_path_is_absolute(text)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' is not an absolute path", text);
        return FALSE;
    }
    const gsize longest = sizeof(((struct sockaddr_un *) NULL)->sun_path) - 1;
    if (setting->type == SETTING_SOCKET_PATH && strlen(text) > longest) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' is too long for a socket: %" G_GSIZE_FORMAT
                    " characters at most",
                    text, longest);
        return FALSE;
    }
    g_free(*field);
    *field = g_strdup(text);
    return TRUE;
}

static void
set_list(const char *text, GStrv *field)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; parts[i] != NULL; i++)
        if (*g_strstrip(parts[i]) != '\0')
            g_strv_builder_add(builder, parts[i]);
    g_strfreev(*field);
    *field = g_strv_builder_end(builder);
}

static gboolean
set_value(const Setting *setting,
          const char *text,
          VmcSettings *settings,
          GError **error)
{
    gpointer field = G_STRUCT_MEMBER_P(settings, setting->offset);

    switch (setting->type) {
    case SETTING_PATH:
    case SETTING_SOCKET_PATH:
        return set_path(setting, text, field, error);
    case SETTING_WORD:
        g_free(*(char **) field);
        *(char **) field = *text == '\0' ? NULL : g_strdup(text);
        return TRUE;
    case SETTING_LIST:
        set_list(text, field);
        return TRUE;
    case SETTING_BOOLEAN:
        return parse_boolean(text, field, error);
    case SETTING_LEVEL:
        return parse_level(text, field, error);
    case SETTING_COUNT:
    case SETTING_BIG_COUNT:
    case SETTING_BYTES:
    case SETTING_CPU:
    case SETTING_RATE:
    case SETTING_MILLI:
    default:
        return set_number(setting, text, field, error);
    }
}

/* ---- the file ------------------------------------------------------------ */

typedef struct {
    const char *path;
    guint line;
    char *section;                      /* (nullable): before the first */
    gboolean section_is_known;          /* else its keys are not judged */
    guint seen_at[G_N_ELEMENTS(table)]; /* line, 0: not seen */
    VmcSettings *settings;
    GString *problems;
} Reader;

static void G_GNUC_PRINTF(2, 3)
    add_problem(Reader *reader, const char *format, ...)
{
    va_list args;

    if (reader->problems->len > 0)
        g_string_append_c(reader->problems, '\n');
    g_string_append_printf(reader->problems, "%s:%u: ", reader->path,
                           reader->line);
    va_start(args, format);
    g_string_append_vprintf(reader->problems, format, args);
    va_end(args);
}

static void
read_section(Reader *reader, char *line)
{
    const gsize length = strlen(line);

    g_clear_pointer(&reader->section, g_free);
    reader->section_is_known = FALSE;
    if (line[length - 1] != ']') {
        add_problem(reader, "'%s' begins a section but has no ']'", line);
        return;
    }
    line[length - 1] = '\0';
    reader->section = g_strdup(g_strstrip(line + 1));
    reader->section_is_known = is_section(reader->section);
    if (!reader->section_is_known)
        add_problem(reader,
                    "there is no section [%s]: see vmctld.conf(5) for those "
                    "there are",
                    reader->section);
}

static void
report_unknown_key(Reader *reader, const char *key)
{
    const char *home = section_of_key(key);

    if (home != NULL)
        add_problem(reader, "'%s' belongs in section [%s], not in [%s]", key,
                    home, reader->section);
    else
        add_problem(reader,
                    "there is no '%s' in section [%s]: see vmctld.conf(5) for "
                    "what there is",
                    key, reader->section);
}

static void
read_pair(Reader *reader, const char *key, const char *text)
{
    g_autoptr(GError) error = NULL;

    if (reader->section == NULL) {
        add_problem(reader, "'%s' stands before the first [section]", key);
        return;
    }
    if (!reader->section_is_known)
        return;
    const Setting *setting = find_setting(reader->section, key);
    if (setting == NULL) {
        report_unknown_key(reader, key);
        return;
    }
    guint *seen_at = &reader->seen_at[setting - table];
    if (*seen_at != 0) {
        add_problem(reader, "'%s' was set in line %u already", key, *seen_at);
        return;
    }
    *seen_at = reader->line;
    if (!set_value(setting, text, reader->settings, &error))
        add_problem(reader, "'%s': %s", key, error->message);
}

static void
read_line(Reader *reader, char *line)
{
    g_strstrip(line);
    if (*line == '\0' || *line == '#' || *line == ';')
        return;
    if (*line == '[') {
        read_section(reader, line);
        return;
    }
    char *equals = strchr(line, '=');
    if (equals == NULL) {
        add_problem(reader,
                    "'%.40s' is neither a [section], nor 'key = value', nor "
                    "a '#' comment",
                    line);
        return;
    }
    *equals = '\0';
    read_pair(reader, g_strstrip(line), g_strstrip(equals + 1));
}

static void
read_text(Reader *reader, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        reader->line = i + 1;
        read_line(reader, lines[i]);
    }
    g_clear_pointer(&reader->section, g_free);
}

static char *
load_text(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize length = 0;
    g_autoptr(GError) cause = NULL;

    if (!g_file_get_contents(path, &text, &length, &cause)) {
        g_set_error(error, VMC_ERROR, vmc_error_of(cause),
                    "cannot read the configuration: %s", cause->message);
        return NULL;
    }
    if (length > MAX_FILE_BYTES || memchr(text, '\0', length) != NULL ||
        !g_utf8_validate(text, (gssize) length, NULL)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "%s:1: this is no configuration file: it is not UTF-8 text "
                    "of at most %d KiB",
                    path, MAX_FILE_BYTES / 1024);
        return NULL;
    }
    return g_steal_pointer(&text);
}

/* ---- public -------------------------------------------------------------- */

VmcSettings *
vmc_settings_new(void)
{
    VmcSettings *settings = g_new0(VmcSettings, 1);

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        const gboolean is_valid =
            set_value(&table[i], table[i].standard, settings, NULL);
        g_assert(is_valid);
    }
    return settings;
}

VmcSettings *
vmc_settings_load(const char *path, GError **error)
{
    g_return_val_if_fail(path != NULL, NULL);
    g_autofree char *text = load_text(path, error);
    if (text == NULL)
        return NULL;
    g_autoptr(VmcSettings) settings = vmc_settings_new();
    g_autoptr(GString) problems = g_string_new(NULL);
    Reader reader = {.path = path, .settings = settings, .problems = problems};

    read_text(&reader, text);
    if (problems->len > 0) {
        g_set_error_literal(error, VMC_ERROR, VMC_ERROR_INVALID, problems->str);
        return NULL;
    }
    return g_steal_pointer(&settings);
}

gboolean
vmc_settings_set(VmcSettings *settings,
                 const char *section,
                 const char *key,
                 const char *text,
                 GError **error)
{
    const Setting *setting = find_setting(section, key);

    g_return_val_if_fail(setting != NULL, FALSE);
    if (set_value(setting, text, settings, error))
        return TRUE;
    g_prefix_error(error, "'%s': ", key);
    return FALSE;
}

const char *
vmc_settings_key_at(guint index,
                    const char **ret_section,
                    const char **ret_default)
{
    if (index >= G_N_ELEMENTS(table))
        return NULL;
    *ret_section = table[index].section;
    *ret_default = table[index].standard;
    return table[index].key;
}

void
vmc_settings_free(VmcSettings *settings)
{
    if (settings == NULL)
        return;
    g_free(settings->state_dir);
    g_free(settings->socket_path);
    g_free(settings->socket_group);
    g_strfreev(settings->template_dirs);
    g_strfreev(settings->shared_pools);
    g_free(settings);
}
