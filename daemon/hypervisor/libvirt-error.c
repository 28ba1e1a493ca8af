/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/libvirt-error.h"

#include <libvirt/virterror.h>

#include <errno.h>
#include <string.h>

typedef struct {
    int foreign;
    VmcError code;
} ErrorRow;

/* What is not listed is VMC_ERROR_FAILED. */
static const ErrorRow rows[] = {
    {VIR_ERR_NO_DOMAIN, VMC_ERROR_NOT_FOUND},
    {VIR_ERR_NO_NETWORK, VMC_ERROR_NOT_FOUND},
    {VIR_ERR_NO_STORAGE_POOL, VMC_ERROR_NOT_FOUND},
    {VIR_ERR_NO_STORAGE_VOL, VMC_ERROR_NOT_FOUND},
    {VIR_ERR_NO_DOMAIN_METADATA, VMC_ERROR_NOT_FOUND},
    {VIR_ERR_DEVICE_MISSING, VMC_ERROR_NOT_FOUND},
    {VIR_ERR_INVALID_ARG, VMC_ERROR_INVALID},
    {VIR_ERR_INVALID_CONN, VMC_ERROR_INVALID},
    {VIR_ERR_XML_ERROR, VMC_ERROR_INVALID},
    {VIR_ERR_XML_DETAIL, VMC_ERROR_INVALID},
    {VIR_ERR_XML_INVALID_SCHEMA, VMC_ERROR_INVALID},
    {VIR_ERR_NO_NAME, VMC_ERROR_INVALID},
    {VIR_ERR_OVERFLOW, VMC_ERROR_INVALID},
    {VIR_ERR_OPERATION_DENIED, VMC_ERROR_DENIED},
    {VIR_ERR_ACCESS_DENIED, VMC_ERROR_DENIED},
    {VIR_ERR_AUTH_FAILED, VMC_ERROR_DENIED},
    {VIR_ERR_AUTH_CANCELLED, VMC_ERROR_DENIED},
    {VIR_ERR_AUTH_UNAVAILABLE, VMC_ERROR_DENIED},
    {VIR_ERR_OPERATION_INVALID, VMC_ERROR_REFUSED},
    {VIR_ERR_MIGRATE_UNSAFE, VMC_ERROR_REFUSED},
    {VIR_ERR_CPU_INCOMPATIBLE, VMC_ERROR_REFUSED},
    {VIR_ERR_BLOCK_COPY_ACTIVE, VMC_ERROR_BUSY},
    {VIR_ERR_RESOURCE_BUSY, VMC_ERROR_BUSY},
    {VIR_ERR_DOM_EXIST, VMC_ERROR_EXISTS},
    {VIR_ERR_STORAGE_VOL_EXIST, VMC_ERROR_EXISTS},
    {VIR_ERR_NO_SUPPORT, VMC_ERROR_UNSUPPORTED},
    {VIR_ERR_CONFIG_UNSUPPORTED, VMC_ERROR_UNSUPPORTED},
    {VIR_ERR_OPERATION_UNSUPPORTED, VMC_ERROR_UNSUPPORTED},
    {VIR_ERR_ARGUMENT_UNSUPPORTED, VMC_ERROR_UNSUPPORTED},
    {VIR_ERR_AGENT_UNRESPONSIVE, VMC_ERROR_UNSUPPORTED},
    {VIR_ERR_AGENT_UNSYNCED, VMC_ERROR_UNSUPPORTED},
    {VIR_ERR_OPERATION_TIMEOUT, VMC_ERROR_UNKNOWN},
    {VIR_ERR_OPERATION_ABORTED, VMC_ERROR_CANCELLED},
    {VIR_ERR_MIGRATE_PERSIST_FAILED, VMC_ERROR_UNKNOWN},
    {VIR_ERR_RPC, VMC_ERROR_UNREACHABLE},
    {VIR_ERR_NO_CONNECT, VMC_ERROR_UNREACHABLE},
};

static const ErrorRow errno_rows[] = {
    {ENOSPC, VMC_ERROR_NO_SPACE},
    {EDQUOT, VMC_ERROR_NO_SPACE},
    {ENOENT, VMC_ERROR_NOT_FOUND},
    {EACCES, VMC_ERROR_DENIED},
    {EPERM, VMC_ERROR_DENIED},
    {EROFS, VMC_ERROR_DENIED},
    {EEXIST, VMC_ERROR_EXISTS},
    {ECONNREFUSED, VMC_ERROR_UNREACHABLE},
    {EPIPE, VMC_ERROR_UNREACHABLE},
    {ECONNRESET, VMC_ERROR_UNREACHABLE},
    {ETIMEDOUT, VMC_ERROR_UNKNOWN},
    {EHOSTUNREACH, VMC_ERROR_UNREACHABLE},
    {ENETUNREACH, VMC_ERROR_UNREACHABLE},
};

static VmcError
find_row(const ErrorRow *table, gsize n_rows, int foreign)
{
    for (gsize i = 0; i < n_rows; i++)
        if (table[i].foreign == foreign)
            return table[i].code;
    return VMC_ERROR_FAILED;
}

VmcError
vmc_libvirt_error_map(int code, int system_errno, const char *message)
{
    VmcError mapped = find_row(rows, G_N_ELEMENTS(rows), code);

    /* The one of the time-outs that says that nothing has happened. */
    if (code == VIR_ERR_OPERATION_TIMEOUT && message != NULL &&
        strstr(message, "state change lock") != NULL)
        return VMC_ERROR_BUSY;
    if (mapped != VMC_ERROR_FAILED)
        return mapped;
    if (code == VIR_ERR_SYSTEM_ERROR)
        return find_row(errno_rows, G_N_ELEMENTS(errno_rows), system_errno);
    /* What qemu-img says reaches us as text alone. */
    if (message != NULL && strstr(message, "No space left on device") != NULL)
        return VMC_ERROR_NO_SPACE;
    return VMC_ERROR_FAILED;
}

/* One line: what QEMU wrote to its stderr comes with line ends. */
static char *
fold_lines(const char *message)
{
    g_auto(GStrv) lines = NULL;
    g_autofree char *text = g_strdup(message);

    g_strchomp(text);
    lines = g_strsplit(text, "\n", -1);
    return g_strjoinv("; ", lines);
}

static GPrivate kept = G_PRIVATE_INIT((GDestroyNotify) virFreeError);

void
vmc_libvirt_error_keep(void)
{
    g_private_replace(&kept, virSaveLastError());
}

gboolean
vmc_libvirt_error_set_kept(GError **error, const char *format, ...)
{
    const virError *last = g_private_get(&kept);
    const char *said = "libvirt gives no reason";
    VmcError code = VMC_ERROR_FAILED;
    g_autofree char *what = NULL;
    g_autofree char *why = NULL;
    va_list args;

    if (last != NULL && last->code != VIR_ERR_OK) {
        int system_errno = last->code == VIR_ERR_SYSTEM_ERROR ? last->int1 : 0;

        code = vmc_libvirt_error_map(last->code, system_errno, last->message);
        if (last->message != NULL)
            said = last->message;
    }
    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    why = fold_lines(said);
    g_set_error(error, VMC_ERROR, (int) code, "%s: %s", what, why);
    return FALSE;
}
