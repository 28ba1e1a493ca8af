/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/error.h"
#include "daemon/hypervisor/driver.h"

/*
 * A raised lab, for test programs: its hosts by the libvirt driver, what they
 * tell, and scripts/lab to do things to them. VMCTL_LAB names the lab's folder.
 */

/* Once, before all else: reads what VMCTL_LAB names, and ends the program when
 * that is no lab that is up. */
void lab_read(void);

/* Once, before the first test, of programs that do not run the main loop
 * themselves: a thread serves the default main context from now on. */
void lab_serve(void);

/* What lab.env says of @key, as "uri_host1". (transfer none) */
const char *lab_get(const char *key);

/* Runs scripts/lab, as lab_run("host-kill", "host1", NULL); it must succeed. */
void lab_run(const char *command, ...) G_GNUC_NULL_TERMINATED;

/**
 * LabHost:
 *
 * One host, by a connection that records its events.
 */
typedef struct _LabHost LabHost;

LabHost *lab_host_open(const char *name);
void lab_host_close(LabHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LabHost, lab_host_close)

gboolean lab_host_is_alive(LabHost *host);

/* Waits until an event of @kind about @uuid (nullable) has come since the last
 * such wait; fails the test after 60 s. */
void lab_host_wait_event(LabHost *host, VmcEventKind kind, const char *uuid);

/* What came so far is no longer waited for. */
void lab_host_forget_events(LabHost *host);

/* Takes @call. As the driver's perform. */
gboolean lab_host_try(LabHost *host,
                      VmcCall *call,
                      VmcReply *reply,
                      GError **error);

/* Takes @call, which must succeed. @reply is nullable. */
void lab_host_do(LabHost *host, VmcCall *call, VmcReply *reply);

/* Takes @call, which must fail with @code. */
void lab_host_refuse(LabHost *host, VmcCall *call, VmcError code);

/* As lab_host_try(), in a thread; lab_task_end() waits for it. */
typedef struct _LabTask LabTask;

LabTask *lab_task_begin(LabHost *host, VmcCall *call);
gboolean lab_task_is_over(LabTask *task);
gboolean lab_task_end(LabTask *task, GError **error);

/* Calls about volumes. (transfer full), @image: (nullable) */
VmcCall *lab_disk_call(const char *pool,
                       const char *volume,
                       const char *image,
                       guint64 bytes);
VmcCall *lab_delete_call(const char *pool, const char *volume);

/* The state of @uuid on @host; %VMC_RUN_ABSENT when it is not there. */
VmcRunState lab_host_state(LabHost *host, const char *uuid);

/* Waits until it is in that state; fails the test after 60 s. */
void lab_host_wait_state(LabHost *host, const char *uuid, VmcRunState state);

/* Waits until the guest's agent answers; fails the test after 120 s. */
void lab_host_wait_agent(LabHost *host, const char *uuid);

/**
 * lab_guest_xml:
 * @name: its name
 * @uuid: its UUID
 * @disk_path: (nullable): a qcow2 disk
 *
 * Returns: (transfer full): a definition of the lab's guest: 1 of 4 vCPUs,
 * 512 MiB, virtio-mem, agent, console
 */
char *lab_guest_xml(const char *name, const char *uuid, const char *disk_path);

/* Ends and undefines it wherever it is, so that a test begins clean. */
void lab_forget(LabHost *host, const char *uuid);
