// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A subscription to events.
 *
 * Two sockets: a handle's, which asks and has the triggers, and one that
 * listens, to the module's events and to nlctrl's word of families that come
 * and go. Only the second is given to the user's loop. The second asks one
 * thing, to be sent events, as the module sends them to whom asked. The answer
 * stands among all else that has come to that socket, which is kept.
 *
 * What was lost. Events are numbered, and the answer to the subscription says
 * which is the first that comes. A gap between two numbers is so many lost
 * events. ENOBUFS says that there is a gap, perhaps at the end, where no number
 * shows it: then the module is asked for the number of its last event, by when
 * all before it have been sent, what has arrived is read, and what is still
 * missing is lost. So received and lost are together what was sent since the
 * subscription.
 *
 * Suspects. Of the events in a message that have the same evidence the first
 * alone carries it. The others get it here, so that each event has its suspects.
 *
 * Unloading the module ends its triggers, subscriptions and numbers; when a
 * family of its name is back the library subscribes anew and adds the triggers
 * again. What is read of that may be old: by then the module may have come and
 * gone more often, and a request may have been the first to find out. So a
 * message counts if it is of the family that is subscribed to, and no trigger is
 * added to any other.
 */
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

#define RECEIVE_BYTES	(4 << 20)

/* An answer that found no room is asked for again, after all has been read. */
#define SUBSCRIBE_TRIES	4

/*
 * libnl has one error for a full buffer and for its own want of memory. So many
 * of them with nothing to read in between are the second.
 */
#define FULL_TRIES	16

/* A reading does not end before it is known what was lost; but it ends. */
#define SETTLE_TRIES	8

/* Symbols that are remembered. Few sites are ever to blame. */
#define SYMBOLS		64

/* What an event has of the event that its evidence-of names. */
#define EVIDENCE_ATTRS	(UINT64_C(1) << MEMTEL_A_EVENT_EVIDENCE_INTERVAL_NS | \
			 UINT64_C(1) << MEMTEL_A_EVENT_SUSPECT)

struct symbol {
	uint64_t id;
	char *text;
};

/* A message that was taken from the socket, and not given yet, or not all of it. */
struct pending {
	struct pending *next;
	struct nlmsghdr *message;
	bool is_bad;	/* malformed: not tried again */
};

/**
 * struct memtel_events - a subscription
 * @m: asks, and has the triggers
 * @sock: listens
 * @family: the module's that is subscribed to, 0 while that is gone. Not @m's,
 *          which is that of the last answer
 * @all: also events of others' triggers
 * @next: number that the next event should have; 0 when any may be the first
 * @asked: number of the request whose answer is awaited, 0 for none
 * @answer: its messages, as far as they have come
 * @overrun: something was lost; how much is not known yet
 * @lost: not told yet
 * @gone_untold: that it is gone is not told yet; @back_untold: that it is back
 * @triggers: those wanted; @ids, in the module, 0 for none
 * @nr_told: of those that were added again at the last return, @nr_again, it is
 *           told of so many whether they could be
 * @head: messages, the oldest first
 */
struct memtel_events {
	struct memtel *m;
	struct nl_sock *sock;
	uint16_t family;
	bool all;
	uint64_t next;
	uint32_t asked;
	struct memtel_reply answer;
	bool overrun;
	uint64_t lost;
	bool gone_untold;
	bool back_untold;
	size_t nr_triggers;
	struct memtel_trigger_spec *triggers;
	uint32_t *ids;
	size_t nr_again;
	size_t nr_told;
	struct pending *head;
	struct pending **tail;
	struct symbol symbols[SYMBOLS];
	unsigned int nr_symbols;
};

const char *memtel_events_error(const struct memtel_events *ev)
{
	return ev ? memtel_error(ev->m) : "no memory";
}

int memtel_events_fd(const struct memtel_events *ev)
{
	return nl_socket_get_fd(ev->sock);
}

static int sequence_note(const struct memtel_status *status, void *arg)
{
	*(uint64_t *)arg = status->event_sequence;
	return 0;
}

/* Not there, not there any more, or not yet: nlctrl's word of that will come. */
static bool is_away(int err)
{
	return err == -ENODEV || err == -ESTALE || err == -EAGAIN;
}

