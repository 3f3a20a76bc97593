/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Saves the past beside the loop. See saver.c. */
#ifndef MEMTELD_SAVER_H
#define MEMTELD_SAVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine.h"

/**
 * struct saver - when and how the past is saved
 * @child: the process that saves now; 0 for none
 * @path: the file that it writes
 * @begun_ms: when it began, by the time of rounds
 * @next_ms: when the past is to be saved again
 * @has_failed: the last saving did, and memteld logged that
 */
struct saver {
	pid_t child;
	char *path;
	int64_t begun_ms;
	int64_t next_ms;
	bool has_failed;
};

void saver_round(struct saver *saver, const struct engine *engine,
		 const struct config *config, int64_t now_ms);
void saver_end(struct saver *saver, const struct engine *engine,
	       const struct config *config);

#endif /* MEMTELD_SAVER_H */
