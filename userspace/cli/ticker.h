/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Something every so often, until a signal says stop. */
#ifndef TICKER_H
#define TICKER_H

#include <stdbool.h>
#include <stdint.h>

struct pollfd;

void ticker_start(uint64_t interval_ns);
bool ticker_wait(void);
bool ticker_poll(struct pollfd *fd);
bool ticker_is_stopped(void);

#endif /* TICKER_H */
