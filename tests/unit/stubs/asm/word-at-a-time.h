/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As the kernel's for little-endian machines of 64 bits, for test_cursor.c. */
#ifndef STUB_WORD_AT_A_TIME_H
#define STUB_WORD_AT_A_TIME_H

#include <string.h>

struct word_at_a_time {
	unsigned long one_bits, high_bits;
};

#define WORD_AT_A_TIME_CONSTANTS { ~0ul / 255, ~0ul / 255 * 0x80 }

static inline unsigned long has_zero(unsigned long a, unsigned long *bits,
				     const struct word_at_a_time *c)
{
	*bits = ((a - c->one_bits) & ~a) & c->high_bits;
	return *bits;
}

#define prep_zero_mask(a, bits, c)	(bits)
#define create_zero_mask(bits)		((((bits) - 1) & ~(bits)) >> 7)
#define zero_bytemask(mask)		(mask)
#define find_zero(mask)			((size_t)__builtin_popcountl(mask) / 8)

static inline unsigned long load_unaligned_zeropad(const void *addr)
{
	unsigned long word;

	memcpy(&word, addr, sizeof(word));
	return word;
}

#endif /* STUB_WORD_AT_A_TIME_H */
