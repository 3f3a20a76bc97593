// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A unix socket: whoever connects gets the notices from then on, a line of JSON
 * each.
 *
 * Each reader has a queue of its own, READER_WAITING bytes at most. One that does
 * not read loses lines once that is full and is told how many when it reads
 * again; the others do not notice. What a reader sends is thrown away.
 *
 * A path that is no longer that of our socket, by its inode, is not removed; on
 * a reload the socket is made anew there, and readers stay.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "outlet.h"
#include "sink.h"

#define READERS_MAX	256
#define READER_WAITING	(256 << 10)
#define RETRY_US	1000000

/** struct reader - a connection */
struct reader {
	struct reader *next;
	struct listener *listener;
	int fd;
	struct outlet outlet;
	sd_event_source *source;
};

/**
 * struct listener - the socket and its readers
 * @fd: it, -1 while there is none
 * @made: what is at its path
 * @source: who connects
 * @retry: looks again after there was no room for one
 * @readers: all
 * @nr: how many
 * @is_refusing: that was told
 */
struct listener {
	int fd;
	struct stat made;
	sd_event_source *source;
	sd_event_source *retry;
	struct reader *readers;
	unsigned int nr;
	bool is_refusing;
};

static void reader_drop(struct reader *reader)
{
	struct reader **at = &reader->listener->readers;

	while (*at != reader)
		at = &(*at)->next;
	*at = reader->next;
	reader->listener->nr--;
	sd_event_source_unref(reader->source);
	close(reader->fd);
	outlet_free(&reader->outlet);
	free(reader);
}

/* Write what waits, and be told when more can be. False: it is gone. */
static bool reader_flush(struct reader *reader)
{
	int err = outlet_flush(&reader->outlet, reader->fd);

	if (err && err != -EAGAIN) {
		reader_drop(reader);
		return false;
	}
	sd_event_source_set_io_events(reader->source,
				      EPOLLIN | (err ? EPOLLOUT : 0));
	return true;
}

static int on_reader(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct reader *reader = arg;
	char thrown_away[4096];
	ssize_t got;

	(void)source;
	if (events & EPOLLIN) {
		got = read(fd, thrown_away, sizeof(thrown_away));
		if (!got || (got < 0 && errno != EAGAIN && errno != EINTR)) {
			reader_drop(reader);
			return 0;
		}
	}
	if (events & (EPOLLHUP | EPOLLERR))
		reader_drop(reader);
	else if (events & EPOLLOUT)
		reader_flush(reader);
	return 0;
}

/* Told once, until somebody is let in again. */
static void refuse(struct sink *sink, const char *why)
{
	struct listener *listener = sink->data;

	if (!listener->is_refusing)
		log_warning("%s: readers are refused: %s", sink->spec.path, why);
	listener->is_refusing = true;
}

static int reader_add(struct sink *sink, int connection)
{
	struct listener *listener = sink->data;
	struct reader *reader = calloc(1, sizeof(*reader));

	if (!reader || sd_event_add_io(sink->event, &reader->source, connection,
				       EPOLLIN, on_reader, reader) < 0) {
		free(reader);
		return -ENOMEM;
	}
	reader->fd = connection;
	reader->listener = listener;
	reader->outlet.limit = READER_WAITING;
	reader->next = listener->readers;
	listener->readers = reader;
	listener->nr++;
	listener->is_refusing = false;
	return 0;
}

static int on_retry(sd_event_source *source, uint64_t us, void *arg)
{
	struct sink *sink = arg;
	struct listener *listener = sink->data;

	(void)source;
	(void)us;
	if (listener->source)
		sd_event_source_set_enabled(listener->source, SD_EVENT_ON);
	return 0;
}

/* Who wants in goes on waiting, and would be told to us for ever. */
static void look_later(struct listener *listener)
{
	sd_event_source_set_enabled(listener->source, SD_EVENT_OFF);
	sd_event_source_set_time_relative(listener->retry, RETRY_US);
	sd_event_source_set_enabled(listener->retry, SD_EVENT_ONESHOT);
}

static int on_connect(sd_event_source *source, int fd, uint32_t events,
		      void *arg)
{
	struct sink *sink = arg;
	struct listener *listener = sink->data;
	const char *why = NULL;
	int connection = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)source;
	(void)events;
	if (connection < 0) {
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return 0;
		refuse(sink, strerror(errno));
		look_later(listener);
		return 0;
	}
	if (listener->nr == READERS_MAX)
		why = "there are as many as there may be";
	else if (reader_add(sink, connection))
		why = "no memory";
	if (why) {
		refuse(sink, why);
		close(connection);
	}
	return 0;
}

