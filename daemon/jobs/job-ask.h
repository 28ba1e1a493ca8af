/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/facts.h"
#include "daemon/jobs/job-run.h"

/*
 * What most jobs do with a host: look at their VM there, ask for something and
 * make sure of the answer, show what became of it.
 */

/**
 * vmc_job_look:
 * @run: the job
 * @host_name: a host
 * @error: as vmc_job_run_call(), %VMC_ERROR_NOT_FOUND left out
 *
 * A domain that is being started, by a vmctld that was killed meanwhile or by
 * somebody else, is waited for as long as a start may take.
 *
 * Returns: (transfer full): the job's VM as that host sees it; its state is
 * %VMC_RUN_ABSENT when it is not there
 */
VmcDomainFacts *vmc_job_look(VmcJobRun *run,
                             const char *host_name,
                             GError **error);

/**
 * vmc_job_ask:
 * @run: the job
 * @host_name: a host
 * @kind: a call that needs only the VM
 * @flags: #VmcCallFlags
 * @error: as vmc_job_ask_call()
 *
 * Returns: whether it was done
 */
gboolean vmc_job_ask(VmcJobRun *run,
                     const char *host_name,
                     VmcCallKind kind,
                     guint32 flags,
                     GError **error);

/**
 * vmc_job_ask_call:
 * @run: the job
 * @host_name: a host
 * @call: what is asked
 * @reply: (out) (optional): what came back
 * @error: as vmc_job_run_call(); %VMC_ERROR_UNKNOWN when the host went away in
 *   the middle and could not be asked again
 *
 * As vmc_job_run_call(), but an answer that was lost is asked for again, since
 * all calls look before they act; for a migration use vmc_job_run_call().
 *
 * Returns: whether it was done
 */
gboolean vmc_job_ask_call(VmcJobRun *run,
                          const char *host_name,
                          const VmcCall *call,
                          VmcReply *reply,
                          GError **error);

/**
 * vmc_job_show:
 * @run: the job
 * @host_name: the host that was looked at
 * @facts: what it said
 * @error: the store's error
 *
 * Publishes the job's VM as it was seen, its host and size included.
 *
 * Returns: whether it is stored
 */
gboolean vmc_job_show(VmcJobRun *run,
                      const char *host_name,
                      const VmcDomainFacts *facts,
                      GError **error);

/**
 * vmc_job_show_unknown:
 * @run: the job
 * @why: the error it ends with
 *
 * Publishes that the state of the job's VM is not known. As well as it can: the
 * job ends with @why in any case.
 */
void vmc_job_show_unknown(VmcJobRun *run, const GError *why);
