// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The language of rules: an expression is refused with a place in its text, or
 * has a value, or none for a reason.
 */
#include <math.h>

#include "expr.h"
#include "fuzz.h"

static struct history history;
static int64_t now_ms;

/* Some rounds of a few series, one of which has gaps. */
static void remember(const struct expr *expr)
{
	static const struct label labels[][2] = {
		{ { "node", "0" }, { "zone", "Normal" } },
		{ { "node", "1" }, { "zone", "DMA" } },
	};

	MUST(!expr_want(expr, &history));
	history_wants_done(&history);
	for (int round = 0; round < 8; round++) {
		history_round(&history, now_ms += 10000);
		for (size_t i = 0; i < 5 && !(round == 3 && i == 1); i++) {
			static const char *const names[] = { "a", "b", "a", "b",
							     "up" };
			const struct sample sample = {
				names[i], labels[i / 2 % 2], i % 3,
				i == 3 ? NAN : (double)(round % 5) * 1e9,
			};

			history_add(&history, &sample);
		}
		history_expire(&history);
	}
}

static void evaluate(const struct expr *expr)
{
	struct arena arena = { .limit = 64 << 20 };
	struct eval eval = { .history = &history, .now_ms = now_ms,
			     .arena = &arena };
	struct value value;

	if (expr_eval(&eval, expr, &value)) {
		MUST(*eval.error.text);
	} else {
		MUST(value.kind != EXPR_RANGE);
		for (size_t i = 0; i < value.nr; i++)
			MUST(value.elements[i].nr_labels <= LABELS_MAX);
	}
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);
	struct expr_error error;
	struct expr *expr;

	expr = expr_parse(text, &error);
	if (expr) {
		now_ms = 0;
		remember(expr);
		evaluate(expr);
		history_free(&history);
	} else {
		MUST(*error.text && error.offset <= strlen(text));
	}
	expr_free(expr);
	free(text);
	return 0;
}
