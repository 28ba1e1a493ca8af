/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/error.h"
#include "daemon/hypervisor/call.h"

/*
 * Faults of the simulated driver: what shall go wrong, where, and when. Added
 * by a test in the same process, or by a file that a host's URI names, so that
 * a running daemon can be steered from outside (docs/simulated-driver.md).
 */

/**
 * VmcSimFaultKind:
 * @VMC_SIM_FAULT_HANG: it answers late; what it does, it does late
 * @VMC_SIM_FAULT_REFUSE: it fails, and does nothing
 * @VMC_SIM_FAULT_PARTIAL: it does a part, and fails
 * @VMC_SIM_FAULT_LOST_REPLY: it does it, and the answer is lost
 * @VMC_SIM_FAULT_DISCONNECT: the connection breaks
 * @VMC_SIM_FAULT_CRASH: this process is killed, as by kill -9
 * @VMC_SIM_FAULT_SPLIT_BRAIN: a migration fails, and both copies run
 */
typedef enum {
    VMC_SIM_FAULT_HANG,
    VMC_SIM_FAULT_REFUSE,
    VMC_SIM_FAULT_PARTIAL,
    VMC_SIM_FAULT_LOST_REPLY,
    VMC_SIM_FAULT_DISCONNECT,
    VMC_SIM_FAULT_CRASH,
    VMC_SIM_FAULT_SPLIT_BRAIN,
    VMC_SIM_N_FAULTS
} VmcSimFaultKind;

/**
 * VmcSimStep:
 * @VMC_SIM_STEP_BEFORE: before it does anything
 * @VMC_SIM_STEP_AFTER: it is done, the answer is not sent
 * @VMC_SIM_STEP_PERFORM: of a migration: memory is being copied; of a start:
 *   the process is being set up; there only a hang can strike
 * @VMC_SIM_STEP_FINISH: of a migration: the source has stopped, the
 *   destination is told to take over
 *
 * Where in a call a fault strikes.
 */
typedef enum {
    VMC_SIM_STEP_BEFORE,
    VMC_SIM_STEP_AFTER,
    VMC_SIM_STEP_PERFORM,
    VMC_SIM_STEP_FINISH,
    VMC_SIM_N_STEPS
} VmcSimStep;

/**
 * VmcSimFault:
 * @kind: what goes wrong
 * @step: where in the call
 * @host: (nullable): on which host; %NULL: any
 * @call: (nullable): name of the call, or "open"; %NULL: any call
 * @vm: (nullable): UUID or name of the domain; %NULL: any
 * @nth: the first of the calls that match which it strikes, from 1; 0 is 1
 * @times: how many it strikes; 0: all from then on
 * @ms: how long it hangs; 0: until the fault is gone
 * @code: error code of a refusal, a part done, a lost reply; 0:
 *   %VMC_ERROR_FAILED, %VMC_ERROR_PARTIAL, %VMC_ERROR_UNKNOWN
 * @message: (nullable): text of the error
 */
typedef struct {
    VmcSimFaultKind kind;
    VmcSimStep step;
    const char *host;
    const char *call;
    const char *vm;
    guint nth;
    guint times;
    guint ms;
    VmcError code;
    const char *message;
} VmcSimFault;

const char *vmc_sim_fault_kind_to_name(VmcSimFaultKind kind);
const char *vmc_sim_step_to_name(VmcSimStep step);

/* ---- for tests; they take the world's lock themselves -------------------- */

/* Copies @fault. */
void vmc_sim_fault_add(const VmcSimFault *fault);

/* Removes all, and lets go of calls that hang. */
void vmc_sim_fault_clear(void);

/* How often faults struck, since the last clear. */
guint vmc_sim_fault_count(void);

/* ---- for the holder of the world's lock ---------------------------------- */

/**
 * VmcSimStrike:
 * @id: names the fault as long as it exists; 0: none strikes
 *
 * A fault that strikes a call, as a copy.
 */
typedef struct {
    guint id;
    VmcSimFaultKind kind;
    VmcSimStep step;
    guint ms;
    VmcError code;
    char *message;
} VmcSimStrike;

void vmc_sim_strike_clear(VmcSimStrike *strike);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VmcSimStrike, vmc_sim_strike_clear)

/**
 * VmcSimTarget:
 * @faults_path: (nullable): file of the host
 * @host: its name
 * @call: name of the call, or "open"
 * @uuid: (nullable): of the domain it is for
 * @vm: (nullable): its name
 *
 * What a fault may strike.
 */
typedef struct {
    const char *faults_path;
    const char *host;
    const char *call;
    const char *uuid;
    const char *vm;
} VmcSimTarget;

/**
 * vmc_sim_fault_take:
 * @target: a call that is about to be carried out
 * @ret_strike: (out): the fault that strikes it, if any
 * @error: %VMC_ERROR_INVALID when the file is malformed
 *
 * Counts the call for all faults that match it.
 *
 * Returns: whether it is known what strikes
 */
gboolean vmc_sim_fault_take(const VmcSimTarget *target,
                            VmcSimStrike *ret_strike,
                            GError **error);

/* Waits as long as the fault says; lets go of the lock meanwhile. */
void vmc_sim_fault_hang(const VmcSimStrike *strike, const char *faults_path);

/* Whether the fault that struck has not been removed since. */
gboolean vmc_sim_fault_exists(guint id);

/* The error of a refusal, a part, a lost reply. */
void vmc_sim_fault_set_error(const VmcSimStrike *strike,
                             const VmcSimTarget *target,
                             GError **error);

/* Saves the world and kills the process. */
void vmc_sim_fault_crash(void) G_GNUC_NORETURN;

/* How the faults files say that the guest of this name behaves. */
void vmc_sim_fault_apply_guests(const char *vm);
