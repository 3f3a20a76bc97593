// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One request and all of its answer.
 *
 * A request is answered by any number of messages and then by an ACK (do) or
 * by NLMSG_DONE (dump), both of which carry the errno. The answer is read to
 * this end whatever happens on the way, and only then used: so nothing of it
 * is left in the socket for the next request, a dump that the kernel marks as
 * interrupted (its tables changed meanwhile) can be asked for again without
 * anybody having seen its rows, and whoever gets the rows may make requests.
 *
 * libnl's nl_recvmsgs() is not used: it loses the errno of a dump and has no
 * interface for extended ACKs.
 */
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/*
 * Each retry costs a dump. The tables change when a cache or a hold comes or
 * goes; eight times in a row within a dump's milliseconds is not an accident.
 */
#define DUMP_TRIES 8

/* NLMSGERR_ATTR_MISS_TYPE; not in every header. */
#define ATTR_MISS_TYPE 5

/* The kernel's errnos end here (its MAX_ERRNO). */
#define ERRNO_MAX 4095

/* What became of a request while its answer is read. */
struct exchange {
	const struct nlmsghdr *request;
	struct memtel_reply *reply;
	struct memtel *m;
	bool is_finished;
	bool is_interrupted;
	int err;
};

/**
 * memtel_reply_free() - free a reply's messages
 */
void memtel_reply_free(struct memtel_reply *reply)
{
	for (size_t i = 0; i < reply->nr; i++)
		free(reply->messages[i]);
	free(reply->messages);
	*reply = (struct memtel_reply){ 0 };
}

/**
 * memtel_reply_add() - keep a copy of a message
 * Return: 0 or -ENOMEM.
 */
int memtel_reply_add(struct memtel_reply *reply, const struct nlmsghdr *nlh)
{
	struct nlmsghdr **messages, *copy;

	/* Grows at each power of two. */
	if (!(reply->nr & (reply->nr - 1))) {
		messages = realloc(reply->messages, (reply->nr ? reply->nr : 1) *
				   2 * sizeof(*messages));
		if (!messages)
			return -ENOMEM;
		reply->messages = messages;
	}
	copy = malloc(nlh->nlmsg_len);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, nlh, nlh->nlmsg_len);
	reply->messages[reply->nr++] = copy;
	return 0;
}

/* The TLVs of an ACK or DONE, @offset bytes into it. */
static struct memtel_extack extack_read(const struct nlmsghdr *nlh,
					size_t offset)
{
	struct memtel_extack extack = { 0 };
	const struct nlattr *tlv;
	int left;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || nlh->nlmsg_len <= offset)
		return extack;
	tlv = (const struct nlattr *)((const char *)nlh + offset);
	nla_for_each_attr(tlv, tlv, (int)(nlh->nlmsg_len - offset), left) {
		const char *data = nla_data(tlv);
		int length = nla_len(tlv);

		switch (nla_type(tlv)) {
		case NLMSGERR_ATTR_MSG:
			if (length > 0 && data[length - 1] == '\0')
				extack.message = data;
			break;
		case NLMSGERR_ATTR_OFFS:
			if (length == sizeof(uint32_t))
				extack.offset = nla_get_u32(tlv);
			break;
		case ATTR_MISS_TYPE:
			if (length == sizeof(uint32_t))
				extack.missing = nla_get_u32(tlv);
			break;
		}
	}
	return extack;
}

static void on_refusal(struct exchange *x, const struct nlmsghdr *nlh, int err,
		       size_t tlv_offset)
{
	struct memtel_extack extack = extack_read(nlh, tlv_offset);

	x->is_finished = true;
	if (!err || x->err)
		return;
	if (err > 0 || err < -ERRNO_MAX) {
		x->err = memtel_fail(x->m, -EBADMSG,
				     "the kernel sent %d, which is no error",
				     err);
		return;
	}
	/* A dump cannot begin while its module is on its way out. */
	if (err == -EPROTONOSUPPORT && !extack.message)
		x->err = memtel_fail(x->m, -ENODEV,
				     "the memtel module is being unloaded");
	else
		x->err = memtel_refused(x->m, x->request, err, &extack);
}

static int too_short(struct exchange *x, const struct nlmsghdr *nlh)
{
	return memtel_fail(x->m, -EBADMSG,
			   "the kernel sent a netlink message of type %u and %u bytes, too short",
			   nlh->nlmsg_type, nlh->nlmsg_len);
}

static void on_ack(struct exchange *x, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *ack = nlmsg_data(nlh);
	size_t tlv_offset = NLMSG_LENGTH(sizeof(*ack));

	if (nlh->nlmsg_len < tlv_offset) {
		x->is_finished = true;
		x->err = too_short(x, nlh);
		return;
	}
	/* The request follows its header unless the kernel left it out. */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && ack->msg.nlmsg_len >= NLMSG_HDRLEN)
		tlv_offset += NLMSG_ALIGN(ack->msg.nlmsg_len) - NLMSG_HDRLEN;
	on_refusal(x, nlh, ack->error, tlv_offset);
}