static int listen_open(struct memtel_events *ev, uint32_t receive_bytes)
{
	int bytes = receive_bytes ? (int)receive_bytes : RECEIVE_BYTES;
	int err;

	ev->sock = nl_socket_alloc();
	if (!ev->sock)
		return memtel_fail(ev->m, -ENOMEM, "no memory for a socket");
	nl_socket_disable_seq_check(ev->sock);
	err = nl_connect(ev->sock, NETLINK_GENERIC);
	if (!err)
		err = nl_socket_set_nonblocking(ev->sock);
	/* The group that nlctrl tells of families in has the same id always. */
	if (!err)
		err = nl_socket_add_membership(ev->sock, GENL_ID_CTRL);
	if (err) {
		err = memtel_errno_of_nl(err);
		return memtel_fail(ev->m, err,
				   "cannot open a socket for events: %s",
				   strerror(-err));
	}
	/* The second is capped without a word, and better than nothing. */
	if (setsockopt(nl_socket_get_fd(ev->sock), SOL_SOCKET, SO_RCVBUFFORCE,
		       &bytes, sizeof(bytes)))
		setsockopt(nl_socket_get_fd(ev->sock), SOL_SOCKET, SO_RCVBUF,
			   &bytes, sizeof(bytes));
	return 0;
}

/* Keep a message until it is given, or as part of the answer. */
static int keep(struct memtel_events *ev, const struct nlmsghdr *nlh)
{
	struct pending *pending;

	if (ev->asked && nlh->nlmsg_seq == ev->asked) {
		if (!memtel_reply_add(&ev->answer, nlh))
			return 0;
		return memtel_fail(ev->m, -ENOMEM,
				   "no memory for the kernel's answer");
	}
	pending = calloc(1, sizeof(*pending));
	if (pending)
		pending->message = malloc(nlh->nlmsg_len);
	if (!pending || !pending->message) {
		free(pending);
		ev->overrun = true;
		return memtel_fail(ev->m, -ENOMEM, "no memory for an event");
	}
	memcpy(pending->message, nlh, nlh->nlmsg_len);
	*ev->tail = pending;
	ev->tail = &pending->next;
	return 0;
}

/* All that waits in the socket. */
static int receive(struct memtel_events *ev)
{
	int nr_full = 0;

	for (;;) {
		struct sockaddr_nl from = { 0 };
		unsigned char *buffer = NULL;
		struct nlmsghdr *nlh;
		int length, err = 0;

		length = nl_recv(ev->sock, &from, &buffer, NULL);
		if (length == 0 || length == -NLE_AGAIN)
			return 0;
		/* ENOBUFS; what arrived before it is still to be read. */
		if (length == -NLE_NOMEM && ++nr_full < FULL_TRIES) {
			ev->overrun = true;
			continue;
		}
		if (length > 0)
			nr_full = 0;
		if (length < 0) {
			err = memtel_errno_of_nl(length);
			return memtel_fail(ev->m, err,
					   "cannot receive events: %s",
					   strerror(-err));
		}
		/* Any process may send to us; the kernel's port is 0. */
		if (from.nl_pid == 0)
			for (nlh = (struct nlmsghdr *)buffer;
			     nlmsg_ok(nlh, length) && !err;
			     nlh = nlmsg_next(nlh, &length))
				err = keep(ev, nlh);
		free(buffer);
		if (err)
			return err;
	}
}

/* One request by the listening socket. */
static int listener_exchange(struct nl_msg *request, struct memtel_reply *reply,
			     void *arg)
{
	struct memtel_events *ev = arg;
	int err;

	err = nl_send_auto(ev->sock, request);
	if (err < 0) {
		err = memtel_errno_of_nl(err);
		return memtel_fail(ev->m, err, "cannot send to the kernel: %s",
				   strerror(-err));
	}
	/* A do is answered before it has been sent. */
	ev->asked = nlmsg_hdr(request)->nlmsg_seq;
	err = receive(ev);
	ev->asked = 0;
	if (!err)
		err = memtel_answer(ev->m, request, &ev->answer, reply);
	memtel_reply_free(&ev->answer);
	return err;
}

static int subscribe(struct memtel_events *ev)
{
	uint64_t sequence = 0;
	int err, tries = 0;

	err = memtel_family_resolve(ev->m, &ev->m->family);
	if (err)
		return err;
	do {
		err = memtel_request_subscribe(ev->m, listener_exchange, ev,
					       &sequence);
	} while (err == -ENOBUFS && ++tries < SUBSCRIBE_TRIES);
	if (err)
		return err;
	/* The first answer, which said what comes first, may have been lost. */
	ev->next = tries ? 0 : sequence + 1;
	ev->family = ev->m->family;
	return 0;
}

