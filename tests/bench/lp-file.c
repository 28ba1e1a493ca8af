/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/bench/lp-file.h"

/* Readers take lines up to some length only: one term a line. */
#define TERM_FORMAT "\n %+.12g "

/*
 * @row: [vm × hosts + host] the factors of the constraint being made
 * @cost: terms of what is to be least
 * @rows: the constraints
 * @binaries: names of the variables that are 0 or 1
 *
 * All other variables are at least 0, and whole where they have to be because
 * the binaries are.
 */
typedef struct {
    const VmcModel *model;
    double *row;
    GString *cost;
    GString *rows;
    GString *binaries;
} Lp;

static void
add_cost(Lp *lp, double factor, const char *name)
{
    g_string_append_printf(lp->cost, TERM_FORMAT "%s", factor, name);
}

static void
write_seat(GString *text, double factor, guint vm, guint host)
{
    g_string_append_printf(text, TERM_FORMAT "x_%u_%u", factor, vm, host);
}

/* Ends a constraint: what follows its seats is in @format. No variable may be
 * in a row twice, and no row may be empty. */
static void G_GNUC_PRINTF(2, 3) end_row(Lp *lp, const char *format, ...)
{
    const guint n_hosts = lp->model->n_hosts;
    va_list arguments;

    for (guint v = 0; v < lp->model->n_vms; v++)
        for (guint h = 0; h < n_hosts; h++) {
            double *factor = &lp->row[(gsize) v * n_hosts + h];
            if (*factor != 0)
                write_seat(lp->rows, *factor, v, h);
            *factor = 0;
        }
    g_string_append(lp->rows, "\n + 0 zero ");
    va_start(arguments, format);
    g_string_append_vprintf(lp->rows, format, arguments);
    va_end(arguments);
}

/* ---- where VMs are ------------------------------------------------------- */

static gboolean
may_sit(const VmcModel *model, guint vm, guint host)
{
    return vmc_model_may_sit(model, vm, host);
}

static void
add_seat(const Lp *lp, double factor, guint vm, guint host)
{
    lp->row[(gsize) vm * lp->model->n_hosts + host] += factor;
}

/* Adds factor × (whether @vm is in @domain of @level). */
static void
add_presence(const Lp *lp, double factor, guint vm, guint level, guint32 domain)
{
    for (guint h = 0; h < lp->model->n_hosts; h++)
        if (vmc_model_domain(lp->model, level, h) == domain &&
            may_sit(lp->model, vm, h))
            add_seat(lp, factor, vm, h);
}

static void
add_presence_of_all(
    const Lp *lp, double factor, guint group, guint level, guint32 domain)
{
    const VmcRows *groups = &lp->model->groups;

    for (guint32 i = groups->start[group]; i < groups->start[group + 1]; i++)
        add_presence(lp, factor, groups->item[i], level, domain);
}

static void
add_vms(Lp *lp)
{
    for (guint v = 0; v < lp->model->n_vms; v++) {
        for (guint h = 0; h < lp->model->n_hosts; h++) {
            if (!may_sit(lp->model, v, h))
                continue;
            add_seat(lp, 1, v, h);
            g_string_append_printf(lp->binaries, "\n x_%u_%u", v, h);
        }
        end_row(lp, "\n = 1");
    }
}

/* ---- use of hosts -------------------------------------------------------- */

/* Adds factor × use of the VMs on @host. */
static void
add_use(const Lp *lp, double factor, guint host, guint column)
{
    const VmcModel *model = lp->model;

    for (guint v = 0; v < model->n_vms; v++) {
        gint64 need = model->need[(gsize) v * model->stride + column];
        if (need != 0 && may_sit(model, v, host))
            add_seat(lp, factor * (double) need, v, host);
    }
}

static gint64
held_at(const VmcModel *model, guint host, guint column)
{
    gint64 sum = 0;

    for (guint v = 0; v < model->n_vms; v++)
        if (model->start[v] == (gint32) host)
            sum += model->need[(gsize) v * model->stride + column];
    return sum;
}

