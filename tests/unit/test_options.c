// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * options.c's parser and checks; alias.c; and, with --dump-fields, the names in
 * the table of fields for test_fields.py.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alias.h"
#include "cli.h"
#include "field.h"
#include "options.h"
#include "tap.h"

static int dump_fields(void)
{
	for (size_t s = 0; field_sets[s]; s++)
		for (size_t i = 0; i < field_sets[s]->nr; i++)
			if (field_is_used(field_sets[s],
					  &field_sets[s]->fields[i]))
				printf("%s %s\n", field_sets[s]->name,
				       field_sets[s]->fields[i].key);
	return 0;
}

static struct options options;
static const char *verb;
static uint32_t given;

/* Parse the words of a line. */
static int parse(const char *line)
{
	static char words[256];
	static char *argv[32];
	int argc = 0;

	snprintf(words, sizeof(words), "memtel %s", line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	optind = 0;	/* glibc: begin anew */
	opterr = 0;
	return options_parse(argc, argv, &options, &verb, &given);
}

static void test_values(void)
{
	ok(!parse("caches --json --top=5 --node 0 --sort allocs --interval 1.25") &&
	   options.json && options.top == 5 && options.has_node &&
	   options.node == 0 && !strcmp(options.sort, "allocs") &&
	   options.interval_ns == UINT64_C(1250000000),
	   "options behind the verb");
	ok(!strcmp(verb, "caches") && !options.nr_args, "the verb");
	ok(!parse("--json enable slab other") && !strcmp(verb, "enable") &&
	   options.nr_args == 2 && !strcmp(options.args[1], "other") &&
	   !options.has_node, "options before it, words after it");
	ok(!parse("") && !verb, "no verb");
	ok(!parse("-h") && options.help, "short form");
	ok(!parse("zones --node 1023 --top 4294967295") &&
	   options.node == 1023 && options.top == UINT32_MAX, "upper bounds");
	ok(!parse("nodes --interval .01 --count 1") &&
	   options.interval_ns == 10000000, "lower bounds");
	ok(!parse("nodes --interval 86400"), "a day");
}

static void test_bad_values(void)
{
	static const char *const lines[] = {
		"caches --node x", "caches --node -1", "caches --node 1024",
		"caches --node 1x", "caches --node 0x1", "caches --node +1",
		"caches --top 0", "caches --top 99999999999",
		"caches --top 99999999999999999999999", "caches --top",
		"caches --interval 0", "caches --interval 0.009",
		"caches --interval -1", "caches --interval 1e3",
		"caches --interval nan", "caches --interval inf",
		"caches --interval 86401", "caches --interval 1.2.3",
		"caches --interval .", "caches --interval 1,5",
		"caches --interval 99999999999999999999", "caches --count 0",
		"caches --sort=", "caches --name=", "caches --bogus",
		"caches -x", "caches --json=1",
	};

	if (!freopen("/dev/null", "w", stderr))
		abort();
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		ok(parse(lines[i]) == EXIT_USAGE, "refused: %s", lines[i]);
}

static void test_checks(void)
{
	static const struct {
		const char *line;
		unsigned int bit;
		int result;
	} rows[] = {
		{ "caches --matrix --node 1 --glob a*", VERB_CACHES, 0 },
		{ "caches --interval 1 --count 2", VERB_CACHES, 0 },
		{ "caches --count 2", VERB_CACHES, EXIT_USAGE },
		{ "caches --matrix --per-node", VERB_CACHES, EXIT_USAGE },
		{ "caches --matrix --sort name", VERB_CACHES, EXIT_USAGE },
		{ "caches --json --columns name", VERB_CACHES, EXIT_USAGE },
		{ "caches --orders", VERB_CACHES, EXIT_USAGE },
		{ "zones --orders", VERB_ZONES, 0 },
		{ "nodes --active", VERB_NODES, EXIT_USAGE },
		{ "enable --json slab", VERB_ENABLE, EXIT_USAGE },
		{ "status --top 1", VERB_STATUS, EXIT_USAGE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (parse(rows[i].line))
			abort();
		ok(options_check(verb, rows[i].bit, given) == rows[i].result,
		   "%s: %s", rows[i].result ? "refused" : "taken",
		   rows[i].line);
	}
}

/* A directory as SLUB's: merged caches are links to one. */
static void test_aliases(void)
{
	char directory[] = "/tmp/memtel-alias-XXXXXX";
	const char *const *names;
	struct aliases aliases;

	if (!mkdtemp(directory) || chdir(directory) ||
	    mkdir(":0000192", 0700) || mkdir("dentry", 0700) ||
	    symlink(":0000192", "kmalloc-192") ||
	    symlink(":0000192", "cred_jar") || symlink(":0000192", "bio-192") ||
	    mkdir(":0000064", 0700) || symlink(":0000064", "kmalloc-64"))
		abort();
	ok(!aliases_read(&aliases, directory), "links are read");
	names = alias_names(&aliases, "cred_jar");
	ok(names && !strcmp(names[0], "bio-192") &&
	   !strcmp(names[1], "kmalloc-192") && !names[2],
	   "the others that lead to the same, in order");
	names = alias_names(&aliases, "kmalloc-64");
	ok(names && !names[0], "none for a cache alone");
	ok(!alias_names(&aliases, "dentry"), "none for a directory");
	ok(!alias_names(&aliases, "nothing"), "none for what is not there");
	aliases_free(&aliases);
	ok(aliases_read(&aliases, "/nonexistent") < 0, "no directory");
	if (unlink("kmalloc-192") || unlink("cred_jar") || unlink("bio-192") ||
	    unlink("kmalloc-64") || rmdir(":0000192") || rmdir(":0000064") ||
	    rmdir("dentry") || chdir("/") || rmdir(directory))
		abort();
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--dump-fields"))
		return dump_fields();
	test_values();
	test_bad_values();
	test_checks();
	test_aliases();
	return tap_done();
}
