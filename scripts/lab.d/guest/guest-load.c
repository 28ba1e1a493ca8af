/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "labguest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_RATE_MIB_S 64
#define SLICES_PER_S 100
#define LOST_PATH LAB_DIR "/lost-pages"

static unsigned long
parse_number(const char *text)
{
    char *end = NULL;
    unsigned long n;

    errno = 0;
    n = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *text == '-') {
        fprintf(stderr, "load: '%s' is not a number\n", text);
        exit(2);
    }
    return n;
}

static void
tell_ready(int fd)
{
    if (write(fd, "1", 1) != 1)
        exit(1);
    close(fd);
}

static void
spin(void)
{
    for (volatile unsigned long i = 0;; i++)
        ;
}

static void
run_cpu(unsigned long amount, unsigned long rate, int ready_fd)
{
    (void) rate;
    for (unsigned long i = 1; i < amount; i++)
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            spin();
        }
    tell_ready(ready_fd);
    spin();
}

/* Each page gets its own content, so that no host can merge or compress it to
 * nothing. */
static unsigned long
page_word(size_t at, unsigned long pass)
{
    return (at ^ pass) * 0x9e3779b97f4a7c15ul;
}

/* Returns how many of the pages did not hold what the pass before had left. */
static unsigned long
write_pages(unsigned char *memory, size_t from, size_t to, unsigned long pass)
{
    const size_t page = 4096;
    unsigned long n_lost = 0;

    for (size_t at = from; at < to; at += page) {
        unsigned long *word = (unsigned long *) (memory + at);

        n_lost += *word != page_word(at, pass - 1);
        *word = page_word(at, pass);
    }
    return n_lost;
}

static unsigned char *
take_memory(unsigned long amount_mib)
{
    size_t size = amount_mib * LAB_MIB;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) {
        fprintf(stderr, "load: no %lu MiB: %s\n", amount_mib, strerror(errno));
        exit(1);
    }
    (void) write_pages(memory, 0, size, 1); /* there is no pass before */
    return memory;
}

static void
run_memory(unsigned long amount, unsigned long rate, int ready_fd)
{
    (void) rate;
    take_memory(amount);
    tell_ready(ready_fd);
    for (;;)
        pause();
}

static void
note_lost(unsigned long n_lost)
{
    char line[32];

    if (n_lost == 0)
        return;
    snprintf(line, sizeof line, "%lu\n", lab_load_lost_pages() + n_lost);
    lab_write_line(LOST_PATH, line);
}

static void
run_dirty(unsigned long amount, unsigned long rate, int ready_fd)
{
    const struct timespec slice = {.tv_nsec = LAB_NS_PER_S / SLICES_PER_S};
    size_t size = amount * LAB_MIB;
    size_t step = rate * LAB_MIB / SLICES_PER_S;
    unsigned char *memory = take_memory(amount);
    unsigned long pass = 2;
    size_t at = 0;

    tell_ready(ready_fd);
    for (;;) {
        size_t end = at + step < size ? (at + step) & ~4095ul : size;

        note_lost(write_pages(memory, at, end, pass));
        pass += end == size;
        at = end == size ? 0 : end;
        nanosleep(&slice, NULL);
    }
}

const LabLoad lab_loads[] = {
    {"cpu", "", run_cpu},
    {"memory", "_mib", run_memory},
    {"dirty", "_mib", run_dirty},
};
const unsigned lab_n_loads = sizeof lab_loads / sizeof *lab_loads;

static void
load_path(const char *kind, char *path, unsigned size)
{
    snprintf(path, size, LAB_DIR "/load-%s", kind);
}

/* A process that nobody has waited for yet is gone all the same. */
static bool
is_running(pid_t pid)
{
    char path[64];
    char line[256];
    const char *state;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (!lab_read_line(path, line, sizeof line))
        return false;
    state = strrchr(line, ')');
    return state && strncmp(state, ") Z", 3) != 0;
}

/* The record of a running load: pid, amount, rate. */
static pid_t
load_read(const char *kind, unsigned long *amount, unsigned long *rate)
{
    char path[64];
    char line[128];
    int pid = 0;

    load_path(kind, path, sizeof path);
    if (!lab_read_line(path, line, sizeof line) ||
        sscanf(line, "%d %lu %lu", &pid, amount, rate) != 3 || kill(pid, 0) < 0)
        return 0;
    return pid;
}

unsigned long
lab_load_amount(const char *kind, unsigned long *ret_rate)
{
    unsigned long amount = 0;
    unsigned long rate = 0;

    if (load_read(kind, &amount, &rate) == 0)
        return 0;
    *ret_rate = rate;
    return amount;
}

unsigned long
lab_load_lost_pages(void)
{
    unsigned long n_lost = 0;
    char line[32];

    if (lab_read_line(LOST_PATH, line, sizeof line))
        sscanf(line, "%lu", &n_lost);
    return n_lost;
}

static void
load_stop(const LabLoad *load)
{
    unsigned long amount;
    unsigned long rate;
    char path[64];
    pid_t pid = load_read(load->kind, &amount, &rate);

    load_path(load->kind, path, sizeof path);
    unlink(path);
    if (pid == 0)
        return;
    kill(pid, SIGKILL);
    while (is_running(pid))
        usleep(1000);
}

static void
load_child(const LabLoad *load,
           unsigned long amount,
           unsigned long rate,
           int ready_fd)
{
    int null = open("/dev/null", O_RDWR);

    setsid();
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    /* when memory runs out, the load goes first and not the agent */
    lab_write_line("/proc/self/oom_score_adj", "1000");
    load->run(amount, rate, ready_fd);
    _exit(1);
}

/* Returns once the load has all it asked for, or has failed. */
static int
load_start(const LabLoad *load, unsigned long amount, unsigned long rate)
{
    char path[64];
    char line[128];
    char ready;
    int fds[2];
    pid_t pid;

    if (pipe(fds) < 0)
        return 1;
    pid = fork();
    if (pid == 0) {
        close(fds[0]);
        load_child(load, amount, rate, fds[1]);
    }
    close(fds[1]);
    if (pid < 0 || read(fds[0], &ready, 1) != 1) {
        fprintf(stderr, "load: the guest has no room for it\n");
        return 1;
    }
    load_path(load->kind, path, sizeof path);
    snprintf(line, sizeof line, "%d %lu %lu\n", pid, amount, rate);
    return lab_write_line(path, line) ? 0 : 1;
}

static int
usage(void)
{
    fprintf(stderr,
            "usage: load cpu N | memory MIB | dirty MIB [MIB_PER_S] | stop\n"
            "       N or MIB of 0 ends this kind of load\n");
    return 2;
}

int
lab_load_main(int argc, char **argv)
{
    unsigned long rate = DEFAULT_RATE_MIB_S;
    unsigned long amount;

    if (argc == 2 && strcmp(argv[1], "stop") == 0) {
        for (unsigned i = 0; i < lab_n_loads; i++)
            load_stop(&lab_loads[i]);
        return 0;
    }
    if (argc < 3 || argc > 4)
        return usage();
    amount = parse_number(argv[2]);
    if (argc == 4)
        rate = parse_number(argv[3]);
    for (unsigned i = 0; i < lab_n_loads; i++)
        if (strcmp(argv[1], lab_loads[i].kind) == 0) {
            load_stop(&lab_loads[i]);
            return amount == 0 ? 0 : load_start(&lab_loads[i], amount, rate);
        }
    return usage();
}
