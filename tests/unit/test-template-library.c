/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/template-library.h"

#include "core/error.h"
#include "tests/unit/daemon-fixture.h"

#include <glib/gstdio.h>

#include <string.h>
#include <sys/stat.h>

/* Two folders of templates; the schema is in the second, as it is when an
 * operator has a folder beside what is shipped. */
typedef struct {
    char *dirs[3];
    VmcTemplateLibrary *library;
} Fixture;

static char *
path_in(Fixture *fixture, guint dir, const char *file_name)
{
    return g_build_filename(fixture->dirs[dir], file_name, NULL);
}

static void
write_file(Fixture *fixture, guint dir, const char *file_name, const char *text)
{
    g_autofree char *path = path_in(fixture, dir, file_name);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static char *
make_xml(const char *name, const char *n_vcpus)
{
    return g_strdup_printf("<template name='%s' xmlns='urn:vmctl:template:1'>\n"
                           "<size><vcpus min='1' default='%s' max='4'/>\n"
                           "<memory min='1GiB' default='1GiB' max='2GiB'/>\n"
                           "</size><machine type='pc-q35-7.2'/>\n"
                           "<cpu model='qemu64'/></template>",
                           name, n_vcpus);
}

static void
write_template(Fixture *fixture,
               guint dir,
               const char *name,
               const char *n_vcpus)
{
    g_autofree char *file_name = g_strconcat(name, ".xml", NULL);
    g_autofree char *xml = make_xml(name, n_vcpus);

    write_file(fixture, dir, file_name, xml);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = g_test_build_filename(
        G_TEST_DIST, "..", "templates", "template.rng", NULL);
    g_autofree char *schema = NULL;

    for (guint i = 0; i < 2; i++)
        fixture->dirs[i] = g_dir_make_tmp("vmctl-templates-XXXXXX", NULL);
    g_assert_true(g_file_get_contents(path, &schema, NULL, NULL));
    write_file(fixture, 1, "template.rng", schema);
}

static void
open_library(Fixture *fixture)
{
    fixture->library =
        vmc_template_library_new((const char *const *) fixture->dirs);
}

static void
remove_dir(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        g_remove(file);
    }
    g_rmdir(path);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    vmc_template_library_free(fixture->library);
    for (guint i = 0; i < 2; i++) {
        remove_dir(fixture->dirs[i]);
        g_free(fixture->dirs[i]);
    }
}

/* ---- what there is ------------------------------------------------------- */

static guint64
vcpus_of(Fixture *fixture, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcTemplate) tmpl =
        vmc_template_library_find(fixture->library, name, &error);

    g_assert_no_error(error);
    return vmc_template_size(tmpl).amount[VMC_CPU] / 1000;
}

static void
assert_broken(Fixture *fixture,
              const char *name,
              VmcError code,
              const char *reason)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(vmc_template_library_find(fixture->library, name, &error));
    g_test_message("%s", error->message);
    g_assert_error(error, VMC_ERROR, (int) code);
    g_assert_nonnull(strstr(error->message, reason));
}

/* What an operator puts into the first folder goes before what is shipped. */
static void
test_first_folder_counts(Fixture *fixture, gconstpointer data)
{
    write_template(fixture, 0, "web", "3");
    write_template(fixture, 1, "web", "1");
    write_template(fixture, 1, "batch", "2");
    open_library(fixture);
    g_autoptr(GPtrArray) list = vmc_template_library_list(fixture->library);

    g_assert_cmpuint(list->len, ==, 2);
    g_assert_cmpstr(((VmcTemplateEntry *) list->pdata[0])->name, ==, "batch");
    g_assert_cmpuint(vcpus_of(fixture, "web"), ==, 3);
    g_assert_cmpuint(vcpus_of(fixture, "batch"), ==, 2);
    assert_broken(fixture, "base", VMC_ERROR_NOT_FOUND, "vmctl template list");
}

/* Each broken file is there with its reason, and the whole ones beside it. */
static void
test_broken(Fixture *fixture, gconstpointer data)
{
    g_autofree char *large = g_strnfill(10 * 1000 * 1000, ' ');
    g_autofree char *pipe_path = path_in(fixture, 0, "pipe.xml");
    g_autofree char *folder = path_in(fixture, 0, "folder.xml");
    g_autofree char *other = make_xml("other", "1");

    write_template(fixture, 0, "web", "1");
    write_file(fixture, 0, "large.xml", large);
    write_file(fixture, 0, "no-xml.xml", "oops");
    write_file(fixture, 0, "misnamed.xml", other);
    write_file(fixture, 0, ".hidden.xml", "oops");
    write_file(fixture, 0, "notes.txt", "oops");
    g_assert_cmpint(mkfifo(pipe_path, 0600), ==, 0);
    g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
    open_library(fixture);

    g_autoptr(GPtrArray) list = vmc_template_library_list(fixture->library);
    g_assert_cmpuint(list->len, ==, 6);
    g_assert_cmpuint(vcpus_of(fixture, "web"), ==, 1);
    assert_broken(fixture, "large", VMC_ERROR_TOO_LARGE, "large.xml:1: ");
    assert_broken(fixture, "no-xml", VMC_ERROR_INVALID, "no-xml.xml:1: ");
    assert_broken(fixture, "misnamed", VMC_ERROR_INVALID, "'other.xml'");
    assert_broken(fixture, "pipe", VMC_ERROR_INVALID, "no ordinary file");
    assert_broken(fixture, "folder", VMC_ERROR_INVALID, "no ordinary file");
}

