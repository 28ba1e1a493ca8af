/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Why a request cannot be had: the smallest set of constraints that collide.
 * Each host is forbidden by some of them; the smallest set that still forbids
 * every host is what has to be given up in part, and all others are beside the
 * point.
 */

/** The most constraints that are told apart. */
#define VMC_CONFLICT_MAX 64

/**
 * VmcConflict:
 * @set: bits of the constraints that collide; without any one of them, some
 *   host would do
 * @n: how many they are
 * @n_hosts: hosts that were asked
 * @n_forbidden: [constraint] hosts that it forbids
 */
typedef struct {
    guint64 set;
    guint n;
    guint n_hosts;
    guint n_forbidden[VMC_CONFLICT_MAX];
} VmcConflict;

/**
 * vmc_conflict_find:
 * @forbids: [host] bits of the constraints that forbid it
 * @n_hosts: how many hosts
 * @ret_conflict: (out): the smallest set; of several, the one whose
 *   constraints come first
 *
 * Returns: %FALSE when some host is not forbidden at all, or there is none
 */
gboolean vmc_conflict_find(const guint64 *forbids,
                           guint n_hosts,
                           VmcConflict *ret_conflict);

/**
 * vmc_conflict_describe:
 * @conflict: a conflict
 * @names: [constraint] what it is called, as "rule 'web-apart'"
 *
 * Returns: (transfer full): part of a sentence, as "memory capacity (6 of 9
 * hosts) and rule 'web-apart' (4 of 9) leave none"
 */
char *vmc_conflict_describe(const VmcConflict *conflict,
                            const char *const *names);
