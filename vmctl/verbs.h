/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vmctl/invocation.h"

/* The verbs: what the rows of verb-table.c run. Each returns whether it worked;
 * its error becomes the exit code. */

extern const VmcVerb vmc_verbs[];

/* verb-adopt.c */
gboolean vmc_verb_adopt(VmcInvocation *invocation, GError **error);
/* verb-capacity.c */
gboolean vmc_verb_capacity(VmcInvocation *invocation, GError **error);
/* verb-complete.c */
gboolean vmc_verb_complete(VmcInvocation *invocation, GError **error);
/* verb-console.c */
gboolean vmc_verb_console(VmcInvocation *invocation, GError **error);
/* verb-create.c */
gboolean vmc_verb_create(VmcInvocation *invocation, GError **error);
/* verb-delete.c */
gboolean vmc_verb_delete(VmcInvocation *invocation, GError **error);
/* verb-events.c */
gboolean vmc_verb_events(VmcInvocation *invocation, GError **error);
/* verb-explain.c */
gboolean vmc_verb_explain(VmcInvocation *invocation, GError **error);
/* verb-help.c */
gboolean vmc_verb_help_run(VmcInvocation *invocation, GError **error);
gboolean vmc_verb_version(VmcInvocation *invocation, GError **error);
/* verb-host.c */
gboolean vmc_verb_host_add(VmcInvocation *invocation, GError **error);
gboolean vmc_verb_host_list(VmcInvocation *invocation, GError **error);
gboolean vmc_verb_host_show(VmcInvocation *invocation, GError **error);
gboolean vmc_verb_host_remove(VmcInvocation *invocation, GError **error);
/* verb-job.c */
gboolean vmc_verb_job_list(VmcInvocation *invocation, GError **error);
gboolean vmc_verb_job_show(VmcInvocation *invocation, GError **error);
gboolean vmc_verb_job_cancel(VmcInvocation *invocation, GError **error);
gboolean vmc_verb_job_wait(VmcInvocation *invocation, GError **error);
/* verb-migrate.c */
gboolean vmc_verb_migrate(VmcInvocation *invocation, GError **error);
/* verb-plan.c */
gboolean vmc_verb_plan(VmcInvocation *invocation, GError **error);
/* verb-power.c: start, stop, reboot, pause, resume */
gboolean vmc_verb_power(VmcInvocation *invocation, GError **error);
/* verb-rename.c */
gboolean vmc_verb_rename(VmcInvocation *invocation, GError **error);
/* verb-resize.c */
gboolean vmc_verb_resize(VmcInvocation *invocation, GError **error);
/* verb-template.c */
gboolean vmc_verb_template_list(VmcInvocation *invocation, GError **error);
gboolean vmc_verb_template_show(VmcInvocation *invocation, GError **error);
gboolean vmc_verb_template_check(VmcInvocation *invocation, GError **error);
/* verb-vm.c */
gboolean vmc_verb_list(VmcInvocation *invocation, GError **error);
gboolean vmc_verb_show(VmcInvocation *invocation, GError **error);
