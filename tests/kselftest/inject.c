// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Has the nth allocation of a system call fail, by /proc/self/fail-nth.
 *
 * For test_injection.py, which loads it as a library: between setting the number
 * and reading what is left of it nothing but what is tested must allocate, least
 * of all an interpreter.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Longer than any message of memtel's. */
static char buffer[1 << 16];

static int open_fail_nth(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/proc/self/fail-nth", O_RDWR);
	return fd;
}

static int set(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	return pwrite(open_fail_nth(), text, len, 0) == len ? 0 : -errno;
}

/* What is left of the number: 0 when an allocation has failed. */
static unsigned int unset(void)
{
	char text[16] = "";

	if (pread(open_fail_nth(), text, sizeof(text) - 1, 0) < 0)
		return 0;
	set(0);
	return strtoul(text, NULL, 10);
}

/**
 * inject_syscall() - a system call whose nth allocation fails
 * @nth: which, 0 for none
 * @left: set to @nth less the allocations there were, 0 when one failed
 *
 * Return: the call's, or -errno.
 */
long inject_syscall(unsigned int nth, unsigned int *left, long number, long a,
		    long b, long c)
{
	int err = set(nth);
	long done;

	*left = nth;
	if (err)
		return err;
	done = syscall(number, a, b, c);
	if (done < 0)
		done = -errno;
	*left = unset();
	return done;
}

/* Read until the end of the answer. Its errno, or that of reading it. */
static int receive(int sock, unsigned int *rows, char *words, size_t size)
{
	for (;;) {
		ssize_t got = recv(sock, buffer, sizeof(buffer), 0);
		const struct nlmsghdr *nlh = (const void *)buffer;
		const struct nlattr *attr;
		size_t at;
		int err;

		if (got < 0)
			return -errno;
		for (; NLMSG_OK(nlh, got); nlh = NLMSG_NEXT(nlh, got)) {
			if (nlh->nlmsg_type != NLMSG_ERROR &&
			    nlh->nlmsg_type != NLMSG_DONE) {
				++*rows;
				continue;
			}
			err = *(const int *)NLMSG_DATA(nlh);
			at = NLMSG_HDRLEN + sizeof(err) +
			     (nlh->nlmsg_type == NLMSG_ERROR ?
			      sizeof(struct nlmsghdr) : 0);
			while (nlh->nlmsg_flags & NLM_F_ACK_TLVS &&
			       at + NLA_HDRLEN < nlh->nlmsg_len) {
				attr = (const void *)((const char *)nlh + at);
				if (attr->nla_type == NLMSGERR_ATTR_MSG)
					snprintf(words, size, "%s",
						 (const char *)(attr + 1));
				at += NLMSG_ALIGN(attr->nla_len);
			}
			return err;
		}
	}
}

/**
 * inject_request() - the same of a netlink request and its answer
 * @nth: which allocation fails, 0 for none
 * @left: set to @nth less the allocations there were, 0 when one failed
 * @sock: where to
 * @request: the message
 * @bytes: its length
 * @rows: set to how many messages came before the last one
 * @words: set to the kernel's, if any
 * @size: room for them
 *
 * Return: 0 or -errno.
 */
int inject_request(unsigned int nth, unsigned int *left, int sock,
		   const void *request, size_t bytes, unsigned int *rows,
		   char *words, size_t size)
{
	int err;

	*left = nth;
	*rows = 0;
	words[0] = '\0';
	/* Its pages are there before. */
	memset(buffer, 0, sizeof(buffer));
	err = set(nth);
	if (err)
		return err;
	err = send(sock, request, bytes, 0) < 0 ? -errno :
	      receive(sock, rows, words, size);
	*left = unset();
	return err;
}
