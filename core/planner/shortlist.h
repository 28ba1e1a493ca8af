/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The best of many things, in order, while single ones change: the ends of a
 * long list are never sorted. Of equals the one with the lower index is first.
 */

/** The most that can be asked for. */
#define VMC_SHORTLIST_MOST 32

typedef struct _VmcShortlist VmcShortlist;

/**
 * vmc_shortlist_new:
 * @n: how many things
 *
 * Returns: (transfer full): all with value -INFINITY, which is not to be had
 */
VmcShortlist *vmc_shortlist_new(guint n);
void vmc_shortlist_free(VmcShortlist *shortlist);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcShortlist, vmc_shortlist_free)

/**
 * vmc_shortlist_set:
 * @shortlist: a shortlist
 * @i: a thing
 * @value: its new value
 */
void vmc_shortlist_set(VmcShortlist *shortlist, guint32 i, double value);

/* The value of thing @i. */
double vmc_shortlist_get(const VmcShortlist *shortlist, guint32 i);

/**
 * vmc_shortlist_best:
 * @shortlist: a shortlist
 * @most: how many are asked for, at most %VMC_SHORTLIST_MOST
 * @ret_n: (out): how many there are: those that are to be had, up to @most
 *
 * Returns: (transfer none): the things with the largest values, the best first;
 * until the next change
 */
const guint32 *vmc_shortlist_best(VmcShortlist *shortlist,
                                  guint most,
                                  guint *ret_n);
