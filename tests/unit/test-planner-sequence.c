/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/sequence.h"

#include "tests/unit/planner-fixture.h"
#include "tests/unit/replay.h"

#include <string.h>

#define N_MODELS 800
#define N_TIGHT 1500
#define N_TINY 1000
#define SECOND G_USEC_PER_SEC

/* ---- models by hand ------------------------------------------------------ */

static void
bind(
    VmcModel *model, VmcRuleKind kind, const guint32 *vms, guint n, guint level)
{
    const guint group = vmc_model_add_group(model, vms, n);

    vmc_model_add_rule(model, &(VmcRule){.kind = kind,
                                         .is_hard = TRUE,
                                         .level = level,
                                         .members = group,
                                         .leaders = -1});
}

/* Each move takes a second, one at a time into and out of a host. */
static VmcSequence *
sequence(VmcModel *model, const gint32 *target)
{
    g_autoptr(GError) error = NULL;
    const gint64 bytes[] = {1000, 1000, 1000, 1000, 1000, 1000};
    const VmcSequenceRequest request = {
        .target = target,
        .bytes = bytes,
        .default_link = 1000,
        .max_in = 1,
        .max_out = 1,
        .start_us = SECOND / 2,
    };

    vmc_model_seal(model, &error);
    g_assert_no_error(error);
    VmcSequence *sequence = vmc_sequence_new(model, &request);
    replay_sequence(model, &request, sequence);
    return sequence;
}

static void
assert_steps(const VmcSequence *sequence,
             guint n_steps,
             guint n_bypasses,
             guint n_stuck,
             gint64 makespan_us)
{
    g_assert_cmpuint(sequence->n_steps, ==, n_steps);
    g_assert_cmpuint(sequence->n_bypasses, ==, n_bypasses);
    g_assert_cmpuint(sequence->n_stuck, ==, n_stuck);
    g_assert_cmpint(sequence->makespan_us, ==, makespan_us);
}

/* ---- cases --------------------------------------------------------------- */

static void
test_nothing(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(2, 1);

    fixture_put(model, 0, 0, 10);
    g_autoptr(VmcSequence) found = sequence(model, (gint32[]){0});
    assert_steps(found, 0, 0, 0, 0);
}

/* What needs the room that another leaves goes after it. */
static void
test_waits_for_room(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(3, 2);

    fixture_put(model, 0, 0, 60);
    fixture_put(model, 1, 1, 60);
    g_autoptr(VmcSequence) found = sequence(model, (gint32[]){1, 2});
    assert_steps(found, 2, 0, 0, 2 * SECOND);
    g_assert_cmpuint(found->steps[0].vm, ==, 1);
    g_assert_cmpint(found->chain_bound_us, ==, 2 * SECOND);
    g_assert_cmpuint(found->steps[1].batch, ==, 2);
}

/* Two that change places go by a third host, with one move more. */
static void
test_swap_by_third_host(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(3, 3);

    fixture_put(model, 0, 0, 60);
    fixture_put(model, 1, 1, 60);
    fixture_put(model, 2, 2, 40);
    g_autoptr(VmcSequence) found = sequence(model, (gint32[]){1, 0, 2});
    assert_steps(found, 3, 1, 0, 3 * SECOND);
}

/* Without room anywhere they are reported, and the rest is done. */
static void
test_swap_is_stuck(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(3, 4);

    fixture_put(model, 0, 0, 60);
    fixture_put(model, 1, 1, 60);
    fixture_put(model, 2, 2, 50);
    fixture_put(model, 3, 0, 10);
    g_autoptr(VmcSequence) found = sequence(model, (gint32[]){1, 0, 2, 2});
    assert_steps(found, 1, 0, 2, SECOND);
    g_assert_cmpint(found->stuck[0].column, ==, 0);
    g_assert_cmpint(found->stuck[0].host, ==, 1);
}

/* Two rings need one move more each, at the same time. */
static void
test_two_rings(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(8, 6);

    for (guint vm = 0; vm < 6; vm++)
        fixture_put(model, vm, (gint32) vm, 60);
    g_autoptr(VmcSequence) found =
        sequence(model, (gint32[]){1, 2, 0, 4, 5, 3});
    assert_steps(found, 8, 2, 0, 4 * SECOND);
}

