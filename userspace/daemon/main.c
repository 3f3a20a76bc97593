// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memteld: rules over memory's metrics, and the module's pressure events, to
 * the journal, files and sockets.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include "daemon.h"
#include "log.h"

#define EXIT_USAGE 2

static const struct {
	struct option option;
	const char *argument;
	const char *help;
} table[] = {
	{ { "config", required_argument, NULL, 'c' }, " FILE",
	  "the configuration (/etc/memtel/memteld.conf)" },
	{ { "builtin-rules", required_argument, NULL, 'b' }, " FILE",
	  "the rules that memtel ships (" MEMTEL_DATADIR "/rules.yaml)" },
	{ { "check", no_argument, NULL, 'k' }, "",
	  "say whether the configuration is right, and end" },
	{ { "help", no_argument, NULL, 'h' }, "", "say this, and end" },
	{ { "version", no_argument, NULL, 'V' }, "",
	  "say the version, and end" },
};

#define NR_OPTIONS (sizeof(table) / sizeof(table[0]))

static int help(void)
{
	char name[32];

	printf("Usage: memteld [OPTION]...\n"
	       "Evaluate rules over memory's metrics and pass on pressure events.\n\n");
	for (size_t i = 0; i < NR_OPTIONS; i++) {
		snprintf(name, sizeof(name), "--%s%s", table[i].option.name,
			 table[i].argument);
		printf("  %-22s %s\n", name, table[i].help);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct daemon_options options = {
		.config = "/etc/memtel/memteld.conf",
		.builtin_rules = MEMTEL_DATADIR "/rules.yaml",
	};
	struct option longs[NR_OPTIONS + 1] = { 0 };
	bool is_check = false;
	int option;

	/* Each file and socket is made with the mode it is to have. */
	umask(0);
	for (size_t i = 0; i < NR_OPTIONS; i++)
		longs[i] = table[i].option;
	while ((option = getopt_long(argc, argv, "c:hV", longs, NULL)) != -1) {
		switch (option) {
		case 'c':
			options.config = optarg;
			break;
		case 'b':
			options.builtin_rules = optarg;
			break;
		case 'k':
			is_check = true;
			break;
		case 'h':
			return help();
		case 'V':
			printf("memteld " MEMTEL_VERSION "\n");
			return 0;
		default:
			fprintf(stderr, "Try 'memteld --help'.\n");
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		log_error("there is no argument, but got '%s'", argv[optind]);
		fprintf(stderr, "Try 'memteld --help'.\n");
		return EXIT_USAGE;
	}
	return is_check ? daemon_check(&options) : daemon_run(&options);
}
