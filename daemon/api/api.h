/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/control/live-fleet.h"
#include "daemon/jobs/job-queue.h"
#include "daemon/settings.h"

typedef struct _VmcAdmission VmcAdmission;
typedef struct _VmcEvents VmcEvents;
typedef struct _VmcTemplateLibrary VmcTemplateLibrary;

/**
 * VmcApi:
 *
 * The parts of the daemon that the API speaks for. They outlive it.
 */
typedef struct {
    const VmcSettings *settings;
    VmcLiveFleet *live_fleet;
    VmcJobQueue *jobs;
    VmcAdmission *admission;
    VmcTemplateLibrary *templates;
    VmcEvents *events;
} VmcApi;
