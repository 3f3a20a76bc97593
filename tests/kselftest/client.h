/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A client of the memtel family, as these tests need one: it gives away all that
 * the kernel says of a request, and hides nothing of a failure.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <linux/genetlink.h>
#include <linux/memtel.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NSEC_PER_SEC	UINT64_C(1000000000)

/**
 * struct client - a socket to the family
 * @family: number of the family
 */
struct client {
	struct nl_sock *sock;
	int family;
};

/**
 * struct attr - an attribute of a request
 * @type: 0 ends a list of them
 */
struct attr {
	int type;
	const void *data;
	int length;
};

#define A_U32(t, n)	{ t, &(const uint32_t){ n }, sizeof(uint32_t) }
#define A_U64(t, n)	{ t, &(const uint64_t){ n }, sizeof(uint64_t) }
#define A_TEXT(t, text)	{ t, text, sizeof(text) }
#define A_FLAG(t)	{ t, NULL, 0 }
#define ATTRS(...)	((const struct attr[]){ __VA_ARGS__, { 0 } })

/**
 * struct answer - all that came of a request
 * @err: 0 or an errno
 * @words: of the extended ACK, "" for none
 * @bad_attr: type of the request's attribute that the kernel refused, or 0
 * @missing_attr: type of the attribute that the request lacks; 0 where the
 *                kernel does not tell (before 6.1)
 * @is_multi: the rows are parts of a dump
 * @nr: number of rows
 */
struct answer {
	int err;
	char words[128];
	int bad_attr;
	int missing_attr;
	bool is_multi;
	unsigned int nr;
	char *rows;
	size_t length;
};

#define for_each_row(row, answer) \
	for (struct nlmsghdr *row = (struct nlmsghdr *)(answer)->rows; \
	     (char *)row < (answer)->rows + (answer)->length; \
	     row = (struct nlmsghdr *)((char *)row + \
				       NLMSG_ALIGN(row->nlmsg_len)))

int client_open(struct client *client);
void client_close(struct client *client);
uint32_t client_port(const struct client *client);
int client_subscribe(struct client *client);

void ask(struct client *client, int command, const struct attr *attrs,
	 struct answer *answer);
void ask_all(struct client *client, int command, const struct attr *attrs,
	     struct answer *answer);
int try(struct client *client, int command, const struct attr *attrs);
void answer_free(struct answer *answer);

const struct nlattr *row_attr(const struct nlmsghdr *row, int type);
uint64_t row_number(const struct nlmsghdr *row, int type);
const char *row_text(const struct nlmsghdr *row, int type);
bool same_rows(const struct nlmsghdr *one, const struct nlmsghdr *other);

bool source_is_attached(struct client *client, const char *source);

/* Before the tests: others may have holds, too. */
extern bool module_was_loaded;

/**
 * memtel_main() - main() of a program of tests, with the module loaded
 * @run: runs the tests
 *
 * Return: the program's exit status.
 */
int memtel_main(int argc, char **argv, int (*run)(int argc, char **argv));

#define MEMTEL_HARNESS_MAIN \
	int main(int argc, char **argv) \
	{ \
		return memtel_main(argc, argv, test_harness_run); \
	}

#endif /* CLIENT_H */
