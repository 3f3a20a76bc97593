// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names come from the kernel, but a process chooses its own, and who may make a
 * cgroup its: nothing that a terminal might obey, and no second line.
 */
#include <stdbool.h>
#include <stdio.h>

#include "text.h"

/* Bytes that a control character of ASCII or, in UTF-8, of C1 takes, or 0. */
static int control_length(const unsigned char *c)
{
	if (*c < ' ' || *c == 0x7f)
		return 1;
	return *c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0 ? 2 : 0;
}

/* 1 for what may take another width than one, too. */
static int foreign_length(const unsigned char *c)
{
	return *c < ' ' || *c >= 0x7f;
}

/* Copy, with what @length finds as \xNN. */
static size_t escape(const char *from, char *to, size_t size,
		     int (*length)(const unsigned char *c))
{
	const unsigned char *c = (const unsigned char *)from;
	size_t used = 0;

	while (*c) {
		int escaped = length(c);

		if (used + (escaped ? 4 * escaped : 1) >= size)
			break;
		if (!escaped)
			to[used++] = *c++;
		for (; escaped; escaped--)
			used += sprintf(to + used, "\\x%02x", *c++);
	}
	to[used] = '\0';
	return used;
}

/**
 * text_plain() - a text whose control characters are \xNN
 * @to: room for it; what does not fit is left out
 * @size: of the room, not 0
 *
 * Return: its length.
 */
size_t text_plain(const char *from, char *to, size_t size)
{
	return escape(from, to, size, control_length);
}

/** text_ascii() - the same, for a column: all that is not ASCII is \xNN, too */
size_t text_ascii(const char *from, char *to, size_t size)
{
	return escape(from, to, size, foreign_length);
}
