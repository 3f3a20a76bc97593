/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Test Anything Protocol, as little of it as needed. */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int tap_run, tap_failed;

#define ok(condition, ...) tap_ok(condition, #condition, __FILE__, __LINE__, \
				  __VA_ARGS__)

__attribute__((format(printf, 5, 6)))
static inline bool tap_ok(bool passed, const char *condition, const char *file,
			  int line, const char *format, ...)
{
	va_list args;

	printf("%sok %d - ", passed ? "" : "not ", ++tap_run);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	if (!passed) {
		printf("# %s:%d: not true: %s\n", file, line, condition);
		tap_failed++;
	}
	return passed;
}

/* The plan, and main()'s result. */
static inline int tap_done(void)
{
	printf("1..%d\n", tap_run);
	return tap_failed != 0;
}

#endif /* TAP_H */
