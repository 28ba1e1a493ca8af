/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/api/request.h"

gboolean vmc_route_get_version(VmcRequest *request, GError **error);
gboolean vmc_route_get_fleet(VmcRequest *request, GError **error);
