/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"

#include "core/name-table.h"

#include <gio/gio.h>

typedef struct {
    const char *slug;
    const char *title;
    guint http_status;
    int exit_code;
} ErrorRow;

/* Exit codes are documented in vmctl(1), problem types in docs/openapi.yaml:
 * change them together. */
static const ErrorRow rows[VMC_N_ERRORS] = {
    [VMC_ERROR_FAILED] = {"failed", "Failed", 500, 1},
    [VMC_ERROR_INVALID] = {"invalid", "Invalid input", 400, 2},
    [VMC_ERROR_REFUSED] = {"refused", "Refused", 422, 3},
    [VMC_ERROR_NOT_FOUND] = {"not-found", "Not found", 404, 4},
    [VMC_ERROR_DENIED] = {"denied", "Denied", 403, 5},
    [VMC_ERROR_UNREACHABLE] = {"unreachable", "Unreachable", 502, 6},
    [VMC_ERROR_UNKNOWN] = {"unknown", "Outcome unknown", 504, 7},
    [VMC_ERROR_PARTIAL] = {"partial", "Done in part", 500, 8},
    [VMC_ERROR_EXISTS] = {"exists", "Already exists", 409, 9},
    [VMC_ERROR_BUSY] = {"busy", "Busy", 409, 10},
    [VMC_ERROR_CANCELLED] = {"cancelled", "Cancelled", 409, 11},
    [VMC_ERROR_TOO_LARGE] = {"too-large", "Too large", 413, 2},
    [VMC_ERROR_DAMAGED] = {"damaged", "Damaged state", 500, 12},
    [VMC_ERROR_NO_SPACE] = {"no-space", "No space left", 507, 13},
    [VMC_ERROR_UNSUPPORTED] = {"unsupported", "Not supported", 501, 14},
};

G_DEFINE_QUARK(vmc - error - quark, vmc_error)

/* ---- what other libraries call it --------------------------------------- */

typedef struct {
    int foreign;
    VmcError code;
} ErrorAlias;

static const ErrorAlias io_aliases[] = {
    {G_IO_ERROR_NOT_FOUND, VMC_ERROR_NOT_FOUND},
    {G_IO_ERROR_EXISTS, VMC_ERROR_EXISTS},
    {G_IO_ERROR_PERMISSION_DENIED, VMC_ERROR_DENIED},
    {G_IO_ERROR_NO_SPACE, VMC_ERROR_NO_SPACE},
    {G_IO_ERROR_READ_ONLY, VMC_ERROR_DENIED},
    {G_IO_ERROR_CANCELLED, VMC_ERROR_CANCELLED},
    {G_IO_ERROR_TIMED_OUT, VMC_ERROR_UNKNOWN},
    {G_IO_ERROR_INVALID_DATA, VMC_ERROR_INVALID},
    {G_IO_ERROR_INVALID_ARGUMENT, VMC_ERROR_INVALID},
    {G_IO_ERROR_NOT_SUPPORTED, VMC_ERROR_UNSUPPORTED},
    {G_IO_ERROR_CONNECTION_REFUSED, VMC_ERROR_UNREACHABLE},
    {G_IO_ERROR_CONNECTION_CLOSED, VMC_ERROR_UNREACHABLE},
    {G_IO_ERROR_HOST_UNREACHABLE, VMC_ERROR_UNREACHABLE},
    {G_IO_ERROR_NETWORK_UNREACHABLE, VMC_ERROR_UNREACHABLE},
};

static const ErrorAlias file_aliases[] = {
    {G_FILE_ERROR_NOENT, VMC_ERROR_NOT_FOUND},
    {G_FILE_ERROR_EXIST, VMC_ERROR_EXISTS},
    {G_FILE_ERROR_ACCES, VMC_ERROR_DENIED},
    {G_FILE_ERROR_PERM, VMC_ERROR_DENIED},
    {G_FILE_ERROR_ROFS, VMC_ERROR_DENIED},
    {G_FILE_ERROR_NOSPC, VMC_ERROR_NO_SPACE},
};

static VmcError
find_alias(const ErrorAlias *aliases, gsize n_aliases, int foreign)
{
    for (gsize i = 0; i < n_aliases; i++)
        if (aliases[i].foreign == foreign)
            return aliases[i].code;
    return VMC_ERROR_FAILED;
}

/* ---- what was given ----------------------------------------------------- */

#define QUOTE_MAX_CHARACTERS 64

static void
append_quoted(GString *quoted, gunichar c)
{
    if (c == '\n')
        g_string_append(quoted, "\\n");
    else if (c < 0x20 || c == 0x7f)
        g_string_append_printf(quoted, "\\x%02x", c);
    else
        g_string_append_unichar(quoted, c);
}

/* ---- public ------------------------------------------------------------- */

VmcError
vmc_error_of(const GError *error)
{
    if (error == NULL)
        return VMC_ERROR_FAILED;
    if (error->domain == VMC_ERROR)
        return (VmcError) error->code;
    if (error->domain == G_IO_ERROR)
        return find_alias(io_aliases, G_N_ELEMENTS(io_aliases), error->code);
    if (error->domain == G_FILE_ERROR)
        return find_alias(file_aliases, G_N_ELEMENTS(file_aliases),
                          error->code);
    if (error->domain == G_OPTION_ERROR || error->domain == G_KEY_FILE_ERROR)
        return VMC_ERROR_INVALID;
    return VMC_ERROR_FAILED;
}

const char *
vmc_error_to_slug(VmcError code)
{
    g_return_val_if_fail(code < VMC_N_ERRORS, NULL);
    return rows[code].slug;
}

gboolean
vmc_error_from_slug(const char *slug, VmcError *ret_code)
{
    return vmc_rows_find(rows, slug, slug, ret_code);
}

const char *
vmc_error_to_title(VmcError code)
{
    g_return_val_if_fail(code < VMC_N_ERRORS, NULL);
    return rows[code].title;
}

guint
vmc_error_to_http_status(VmcError code)
{
    g_return_val_if_fail(code < VMC_N_ERRORS, 500);
    return rows[code].http_status;
}

int
vmc_error_to_exit_code(VmcError code)
{
    g_return_val_if_fail(code < VMC_N_ERRORS, 1);
    return rows[code].exit_code;
}

char *
vmc_error_quote(const char *text)
{
    g_return_val_if_fail(text != NULL, NULL);
    /* four bytes are the longest character */
    g_autofree char *start = g_strndup(text, 4 * QUOTE_MAX_CHARACTERS + 4);
    g_autofree char *valid = g_utf8_make_valid(start, -1);
    GString *quoted = g_string_new(NULL);
    guint n_characters = 0;

    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        if (n_characters++ == QUOTE_MAX_CHARACTERS) {
            g_string_append(quoted, "…");
            break;
        }
        append_quoted(quoted, g_utf8_get_char(p));
    }
    return g_string_free(quoted, FALSE);
}
