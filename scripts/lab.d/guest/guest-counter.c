/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "labguest.h"

#include <fcntl.h>
#include <linux/rtc.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS (4 * LAB_NS_PER_MS)
#define NOTED_GAP_NS (250 * LAB_NS_PER_MS)

/* The battery clock counts whole seconds, so it is compared at the moment it
 * turns, and only if it was looked at just before: a guest that comes back from
 * a pause does not know when in that second it is. Reading the clock costs some
 * port accesses: it is looked at only shortly before the next turn is due. */
#define QUIET_NS (950 * LAB_NS_PER_MS)
#define JUST_BEFORE_NS (20 * LAB_NS_PER_MS)

typedef struct {
    int fd;
    time_t second;
    uint64_t looked_ns;
    time_t turn_second;
    uint64_t turn_ns;
    uint64_t look_again_ns;
} WallClock;

static void
note_gap(LabCounter *counter, uint64_t gap_ns, LabGapKind kind)
{
    uint64_t n = counter->n_gaps;
    LabGap *gap = &counter->gaps[n % LAB_GAPS];

    if (gap_ns < NOTED_GAP_NS)
        return;
    gap->at_counter = counter->counter;
    gap->at_uptime_ms = lab_clock_ns() / LAB_NS_PER_MS;
    gap->gap_ms = gap_ns / LAB_NS_PER_MS;
    gap->kind = kind;
    counter->n_gaps = n + 1;
}

static time_t
wall_clock_read(const WallClock *wall)
{
    struct rtc_time rtc = {0};
    struct tm tm = {0};

    if (ioctl(wall->fd, RTC_RD_TIME, &rtc) < 0)
        return -1;
    tm.tm_sec = rtc.tm_sec;
    tm.tm_min = rtc.tm_min;
    tm.tm_hour = rtc.tm_hour;
    tm.tm_mday = rtc.tm_mday;
    tm.tm_mon = rtc.tm_mon;
    tm.tm_year = rtc.tm_year;
    return timegm(&tm);
}

static bool
wall_clock_turns(WallClock *wall, uint64_t now_ns)
{
    time_t second = wall_clock_read(wall);
    bool turns = second == wall->second + 1 &&
                 now_ns - wall->looked_ns <= JUST_BEFORE_NS;

    wall->second = second;
    wall->looked_ns = now_ns;
    return turns && second > 0;
}

/* Returns by how much the battery clock ran ahead of the guest's own clock
 * since it turned last: the time for which the guest did not exist. */
static uint64_t
wall_clock_lost_ns(WallClock *wall, uint64_t now_ns)
{
    int64_t lost_ns = 0;

    if (wall->fd < 0 || now_ns < wall->look_again_ns ||
        !wall_clock_turns(wall, now_ns))
        return 0;
    if (wall->turn_ns != 0)
        lost_ns = (int64_t) (wall->second - wall->turn_second) *
                      (int64_t) LAB_NS_PER_S -
                  (int64_t) (now_ns - wall->turn_ns);
    wall->turn_second = wall->second;
    wall->turn_ns = now_ns;
    wall->look_again_ns = now_ns + QUIET_NS;
    return lost_ns > 0 ? (uint64_t) lost_ns : 0;
}

static void
tick(LabCounter *counter, WallClock *wall, uint64_t *last_ns)
{
    uint64_t now_ns = lab_clock_ns();
    uint64_t gap_ns = now_ns - *last_ns;
    uint64_t lost_ns = wall_clock_lost_ns(wall, now_ns);

    *last_ns = now_ns;
    counter->counter++;
    if (gap_ns > counter->max_gap_monotonic_ns)
        counter->max_gap_monotonic_ns = gap_ns;
    if (lost_ns > counter->max_gap_wall_ns)
        counter->max_gap_wall_ns = lost_ns;
    note_gap(counter, gap_ns, LAB_GAP_MONOTONIC);
    note_gap(counter, lost_ns, LAB_GAP_WALL);
}

/* Load inside the guest must not look like a guest that stood still. */
static void
claim_priority(void)
{
    struct sched_param param = {.sched_priority = 10};

    if (sched_setscheduler(0, SCHED_FIFO, &param) < 0)
        perror("counter: no real-time priority");
    if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
        perror("counter: memory is not locked");
}

int
lab_counter_main(int argc, char **argv)
{
    const struct timespec pause = {.tv_nsec = TICK_NS};
    LabCounter *counter = lab_counter_map(true);
    WallClock wall = {.fd = open("/dev/rtc0", O_RDONLY | O_CLOEXEC)};
    uint64_t last_ns = lab_clock_ns();

    (void) argc;
    (void) argv;
    if (!counter) {
        perror("counter: " LAB_COUNTER_PATH);
        return 1;
    }
    claim_priority();
    for (;;) {
        tick(counter, &wall, &last_ns);
        nanosleep(&pause, NULL);
    }
}
