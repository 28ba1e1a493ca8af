/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/link.h"

#include "core/error.h"
#include "daemon/hypervisor/link-lane.h"

/* What is late is out of reach, whatever it was doing meanwhile: nothing was
 * to be changed, so nothing is unknown. */
static void
say_unreachable(GError **error, const char *uri, guint timeout_ms)
{
    if (!g_error_matches(*error, VMC_ERROR, VMC_ERROR_UNKNOWN))
        return;
    g_clear_error(error);
    g_set_error(error, VMC_ERROR, VMC_ERROR_UNREACHABLE,
                "'%s' was connected, but gave no answer within %.3g s: check "
                "libvirtd there, it may hang",
                uri, timeout_ms / 1000.0);
}

static gboolean
fly(const char *uri,
    const VmcCall *call,
    guint connect_ms,
    guint answer_ms,
    GCancellable *cancellable,
    VmcReply *reply,
    GError **error)
{
    VmcLaneOptions options = {.channel = VMC_LANE_CHANNEL_PRIVATE,
                              .n_workers = 1,
                              .n_queued_max = 1,
                              .connect_timeout_ms = connect_ms,
                              .breaker_threshold = 1};
    g_autoptr(VmcLinkLane) lane =
        vmc_link_lane_new(vmc_driver_for_uri(uri), uri, uri, &options);
    g_autoptr(VmcFlight) flight = vmc_flight_new(call);
    g_autoptr(GError) failure = NULL;

    gboolean ok = vmc_link_lane_fly(lane, flight, connect_ms + answer_ms,
                                    cancellable, reply, &failure);
    vmc_link_lane_close(lane);
    if (ok)
        return TRUE;
    say_unreachable(&failure, uri, connect_ms + answer_ms);
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

gboolean
vmc_link_ask(const char *uri,
             const VmcCall *call,
             guint timeout_ms,
             GCancellable *cancellable,
             VmcReply *reply,
             GError **error)
{
    g_return_val_if_fail(uri != NULL && call != NULL, FALSE);
    return fly(uri, call, timeout_ms, vmc_call_kind_deadline_ms(call->kind),
               cancellable, reply, error);
}

gboolean
vmc_link_probe(const char *uri,
               const char *domain_type,
               guint timeout_ms,
               GCancellable *cancellable,
               VmcHost **ret_host,
               GError **error)
{
    g_return_val_if_fail(uri != NULL && ret_host != NULL, FALSE);
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_READ_HOST, NULL);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    call->domain_type = g_strdup(domain_type);
    /* that it did not even open is the better reason, so it comes first */
    if (!fly(uri, call, timeout_ms, 100, cancellable, &reply, error))
        return FALSE;
    *ret_host = g_steal_pointer(&reply.host);
    return TRUE;
}
