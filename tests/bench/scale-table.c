/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/bench/scale-table.h"

#include <math.h>
#include <stdio.h>

const guint scale_sizes[SCALE_N_SIZES][2] = {
    {100, 1000}, {500, 8000}, {2500, 40000}, {10000, 200000}};

typedef struct {
    const char *name;
    gboolean grows; /* whether it is worth an exponent */
} Info;

static const Info infos[SCALE_N_FIGURES] = {
    [SCALE_WRITE_MS] = {"fleet file: write, ms", TRUE},
    [SCALE_READ_MS] = {"  read, ms", TRUE},
    [SCALE_READ_PEER] = {"  read / json-glib's parser alone", FALSE},
    [SCALE_FILE_MIB] = {"  MiB", TRUE},
    [SCALE_COMPILE_MS] = {"compile, ms", TRUE},
    [SCALE_COMPILE_PER_WALK] = {"  / reading each VM and host once", FALSE},
    [SCALE_BATCH_BALANCE] = {"place, balance: batch, 1/s", TRUE},
    [SCALE_ONE_BALANCE] = {"  one by one, 1/s", TRUE},
    [SCALE_BATCH_PACK] = {"place, pack: batch, 1/s", TRUE},
    [SCALE_ONE_PACK] = {"  one by one, 1/s", TRUE},
    [SCALE_LEFT_BATCH] = {"  no host found, batch", FALSE},
    [SCALE_LEFT_ONE] = {"  no host found, one by one", FALSE},
    [SCALE_SCORE_BATCH] = {"  score, balance: batch", FALSE},
    [SCALE_SCORE_ONE] = {"  score, balance: one by one", FALSE},
    [SCALE_REPAIR_MS] = {"repair of 1 % too full: ms", TRUE},
    [SCALE_SEQUENCE_MS] = {"  sequence, ms", TRUE},
    [SCALE_PLANNED_MS] = {"  compile + repair + sequence, ms", TRUE},
    [SCALE_ANSWER_MS] = {"  the question, told, ms", TRUE},
    [SCALE_REPAIR_MOVES] = {"  moves", FALSE},
    [SCALE_REPAIR_PER_BOUND] = {"  moves / bound", FALSE},
    [SCALE_DRAIN_MS] = {"drain of one host: ms", TRUE},
    [SCALE_DRAIN_MOVES] = {"  moves", FALSE},
    [SCALE_DRAIN_PER_BOUND] = {"  moves / VMs on it", FALSE},
    [SCALE_DRAINS_MS] = {"drain of 2 % of the hosts: ms", TRUE},
    [SCALE_DRAINS_MOVES] = {"  moves", FALSE},
    [SCALE_DRAINS_PER_BOUND] = {"  moves / VMs on them", FALSE},
    [SCALE_ROOM_MS] = {"make room for a resize: ms", TRUE},
    [SCALE_ROOM_MOVES] = {"  moves, of 10 resizes", FALSE},
    [SCALE_ROOM_PER_BOUND] = {"  moves / bound", FALSE},
    [SCALE_BALANCE_MS] = {"full balance: ms", TRUE},
    [SCALE_BALANCE_MOVES] = {"  moves", FALSE},
    [SCALE_BALANCE_SCORE] = {"  score left of what it was", FALSE},
    [SCALE_PEAK_MIB] = {"peak memory, MiB", TRUE},
};

double
scale_ratio(double one, double two)
{
    return two > 0 ? one / two : 1;
}

static void
print_value(double value)
{
    const int digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;

    printf(" %11.*f", digits, value);
}

static void
print_row(ScaleFigure figure,
          double values[SCALE_N_SIZES][SCALE_N_FIGURES],
          guint n_sizes)
{
    printf("%-34s", infos[figure].name);
    for (guint i = 0; i < n_sizes; i++)
        print_value(values[i][figure]);
    for (guint i = 1; infos[figure].grows && i < n_sizes; i++) {
        const double growth =
            scale_ratio(values[i][figure], values[i - 1][figure]);
        printf(" %5.2f", log(growth) / log((double) scale_sizes[i][1] /
                                           scale_sizes[i - 1][1]));
    }
    printf("\n");
}

void
scale_table_print(double values[SCALE_N_SIZES][SCALE_N_FIGURES], guint n_sizes)
{
    printf("%-34s", "hosts/VMs");
    for (guint i = 0; i < n_sizes; i++) {
        g_autofree char *size =
            g_strdup_printf("%u/%u", scale_sizes[i][0], scale_sizes[i][1]);
        printf(" %11s", size);
    }
    printf("  growth exponents\n");
    for (guint i = 0; i < SCALE_N_FIGURES; i++)
        print_row((ScaleFigure) i, values, n_sizes);
}
