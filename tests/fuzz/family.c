// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile messages for a generic netlink family: family SPEC SEED MESSAGES KIND
 *
 * SPEC says what there is, a line each:
 *
 *	family ID VERSION
 *	text WORD			that names may be, the likeliest first
 *	command NUMBER FLAGS WEIGHT	1 for a do, 2 for a dump; and how often
 *	attribute NUMBER TYPE MAX	of the command before: u32, u64, string, flag
 *
 * KIND spec makes messages as SPEC has them, and spoils some; random puts random
 * bytes behind valid headers. The same seed sends the same messages, whatever the
 * kernel answers. Several go with one send, by sockets that close and open anew,
 * some of them amid a dump. The answers are looked at as far as all must be alike:
 * whole messages, and errnos.
 *
 * Prints a line for each command: how many messages, how many of them were taken.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKETS		8
#define BATCH		16
#define MESSAGE_MAX	2048
#define ATTRS_MAX	32
#define TEXTS_MAX	64
#define COMMANDS_MAX	64	/* the last is for all that are none */

struct attr {
	unsigned int number;
	char type;		/* the first letter; 6 for u64 */
	uint64_t max;
};

struct command {
	unsigned int number;
	unsigned int flags;
	unsigned int weight;
	unsigned int nr_attrs;
	struct attr attrs[ATTRS_MAX];
	unsigned long sent;
	unsigned long taken;
};

static struct {
	unsigned int id;
	unsigned int version;
	unsigned int nr_texts;
	char texts[TEXTS_MAX][64];
	unsigned int nr_commands;
	struct command commands[COMMANDS_MAX];
	unsigned int weight;
} spec;

static int sockets[SOCKETS];
static uint64_t state;
/* Of what was sent, by the lower bits of its number. */
static uint8_t command_of[1 << 16];
static uint32_t number;
static unsigned long rows;

static void die(const char *what)
{
	fprintf(stderr, "family: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void wrong(const char *what, long value)
{
	fprintf(stderr, "family: the kernel sent %s: %ld\n", what, value);
	exit(1);
}

/* xorshift64*: the same everywhere. */
static uint64_t any(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * UINT64_C(2685821657736338717);
}

static unsigned int below(unsigned int n)
{
	return (unsigned int)((any() >> 32) % n);
}

static bool one_in(unsigned int n)
{
	return !below(n);
}

static void spec_read(const char *path)
{
	FILE *in = fopen(path, "re");
	struct command *command = NULL;
	char line[256], type[16];
	unsigned long long max;
	struct attr attr;

	if (!in)
		die(path);
	while (fgets(line, sizeof(line), in)) {
		if (sscanf(line, "family %u %u", &spec.id, &spec.version) == 2)
			continue;
		if (spec.nr_texts < TEXTS_MAX &&
		    sscanf(line, "text %63s", spec.texts[spec.nr_texts]) == 1) {
			spec.nr_texts++;
			continue;
		}
		if (!strncmp(line, "command", 7) &&
		    spec.nr_commands < COMMANDS_MAX - 1) {
			command = &spec.commands[spec.nr_commands++];
			if (sscanf(line, "command %u %u %u", &command->number,
				   &command->flags, &command->weight) == 3) {
				spec.weight += command->weight;
				continue;
			}
		}
		if (command && command->nr_attrs < ATTRS_MAX &&
		    sscanf(line, "attribute %u %15s %llu", &attr.number, type,
			   &max) == 3) {
			attr.type = strcmp(type, "u64") ? *type : '6';
			attr.max = max;
			command->attrs[command->nr_attrs++] = attr;
			continue;
		}
		errno = EINVAL;
		die(line);
	}
	fclose(in);
	errno = EINVAL;
	if (!spec.nr_texts || !spec.weight)
		die("no commands or no texts");
}

static int socket_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_GENERIC);
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	int one = 1;

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		die("socket");
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	return fd;
}

/* A number as it is, or about where it may not be any more. */
static uint64_t number_for(const struct attr *attr)
{
	const uint64_t edges[] = { 0, 1, 2, attr->max, attr->max + 1,
				   UINT32_MAX, INT32_MAX, UINT64_MAX };
	uint64_t shift = below(64);

	if (one_in(4))
		return edges[below(sizeof(edges) / sizeof(edges[0]))];
	if (attr->max && attr->max < UINT32_MAX)
		return any() % (attr->max + 1);
	return any() >> shift;
}

