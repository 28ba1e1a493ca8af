/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/vm.h"

#include "core/error.h"

#include <string.h>

static void
test_state_names(void)
{
    for (guint i = 0; i < VMC_N_VM_STATES; i++) {
        VmcVmState state;
        const char *name = vmc_vm_state_to_name((VmcVmState) i);
        g_assert_true(vmc_vm_state_from_name(name, &state));
        g_assert_cmpuint(state, ==, i);
    }
    VmcVmState untouched = VMC_VM_CRASHED;
    g_assert_false(vmc_vm_state_from_name("shut off", &untouched));
    g_assert_cmpint(untouched, ==, VMC_VM_CRASHED);
}

static void
test_good_names(void)
{
    static const char *const names[] = {"a", "web1", "7", "a-b_c.d", "WEB"};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        g_assert_true(vmc_vm_name_check(names[i], NULL));
    g_autofree char *longest = g_strnfill(63, 'x');
    g_assert_true(vmc_vm_name_check(longest, NULL));
}

/* Names become file names, URLs and domain names: nothing else may pass; and
 * what is said of them is valid text even if they were not. */
static void
test_bad_names(void)
{
    g_autofree char *too_long = g_strnfill(64, 'x');
    g_autofree char *far_too_long = g_strnfill(300, 'x');
    const char *names[] = {"",
                           "-a",
                           ".a",
                           "_a",
                           "a b",
                           "a/b",
                           "a\n",
                           "w\303\251b",
                           "\377",
                           "../x",
                           too_long,
                           far_too_long,
                           "6ba7b810-9dad-11d1-80b4-00c04fd430c8"};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(vmc_vm_name_check(names[i], &error));
        g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
        g_assert_null(strchr(error->message, '\n'));
    }
}

/* The claim follows the factors, and resident memory is its floor. */
static void
test_claim(void)
{
    g_autoptr(VmcVm) vm = vmc_vm_new("u", "web1");

    vm->size = VMC_RESOURCES(4000, 1000, 10, 0);
    vm->factors.of[VMC_CPU] = vmc_factor_fixed(500, VMC_FACTOR_FROM_VM);
    vm->factors.of[VMC_MEMORY] = vmc_factor_fixed(250, VMC_FACTOR_FROM_VM);
    vm->resident_bytes = 700;
    g_assert_true(
        vmc_resources_equal(vmc_vm_claim(vm), VMC_RESOURCES(2000, 700, 10, 0)));
}

/* A copy shares nothing that either could change. */
static void
test_copy(void)
{
    g_autoptr(VmcVm) vm = vmc_vm_new("u", "web1");
    g_ptr_array_add(vm->wishes, vmc_wish_new(TRUE, FALSE, "kvm1", NULL));
    g_autoptr(VmcVm) copy = vmc_vm_copy(vm);

    g_free(vm->name);
    vm->name = g_strdup("other");
    g_ptr_array_set_size(vm->wishes, 0);
    g_assert_cmpstr(copy->name, ==, "web1");
    g_assert_cmpuint(copy->wishes->len, ==, 1);
    const VmcWish *wish = copy->wishes->pdata[0];
    g_assert_cmpstr(wish->host, ==, "kvm1");
    g_assert_cmpint(copy->demand_age_s, ==, -1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vm/state-names", test_state_names);
    g_test_add_func("/vm/good-names", test_good_names);
    g_test_add_func("/vm/bad-names", test_bad_names);
    g_test_add_func("/vm/claim", test_claim);
    g_test_add_func("/vm/copy", test_copy);
    return g_test_run();
}
