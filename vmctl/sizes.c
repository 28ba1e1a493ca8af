/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/sizes.h"

#include "core/units.h"

static const VmcDatum vcpu_data[] = {
    {"REQUESTED", "vcpus.requested", VMC_DATUM_COUNT, 0, NULL},
    {"PLUGGED", "vcpus.plugged", VMC_DATUM_COUNT, 0, NULL},
    {"USABLE", "vcpus.usable", VMC_DATUM_COUNT, 0, NULL},
    {"MIN", "size_min.cpu_millicores", VMC_DATUM_MILLICORES,
     VMC_COLUMN_OPTIONAL, NULL},
    {"MAX", "size_max.cpu_millicores", VMC_DATUM_MILLICORES,
     VMC_COLUMN_OPTIONAL, NULL},
    {NULL},
};

static const VmcDatum memory_data[] = {
    {"REQUESTED", "memory_bytes.requested", VMC_DATUM_BYTES, 0, NULL},
    {"PLUGGED", "memory_bytes.plugged", VMC_DATUM_BYTES, 0, NULL},
    {"USABLE", "memory_bytes.usable", VMC_DATUM_BYTES, 0, NULL},
    {"MIN", "size_min.memory_bytes", VMC_DATUM_BYTES, VMC_COLUMN_OPTIONAL,
     NULL},
    {"MAX", "size_max.memory_bytes", VMC_DATUM_BYTES, VMC_COLUMN_OPTIONAL,
     NULL},
    {NULL},
};

/* A number that is not known is sent as 0. */
static void
add_row(VmcTable *table,
        const char *title,
        JsonObject *sizes,
        const VmcDatum *data,
        gboolean exact)
{
    vmc_table_add_cell(table, title, VMC_STYLE_NONE);
    for (const VmcDatum *datum = data; datum->title != NULL; datum++) {
        g_autofree char *text = vmc_json_number(sizes, datum->path) > 0
                                    ? vmc_datum_format(datum, sizes, exact)
                                    : NULL;

        vmc_table_add_cell(table, text, VMC_STYLE_NONE);
    }
}

void
vmc_sizes_print(const VmcOutput *output, JsonObject *sizes)
{
    g_autoptr(VmcTable) table = vmc_table_new();
    gboolean exact = output->format == VMC_FORMAT_PLAIN;

    vmc_table_add_column(table, "SIZE", 0);
    for (const VmcDatum *datum = vcpu_data; datum->title != NULL; datum++)
        vmc_table_add_column(table, datum->title,
                             VMC_COLUMN_RIGHT | datum->column_flags);
    if (vmc_json_object(sizes, "vcpus") != NULL)
        add_row(table, "vcpus", sizes, vcpu_data, exact);
    if (vmc_json_object(sizes, "memory_bytes") != NULL)
        add_row(table, "memory", sizes, memory_data, exact);
    vmc_output_table(output, table);
}

void
vmc_sizes_say_rounding(const char *what,
                       guint64 asked_bytes,
                       guint64 given_bytes)
{
    g_autofree char *asked = vmc_units_format_bytes(asked_bytes);
    g_autofree char *given = vmc_units_format_bytes(given_bytes);

    if (asked_bytes != given_bytes)
        vmc_say("%s rounded from %s to %s", what, asked, given);
}