static int options_read(struct memtel_events_options *options,
			const struct memtel_events_options *given)
{
	*options = (struct memtel_events_options){ 0 };
	if (!given)
		return 0;
	if (given->size < sizeof(given->size))
		return -EINVAL;
	for (size_t i = sizeof(*options); i < given->size; i++)
		if (((const char *)given)[i])
			return -E2BIG;
	memcpy(options, given, given->size < sizeof(*options) ?
			       given->size : sizeof(*options));
	return 0;
}

int memtel_events_open(struct memtel_events **evp,
		       const struct memtel_events_options *given)
{
	struct memtel_events *ev = calloc(1, sizeof(*ev));
	struct memtel_events_options options;
	int err;

	*evp = ev;
	if (!ev)
		return -ENOMEM;
	ev->tail = &ev->head;
	err = memtel_open(&ev->m);
	if (!ev->m)
		return -ENOMEM;
	if (err && err != -ENODEV)
		return err;
	err = options_read(&options, given);
	if (err)
		return memtel_fail(ev->m, err,
				   "the options' size is not one of this libmemtel");
	ev->all = options.all;
	/* A handle that found no module serves when that comes. */
	ev->m->open_error = 0;
	err = listen_open(ev, options.receive_bytes);
	if (err)
		return err;
	err = subscribe(ev);
	if (is_away(err) && options.wait) {
		ev->gone_untold = true;
		return 0;
	}
	return err;
}

void memtel_events_close(struct memtel_events *ev)
{
	if (!ev)
		return;
	while (ev->head) {
		struct pending *pending = ev->head;

		ev->head = pending->next;
		free(pending->message);
		free(pending);
	}
	for (unsigned int i = 0; i < ev->nr_symbols; i++)
		free(ev->symbols[i].text);
	memtel_reply_free(&ev->answer);
	free(ev->triggers);
	free(ev->ids);
	nl_socket_free(ev->sock);
	memtel_close(ev->m);
	free(ev);
}

static int remember(struct memtel_events *ev,
		    const struct memtel_trigger_spec *spec)
{
	struct memtel_trigger_spec *triggers;
	uint32_t *ids;

	triggers = realloc(ev->triggers, (ev->nr_triggers + 1) *
			   sizeof(*triggers));
	if (triggers)
		ev->triggers = triggers;
	ids = realloc(ev->ids, (ev->nr_triggers + 1) * sizeof(*ids));
	if (ids)
		ev->ids = ids;
	if (!triggers || !ids)
		return memtel_fail(ev->m, -ENOMEM, "no memory for a trigger");
	triggers[ev->nr_triggers] = *spec;
	ids[ev->nr_triggers++] = 0;
	return 0;
}

static int spec_read(struct memtel_events *ev, struct memtel_trigger_spec *spec,
		     const struct memtel_trigger_spec *given)
{
	if (given->size < sizeof(given->size))
		return memtel_fail(ev->m, -EINVAL, "a trigger's size is not set");
	for (size_t i = sizeof(*spec); i < given->size; i++)
		if (((const char *)given)[i])
			return memtel_fail(ev->m, -E2BIG,
					   "a trigger sets what this libmemtel does not know");
	memset(spec, 0, sizeof(*spec));
	memcpy(spec, given, given->size < sizeof(*spec) ? given->size :
							 sizeof(*spec));
	return 0;
}

static int trigger_add(struct memtel_events *ev, size_t i)
{
	if (ev->m->family != ev->family)
		return memtel_fail(ev->m, -ESTALE,
				   "the memtel module was loaded anew");
	return memtel_request_trigger_add(ev->m, &ev->triggers[i], &ev->ids[i]);
}

int memtel_events_add(struct memtel_events *ev,
		      const struct memtel_trigger_spec *given)
{
	struct memtel_trigger_spec spec;
	int err = spec_read(ev, &spec, given);

	if (!err)
		err = remember(ev, &spec);
	if (err)
		return err;
	if (!ev->family)
		return memtel_fail(ev->m, -ENODEV,
				   "the memtel module is not loaded");
	err = trigger_add(ev, ev->nr_triggers - 1);
	/* The listening socket has the news, too, and adds it then. */
	if (err && err != -ENODEV && err != -ESTALE)
		ev->nr_triggers--;
	return err;
}

