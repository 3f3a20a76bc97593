// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names that somebody chose, in a line for people.
 */
#include <stdlib.h>
#include <string.h>

#include "event_text.h"
#include "tap.h"
#include "text.h"

static void test_plain(void)
{
	static const struct {
		const char *from, *plain;
	} texts[] = {
		{ "", "" },
		{ "kworker/0:1", "kworker/0:1" },
		{ "/caf\xc3\xa9.slice", "/caf\xc3\xa9.slice" },
		{ "\033[2Jx\n\x7f", "\\x1b[2Jx\\x0a\\x7f" },
		{ "a\xc2\x9b" "31m", "a\\xc2\\x9b31m" },
		{ "a\xc2\xa0\xc2", "a\xc2\xa0\xc2" },
	};
	char plain[64];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ok(text_plain(texts[i].from, plain, sizeof(plain)) ==
		   strlen(texts[i].plain) && !strcmp(plain, texts[i].plain),
		   "text %zu: %s", i, texts[i].plain);
	ok(text_plain("ab\033", plain, 6) == 2 && !strcmp(plain, "ab"),
	   "what does not fit is left out whole");
	ok(text_plain("ab\033", plain, 7) == 6 && !strcmp(plain, "ab\\x1b"),
	   "what just fits is not");
	ok(text_plain("ab", plain, 1) == 0 && !*plain, "no room for any");
}

static void test_event(void)
{
	static const struct memtel_suspect task = {
		.kind = MEMTEL_SUSPECT_KIND_TASK,
		.name = "\033[2J\nroot",
		.id = 7,
	};
	char text[EVENT_TEXT_MAX];

	event_cause_text(&task, text, sizeof(text));
	ok(strstr(text, "task \\x1b[2J\\x0aroot (7)"),
	   "of a task that chose its name: %s", text);
}

int main(void)
{
	test_plain();
	test_event();
	return tap_done();
}
