/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "core/planner/model.h"

typedef void (*SpoilFunc)(VmcModel *model);

static VmcModel *
small_model(void)
{
    VmcModel *model = vmc_model_new(3, 4, 1);
    const guint32 domain[] = {0, 0, 1};
    const guint32 vms[] = {0, 1, 2};

    vmc_model_add_level(model, domain, 2);
    vmc_model_add_group(model, vms, G_N_ELEMENTS(vms));
    return model;
}

static void
spoil_need(VmcModel *model)
{
    vmc_model_set_need(model, 0, 0, -1);
}

static void
spoil_total(VmcModel *model)
{
    vmc_model_set_need(model, 0, 0, VMC_MAX_AMOUNT);
    vmc_model_set_need(model, 1, 0, 1);
}

static void
spoil_start(VmcModel *model)
{
    vmc_model_set_start(model, 0, 3);
}

static void
spoil_set(VmcModel *model)
{
    vmc_model_set_host_set(model, 0, 0);
}

static void
spoil_domain(VmcModel *model)
{
    const guint32 domain[] = {0, 9, 1};

    vmc_model_add_level(model, domain, 2);
}

static void
spoil_member(VmcModel *model)
{
    const guint32 vms[] = {0, 4};

    vmc_model_add_group(model, vms, 2);
}

static void
spoil_twice(VmcModel *model)
{
    const guint32 vms[] = {1, 1};

    vmc_model_add_group(model, vms, 2);
}

static void
spoil_rule_level(VmcModel *model)
{
    vmc_model_add_rule(model, &(VmcRule){.level = 2, .is_hard = TRUE});
}

static void
spoil_leaders(VmcModel *model)
{
    vmc_model_add_rule(
        model,
        &(VmcRule){.kind = VMC_RULE_NEAR, .leaders = 1, .is_hard = TRUE});
}

static void
spoil_weight(VmcModel *model)
{
    vmc_model_set_weight(model, VMC_TERM_LOAD, -1);
}

static void
spoil_shape(VmcModel *model)
{
    vmc_model_add_shape(model, &(VmcModelShape){.first = 1});
}

static const SpoilFunc spoils[] = {
    spoil_need,    spoil_total,  spoil_start, spoil_set,
    spoil_domain,  spoil_member, spoil_twice, spoil_rule_level,
    spoil_leaders, spoil_weight, spoil_shape,
};

/* What makes no sense is refused when the model is sealed, not met later. */
static void
test_nonsense(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(spoils); i++) {
        g_autoptr(VmcModel) model = small_model();
        g_autoptr(GError) error = NULL;
        spoils[i](model);
        g_assert_false(vmc_model_seal(model, &error));
        g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    }
}

/* Each VM knows the rules that count it, and as what. */
static void
test_rows(void)
{
    g_autoptr(VmcModel) model = small_model();
    g_autoptr(GError) error = NULL;
    const guint32 leaders[] = {2, 3};
    guint group = vmc_model_add_group(model, leaders, 2);

    vmc_model_add_rule(model,
                       &(VmcRule){.kind = VMC_RULE_APART, .is_hard = TRUE});
    vmc_model_add_rule(model, &(VmcRule){.kind = VMC_RULE_NEAR,
                                         .level = 1,
                                         .leaders = (gint32) group,
                                         .is_hard = TRUE});
    g_assert_true(vmc_model_seal(model, &error));
    const guint32 *start = model->rules_of.start;
    const guint32 *item = model->rules_of.item;
    g_assert_cmpuint(start[1] - start[0], ==, 2);
    g_assert_cmpuint(item[start[0]], ==, 0);
    g_assert_cmpuint(item[start[0] + 1], ==, 2);
    g_assert_cmpuint(start[3] - start[2], ==, 3);
    g_assert_cmpuint(start[4] - start[3], ==, 1);
    g_assert_cmpuint(item[start[3]], ==, 3);
}

/* Nothing at all is a model, too. */
static void
test_empty(void)
{
    g_autoptr(VmcModel) model = vmc_model_new(0, 0, 0);
    g_autoptr(GError) error = NULL;

    g_assert_true(vmc_model_seal(model, &error));
    g_assert_no_error(error);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/planner/model/nonsense", test_nonsense);
    g_test_add_func("/planner/model/rows", test_rows);
    g_test_add_func("/planner/model/empty", test_empty);
    return g_test_run();
}
