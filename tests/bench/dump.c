// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What one reading of all caches costs a reader: a dump of memtel's family,
 * or the text of a file. Bytes are received and dropped, not taken apart, in
 * both cases. Prints nanoseconds and bytes of the second of two readings, so
 * that neither pays for first use.
 *
 *   dump caches|FILE
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/memtel.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buf[65536];

static unsigned long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* Bytes read, or -1. */
static long read_file(const char *path)
{
	long bytes = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return -1;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		bytes += n;
	close(fd);
	return n < 0 ? -1 : bytes;
}

/* Bytes received, or -1. */
static long dump_caches(int fd, int family)
{
	struct {
		struct nlmsghdr nlh;
		struct genlmsghdr genl;
	} request = {
		.nlh.nlmsg_len = sizeof(request),
		.nlh.nlmsg_type = family,
		.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.genl.cmd = MEMTEL_CMD_CACHE_GET,
		.genl.version = MEMTEL_FAMILY_VERSION,
	};
	long bytes = 0;
	ssize_t n;

	if (send(fd, &request, sizeof(request), 0) < 0)
		return -1;
	for (;;) {
		struct nlmsghdr *h = (struct nlmsghdr *)buf;

		n = recv(fd, buf, sizeof(buf), 0);
		if (n < 0)
			return -1;
		bytes += n;
		for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type == NLMSG_ERROR)
				return -1;
			if (h->nlmsg_type == NLMSG_DONE)
				return bytes;
		}
	}
}

int main(int argc, char **argv)
{
	struct nl_sock *sock = nl_socket_alloc();
	unsigned long long ns = 0;
	int family, i, caches;
	long bytes = -1;

	if (argc != 2 || !sock || genl_connect(sock) < 0)
		return 2;
	caches = !strcmp(argv[1], "caches");
	family = genl_ctrl_resolve(sock, MEMTEL_FAMILY_NAME);
	if (caches && family < 0) {
		fprintf(stderr, "dump: no memtel family\n");
		return 3;
	}
	memset(buf, 1, sizeof(buf));
	for (i = 0; i < 2; i++) {
		ns = now_ns();
		bytes = caches ? dump_caches(nl_socket_get_fd(sock), family) :
				 read_file(argv[1]);
		ns = now_ns() - ns;
		if (bytes < 0) {
			fprintf(stderr, "dump: %s: %s\n", argv[1],
				strerror(errno));
			return 1;
		}
	}
	printf("%llu %ld\n", ns, bytes);
	nl_socket_free(sock);
	return 0;
}
