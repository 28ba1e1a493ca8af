/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/model.h"

/**
 * VmcDownhill:
 * @seed: of the random numbers
 * @is_late: (nullable): whether it has to stop; called now and then
 * @data: what @is_late is called with
 *
 * What may be spent on the way down.
 */
typedef struct {
    guint64 seed;
    gboolean (*is_late)(gpointer data);
    gpointer data;
} VmcDownhill;

/**
 * vmc_downhill:
 * @model: a sealed model
 * @host_of: (nullable): where to begin; %NULL for the start of @model
 * @how: seed, and when to stop
 *
 * Down to a placement where no single move that promises anything helps, and
 * where changes tried at random seldom do: the best moves first, then such
 * changes as long as they help enough, then the best moves again. Nothing is
 * taken that makes the score more, so few VMs move for much; a search gets
 * further in a longer time.
 *
 * Returns: (transfer full): for each VM its host
 */
gint32 *vmc_downhill(const VmcModel *model,
                     const gint32 *host_of,
                     const VmcDownhill *how);
