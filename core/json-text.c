/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/json-text.h"

#include "core/error.h"

#include <string.h>

/*
 * json-glib takes comments, single quotes, octal and hexadecimal numbers and
 * several documents in a row; lets numbers wrap around, cuts strings at
 * "\u0000", and calls itself once a level. So the tokens are checked before it
 * sees them; how they fit together is then its own matter.
 */

typedef struct {
    const char *at; /* the text ends with a NUL */
    const char *end;
    guint line;
    guint depth;
    gboolean is_over; /* the document has ended */
} Scan;

static gboolean
refuse(const Scan *scan, GError **error, const char *what)
{
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID, "line %u: not JSON: %s",
                scan->line, what);
    return FALSE;
}

/* ---- tokens ------------------------------------------------------------- */

static gboolean
scan_string(Scan *scan, GError **error)
{
    for (scan->at++; scan->at < scan->end && *scan->at != '"'; scan->at++) {
        if ((guchar) *scan->at < 0x20)
            return refuse(scan, error, "a control character in a string");
        if (*scan->at != '\\')
            continue;
        if (g_str_has_prefix(scan->at, "\\u0000"))
            return refuse(scan, error, "a NUL character in a string");
        scan->at++;
        if (scan->at == scan->end || strchr("\"\\/bfnrtu", *scan->at) == NULL)
            return refuse(scan, error, "an unknown escape in a string");
    }
    if (scan->at >= scan->end)
        return refuse(scan, error, "a string without end");
    scan->at++;
    return TRUE;
}

static gboolean
skip_digits(const char **p)
{
    const char *start = *p;

    while (g_ascii_isdigit(**p))
        (*p)++;
    return *p > start;
}

/* Past a number as JSON writes it; FALSE when it is none. */
static gboolean
skip_number(const char **p, gboolean *ret_is_whole)
{
    gboolean is_whole = TRUE;

    if (**p == '-')
        (*p)++;
    if (**p == '0' && g_ascii_isdigit((*p)[1]))
        return FALSE;
    if (!skip_digits(p))
        return FALSE;
    if (**p == '.') {
        is_whole = FALSE;
        (*p)++;
        if (!skip_digits(p))
            return FALSE;
    }
    if (**p == 'e' || **p == 'E') {
        is_whole = FALSE;
        (*p)++;
        if (**p == '+' || **p == '-')
            (*p)++;
        if (!skip_digits(p))
            return FALSE;
    }
    *ret_is_whole = is_whole;
    return !g_ascii_isalnum(**p) && **p != '.';
}

static gboolean
scan_number(Scan *scan, GError **error)
{
    const char *start = scan->at;
    gboolean is_whole;

    if (!skip_number(&scan->at, &is_whole))
        return refuse(scan, error, "a malformed number");
    g_autofree char *number = g_strndup(start, (gsize) (scan->at - start));
    if (is_whole && !g_ascii_string_to_signed(number, 10, G_MININT64,
                                              G_MAXINT64, NULL, NULL))
        return refuse(scan, error, "a number beyond 64 bits");
    return TRUE;
}

static gboolean
scan_word(Scan *scan, GError **error)
{
    static const char *const words[] = {"true", "false", "null"};

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        gsize length = strlen(words[i]);
        if (!g_str_has_prefix(scan->at, words[i]) ||
            g_ascii_isalnum(scan->at[length]))
            continue;
        scan->at += length;
        return TRUE;
    }
    return refuse(scan, error, "an unknown word");
}

static gboolean
scan_bracket(Scan *scan, GError **error)
{
    char c = *scan->at++;

    if (c == '[' || c == '{')
        scan->depth++;
    else if (scan->depth > 0)
        scan->depth--;
    else
        return refuse(scan, error, "a bracket that was never opened");
    if (scan->depth > VMC_JSON_MAX_DEPTH) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_TOO_LARGE,
                    "line %u: nested deeper than %d levels", scan->line,
                    VMC_JSON_MAX_DEPTH);
        return FALSE;
    }
    return TRUE;
}

