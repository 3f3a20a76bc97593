/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's life. See daemon.c. */
#ifndef MEMTELD_DAEMON_H
#define MEMTELD_DAEMON_H

/**
 * struct daemon_options - what the command line says
 * @config: path of the configuration
 * @builtin_rules: path of the rules that memtel ships
 */
struct daemon_options {
	const char *config;
	const char *builtin_rules;
};

int daemon_check(const struct daemon_options *options);
int daemon_run(const struct daemon_options *options);

#endif /* MEMTELD_DAEMON_H */
