/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/model.h"

/*
 * What a model collects until it is sealed. For model.c and model-seal.c only.
 */

/** A wish of a VM, before it is sorted into rows. */
typedef struct {
    guint32 vm;
    gint32 set;
    double weight;
} VmcModelWish;

struct _VmcModelDraft {
    GArray *set_words;       /* guint64 */
    GArray *n_domains;       /* guint, of each level */
    GPtrArray *domains;      /* guint32 *, of each level; NULL for level 0 */
    GArray *group_starts;    /* guint32, one more than there are groups */
    GArray *group_vms;       /* guint32 */
    GArray *rules;           /* VmcRule */
    GArray *wishes;          /* VmcModelWish */
    GArray *shapes;          /* VmcModelShape */
    GArray *hinges;          /* VmcHinge */
    GPtrArray *hinge_offset; /* double *, one value a host */
};

/**
 * vmc_model_draft_new:
 *
 * Returns: (transfer full): an empty draft, with level 0 for @n_hosts hosts
 */
VmcModelDraft *vmc_model_draft_new(guint n_hosts);

void vmc_model_draft_free(VmcModelDraft *draft);

/* Whether @host is in @set of a model that is not sealed; all are in −1. */
static inline gboolean
vmc_model_draft_in_set(const VmcModel *model, gint32 set, guint host)
{
    if (set < 0)
        return TRUE;
    guint64 word = g_array_index(model->draft->set_words, guint64,
                                 (gsize) set * model->set_words + host / 64);
    return (word >> (host % 64) & 1) != 0;
}
