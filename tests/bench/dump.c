// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What one reading costs a reader: dumps of memtel's family, the text of a file,
 * or what /sys/kernel/slab says of all caches. Bytes are received and dropped,
 * not taken apart, in all cases. Prints the nanoseconds of the shortest of COUNT
 * readings, 5 without it, and its bytes: so none pays for first use, nor for an
 * interrupt that came meanwhile.
 *
 *   dump caches|zones|everything|sysfs|FILE [COUNT]
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/genetlink.h>
#include <linux/memtel.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <stdio.h>
#include <stdlib.h>
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

/* Of each cache what tells how full it is; aliases are links. */
static long read_sysfs(void)
{
	static const char *const files[] = {
		"objects", "total_objects", "partial",
	};
	DIR *dir = opendir("/sys/kernel/slab");
	long bytes = 0, n = 0;
	struct dirent *entry;
	char path[512];
	size_t i;

	if (!dir)
		return -1;
	while (n >= 0 && (entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		for (i = 0; n >= 0 && i < sizeof(files) / sizeof(*files); i++) {
			snprintf(path, sizeof(path), "/sys/kernel/slab/%s/%s",
				 entry->d_name, files[i]);
			n = read_file(path);
			bytes += n;
		}
	}
	closedir(dir);
	return n < 0 ? -1 : bytes;
}

/* Bytes received, or -1. */
static long dump_one(int fd, int family, int cmd)
{
	struct {
		struct nlmsghdr nlh;
		struct genlmsghdr genl;
	} request = {
		.nlh.nlmsg_len = sizeof(request),
		.nlh.nlmsg_type = family,
		.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.genl.cmd = cmd,
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

static const struct view {
	const char *name;
	int cmds[10];	/* up to a zero */
} views[] = {
	{ "caches", { MEMTEL_CMD_CACHE_GET } },
	{ "zones", { MEMTEL_CMD_ZONE_GET } },
	{ "everything", { MEMTEL_CMD_CACHE_GET, MEMTEL_CMD_NODE_GET,
			  MEMTEL_CMD_ZONE_GET, MEMTEL_CMD_RECLAIM_GET,
			  MEMTEL_CMD_SHRINKER_GET, MEMTEL_CMD_LOCK_GET,
			  MEMTEL_CMD_FALLBACK_GET, MEMTEL_CMD_SITE_GET,
			  MEMTEL_CMD_STALL_GET } },
	{ NULL, { 0 } },
};

static long dump_all(int fd, int family, const int *cmds)
{
	long bytes = 0, n = 0;

	for (; *cmds && n >= 0; cmds++) {
		n = dump_one(fd, family, *cmds);
		bytes += n;
	}
	return n < 0 ? -1 : bytes;
}

int main(int argc, char **argv)
{
	struct nl_sock *sock = nl_socket_alloc();
	const struct view *view = views;
	unsigned long long ns, least_ns = ULLONG_MAX;
	int family, count;
	long bytes, least_bytes = 0;

	if (argc < 2 || !sock || genl_connect(sock) < 0)
		return 2;
	count = argc > 2 ? atoi(argv[2]) : 5;
	while (view->name && strcmp(argv[1], view->name))
		view++;
	family = genl_ctrl_resolve(sock, MEMTEL_FAMILY_NAME);
	if (view->name && family < 0) {
		fprintf(stderr, "dump: no memtel family\n");
		return 3;
	}
	memset(buf, 1, sizeof(buf));
	while (count-- > 0) {
		ns = now_ns();
		if (view->name)
			bytes = dump_all(nl_socket_get_fd(sock), family,
					 view->cmds);
		else if (!strcmp(argv[1], "sysfs"))
			bytes = read_sysfs();
		else
			bytes = read_file(argv[1]);
		ns = now_ns() - ns;
		if (bytes < 0) {
			fprintf(stderr, "dump: %s: %s\n", argv[1],
				strerror(errno));
			return 1;
		}
		if (ns < least_ns) {
			least_ns = ns;
			least_bytes = bytes;
		}
	}
	printf("%llu %ld\n", least_ns, least_bytes);
	nl_socket_free(sock);
	return 0;
}
