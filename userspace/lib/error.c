// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Why a call failed: an errno, and a sentence kept in the handle.
 */
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

const char *memtel_error(const struct memtel *m)
{
	return m ? m->error : "no memory for a memtel handle";
}

/**
 * memtel_fail() - note why, and say what the call returns
 * Return: @err.
 */
int memtel_fail(struct memtel *m, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(m->error, sizeof(m->error), format, args);
	va_end(args);
	return err;
}

/**
 * memtel_succeed() - forget an earlier failure
 * Return: 0.
 */
int memtel_succeed(struct memtel *m)
{
	m->error[0] = '\0';
	return 0;
}

/**
 * memtel_errno_of_nl() - the errno libnl made its own code of
 * @nl_error: -NLE_*
 * Return: a negative errno; what has no equivalent is -EIO.
 */
int memtel_errno_of_nl(int nl_error)
{
	static const struct {
		int nl_error;
		int err;
	} table[] = {
		{ NLE_INTR, EINTR },
		{ NLE_BAD_SOCK, EBADF },
		{ NLE_AGAIN, ETIMEDOUT },	/* SO_RCVTIMEO passed */
		{ NLE_NOMEM, ENOMEM },
		{ NLE_INVAL, EINVAL },
		{ NLE_MSGSIZE, EMSGSIZE },
		{ NLE_MSG_TRUNC, EMSGSIZE },
		{ NLE_NOADDR, EADDRNOTAVAIL },
		{ NLE_AF_NOSUPPORT, EAFNOSUPPORT },
		{ NLE_PROTO_MISMATCH, EPROTONOSUPPORT },
		{ NLE_NOACCESS, EACCES },
		{ NLE_PERM, EPERM },
		{ NLE_BUSY, EBUSY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].nl_error == -nl_error)
			return -table[i].err;
	return -EIO;
}

static const char *attr_name(const struct memtel_command *command,
			     unsigned int type)
{
	if (!command || type >= command->set->nr_attrs)
		return NULL;
	return command->set->attrs[type].name;
}

/* The attribute at this offset of our own request; it has no nests. */
static const char *attr_name_at(const struct memtel_command *command,
				const struct nlmsghdr *request, uint32_t offset)
{
	const struct nlattr *attr;

	if (offset < NLMSG_HDRLEN + GENL_HDRLEN ||
	    offset % NLA_ALIGNTO ||
	    offset > request->nlmsg_len - NLA_HDRLEN)
		return NULL;
	attr = (const struct nlattr *)((const char *)request + offset);
	return attr_name(command, nla_type(attr));
}

/**
 * memtel_refused() - note that the kernel refused a request
 * @m: handle
 * @request: what was asked
 * @err: negative errno it gave
 * @extack: its words, if any
 *
 * Return: @err.
 */
int memtel_refused(struct memtel *m, const struct nlmsghdr *request, int err,
		   const struct memtel_extack *extack)
{
	const struct genlmsghdr *genl = nlmsg_data(request);
	const struct memtel_command *command = NULL;
	const char *name = "family lookup";
	const char *attr = NULL;
	const char *missing = "";

	if (request->nlmsg_type != GENL_ID_CTRL) {
		command = memtel_command_find(genl->cmd);
		name = command ? command->name : "command";
	}
	if (extack->offset)
		attr = attr_name_at(command, request, extack->offset);
	if (!attr && extack->missing) {
		attr = attr_name(command, extack->missing);
		missing = "missing ";
	}
	if (!extack->message && !attr && (err == -EPERM || err == -EACCES))
		return memtel_fail(m, err,
				   "%s is not permitted: it needs %s in the initial user namespace",
				   name, command && command->changes ?
				   "CAP_NET_ADMIN" :
				   "CAP_PERFMON or CAP_NET_ADMIN");
	return memtel_fail(m, err, "the kernel refused %s: %s%s%s%s%s%s", name,
			   extack->message ? extack->message : strerror(-err),
			   attr ? " (" : "", attr ? missing : "",
			   attr ? "attribute " : "", attr ? attr : "",
			   attr ? ")" : "");
}
