// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "kselftest.h"

/* NLMSGERR_ATTR_MISS_TYPE; not in every header. */
#define ATTR_MISS_TYPE 5

bool module_was_loaded;

/**
 * client_open() - a new socket to the family
 *
 * Return: 0 or a negative error of libnl's.
 */
int client_open(struct client *client)
{
	const int on = 1;
	int err;

	client->sock = nl_socket_alloc();
	if (!client->sock)
		return -NLE_NOMEM;
	err = genl_connect(client->sock);
	if (!err && setsockopt(nl_socket_get_fd(client->sock), SOL_NETLINK,
			       NETLINK_EXT_ACK, &on, sizeof(on)))
		err = -NLE_FAILURE;
	if (!err)
		err = genl_ctrl_resolve(client->sock, MEMTEL_FAMILY_NAME);
	if (err < 0) {
		client_close(client);
		return err;
	}
	client->family = err;
	return 0;
}

/** client_close() - close its socket, if it is open */
void client_close(struct client *client)
{
	nl_socket_free(client->sock);
	client->sock = NULL;
}

/** client_port() - the port of its socket */
uint32_t client_port(const struct client *client)
{
	return nl_socket_get_local_port(client->sock);
}

/**
 * client_subscribe() - have events sent to its socket
 *
 * Return: 0 or an errno.
 */
int client_subscribe(struct client *client)
{
	return try(client, MEMTEL_CMD_SUBSCRIBE, NULL);
}

/* The type of the attribute at an offset into a request. */
static int attr_type_at(const struct nlmsghdr *request, uint32_t offset)
{
	const struct nlattr *attr;

	if (offset + sizeof(*attr) > request->nlmsg_len)
		return 0;
	attr = (const struct nlattr *)((const char *)request + offset);
	return nla_type(attr);
}

/* The attributes of an ACK or of a dump's end, which begin at @offset. */
static void take_extack(struct answer *answer, const struct nlmsghdr *request,
			const struct nlmsghdr *nlh, size_t offset)
{
	struct nlattr *attr, *head = (struct nlattr *)((char *)nlh + offset);
	int left;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || nlh->nlmsg_len <= offset)
		return;
	nla_for_each_attr(attr, head, (int)(nlh->nlmsg_len - offset), left) {
		switch (nla_type(attr)) {
		case NLMSGERR_ATTR_MSG:
			snprintf(answer->words, sizeof(answer->words), "%s",
				 nla_get_string(attr));
			break;
		case NLMSGERR_ATTR_OFFS:
			answer->bad_attr = attr_type_at(request,
							nla_get_u32(attr));
			break;
		case ATTR_MISS_TYPE:
			answer->missing_attr = nla_get_u32(attr);
			break;
		}
	}
}

static void take_row(struct answer *answer, const struct nlmsghdr *row)
{
	size_t length = NLMSG_ALIGN(row->nlmsg_len);

	answer->rows = realloc(answer->rows, answer->length + length);
	if (!answer->rows)
		ksft_exit_fail_msg("no memory\n");
	memset(answer->rows + answer->length, 0, length);
	memcpy(answer->rows + answer->length, row, row->nlmsg_len);
	answer->length += length;
	answer->nr++;
}

/* Returns whether the answer ends with this message. */
static bool take(struct answer *answer, const struct nlmsghdr *request,
		 const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *ack = nlmsg_data(nlh);
	size_t offset = NLMSG_LENGTH(sizeof(*ack));

	/* What comes unasked, such as an event, is no answer. */
	if (nlh->nlmsg_seq != request->nlmsg_seq)
		return false;
	switch (nlh->nlmsg_type) {
	case NLMSG_ERROR:
		answer->err = -ack->error;
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
			offset += NLMSG_ALIGN(ack->msg.nlmsg_len) -
				  NLMSG_HDRLEN;
		take_extack(answer, request, nlh, offset);
		return true;
	case NLMSG_DONE:
		answer->err = -*(const int *)nlmsg_data(nlh);
		take_extack(answer, request, nlh, NLMSG_LENGTH(sizeof(int)));
		return true;
	default:
		answer->is_multi |= !!(nlh->nlmsg_flags & NLM_F_MULTI);
		take_row(answer, nlh);
		return false;
	}
}

