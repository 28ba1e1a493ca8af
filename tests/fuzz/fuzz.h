/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * A fuzz target is a .c file that defines these two. Built with
 * --enable-fuzzers, libFuzzer runs it; else fuzz-main.c does, for a fixed
 * number of inputs that are the same on every run.
 */

/* The folder of tests/ its seeds are in: each file in it and below it. */
extern const char *const vmc_fuzz_seeds;

/* Does with the input what the program would, and asserts what must hold.
 * libFuzzer gives the name. Returns: 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
