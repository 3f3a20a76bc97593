// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The journal: a notice is an entry with a MESSAGE_ID for its kind, a readable
 * MESSAGE, and MEMTEL_* fields; all of it as JSON in MEMTEL_JSON.
 *
 * An entry is one datagram in the journal's native protocol. It is not sent by
 * libsystemd, which waits when the journal does not read: here such an entry is
 * lost, as one that finds no journal is. The loss is counted and told, in the
 * journal too, before the first entry that gets through again.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "sink.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* A datagram must fit; the kernel allows less by default. */
#define JOURNAL_SNDBUF (8 << 20)

/**
 * struct journal - the way there
 * @fd: a datagram socket, not connected: the journal may come and go
 * @lost: entries since one got through
 */
struct journal {
	int fd;
	uint64_t lost;
};

static int journal_open(struct sink *sink)
{
	static const int size = JOURNAL_SNDBUF;
	struct journal *journal = calloc(1, sizeof(*journal));
	int err = -ENOMEM;

	if (!journal)
		return err;
	journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (journal->fd < 0) {
		err = -errno;
		log_error("no socket for the journal: %s", strerror(errno));
		free(journal);
		return err;
	}
	setsockopt(journal->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	sink->data = journal;
	return 0;
}

/* NAME=value; a value of several lines has its length before it. */
static void put(FILE *out, const char *name, const char *value)
{
	uint64_t length = strlen(value), le = htole64(length);

	fputs(name, out);
	if (strchr(value, '\n')) {
		fputc('\n', out);
		fwrite(&le, sizeof(le), 1, out);
	} else {
		fputc('=', out);
	}
	fwrite(value, 1, length, out);
	fputc('\n', out);
}

static void put_number(FILE *out, const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	put(out, name, text);
}

/* What every entry has. */
static void put_head(FILE *out, enum notice_level level, const char *kind,
		     const char *message_id, const char *text)
{
	put(out, "MESSAGE", text);
	put(out, "MESSAGE_ID", message_id);
	put_number(out, "PRIORITY", level);
	put(out, "SYSLOG_IDENTIFIER", "memteld");
	put(out, "MEMTEL_KIND", kind);
}

/* A label's name as a field of the journal: capitals, digits and '_'. */
static void put_label(FILE *out, const struct label *label)
{
	char name[sizeof("MEMTEL_LABEL_") + LABEL_NAME_MAX];

	snprintf(name, sizeof(name), "MEMTEL_LABEL_%s", label->name);
	for (char *c = name; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c += 'A' - 'a';
	put(out, name, label->value);
}

static void put_notice(FILE *out, const struct notice *notice, const char *line)
{
	put_head(out, notice->level, notice_kind_name(notice->kind),
		 notice_message_id(notice->kind), notice->text);
	put(out, "MEMTEL_NAME", notice->name);
	put(out, "MEMTEL_JSON", line);
	for (unsigned int i = 0; i < notice->nr_labels; i++)
		put_label(out, &notice->labels[i]);
}

static void put_lost(FILE *out, uint64_t lost)
{
	char text[80];

	snprintf(text, sizeof(text), "%llu notices were lost before this",
		 (unsigned long long)lost);
	put_head(out, NOTICE_WARNING, "lost", notice_message_id(NOTICE_DAEMON),
		 text);
	put_number(out, "MEMTEL_COUNT", lost);
}

/* Send an entry if that can be done at once: of a notice, or without one of
 * what was lost.
 */
static int send_entry(const struct journal *journal, const struct notice *notice,
		      const char *line)
{
	static const struct sockaddr_un address = {
		.sun_family = AF_UNIX,
		.sun_path = JOURNAL_SOCKET,
	};
	char *data = NULL;
	size_t size;
	FILE *out = open_memstream(&data, &size);
	int err = 0;

	if (!out)
		return -ENOMEM;
	if (notice)
		put_notice(out, notice, line);
	else
		put_lost(out, journal->lost);
	if (fclose(out))
		err = -ENOMEM;
	else if (sendto(journal->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL,
			(const struct sockaddr *)&address, sizeof(address)) < 0)
		err = -errno;
	free(data);
	return err;
}

static void journal_write(struct sink *sink, const struct notice *notice,
			  const char *line)
{
	struct journal *journal = sink->data;
	int err = 0;

	if (journal->lost)
		err = send_entry(journal, NULL, NULL);
	if (!err && journal->lost) {
		log_info("writing to the journal again; %llu notices were lost",
			  (unsigned long long)journal->lost);
		journal->lost = 0;
	}
	if (!err)
		err = send_entry(journal, notice, line);
	if (err && !journal->lost++)
		log_error("cannot write to the journal: %s; what is lost is counted",
			  strerror(-err));
}

static void journal_close(struct sink *sink)
{
	struct journal *journal = sink->data;

	close(journal->fd);
	free(journal);
}

const struct sink_ops sink_journal_ops = {
	.name = "journal",
	.open = journal_open,
	.write = journal_write,
	.close = journal_close,
};