/* What a VM that was here at the start holds, it holds wherever it goes. */
static void
add_capacity(Lp *lp, guint host, guint column)
{
    const VmcModel *model = lp->model;
    gsize cell = (gsize) host * model->stride + column;
    gboolean is_held = (model->column[column].flags & VMC_COLUMN_HELD) != 0;
    gint64 room = model->capacity[cell] - model->base[cell];

    if ((model->column[column].flags & VMC_COLUMN_HARD) == 0 ||
        model->capacity[cell] == VMC_UNLIMITED)
        return;
    if (is_held)
        room -= held_at(model, host, column);
    for (guint v = 0; v < model->n_vms; v++) {
        gint64 need = model->need[(gsize) v * model->stride + column];
        if (need != 0 && may_sit(model, v, host) &&
            !(is_held && model->start[v] == (gint32) host))
            add_seat(lp, (double) need, v, host);
    }
    end_row(lp, "\n <= %" G_GINT64_FORMAT, room);
}

static void
add_load(Lp *lp, guint host, guint column)
{
    const VmcModel *model = lp->model;
    gsize cell = (gsize) host * model->stride + column;
    double factor =
        model->weight[VMC_TERM_LOAD] * model->column[column].load_weight;
    g_autofree char *over = g_strdup_printf("over_%u_%u", host, column);

    if (factor <= 0 || model->safe[cell] == VMC_UNLIMITED)
        return;
    add_cost(lp, factor, over);
    add_use(lp, 1, host, column);
    end_row(lp, "\n - 1 %s\n <= %" G_GINT64_FORMAT, over,
            model->safe[cell] - model->base[cell]);
}

static void
add_peak(Lp *lp, guint host, guint column)
{
    const VmcModel *model = lp->model;
    gsize cell = (gsize) host * model->stride + column;
    double factor =
        model->weight[VMC_TERM_PEAK] * model->column[column].peak_weight;
    g_autofree char *peak = g_strdup_printf("peak_%u", column);

    if (factor <= 0 || model->capacity[cell] == VMC_UNLIMITED ||
        (model->host_flags[host] & VMC_MODEL_HOST_MUST_EMPTY) != 0)
        return;
    if (host == 0)
        add_cost(lp, factor, peak);
    add_use(lp, 1, host, column);
    end_row(lp, "\n %+.12g %s\n <= %" G_GINT64_FORMAT,
            -(double) model->capacity[cell], peak, -model->base[cell]);
}

/* target × free[first] − free[second] ≤ what is missing */
static void
add_shape(Lp *lp, guint host, guint i)
{
    const VmcModel *model = lp->model;
    const VmcModelShape *shape = &model->shapes[i];
    const gsize row = (gsize) host * model->stride;
    double factor = model->weight[VMC_TERM_SHAPE] * shape->weight;
    g_autofree char *missing = g_strdup_printf("missing_%u_%u", host, i);

    if (factor <= 0)
        return;
    add_cost(lp, factor, missing);
    add_use(lp, -shape->target, host, shape->first);
    add_use(lp, 1, host, shape->second);
    double first = (double) (model->capacity[row + shape->first] -
                             model->base[row + shape->first]);
    double second = (double) (model->capacity[row + shape->second] -
                              model->base[row + shape->second]);
    end_row(lp, "\n - 1 %s\n <= %.12g", missing,
            second - shape->target * first);
}

static void
add_hosts_in_use(Lp *lp, guint host)
{
    const VmcModel *model = lp->model;
    g_autofree char *used = g_strdup_printf("used_%u", host);

    if (model->weight[VMC_TERM_HOSTS] <= 0)
        return;
    add_cost(lp, model->weight[VMC_TERM_HOSTS], used);
    for (guint v = 0; v < model->n_vms; v++)
        if (may_sit(model, v, host)) {
            add_seat(lp, 1, v, host);
            end_row(lp, " - %s <= 0", used);
        }
}

