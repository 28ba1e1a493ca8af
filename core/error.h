/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * VMC_ERROR:
 *
 * The one error domain of vmctl. Codes are named by cause. What a code looks
 * like outside (problem type, HTTP status, exit code) stands in one table in
 * error.c, so that the daemon, the command and the documentation agree.
 */
#define VMC_ERROR (vmc_error_quark())

/**
 * VmcError:
 * @VMC_ERROR_FAILED: it was tried and did not work
 * @VMC_ERROR_INVALID: the input is wrong: syntax, type, range
 * @VMC_ERROR_REFUSED: valid, but a rule, a gate or a capacity forbids it
 * @VMC_ERROR_NOT_FOUND: no such host, VM, template, job or file
 * @VMC_ERROR_DENIED: the caller may not do this
 * @VMC_ERROR_UNREACHABLE: a host or the daemon does not answer
 * @VMC_ERROR_UNKNOWN: past its deadline; it may or may not have happened
 * @VMC_ERROR_PARTIAL: done in part; the message says what is left
 * @VMC_ERROR_EXISTS: the name or the address is taken
 * @VMC_ERROR_BUSY: another job holds the VM, or another daemon the state
 * @VMC_ERROR_CANCELLED: somebody asked to stop it, and it stopped
 * @VMC_ERROR_TOO_LARGE: the input is beyond a limit
 * @VMC_ERROR_DAMAGED: the state database cannot be trusted
 * @VMC_ERROR_NO_SPACE: a disk is full
 * @VMC_ERROR_UNSUPPORTED: this host, guest or build cannot do it
 * @VMC_N_ERRORS: how many codes there are
 */
typedef enum {
    VMC_ERROR_FAILED,
    VMC_ERROR_INVALID,
    VMC_ERROR_REFUSED,
    VMC_ERROR_NOT_FOUND,
    VMC_ERROR_DENIED,
    VMC_ERROR_UNREACHABLE,
    VMC_ERROR_UNKNOWN,
    VMC_ERROR_PARTIAL,
    VMC_ERROR_EXISTS,
    VMC_ERROR_BUSY,
    VMC_ERROR_CANCELLED,
    VMC_ERROR_TOO_LARGE,
    VMC_ERROR_DAMAGED,
    VMC_ERROR_NO_SPACE,
    VMC_ERROR_UNSUPPORTED,
    VMC_N_ERRORS
} VmcError;

GQuark vmc_error_quark(void);

/**
 * vmc_error_of:
 * @error: (nullable): any error
 *
 * Returns: the code of @error; errors of GIO and GLib's file functions are
 * mapped to the nearest code, everything else to %VMC_ERROR_FAILED
 */
VmcError vmc_error_of(const GError *error);

/**
 * vmc_error_to_slug:
 * @code: a code
 *
 * Returns: (transfer none): the word that ends the problem type, as
 * "not-found" in "urn:vmctl:problem:not-found"
 */
const char *vmc_error_to_slug(VmcError code);

/**
 * vmc_error_from_slug:
 * @slug: a word as vmc_error_to_slug() gives it
 * @ret_code: (out): the code
 *
 * Returns: %FALSE when no code has that word
 */
gboolean vmc_error_from_slug(const char *slug, VmcError *ret_code);

/**
 * vmc_error_to_title:
 * @code: a code
 *
 * Returns: (transfer none): a short title for people, the same for every
 * error of this code
 */
const char *vmc_error_to_title(VmcError code);

/**
 * vmc_error_to_http_status:
 * @code: a code
 *
 * Returns: the HTTP status the API answers with
 */
guint vmc_error_to_http_status(VmcError code);

/**
 * vmc_error_to_exit_code:
 * @code: a code
 *
 * Returns: the exit code of vmctl and vmctld, as in vmctl(1)
 */
int vmc_error_to_exit_code(VmcError code);

/**
 * vmc_error_quote:
 * @text: what somebody gave: any bytes of any length
 *
 * Returns: (transfer full): @text as a message may show it: one line of valid
 * UTF-8, cut off where it gets long
 */
char *vmc_error_quote(const char *text);
