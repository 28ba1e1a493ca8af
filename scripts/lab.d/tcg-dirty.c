/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE

/*
 * Preloaded into the QEMUs of the lab, so that emulated guests survive a live
 * migration.
 *
 * A vCPU under TCG keeps for each page whether a write must be noted first, so
 * that a migration sends the page again. QEMU before 9.0 (its commit
 * 03bfc2188f06) forgets to reset that when the migration takes the note of a
 * page away: what the vCPU writes from then on is not noted, and lost. The
 * guest arrives with memory of two ages: programs crash, the kernel panics.
 *
 * So before a piece of the migration's stream leaves by its socket, all vCPUs
 * forget what they kept, and the sending waits until they have: what they wrote
 * before is sent now, what they write later is noted. Under KVM, and where QEMU
 * lacks one of the functions asked for below, as the mended ones do, this does
 * nothing.
 */

#include <dlfcn.h>
#include <errno.h>
#include <semaphore.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#define STREAM_MAGIC "QEVM"

/* QEMU's own, as in its include/hw/core/cpu.h. */
typedef struct CPUState CPUState;
typedef union {
    unsigned long value;
    void *pointer;
} RunOnCpuData;
typedef void (*RunOnCpuFunc)(CPUState *cpu, RunOnCpuData data);

static struct {
    bool *tcg_allowed;
    bool (*has_big_lock)(void);
    CPUState *(*get_cpu)(int index);
    void (*flush_tlb)(CPUState *cpu);
    void (*run_later)(CPUState *cpu, RunOnCpuFunc func, RunOnCpuData data);
} qemu;

static ssize_t (*real_sendmsg)(int, const struct msghdr *, int);

/* Where this thread sends its migration. It says what happens to the monitor as
 * well, by another socket, with locks that others wait for. */
static _Thread_local int stream = -1;

/* Counts the vCPUs that have done it; there is one migration at a time. */
static sem_t n_flushed;

__attribute__((constructor)) static void
find_functions(void)
{
    real_sendmsg = dlsym(RTLD_NEXT, "sendmsg");
    qemu.tcg_allowed = dlsym(RTLD_DEFAULT, "tcg_allowed");
    qemu.has_big_lock = dlsym(RTLD_DEFAULT, "qemu_mutex_iothread_locked");
    qemu.get_cpu = dlsym(RTLD_DEFAULT, "qemu_get_cpu");
    qemu.flush_tlb = dlsym(RTLD_DEFAULT, "tlb_flush");
    qemu.run_later = dlsym(RTLD_DEFAULT, "async_run_on_cpu");
    sem_init(&n_flushed, 0, 0);
}

static bool
can_flush(void)
{
    return qemu.tcg_allowed && *qemu.tcg_allowed && qemu.has_big_lock &&
           qemu.get_cpu && qemu.flush_tlb && qemu.run_later;
}

static void
count_flushed(CPUState *cpu, RunOnCpuData data)
{
    (void) cpu;
    sem_post(data.pointer);
}

static void
flush_all(void)
{
    CPUState *cpu;
    int n = 0;

    for (; (cpu = qemu.get_cpu(n)); n++) {
        qemu.flush_tlb(cpu);
        qemu.run_later(cpu, count_flushed,
                       (RunOnCpuData){.pointer = &n_flushed});
    }
    while (n > 0)
        if (sem_wait(&n_flushed) == 0 || errno != EINTR)
            n--;
}

static bool
begins_stream(const struct msghdr *message)
{
    const struct iovec *first = message->msg_iov;

    return message->msg_iovlen > 0 && first->iov_len >= strlen(STREAM_MAGIC) &&
           memcmp(first->iov_base, STREAM_MAGIC, strlen(STREAM_MAGIC)) == 0;
}

/* Who has the big lock has stopped the vCPUs, or lets them wait for us. */
ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (begins_stream(message))
        stream = fd;
    if (fd == stream && can_flush() && !qemu.has_big_lock())
        flush_all();
    return real_sendmsg(fd, message, flags);
}