static void
add_hosts(Lp *lp)
{
    for (guint h = 0; h < lp->model->n_hosts; h++) {
        for (guint c = 0; c < lp->model->n_columns; c++) {
            add_capacity(lp, h, c);
            add_load(lp, h, c);
            add_peak(lp, h, c);
        }
        for (guint i = 0; i < lp->model->n_shapes; i++)
            add_shape(lp, h, i);
        add_hosts_in_use(lp, h);
    }
}

/* ---- rules --------------------------------------------------------------- */

/* A name for what a soft rule lacks; nothing of a hard one. */
static char *
slack_of(Lp *lp, guint rule, const char *where, guint a, guint b)
{
    const VmcRule *r = &lp->model->rules[rule];
    g_autofree char *name =
        g_strdup_printf("lack_%s_%u_%u_%u", where, rule, a, b);

    if (r->is_hard)
        return g_strdup("");
    add_cost(lp, lp->model->weight[VMC_TERM_WISHES] * r->weight, name);
    return g_strdup_printf("\n - 1 %s", name);
}

static void
add_apart(Lp *lp, guint rule)
{
    const VmcRule *r = &lp->model->rules[rule];

    for (guint d = 0; d < lp->model->n_domains[r->level]; d++) {
        g_autofree char *slack = slack_of(lp, rule, "apart", d, 0);
        add_presence_of_all(lp, 1, r->members, r->level, d);
        end_row(lp, "%s\n <= 1", slack);
    }
}

/* Σ domains in_RULE_DOMAIN, each with @sign; the caller owns it. */
static char *
sum_of_domains(const Lp *lp, guint rule, char sign)
{
    g_autoptr(GString) sum = g_string_new(NULL);
    const guint level = lp->model->rules[rule].level;

    for (guint d = 0; d < lp->model->n_domains[level]; d++)
        g_string_append_printf(sum, "\n %c 1 in_%u_%u", sign, rule, d);
    return g_strdup(sum->str);
}

/* in_RULE_DOMAIN is at least 1 where a member is. */
static void
add_together(Lp *lp, guint rule)
{
    const VmcModel *model = lp->model;
    const VmcRule *r = &model->rules[rule];
    const VmcRows *groups = &model->groups;
    g_autofree char *slack = slack_of(lp, rule, "together", 0, 0);
    g_autofree char *sum = sum_of_domains(lp, rule, '+');
    const guint n_domains = model->n_domains[r->level];

    for (guint d = 0; d < n_domains; d++)
        for (guint32 i = groups->start[r->members];
             i < groups->start[r->members + 1]; i++) {
            add_presence(lp, 1, groups->item[i], r->level, d);
            end_row(lp, "\n - 1 in_%u_%u\n <= 0", rule, d);
        }
    end_row(lp, "%s%s\n <= 1", sum, slack);
}

/* in_RULE_DOMAIN is at most 1, and at most 0 where no member is. */
static void
add_spread(Lp *lp, guint rule)
{
    const VmcModel *model = lp->model;
    const VmcRule *r = &model->rules[rule];
    g_autofree char *slack = slack_of(lp, rule, "spread", 0, 0);
    g_autofree char *sum = sum_of_domains(lp, rule, '-');
    const guint n_domains = model->n_domains[r->level];

    for (guint d = 0; d < n_domains; d++) {
        end_row(lp, "\n + 1 in_%u_%u\n <= 1", rule, d);
        add_presence_of_all(lp, -1, r->members, r->level, d);
        end_row(lp, "\n + 1 in_%u_%u\n <= 0", rule, d);
    }
    end_row(lp, "%s%s\n <= -%u", sum, slack, r->n_domains);
}

static void
add_near(Lp *lp, guint rule)
{
    const VmcModel *model = lp->model;
    const VmcRule *r = &model->rules[rule];
    const VmcRows *groups = &model->groups;

    for (guint d = 0; d < model->n_domains[r->level]; d++)
        for (guint32 i = groups->start[r->members];
             i < groups->start[r->members + 1]; i++) {
            g_autofree char *slack = slack_of(lp, rule, "near", d, i);
            add_presence(lp, 1, groups->item[i], r->level, d);
            add_presence_of_all(lp, -1, (guint) r->leaders, r->level, d);
            end_row(lp, "%s\n <= 0", slack);
        }
}

