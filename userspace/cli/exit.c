// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How memtel ends.
 *
 * What cannot be written is an error: a full disk must not look like an empty
 * table. A closed pipe is not worth a word: SIGPIPE ends memtel, as it does
 * other tools, and where a parent had it ignored, exit 1 without a message.
 */
#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>

#include "cli.h"
#include "log.h"

/**
 * exit_code_of() - the exit code for a negative errno of libmemtel
 */
int exit_code_of(int err)
{
	switch (err) {
	case 0:
		return 0;
	case -ENODEV:
		return EXIT_NO_MODULE;
	case -EPERM:
	case -EACCES:
		return EXIT_NOT_PERMITTED;
	default:
		return EXIT_FAILED;
	}
}

/**
 * fail() - say why a call of libmemtel failed
 * Return: the exit code.
 */
int fail(const struct memtel *m, int err)
{
	const char *why = memtel_error(m);

	log_error("%s", *why ? why : strerror(-err));
	return exit_code_of(err);
}

/**
 * end_stopped() - end because a signal said so
 *
 * It may have cut a write short, and that is no failure.
 *
 * Return: 0.
 */
int end_stopped(void)
{
	__fpurge(stdout);
	return 0;
}

/**
 * flush_output() - has all of stdout been written?
 * Return: 0 or EXIT_FAILED.
 */
int flush_output(void)
{
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	/* EINTR: a signal that ends memtel, see end_stopped(). */
	if (errno != EPIPE && errno != EINTR)
		log_error("cannot write: %s", strerror(errno ? errno : EIO));
	return EXIT_FAILED;
}
