// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A handle: a generic netlink socket and the id of the module's family.
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
#include <sys/time.h>
#include <unistd.h>

#include "internal.h"

#define TIMEOUT_DEFAULT_MS 10000

/*
 * The kernel makes a dump's messages as large as the largest recvmsg() so far
 * asked for, up to 32 KiB, or as large as a row may be. A cache's grows with the
 * square of the nodes there may be: 42 KB for 32 of them, 158 KB for 64.
 */
#define RECEIVE_BYTES (256 << 10)

int memtel_set_timeout(struct memtel *m, unsigned int timeout_ms)
{
	struct timeval timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_usec = timeout_ms % 1000 * 1000,
	};

	if (m->open_error)
		return m->open_error;
	if (setsockopt(nl_socket_get_fd(m->sock), SOL_SOCKET, SO_RCVTIMEO,
		       &timeout, sizeof(timeout)))
		return memtel_fail(m, -errno, "cannot set a timeout: %s",
				   strerror(errno));
	return memtel_succeed(m);
}

static int socket_connect(struct memtel *m)
{
	static const struct timeval timeout = {
		.tv_sec = TIMEOUT_DEFAULT_MS / 1000,
	};
	static const int one = 1;
	int err, fd;

	m->sock = nl_socket_alloc();
	if (!m->sock)
		return memtel_fail(m, -ENOMEM, "no memory for a socket");
	err = genl_connect(m->sock);
	if (err) {
		err = memtel_errno_of_nl(err);
		return memtel_fail(m, err,
				   "cannot open a generic netlink socket: %s",
				   strerror(-err));
	}
	nl_socket_set_msg_buf_size(m->sock, RECEIVE_BYTES);
	fd = nl_socket_get_fd(m->sock);
	/*
	 * libnl has no call for either. Without them errors come without the
	 * kernel's words, and that is all that is lost: no check.
	 */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)))
		return memtel_fail(m, -errno, "cannot set a timeout: %s",
				   strerror(errno));
	return 0;
}

static int family_not_found(struct memtel *m)
{
	if (!access("/sys/module/" MEMTEL_FAMILY_NAME, F_OK))
		return memtel_fail(m, -ENODEV, m->family ?
				   "the memtel module is being unloaded" :
				   "the memtel module is loaded, but its netlink family is only found in the initial network namespace");
	return memtel_fail(m, -ENODEV,
			   "the memtel module is not loaded: run modprobe memtel, or insmod memtel.ko, as root");
}

/* The module's, of the families in a reply. */
static struct nlmsghdr *family_of(const struct memtel_reply *reply)
{
	for (size_t i = 0; i < reply->nr; i++) {
		struct nlattr *name = nlmsg_find_attr(reply->messages[i],
						      GENL_HDRLEN,
						      CTRL_ATTR_FAMILY_NAME);

		if (name && !nla_strcmp(name, MEMTEL_FAMILY_NAME))
			return reply->messages[i];
	}
	return NULL;
}

static uint16_t family_id_of(struct nlmsghdr *nlh)
{
	struct nlattr *attr = nlmsg_find_attr(nlh, GENL_HDRLEN,
					      CTRL_ATTR_FAMILY_ID);

	return attr && nla_len(attr) == sizeof(uint16_t) ? nla_get_u16(attr) : 0;
}

/**
 * memtel_family_resolve() - ask the kernel for the family's id
 * @m: handle with a socket
 * @family: set to it
 *
 * Asks for all families: to ask for one by its name may load a module.
 *
 * Return: 0, -ENODEV when there is none, or another negative errno.
 */
int memtel_family_resolve(struct memtel *m, uint16_t *family)
{
	struct memtel_reply reply;
	struct nl_msg *request;
	struct nlmsghdr *nlh;
	int err;

	request = nlmsg_alloc();
	if (!request ||
	    !genlmsg_put(request, NL_AUTO_PORT, NL_AUTO_SEQ, GENL_ID_CTRL, 0,
			 NLM_F_DUMP, CTRL_CMD_GETFAMILY, 1)) {
		err = memtel_fail(m, -ENOMEM, "no memory for a request");
		goto free_request;
	}
	err = memtel_exchange(m, request, &reply);
	if (err)
		goto free_request;
	nlh = family_of(&reply);
	if (!nlh) {
		err = family_not_found(m);
		goto free_reply;
	}
	*family = family_id_of(nlh);
	if (!*family)
		err = memtel_fail(m, -EBADMSG,
				  "the kernel gave the memtel family no id");
free_reply:
	memtel_reply_free(&reply);
free_request:
	nlmsg_free(request);
	return err;
}

int memtel_open(struct memtel **mp)
{
	struct memtel *m = calloc(1, sizeof(*m));

	*mp = m;
	if (!m)
		return -ENOMEM;
	m->open_error = socket_connect(m);
	if (!m->open_error)
		m->open_error = memtel_family_resolve(m, &m->family);
	return m->open_error;
}

void memtel_close(struct memtel *m)
{
	if (!m)
		return;
	nl_socket_free(m->sock);
	free(m);
}