static void
add_rules(Lp *lp)
{
    static void (*const add[VMC_N_RULES])(Lp * lp, guint rule) = {
        [VMC_RULE_APART] = add_apart,
        [VMC_RULE_TOGETHER] = add_together,
        [VMC_RULE_SPREAD] = add_spread,
        [VMC_RULE_NEAR] = add_near,
    };

    for (guint r = 0; r < lp->model->n_rules; r++)
        add[lp->model->rules[r].kind](lp, r);
}

/* ---- moves --------------------------------------------------------------- */

static double
distance(const VmcModel *model, guint vm, guint host)
{
    if (model->n_pair_classes == 0)
        return 0;
    return model->weight[VMC_TERM_DISTANCE] *
           model->pair_cost[model->pair_class[model->start[vm]] *
                                model->n_pair_classes +
                            model->pair_class[host]];
}

static double
unmet_wishes(const VmcModel *model, guint vm, guint host)
{
    const VmcRows *rows = &model->wishes_of;
    double cost = 0;

    for (guint32 i = rows->start[vm]; i < rows->start[vm + 1]; i++)
        if (!vmc_model_in_set(model, model->wish_set[rows->item[i]], host))
            cost += model->wish_weight[rows->item[i]];
    return cost * model->weight[VMC_TERM_WISHES];
}

static void
add_seat_costs(Lp *lp, LpObjective objective)
{
    const VmcModel *model = lp->model;

    for (guint v = 0; v < model->n_vms; v++)
        for (guint h = 0; h < model->n_hosts; h++) {
            gboolean is_moved =
                model->start[v] >= 0 && model->start[v] != (gint32) h;
            double cost = objective == LP_FEWEST_MOVES ? is_moved : 0;
            if (!may_sit(model, v, h))
                continue;
            if (objective == LP_BEST_SCORE && is_moved)
                cost += distance(model, v, h) +
                        model->weight[VMC_TERM_MOVES] * model->move_cost[v];
            if (objective == LP_BEST_SCORE && model->wishes_of.start != NULL)
                cost += unmet_wishes(model, v, h);
            if (cost > 0)
                write_seat(lp->cost, cost, v, h);
        }
}

/* Moves of each group ≤ most */
static void
add_disruption(Lp *lp)
{
    const VmcModel *model = lp->model;

    if (model->weight[VMC_TERM_DISRUPTION] <= 0 || model->n_move_groups == 0)
        return;
    add_cost(lp, model->weight[VMC_TERM_DISRUPTION], "most");
    for (guint g = 0; g < model->n_move_groups; g++) {
        for (guint v = 0; v < model->n_vms; v++)
            for (guint h = 0; h < model->n_hosts; h++)
                if (model->move_group[v] == (gint32) g &&
                    model->start[v] >= 0 && model->start[v] != (gint32) h &&
                    may_sit(model, v, h))
                    add_seat(lp, 1, v, h);
        end_row(lp, "\n - 1 most\n <= 0");
    }
}

char *
lp_of_model(const VmcModel *model, LpObjective objective)
{
    g_autoptr(GString) text = g_string_new("Minimize\n cost: 0 zero");
    Lp lp = {.model = model,
             .row = g_new0(double, (gsize) model->n_vms * model->n_hosts + 1),
             .cost = g_string_new(NULL),
             .rows = g_string_new(NULL),
             .binaries = g_string_new(NULL)};

    add_vms(&lp);
    add_hosts(&lp);
    add_rules(&lp);
    add_disruption(&lp);
    if (objective == LP_FEWEST_MOVES)
        g_string_truncate(lp.cost, 0);
    add_seat_costs(&lp, objective);
    g_string_append_printf(text,
                           "%s\nSubject To%s\n zero = 0\nBinaries%s\nEnd\n",
                           lp.cost->str, lp.rows->str, lp.binaries->str);
    g_free(lp.row);
    g_string_free(lp.cost, TRUE);
    g_string_free(lp.rows, TRUE);
    g_string_free(lp.binaries, TRUE);
    return g_strdup(text->str);
}