static void exchange(struct client *client, int command, int flags,
		     const struct attr *attrs, struct answer *answer)
{
	struct nl_msg *msg = nlmsg_alloc();
	struct nlmsghdr *request;
	bool is_over = false;

	*answer = (struct answer){ 0 };
	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, client->family,
				 0, flags, command, MEMTEL_FAMILY_VERSION))
		ksft_exit_fail_msg("no memory\n");
	for (; attrs && attrs->type; attrs++)
		nla_put(msg, attrs->type, attrs->length, attrs->data);
	nl_complete_msg(client->sock, msg);
	request = nlmsg_hdr(msg);
	/*
	 * Not by nl_send(), which gives an address: the kernel then does not
	 * ask who opened the socket.
	 */
	if (write(nl_socket_get_fd(client->sock), request,
		  request->nlmsg_len) < 0)
		ksft_exit_fail_msg("cannot send: %s\n", strerror(errno));
	while (!is_over) {
		struct sockaddr_nl from;
		unsigned char *buffer;
		struct nlmsghdr *nlh;
		int left;

		left = nl_recv(client->sock, &from, &buffer, NULL);
		if (left <= 0)
			ksft_exit_fail_msg("cannot receive: %d\n", left);
		nlh = (struct nlmsghdr *)buffer;
		for (; nlmsg_ok(nlh, left); nlh = nlmsg_next(nlh, &left))
			is_over |= take(answer, request, nlh);
		free(buffer);
	}
	nlmsg_free(msg);
}

/**
 * ask() - a do: one request and all of its answer
 * @attrs: of the request, see ATTRS(), or NULL
 * @answer: filled; answer_free() frees it
 */
void ask(struct client *client, int command, const struct attr *attrs,
	 struct answer *answer)
{
	exchange(client, command, 0, attrs, answer);
}

/** ask_all() - the same for a dump */
void ask_all(struct client *client, int command, const struct attr *attrs,
	     struct answer *answer)
{
	exchange(client, command, NLM_F_DUMP, attrs, answer);
}

/** try() - the errno of a do, or 0 */
int try(struct client *client, int command, const struct attr *attrs)
{
	struct answer answer;

	ask(client, command, attrs, &answer);
	answer_free(&answer);
	return answer.err;
}

/** answer_free() - free the rows; all else stays */
void answer_free(struct answer *answer)
{
	free(answer->rows);
	answer->rows = NULL;
	answer->length = 0;
}

/** row_attr() - an attribute of a row, or NULL */
const struct nlattr *row_attr(const struct nlmsghdr *row, int type)
{
	struct genlmsghdr *header = nlmsg_data(row);

	return nla_find(genlmsg_attrdata(header, 0),
			genlmsg_attrlen(header, 0), type);
}

/** row_number() - the value of an attribute, or 0; see row_attr() */
uint64_t row_number(const struct nlmsghdr *row, int type)
{
	const struct nlattr *attr = row_attr(row, type);

	if (!attr)
		return 0;
	return nla_len(attr) == sizeof(uint64_t) ? nla_get_u64(attr) :
						   nla_get_u32(attr);
}

/** row_text() - the text of an attribute, or ""; see row_attr() */
const char *row_text(const struct nlmsghdr *row, int type)
{
	const struct nlattr *attr = row_attr(row, type);

	return attr ? nla_get_string(attr) : "";
}

/** same_rows() - have the two the same attributes? */
bool same_rows(const struct nlmsghdr *one, const struct nlmsghdr *other)
{
	return one->nlmsg_len == other->nlmsg_len &&
	       !memcmp(nlmsg_data(one), nlmsg_data(other),
		       one->nlmsg_len - NLMSG_HDRLEN);
}

/** source_is_attached() - does it count now? */
bool source_is_attached(struct client *client, const char *source)
{
	const struct attr name = { MEMTEL_A_SOURCE_NAME, source,
				   strlen(source) + 1 };
	struct answer answer;
	bool is_attached = false;

	ask(client, MEMTEL_CMD_SOURCE_GET, ATTRS(name), &answer);
	for_each_row(row, &answer)
		is_attached = row_attr(row, MEMTEL_A_SOURCE_ATTACHED);
	answer_free(&answer);
	return is_attached;
}

/*
 * A module that is loaded already is left as it is. Else it is the one that
 * MEMTEL_MODULE names, or what modprobe finds. That the probes take their time, as
 * in an emulated machine, is not to shed a source.
 */
static bool load(void)
{
	return !system(getenv("MEMTEL_MODULE") ?
		       "insmod \"$MEMTEL_MODULE\" cost_limit_ppm=0" :
		       "modprobe memtel cost_limit_ppm=0");
}

int memtel_main(int argc, char **argv, int (*run)(int argc, char **argv))
{
	int status;
	pid_t tests;

	if (geteuid())
		ksft_exit_skip("needs root\n");
	module_was_loaded = !access("/sys/module/memtel", F_OK);
	if (!module_was_loaded && !load())
		ksft_exit_skip("the module memtel cannot be loaded\n");
	fflush(stdout);
	/* The harness does not return. */
	tests = fork();
	if (!tests)
		exit(run(argc, argv));
	if (tests < 0 || waitpid(tests, &status, 0) < 0)
		ksft_exit_fail_msg("no process for the tests\n");
	status = WIFEXITED(status) ? WEXITSTATUS(status) : KSFT_FAIL;
	if (!module_was_loaded && system("rmmod memtel")) {
		ksft_print_msg("the module memtel cannot be unloaded\n");
		status = KSFT_FAIL;
	}
	return status;
}