/* What a daemon that died left behind; another's socket is not touched. */
static int remove_stale(const struct sockaddr_un *address)
{
	struct stat st;
	int fd, err = 0;

	if (stat(address->sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* Only where nobody is at all: others may be of another type. */
	if (!connect(fd, (const struct sockaddr *)address, sizeof(*address)) ||
	    errno != ECONNREFUSED)
		err = -EADDRINUSE;
	else if (unlink(address->sun_path))
		err = -errno;
	close(fd);
	return err;
}

static bool is_ours(const struct sink *sink)
{
	const struct listener *listener = sink->data;
	struct stat st;

	return listener->fd >= 0 && !lstat(sink->spec.path, &st) &&
	       st.st_dev == listener->made.st_dev &&
	       st.st_ino == listener->made.st_ino;
}

static int listen_at(const struct sink_spec *spec, struct stat *made)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, err;

	if (strlen(spec->path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, spec->path);
	err = remove_stale(&address);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* Nobody connects before the mode is right. */
	mask = umask(0777);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		err = -errno;
	umask(mask);
	if (!err && (chmod(spec->path, spec->mode) || lstat(spec->path, made) ||
		     listen(fd, SOMAXCONN)))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static void stop_listening(struct listener *listener)
{
	listener->source = sd_event_source_unref(listener->source);
	if (listener->fd >= 0)
		close(listener->fd);
	listener->fd = -1;
}

/* Readers stay as they are. */
static int start_listening(struct sink *sink)
{
	struct listener *listener = sink->data;
	int err;

	stop_listening(listener);
	listener->fd = listen_at(&sink->spec, &listener->made);
	err = listener->fd;
	if (err >= 0)
		err = sd_event_add_io(sink->event, &listener->source,
				      listener->fd, EPOLLIN, on_connect, sink);
	if (err >= 0)
		return 0;
	log_error("%s: cannot listen: %s", sink->spec.path, strerror(-err));
	stop_listening(listener);
	return err;
}

static void socket_close(struct sink *sink)
{
	struct listener *listener = sink->data;

	while (listener->readers)
		reader_drop(listener->readers);
	if (is_ours(sink))
		unlink(sink->spec.path);
	stop_listening(listener);
	sd_event_source_unref(listener->retry);
	free(listener);
}

static int socket_open(struct sink *sink)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	int err;

	if (!listener)
		return -ENOMEM;
	sink->data = listener;
	listener->fd = -1;
	err = sd_event_add_time_relative(sink->event, &listener->retry,
					 CLOCK_MONOTONIC, 0, 0, on_retry, sink);
	if (err >= 0)
		err = sd_event_source_set_enabled(listener->retry,
						  SD_EVENT_OFF);
	if (err < 0)
		log_error("%s: no timer: %s", sink->spec.path, strerror(-err));
	else
		err = start_listening(sink);
	if (err < 0)
		socket_close(sink);
	return err;
}

static int socket_set_mode(struct sink *sink)
{
	return is_ours(sink) ? chmod(sink->spec.path, sink->spec.mode) : 0;
}

static void socket_reopen(struct sink *sink)
{
	if (!is_ours(sink))
		start_listening(sink);
}

static void socket_write(struct sink *sink, const struct notice *notice,
			 const char *line)
{
	struct listener *listener = sink->data;
	struct reader *reader, *next;

	(void)notice;
	for (reader = listener->readers; reader; reader = next) {
		next = reader->next;
		outlet_put(&reader->outlet, line);
		reader_flush(reader);
	}
}

static int socket_flush(struct sink *sink)
{
	struct listener *listener = sink->data;
	struct reader *reader, *next;
	int err = 0;

	for (reader = listener->readers; reader; reader = next) {
		next = reader->next;
		if (reader_flush(reader) && reader->outlet.length)
			err = -EAGAIN;
	}
	return err;
}

const struct sink_ops sink_socket_ops = {
	.name = "socket",
	.open = socket_open,
	.write = socket_write,
	.set_mode = socket_set_mode,
	.reopen = socket_reopen,
	.flush = socket_flush,
	.close = socket_close,
};
