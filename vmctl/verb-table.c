/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/verbs.h"

#define FLAG VMC_VALUE_NONE, NULL

static const VmcOption list_options[] = {
    {"host", 0, VMC_VALUE_HOST, "HOST", "only the VMs of this host", 0},
    {NULL},
};

static const VmcOption create_options[] = {
    {"template", 't', VMC_VALUE_TEMPLATE, "TEMPLATE", "what it is made from",
     VMC_OPTION_REQUIRED},
    {"vcpus", 0, VMC_VALUE_COUNT, "N", "vCPUs to start with", 0},
    {"memory", 0, VMC_VALUE_SIZE, "SIZE", "memory to start with", 0},
    {"disk", 0, VMC_VALUE_DISK_SIZE, "NAME=SIZE", "size of one of its disks",
     VMC_OPTION_REPEATS},
    {"network", 0, VMC_VALUE_RATE, "RATE", "bandwidth, as 1Gbit/s", 0},
    {"class", 0, VMC_VALUE_CLASS, "CLASS", "gold, silver or bronze", 0},
    {"factor", 0, VMC_VALUE_FACTOR, "RESOURCE=V",
     "virtualization factor: 0.01 to 4, or auto", VMC_OPTION_REPEATS},
    {"user-data", 0, VMC_VALUE_FILE, "FILE", "cloud-init user-data", 0},
    {"set", 0, VMC_VALUE_SETTING, "PARAMETER=VALUE",
     "any other parameter of the template", VMC_OPTION_REPEATS},
    {"host", 0, VMC_VALUE_HOST, "HOST", "put it there and nowhere else", 0},
    {"no-start", 0, FLAG, "leave it shut off", 0},
    {"dry-run", 0, FLAG, "only show where it would go and why", 0},
    {NULL},
};

static const VmcOption adopt_options[] = {
    {"class", 0, VMC_VALUE_CLASS, "CLASS", "gold, silver or bronze", 0},
    {"vcpus-max", 0, VMC_VALUE_COUNT, "N", "the most a resize may reach", 0},
    {"memory-max", 0, VMC_VALUE_SIZE, "SIZE", "the most a resize may reach", 0},
    {NULL},
};

static const VmcOption stop_options[] = {
    {"force", 'f', FLAG, "pull the plug at once", 0},
    {"timeout", 0, VMC_VALUE_SECONDS, "SECONDS",
     "wait so long for the guest before the plug is pulled", 0},
    {NULL},
};

static const VmcOption reboot_options[] = {
    {"force", 'f', FLAG, "reset it without asking the guest", 0},
    {NULL},
};

static const VmcOption delete_options[] = {
    {"force", 'f', FLAG, "also when it runs: pull the plug first", 0},
    {"yes", 'y', FLAG, "do not ask", 0},
    {NULL},
};

static const VmcOption console_options[] = {
    {"force", 'f', FLAG, "take it from whoever has it", 0},
    {"linger", 0, VMC_VALUE_SECONDS, "SECONDS",
     "after the end of the input, go when the guest is silent for so long; "
     "0: stay (default: 2)",
     0},
    {NULL},
};

static const VmcOption resize_options[] = {
    {"vcpus", 0, VMC_VALUE_COUNT_CHANGE, "N", "vCPUs: 6, +2 or -1", 0},
    {"memory", 0, VMC_VALUE_SIZE_CHANGE, "SIZE",
     "memory: 12GiB, +1GiB or -512M", 0},
    {"dry-run", 0, FLAG, "only show the steps", 0},
    {NULL},
};

static const VmcOption migrate_options[] = {
    {"to", 0, VMC_VALUE_HOST, "HOST", "move it there; else the best fit", 0},
    {"bandwidth", 0, VMC_VALUE_SIZE, "SIZE",
     "the most it may send in a second, as 100MiB", 0},
    {"dry-run", 0, FLAG, "only show where it would go and why", 0},
    {NULL},
};

static const VmcOption host_add_options[] = {
    {"migration-uri", 0, VMC_VALUE_TEXT, "URI",
     "libvirt URI by which other hosts reach it", 0},
    {"domain-type", 0, VMC_VALUE_TEXT, "TYPE",
     "what guests run under there: kvm, or qemu where KVM does not work", 0},
    {"label", 0, VMC_VALUE_TEXT, "LABEL", "a trait, as rack=r1 or ssd",
     VMC_OPTION_REPEATS},
    {"reserve", 0, VMC_VALUE_RESERVE, "RESOURCE=AMOUNT",
     "keep this back for the host itself", VMC_OPTION_REPEATS},
    {"ceiling", 0, VMC_VALUE_CEILING, "RESOURCE=X",
     "sizes of all VMs together at most X times the capacity",
     VMC_OPTION_REPEATS},
    {NULL},
};

