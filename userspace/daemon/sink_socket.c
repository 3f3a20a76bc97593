// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A unix socket: whoever connects gets the notices from then on, a line of JSON
 * each.
 *
 * Each reader has a queue of its own, READER_WAITING bytes at most. One that does
 * not read loses lines once that is full and is told how many when it reads
 * again; the others do not notice. What a reader sends is thrown away.
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

/** struct reader - a connection */
struct reader {
	struct reader *next;
	struct listener *listener;
	int fd;
	struct outlet outlet;
	sd_event_source *source;
};

/** struct listener - the socket and its readers */
struct listener {
	int fd;
	sd_event_source *source;
	struct reader *readers;
	unsigned int nr;
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

static int on_connect(sd_event_source *source, int fd, uint32_t events,
		      void *arg)
{
	struct sink *sink = arg;
	struct listener *listener = sink->data;
	struct reader *reader;
	int connection = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)source;
	(void)events;
	if (connection < 0)
		return 0;
	reader = listener->nr < READERS_MAX ? calloc(1, sizeof(*reader)) : NULL;
	if (!reader || sd_event_add_io(sink->event, &reader->source, connection,
				       EPOLLIN, on_reader, reader) < 0) {
		log_error("%s: more than %d readers, or no memory: one is refused",
			  sink->spec.path, READERS_MAX);
		close(connection);
		free(reader);
		return 0;
	}
	reader->fd = connection;
	reader->listener = listener;
	reader->outlet.limit = READER_WAITING;
	reader->next = listener->readers;
	listener->readers = reader;
	listener->nr++;
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
	if (!connect(fd, (const struct sockaddr *)address, sizeof(*address)) ||
	    errno == EAGAIN)
		err = -EADDRINUSE;
	else if (unlink(address->sun_path))
		err = -errno;
	close(fd);
	return err;
}

static int listen_at(const struct sink_spec *spec)
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
	if (!err && (chmod(spec->path, spec->mode) || listen(fd, SOMAXCONN)))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int socket_open(struct sink *sink)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	int err = -ENOMEM;

	if (!listener)
		return err;
	listener->fd = listen_at(&sink->spec);
	err = listener->fd;
	if (err >= 0)
		err = sd_event_add_io(sink->event, &listener->source,
				      listener->fd, EPOLLIN, on_connect, sink);
	if (err < 0) {
		log_error("%s: cannot listen: %s", sink->spec.path,
			  strerror(-err));
		if (listener->fd >= 0)
			close(listener->fd);
		free(listener);
		return err;
	}
	sink->data = listener;
	return 0;
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

static void socket_close(struct sink *sink)
{
	struct listener *listener = sink->data;

	while (listener->readers)
		reader_drop(listener->readers);
	sd_event_source_unref(listener->source);
	close(listener->fd);
	unlink(sink->spec.path);
	free(listener);
}

const struct sink_ops sink_socket_ops = {
	.name = "socket",
	.open = socket_open,
	.write = socket_write,
	.flush = socket_flush,
	.close = socket_close,
};
