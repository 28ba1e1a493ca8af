/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/model.h"

/*
 * Random models for the tests of the planner, and a checker that shares no code
 * with it: it recounts everything from the placement, slowly.
 */

/**
 * FixtureFlags:
 * @FIXTURE_UNPLACED: no VM is on a host, no host must be emptied: whatever fits
 *   from there is sound
 * @FIXTURE_WHOLE: all weights are whole numbers and terms of fractions are off,
 *   so that scores are exact
 */
typedef enum {
    FIXTURE_UNPLACED = 1 << 0,
    FIXTURE_WHOLE = 1 << 1,
} FixtureFlags;

/**
 * fixture_model:
 * @random: where its shape comes from
 * @flags: of #FixtureFlags
 *
 * Returns: (transfer full): a sealed model of a few hosts and some dozen VMs,
 * with rules of all kinds at two levels and every term
 */
VmcModel *fixture_model(GRand *random, guint flags);

/* (transfer full): one hard column of 100 a host, not sealed */
VmcModel *fixture_plain_model(guint n_hosts, guint n_vms);

/* Where a VM of a plain model is, and what it needs. */
void fixture_put(VmcModel *model, guint vm, gint32 host, gint64 need);

/**
 * fixture_breaches:
 * @model: a sealed model
 * @host_of: a placement
 *
 * Returns: how much that is hard is broken: VMs out of place, amounts above
 * capacity (held ones included), members that break a rule
 */
gint64 fixture_breaches(const VmcModel *model, const gint32 *host_of);

/**
 * fixture_rule_breaches:
 * @model: a sealed model
 * @host_of: a placement
 * @rule: index of a rule
 *
 * Returns: by how much it is violated, by the words of its kind
 */
gint64 fixture_rule_breaches(const VmcModel *model,
                             const gint32 *host_of,
                             guint rule);

/**
 * fixture_fits:
 * @model: a sealed model
 * @host_of: a placement
 * @changed: another
 *
 * Returns: whether the step from @host_of to @changed is allowed: VMs that
 * differ may sit where they go, columns that grow there stay within capacity,
 * and no hard rule gets worse
 */
gboolean fixture_fits(const VmcModel *model,
                      const gint32 *host_of,
                      const gint32 *changed);
