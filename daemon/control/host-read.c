/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/host-read.h"

#include "core/error.h"
#include "daemon/control/observe.h"

/* Each may take as long as its agent does. */
#define GUESTS_PER_LIST 8

/* ---- made and freed -------------------------------------------------------
 */

static void
copy_held(VmcLiveFleet *live_fleet, GHashTable *held)
{
    g_auto(GStrv) uuids = vmc_live_fleet_list_held(live_fleet);

    for (guint i = 0; uuids[i] != NULL; i++)
        g_hash_table_add(held, g_strdup(uuids[i]));
}

VmcHostRead *
vmc_host_read_new(VmcLink *link, VmcLiveFleet *live_fleet, gint64 now_s)
{
    g_return_val_if_fail(link != NULL && live_fleet != NULL, NULL);
    VmcHostRead *read = g_new0(VmcHostRead, 1);
    GDestroyNotify free_facts = (GDestroyNotify) vmc_domain_facts_unref;

    read->link = g_object_ref(link);
    read->live_fleet = g_object_ref(live_fleet);
    read->stamp = vmc_live_fleet_stamp(live_fleet);
    read->held = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    copy_held(live_fleet, read->held);
    read->now_s = now_s;
    read->wanted = g_ptr_array_new_with_free_func(g_free);
    read->domains = g_ptr_array_new_with_free_func(free_facts);
    read->changed =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_vm_unref);
    read->elsewhere = g_ptr_array_new_with_free_func(free_facts);
    read->absent = g_ptr_array_new_with_free_func(g_free);
    return read;
}

void
vmc_host_read_free(VmcHostRead *read)
{
    if (read == NULL)
        return;
    g_object_unref(read->link);
    g_object_unref(read->live_fleet);
    g_hash_table_unref(read->held);
    g_ptr_array_unref(read->wanted);
    vmc_host_unref(read->host);
    g_ptr_array_unref(read->domains);
    g_ptr_array_unref(read->changed);
    g_ptr_array_unref(read->elsewhere);
    g_ptr_array_unref(read->absent);
    g_clear_error(&read->error);
    g_free(read);
}

/* ---- asking ---------------------------------------------------------------
 */

/* What who added the host said guests shall run under there. */
static char *
declared_type(const VmcHostRead *read)
{
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(read->live_fleet);
    const VmcHost *host =
        vmc_fleet_find_host(fleet, vmc_link_get_host_name(read->link));

    return g_strdup(host != NULL ? host->domain_type : NULL);
}

static gboolean
ask(VmcHostRead *read, VmcCallKind kind, const char *uuid, VmcReply *reply)
{
    g_autoptr(VmcCall) call = vmc_call_new(kind, uuid);
    g_autoptr(GError) error = NULL;

    if (kind == VMC_CALL_READ_HOST)
        call->domain_type = declared_type(read);
    if (vmc_link_call(read->link, call, reply, NULL, &error))
        return TRUE;
    if (vmc_error_of(error) == VMC_ERROR_NOT_FOUND && uuid != NULL)
        g_ptr_array_add(read->absent, g_strdup(uuid));
    else if (read->error == NULL)
        read->error = g_steal_pointer(&error);
    return FALSE;
}

static void
read_host(VmcHostRead *read)
{
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    if (ask(read, VMC_CALL_READ_HOST, NULL, &reply))
        read->host = g_steal_pointer(&reply.host);
}

static void
read_list(VmcHostRead *read)
{
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    if (!ask(read, VMC_CALL_LIST_DOMAINS, NULL, &reply))
        return;
    read->is_listed = TRUE;
    for (guint i = 0; reply.domains != NULL && i < reply.domains->len; i++)
        g_ptr_array_add(read->domains,
                        vmc_domain_facts_ref(reply.domains->pdata[i]));
}

static gboolean
is_worth_asking(const VmcDomainFacts *facts)
{
    return facts->is_managed && facts->state == VMC_RUN_RUNNING;
}