static size_t put(uint8_t *to, unsigned int type, const void *data, size_t size)
{
	struct nlattr nla = { .nla_len = NLA_HDRLEN + size, .nla_type = type };

	memcpy(to, &nla, sizeof(nla));
	memset(to + NLA_HDRLEN, 0, NLA_ALIGN(size));
	memcpy(to + NLA_HDRLEN, data, size);
	return NLA_HDRLEN + NLA_ALIGN(size);
}

static size_t put_random(uint8_t *to, unsigned int type)
{
	uint64_t data[16];

	for (unsigned int i = 0; i < 16; i++)
		data[i] = any();
	return put(to, type, data, below(sizeof(data) + 1));
}

static size_t put_attr(uint8_t *to, const struct attr *attr)
{
	uint64_t value = number_for(attr);
	uint32_t value32 = (uint32_t)value;
	char text[256];
	size_t length;

	if (one_in(32))
		return put_random(to, one_in(2) ? below(64) : attr->number);
	switch (attr->type) {
	case 'u':
		return put(to, attr->number, &value32, sizeof(value32));
	case '6':
		return put(to, attr->number, &value, sizeof(value));
	case 'f':
		return put(to, attr->number, "", 0);
	}
	if (!one_in(8)) {
		unsigned int nr = one_in(2) ? spec.nr_texts :
				  (spec.nr_texts + 2) / 3;
		const char *word = spec.texts[below(nr)];

		return put(to, attr->number, word, strlen(word) + 1);
	}
	length = one_in(2) ? below(sizeof(text)) : 60 + below(8);
	memset(text, "*?[a%"[below(5)], length);
	text[length] = '\0';
	return put(to, attr->number, text, length + below(2));
}

static struct command *choose(void)
{
	unsigned int at = below(spec.weight);
	struct command *command = spec.commands;

	while (at >= command->weight)
		at -= command++->weight;
	return command;
}

static size_t attrs_make(uint8_t *to, const struct command *command, bool is_spec)
{
	/* The first of them, which are those needed, or any. */
	unsigned int first = below(command->nr_attrs + 1);
	unsigned int part = one_in(2) ? 0 : 2 + below(3);
	size_t size = 0, end = 8 * below(64);

	if (!is_spec) {
		for (; size < end; size += 8)
			memcpy(to + size, &(uint64_t){ any() }, 8);
		/* Lengths that may be right. */
		for (size_t i = 0; size && i < size; i += 4 + 4 * below(8))
			to[i + 1] = 0;
		return size - (size ? below(8) : 0);
	}
	for (unsigned int i = 0; i < command->nr_attrs; i++)
		if ((part ? one_in(part) : i < first) && size < MESSAGE_MAX / 2)
			size += put_attr(to + size, &command->attrs[i]);
	while (one_in(24) && size < MESSAGE_MAX / 2)
		size += put_random(to + size, below(64));
	while (one_in(16) && size)
		to[below((unsigned int)size)] ^= (uint8_t)(1 << below(8));
	return size;
}

static size_t message_make(uint8_t *to, bool is_spec)
{
	struct command *command = choose();
	bool is_dump = command->flags == 2 || (command->flags == 3 && one_in(2));
	struct nlmsghdr nlh = {
		.nlmsg_type = (uint16_t)spec.id,
		.nlmsg_flags = NLM_F_REQUEST | (is_dump ? NLM_F_DUMP : NLM_F_ACK),
		.nlmsg_seq = ++number,
	};
	struct genlmsghdr genl = {
		.cmd = (uint8_t)command->number,
		.version = (uint8_t)spec.version,
	};
	size_t size = NLMSG_HDRLEN + GENL_HDRLEN;

	size += attrs_make(to + size, command, is_spec);
	if (one_in(is_spec ? 64 : 8))
		genl.cmd = (uint8_t)below(one_in(2) ? 256 : 32);
	if (one_in(is_spec ? 64 : 8))
		genl.version = (uint8_t)any();
	if (one_in(is_spec ? 64 : 8))
		nlh.nlmsg_flags = (uint16_t)(any() | NLM_F_REQUEST);
	nlh.nlmsg_len = (uint32_t)size;
	if (one_in(256))
		nlh.nlmsg_len = below((unsigned int)size + 1);
	memcpy(to, &nlh, sizeof(nlh));
	memcpy(to + NLMSG_HDRLEN, &genl, sizeof(genl));
	memset(to + size, 0, NLMSG_ALIGN(size) - size);
	for (command = spec.commands; command < spec.commands + spec.nr_commands &&
	     command->number != genl.cmd; command++)
		;
	command_of[number % (1 << 16)] = (uint8_t)(command - spec.commands);
	command->sent++;
	return NLMSG_ALIGN(size);
}

