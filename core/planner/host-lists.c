/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/host-lists.h"

#include <string.h>

#define FIRST_SPACE 4

void
vmc_host_lists_init(VmcHostLists *lists, guint n_hosts, guint n_vms)
{
    memset(lists, 0, sizeof *lists);
    lists->n_hosts = n_hosts;
    lists->count = g_new0(guint32, MAX(n_hosts, 1));
    lists->begin = g_new0(guint32, MAX(n_hosts, 1));
    lists->space = g_new0(guint32, MAX(n_hosts, 1));
    lists->place = g_new0(guint32, MAX(n_vms, 1));
    /* Twice what all lists need when they double: moves are rare. */
    lists->n_items = 6 * n_vms + 2 * FIRST_SPACE * n_hosts + FIRST_SPACE;
    lists->items = g_new(guint32, lists->n_items);
}

void
vmc_host_lists_clear(VmcHostLists *lists)
{
    g_free(lists->count);
    g_free(lists->begin);
    g_free(lists->space);
    g_free(lists->items);
    g_free(lists->place);
    memset(lists, 0, sizeof *lists);
}

static void
move_list(VmcHostLists *lists, guint host, guint32 *to, guint32 begin)
{
    for (guint32 i = 0; i < lists->count[host]; i++) {
        guint32 vm = lists->items[lists->begin[host] + i];
        to[begin + i] = vm;
        lists->place[vm] = begin + i;
    }
    lists->begin[host] = begin;
}

static guint32
space_for(guint32 count)
{
    return MAX(FIRST_SPACE, 2 * count);
}

/* Lays all lists out anew, each with room to grow. */
static void
compact(VmcHostLists *lists)
{
    guint32 *items = g_new(guint32, lists->n_items);
    guint32 end = 0;

    for (guint h = 0; h < lists->n_hosts; h++) {
        move_list(lists, h, items, end);
        lists->space[h] = space_for(lists->count[h]);
        end += lists->space[h];
    }
    g_free(lists->items);
    lists->items = items;
    lists->end = end;
}

static void
grow(VmcHostLists *lists, guint host)
{
    guint32 space = space_for(lists->count[host]);

    if (lists->n_items - lists->end < space) {
        compact(lists);
        return;
    }
    move_list(lists, host, lists->items, lists->end);
    lists->space[host] = space;
    lists->end += space;
}

void
vmc_host_lists_add(VmcHostLists *lists, guint host, guint vm)
{
    if (lists->count[host] == lists->space[host])
        grow(lists, host);
    guint32 place = lists->begin[host] + lists->count[host]++;
    lists->items[place] = vm;
    lists->place[vm] = place;
}

void
vmc_host_lists_remove(VmcHostLists *lists, guint host, guint vm)
{
    guint32 hole = lists->place[vm];
    guint32 last = lists->items[lists->begin[host] + --lists->count[host]];

    lists->items[hole] = last;
    lists->place[last] = hole;
}
