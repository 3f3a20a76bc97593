// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Trigger expressions: what is refused is told within the text; what is not is
 * the same when it is written and read again.
 */
#include <memtel/memtel.h>

#include "fuzz.h"

static void check_again(const struct memtel_trigger_spec *spec)
{
	size_t length = memtel_trigger_format(spec, NULL, 0);
	char *text = malloc(length + 1), *part = malloc(length / 2 + 1);
	struct memtel_trigger_error error;
	struct memtel_trigger_spec again;

	MUST(text && part);
	MUST(memtel_trigger_format(spec, text, length + 1) == length);
	MUST(strlen(text) == length);
	MUST(memtel_trigger_format(spec, part, length / 2 + 1) == length);
	MUST(!memcmp(part, text, length / 2));
	MUST(!memtel_trigger_parse(text, &again, &error));
	MUST(!memcmp(spec, &again, sizeof(again)));
	free(part);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);
	struct memtel_trigger_error error;
	struct memtel_trigger_spec spec;

	if (memtel_trigger_parse(text, &spec, &error)) {
		MUST(*error.text && error.offset <= strlen(text));
	} else {
		check_again(&spec);
	}
	free(text);
	return 0;
}
