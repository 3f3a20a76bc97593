// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The journal: a notice is an entry with a MESSAGE_ID for its kind, a readable
 * MESSAGE, and MEMTEL_* fields; all of it as JSON in MEMTEL_JSON.
 *
 * The library does not say that there is no journal, so its socket is looked
 * for. While there is none notices are counted, which is told when it comes.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "log.h"
#include "sink.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Fields beside the labels. */
#define FIELDS 8

/* Lost since there was a journal. */
struct journal {
	uint64_t lost;
};

static int journal_open(struct sink *sink)
{
	sink->data = calloc(1, sizeof(struct journal));
	return sink->data ? 0 : -ENOMEM;
}

__attribute__((format(printf, 2, 3)))
static bool add(struct iovec *field, const char *format, ...)
{
	char *text;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		return false;
	*field = (struct iovec){ text, (size_t)length };
	return true;
}

/* A label's name as a field of the journal: capitals, digits and '_'. */
static bool add_label(struct iovec *field, const struct label *label)
{
	if (!add(field, "MEMTEL_LABEL_%s=%s", label->name, label->value))
		return false;
	for (char *c = field->iov_base; *c != '='; c++)
		if (*c >= 'a' && *c <= 'z')
			*c += 'A' - 'a';
	return true;
}

static int send_entry(const struct notice *notice, const char *line)
{
	struct iovec fields[FIELDS + 2 * LABELS_MAX] = { 0 };
	int nr = 0, err;
	bool is_whole;

	is_whole = add(&fields[nr++], "MESSAGE=%s", notice->text) &&
		   add(&fields[nr++], "MESSAGE_ID=%s",
		       notice_message_id(notice->kind)) &&
		   add(&fields[nr++], "PRIORITY=%d", notice->level) &&
		   add(&fields[nr++], "MEMTEL_KIND=%s",
		       notice_kind_name(notice->kind)) &&
		   add(&fields[nr++], "MEMTEL_NAME=%s", notice->name) &&
		   add(&fields[nr++], "MEMTEL_JSON=%s", line);
	for (unsigned int i = 0; is_whole && i < notice->nr_labels &&
				 nr < FIELDS + 2 * LABELS_MAX; i++)
		is_whole = add_label(&fields[nr++], &notice->labels[i]);
	err = is_whole ? sd_journal_sendv(fields, nr) : -ENOMEM;
	for (int i = 0; i < nr; i++)
		free(fields[i].iov_base);
	return err;
}

static void journal_write(struct sink *sink, const struct notice *notice,
			  const char *line)
{
	struct journal *journal = sink->data;
	int err = access(JOURNAL_SOCKET, W_OK) ? -errno :
						 send_entry(notice, line);

	if (err) {
		if (!journal->lost++)
			log_error("cannot write to the journal: %s; what is lost is counted",
				  strerror(-err));
		return;
	}
	if (!journal->lost)
		return;
	log_error("writing to the journal again; %llu notices were lost",
		  (unsigned long long)journal->lost);
	sd_journal_send("MESSAGE=%llu notices were lost before this one",
			(unsigned long long)journal->lost, "PRIORITY=%d",
			NOTICE_WARNING, "MESSAGE_ID=%s",
			notice_message_id(NOTICE_DAEMON), "MEMTEL_KIND=lost",
			"MEMTEL_COUNT=%llu", (unsigned long long)journal->lost,
			NULL);
	journal->lost = 0;
}

static void journal_close(struct sink *sink)
{
	free(sink->data);
}

const struct sink_ops sink_journal_ops = {
	.name = "journal",
	.open = journal_open,
	.write = journal_write,
	.close = journal_close,
};