/* Of one's own triggers, or of nobody's. */
static bool is_own(const struct memtel_events *ev,
		   const struct memtel_event *event)
{
	return !memtel_has(event, MEMTEL_A_EVENT_PORTID) ||
	       event->portid == nl_socket_get_local_port(ev->m->sock);
}

static int symbol_note(struct memtel_row *row, void *arg)
{
	const struct memtel_site *site = row->data;
	char **text = arg;

	*text = strdup(site->symbol);
	return 0;
}

static void symbols_forget(struct memtel_events *ev)
{
	for (unsigned int i = 0; i < ev->nr_symbols; i++)
		free(ev->symbols[i].text);
	ev->nr_symbols = 0;
}

/* "" where it may not be seen, the site is no longer among the first, its module
 * has gone, or there is no room: what the event has already must stay.
 */
static const char *symbol_of(struct memtel_events *ev, uint64_t id)
{
	struct symbol *symbol;
	char *text = NULL;

	for (unsigned int i = 0; i < ev->nr_symbols; i++)
		if (ev->symbols[i].id == id)
			return ev->symbols[i].text;
	if (ev->nr_symbols == SYMBOLS || ev->m->family != ev->family ||
	    memtel_request_site(ev->m, id, symbol_note, &text) || !text ||
	    !*text) {
		free(text);
		return "";
	}
	symbol = &ev->symbols[ev->nr_symbols++];
	symbol->id = id;
	symbol->text = text;
	return text;
}

/* The library made the struct, and alone fills this member. */
static void symbol_fill(struct memtel_events *ev,
			const struct memtel_suspect *suspect)
{
	struct memtel_suspect *filled = (struct memtel_suspect *)suspect;

	if (!suspect)
		return;
	filled->symbol = "";
	if (suspect->kind == MEMTEL_SUSPECT_KIND_SITE &&
	    memtel_has(suspect, MEMTEL_A_SUSPECT_ID))
		filled->symbol = symbol_of(ev, suspect->id);
}

/* All sites of an event. What is remembered goes between two of them alone. */
static void symbols_fill(struct memtel_events *ev,
			 const struct memtel_event *event)
{
	if (ev->nr_symbols + 1 + event->nr_suspects > SYMBOLS)
		symbols_forget(ev);
	symbol_fill(ev, event->cause);
	for (size_t i = 0; i < event->nr_suspects; i++)
		symbol_fill(ev, event->suspects[i]);
}

/* All before this number have come, or are lost. */
static void count(struct memtel_events *ev, uint64_t sequence)
{
	if (ev->next && sequence > ev->next)
		ev->lost += sequence - ev->next;
	ev->next = sequence;
}

typedef int (*notice_fn)(const struct memtel_notice *notice, void *arg);

static int tell_lost(struct memtel_events *ev, notice_fn notice, void *arg)
{
	struct memtel_notice lost = {
		.kind = MEMTEL_NOTICE_LOST,
		.lost = ev->lost,
	};

	if (!ev->lost)
		return 0;
	ev->lost = 0;
	return notice(&lost, arg);
}

static int give_event(struct memtel_events *ev,
		      const struct memtel_event *event, notice_fn notice,
		      void *arg)
{
	const struct memtel_notice told = {
		.kind = MEMTEL_NOTICE_EVENT,
		.event = event,
	};
	int err;

	/* It was given before. */
	if (ev->next && event->sequence < ev->next)
		return 0;
	count(ev, event->sequence);
	err = tell_lost(ev, notice, arg);
	if (err)
		return err;
	ev->next++;
	if (!ev->all && !is_own(ev, event))
		return 0;
	symbols_fill(ev, event);
	return notice(&told, arg);
}

/* The library made the structs, and alone fills these members. */
static void evidence_join(const struct memtel_event_message *message)
{
	for (size_t i = 0; i < message->nr_events; i++) {
		struct memtel_event *event =
			(struct memtel_event *)message->events[i];
		const struct memtel_event *of = NULL;

		if (!memtel_has(event, MEMTEL_A_EVENT_EVIDENCE_OF))
			continue;
		for (size_t j = 0; j < i && !of; j++)
			if (message->events[j]->sequence == event->evidence_of)
				of = message->events[j];
		if (!of)
			continue;
		event->nr_suspects = of->nr_suspects;
		event->suspects = of->suspects;
		event->evidence_interval_ns = of->evidence_interval_ns;
		event->present |= of->present & EVIDENCE_ATTRS;
	}
}

