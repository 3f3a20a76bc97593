// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A file, or standard output: a notice is a line of JSON.
 *
 * What cannot be written waits, FILE_WAITING bytes at most, and is tried again
 * after a while, twice as long each time. A line that a full disk cut is
 * finished when there is room; one that an earlier run could not finish is ended
 * before the next, so that a line is a notice or the rest of one, never two. A
 * file that was moved away is told by its inode, and a new one begun.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "outlet.h"
#include "sink.h"

#define FILE_WAITING	(1 << 20)
#define SLOW_US		50000
#define RETRY_MIN_US	1000000
#define RETRY_MAX_US	64000000

/**
 * struct file - an open file
 * @fd: it, -1 while it cannot be opened
 * @outlet: lines that wait
 * @retry: tries again
 * @retry_us: how long after
 * @is_failing: that was told
 */
struct file {
	int fd;
	struct outlet outlet;
	sd_event_source *retry;
	uint64_t retry_us;
	bool is_failing;
};

static const char *name_of(const struct sink *sink)
{
	return sink->spec.path ? sink->spec.path : "standard output";
}

/* End a line that is not: the first of ours would be appended to it. */
static int end_last_line(int fd)
{
	char last = '\n';
	off_t size = lseek(fd, 0, SEEK_END);

	if (size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n' &&
	    write(fd, "\n", 1) != 1)
		return -errno;
	return 0;
}

static int open_path(const struct sink *sink)
{
	int fd = open(sink->spec.path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC |
		      O_NONBLOCK | O_NOCTTY, sink->spec.mode);
	int err;

	if (fd < 0)
		return -errno;
	err = end_last_line(fd);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* Is the file we have still the one of that name? */
static bool is_moved(const struct sink *sink, int fd)
{
	struct stat have, there;

	return !fstat(fd, &have) &&
	       (stat(sink->spec.path, &there) ||
		have.st_ino != there.st_ino || have.st_dev != there.st_dev);
}

static void file_forget(struct file *file)
{
	if (file->fd > STDERR_FILENO)
		close(file->fd);
	file->fd = -1;
}

static int file_flush(struct sink *sink)
{
	struct file *file = sink->data;
	int err;

	if (sink->spec.path) {
		if (file->fd >= 0 && is_moved(sink, file->fd))
			file_forget(file);
		if (file->fd < 0)
			file->fd = open_path(sink);
		if (file->fd < 0) {
			err = file->fd;
			file->fd = -1;
			return err;
		}
	}
	return outlet_flush(&file->outlet, file->fd);
}

static void try_now(struct sink *sink);

static int on_retry(sd_event_source *source, uint64_t us, void *arg)
{
	(void)source;
	(void)us;
	try_now(arg);
	return 0;
}

static void try_later(struct sink *sink)
{
	struct file *file = sink->data;

	if (!file->is_failing) {
		/* Somebody reads slowly. */
		sd_event_source_set_time_relative(file->retry, SLOW_US);
		sd_event_source_set_enabled(file->retry, SD_EVENT_ONESHOT);
		return;
	}
	sd_event_source_set_time_relative(file->retry, file->retry_us);
	sd_event_source_set_enabled(file->retry, SD_EVENT_ONESHOT);
	file->retry_us *= 2;
	if (file->retry_us > RETRY_MAX_US)
		file->retry_us = RETRY_MAX_US;
}

/* Write what waits; what cannot be is told once, and tried again. */
static void try_now(struct sink *sink)
{
	struct file *file = sink->data;
	int err = file_flush(sink);

	if (err) {
		if (!file->is_failing && err != -EAGAIN)
			log_error("%s: cannot write: %s; trying again",
				  name_of(sink), strerror(-err));
		file->is_failing |= err != -EAGAIN;
		try_later(sink);
		return;
	}
	if (file->is_failing)
		log_info("%s: writing again; %llu notices were lost",
			  name_of(sink),
			  (unsigned long long)file->outlet.lost_total);
	file->outlet.lost_total = 0;
	file->is_failing = false;
	file->retry_us = RETRY_MIN_US;
	sd_event_source_set_enabled(file->retry, SD_EVENT_OFF);
}

static int file_open(struct sink *sink)
{
	struct file *file = calloc(1, sizeof(*file));
	int err = -ENOMEM;

	if (!file)
		return err;
	file->fd = sink->spec.path ? -1 : STDOUT_FILENO;
	file->outlet.limit = FILE_WAITING;
	file->retry_us = RETRY_MIN_US;
	err = sd_event_add_time_relative(sink->event, &file->retry,
					 CLOCK_MONOTONIC, 0, 0, on_retry, sink);
	if (err < 0) {
		log_error("%s: no timer: %s", name_of(sink), strerror(-err));
		free(file);
		return err;
	}
	sd_event_source_set_enabled(file->retry, SD_EVENT_OFF);
	sink->data = file;
	/* A path that cannot be opened is told now, not at the first notice. */
	try_now(sink);
	return 0;
}

static void file_write(struct sink *sink, const struct notice *notice,
		       const char *line)
{
	struct file *file = sink->data;

	(void)notice;
	outlet_put(&file->outlet, line);
	if (!file->is_failing)
		try_now(sink);
}

/* What is there but no file, such as a device, is left as it is. */
static int file_set_mode(struct sink *sink)
{
	const struct file *file = sink->data;
	struct stat st;

	if (file->fd < 0 || fstat(file->fd, &st) || !S_ISREG(st.st_mode))
		return 0;
	return fchmod(file->fd, sink->spec.mode);
}

static void file_close(struct sink *sink)
{
	struct file *file = sink->data;

	if (file->outlet.length)
		log_error("%s: %llu notices were not written", name_of(sink),
			  (unsigned long long)outlet_unwritten(&file->outlet));
	sd_event_source_unref(file->retry);
	file_forget(file);
	outlet_free(&file->outlet);
	free(file);
}

const struct sink_ops sink_file_ops = {
	.name = "file",
	.open = file_open,
	.write = file_write,
	.set_mode = file_set_mode,
	.reopen = try_now,
	.flush = file_flush,
	.close = file_close,
};

const struct sink_ops sink_stdout_ops = {
	.name = "stdout",
	.open = file_open,
	.write = file_write,
	.reopen = try_now,
	.flush = file_flush,
	.close = file_close,
};
