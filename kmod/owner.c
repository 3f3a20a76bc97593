// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets that own something: a hold of a source, a trigger, a subscription.
 *
 * Whatever a socket owns ends with the socket. The kernel tells of each netlink
 * socket that is closed by its port id alone, when the port is free again and
 * may be another socket's already. So an owner is known by its address, to
 * which memtel has a reference: the address is nobody else's before memtel has
 * let go of everything that the socket owned.
 *
 * A close takes none of memtel's mutexes, which may be held for long, unless a
 * socket that owned something has just closed with this very port.
 *
 * Locks. owners_lock protects the table; it is innermost.
 */
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>

#include "owner.h"

/*
 * Sockets that may own something: of a user other than root, and in all, of
 * which a quarter is root's. Work over owners is bounded by this.
 */
#define OWNERS_PER_USER		128
#define OWNERS_MAX		1024

/**
 * struct memtel_owner - a socket that owns something
 * @node: in the table, by @portid
 * @socket: the socket, to which the owner has a reference
 * @portid: its port
 * @uid: of who first asked with it
 * @nr: how many things it owns
 */
struct memtel_owner {
	struct hlist_node node;
	struct sock *socket;
	u32 portid;
	kuid_t uid;
	unsigned int nr;
};

static DEFINE_HASHTABLE(owners, 8);
static DEFINE_SPINLOCK(owners_lock);

static struct memtel_owner *owner_find(const struct sock *socket, u32 portid)
{
	struct memtel_owner *owner;

	lockdep_assert_held(&owners_lock);
	hash_for_each_possible(owners, owner, node, portid)
		if (owner->socket == socket)
			return owner;
	return NULL;
}

static bool owner_is_within_quota(kuid_t uid)
{
	unsigned int all = 0, others = 0, same = 0;
	struct memtel_owner *owner;
	int bucket;

	lockdep_assert_held(&owners_lock);
	hash_for_each(owners, bucket, owner, node) {
		all++;
		others += !uid_eq(owner->uid, GLOBAL_ROOT_UID);
		same += uid_eq(owner->uid, uid);
	}
	if (all >= OWNERS_MAX)
		return false;
	return uid_eq(uid, GLOBAL_ROOT_UID) ||
	       (same < OWNERS_PER_USER && others < OWNERS_MAX / 4 * 3);
}

static int owner_add(struct memtel_owner *owner)
{
	struct memtel_owner *known;
	int err = 0;

	spin_lock(&owners_lock);
	known = owner_find(owner->socket, owner->portid);
	if (known) {
		known->nr++;
		err = -EEXIST;
	} else if (!owner_is_within_quota(owner->uid)) {
		err = -EDQUOT;
	} else {
		sock_hold(owner->socket);
		hash_add(owners, &owner->node, owner->portid);
	}
	spin_unlock(&owners_lock);
	return err;
}

/**
 * memtel_owner_get() - a socket owns one thing more
 * @socket: the socket, which a request of its own keeps open
 * @portid: its port
 * @extack: told why not
 *
 * Context: Process context; current is who asks.
 * Return: 0, -EDQUOT or -ENOMEM.
 */
int memtel_owner_get(struct sock *socket, u32 portid,
		     struct netlink_ext_ack *extack)
{
	/*
	 * Not accounted: a hold is made under memtel_source_lock, under which
	 * nobody waits for the memory of a cgroup. Owners are few.
	 */
	struct memtel_owner *owner = kzalloc(sizeof(*owner), GFP_KERNEL);
	int err;

	if (!owner)
		return -ENOMEM;
	owner->socket = socket;
	owner->portid = portid;
	owner->uid = current_uid();
	owner->nr = 1;
	err = owner_add(owner);
	if (!err)
		return 0;
	kfree(owner);
	if (err == -EEXIST)
		return 0;
	NL_SET_ERR_MSG(extack,
		       "too many sockets have holds, triggers or subscriptions");
	return err;
}

/**
 * memtel_owner_put() - a socket owns one thing less
 * @socket: the socket
 * @portid: its port
 */
void memtel_owner_put(struct sock *socket, u32 portid)
{
	struct memtel_owner *owner;

	spin_lock(&owners_lock);
	owner = owner_find(socket, portid);
	if (WARN_ON_ONCE(!owner) || --owner->nr)
		owner = NULL;
	else
		hash_del(&owner->node);
	spin_unlock(&owners_lock);
	if (!owner)
		return;
	sock_put(owner->socket);
	kfree(owner);
}

/**
 * memtel_owner_closed() - has an owner of this port been closed?
 * @portid: port of a netlink socket that is being closed
 *
 * Return: whether something of a closed socket is still to be released. A live
 * socket that took the port over meanwhile changes nothing.
 */
bool memtel_owner_closed(u32 portid)
{
	struct memtel_owner *owner;
	bool is_closed = false;

	spin_lock(&owners_lock);
	hash_for_each_possible(owners, owner, node, portid)
		if (owner->portid == portid &&
		    memtel_socket_is_dead(owner->socket))
			is_closed = true;
	spin_unlock(&owners_lock);
	return is_closed;
}