/* A VM that comes too early would take the room of one that others wait for:
 * 2 has to go where 1 is before 0 does. */
static void
test_who_comes_first(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(3, 3);

    fixture_put(model, 0, 0, 50);
    fixture_put(model, 1, 1, 50);
    fixture_put(model, 2, 2, 60);
    g_autoptr(VmcSequence) found = sequence(model, (gint32[]){1, 2, 0});
    g_assert_cmpuint(found->n_stuck, ==, 0);
}

/* Of a held column nothing gets free before the plan is over. */
static void
test_held_is_not_free(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(3, 2);

    vmc_model_set_column(
        model, 0, &(VmcColumn){.flags = VMC_COLUMN_HARD | VMC_COLUMN_HELD});
    fixture_put(model, 0, 0, 60);
    fixture_put(model, 1, 1, 60);
    g_autoptr(VmcSequence) found = sequence(model, (gint32[]){1, 2});
    assert_steps(found, 1, 0, 1, SECOND);
    g_assert_cmpuint(found->stuck[0].vm, ==, 0);
}

/* A host that is too full only gets emptier. */
static void
test_too_full_takes_none(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(3, 4);

    fixture_put(model, 0, 0, 60);
    fixture_put(model, 1, 0, 60);
    fixture_put(model, 2, 1, 10);
    fixture_put(model, 3, 0, 20);
    g_autoptr(VmcSequence) found = sequence(model, (gint32[]){2, 0, 0, 1});
    g_assert_cmpuint(found->n_stuck, ==, 0);
    g_assert_cmpuint(found->steps[found->n_steps - 1].vm, ==, 2);
}

/* Those that must be apart are never on one host, not even for a moment. */
static void
test_apart(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(3, 2);

    fixture_put(model, 0, 0, 10);
    fixture_put(model, 1, 1, 10);
    bind(model, VMC_RULE_APART, (guint32[]){0, 1}, 2, 0);
    g_autoptr(VmcSequence) found = sequence(model, (gint32[]){1, 2});
    assert_steps(found, 2, 0, 0, 2 * SECOND);
    g_assert_cmpuint(found->steps[0].vm, ==, 1);
}

/* Those that must be together go at one time. */
static void
test_together(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(2, 2);

    fixture_put(model, 0, 0, 10);
    fixture_put(model, 1, 0, 10);
    bind(model, VMC_RULE_TOGETHER, (guint32[]){0, 1}, 2, 0);
    g_autoptr(VmcSequence) found = sequence(model, (gint32[]){1, 1});
    assert_steps(found, 2, 0, 0, 2 * SECOND);
    g_assert_cmpuint(found->steps[0].joint, ==, 1);
    g_assert_cmpuint(found->steps[1].joint, ==, 1);
    g_assert_cmpint(found->steps[1].start_us, ==, 0);
}

/* A group that must be in two racks does not leave one of them before it is in
 * a third. */
static void
test_spread(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(3, 3);
    const guint32 racks[] = {0, 1, 2};

    fixture_put(model, 0, 0, 10);
    fixture_put(model, 1, 1, 10);
    fixture_put(model, 2, 1, 90);
    const guint level = vmc_model_add_level(model, racks, 3);
    const guint group = vmc_model_add_group(model, (guint32[]){0, 1}, 2);
    vmc_model_add_rule(model, &(VmcRule){.kind = VMC_RULE_SPREAD,
                                         .is_hard = TRUE,
                                         .level = level,
                                         .members = group,
                                         .leaders = -1,
                                         .n_domains = 2});
    g_autoptr(VmcSequence) found = sequence(model, (gint32[]){1, 2, 2});
    g_assert_cmpuint(found->n_stuck, ==, 0);
    g_assert_cmpuint(found->steps[0].vm, !=, 0);
}

/* The last leader follows its members, who cannot do without one. */
static void
test_near(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(2, 3);

    fixture_put(model, 0, 0, 10);
    fixture_put(model, 1, 0, 10);
    fixture_put(model, 2, 0, 10);
    const guint members = vmc_model_add_group(model, (guint32[]){0}, 1);
    const guint leaders = vmc_model_add_group(model, (guint32[]){1, 2}, 2);
    vmc_model_add_rule(model, &(VmcRule){.kind = VMC_RULE_NEAR,
                                         .is_hard = TRUE,
                                         .members = members,
                                         .leaders = (gint32) leaders});
    g_autoptr(VmcSequence) found = sequence(model, (gint32[]){1, 1, 1});
    assert_steps(found, 3, 0, 0, 3 * SECOND);
    g_assert_cmpuint(found->steps[1].vm, ==, 0);
}

