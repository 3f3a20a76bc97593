// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All that libmemtel reads from a socket: answers, errors with the kernel's
 * words, events, and nlctrl's word of families. The input is a list of buffers,
 * a u16 before each: its lower 12 bits are the length; with the highest set it is
 * an error of libnl's instead, of that number. They come in this order to
 * whoever receives; then there is nothing more.
 */
#include <memtel/memtel.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "event_text.h"
#include "fuzz.h"

static const uint8_t *input;
static size_t input_size;
static uint32_t seq;
static const struct nl_sock *asking;

int nl_send_auto(struct nl_sock *sk, struct nl_msg *msg)
{
	asking = sk;
	nlmsg_hdr(msg)->nlmsg_seq = ++seq;
	return nlmsg_hdr(msg)->nlmsg_len;
}

/* Of the real kernel's groups none is wanted. */
int nl_socket_add_membership(struct nl_sock *sk, int group)
{
	(void)sk;
	(void)group;
	return 0;
}

/* An answer's messages have the number of the request. */
static void number(struct nlmsghdr *nlh, int length)
{
	for (; nlmsg_ok(nlh, length); nlh = nlmsg_next(nlh, &length))
		nlh->nlmsg_seq = seq;
}

int nl_recv(struct nl_sock *sk, struct sockaddr_nl *from, unsigned char **buf,
	    struct ucred **creds)
{
	uint16_t head;
	size_t length;

	(void)creds;
	memset(from, 0, sizeof(*from));
	if (input_size < sizeof(head))
		return -NLE_AGAIN;
	memcpy(&head, input, sizeof(head));
	input += sizeof(head);
	input_size -= sizeof(head);
	if (head & 0x8000)
		return -(1 + head % NLE_MAX);
	length = head & 0xfff;
	if (length > input_size)
		length = input_size;
	if (!length)
		return 0;
	*buf = malloc(length);
	MUST(*buf);
	memcpy(*buf, input, length);
	input += length;
	input_size -= length;
	if (sk == asking)
		number((struct nlmsghdr *)*buf, (int)length);
	return (int)length;
}

static int on_notice(const struct memtel_notice *notice, void *arg)
{
	char text[1024];

	(void)arg;
	if (notice->kind == MEMTEL_NOTICE_EVENT) {
		event_text(notice->event, text, sizeof(text));
		MUST(strlen(text) < sizeof(text));
	}
	return 0;
}

static int on_source(const struct memtel_source *source, void *arg)
{
	(void)arg;
	MUST(source->name);
	return 0;
}

static int compare(const struct memtel_cache *cache,
		   const struct memtel_rate *total,
		   const struct memtel_rate *const *rates, void *arg)
{
	(void)rates;
	(void)arg;
	MUST(cache && total);
	return 0;
}

static void ask(void)
{
	struct memtel_snapshot *before = NULL, *after = NULL;
	struct memtel *m;

	if (!memtel_open(&m)) {
		memtel_sources(m, on_source, NULL);
		if (!memtel_snapshot_take(m, NULL, &before) &&
		    !memtel_snapshot_take(m, NULL, &after))
			memtel_rates(before, after, compare, NULL);
		memtel_snapshot_free(before);
		memtel_snapshot_free(after);
	}
	MUST(memtel_error(m));
	memtel_close(m);
}

static void listen_(void)
{
	static const struct memtel_events_options options = {
		.size = sizeof(options), .all = true, .wait = true,
	};
	static const struct memtel_trigger_spec spec = {
		.size = sizeof(spec), .metric = MEMTEL_METRIC_STALL_TIME,
		.threshold = 1, .window_ns = 1000000000,
	};
	struct memtel_events *ev;

	if (!memtel_events_open(&ev, &options)) {
		memtel_events_add(ev, &spec);
		while (input_size >= sizeof(uint16_t))
			memtel_events_read(ev, on_notice, NULL);
	}
	MUST(memtel_events_error(ev));
	memtel_events_close(ev);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return -1;
	input = data + 1;
	input_size = size - 1;
	seq = 0;
	asking = NULL;
	if (data[0] & 1)
		ask();
	else
		listen_();
	return 0;
}
