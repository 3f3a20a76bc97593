// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Saves the past beside the loop.
 *
 * A disk may take any time, most of all when memory is short. So the loop never
 * waits for one: a child, which has all memory as it was at the fork, writes the
 * file and ends, and its exit status is an errno, which a later round takes. There
 * is one child at a time. It closes what it has open of the daemon: sinks, and what
 * is held of the module, end when the daemon says so.
 *
 * A large file is saved seldom enough that all saving together writes no more than
 * SAVE_RATE. At the end there is nothing left to delay, and the past is saved by
 * the daemon itself.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "saver.h"
#include "state.h"

/* Bytes each second that saving writes at most, in the long run: 9 GB a day. */
#define SAVE_RATE	(100 << 10)

/* @why: NULL when it was saved. */
static void tell_saved(struct saver *saver, const char *path, const char *why)
{
	if (why && !saver->has_failed)
		log_error("%s: cannot save the past: %s; the file is as it was",
			  path, why);
	else if (!why && saver->has_failed)
		log_info("%s: saving the past again", path);
	saver->has_failed = why;
}

static const char *why_not(int err)
{
	if (!err)
		return NULL;
	return err == ENOTSUP ? "it is no regular file" : strerror(err);
}

/* Does not return. */
static void run_child(const struct engine *engine, const char *path)
{
	/* All but standard error. */
	syscall(__NR_close_range, STDERR_FILENO + 1, ~0U, 0);
	_exit(-state_save(engine, path));
}

/* Returns 0 or an errno. */
static int start_child(struct saver *saver, const struct engine *engine,
		       const char *path)
{
	int err = 0;

	free(saver->path);
	saver->path = strdup(path);
	if (!saver->path)
		return ENOMEM;
	saver->child = fork();
	if (!saver->child)
		run_child(engine, path);
	if (saver->child < 0) {
		err = errno;
		saver->child = 0;
	}
	return err;
}

/* What became of the child, if it has ended; with @options 0 this waits for it. */
static void take_child(struct saver *saver, int options)
{
	struct stat st;
	int64_t rest_ms;
	int status;

	if (!saver->child || waitpid(saver->child, &status, options) <= 0)
		return;
	saver->child = 0;
	tell_saved(saver, saver->path, WIFEXITED(status) ?
		   why_not(WEXITSTATUS(status)) : "the child was killed");
	if (stat(saver->path, &st))
		return;
	rest_ms = st.st_size * INT64_C(1000) / SAVE_RATE;
	if (saver->next_ms < saver->begun_ms + rest_ms)
		saver->next_ms = saver->begun_ms + rest_ms;
}

/**
 * saver_round() - after a round: save the past if it is time
 * @now_ms: the time of the round
 */
void saver_round(struct saver *saver, const struct engine *engine,
		 const struct config *config, int64_t now_ms)
{
	int err;

	take_child(saver, WNOHANG);
	/* This is the first round, or the clock was set back. */
	if (!saver->next_ms || saver->next_ms - now_ms > SAVE_MAX_MS)
		saver->next_ms = now_ms + config->save_ms;
	if (saver->child || now_ms < saver->next_ms)
		return;
	saver->begun_ms = now_ms;
	saver->next_ms = now_ms + config->save_ms;
	err = start_child(saver, engine, config->state);
	if (err)
		tell_saved(saver, config->state, why_not(err));
}

/** saver_end() - save the past, at the end */
void saver_end(struct saver *saver, const struct engine *engine,
	       const struct config *config)
{
	/* Two at a time would write one file. */
	take_child(saver, 0);
	tell_saved(saver, config->state,
		   why_not(-state_save(engine, config->state)));
	free(saver->path);
	saver->path = NULL;
}