/* What runs on a dead host is started anew, and takes no link of it. */
static void
test_down_host(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(2, 2);

    fixture_put(model, 0, 0, 10);
    fixture_put(model, 1, VMC_NOWHERE, 10);
    vmc_model_set_host_flags(model, 0, VMC_MODEL_HOST_DOWN);
    g_autoptr(VmcSequence) found = sequence(model, (gint32[]){1, 1});
    assert_steps(found, 2, 0, 0, SECOND);
    g_assert_cmpint(found->steps[0].kind, ==, VMC_PLAN_START);
    g_assert_cmpint(found->steps[1].kind, ==, VMC_PLAN_START);
}

/* A fast link feeds several slow ones at a time. */
static void
test_links_are_shared(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(5, 4);
    g_autoptr(GError) error = NULL;
    const gint32 target[] = {1, 2, 3, 4};
    const gint64 link[] = {40, 10, 10, 10, 10};
    const gint64 bytes[] = {100, 100, 100, 100};
    const VmcSequenceRequest request = {
        .target = target, .link = link, .bytes = bytes};

    for (guint vm = 0; vm < 4; vm++)
        fixture_put(model, vm, 0, 10);
    vmc_model_seal(model, &error);
    g_assert_no_error(error);
    g_autoptr(VmcSequence) found = vmc_sequence_new(model, &request);
    replay_sequence(model, &request, found);
    assert_steps(found, 4, 0, 0, 10 * SECOND);
    g_assert_cmpint(found->link_bound_us, ==, 10 * SECOND);
}

/* ---- random fleets ------------------------------------------------------- */

typedef struct {
    GRand *random;
    gint32 *target;
    gint64 *bytes;
    guint32 *dirty_milli;
    gint64 *link;
    VmcSequenceRequest request;
} Draw;

static guint
below(Draw *draw, guint n)
{
    return (guint) g_rand_int_range(draw->random, 0, (gint32) n);
}

static void
draw_request(Draw *draw, const VmcModel *model)
{
    draw->target = g_memdup2(model->start, model->n_vms * sizeof(gint32));
    draw->bytes = g_new(gint64, model->n_vms);
    draw->dirty_milli = g_new(guint32, model->n_vms);
    draw->link = g_new(gint64, model->n_hosts);
    for (guint vm = 0; vm < model->n_vms; vm++) {
        draw->bytes[vm] = 1 + below(draw, 1000);
        draw->dirty_milli[vm] = below(draw, 2000);
    }
    for (guint host = 0; host < model->n_hosts; host++)
        draw->link[host] = 1 + below(draw, 100);
    draw->request = (VmcSequenceRequest){
        .target = draw->target,
        .bytes = draw->bytes,
        .dirty_milli = draw->dirty_milli,
        .link = draw->link,
        .max_in = below(draw, 4),
        .max_out = below(draw, 4),
        .fixed_us = below(draw, SECOND),
        .start_us = below(draw, SECOND),
    };
}

static void
draw_clear(Draw *draw)
{
    g_rand_free(draw->random);
    g_free(draw->target);
    g_free(draw->bytes);
    g_free(draw->dirty_milli);
    g_free(draw->link);
}

/* Where rules are not more broken and no host too full, and all may be. */
static gboolean
is_target(const VmcModel *model, const gint32 *target)
{
    if (!fixture_fits(model, model->start, target))
        return FALSE;
    for (guint i = 0; i < model->n_rules; i++)
        if (model->rules[i].is_hard &&
            fixture_rule_breaches(model, target, i) >
                fixture_rule_breaches(model, model->start, i))
            return FALSE;
    return TRUE;
}

