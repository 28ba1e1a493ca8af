/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/resources.h"
#include "core/units.h"
#include "vmctl/verbs.h"

/* More than the largest connect_timeout_s there is. */
#define LONGEST_ADD_S 660

/* ---- add ----------------------------------------------------------------- */

/* What an option of the form RESOURCE=AMOUNT means, and the name of its
 * resource in the request. */
typedef struct {
    const char *option;
    const char *member;
    const char *(*key)(VmcResource resource);
    gboolean (*parse)(VmcResource resource,
                      const char *text,
                      guint64 *ret_amount,
                      GError **error);
} AmountOption;

static gboolean
parse_ceiling(VmcResource resource,
              const char *text,
              guint64 *ret_amount,
              GError **error)
{
    return vmc_units_parse_milli(text, ret_amount, error);
}

static const AmountOption amount_options[] = {
    {"reserve", "reserved", vmc_resource_to_key, vmc_resource_parse},
    {"ceiling", "ceiling_milli", vmc_resource_to_name, parse_ceiling},
};

static gboolean
add_amount(JsonObject *amounts,
           const AmountOption *option,
           const char *text,
           GError **error)
{
    g_autofree char *name = NULL;
    const char *value = NULL;
    VmcResource resource = VMC_CPU;
    guint64 amount = 0;

    if (!vmc_value_split(text, &name, &value, error) ||
        !vmc_resource_from_name(name, &resource) ||
        !option->parse(resource, value, &amount, error))
        return FALSE;
    json_object_set_int_member(amounts, option->key(resource), (gint64) amount);
    return TRUE;
}

static gboolean
add_amounts(VmcInvocation *invocation,
            const AmountOption *option,
            JsonObject *body,
            GError **error)
{
    GPtrArray *texts = vmc_invocation_values(invocation, option->option);
    JsonObject *amounts = NULL;

    if (texts == NULL)
        return TRUE;
    amounts = json_object_new();
    json_object_set_object_member(body, option->member, amounts);
    for (guint i = 0; i < texts->len; i++)
        if (!add_amount(amounts, option, g_ptr_array_index(texts, i), error))
            return FALSE;
    return TRUE;
}

static void
add_labels(JsonObject *body, GPtrArray *labels)
{
    JsonArray *array = NULL;

    if (labels == NULL)
        return;
    array = json_array_new();
    for (guint i = 0; i < labels->len; i++)
        json_array_add_string_element(array, g_ptr_array_index(labels, i));
    json_object_set_array_member(body, "labels", array);
}

static JsonObject *
add_request(VmcInvocation *invocation, GError **error)
{
    g_autoptr(JsonObject) body = json_object_new();
    const char *migration_uri =
        vmc_invocation_option(invocation, "migration-uri");
    const char *domain_type = vmc_invocation_option(invocation, "domain-type");

    json_object_set_string_member(body, "name", invocation->operands[0]);
    json_object_set_string_member(body, "uri", invocation->operands[1]);
    if (migration_uri != NULL)
        json_object_set_string_member(body, "migration_uri", migration_uri);
    if (domain_type != NULL)
        json_object_set_string_member(body, "domain_type", domain_type);
    add_labels(body, vmc_invocation_values(invocation, "label"));
    for (guint i = 0; i < G_N_ELEMENTS(amount_options); i++)
        if (!add_amounts(invocation, &amount_options[i], body, error))
            return NULL;
    return g_steal_pointer(&body);
}

static void
say_added(JsonObject *host)
{
    const char *version = vmc_json_text(host, "hypervisor_version");
    g_autofree char *memory = vmc_units_format_bytes_short(
        (guint64) vmc_json_number(host, "physical.memory_bytes"));

    vmc_say("host '%s' added: %" G_GINT64_FORMAT " threads, %s memory, %s",
            vmc_json_text(host, "name"), vmc_json_number(host, "n_threads"),
            memory, version ? version : "hypervisor of unknown version");
}

/* vmctld itself gives the host up, after 'connect_timeout_s'. */
static gboolean
be_patient(VmcInvocation *invocation, GError **error)
{
    VmcClient *client = vmc_invocation_client(invocation, error);
    VmcPatience patience = vmc_patience_default();

    if (client == NULL)
        return FALSE;
    patience.answer_s = LONGEST_ADD_S;
    vmc_client_set_patience(client, &patience);
    return TRUE;
}

