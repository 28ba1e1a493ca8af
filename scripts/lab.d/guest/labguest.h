/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What the parts of the lab guest's helper share. The helper is one static
 * program, called under several names: counter, online, load and report. It
 * runs as root in a guest that holds nothing but an initramfs.
 */

#define LAB_DIR "/run/lab"
#define LAB_COUNTER_PATH LAB_DIR "/counter"
#define LAB_GAPS 16

#define LAB_NS_PER_MS 1000000ull
#define LAB_NS_PER_S 1000000000ull
#define LAB_MIB (1024ul * 1024ul)

/* Which clock saw a gap. A guest that is paused sees nothing of it on its own
 * monotonic clock; the battery clock of the machine goes on meanwhile. */
typedef enum {
    LAB_GAP_MONOTONIC,
    LAB_GAP_WALL,
} LabGapKind;

typedef struct {
    uint64_t at_counter;
    uint64_t at_uptime_ms;
    uint64_t gap_ms;
    uint64_t kind;
} LabGap;

/* Lives in LAB_COUNTER_PATH, written by the counter alone, mapped by readers.
 * It is never set back: it starts at zero with the guest. */
typedef struct {
    _Atomic uint64_t counter;
    _Atomic uint64_t max_gap_monotonic_ns;
    _Atomic uint64_t max_gap_wall_ns;
    _Atomic uint64_t n_gaps;
    LabGap gaps[LAB_GAPS];
} LabCounter;

/* One kind of load that can run in the guest, each at most once. */
typedef struct {
    const char *kind;
    const char *unit;
    void (*run)(unsigned long amount, unsigned long rate, int ready_fd);
} LabLoad;

extern const LabLoad lab_loads[];
extern const unsigned lab_n_loads;

uint64_t lab_clock_ns(void);
bool lab_read_line(const char *path, char *line, unsigned size);
bool lab_write_line(const char *path, const char *line);
LabCounter *lab_counter_map(bool writable);

/* The load of this kind which runs now: its amount and rate, 0 if none. */
unsigned long lab_load_amount(const char *kind, unsigned long *ret_rate);

/* Pages that did not hold what the dirty load had written there, since boot. */
unsigned long lab_load_lost_pages(void);

int lab_counter_main(int argc, char **argv);
int lab_online_main(int argc, char **argv);
int lab_load_main(int argc, char **argv);
int lab_report_main(int argc, char **argv);
