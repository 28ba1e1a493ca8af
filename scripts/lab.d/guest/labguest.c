/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "labguest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    const char *name;
    int (*run)(int argc, char **argv);
} LabVerb;

static const LabVerb verbs[] = {
    {"counter", lab_counter_main},
    {"online", lab_online_main},
    {"load", lab_load_main},
    {"report", lab_report_main},
};

uint64_t
lab_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * LAB_NS_PER_S + (uint64_t) now.tv_nsec;
}

bool
lab_read_line(const char *path, char *line, unsigned size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return false;
    n = read(fd, line, size - 1);
    close(fd);
    if (n < 0)
        return false;
    line[n] = '\0';
    line[strcspn(line, "\n")] = '\0';
    return true;
}

bool
lab_write_line(const char *path, const char *line)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    ssize_t n;

    if (fd < 0)
        return false;
    n = write(fd, line, strlen(line));
    close(fd);
    return n == (ssize_t) strlen(line);
}

LabCounter *
lab_counter_map(bool writable)
{
    int flags = writable ? O_RDWR | O_CREAT : O_RDONLY;
    int prot = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    int fd = open(LAB_COUNTER_PATH, flags | O_CLOEXEC, 0644);
    void *map;

    if (fd < 0)
        return NULL;
    if (writable && ftruncate(fd, sizeof(LabCounter)) < 0) {
        close(fd);
        return NULL;
    }
    map = mmap(NULL, sizeof(LabCounter), prot, MAP_SHARED, fd, 0);
    close(fd);
    return map == MAP_FAILED ? NULL : map;
}

int
main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    const char *name = slash ? slash + 1 : argv[0];

    for (unsigned i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(name, verbs[i].name) == 0)
            return verbs[i].run(argc, argv);
    fprintf(stderr, "labguest: no part is called '%s'\n", name);
    return 2;
}
