/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/driver.h"
#include "daemon/hypervisor/sim-domain.h"
#include "daemon/hypervisor/event-sink.h"

/*
 * A simulated host: domains, storage, and who is connected. For the holder of
 * the world's lock.
 */

/**
 * VmcSimPool:
 * @volumes: (element-type guint64): size in bytes by name
 */
typedef struct {
    char *name;
    char *path;
    guint64 capacity_bytes;
    GHashTable *volumes;
    gatomicrefcount refs; /* shared pools are one of several hosts */
} VmcSimPool;

struct _VmcSimHost {
    VmcSimConfig *config;
    char *uri;
    char *uuid;
    GHashTable *domains; /* (element-type VmcSimDomain) by UUID */
    GPtrArray *pools;    /* (element-type VmcSimPool) */
    GPtrArray *sinks;    /* (element-type VmcEventSink) who listens */
    guint64 cpu_ns;      /* what its domains have used, those that went too */
    gboolean is_changed; /* since it was saved */
    gboolean is_claimed; /* somebody opened it: its URI is not the file's */
};

VmcSimHost *vmc_sim_host_new(const char *uri, VmcSimConfig *config);
void vmc_sim_host_free(VmcSimHost *host);

/* Takes on another URI. */
void vmc_sim_host_set_uri(VmcSimHost *host,
                          const char *uri,
                          VmcSimConfig *config);

/* The UUID a simulated thing of this name has. (transfer full) */
char *vmc_sim_uuid_of(const char *name);

/* Makes the VMs its URI asks for. */
void vmc_sim_host_populate(VmcSimHost *host);

/* Whether guests can run under KVM here: under TCG they always can. */
gboolean vmc_sim_host_has_kvm(const VmcSimHost *host);

/* (transfer full) */
VmcHost *vmc_sim_host_facts(const VmcSimHost *host);

/* (nullable), brought up to date. */
VmcSimDomain *vmc_sim_host_find(VmcSimHost *host, const char *uuid);
VmcSimDomain *vmc_sim_host_find_by_name(VmcSimHost *host, const char *name);

/* Takes @domain. */
void vmc_sim_host_add(VmcSimHost *host, VmcSimDomain *domain);

/* Frees the domain, and tells who listens. */
void vmc_sim_host_remove(VmcSimHost *host, const char *uuid);

/* (nullable) */
VmcSimPool *vmc_sim_host_find_pool(VmcSimHost *host, const char *name);

/**
 * vmc_sim_host_find_volume:
 * @host: a host
 * @path: path of a volume
 * @ret_volume: (out) (transfer none): its name, part of @path
 *
 * Returns: (nullable): the pool it belongs into, whether it is there or not;
 * %NULL when @path is outside of all pools
 */
VmcSimPool *vmc_sim_host_find_volume(VmcSimHost *host,
                                     const char *path,
                                     const char **ret_volume);
VmcSimPool *vmc_sim_pool_new(const char *name, guint64 capacity_bytes);
VmcSimPool *vmc_sim_pool_ref(VmcSimPool *pool);
void vmc_sim_pool_unref(VmcSimPool *pool);

/**
 * vmc_sim_host_changed:
 * @host: a host
 * @kind: what happened
 * @uuid: (nullable): to which domain
 * @detail: (nullable): in words
 *
 * Tells who listens and who waits, and has the host saved.
 */
void vmc_sim_host_changed(VmcSimHost *host,
                          VmcEventKind kind,
                          const char *uuid,
                          const char *detail);
