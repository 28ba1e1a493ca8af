/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What the benchmark of scale measures, and the table it is shown in. */

#define SCALE_N_SIZES 4

/* [size][0]: hosts, [size][1]: VMs */
extern const guint scale_sizes[SCALE_N_SIZES][2];

typedef enum {
    SCALE_WRITE_MS,
    SCALE_READ_MS,
    SCALE_READ_PEER,
    SCALE_FILE_MIB,
    SCALE_COMPILE_MS,
    SCALE_COMPILE_PER_WALK,
    SCALE_BATCH_BALANCE,
    SCALE_ONE_BALANCE,
    SCALE_BATCH_PACK,
    SCALE_ONE_PACK,
    SCALE_LEFT_BATCH,
    SCALE_LEFT_ONE,
    SCALE_SCORE_BATCH,
    SCALE_SCORE_ONE,
    SCALE_REPAIR_MS,
    SCALE_SEQUENCE_MS,
    SCALE_PLANNED_MS,
    SCALE_ANSWER_MS,
    SCALE_REPAIR_MOVES,
    SCALE_REPAIR_PER_BOUND,
    SCALE_DRAIN_MS,
    SCALE_DRAIN_MOVES,
    SCALE_DRAIN_PER_BOUND,
    SCALE_DRAINS_MS,
    SCALE_DRAINS_MOVES,
    SCALE_DRAINS_PER_BOUND,
    SCALE_ROOM_MS,
    SCALE_ROOM_MOVES,
    SCALE_ROOM_PER_BOUND,
    SCALE_BALANCE_MS,
    SCALE_BALANCE_MOVES,
    SCALE_BALANCE_SCORE,
    SCALE_PEAK_MIB,
    SCALE_N_FIGURES
} ScaleFigure;

/* Returns: @one ÷ @two; 1 when there is nothing to compare with */
double scale_ratio(double one, double two);

/* The first @n_sizes columns of @values, and the growth from each to the next:
 * the slope of logarithms, 1 for what grows as the number of VMs does. */
void scale_table_print(double values[SCALE_N_SIZES][SCALE_N_FIGURES],
                       guint n_sizes);
