// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines on their way to a file descriptor that may not take them.
 *
 * A line waits here until it is written, whole or not at all: what is begun is
 * finished first, however long that takes. When there is no room lines are
 * dropped and counted, and as soon as there is, a line says how many. Nothing
 * here ever waits.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "outlet.h"

/* A pipe that can be written to takes so much at once (PIPE_BUF). */
#define AT_ONCE 4096

/* The line that says what was lost: its begin, and room for it. */
#define LOST_LINE	"{\"kind\":\"lost\","
#define LOST_LINE_MAX	64

static int append(struct outlet *outlet, const char *line, size_t length)
{
	size_t need = outlet->length + length + 1, room = outlet->room;
	char *data;

	if (need > outlet->limit)
		return -ENOBUFS;
	if (need > room) {
		room = room ? room : 4096;
		while (room < need)
			room *= 2;
		data = realloc(outlet->data, room);
		if (!data)
			return -ENOMEM;
		outlet->data = data;
		outlet->room = room;
	}
	memcpy(outlet->data + outlet->length, line, length);
	outlet->data[outlet->length + length] = '\n';
	outlet->length = need;
	return 0;
}

/* When lines were lost that comes first. */
static int append_lost(struct outlet *outlet)
{
	char line[LOST_LINE_MAX];
	int length;

	if (!outlet->lost)
		return 0;
	length = snprintf(line, sizeof(line), LOST_LINE "\"count\":%llu}",
			  (unsigned long long)outlet->lost);
	if (append(outlet, line, (size_t)length))
		return -ENOBUFS;
	outlet->lost = 0;
	return 0;
}

/** outlet_put() - a line, without its newline, that is to be written */
void outlet_put(struct outlet *outlet, const char *line)
{
	if (!append_lost(outlet) && !append(outlet, line, strlen(line)))
		return;
	outlet->lost++;
	outlet->lost_total++;
}

/* So much was written: whole lines go, of the first one the rest stays. */
static void consume(struct outlet *outlet, size_t written)
{
	outlet->length -= written;
	memmove(outlet->data, outlet->data + written, outlet->length);
}

static int write_some(struct outlet *outlet, int fd)
{
	size_t length = outlet->length < AT_ONCE ? outlet->length : AT_ONCE;
	struct pollfd pollfd = { .fd = fd, .events = POLLOUT };
	ssize_t written;

	if (poll(&pollfd, 1, 0) <= 0)
		return -EAGAIN;
	do {
		written = write(fd, outlet->data, length);
	} while (written < 0 && errno == EINTR);
	if (written < 0)
		return -errno;
	consume(outlet, (size_t)written);
	return 0;
}

/**
 * outlet_flush() - write what can be written
 *
 * Return: 0 when nothing waits any more, -EAGAIN when @fd takes no more now, or
 * another negative errno of write(); what was not written goes on waiting.
 */
int outlet_flush(struct outlet *outlet, int fd)
{
	int err = 0;

	while (!err && outlet->length) {
		err = write_some(outlet, fd);
		if (!outlet->length)
			append_lost(outlet);
	}
	return err;
}

/**
 * outlet_unwritten() - lines that wait or were lost, of which @lost_total tells
 *
 * A line that says what was lost is none of them.
 */
uint64_t outlet_unwritten(const struct outlet *outlet)
{
	const char *at = outlet->data, *end = at + outlet->length;
	uint64_t nr = outlet->lost_total;

	for (; at < end; at = (char *)memchr(at, '\n', end - at) + 1)
		nr += !!strncmp(at, LOST_LINE, strlen(LOST_LINE));
	return nr;
}

/** outlet_free() - what waits is lost */
void outlet_free(struct outlet *outlet)
{
	free(outlet->data);
	*outlet = (struct outlet){ .limit = outlet->limit };
}