gboolean
vmc_verb_host_add(VmcInvocation *invocation, GError **error)
{
    JsonObject *body = add_request(invocation, error);
    g_autoptr(JsonNode) answer = NULL;

    if (body == NULL)
        return FALSE;
    if (be_patient(invocation, error))
        answer = vmc_invocation_post(invocation, vmc_client_path("hosts", NULL),
                                     json_object_ref(body), error);
    json_object_unref(body);
    if (answer == NULL)
        return FALSE;
    if (invocation->output.format == VMC_FORMAT_JSON)
        vmc_output_json(answer);
    else
        say_added(json_node_get_object(answer));
    return TRUE;
}

/* ---- list and show ------------------------------------------------------- */

/* Claim by capacity of the resource whose key ends @datum's path. */
static char *
format_claimed(const VmcDatum *datum, JsonObject *host, gboolean exact)
{
    g_autofree char *claim = g_strconcat("use.claim.", datum->path, NULL);
    g_autofree char *capacity = g_strconcat("capacity.", datum->path, NULL);
    gint64 room = vmc_json_number(host, capacity);
    VmcDatum share = *datum;
    g_autoptr(JsonObject) holder = json_object_new();

    if (room <= 0)
        return NULL;
    json_object_set_int_member(holder, datum->path,
                               (gint64) ((double) vmc_json_number(host, claim) *
                                         1000 / (double) room));
    share.func = NULL;
    share.kind = VMC_DATUM_PERMILLE;
    return vmc_datum_format(&share, holder, exact);
}

static const VmcDatum list_data[] = {
    {"NAME", "name", VMC_DATUM_TEXT, 0, NULL},
    {"STATE", "state", VMC_DATUM_STATE, 0, NULL},
    {"VMS", "use.n_vms", VMC_DATUM_COUNT, VMC_COLUMN_RIGHT, NULL},
    {"CPUS", "capacity.cpu_millicores", VMC_DATUM_MILLICORES, VMC_COLUMN_RIGHT,
     NULL},
    {"CPU-CLAIM", "cpu_millicores", VMC_DATUM_TEXT, VMC_COLUMN_RIGHT,
     format_claimed},
    {"MEMORY", "capacity.memory_bytes", VMC_DATUM_BYTES, VMC_COLUMN_RIGHT,
     NULL},
    {"MEM-CLAIM", "memory_bytes", VMC_DATUM_TEXT, VMC_COLUMN_RIGHT,
     format_claimed},
    {"LABELS", "labels", VMC_DATUM_LIST, VMC_COLUMN_OPTIONAL, NULL},
    {"URI", "uri", VMC_DATUM_TEXT, 0, NULL},
    {NULL},
};

static const VmcDatum show_data[] = {
    {"NAME", "name", VMC_DATUM_TEXT, 0, NULL},
    {"STATE", "state", VMC_DATUM_STATE, 0, NULL},
    {"REASON", "state_reason", VMC_DATUM_TEXT, 0, NULL},
    {"SINCE", "state_since_s", VMC_DATUM_TIME, 0, NULL},
    {"URI", "uri", VMC_DATUM_TEXT, 0, NULL},
    {"MIGRATION-URI", "migration_uri", VMC_DATUM_TEXT, 0, NULL},
    {"UUID", "uuid", VMC_DATUM_TEXT, 0, NULL},
    {"LABELS", "labels", VMC_DATUM_LIST, 0, NULL},
    {"HYPERVISOR", "hypervisor_version", VMC_DATUM_TEXT, 0, NULL},
    {"GUESTS-RUN-AS", "domain_type", VMC_DATUM_TEXT, 0, NULL},
    {"ARCHITECTURE", "arch", VMC_DATUM_TEXT, 0, NULL},
    {"CPU-MODEL", "cpu_model", VMC_DATUM_TEXT, 0, NULL},
    {"CORES", "n_cores", VMC_DATUM_COUNT, 0, NULL},
    {"THREADS", "n_threads", VMC_DATUM_COUNT, 0, NULL},
    {"NUMA-NODES", "n_numa_nodes", VMC_DATUM_COUNT, 0, NULL},
    {"NETWORKS", "networks", VMC_DATUM_LIST, 0, NULL},
    {"BRIDGES", "bridges", VMC_DATUM_LIST, 0, NULL},
    {"VMS", "use.n_vms", VMC_DATUM_COUNT, 0, NULL},
    {NULL},
};

