/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/sightings.h"

struct _VmcSightings {
    GHashTable *by_host; /* name → (UUID → VmcSight) */
};

VmcSightings *
vmc_sightings_new(void)
{
    VmcSightings *self = g_new0(VmcSightings, 1);

    self->by_host = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                          (GDestroyNotify) g_hash_table_unref);
    return self;
}

void
vmc_sightings_free(VmcSightings *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->by_host);
    g_free(self);
}

void
vmc_sightings_note(VmcSightings *self,
                   const char *host,
                   const char *uuid,
                   VmcRunState state,
                   guint64 stamp)
{
    g_return_if_fail(self != NULL && host != NULL && uuid != NULL);
    GHashTable *seen = g_hash_table_lookup(self->by_host, host);
    VmcSight sight = {NULL, state, stamp};

    if (seen == NULL) {
        seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_hash_table_insert(self->by_host, g_strdup(host), seen);
    }
    g_hash_table_replace(seen, g_strdup(uuid), g_memdup2(&sight, sizeof sight));
}

void
vmc_sightings_forget(VmcSightings *self, const char *host, const char *uuid)
{
    g_return_if_fail(self != NULL && host != NULL && uuid != NULL);
    GHashTable *seen = g_hash_table_lookup(self->by_host, host);

    if (seen != NULL)
        g_hash_table_remove(seen, uuid);
}

void
vmc_sightings_forget_host(VmcSightings *self, const char *host)
{
    g_return_if_fail(self != NULL && host != NULL);
    g_hash_table_remove(self->by_host, host);
}

gboolean
vmc_sightings_get(VmcSightings *self,
                  const char *host,
                  const char *uuid,
                  VmcSight *ret_sight)
{
    g_return_val_if_fail(self != NULL && ret_sight != NULL, FALSE);
    GHashTable *seen = g_hash_table_lookup(self->by_host, host);
    const VmcSight *sight =
        seen != NULL ? g_hash_table_lookup(seen, uuid) : NULL;

    if (sight == NULL)
        return FALSE;
    *ret_sight = *sight;
    ret_sight->host = host;
    return TRUE;
}

gboolean
vmc_sightings_find_other(VmcSightings *self,
                         const char *host,
                         const char *uuid,
                         VmcSight *ret_sight)
{
    g_return_val_if_fail(self != NULL && host != NULL, FALSE);
    GHashTableIter iter;
    gpointer name, seen;
    gboolean found = FALSE;

    g_hash_table_iter_init(&iter, self->by_host);
    while (g_hash_table_iter_next(&iter, &name, &seen)) {
        const VmcSight *sight = g_hash_table_lookup(seen, uuid);
        if (sight == NULL || g_str_equal(name, host))
            continue;
        if (found && !vmc_run_state_is_active(sight->state))
            continue;
        *ret_sight = *sight;
        ret_sight->host = name;
        found = TRUE;
    }
    return found;
}

guint
vmc_sightings_count_running(VmcSightings *self, const char *uuid)
{
    g_return_val_if_fail(self != NULL && uuid != NULL, 0);
    GHashTableIter iter;
    gpointer seen;
    guint n_running = 0;

    g_hash_table_iter_init(&iter, self->by_host);
    while (g_hash_table_iter_next(&iter, NULL, &seen)) {
        const VmcSight *sight = g_hash_table_lookup(seen, uuid);
        if (sight != NULL && sight->state == VMC_RUN_RUNNING)
            n_running++;
    }
    return n_running;
}
