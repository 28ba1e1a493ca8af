/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/fleet-asking.h"

#include <string.h>

gboolean
vmc_fleet_asking_is_empty(const VmcFleetAsking *asking)
{
    for (guint i = 0; i < asking->wishes->len; i++)
        if (((const VmcWish *) asking->wishes->pdata[i])->must)
            return FALSE;
    return asking->n_rules == 0 && asking->kin == NULL &&
           asking->home == NULL && !vmc_host_needs_any(&asking->needs);
}

/* ---- hash ---------------------------------------------------------------- */

static guint
mix(guint hash, guint more)
{
    return (hash ^ more) * 16777619u;
}

static guint
mix_text(guint hash, const char *text)
{
    return mix(hash, text != NULL ? g_str_hash(text) : 0);
}

static guint
mix_list(guint hash, GStrv list)
{
    for (guint i = 0; list != NULL && list[i] != NULL; i++)
        hash = mix_text(hash, list[i]);
    return mix(hash, 1);
}

static guint
mix_wishes(guint hash, const GPtrArray *wishes)
{
    for (guint i = 0; i < wishes->len; i++) {
        const VmcWish *wish = wishes->pdata[i];
        if (!wish->must)
            continue;
        hash = mix_text(hash, wish->host);
        hash = mix_text(hash, wish->label);
        hash = mix(hash, (guint) wish->avoid);
    }
    return hash;
}

guint
vmc_fleet_asking_hash(gconstpointer pointer)
{
    const VmcFleetAsking *asking = pointer;
    const VmcHostNeeds *needs = &asking->needs;
    guint hash = mix_wishes(2166136261u, asking->wishes);

    for (guint i = 0; i < asking->n_rules; i++)
        hash = mix(hash, asking->rules[i]);
    hash = mix_text(hash, needs->cpu_model);
    hash = mix_text(hash, needs->machine);
    hash = mix_list(hash, needs->pools);
    hash = mix_list(hash, needs->networks);
    hash = mix_list(hash, needs->bridges);
    hash = mix(hash, needs->n_numa_nodes);
    hash = mix_text(hash, asking->kin != NULL ? asking->kin->arch : NULL);
    return mix(hash, GPOINTER_TO_UINT(asking->home));
}

/* ---- equality ------------------------------------------------------------ */

static gboolean
lists_are_equal(GStrv one, GStrv other)
{
    const char *const none[] = {NULL};

    return g_strv_equal(one != NULL ? (const char *const *) one : none,
                        other != NULL ? (const char *const *) other : none);
}

static gboolean
needs_are_equal(const VmcHostNeeds *one, const VmcHostNeeds *other)
{
    return one->n_numa_nodes == other->n_numa_nodes &&
           g_strcmp0(one->cpu_model, other->cpu_model) == 0 &&
           g_strcmp0(one->machine, other->machine) == 0 &&
           lists_are_equal(one->pools, other->pools) &&
           lists_are_equal(one->networks, other->networks) &&
           lists_are_equal(one->bridges, other->bridges);
}

/* The next from @i on that must hold; NULL when there is none. */
static const VmcWish *
next_must(const GPtrArray *wishes, guint *i)
{
    while (*i < wishes->len) {
        const VmcWish *wish = wishes->pdata[(*i)++];
        if (wish->must)
            return wish;
    }
    return NULL;
}

static gboolean
wishes_are_equal(const GPtrArray *one, const GPtrArray *other)
{
    guint i = 0, j = 0;

    while (TRUE) {
        const VmcWish *a = next_must(one, &i);
        const VmcWish *b = next_must(other, &j);
        if (a == NULL || b == NULL)
            return a == b;
        if (a->avoid != b->avoid || g_strcmp0(a->host, b->host) != 0 ||
            g_strcmp0(a->label, b->label) != 0)
            return FALSE;
    }
}

static gboolean
are_kin(const VmcHost *one, const VmcHost *other)
{
    if (one == NULL || other == NULL)
        return one == other;
    return g_strcmp0(one->arch, other->arch) == 0 &&
           g_strcmp0(one->domain_type, other->domain_type) == 0;
}

gboolean
vmc_fleet_asking_equal(gconstpointer a, gconstpointer b)
{
    const VmcFleetAsking *one = a;
    const VmcFleetAsking *other = b;

    return one->home == other->home && one->n_rules == other->n_rules &&
           are_kin(one->kin, other->kin) &&
           (one->n_rules == 0 ||
            memcmp(one->rules, other->rules,
                   one->n_rules * sizeof *one->rules) == 0) &&
           needs_are_equal(&one->needs, &other->needs) &&
           wishes_are_equal(one->wishes, other->wishes);
}