/* Moves some VMs wherever the whole is right in the end, not on the way. */
static void
draw_target(Draw *draw, const VmcModel *model)
{
    g_autofree gint32 *tried = g_new(gint32, model->n_vms);
    const gsize size = model->n_vms * sizeof *tried;

    for (guint try = 0; try < 40; try++) {
        const guint n = 1 + below(draw, 4);
        memcpy(tried, draw->target, size);
        for (guint i = 0; i < n; i++) {
            const guint vm = below(draw, model->n_vms);
            tried[vm] = below(draw, 12) == 0
                            ? VMC_NOWHERE
                            : (gint32) below(draw, model->n_hosts);
        }
        if (is_target(model, tried))
            memcpy(draw->target, tried, size);
    }
}

/* Whatever the fleet and the target, no moment of the plan and of its batches
 * breaks anything, and all limits are kept. */
static void
test_random(void)
{
    guint n_steps = 0;
    guint n_bypasses = 0;
    guint n_stuck = 0;

    for (guint seed = 0; seed < N_MODELS; seed++) {
        Draw draw = {.random = g_rand_new_with_seed(seed)};
        g_autoptr(VmcModel) model = fixture_model(draw.random, 0);
        draw_request(&draw, model);
        draw_target(&draw, model);
        g_autoptr(VmcSequence) found = vmc_sequence_new(model, &draw.request);
        replay_sequence(model, &draw.request, found);
        n_steps += found->n_steps;
        n_bypasses += found->n_bypasses;
        n_stuck += found->n_stuck;
        draw_clear(&draw);
    }
    g_test_message("%u steps, %u bypasses, %u stuck", n_steps, n_bypasses,
                   n_stuck);
    g_assert_cmpuint(n_steps, >, N_MODELS);
    g_assert_cmpuint(n_stuck, <, n_steps / 3);
}

/* Hosts with two VMs of half their size each, and one with room for one. */
static VmcModel *
make_tight(Draw *draw)
{
    const guint n_hosts = 3 + below(draw, 6);
    VmcModel *model = fixture_plain_model(n_hosts, 2 * n_hosts - 1);
    g_autoptr(GError) error = NULL;

    for (guint vm = 0; vm < model->n_vms; vm++)
        fixture_put(model, vm, (gint32) (vm / 2), 50);
    vmc_model_seal(model, &error);
    g_assert_no_error(error);
    return model;
}

static void
shuffle(Draw *draw, gint32 *values, guint n)
{
    for (guint i = n; i > 1; i--) {
        const guint k = below(draw, i);
        const gint32 kept = values[i - 1];
        values[i - 1] = values[k];
        values[k] = kept;
    }
}

/* With room for one VM in the whole fleet, every order of them can be had. */
static void
test_tight(void)
{
    for (guint seed = 0; seed < N_TIGHT; seed++) {
        Draw draw = {.random = g_rand_new_with_seed(seed)};
        g_autoptr(VmcModel) model = make_tight(&draw);
        draw_request(&draw, model);
        shuffle(&draw, draw.target, model->n_vms);
        g_autoptr(VmcSequence) found = vmc_sequence_new(model, &draw.request);
        if (found->n_stuck > 0)
            g_test_message("seed %u: %u stuck", seed, found->n_stuck);
        g_assert_cmpuint(found->n_stuck, ==, 0);
        replay_sequence(model, &draw.request, found);
        draw_clear(&draw);
    }
}

/* ---- against the fewest moves there are ---------------------------------- */

#define TINY_HOSTS 4
#define TINY_VMS 6
#define N_TINY_PLACEMENTS 4096 /* TINY_HOSTS to the power of TINY_VMS */

static gint32
tiny_host(guint placement, guint vm)
{
    return (gint32) (placement >> (2 * vm) & 3);
}

static guint
tiny_number(const gint32 *host_of)
{
    guint placement = 0;

    for (guint vm = 0; vm < TINY_VMS; vm++)
        placement |= (guint) host_of[vm] << (2 * vm);
    return placement;
}

static gint64
tiny_use(const VmcModel *model, guint placement, gint32 host)
{
    gint64 use = 0;

    for (guint vm = 0; vm < TINY_VMS; vm++)
        if (tiny_host(placement, vm) == host)
            use += model->need[vm * model->stride];
    return use;
}

/* The fewest moves, one at a time, that lead from the start to the target;
 * G_MAXUINT when none do. */