static void look_at(const struct nlmsghdr *nlh)
{
	struct nlmsgerr end = { .msg.nlmsg_type = (uint16_t)spec.id };
	bool is_error = nlh->nlmsg_type == NLMSG_ERROR;
	size_t size = is_error ? sizeof(end) : sizeof(end.error);

	if (nlh->nlmsg_type == spec.id) {
		if (nlh->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
			wrong("a short answer", nlh->nlmsg_len);
		rows++;
		return;
	}
	/* A spoilt length makes headers of what follows. */
	if (!is_error && nlh->nlmsg_type != NLMSG_DONE)
		return;
	if (nlh->nlmsg_len < NLMSG_LENGTH(size))
		wrong("a short end", nlh->nlmsg_len);
	memcpy(&end, NLMSG_DATA(nlh), size);
	if (end.error < -4095 || (end.error > 0 && is_error))
		wrong("an errno", end.error);
	/* What was for netlink itself has no command. */
	if (end.error >= 0 && end.msg.nlmsg_type == spec.id)
		spec.commands[command_of[nlh->nlmsg_seq % (1 << 16)]].taken++;
}

/* What is there to read, at most so many times. */
static void receive(int fd, unsigned int times)
{
	static _Alignas(8) char buffer[32768];
	const struct nlmsghdr *nlh;
	ssize_t size;

	for (; times; times--) {
		size = recv(fd, buffer, sizeof(buffer), MSG_TRUNC);
		/* A full buffer is no fault of the kernel's. */
		if (size < 0 && errno == ENOBUFS)
			continue;
		if (size < 0 && errno == EAGAIN)
			return;
		if (size < 0)
			wrong("no answer but errno", errno);
		if ((size_t)size > sizeof(buffer))
			wrong("too much", size);
		for (nlh = (void *)buffer; NLMSG_OK(nlh, size);
		     nlh = NLMSG_NEXT(nlh, size))
			look_at(nlh);
		if (size > 0)
			wrong("what is no message, bytes", size);
	}
}

static void batch(bool is_spec, unsigned int nr)
{
	static uint8_t buffer[BATCH * MESSAGE_MAX];
	unsigned int i = below(SOCKETS);
	size_t size = 0;

	while (nr--)
		size += message_make(buffer + size, is_spec);
	if (send(sockets[i], buffer, size, 0) < 0 && errno != EAGAIN &&
	    errno != ENOBUFS)
		die("send");
	receive(sockets[i], one_in(4) ? below(3) : 1000);
	if (one_in(64)) {
		close(sockets[i]);
		sockets[i] = socket_open();
	}
}

int main(int argc, char **argv)
{
	unsigned long left, nr;

	if (argc != 5) {
		fprintf(stderr, "usage: family SPEC SEED MESSAGES spec|random\n");
		return 2;
	}
	spec_read(argv[1]);
	/* The state may be all but 0. */
	state = strtoull(argv[2], NULL, 0) * 2 + 1;
	for (int i = 0; i < SOCKETS; i++)
		sockets[i] = socket_open();
	for (left = strtoul(argv[3], NULL, 0); left; left -= nr) {
		nr = 1 + below(BATCH);
		nr = nr < left ? nr : left;
		batch(!strcmp(argv[4], "spec"), (unsigned int)nr);
	}
	for (int i = 0; i < SOCKETS; i++)
		close(sockets[i]);
	for (unsigned int i = 0; i < spec.nr_commands; i++)
		printf("command %u %lu %lu\n", spec.commands[i].number,
		       spec.commands[i].sent, spec.commands[i].taken);
	printf("rows %lu\n", rows);
	return 0;
}
