/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/body.h"
#include "daemon/api/create-route.h"
#include "daemon/api/host-routes.h"
#include "daemon/api/migrate-route.h"
#include "daemon/api/resize-route.h"
#include "daemon/api/vm-routes.h"
#include "tests/fuzz/fuzz.h"

#include "core/error.h"

#include <string.h>

/* Request bodies: whatever comes, each reader takes it, and what it took is
 * within the limits; or it says in one line what is wrong. */

const char *const vmc_fuzz_seeds = "corpus/body";

static const VmcRecordType *const types[] = {
    &vmc_host_body_type,   &vmc_create_body_type, &vmc_stop_body_type,
    &vmc_reboot_body_type, &vmc_resize_body_type, &vmc_migrate_body_type,
    &vmc_adopt_body_type,  &vmc_rename_body_type,
};

/* Room for any of the structs. */
typedef union {
    VmcHostBody host;
    VmcCreateBody create;
    VmcPowerBody power;
    VmcResizeBody resize;
    VmcMigrateBody migrate;
    VmcAdoptBody adopt;
} Body;

/* What was taken is within the limits of its field. */
static void
check_body(const VmcRecordType *type, const Body *body)
{
    for (gsize i = 0; i < type->n_fields; i++) {
        const VmcField *field = &type->fields[i];
        gconstpointer at = (const char *) body + field->offset;
        const char *text = NULL;

        if (field->kind == VMC_FIELD_STRING)
            text = *(char *const *) at;
        g_assert_true(text != NULL || field->kind != VMC_FIELD_STRING ||
                      !field->is_required);
        if (text != NULL) {
            g_assert_cmpint((gint64) strlen(text), >=, field->min);
            g_assert_cmpint((gint64) strlen(text), <=, field->max);
        }
        if (field->kind == VMC_FIELD_UINT64)
            g_assert_cmpuint(*(const guint64 *) at, <=, (guint64) field->max);
    }
}

static void
check_error(const GError *error)
{
    vmc_fuzz_check_refusal(error);
    g_assert_true(g_str_has_prefix(error->message, "the request body: "));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autoptr(GError) error = NULL;
        Body body = {0};

        if (vmc_body_read((const char *) data, size, types[i], &body, &error))
            check_body(types[i], &body);
        else
            check_error(error);
        vmc_body_clear(types[i], &body);
    }
    return 0;
}
