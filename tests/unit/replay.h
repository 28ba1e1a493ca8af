/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/sequence.h"

/*
 * Carries a sequence out step by step, and recounts everything at each moment:
 * slow, and without any code of the planner's.
 */

/**
 * replay_sequence:
 * @model: a sealed model
 * @request: what was asked
 * @sequence: the answer
 *
 * Aborts with what is wrong when, at any moment of the forecast or of a batch,
 * and wherever VMs on their way are found: a hard column gets above capacity or
 * further above it, a rule is broken more than before, a host has more moves or
 * a link more bytes than it may; or when a step is impossible, too short, or
 * does not lead to the target.
 */
void replay_sequence(const VmcModel *model,
                     const VmcSequenceRequest *request,
                     const VmcSequence *sequence);
