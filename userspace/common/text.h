/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names in a line for people. See text.c. */
#ifndef MEMTEL_COMMON_TEXT_H
#define MEMTEL_COMMON_TEXT_H

#include <stddef.h>

/* Room that is enough for a text of so many bytes. */
#define TEXT_PLAIN_MAX(length) (4 * (length) + 1)

size_t text_plain(const char *from, char *to, size_t size);
size_t text_ascii(const char *from, char *to, size_t size);

#endif /* MEMTEL_COMMON_TEXT_H */