/* A message of events. Given again after a refusal, it goes on behind that. */
static int give_events(struct memtel_events *ev, struct pending *pending,
		       notice_fn notice, void *arg)
{
	const struct genlmsghdr *genl = nlmsg_data(pending->message);
	const struct memtel_event_message *message;
	struct memtel_malformed bad;
	struct memtel_row row;
	int err;

	if (genl->cmd != MEMTEL_CMD_EVENT)
		return 0;
	err = memtel_decode(&memtel_event_message_set, genlmsg_attrdata(genl, 0),
			    genlmsg_attrlen(genl, 0), &row, &bad);
	pending->is_bad = err == -EBADMSG;
	if (err)
		return memtel_fail(ev->m, err,
				   err == -EBADMSG ?
				   "malformed attributes in an event" :
				   "no memory for an event");
	message = row.data;
	evidence_join(message);
	for (size_t i = 0; i < message->nr_events && !err; i++)
		err = give_event(ev, message->events[i], notice, arg);
	memtel_row_free(&row);
	return err;
}

/* A trigger that could not be added again is tried once more, for the reason. */
static int tell_refused(struct memtel_events *ev, size_t i, notice_fn notice,
			void *arg)
{
	/* Copies: who is told may add and delete, and so fail anew. */
	const struct memtel_trigger_spec trigger = ev->triggers[i];
	struct memtel_notice refused = {
		.kind = MEMTEL_NOTICE_REFUSED,
		.trigger = &trigger,
	};
	int err = ev->ids[i] ? 0 : trigger_add(ev, i);
	char *why;

	if (!err || is_away(err))
		return 0;
	why = strdup(memtel_error(ev->m));
	refused.why = why ? why : strerror(-err);
	err = notice(&refused, arg);
	free(why);
	return err;
}

/* What became of the module and is not told yet. */
static int tell_module(struct memtel_events *ev, notice_fn notice, void *arg)
{
	static const struct memtel_notice gone = { .kind = MEMTEL_NOTICE_GONE };
	static const struct memtel_notice back = { .kind = MEMTEL_NOTICE_BACK };
	int err = 0;

	if (ev->gone_untold) {
		ev->gone_untold = false;
		err = notice(&gone, arg);
	}
	if (!err && ev->back_untold) {
		ev->back_untold = false;
		err = notice(&back, arg);
	}
	while (!err && ev->nr_told < ev->nr_again)
		err = tell_refused(ev, ev->nr_told++, notice, arg);
	return err;
}

static void go(struct memtel_events *ev)
{
	if (!ev->family)
		return;
	ev->family = 0;
	ev->nr_again = 0;
	for (size_t i = 0; i < ev->nr_triggers; i++)
		ev->ids[i] = 0;
	symbols_forget(ev);
	ev->gone_untold = true;
}

static int come_back(struct memtel_events *ev)
{
	int err = subscribe(ev);

	if (err)
		return is_away(err) ? 0 : err;
	/* Who is told that it is back can count on them. */
	for (size_t i = 0; i < ev->nr_triggers; i++)
		trigger_add(ev, i);
	ev->nr_again = ev->nr_triggers;
	ev->nr_told = 0;
	ev->back_untold = true;
	return 0;
}

/* A module has come. It may have gone since, or be subscribed to already. */
static int look(struct memtel_events *ev)
{
	uint16_t family;
	int err = memtel_family_resolve(ev->m, &family);

	if (err && !is_away(err))
		return err;
	if (!err && family == ev->family)
		return 0;
	/* That the one before had gone may have been lost. */
	go(ev);
	return come_back(ev);
}

/* A word of nlctrl's: is it of our family? */
static int on_family(struct memtel_events *ev, const struct nlmsghdr *nlh,
		     notice_fn notice, void *arg)
{
	const struct genlmsghdr *genl = nlmsg_data(nlh);
	const struct nlattr *name = nlmsg_find_attr((struct nlmsghdr *)nlh,
						    GENL_HDRLEN,
						    CTRL_ATTR_FAMILY_NAME);
	const struct nlattr *id = nlmsg_find_attr((struct nlmsghdr *)nlh,
						  GENL_HDRLEN,
						  CTRL_ATTR_FAMILY_ID);
	int err = 0;

	if (!name || nla_strcmp(name, MEMTEL_FAMILY_NAME) || !id ||
	    nla_len(id) != sizeof(uint16_t))
		return 0;
	if (genl->cmd == CTRL_CMD_DELFAMILY && nla_get_u16(id) == ev->family)
		go(ev);
	if (genl->cmd == CTRL_CMD_NEWFAMILY)
		err = look(ev);
	return err ? err : tell_module(ev, notice, arg);
}