static const VmcOption template_check_options[] = {
    {"template-dir", 0, VMC_VALUE_FILE, "DIR",
     "look there first for the schema and what it extends", VMC_OPTION_REPEATS},
    {NULL},
};

#define FLEET_OPTION                                                           \
    {                                                                          \
        "fleet", 0, VMC_VALUE_FILE, "FILE",                                    \
            "a fleet as JSON, - for stdin, instead of that of vmctld", 0       \
    }
#define POLICY_OPTION                                                          \
    {                                                                          \
        "policy", 0, VMC_VALUE_POLICY, "POLICY",                               \
            "what is preferred: balance, pack, or a file (default: balance)",  \
            0                                                                  \
    }

static const VmcOption plan_options[] = {
    FLEET_OPTION,
    POLICY_OPTION,
    {"drain", 0, VMC_VALUE_HOST, "HOST", "instead of a rebalance: empty it",
     VMC_OPTION_REPEATS},
    {"place", 0, VMC_VALUE_VM, "VM",
     "instead: find a host for it, which is on none", VMC_OPTION_REPEATS},
    {"room-for", 0, VMC_VALUE_VM, "VM",
     "instead: make room for it to grow to --vcpus and --memory", 0},
    {"vcpus", 0, VMC_VALUE_COUNT, "N", "vCPUs that --room-for is for", 0},
    {"memory", 0, VMC_VALUE_SIZE, "SIZE", "memory that --room-for is for", 0},
    {"repair", 0, FLAG, "instead: the fewest moves until all holds that must",
     0},
    {"max-moves", 0, VMC_VALUE_COUNT, "N", "move at most N VMs", 0},
    {"time", 0, VMC_VALUE_SECONDS, "SECONDS", "search for so long", 0},
    {"steps", 0, VMC_VALUE_COUNT, "N",
     "search so many steps: the same seed and steps give the same plan", 0},
    {"seed", 0, VMC_VALUE_NUMBER, "N", "of the search (default: 1)", 0},
    {"threads", 0, VMC_VALUE_COUNT, "N", "of the search (default: 1)", 0},
    {NULL},
};

static const VmcOption capacity_options[] = {
    {"template", 't', VMC_VALUE_TEMPLATE, "TEMPLATE",
     "what the VMs are like: a template of VMs of the fleet, or a file",
     VMC_OPTION_REQUIRED},
    FLEET_OPTION,
    POLICY_OPTION,
    {"tiers", 0, VMC_VALUE_COUNT, "N",
     "ask for so many sizes, each smaller (default: 4)", 0},
    {"template-dir", 0, VMC_VALUE_FILE, "DIR",
     "look there first for the schema and what it extends", VMC_OPTION_REPEATS},
    {NULL},
};

static const VmcOption explain_options[] = {
    FLEET_OPTION,
    POLICY_OPTION,
    {NULL},
};

static const VmcOption job_list_options[] = {
    {"vm", 0, VMC_VALUE_VM, "VM", "only jobs of this VM", 0},
    {"open", 0, FLAG, "only jobs that have not ended", 0},
    {"limit", 0, VMC_VALUE_COUNT, "N", "only the last N", 0},
    {NULL},
};

static const VmcOption events_options[] = {
    {"vm", 0, VMC_VALUE_VM, "VM", "only what concerns this VM", 0},
    {"job", 0, VMC_VALUE_JOB, "JOB", "only this job", 0},
    {NULL},
};

#define MANAGED_VM                                                             \
    {                                                                          \
        {                                                                      \
            "VM", VMC_VALUE_MANAGED_VM, FALSE                                  \
        }                                                                      \
    }

