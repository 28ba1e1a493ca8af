/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/sim-fault.h"
#include "daemon/hypervisor/sim-host.h"

/*
 * What the simulated hypervisor does when it is called: one function a call,
 * in the table of sim-driver.c. They run under the world's lock.
 */

/**
 * VmcSimAct:
 * @host: where
 * @domain: (nullable): which domain; %NULL: the call is for none, or there is
 *   none
 * @call: what is asked
 * @strike: the fault that strikes
 * @is_partial: do a part of it only, as the fault asks
 * @reply: (out): what comes back
 */
typedef struct {
    VmcSimHost *host;
    VmcSimDomain *domain;
    const VmcCall *call;
    const VmcSimStrike *strike;
    gboolean is_partial;
    VmcReply *reply;
} VmcSimAct;

typedef gboolean (*VmcSimActFunc)(VmcSimAct *act, GError **error);

/* sim-power.c */
gboolean vmc_sim_act_define(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_undefine(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_start(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_shutdown(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_reboot(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_reset(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_destroy(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_suspend(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_resume(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_rename(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_set_metadata(VmcSimAct *act, GError **error);

/* sim-resize.c */
gboolean vmc_sim_act_set_vcpus(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_set_guest_vcpus(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_set_virtio_mem(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_set_balloon(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_attach_dimm(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_detach_dimm(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_online_guest_memory(VmcSimAct *act, GError **error);

/* sim-usage.c */
gboolean vmc_sim_act_read_usage(VmcSimAct *act, GError **error);

/* sim-volume.c */
gboolean vmc_sim_act_create_disk(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_create_seed(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_delete_volume(VmcSimAct *act, GError **error);

/* sim-migrate.c */
gboolean vmc_sim_act_migrate(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_read_migration(VmcSimAct *act, GError **error);
gboolean vmc_sim_act_abort_migration(VmcSimAct *act, GError **error);

/* The error of a call for a domain that must run. */
gboolean vmc_sim_act_needs_running(const VmcSimAct *act, GError **error);

/* The error of a call that the guest agent has to answer. */
gboolean vmc_sim_act_needs_agent(const VmcSimAct *act, GError **error);

/* %VMC_ERROR_REFUSED: @format says why, after call, domain and host. */
gboolean vmc_sim_act_refuse(const VmcSimAct *act,
                            GError **error,
                            VmcError code,
                            const char *format,
                            ...) G_GNUC_PRINTF(4, 5);
