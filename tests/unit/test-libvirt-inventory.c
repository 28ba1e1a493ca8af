/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/libvirt-inventory.h"

typedef struct {
    int state;
    int reason;
    gboolean is_incoming;
    VmcRunState expected;
} StateCase;

/* Recovery after a migration decides by these which copy is ended: a paused
 * source must never look like a destination, nor like a user's pause. */
static const StateCase cases[] = {
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED, FALSE, VMC_RUN_RUNNING},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_MIGRATION_CANCELED, FALSE,
     VMC_RUN_RUNNING},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_POSTCOPY, FALSE, VMC_RUN_RUNNING},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_POSTCOPY_FAILED, FALSE,
     VMC_RUN_POSTCOPY_FAILED},
    {VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTDOWN_USER, FALSE, VMC_RUN_RUNNING},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER, FALSE, VMC_RUN_PAUSED},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION, FALSE,
     VMC_RUN_PAUSED_MIGRATION},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION, TRUE,
     VMC_RUN_PAUSED_INCOMING},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_STARTING_UP, TRUE,
     VMC_RUN_PAUSED_INCOMING},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_STARTING_UP, FALSE, VMC_RUN_STARTING},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_POSTCOPY, FALSE,
     VMC_RUN_PAUSED_MIGRATION},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_POSTCOPY_FAILED, FALSE,
     VMC_RUN_POSTCOPY_FAILED},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_IOERROR, FALSE,
     VMC_RUN_PAUSED_IO_ERROR},
    {VIR_DOMAIN_PMSUSPENDED, 0, FALSE, VMC_RUN_PAUSED},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_MIGRATED, FALSE, VMC_RUN_SHUT_OFF},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_FAILED, FALSE, VMC_RUN_SHUT_OFF},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_CRASHED, FALSE, VMC_RUN_CRASHED},
    {VIR_DOMAIN_CRASHED, VIR_DOMAIN_CRASHED_PANICKED, FALSE, VMC_RUN_CRASHED},
};

static void
test_states(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const StateCase *c = &cases[i];

        g_test_message("state %d reason %d incoming %d", c->state, c->reason,
                       c->is_incoming);
        g_assert_cmpint(
            vmc_libvirt_run_state(c->state, c->reason, c->is_incoming), ==,
            c->expected);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/libvirt-inventory/states", test_states);
    return g_test_run();
}
