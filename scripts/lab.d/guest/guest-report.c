/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "labguest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#define USER_DATA_PATH "/run/user-data"
#define UUID_PATH "/sys/class/dmi/id/product_uuid"
#define ADDRESS_PATH "/run/lab/address"

/* Counts the members of a kernel list such as "0-3,6". */
static unsigned
count_cpus(const char *path)
{
    char line[256];
    unsigned total = 0;

    if (!lab_read_line(path, line, sizeof line))
        return 0;
    for (char *at = line; at; at = strchr(at, ',')) {
        unsigned first;
        unsigned last;

        at += *at == ',';
        switch (sscanf(at, "%u-%u", &first, &last)) {
        case 1:
            total++;
            break;
        case 2:
            total += last - first + 1;
            break;
        default:
            return total;
        }
    }
    return total;
}

static unsigned long
meminfo_kib(const char *key)
{
    FILE *file = fopen("/proc/meminfo", "re");
    unsigned long kib = 0;
    char line[128];

    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == ':')
            sscanf(line + strlen(key) + 1, "%lu", &kib);
    if (file)
        fclose(file);
    return kib;
}

static void
print_text(const char *key, const char *path)
{
    char line[64];

    if (lab_read_line(path, line, sizeof line))
        printf(",\"%s\":\"%s\"", key, line);
    else
        printf(",\"%s\":null", key);
}

static void
print_identity(void)
{
    struct utsname system;
    char boot_id[64] = "";

    uname(&system);
    lab_read_line("/proc/sys/kernel/random/boot_id", boot_id, sizeof boot_id);
    printf("\"boot_id\":\"%s\"", boot_id);
    print_text("uuid", UUID_PATH);
    print_text("address", ADDRESS_PATH);
    printf(",\"kernel\":\"%s\",\"uptime_s\":%.3f", system.release,
           (double) lab_clock_ns() / LAB_NS_PER_S);
}

static void
print_resources(void)
{
    printf(",\"cpus_online\":%u,\"cpus_present\":%u"
           ",\"mem_total_kib\":%lu,\"mem_available_kib\":%lu",
           count_cpus("/sys/devices/system/cpu/online"),
           count_cpus("/sys/devices/system/cpu/present"),
           meminfo_kib("MemTotal"), meminfo_kib("MemAvailable"));
}

static void
print_gaps(const LabCounter *counter)
{
    uint64_t n = counter->n_gaps;
    uint64_t first = n > LAB_GAPS ? n - LAB_GAPS : 0;

    printf(",\"counter_gaps\":[");
    for (uint64_t i = first; i < n; i++) {
        const LabGap *gap = &counter->gaps[i % LAB_GAPS];

        printf("%s{\"at_counter\":%" PRIu64 ",\"at_uptime_ms\":%" PRIu64
               ",\"gap_ms\":%" PRIu64 ",\"clock\":\"%s\"}",
               i == first ? "" : ",", gap->at_counter, gap->at_uptime_ms,
               gap->gap_ms, gap->kind == LAB_GAP_WALL ? "wall" : "monotonic");
    }
    printf("]");
}

static void
print_counter(const LabCounter *counter)
{
    uint64_t monotonic_ms = counter->max_gap_monotonic_ns / LAB_NS_PER_MS;
    uint64_t wall_ms = counter->max_gap_wall_ns / LAB_NS_PER_MS;

    printf(",\"counter\":%" PRIu64 ",\"counter_max_gap_ms\":%" PRIu64
           ",\"counter_max_gap_monotonic_ms\":%" PRIu64
           ",\"counter_max_gap_wall_ms\":%" PRIu64,
           counter->counter, monotonic_ms > wall_ms ? monotonic_ms : wall_ms,
           monotonic_ms, wall_ms);
    print_gaps(counter);
}

static void
print_load(void)
{
    unsigned long dirty_rate = 0;
    unsigned long rate = 0;

    printf(",\"load\":{");
    for (unsigned i = 0; i < lab_n_loads; i++)
        printf("\"%s%s\":%lu,", lab_loads[i].kind, lab_loads[i].unit,
               lab_load_amount(lab_loads[i].kind, &rate));
    lab_load_amount("dirty", &dirty_rate);
    printf("\"dirty_mib_per_s\":%lu}", dirty_rate);
    printf(",\"lost_pages\":%lu", lab_load_lost_pages());
}

static void
print_user_data(void)
{
    struct stat status;

    if (stat(USER_DATA_PATH, &status) == 0)
        printf(",\"user_data_bytes\":%lld", (long long) status.st_size);
    else
        printf(",\"user_data_bytes\":null");
}

/* Everything on one line, so that a log keeps reports apart. */
int
lab_report_main(int argc, char **argv)
{
    const LabCounter *counter = lab_counter_map(false);

    (void) argc;
    (void) argv;
    if (!counter) {
        fprintf(stderr, "report: the counter of this guest is not running\n");
        return 1;
    }
    printf("{");
    print_identity();
    print_resources();
    print_counter(counter);
    print_load();
    print_user_data();
    printf("}\n");
    return 0;
}