const VmcVerb vmc_verbs[] = {
    {"list", "List the VMs", {{NULL}}, list_options, 0, vmc_verb_list},
    {"show",
     "Show a VM and its sizes",
     {{"VM", VMC_VALUE_VM, FALSE}},
     NULL,
     0,
     vmc_verb_show},
    {"explain",
     "Show every number behind a VM or host, and where it comes from",
     {{"VM|HOST", VMC_VALUE_VM_OR_HOST, TRUE}},
     explain_options,
     0,
     vmc_verb_explain},
    {"plan",
     "Show which moves would make the fleet better, and why",
     {{NULL}},
     plan_options,
     0,
     vmc_verb_plan},
    {"capacity",
     "Show how many more VMs would fit, and what runs out first",
     {{NULL}},
     capacity_options,
     0,
     vmc_verb_capacity},
    {"create",
     "Make a VM from a template",
     {{"NAME", VMC_VALUE_TEXT, FALSE}},
     create_options,
     VMC_VERB_JOB,
     vmc_verb_create},
    {"adopt",
     "Manage a VM that vmctl did not make",
     {{"VM", VMC_VALUE_FOREIGN_VM, FALSE}},
     adopt_options,
     VMC_VERB_JOB,
     vmc_verb_adopt},
    {"start", "Start a VM", MANAGED_VM, NULL, VMC_VERB_JOB, vmc_verb_power},
    {"stop", "Shut a VM down, or off", MANAGED_VM, stop_options, VMC_VERB_JOB,
     vmc_verb_power},
    {"reboot", "Boot a VM again", MANAGED_VM, reboot_options, VMC_VERB_JOB,
     vmc_verb_power},
    {"pause", "Hold a VM where it is", MANAGED_VM, NULL, VMC_VERB_JOB,
     vmc_verb_power},
    {"resume", "Let a paused VM go on", MANAGED_VM, NULL, VMC_VERB_JOB,
     vmc_verb_power},
    {"delete", "Delete a VM and its disks", MANAGED_VM, delete_options,
     VMC_VERB_JOB, vmc_verb_delete},
    {"rename",
     "Give a VM that is shut off another name",
     {{"VM", VMC_VALUE_MANAGED_VM, FALSE}, {"NAME", VMC_VALUE_TEXT, FALSE}},
     NULL,
     VMC_VERB_JOB,
     vmc_verb_rename},
    {"console", "Talk to the console of a VM", MANAGED_VM, console_options, 0,
     vmc_verb_console},
    {"resize", "Grow or shrink a VM, while it runs", MANAGED_VM, resize_options,
     VMC_VERB_JOB, vmc_verb_resize},
    {"migrate", "Move a VM to another host, while it runs", MANAGED_VM,
     migrate_options, VMC_VERB_JOB, vmc_verb_migrate},
    {"host list", "List the hosts", {{NULL}}, NULL, 0, vmc_verb_host_list},
    {"host show",
     "Show a host and what is left of it",
     {{"HOST", VMC_VALUE_HOST, FALSE}},
     NULL,
     0,
     vmc_verb_host_show},
    {"host add",
     "Take a host into the fleet",
     {{"NAME", VMC_VALUE_TEXT, FALSE}, {"URI", VMC_VALUE_TEXT, FALSE}},
     host_add_options,
     0,
     vmc_verb_host_add},
    {"host remove",
     "Take a host without managed VMs out of the fleet",
     {{"HOST", VMC_VALUE_HOST, FALSE}},
     NULL,
     0,
     vmc_verb_host_remove},
    {"template list",
     "List the templates",
     {{NULL}},
     NULL,
     0,
     vmc_verb_template_list},
    {"template show",
     "Show a template",
     {{"TEMPLATE", VMC_VALUE_TEMPLATE, FALSE}},
     NULL,
     0,
     vmc_verb_template_show},
    {"template check",
     "Check a template file, without vmctld",
     {{"FILE", VMC_VALUE_FILE, FALSE}},
     template_check_options,
     0,
     vmc_verb_template_check},
    {"job list",
     "List the jobs",
     {{NULL}},
     job_list_options,
     0,
     vmc_verb_job_list},
    {"job show",
     "Show a job and its trail",
     {{"JOB", VMC_VALUE_JOB, FALSE}},
     NULL,
     0,
     vmc_verb_job_show},
    {"job cancel",
     "Stop a job and undo it",
     {{"JOB", VMC_VALUE_OPEN_JOB, FALSE}},
     NULL,
     VMC_VERB_JOB,
     vmc_verb_job_cancel},
    {"job wait",
     "Follow a job to its end and exit as it did",
     {{"JOB", VMC_VALUE_OPEN_JOB, FALSE}},
     NULL,
     0,
     vmc_verb_job_wait},
    {"events",
     "Print what changes in the fleet, as it changes",
     {{NULL}},
     events_options,
     0,
     vmc_verb_events},
    {"version",
     "Show the versions of vmctl and vmctld",
     {{NULL}},
     NULL,
     0,
     vmc_verb_version},
    {"help",
     "Show what verbs there are, or one of them",
     {{"VERB", VMC_VALUE_VERB, TRUE}, {"VERB", VMC_VALUE_NONE, TRUE}},
     NULL,
     0,
     vmc_verb_help_run},
    {"complete",
     "Print what may stand last on a command line",
     {{NULL}},
     NULL,
     VMC_VERB_HIDDEN,
     vmc_verb_complete},
    {NULL},
};
