/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/model.h"

/*
 * A model as a linear program over whole numbers, in the LP format that many
 * solvers read. Written from what model.h says the rules and terms mean; shares
 * no code with the planner, so that a solver's answer also checks the score.
 *
 * Not linear, and left out: the standard deviation (SPREAD), and slots for the
 * loss of a domain (SPARE). What is hard must hold, whatever it is at the
 * start.
 */

/**
 * LpObjective:
 * @LP_BEST_SCORE: least score, without the term `broken`
 * @LP_FEWEST_MOVES: fewest VMs on another host than at the start
 */
typedef enum {
    LP_BEST_SCORE,
    LP_FEWEST_MOVES,
} LpObjective;

/**
 * lp_of_model:
 * @model: a sealed model; every VM gets a host
 * @objective: what is to be least
 *
 * The variable x_VM_HOST is 1 when the VM is there.
 *
 * Returns: (transfer full): the text
 */
char *lp_of_model(const VmcModel *model, LpObjective objective);