/* What a guest has of its size tells no event: a few are asked each time. */
static void
read_some_guests(VmcHostRead *read)
{
    guint n = read->domains->len;

    for (guint i = 0, asked = 0; i < n && asked < GUESTS_PER_LIST; i++) {
        guint at = read->guest_cursor++ % n;
        VmcDomainFacts *facts = g_ptr_array_index(read->domains, at);
        if (!is_worth_asking(facts))
            continue;
        asked++;
        g_ptr_array_add(read->wanted, g_strdup(facts->uuid));
    }
}

/* A second look at a domain takes the place of the first. */
static void
add_domain(VmcHostRead *read, VmcDomainFacts *facts)
{
    for (guint i = 0; i < read->domains->len; i++) {
        VmcDomainFacts *other = g_ptr_array_index(read->domains, i);
        if (g_strcmp0(other->uuid, facts->uuid) != 0)
            continue;
        read->domains->pdata[i] = vmc_domain_facts_ref(facts);
        vmc_domain_facts_unref(other);
        return;
    }
    g_ptr_array_add(read->domains, vmc_domain_facts_ref(facts));
}

/* A guest that a job watches is busy enough, and asked by the job. */
static VmcCallKind
reading_of(VmcHostRead *read, const char *uuid)
{
    return g_hash_table_contains(read->held, uuid) ? VMC_CALL_READ_DOMAIN
                                                   : VMC_CALL_READ_GUEST;
}

static void
read_wanted(VmcHostRead *read)
{
    for (guint i = 0; i < read->wanted->len; i++) {
        const char *uuid = read->wanted->pdata[i];
        g_auto(VmcReply) reply = VMC_REPLY_INIT;
        if (ask(read, reading_of(read, uuid), uuid, &reply) &&
            reply.domain != NULL)
            add_domain(read, reply.domain);
    }
}

/* ---- comparing ------------------------------------------------------------
 */

static const char *
host_of(VmcHostRead *read)
{
    return vmc_link_get_host_name(read->link);
}

static void
compare_domain(VmcHostRead *read, const VmcFleet *fleet, VmcDomainFacts *facts)
{
    const VmcVm *known = vmc_fleet_find_vm(fleet, facts->uuid);

    if (known != NULL && (g_strcmp0(known->host, host_of(read)) != 0 ||
                          known->destination != NULL)) {
        g_ptr_array_add(read->elsewhere, vmc_domain_facts_ref(facts));
        return;
    }
    VmcObservation seen = {.known = known,
                           .facts = facts,
                           .host = host_of(read),
                           .is_held =
                               g_hash_table_contains(read->held, facts->uuid),
                           .now_s = read->now_s};
    g_autoptr(VmcVm) vm = vmc_vm_observe(&seen);
    if (known == NULL || !vmc_vm_looks_same(known, vm))
        g_ptr_array_add(read->changed, g_steal_pointer(&vm));
}

static void
find_absent(VmcHostRead *read, const VmcFleet *fleet)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < read->domains->len; i++)
        g_hash_table_add(seen,
                         ((VmcDomainFacts *) read->domains->pdata[i])->uuid);
    for (guint i = 0; i < vmc_fleet_n_vms(fleet); i++) {
        const VmcVm *vm = vmc_fleet_vm_at(fleet, i);
        if (g_strcmp0(vm->host, host_of(read)) == 0 &&
            !g_hash_table_contains(seen, vm->uuid))
            g_ptr_array_add(read->absent, g_strdup(vm->uuid));
    }
}

void
vmc_host_read_perform(VmcHostRead *read)
{
    g_return_if_fail(read != NULL);
    if (read->wants_host)
        read_host(read);
    if (read->wants_list)
        read_list(read);
    if (read->is_listed)
        read_some_guests(read);
    read_wanted(read);

    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(read->live_fleet);
    for (guint i = 0; i < read->domains->len; i++)
        compare_domain(read, fleet, read->domains->pdata[i]);
    if (read->is_listed)
        find_absent(read, fleet);
}
