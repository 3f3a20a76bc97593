// SPDX-License-Identifier: GPL-2.0
/*
 * Subscribers: sockets that asked for events, with the right to.
 *
 * Who may hear is decided once, when a socket subscribes: the operation takes
 * CAP_NET_ADMIN. There is no multicast group that anybody could join, or keep
 * busy. A subscription ends with its socket.
 *
 * A message is cloned and queued on each subscriber's own socket, which is
 * named by its address and not by its port: between the close of a socket and
 * the end of its subscription the port may be another socket's. A message that
 * meets a socket that closes just then is freed with the socket.
 *
 * Loss. A subscriber whose buffer is full, or for whom no memory is there,
 * loses the message alone. Its socket then has the error ENOBUFS, as a socket
 * in a multicast group would: the next recvmsg() returns it, once, and whoever
 * waits is woken. A loss after that read sets it anew. So a subscriber learns
 * of each loss even where no later event shows a gap; how many events it lost
 * the numbers of the events and event-sequence of the status say.
 *
 * Locks. memtel_trigger_lock protects the list and everything here. Taking a
 * number for an event and sending the event are under it, too, so that a
 * subscriber gets each event numbered after the number it was told.
 */
#include <linux/list.h>
#include <linux/netlink.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "event.h"
#include "owner.h"
#include "subscriber.h"
#include "trigger.h"

/**
 * struct memtel_subscriber - a socket that gets all events
 * @list: in subscribers
 * @socket: the socket, which is an owner
 * @portid: its port when it subscribed
 */
struct memtel_subscriber {
	struct list_head list;
	struct sock *socket;
	u32 portid;
};

static LIST_HEAD(subscribers);
static unsigned int nr_subscribers;

/**
 * memtel_subscribers() - how many there are
 *
 * Context: Process context under memtel_trigger_lock.
 */
unsigned int memtel_subscribers(void)
{
	lockdep_assert_held(&memtel_trigger_lock);
	return nr_subscribers;
}

static bool subscriber_is_known(const struct sock *socket)
{
	const struct memtel_subscriber *subscriber;

	lockdep_assert_held(&memtel_trigger_lock);
	list_for_each_entry(subscriber, &subscribers, list)
		if (subscriber->socket == socket)
			return true;
	return false;
}

static void subscriber_free(struct memtel_subscriber *subscriber)
{
	memtel_owner_put(subscriber->socket, subscriber->portid);
	kfree(subscriber);
}

/**
 * memtel_subscriber_add() - let a socket have all events from now on
 * @socket: the socket, which a request of its own keeps open
 * @portid: its port
 * @sequence: set to the number of the last event that it does not get
 * @extack: told why not
 *
 * To subscribe again changes nothing.
 *
 * Context: Process context; current is who asks.
 * Return: 0, -EDQUOT or -ENOMEM.
 */
int memtel_subscriber_add(struct sock *socket, u32 portid, u64 *sequence,
			  struct netlink_ext_ack *extack)
{
	struct memtel_subscriber *subscriber;
	struct sk_buff *spare;
	int err;

	subscriber = kzalloc(sizeof(*subscriber), GFP_KERNEL_ACCOUNT);
	if (!subscriber)
		return -ENOMEM;
	err = memtel_owner_get(socket, portid, extack);
	if (err) {
		kfree(subscriber);
		return err;
	}
	subscriber->socket = socket;
	subscriber->portid = portid;
	spare = memtel_event_spare_new(GFP_KERNEL);

	mutex_lock(&memtel_trigger_lock);
	*sequence = memtel_event_sequence();
	if (!spare) {
		err = -ENOMEM;
	} else if (!subscriber_is_known(socket)) {
		list_add_tail(&subscriber->list, &subscribers);
		nr_subscribers++;
		subscriber = NULL;
		memtel_event_spare_give(spare);
		spare = NULL;
	}
	mutex_unlock(&memtel_trigger_lock);
	nlmsg_free(spare);
	if (subscriber)
		subscriber_free(subscriber);
	return err;
}

static void subscriber_lost(const struct memtel_subscriber *subscriber)
{
	struct sock *socket = subscriber->socket;

	WRITE_ONCE(socket->sk_err, ENOBUFS);
	sk_error_report(socket);
}

/*
 * Queue a message on a subscriber's socket. A filter that the subscriber itself
 * attached may drop the message: that is no loss.
 */
static void subscriber_deliver(const struct memtel_subscriber *subscriber,
			       struct sk_buff *skb)
{
	int err = skb ? sock_queue_rcv_skb(subscriber->socket, skb) : -ENOMEM;

	if (!err)
		return;
	kfree_skb(skb);
	if (err == -ENOMEM || err == -ENOBUFS)
		subscriber_lost(subscriber);
}

/**
 * memtel_subscribers_deliver() - give a message to all subscribers
 * @skb: the message, consumed
 *
 * Context: Process context under memtel_trigger_lock.
 */
void memtel_subscribers_deliver(struct sk_buff *skb)
{
	const struct memtel_subscriber *subscriber;

	lockdep_assert_held(&memtel_trigger_lock);
	list_for_each_entry(subscriber, &subscribers, list)
		subscriber_deliver(subscriber,
				   skb_clone(skb, GFP_NOWAIT | __GFP_NOWARN));
	consume_skb(skb);
}

/**
 * memtel_subscribers_lost() - events could not be made a message
 *
 * Context: Process context under memtel_trigger_lock.
 */
void memtel_subscribers_lost(void)
{
	const struct memtel_subscriber *subscriber;

	lockdep_assert_held(&memtel_trigger_lock);
	list_for_each_entry(subscriber, &subscribers, list)
		subscriber_lost(subscriber);
}

/* End the subscriptions of sockets that are being closed, or all there are. */
static void subscribers_drop(bool dead_only)
{
	struct memtel_subscriber *subscriber, *next;

	mutex_lock(&memtel_trigger_lock);
	list_for_each_entry_safe(subscriber, next, &subscribers, list) {
		if (dead_only && !memtel_socket_is_dead(subscriber->socket))
			continue;
		list_del(&subscriber->list);
		nr_subscribers--;
		subscriber_free(subscriber);
	}
	if (!nr_subscribers)
		memtel_event_spare_free();
	mutex_unlock(&memtel_trigger_lock);
}

/**
 * memtel_subscribers_release_dead() - a netlink socket closed: unsubscribe it
 *
 * Context: Process context.
 */
void memtel_subscribers_release_dead(void)
{
	subscribers_drop(true);
}

/* No request can come any more, and no event. */
void memtel_subscribers_exit(void)
{
	subscribers_drop(false);
}