static gboolean
scan_token(Scan *scan, GError **error)
{
    char c = *scan->at;

    if (c == '"')
        return scan_string(scan, error);
    if (c == '-' || g_ascii_isdigit(c))
        return scan_number(scan, error);
    if (g_ascii_isalpha(c))
        return scan_word(scan, error);
    if (c != '\0' && strchr("[]{}", c) != NULL)
        return scan_bracket(scan, error);
    if (c != ':' && c != ',')
        return refuse(scan, error, "a character that may not stand there");
    scan->at++;
    return TRUE;
}

static gboolean
check_tokens(const char *text, gsize length, GError **error)
{
    Scan scan = {.at = text, .end = text + length, .line = 1};

    while (scan.at < scan.end) {
        if (*scan.at != '\0' && strchr(" \t\r\n", *scan.at) != NULL) {
            scan.line += *scan.at == '\n';
            scan.at++;
            continue;
        }
        if (scan.is_over)
            return refuse(&scan, error, "something follows the document");
        if (!scan_token(&scan, error))
            return FALSE;
        scan.is_over = scan.depth == 0;
    }
    if (scan.depth > 0)
        return refuse(&scan, error, "it ends too early");
    if (!scan.is_over)
        return refuse(&scan, error, "it is empty");
    return TRUE;
}

/* ---- public ------------------------------------------------------------- */

JsonNode *
vmc_json_parse(const char *text, gssize length, gsize max_bytes, GError **error)
{
    g_return_val_if_fail(text != NULL, NULL);
    gsize n_bytes = length < 0 ? strlen(text) : (gsize) length;
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_autoptr(GError) parser_error = NULL;

    if (n_bytes > max_bytes) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_TOO_LARGE,
                    "%" G_GSIZE_FORMAT " bytes of JSON are more than the "
                    "%" G_GSIZE_FORMAT " allowed",
                    n_bytes, max_bytes);
        return NULL;
    }
    if (!g_utf8_validate(text, (gssize) n_bytes, NULL)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "not JSON: the text is not UTF-8");
        return NULL;
    }
    /* a copy that surely ends with a NUL, so that looking ahead is safe */
    g_autofree char *copy = g_strndup(text, n_bytes);
    if (!check_tokens(copy, n_bytes, error))
        return NULL;
    if (!json_parser_load_from_data(parser, copy, (gssize) n_bytes,
                                    &parser_error)) {
        const char *why = strstr(parser_error->message, "Parse error: ");
        why =
            why != NULL ? why + strlen("Parse error: ") : parser_error->message;
        g_autofree char *shown = vmc_error_quote(why);
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "line %u: not JSON: %s",
                    json_parser_get_current_line(parser), shown);
        return NULL;
    }
    return json_parser_steal_root(parser);
}

char *
vmc_json_print(JsonNode *node)
{
    g_return_val_if_fail(node != NULL, NULL);
    return json_to_string(node, FALSE);
}

static void
print_escaped(GString *text, guchar c)
{
    static const char plain[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    const char *found = strchr(plain, c);

    if (found != NULL)
        g_string_append_printf(text, "\\%c", letters[found - plain]);
    else
        g_string_append_printf(text, "\\u%04x", c);
}

void
vmc_json_print_string(GString *text, const char *value)
{
    g_return_if_fail(text != NULL);
    g_autofree char *valid = NULL;

    if (value == NULL) {
        g_string_append(text, "null");
        return;
    }
    if (!g_utf8_validate(value, -1, NULL))
        value = valid = g_utf8_make_valid(value, -1);
    g_string_append_c(text, '"');
    while (*value != '\0') {
        const char *end = value;
        while ((guchar) *end >= 0x20 && *end != '"' && *end != '\\' &&
               *end != 0x7f)
            end++;
        g_string_append_len(text, value, end - value);
        if (*end != '\0')
            print_escaped(text, (guchar) *end++);
        value = end;
    }
    g_string_append_c(text, '"');
}