/* A base is looked for in the folders, and nowhere else. */
static void
test_extends(Fixture *fixture, gconstpointer data)
{
    g_autofree char *outside =
        g_strdup_printf("<template name='outside' extends='../%s/base' "
                        "xmlns='urn:vmctl:template:1'/>",
                        strrchr(fixture->dirs[1], '/') + 1);

    write_template(fixture, 1, "base", "2");
    write_file(fixture, 0, "web.xml",
               "<template name='web' extends='base' "
               "xmlns='urn:vmctl:template:1'/>");
    write_file(fixture, 0, "orphan.xml",
               "<template name='orphan' extends='nobody' "
               "xmlns='urn:vmctl:template:1'/>");
    write_file(fixture, 0, "outside.xml", outside);
    open_library(fixture);
    g_assert_cmpuint(vcpus_of(fixture, "web"), ==, 2);
    assert_broken(fixture, "orphan", VMC_ERROR_NOT_FOUND, "'nobody'");
    assert_broken(fixture, "outside", VMC_ERROR_INVALID, "../");
}

/* Without its schema nothing can be checked, so nothing is used. */
static void
test_no_schema(Fixture *fixture, gconstpointer data)
{
    write_file(fixture, 1, "template.rng", "oops");
    write_template(fixture, 0, "web", "1");
    open_library(fixture);
    assert_broken(fixture, "web", VMC_ERROR_INVALID, "'web' cannot be used");
}

/* ---- changes ------------------------------------------------------------- */

typedef struct {
    Fixture *fixture;
    const char *name;
    guint64 n_vcpus; /* 0: gone, or broken */
} Awaited;

static gboolean
has_come(gpointer data)
{
    Awaited *awaited = data;
    g_autoptr(VmcTemplate) tmpl = vmc_template_library_find(
        awaited->fixture->library, awaited->name, NULL);

    return awaited->n_vcpus ==
           (tmpl != NULL ? vmc_template_size(tmpl).amount[VMC_CPU] / 1000 : 0);
}

static void
await(Fixture *fixture, const char *name, guint64 n_vcpus)
{
    Awaited awaited = {fixture, name, n_vcpus};

    vmc_fixture_wait_until(has_come, &awaited);
}

/* A file that comes, changes, breaks, is mended and goes; who has the template
 * meanwhile keeps it as it was. */
static void
test_changes(Fixture *fixture, gconstpointer data)
{
    open_library(fixture);
    write_template(fixture, 0, "web", "1");
    await(fixture, "web", 1);
    g_autoptr(VmcTemplateEntry) before = vmc_template_entry_ref(
        vmc_template_library_lookup(fixture->library, "web", NULL));
    write_template(fixture, 0, "web", "2");
    await(fixture, "web", 2);
    g_assert_cmpuint(vmc_template_size(before->tmpl).amount[VMC_CPU], ==, 1000);
    write_file(fixture, 0, "web.xml", "oops");
    await(fixture, "web", 0);
    write_template(fixture, 0, "web", "3");
    await(fixture, "web", 3);
    g_autofree char *path = path_in(fixture, 0, "web.xml");
    g_unlink(path);
    await(fixture, "web", 0);
}

/* Closed while it is read again in a thread. */
static void
test_closed_while_loading(Fixture *fixture, gconstpointer data)
{
    write_template(fixture, 0, "web", "1");
    open_library(fixture);
    for (guint i = 0; i < 20; i++) {
        write_template(fixture, 0, "web", "2");
        g_main_context_iteration(NULL, FALSE);
    }
    await(fixture, "web", 2);
    write_template(fixture, 0, "web", "3");
    g_clear_pointer(&fixture->library, vmc_template_library_free);
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

#define ADD(name, func)                                                        \
    g_test_add("/template-library/" name, Fixture, NULL, set_up, func,         \
               tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    /* that one is broken is logged as a warning, and expected here */
    g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
    ADD("first-folder-counts", test_first_folder_counts);
    ADD("broken", test_broken);
    ADD("extends", test_extends);
    ADD("no-schema", test_no_schema);
    ADD("changes", test_changes);
    ADD("closed-while-loading", test_closed_while_loading);
    return g_test_run();
}