static void on_done(struct exchange *x, const struct nlmsghdr *nlh)
{
	int err = 0;

	if (nlh->nlmsg_len >= NLMSG_LENGTH(sizeof(err)))
		memcpy(&err, nlmsg_data(nlh), sizeof(err));
	/* A positive one is how much the last buffer had. */
	on_refusal(x, nlh, err < 0 ? err : 0,
		   NLMSG_ALIGN(NLMSG_LENGTH(sizeof(err))));
}

static void on_message(struct exchange *x, const struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		x->is_interrupted = true;

	switch (nlh->nlmsg_type) {
	case NLMSG_ERROR:
		on_ack(x, nlh);
		break;
	case NLMSG_DONE:
		on_done(x, nlh);
		break;
	case NLMSG_NOOP:
		break;
	default:
		if (x->err)
			break;
		if (nlh->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
			x->err = too_short(x, nlh);
		else if (memtel_reply_add(x->reply, nlh))
			x->err = memtel_fail(x->m, -ENOMEM,
					     "no memory for the kernel's reply");
		break;
	}
}

/* The messages of one recvmsg(); those of a request given up earlier pass. */
static void on_buffer(struct exchange *x, void *buffer, int length)
{
	struct nlmsghdr *nlh;

	for (nlh = buffer; nlmsg_ok(nlh, length) && !x->is_finished;
	     nlh = nlmsg_next(nlh, &length))
		if (nlh->nlmsg_seq == x->request->nlmsg_seq)
			on_message(x, nlh);
}

static void receive(struct exchange *x)
{
	while (!x->is_finished) {
		struct sockaddr_nl from = { 0 };
		unsigned char *buffer = NULL;
		int length;

		length = nl_recv(x->m->sock, &from, &buffer, NULL);
		if (length <= 0) {
			int err = length ? memtel_errno_of_nl(length) : -EIO;

			x->err = memtel_fail(x->m, err,
					     err == -ETIMEDOUT ?
					     "the kernel gave no answer in time" :
					     "cannot receive from the kernel: %s",
					     strerror(-err));
			return;
		}
		/* Any process may send to us; the kernel's port is 0. */
		if (from.nl_pid == 0)
			on_buffer(x, buffer, length);
		free(buffer);
	}
}

static int exchange_once(struct memtel *m, struct nl_msg *request,
			 struct memtel_reply *reply, bool *is_interrupted)
{
	struct nlmsghdr *nlh = nlmsg_hdr(request);
	struct exchange x = { .request = nlh, .reply = reply, .m = m };
	int err;

	nlh->nlmsg_seq = NL_AUTO_SEQ;
	err = nl_send_auto(m->sock, request);
	if (err < 0) {
		err = memtel_errno_of_nl(err);
		return memtel_fail(m, err, "cannot send to the kernel: %s",
				   strerror(-err));
	}
	receive(&x);
	*is_interrupted = x.is_interrupted;
	return x.err;
}

/**
 * memtel_exchange() - send a request and read its whole answer
 * @m: handle
 * @request: do or dump
 * @reply: set to its messages, which memtel_reply_free() frees; none on failure
 *
 * Return: 0 or a negative errno, with the reason noted in @m.
 */
int memtel_exchange(struct memtel *m, struct nl_msg *request,
		    struct memtel_reply *reply)
{
	for (int i = 0; i < DUMP_TRIES; i++) {
		bool is_interrupted = false;
		int err;

		*reply = (struct memtel_reply){ 0 };
		err = exchange_once(m, request, reply, &is_interrupted);
		if (!err && !is_interrupted)
			return 0;
		memtel_reply_free(reply);
		if (err)
			return err;
	}
	return memtel_fail(m, -EAGAIN,
			   "the kernel's tables changed during each of %d dumps",
			   DUMP_TRIES);
}

/**
 * memtel_answer() - what became of a do, of messages that the caller has read
 * @m: handle
 * @request: that was sent
 * @read: the messages with the number of the request
 * @reply: set to what came but the end, as by memtel_exchange()
 *
 * Return: 0, -ENOBUFS when the end of the answer did not come, or another
 * negative errno, with the reason noted in @m.
 */
int memtel_answer(struct memtel *m, struct nl_msg *request,
		  const struct memtel_reply *read, struct memtel_reply *reply)
{
	struct exchange x = {
		.request = nlmsg_hdr(request), .reply = reply, .m = m,
	};

	*reply = (struct memtel_reply){ 0 };
	for (size_t i = 0; i < read->nr && !x.is_finished; i++)
		on_message(&x, read->messages[i]);
	if (!x.is_finished && !x.err)
		x.err = memtel_fail(m, -ENOBUFS,
				    "the socket had no room for the kernel's answer");
	if (x.err)
		memtel_reply_free(reply);
	return x.err;
}
