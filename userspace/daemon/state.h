/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The past and the alerts, over a restart. See state.c. */
#ifndef MEMTELD_STATE_H
#define MEMTELD_STATE_H

#include "engine.h"

int state_save(const struct engine *engine, const char *path);
int state_load(struct engine *engine, const char *path, int64_t now_ms);

#endif /* MEMTELD_STATE_H */
