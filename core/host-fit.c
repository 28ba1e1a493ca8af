/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/host-fit.h"

VmcHostNeeds
vmc_vm_host_needs(const VmcVm *vm)
{
    g_return_val_if_fail(vm != NULL, (VmcHostNeeds){0});
    return (VmcHostNeeds){.cpu_model = vm->cpu_model,
                          .machine = vm->machine,
                          .pools = vm->pools,
                          .networks = vm->networks,
                          .bridges = vm->bridges,
                          .n_numa_nodes = vm->n_numa_nodes};
}

static gboolean
is_empty(GStrv strv)
{
    return strv == NULL || strv[0] == NULL;
}

gboolean
vmc_host_needs_any(const VmcHostNeeds *needs)
{
    g_return_val_if_fail(needs != NULL, FALSE);
    return needs->cpu_model != NULL || needs->machine != NULL ||
           !is_empty(needs->pools) || !is_empty(needs->networks) ||
           !is_empty(needs->bridges) || needs->n_numa_nodes > 1;
}

/* ---- what a host lacks --------------------------------------------------- */

static gboolean
is_missing(GStrv offered, const char *wanted)
{
    return wanted != NULL && !is_empty(offered) &&
           !g_strv_contains((const char *const *) offered, wanted);
}

static char *
lacks_hardware(const VmcHost *host, const VmcHostNeeds *needs)
{
    if (is_missing(host->cpu_models, needs->cpu_model))
        return g_strdup_printf("its CPU cannot give model '%s'",
                               needs->cpu_model);
    if (is_missing(host->machines, needs->machine))
        return g_strdup_printf("its QEMU does not know machine '%s'",
                               needs->machine);
    for (guint i = 0; needs->bridges != NULL && needs->bridges[i] != NULL; i++)
        if (is_missing(host->bridges, needs->bridges[i]))
            return g_strdup_printf("it has no bridge '%s'", needs->bridges[i]);
    if (host->n_numa_nodes > 0 && needs->n_numa_nodes > host->n_numa_nodes)
        return g_strdup_printf("it has %u NUMA nodes of %u", host->n_numa_nodes,
                               needs->n_numa_nodes);
    return NULL;
}

static gboolean
has_pool(const VmcHost *host, const char *name)
{
    for (guint i = 0; host->pools != NULL && i < host->pools->len; i++)
        if (g_str_equal(((VmcPool *) host->pools->pdata[i])->name, name))
            return TRUE;
    return FALSE;
}

static char *
lacks_pool(const VmcHost *host, GStrv pools)
{
    for (guint i = 0; pools != NULL && pools[i] != NULL; i++)
        if (!has_pool(host, pools[i]))
            return g_strdup_printf("it has no active storage pool '%s'",
                                   pools[i]);
    return NULL;
}

static char *
lacks_network(const VmcHost *host, GStrv networks)
{
    for (guint i = 0; networks != NULL && networks[i] != NULL; i++)
        if (!g_strv_contains((const char *const *) host->networks, networks[i]))
            return g_strdup_printf("it has no active network '%s'",
                                   networks[i]);
    return NULL;
}

char *
vmc_host_misfit(const VmcHost *host, const VmcHostNeeds *needs)
{
    g_return_val_if_fail(host != NULL && needs != NULL, NULL);
    char *lacking = lacks_hardware(host, needs);

    if (lacking == NULL)
        lacking = lacks_pool(host, needs->pools);
    return lacking != NULL ? lacking : lacks_network(host, needs->networks);
}

char *
vmc_host_stranger(const VmcHost *host, const VmcHost *source)
{
    g_return_val_if_fail(host != NULL && source != NULL, NULL);
    if (host->arch != NULL && source->arch != NULL &&
        !g_str_equal(host->arch, source->arch))
        return g_strdup_printf("it is %s, and the VM runs on %s", host->arch,
                               source->arch);
    if (host->domain_type != NULL && source->domain_type != NULL &&
        !g_str_equal(host->domain_type, source->domain_type))
        return g_strdup_printf("guests run under %s there, and the VM under %s",
                               host->domain_type, source->domain_type);
    return NULL;
}

/* ---- wishes -------------------------------------------------------------- */

gboolean
vmc_wish_holds(const VmcWish *wish, const VmcHost *host)
{
    g_return_val_if_fail(wish != NULL && host != NULL, FALSE);
    gboolean is_meant =
        wish->host != NULL
            ? g_str_equal(wish->host, host->name)
            : g_strv_contains((const char *const *) host->labels, wish->label);

    return is_meant != wish->avoid;
}

char *
vmc_wish_describe(const VmcWish *wish)
{
    g_return_val_if_fail(wish != NULL, NULL);
    return g_strdup_printf("it %s %s %s '%s'", wish->must ? "must" : "should",
                           wish->avoid ? "keep off" : "be on",
                           wish->host != NULL ? "host" : "hosts labelled",
                           wish->host != NULL ? wish->host : wish->label);
}
