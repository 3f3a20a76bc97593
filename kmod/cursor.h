/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Write netlink attributes at the end of a message, fast.
 *
 * A dump of caches is thousands of small attributes, and the usual nla_put_*()
 * spend some seventy instructions on each. A cursor asks once for the room
 * that a row can need at most, then writes each attribute with a handful of
 * instructions, and at the end gives back what it did not need.
 */
#ifndef _MEMTEL_CURSOR_H
#define _MEMTEL_CURSOR_H

#include <asm/word-at-a-time.h>
#include <linux/memtel.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <net/netlink.h>

/* What attributes of these types take at most, padding included. */
#define U32_BYTES		nla_total_size(sizeof(u32))
#define U64_BYTES		nla_total_size_64bit(sizeof(u64))
#define NAME_BYTES		nla_total_size(MEMTEL_NAME_MAX + 1)
#define PATH_BYTES		nla_total_size(MEMTEL_PATH_MAX + 1)
#define REASON_BYTES		nla_total_size(MEMTEL_REASON_MAX + 1)
#define NEST_BYTES		nla_total_size(0)

/**
 * struct memtel_cursor - a place in a message
 * @skb: the message
 * @pos: where the next attribute goes, aligned
 * @end: what was asked for ends here
 * @pad: attribute type that may stand before a u64 to align it
 */
struct memtel_cursor {
	struct sk_buff *skb;
	void *pos;
	void *end;
	int pad;
};

/* Start where there is no message yet: @bytes are free at @to, aligned. */
static inline void memtel_cursor_begin_at(struct memtel_cursor *c, void *to,
					  unsigned int bytes, int pad)
{
	c->skb = NULL;
	c->pos = to;
	c->end = to + bytes;
	c->pad = pad;
}

/**
 * memtel_cursor_begin() - start to write
 * @c: the cursor
 * @skb: the message
 * @bytes: the most that will be written
 * @pad: the attribute set's pad
 *
 * Return: 0, or -EMSGSIZE when the message has no such room left.
 */
static inline int memtel_cursor_begin(struct memtel_cursor *c,
				      struct sk_buff *skb, unsigned int bytes,
				      int pad)
{
	if (skb_tailroom(skb) < (int)bytes)
		return -EMSGSIZE;
	memtel_cursor_begin_at(c, skb_tail_pointer(skb), bytes, pad);
	c->skb = skb;
	return 0;
}

/* Return: bytes from @to on to where the cursor is. */
static inline size_t memtel_cursor_end_at(const struct memtel_cursor *c,
					  const void *to)
{
	WARN_ON_ONCE(c->pos > c->end);
	return c->pos - to;
}

/* Return: 0, or -EMSGSIZE, a bug: more was written than was asked for. */
static inline int memtel_cursor_end(struct memtel_cursor *c)
{
	if (WARN_ON_ONCE(c->pos > c->end))
		return -EMSGSIZE;
	__skb_put(c->skb, c->pos - (void *)skb_tail_pointer(c->skb));
	return 0;
}

/* An attribute of len bytes with its header written. */
static __always_inline void *memtel_cursor_put(struct memtel_cursor *c,
					       int type, int len)
{
	struct nlattr *nla = c->pos;

	nla->nla_type = type;
	nla->nla_len = nla_attr_size(len);
	c->pos += nla_total_size(len);
	return nla_data(nla);
}

static __always_inline void memtel_put_flag(struct memtel_cursor *c, int type)
{
	memtel_cursor_put(c, type, 0);
}

static __always_inline void memtel_put_u32(struct memtel_cursor *c, int type,
					   u32 value)
{
	*(u32 *)memtel_cursor_put(c, type, sizeof(value)) = value;
}

static __always_inline void memtel_put_u64(struct memtel_cursor *c, int type,
					   u64 value)
{
	if (!IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS) &&
	    IS_ALIGNED((unsigned long)c->pos, 8))
		memtel_cursor_put(c, c->pad, 0);
	memcpy(memtel_cursor_put(c, type, sizeof(value)), &value,
	       sizeof(value));
}

static inline void memtel_put_string(struct memtel_cursor *c, int type,
				     const char *text)
{
	size_t len = strlen(text);
	char *data = memtel_cursor_put(c, type, len + 1);

	/* The NUL and the padding lie in the last aligned word. */
	*(u32 *)(c->pos - NLA_ALIGNTO) = 0;
	memcpy(data, text, len);
}

/*
 * A name, cut to what NAME_BYTES are for. Not the last attribute: a word more
 * than the name is written. strscpy() took a fourteenth of a dump.
 */
static __always_inline void memtel_put_name(struct memtel_cursor *c, int type,
					    const char *name)
{
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	char *to = nla_data((struct nlattr *)c->pos);
	unsigned long word, zero;
	size_t len;

	for (len = 0; len < MEMTEL_NAME_MAX; len += sizeof(word)) {
		word = load_unaligned_zeropad(name + len);
		memcpy(to + len, &word, sizeof(word));
		if (has_zero(word, &zero, &constants)) {
			zero = prep_zero_mask(word, zero, &constants);
			len += find_zero(create_zero_mask(zero));
			break;
		}
	}
	len = min_t(size_t, len, MEMTEL_NAME_MAX);
	/* Its end, and the padding. */
	memset(to + len, 0, NLA_ALIGNTO);
	memtel_cursor_put(c, type, len + 1);
}

/* A nest: what is put until memtel_nest_end() is inside. */
static __always_inline struct nlattr *
memtel_nest_begin(struct memtel_cursor *c, int type)
{
	struct nlattr *nest = c->pos;

	memtel_cursor_put(c, type | NLA_F_NESTED, 0);
	return nest;
}

static __always_inline void memtel_nest_end(struct memtel_cursor *c,
					    struct nlattr *nest)
{
	nest->nla_len = c->pos - (void *)nest;
}

#endif /* _MEMTEL_CURSOR_H */