static int on_message(struct memtel_events *ev, struct pending *pending,
		      notice_fn notice, void *arg)
{
	const struct nlmsghdr *nlh = pending->message;

	if (nlh->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return 0;
	if (nlh->nlmsg_type == GENL_ID_CTRL)
		return on_family(ev, nlh, notice, arg);
	if (ev->family && nlh->nlmsg_type == ev->family)
		return give_events(ev, pending, notice, arg);
	return 0;
}

static int give_pending(struct memtel_events *ev, notice_fn notice, void *arg)
{
	int err = 0;

	while (ev->head && !err) {
		struct pending *pending = ev->head;

		err = on_message(ev, pending, notice, arg);
		if (err && !pending->is_bad)
			break;
		ev->head = pending->next;
		if (!ev->head)
			ev->tail = &ev->head;
		free(pending->message);
		free(pending);
	}
	return err;
}

/* After an overrun: what is missing up to the last event that was sent? */
static int settle(struct memtel_events *ev, notice_fn notice, void *arg)
{
	uint16_t subscribed = ev->family, answering;
	uint64_t last = 0;
	int answer, err = 0;

	ev->overrun = false;
	answer = memtel_status(ev->m, sequence_note, &last);
	answering = is_away(answer) ? 0 : ev->m->family;
	if (answering)
		err = answer;
	if (!err)
		err = receive(ev);
	if (!err)
		err = give_pending(ev, notice, arg);
	/* Word of the module's end or return may be among what was lost. */
	if (!err && answering != subscribed && ev->family == subscribed)
		go(ev);
	if (!err && !ev->family)
		err = come_back(ev);
	if (!err)
		err = tell_module(ev, notice, arg);
	if (err)
		ev->overrun = true;
	/* Another's number says nothing. */
	if (err || !ev->family || ev->family != answering)
		return err;
	if (last >= ev->next)
		count(ev, last + 1);
	return tell_lost(ev, notice, arg);
}

int memtel_events_read(struct memtel_events *ev, notice_fn notice, void *arg)
{
	int err;

	memtel_succeed(ev->m);
	err = tell_module(ev, notice, arg);
	if (!err)
		err = receive(ev);
	if (!err)
		err = give_pending(ev, notice, arg);
	for (int i = 0; i < SETTLE_TRIES && ev->overrun && !err; i++)
		err = settle(ev, notice, arg);
	return err;
}

static bool is_same(const struct memtel_trigger_spec *a,
		    const struct memtel_trigger_spec *b)
{
	return a->metric == b->metric && a->threshold == b->threshold &&
	       a->has_clear == b->has_clear &&
	       (!a->has_clear || a->clear == b->clear) &&
	       a->window_ns == b->window_ns && a->hold_ns == b->hold_ns &&
	       a->has_node == b->has_node &&
	       (!a->has_node || a->node_id == b->node_id) &&
	       !strcmp(a->zone, b->zone) && !strcmp(a->cache, b->cache) &&
	       !strcmp(a->shrinker, b->shrinker) &&
	       !strcmp(a->cgroup, b->cgroup) &&
	       a->no_evidence == b->no_evidence;
}

int memtel_events_delete(struct memtel_events *ev,
			 const struct memtel_trigger_spec *given)
{
	struct memtel_trigger_spec spec;
	int err = spec_read(ev, &spec, given);
	size_t i = 0;

	if (err)
		return err;
	while (i < ev->nr_triggers && !is_same(&ev->triggers[i], &spec))
		i++;
	if (i == ev->nr_triggers)
		return memtel_fail(ev->m, -ENOENT, "no such trigger was added");
	if (ev->ids[i])
		err = memtel_request_trigger_delete(ev->m, ev->ids[i]);
	/* What the module has no more it lost when it was unloaded. */
	if (err && err != -ENOENT && err != -ENODEV && err != -ESTALE)
		return err;
	ev->nr_triggers--;
	memmove(&ev->triggers[i], &ev->triggers[i + 1],
		(ev->nr_triggers - i) * sizeof(*ev->triggers));
	memmove(&ev->ids[i], &ev->ids[i + 1],
		(ev->nr_triggers - i) * sizeof(*ev->ids));
	/* Some may just be being told of, see tell_module(). */
	ev->nr_again -= i < ev->nr_again;
	ev->nr_told -= i < ev->nr_told;
	return memtel_succeed(ev->m);
}
