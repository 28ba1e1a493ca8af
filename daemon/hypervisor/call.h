/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "daemon/hypervisor/facts.h"
#include "daemon/hypervisor/usage.h"

/*
 * What a hypervisor can be asked, as values. A call names one operation on one
 * host and carries its parameters; a reply carries what came back. Calls being
 * values, there is one seam (link.h) where deadlines, the circuit breaker and
 * tracing stand, and one (sim-fault.h) where faults are injected.
 *
 * Every call looks before it acts: starting a domain that runs, or undefining
 * one that is absent, succeeds. So a job that was cut off may run again.
 */

/**
 * VmcCallKind:
 *
 * The operations. Their names, lanes and deadlines stand in one table in
 * call.c. What each needs of #VmcCall and gives in #VmcReply is said here.
 */
typedef enum {
    VMC_CALL_READ_HOST, /* domain_type (nullable): what guests shall run under
                         * → host: facts; named as it names itself */
    VMC_CALL_LIST_DOMAINS, /* → domains; shapes without guest numbers */
    VMC_CALL_READ_USAGE,   /* flags WITH_MEMORY → usage; the memory of its
                            * domains costs ten times the rest */
    VMC_CALL_READ_DOMAIN,  /* uuid → domain; NOT_FOUND when absent */
    VMC_CALL_READ_GUEST,   /* uuid → domain, its shape with guest numbers; the
                            * agent is asked only where vmctl manages */
    VMC_CALL_READ_BOOT,    /* uuid → boot_id; agent */
    VMC_CALL_DEFINE,       /* xml → domain */
    VMC_CALL_UNDEFINE, /* uuid; leaves disks alone; FORCE: UEFI variables go */
    VMC_CALL_START,    /* uuid */
    VMC_CALL_SHUTDOWN, /* uuid, flags VMC_CALL_BY_AGENT: else ACPI */
    VMC_CALL_REBOOT,   /* uuid, flags VMC_CALL_BY_AGENT: else ACPI */
    VMC_CALL_RESET,    /* uuid; the reset button */
    VMC_CALL_DESTROY,  /* uuid; pulls the plug */
    VMC_CALL_SUSPEND,  /* uuid */
    VMC_CALL_RESUME,   /* uuid */
    VMC_CALL_RENAME,   /* uuid, name; of one that is off */
    VMC_CALL_SET_METADATA,        /* uuid, metadata; live and stored */
    VMC_CALL_SET_VCPUS,           /* uuid, count, flags LIVE and/or CONFIG */
    VMC_CALL_SET_GUEST_VCPUS,     /* uuid, count: online in the guest, agent */
    VMC_CALL_SET_VIRTIO_MEM,      /* uuid, bytes, flags LIVE or CONFIG */
    VMC_CALL_SET_BALLOON,         /* uuid, bytes, flags LIVE and/or CONFIG */
    VMC_CALL_ATTACH_DIMM,         /* uuid, bytes, flags LIVE or CONFIG */
    VMC_CALL_DETACH_DIMM,         /* uuid; LIVE: alias, returns when asked for;
                                   * CONFIG: bytes, one of that size */
    VMC_CALL_ONLINE_GUEST_MEMORY, /* uuid; agent */
    VMC_CALL_CREATE_DISK,   /* pool, volume, image (nullable), bytes → path */
    VMC_CALL_CREATE_SEED,   /* pool, volume, xml: unused, data: ISO → path */
    VMC_CALL_DELETE_VOLUME, /* pool, volume; absent is fine */
    VMC_CALL_MIGRATE,       /* uuid, migration; blocks until it is over */
    VMC_CALL_READ_MIGRATION,  /* uuid → migration */
    VMC_CALL_ABORT_MIGRATION, /* uuid */
    VMC_CALL_OPEN_CONSOLE,    /* uuid → fd: a stream socket */
    VMC_N_CALLS
} VmcCallKind;

typedef enum {
    VMC_CALL_LIVE = 1 << 0,
    VMC_CALL_CONFIG = 1 << 1,
    VMC_CALL_BY_AGENT = 1 << 2,
    VMC_CALL_WITH_MEMORY = 1 << 4,
    VMC_CALL_FORCE = 1 << 3, /* console: take it from who has it; undefine: the
                              * VM is deleted for good */
} VmcCallFlags;

/**
 * VmcMigrationOrder:
 * @destination_uri: URI by which the source host reaches the destination
 * @bandwidth_mib_per_s: cap, 0 for none
 * @copy_disks: disks are not shared: copy them
 * @pools_shared: disks are on storage both hosts share, though libvirt may not
 *   see it
 *
 * Always live, peer to peer, persistent on the destination, undefined on the
 * source, and handed over paused (VIR_MIGRATE_PAUSED): the manager resumes the
 * destination after success.
 */
