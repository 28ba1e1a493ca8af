/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * VmcHostLists:
 * @n_hosts: how many hosts
 * @count: VMs on each host
 * @begin: where the list of each host begins in @items
 * @space: how long it may get there
 * @items: the VMs of each host in no order
 * @n_items: length of @items
 * @end: first item that belongs to no host yet
 * @place: for each VM its index in @items, while it is on a host
 *
 * Which VMs are on each host: each list is one piece of memory, so that going
 * through it is fast; adding and removing is O(1). A list that is full moves to
 * the end with twice the space; when the end is reached, all move together.
 */
typedef struct {
    guint n_hosts;
    guint32 *count;
    guint32 *begin;
    guint32 *space;
    guint32 *items;
    guint32 n_items;
    guint32 end;
    guint32 *place;
} VmcHostLists;

/**
 * vmc_host_lists_init:
 * @lists: where to
 * @n_hosts: how many hosts
 * @n_vms: how many VMs, all of them on no host
 */
void vmc_host_lists_init(VmcHostLists *lists, guint n_hosts, guint n_vms);

void vmc_host_lists_clear(VmcHostLists *lists);

void vmc_host_lists_add(VmcHostLists *lists, guint host, guint vm);

void vmc_host_lists_remove(VmcHostLists *lists, guint host, guint vm);

/**
 * vmc_host_lists_at:
 * @lists: lists
 * @host: a host
 *
 * Returns: (transfer none): its `count[host]` VMs, until the next change
 */
static inline const guint32 *
vmc_host_lists_at(const VmcHostLists *lists, guint host)
{
    return lists->items + lists->begin[host];
}
