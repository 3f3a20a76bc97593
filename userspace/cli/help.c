// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * --help and the words of completion, from the tables of verbs, options and
 * fields.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "options.h"

/**
 * verb_find() - a verb by its name
 * Return: the verb, or NULL.
 */
const struct verb *verb_find(const struct verb *verbs, const char *name)
{
	for (const struct verb *verb = verbs; verb->name; verb++)
		if (!strcmp(verb->name, name))
			return verb;
	return NULL;
}

static void fields_print(const char *title, const struct field_set *set)
{
	printf("\n%s\n", title);
	for (size_t i = 0; i < set->nr; i++)
		printf("  %-24s  %s\n", set->fields[i].key,
		       set->fields[i].help);
}

static void verb_help(const struct verb *verb)
{
	printf("Usage: memtel %s [OPTION...]%s%s\n%s.\n\nOptions:\n",
	       verb->name, verb->argument ? " " : "",
	       verb->argument ? verb->argument : "", verb->help);
	options_help(stdout, verb->bit);
	if (verb->set)
		fields_print("Fields, for --sort, --columns and in JSON:",
			     verb->set);
	if (verb->bit == VERB_ZONES)
		fields_print("Fields with --orders:", &field_order_set);
	if (verb->bit == VERB_CACHES)
		fields_print("Fields with --matrix:", &field_matrix_set);
}

/**
 * help_print() - print help of a verb of the table, or of all for NULL
 */
void help_print(const struct verb *verbs, const struct verb *verb)
{
	if (verb) {
		verb_help(verb);
		return;
	}
	printf("Usage: memtel VERB [OPTION...]\n"
	       "Shows what the memtel kernel module counts.\n\nVerbs:\n");
	for (verb = verbs; verb->name; verb++)
		printf("  %-10s  %s\n", verb->name, verb->help);
	printf("\nOptions, each for some verbs (see memtel VERB --help):\n");
	options_help(stdout, ~0u);
	printf("\nExit codes: 0 good, 1 failed, 2 wrong usage, 3 module not loaded, 4 not permitted.\n");
}

/**
 * words_print() - the hidden verb that completion asks
 * @argc: number of @argv
 * @argv: nothing: print verbs; a verb: its options; a verb and "keys": keys of
 *        its fields
 */
int words_print(const struct verb *verbs, int argc, char **argv)
{
	const struct verb *verb;

	if (!argc) {
		for (verb = verbs; verb->name; verb++)
			puts(verb->name);
		return flush_output();
	}
	verb = verb_find(verbs, argv[0]);
	if (!verb)
		return EXIT_USAGE;
	if (argc == 1)
		options_words(stdout, verb->bit);
	for (size_t i = 0; argc > 1 && verb->set && i < verb->set->nr; i++)
		if (verb->set->fields[i].kind != FIELD_NEST)
			puts(verb->set->fields[i].key);
	return flush_output();
}
