// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module's writer of attributes: whatever is put, nothing is written outside
 * the room there is, and no byte of what was there before is left inside.
 */
#include <stdlib.h>

#include "../../kmod/cursor.h"
#include "tap.h"

#define OLD	0xa5
#define SIZE	512

unsigned int stub_warnings;

static u8 buffer[SIZE];

/* A message with so much room; behind it is more that is not to be written. */
static struct sk_buff message(unsigned int room)
{
	memset(buffer, OLD, sizeof(buffer));
	return (struct sk_buff){ .data = buffer, .size = room };
}

static bool is_old(const u8 *from, const u8 *to)
{
	while (from < to)
		if (*from++ != OLD)
			return false;
	return true;
}

static void put_flag(struct memtel_cursor *c)
{
	memtel_put_flag(c, 1);
}

static void put_u32(struct memtel_cursor *c)
{
	memtel_put_u32(c, 2, 0x01020304);
}

static void put_u64(struct memtel_cursor *c)
{
	memtel_put_u64(c, 3, 0x0102030405060708);
}

static void put_string(struct memtel_cursor *c)
{
	memtel_put_string(c, 4, "kmalloc-192");
}

static void put_nest(struct memtel_cursor *c)
{
	struct nlattr *nest = memtel_nest_begin(c, 5);

	put_string(c);
	put_u64(c);
	memtel_nest_end(c, nest);
}

static const struct {
	const char *name;
	void (*put)(struct memtel_cursor *c);
	unsigned int bytes;
} puts_[] = {
	{ "a flag", put_flag, 4 },
	{ "a u32", put_u32, 8 },
	{ "a u64", put_u64, 12 },
	{ "a string", put_string, 16 },
	{ "a nest", put_nest, 32 },
};

static void test_bounds(void)
{
	for (size_t i = 0; i < sizeof(puts_) / sizeof(puts_[0]); i++) {
		unsigned int bytes = puts_[i].bytes, bad = 0;

		for (unsigned int room = 0; room <= bytes + 8; room += 4) {
			struct sk_buff skb = message(room);
			struct memtel_cursor c;
			int err;

			stub_warnings = 0;
			bad += memtel_cursor_begin(&c, &skb, room, 0) != 0;
			puts_[i].put(&c);
			bad += memtel_cursor_is_full(&c) != (room < bytes);
			err = memtel_cursor_end(&c);
			bad += err != (room < bytes ? -EMSGSIZE : 0);
			bad += skb.len != (room < bytes ? 0 : bytes);
			bad += stub_warnings != (room < bytes);
			bad += !is_old(buffer + room, buffer + SIZE);
		}
		ok(!bad, "%s: refused where it does not fit, and nothing is written behind",
		   puts_[i].name);
	}
}

/* What a forgotten attribute in a sum does. */
static void test_one_too_many(void)
{
	const unsigned int room = 14 * U64_BYTES;
	struct sk_buff skb = message(room);
	struct memtel_cursor c;
	struct nlattr *nest;

	stub_warnings = 0;
	if (memtel_cursor_begin(&c, &skb, room, 0))
		abort();
	nest = memtel_nest_begin(&c, 1);
	for (unsigned int i = 0; i < 15; i++)
		memtel_put_u64(&c, 2, i);
	/* These would fit where the last did not. */
	memtel_put_flag(&c, 3);
	memtel_nest_end(&c, nest);
	ok(memtel_cursor_end(&c) == -EMSGSIZE && stub_warnings == 1 &&
	   !skb.len, "more than was asked for is a warning, and no message");
	ok(is_old(buffer + room, buffer + SIZE),
	   "what lies behind the message is as it was");
	ok(memtel_cursor_end_at(&c, buffer) == -EMSGSIZE,
	   "the same where there is no message");
	ok(memtel_cursor_begin(&c, &skb, room + 1, 0) == -EMSGSIZE,
	   "more room than there is, is refused at the start");
}

/* Texts of all lengths: the NUL and the padding are zeros, the rest the text. */
static void test_text(void)
{
	char text[MEMTEL_NAME_MAX + 8];
	unsigned int bad = 0;

	memset(text, 'x', sizeof(text));
	for (size_t len = 0; len <= MEMTEL_NAME_MAX; len++) {
		struct sk_buff skb = message(SIZE);
		struct memtel_cursor c;

		if (memtel_cursor_begin(&c, &skb, NAME_BYTES, 0))
			abort();
		memtel_put_text(&c, 1, text, len);
		bad += memtel_cursor_end(&c) != 0;
		bad += ((struct nlattr *)buffer)->nla_len !=
		       NLA_HDRLEN + len + 1;
		for (size_t i = 0; i < len; i++)
			bad += buffer[NLA_HDRLEN + i] != 'x';
		for (size_t i = NLA_HDRLEN + len; i < skb.len; i++)
			bad += buffer[i] != 0;
		bad += !is_old(buffer + skb.len, buffer + SIZE);
	}
	ok(!bad, "texts of all lengths end in zeros, and nothing is written behind");
}

/* The same of names, which are read and written by words. */
static void test_name(void)
{
	char name[MEMTEL_NAME_MAX + 24];
	unsigned int bad = 0;

	for (size_t len = 0; len < MEMTEL_NAME_MAX + 8; len++) {
		size_t cut = len < MEMTEL_NAME_MAX ? len : MEMTEL_NAME_MAX;
		struct sk_buff skb = message(SIZE);
		struct memtel_cursor c;

		memset(name, 'z', sizeof(name));
		memset(name, 'x', len);
		name[len] = '\0';
		if (memtel_cursor_begin(&c, &skb, NAME_ROOM, 0) ||
		    !memtel_cursor_fits(&c, NAME_ROOM))
			abort();
		__memtel_put_name(&c, 1, name);
		bad += memtel_cursor_end(&c) != 0;
		bad += ((struct nlattr *)buffer)->nla_len !=
		       NLA_HDRLEN + cut + 1;
		for (size_t i = 0; i < cut; i++)
			bad += buffer[NLA_HDRLEN + i] != 'x';
		for (size_t i = NLA_HDRLEN + cut; i < skb.len; i++)
			bad += buffer[i] != 0;
		/* Behind it nothing of what was read beyond its end. */
		for (size_t i = skb.len; i < NAME_ROOM; i++)
			bad += buffer[i] != 0 && buffer[i] != OLD &&
			       buffer[i] != 'x';
		bad += !is_old(buffer + NAME_ROOM, buffer + SIZE);
	}
	ok(!bad, "names of all lengths, cut to what fits, and nothing beyond");
}

int main(void)
{
	test_bounds();
	test_one_too_many();
	test_text();
	test_name();
	return tap_done();
}