static guint
fewest_moves(const VmcModel *model, const gint32 *target)
{
    static guint far[N_TINY_PLACEMENTS];
    static guint queue[N_TINY_PLACEMENTS];
    guint n = 1;

    memset(far, 0xff, sizeof far);
    queue[0] = tiny_number(model->start);
    far[queue[0]] = 0;
    for (guint i = 0; i < n; i++)
        for (guint vm = 0; vm < TINY_VMS; vm++)
            for (gint32 to = 0; to < TINY_HOSTS; to++) {
                const guint next =
                    (queue[i] & ~(3u << (2 * vm))) | (guint) to << (2 * vm);
                if (far[next] != G_MAXUINT || tiny_use(model, next, to) > 100)
                    continue;
                far[next] = far[queue[i]] + 1;
                queue[n++] = next;
            }
    return far[tiny_number(target)];
}

static VmcModel *
make_tiny(Draw *draw)
{
    for (;;) {
        g_autoptr(VmcModel) model = fixture_plain_model(TINY_HOSTS, TINY_VMS);
        g_autoptr(GError) error = NULL;
        gboolean fits = TRUE;

        for (guint vm = 0; vm < TINY_VMS; vm++)
            fixture_put(model, vm, (gint32) below(draw, TINY_HOSTS),
                        20 + below(draw, 45));
        vmc_model_seal(model, &error);
        g_assert_no_error(error);
        for (gint32 host = 0; host < TINY_HOSTS; host++)
            fits &= tiny_use(model, tiny_number(model->start), host) <= 100;
        if (fits)
            return g_steal_pointer(&model);
    }
}

static void
draw_tiny_target(Draw *draw, const VmcModel *model)
{
    for (;;) {
        gboolean fits = TRUE;
        for (guint vm = 0; vm < TINY_VMS; vm++)
            draw->target[vm] = (gint32) below(draw, TINY_HOSTS);
        for (gint32 host = 0; host < TINY_HOSTS; host++)
            fits &= tiny_use(model, tiny_number(draw->target), host) <= 100;
        if (fits)
            return;
    }
}

/* Nearly all that can be had is had, with nearly the fewest moves. */
static void
test_fewest(void)
{
    guint n_solvable = 0;
    guint n_solved = 0;
    guint n_steps = 0;
    guint n_fewest = 0;

    for (guint seed = 0; seed < N_TINY; seed++) {
        Draw draw = {.random = g_rand_new_with_seed(seed)};
        g_autoptr(VmcModel) model = make_tiny(&draw);
        draw_request(&draw, model);
        draw_tiny_target(&draw, model);
        const guint fewest = fewest_moves(model, draw.target);
        g_autoptr(VmcSequence) found = vmc_sequence_new(model, &draw.request);
        replay_sequence(model, &draw.request, found);
        n_solvable += fewest != G_MAXUINT;
        if (found->n_stuck == 0) {
            g_assert_cmpuint(found->n_steps, >=, fewest);
            n_solved++;
            n_steps += found->n_steps;
            n_fewest += fewest;
        }
        draw_clear(&draw);
    }
    g_test_message("%u of %u solved, %u steps where %u would do", n_solved,
                   n_solvable, n_steps, n_fewest);
    g_assert_cmpuint(n_solved * 100, >=, n_solvable * 95);
    g_assert_cmpuint(n_steps * 100, <=, n_fewest * 105);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sequence/nothing", test_nothing);
    g_test_add_func("/sequence/waits-for-room", test_waits_for_room);
    g_test_add_func("/sequence/swap-by-third-host", test_swap_by_third_host);
    g_test_add_func("/sequence/swap-is-stuck", test_swap_is_stuck);
    g_test_add_func("/sequence/two-rings", test_two_rings);
    g_test_add_func("/sequence/who-comes-first", test_who_comes_first);
    g_test_add_func("/sequence/held-is-not-free", test_held_is_not_free);
    g_test_add_func("/sequence/too-full-takes-none", test_too_full_takes_none);
    g_test_add_func("/sequence/apart", test_apart);
    g_test_add_func("/sequence/together", test_together);
    g_test_add_func("/sequence/spread", test_spread);
    g_test_add_func("/sequence/near", test_near);
    g_test_add_func("/sequence/down-host", test_down_host);
    g_test_add_func("/sequence/links-are-shared", test_links_are_shared);
    g_test_add_func("/sequence/random", test_random);
    g_test_add_func("/sequence/tight", test_tight);
    g_test_add_func("/sequence/fewest", test_fewest);
    return g_test_run();
}
