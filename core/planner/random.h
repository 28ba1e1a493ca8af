/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * VmcRandom:
 * @state: never 0
 *
 * A small fast generator (xorshift64*, Vigna 2016), the same on every machine,
 * so that a seed gives the same plan everywhere. Not for secrets.
 */
typedef struct {
    guint64 state;
} VmcRandom;

/**
 * vmc_random_init:
 * @random: where to
 * @seed: any number; neighbouring seeds give unrelated sequences
 */
static inline void
vmc_random_init(VmcRandom *random, guint64 seed)
{
    /* one step of splitmix64 */
    guint64 z = seed + G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
    random->state = (z ^ (z >> 31)) | 1;
}

/** Returns: 32 random bits */
static inline guint32
vmc_random_next(VmcRandom *random)
{
    guint64 x = random->state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    random->state = x;
    return (guint32) ((x * G_GUINT64_CONSTANT(0x2545f4914f6cdd1d)) >> 32);
}

/** Returns: a random number below @n, which is not 0 */
static inline guint32
vmc_random_below(VmcRandom *random, guint32 n)
{
    return (guint32) (((guint64) vmc_random_next(random) * n) >> 32);
}

/** Returns: a random number from 0 to 1, both excluded */
static inline double
vmc_random_unit(VmcRandom *random)
{
    return ((double) vmc_random_next(random) + 0.5) * (1.0 / 4294967296.0);
}
