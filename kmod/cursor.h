/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Write netlink attributes at the end of a message, fast.
 *
 * A dump of caches is thousands of small attributes, and the usual nla_put_*()
 * spend some seventy instructions on each. A cursor writes each attribute with
 * a handful of instructions.
 *
 * Bounds. Each attribute is compared with the end of the room before anything
 * is written. The first that does not fit makes the cursor full: nothing more
 * is written from then on, and the end of the cursor says so (-EMSGSIZE).
 * These comparisons took a sixth of a dump of caches. So a part of a cache's row
 * asks once, by memtel_cursor_fits(), and then writes by functions that compare
 * nothing: those whose names begin with __, for nobody else.
 */
#ifndef _MEMTEL_CURSOR_H
#define _MEMTEL_CURSOR_H

#include <asm/word-at-a-time.h>
#include <linux/memtel.h>
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
 * @end: the room ends here; NULL once something did not fit
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

static inline bool memtel_cursor_is_full(const struct memtel_cursor *c)
{
	return !c->end;
}

/* Is there room for so many bytes? If not, the cursor is full. */
static __always_inline bool memtel_cursor_fits(struct memtel_cursor *c,
					       size_t bytes)
{
	if (likely(c->pos + bytes <= c->end))
		return true;
	c->end = NULL;
	return false;
}

/* Return: bytes from @to on to where the cursor is, or -EMSGSIZE. */
static inline ssize_t memtel_cursor_end_at(const struct memtel_cursor *c,
					   const void *to)
{
	if (memtel_cursor_is_full(c) || WARN_ON_ONCE(c->pos > c->end))
		return -EMSGSIZE;
	return c->pos - to;
}

/**
 * memtel_cursor_end() - what was written is part of the message
 * @c: the cursor
 *
 * Return: 0, or -EMSGSIZE when not all fitted: a bug, more was written than was
 * asked for, and the message is as it was.
 */
static inline int memtel_cursor_end(struct memtel_cursor *c)
{
	if (WARN_ON_ONCE(memtel_cursor_is_full(c)))
		return -EMSGSIZE;
	__skb_put(c->skb, c->pos - (void *)skb_tail_pointer(c->skb));
	return 0;
}

/* Write an attribute's header. Return: where its @len bytes go. */
static __always_inline void *__memtel_cursor_put(struct memtel_cursor *c,
						 int type, int len)
{
	struct nlattr *nla = c->pos;

	nla->nla_type = type;
	nla->nla_len = nla_attr_size(len);
	c->pos += nla_total_size(len);
	return nla_data(nla);
}

/* The same, or NULL where there is no room. */
static __always_inline void *memtel_cursor_put(struct memtel_cursor *c,
					       int type, int len)
{
	if (unlikely(!memtel_cursor_fits(c, nla_total_size(len))))
		return NULL;
	return __memtel_cursor_put(c, type, len);
}

static __always_inline void memtel_put_flag(struct memtel_cursor *c, int type)
{
	memtel_cursor_put(c, type, 0);
}

static __always_inline void memtel_put_u32(struct memtel_cursor *c, int type,
					   u32 value)
{
	u32 *data = memtel_cursor_put(c, type, sizeof(value));

	if (likely(data))
		*data = value;
}

static __always_inline void memtel_put_u64(struct memtel_cursor *c, int type,
					   u64 value)
{
	void *data;

	if (!IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS) &&
	    IS_ALIGNED((unsigned long)c->pos, 8))
		memtel_cursor_put(c, c->pad, 0);
	data = memtel_cursor_put(c, type, sizeof(value));
	if (likely(data))
		memcpy(data, &value, sizeof(value));
}

/* A text of @len bytes without its NUL, which need not be there. */
static __always_inline void memtel_put_text(struct memtel_cursor *c, int type,
					    const char *text, size_t len)
{
	char *data = memtel_cursor_put(c, type, len + 1);

	if (unlikely(!data))
		return;
	/* The NUL and the padding lie in the last aligned word. */
	*(u32 *)(c->pos - NLA_ALIGNTO) = 0;
	memcpy(data, text, len);
}

static inline void memtel_put_string(struct memtel_cursor *c, int type,
				     const char *text)
{
	memtel_put_text(c, type, text, strlen(text));
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
	if (likely(!memtel_cursor_is_full(c)))
		nest->nla_len = c->pos - (void *)nest;
}

/* As those above, where memtel_cursor_fits() has said that there is room. */

static __always_inline void __memtel_put_u32(struct memtel_cursor *c, int type,
					     u32 value)
{
	*(u32 *)__memtel_cursor_put(c, type, sizeof(value)) = value;
}

static __always_inline void __memtel_put_u64(struct memtel_cursor *c, int type,
					     u64 value)
{
	if (!IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS) &&
	    IS_ALIGNED((unsigned long)c->pos, 8))
		__memtel_cursor_put(c, c->pad, 0);
	memcpy(__memtel_cursor_put(c, type, sizeof(value)), &value,
	       sizeof(value));
}

static __always_inline struct nlattr *
__memtel_nest_begin(struct memtel_cursor *c, int type)
{
	struct nlattr *nest = c->pos;

	__memtel_cursor_put(c, type | NLA_F_NESTED, 0);
	return nest;
}

static __always_inline void __memtel_nest_end(struct memtel_cursor *c,
					      struct nlattr *nest)
{
	nest->nla_len = c->pos - (void *)nest;
}

/* What __memtel_put_name() may write to, in whole words. */
#define NAME_ROOM	(NAME_BYTES + sizeof(unsigned long))

/*
 * A name of any length, cut. By words: strscpy() took a fourteenth of a dump.
 * What is behind the name is written as zeros, up to NAME_ROOM.
 */
static __always_inline void __memtel_put_name(struct memtel_cursor *c, int type,
					      const char *name)
{
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	char *to = nla_data((struct nlattr *)c->pos);
	unsigned long word, zero;
	size_t len;

	for (len = 0; len < MEMTEL_NAME_MAX; len += sizeof(word)) {
		word = load_unaligned_zeropad(name + len);
		if (has_zero(word, &zero, &constants)) {
			zero = prep_zero_mask(word, zero, &constants);
			zero = create_zero_mask(zero);
			word &= zero_bytemask(zero);
			memcpy(to + len, &word, sizeof(word));
			len += find_zero(zero);
			break;
		}
		memcpy(to + len, &word, sizeof(word));
	}
	if (len > MEMTEL_NAME_MAX)
		len = MEMTEL_NAME_MAX;
	/* Its end, and the padding. */
	memset(to + len, 0, NLA_ALIGNTO);
	__memtel_cursor_put(c, type, len + 1);
}

#endif /* _MEMTEL_CURSOR_H */