static const VmcDatum pool_data[] = {
    {"POOL", "name", VMC_DATUM_TEXT, 0, NULL},
    {"SIZE", "capacity_bytes", VMC_DATUM_BYTES, VMC_COLUMN_RIGHT, NULL},
    {"FREE", "free_bytes", VMC_DATUM_BYTES, VMC_COLUMN_RIGHT, NULL},
    {"PATH", "path", VMC_DATUM_TEXT, 0, NULL},
    {NULL},
};

gboolean
vmc_verb_host_list(VmcInvocation *invocation, GError **error)
{
    g_autoptr(JsonNode) answer =
        vmc_invocation_get(invocation, vmc_client_path("hosts", NULL), error);

    if (answer == NULL)
        return FALSE;
    vmc_output_list(&invocation->output, answer, "hosts", list_data);
    return TRUE;
}

/* Of what a host does not know, as its network, 0 is sent. */
static gboolean
is_unknown(JsonObject *host, VmcResource resource)
{
    g_autofree char *path =
        g_strconcat("physical.", vmc_resource_to_key(resource), NULL);

    return vmc_json_number(host, path) == 0;
}

static void
add_use_cell(VmcTable *table,
             VmcResource resource,
             JsonObject *host,
             const char *where,
             gboolean exact)
{
    g_autofree char *path =
        g_strconcat(where, ".", vmc_resource_to_key(resource), NULL);
    gint64 amount = vmc_json_number(host, path);
    g_autofree char *text = NULL;

    if (exact)
        text = g_strdup_printf("%" G_GINT64_FORMAT, amount);
    else if (amount == 0 && is_unknown(host, resource))
        text = NULL;
    else if (resource == VMC_MEMORY || resource == VMC_DISK)
        text = vmc_units_format_bytes_short((guint64) amount);
    else
        text = vmc_resource_format(resource, (guint64) amount);
    vmc_table_add_cell(table, text, VMC_STYLE_NONE);
}

/* What there is of each resource, and where it went. */
static void
print_use(const VmcOutput *output, JsonObject *host)
{
    static const char *const places[] = {"physical", "reserved", "capacity",
                                         "use.size", "use.claim"};
    static const char *const titles[] = {"PHYSICAL", "RESERVED", "CAPACITY",
                                         "SIZES", "CLAIMED"};
    g_autoptr(VmcTable) table = vmc_table_new();
    gboolean exact = output->format == VMC_FORMAT_PLAIN;

    vmc_table_add_column(table, "RESOURCE", 0);
    for (guint i = 0; i < G_N_ELEMENTS(titles); i++)
        vmc_table_add_column(table, titles[i], VMC_COLUMN_RIGHT);
    for (guint r = 0; r < VMC_N_RESOURCES; r++) {
        vmc_table_add_cell(table, vmc_resource_to_name((VmcResource) r),
                           VMC_STYLE_NONE);
        for (guint i = 0; i < G_N_ELEMENTS(places); i++)
            add_use_cell(table, (VmcResource) r, host, places[i], exact);
    }
    vmc_output_gap(output);
    vmc_output_table(output, table);
}

gboolean
vmc_verb_host_show(VmcInvocation *invocation, GError **error)
{
    g_autoptr(JsonNode) host = vmc_invocation_get(
        invocation, vmc_client_path("hosts", invocation->operands[0], NULL),
        error);
    const VmcOutput *output = &invocation->output;

    if (host == NULL)
        return FALSE;
    vmc_output_item(output, host, show_data);
    if (output->format == VMC_FORMAT_JSON)
        return TRUE;
    print_use(output, json_node_get_object(host));
    vmc_output_rows(output, vmc_json_array(json_node_get_object(host), "pools"),
                    pool_data);
    return TRUE;
}

/* ---- remove -------------------------------------------------------------- */

gboolean
vmc_verb_host_remove(VmcInvocation *invocation, GError **error)
{
    const char *name = invocation->operands[0];
    g_autofree char *path = vmc_client_path("hosts", name, NULL);
    VmcClient *client = vmc_invocation_client(invocation, error);
    g_autoptr(JsonNode) answer =
        client ? vmc_client_delete(client, path, error) : NULL;

    if (answer == NULL)
        return FALSE;
    vmc_say("host '%s' removed; what runs on it goes on", name);
    return TRUE;
}
