/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vmctl/output.h"

/**
 * vmc_candidates_print:
 * @output: how
 * @answer: what vmctld answers to a dry run: an object with "placement"
 *
 * Every host, with the reason it would be taken or not.
 */
void vmc_candidates_print(const VmcOutput *output, JsonNode *answer);

/**
 * vmc_candidates_chosen:
 * @answer: as vmc_candidates_print()
 *
 * Returns: (transfer none) (nullable): the host that would be taken
 */
const char *vmc_candidates_chosen(JsonNode *answer);
