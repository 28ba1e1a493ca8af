/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "labguest.h"

#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CPU_DIR "/sys/devices/system/cpu"

/* The first string of a kernel event is "action@path below /sys". */
static void
online_cpu(const char *event)
{
    char path[256];
    int cpu;

    if (sscanf(event, "add@/devices/system/cpu/cpu%d", &cpu) != 1)
        return;
    snprintf(path, sizeof path, CPU_DIR "/cpu%d/online", cpu);
    if (!lab_write_line(path, "1"))
        perror(path);
}

/* Does what a udev rule does elsewhere: the kernel leaves an added CPU off. */
int
lab_online_main(int argc, char **argv)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1};
    int fd =
        socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    char event[8192];
    ssize_t n;

    (void) argc;
    (void) argv;
    if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof address) < 0) {
        perror("online: kernel events");
        return 1;
    }
    while ((n = recv(fd, event, sizeof event - 1, 0)) >= 0) {
        event[n] = '\0';
        online_cpu(event);
    }
    perror("online: kernel events");
    return 1;
}
