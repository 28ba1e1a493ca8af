/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/resources.h"

/**
 * VmcSettings:
 * @state_dir: the database and its lock
 * @socket_path: the API
 * @socket_group: (nullable): members may write; %NULL: nobody but root and
 *   the daemon's own user
 * @others_read: anybody else may read
 * @template_dirs: where templates are looked for; the first match wins
 * @log_level: the least important level that is logged
 * @max_running_jobs: how many jobs run at a time; more wait
 * @job_history: how many ended jobs are kept
 * @max_body_bytes: the largest request body
 * @max_connections: how many clients at a time
 * @request_timeout_s: how long a client may take to send a request, and how
 *   long to take the answer
 * @connect_timeout_s: how long a host may take to answer when it is added
 * @keepalive_interval_s: between two signs of life on an idle connection
 * @measure_interval_s: how often what the VMs of a host use is measured
 * @reserved: kept back on a host for itself, unless said at `host add`
 * @ceiling_milli: overcommit ceiling of a host, unless said at `host add`
 * @shutdown_timeout_s: how long a guest may take to stop before its plug is
 *   pulled
 * @vcpu_timeout_s: how long a rung of a vCPU resize may take
 * @memory_timeout_s: how long a rung of a memory resize may go on without
 *   progress
 * @guest_online_timeout_s: how long the guest may take to use what it was given
 * @bandwidth_mib_per_s: cap of a migration, 0: none
 * @migration_timeout_s: then a migration is given up; 0: never
 * @silence_timeout_s: how long a host is waited for that does not say what
 *   became of a migration, before its job ends
 * @shared_pools: storage pools that are the same on every host
 *
 * What the operator can set: vmctld.conf, an INI-style file. Every key has a
 * default and is described in docs/vmctld.conf.5.scd; an unknown section, key
 * or a bad value is an error with file and line. Immutable once read.
 */
typedef struct {
    /* [daemon] */
    char *state_dir;
    char *socket_path;
    char *socket_group;
    gboolean others_read;
    GStrv template_dirs;
    guint log_level; /* GLogLevelFlags */
    guint max_running_jobs;
    guint job_history;
    /* [api] */
    guint64 max_body_bytes;
    guint max_connections;
    guint request_timeout_s;
    /* [hosts] */
    guint connect_timeout_s;
    guint keepalive_interval_s;
    guint measure_interval_s;
    VmcResources reserved;
    VmcResources ceiling_milli;
    /* [stop] */
    guint shutdown_timeout_s;
    /* [resize] */
    guint vcpu_timeout_s;
    guint memory_timeout_s;
    guint guest_online_timeout_s;
    /* [migration] */
    guint64 bandwidth_mib_per_s;
    guint migration_timeout_s;
    guint silence_timeout_s;
    GStrv shared_pools;
} VmcSettings;

/**
 * vmc_settings_new:
 *
 * Returns: (transfer full): the defaults
 */
VmcSettings *vmc_settings_new(void);

/**
 * vmc_settings_load:
 * @path: a configuration file
 * @error: %VMC_ERROR_INVALID with a line "path:line: …" for everything that is
 *   wrong with it, %VMC_ERROR_NOT_FOUND, %VMC_ERROR_DENIED
 *
 * Returns: (transfer full): the defaults with the file's values over them
 */
VmcSettings *vmc_settings_load(const char *path, GError **error);

/**
 * vmc_settings_set:
 * @settings: settings that are not yet shared
 * @section: as in the file, without brackets
 * @key: as in the file
 * @text: the value as written in the file
 * @error: %VMC_ERROR_INVALID
 *
 * How a flag or the environment puts one value over the file's.
 *
 * Returns: whether it was set
 */
gboolean vmc_settings_set(VmcSettings *settings,
                          const char *section,
                          const char *key,
                          const char *text,
                          GError **error);

/**
 * vmc_settings_key_at:
 * @index: from 0
 * @ret_section: (out) (transfer none): its section
 * @ret_default: (out) (transfer none): its default, as written in a file
 *
 * Returns: (transfer none) (nullable): the name of a key, %NULL after the last
 */
const char *vmc_settings_key_at(guint index,
                                const char **ret_section,
                                const char **ret_default);

void vmc_settings_free(VmcSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcSettings, vmc_settings_free)