typedef struct {
    char *destination_uri;
    guint64 bandwidth_mib_per_s;
    gboolean copy_disks;
    gboolean pools_shared;
} VmcMigrationOrder;

/**
 * VmcCall:
 * @kind: which operation; #VmcCallKind says what it needs of the rest
 * @flags: #VmcCallFlags
 *
 * One operation on one host, with its parameters, all owned by the call.
 */
typedef struct {
    VmcCallKind kind;
    guint32 flags; /* VmcCallFlags */
    char *uuid;
    char *name;
    char *xml;
    char *alias;
    char *domain_type;
    char *pool;
    char *volume;
    char *image;
    GBytes *data;
    guint count;
    guint64 bytes;
    VmcVm *metadata;
    VmcMigrationOrder *migration;
} VmcCall;

/**
 * VmcReply:
 * @host: (nullable): of READ_HOST
 * @domains: (nullable) (element-type VmcDomainFacts): of LIST_DOMAINS
 * @domain: (nullable): of READ_DOMAIN, READ_GUEST and DEFINE
 * @migration: of READ_MIGRATION
 * @usage: (nullable): of READ_USAGE
 * @boot_id: (nullable): of READ_BOOT: another one after each boot of the guest
 * @path: (nullable): of CREATE_DISK and CREATE_SEED: where the volume is
 * @fd: of OPEN_CONSOLE: the caller's end of a stream socket; else -1
 *
 * What came back. It owns what it holds; a call that fails leaves it alone.
 */
typedef struct {
    VmcHost *host;
    GPtrArray *domains; /* (element-type VmcDomainFacts) */
    VmcDomainFacts *domain;
    VmcMigrationFacts migration;
    VmcUsage *usage;
    char *boot_id;
    char *path;
    int fd; /* -1 for none */
} VmcReply;

#define VMC_REPLY_INIT ((VmcReply){.fd = -1})

/**
 * vmc_call_new:
 * @kind: which operation
 * @uuid: (nullable): on which domain
 *
 * Returns: (transfer full): a call; its other parameters are set by writing to
 * its members, which it owns
 */
VmcCall *vmc_call_new(VmcCallKind kind, const char *uuid);

/**
 * vmc_call_copy:
 * @call: a call
 *
 * Returns: (transfer full): a call of the same content that shares no string
 * with @call, so that it may outlive it in another thread
 */
VmcCall *vmc_call_copy(const VmcCall *call);
void vmc_call_free(VmcCall *call);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcCall, vmc_call_free)

/**
 * vmc_migration_order_new:
 * @destination_uri: URI by which the source host reaches the destination
 *
 * Returns: (transfer full): an order without bandwidth cap and disk copy
 */
VmcMigrationOrder *vmc_migration_order_new(const char *destination_uri);
VmcMigrationOrder *vmc_migration_order_copy(const VmcMigrationOrder *order);
void vmc_migration_order_free(VmcMigrationOrder *order);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcMigrationOrder, vmc_migration_order_free)

/**
 * vmc_reply_clear:
 * @reply: a reply
 *
 * Frees and closes what @reply holds and makes it %VMC_REPLY_INIT.
 */
void vmc_reply_clear(VmcReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VmcReply, vmc_reply_clear)

/**
 * VmcLane:
 *
 * Each host has a connection and workers per lane, so that a stuck statistics
 * call never holds up a destroy, nor a migration either.
 */
typedef enum {
    VMC_LANE_CONTROL,
    VMC_LANE_STATS,
    VMC_LANE_MIGRATION,
    VMC_N_LANES
} VmcLane;

/**
 * vmc_call_kind_to_name:
 * @kind: an operation
 *
 * Returns: (transfer none): its name, as "set-vcpus"
 */
const char *vmc_call_kind_to_name(VmcCallKind kind);

/**
 * vmc_call_kind_from_name:
 * @name: a name as vmc_call_kind_to_name() gives it
 * @ret_kind: (out): the operation
 *
 * Returns: %FALSE when no operation has that name
 */
gboolean vmc_call_kind_from_name(const char *name, VmcCallKind *ret_kind);

/**
 * vmc_call_kind_lane:
 * @kind: an operation
 *
 * Returns: the lane it takes
 */
VmcLane vmc_call_kind_lane(VmcCallKind kind);

/**
 * vmc_call_kind_deadline_ms:
 * @kind: an operation
 *
 * Returns: how long it may take before its end is unknown; 0: no limit (a
 * migration ends by being watched)
 */
guint vmc_call_kind_deadline_ms(VmcCallKind kind);
