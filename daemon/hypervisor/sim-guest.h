/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/sim-domain.h"

/*
 * The inside of a simulated domain: boots, reacts to what the hypervisor
 * offers or asks back, and shuts down, each a while after it was asked. What
 * is due is worked off when a timer fires, or when somebody looks.
 */

/* The machine was switched on, or reset. */
void vmc_sim_guest_boot(VmcSimDomain *domain);

/* It is gone, with all it knew. */
void vmc_sim_guest_stop(VmcSimDomain *domain);

/* Something was offered or asked back: it will react. */
void vmc_sim_guest_poke(VmcSimDomain *domain);

/* Its CPUs run again: what came due meanwhile happens. */
void vmc_sim_guest_continue(VmcSimDomain *domain);

/* It was read from a file: what was under way begins anew. */
void vmc_sim_guest_catch_up(VmcSimDomain *domain);

/* The power button. */
void vmc_sim_guest_press_power(VmcSimDomain *domain);

/* Whether the guest agent answers. */
gboolean vmc_sim_guest_has_agent(const VmcSimDomain *domain);

/* Whether the balloon driver gives statistics. */
gboolean vmc_sim_guest_has_balloon(const VmcSimDomain *domain);

/* (transfer full): which boot of it this is */
char *vmc_sim_guest_boot_id(const VmcSimDomain *domain);

/* What it calls MemTotal; 0 when it does not run. */
guint64 vmc_sim_guest_total_bytes(const VmcSimDomain *domain);

/* What it calls MemAvailable. */
guint64 vmc_sim_guest_usable_bytes(const VmcSimDomain *domain);

/* By the agent: uses all memory it sees. */
void vmc_sim_guest_online_memory(VmcSimDomain *domain);

/**
 * vmc_sim_guest_advance:
 * @domain: a domain
 *
 * Works off what is due.
 *
 * Returns: %FALSE when the domain is gone by that
 */
gboolean vmc_sim_guest_advance(VmcSimDomain *domain);
