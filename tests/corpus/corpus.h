/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Golden tests: a folder per case with its input files and a file `expected`.
 * A runner is a program of one call: corpus_main(). It takes
 *   --run CASE   only this case (may be given more than once)
 *   --update     rewrite `expected` with what comes out now: read the diff
 * and what g_test takes; it speaks TAP.
 */

/**
 * CorpusRun:
 * @folder: the folder of a case
 *
 * Returns: (transfer full): what comes out, compared with `expected`
 */
typedef char *(*CorpusRun)(const char *folder);

/**
 * corpus_main:
 * @argc: from main()
 * @argv: from main()
 * @corpus: folder below tests/corpus
 * @run: what turns a case into text
 *
 * Returns: the exit code
 */
int corpus_main(int argc, char **argv, const char *corpus, CorpusRun run);

/**
 * CorpusRunFiles:
 * @folder: the folder of a case
 *
 * Returns: (transfer full): what comes out, a text for each expected file
 */
typedef GStrv (*CorpusRunFiles)(const char *folder);

/**
 * corpus_main_files:
 * @argc: from main()
 * @argv: from main()
 * @corpus: folder below tests/corpus
 * @files: (array zero-terminated=1): the expected files of a case, instead of
 *   `expected`
 * @run: what turns a case into texts
 *
 * Returns: the exit code
 */
int corpus_main_files(int argc,
                      char **argv,
                      const char *corpus,
                      const char *const *files,
                      CorpusRunFiles run);

/**
 * corpus_read:
 * @folder: the folder of a case
 * @name: a file in it
 *
 * Returns: (transfer full) (nullable): its text, %NULL when there is none
 */
char *corpus_read(const char *folder, const char *name);
