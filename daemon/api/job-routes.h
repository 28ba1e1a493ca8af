/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/api/request.h"

gboolean vmc_route_list_jobs(VmcRequest *request, GError **error);
gboolean vmc_route_get_job(VmcRequest *request, GError **error);
gboolean vmc_route_cancel_job(VmcRequest *request, GError **error);
