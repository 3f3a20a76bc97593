// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules on recorded inputs, with a clock that is in the input: test_rules
 * FILE...; without one, all of golden/. A file has sections:
 *
 *	--- config	memteld's configuration
 *	--- input	TIME METRIC{LABEL="VALUE",...} NUMBER
 *			TIME			a round without samples
 *			TIME eval EXPRESSION	after that time's round
 *			TIME restart		the past is saved, and read anew
 *			TIME configure		the configuration is read anew;
 *						both at a time of their own
 *	--- expect	what comes of it
 *
 * TIME is in seconds, or FROM..TO/STEP for several.
 */
#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "expr.h"
#include "state.h"
#include "tap.h"

/* All begins here, so that times in the state are plausible ones. */
#define EPOCH_MS INT64_C(1700000000000)


/* A line of the input at one of its times. */
struct step {
	int64_t time_s;
	size_t order;
	const char *text;
};

struct golden {
	char *config;
	char *input;
	char *expect;
	struct step *steps;
	size_t nr;
};

static char *read_text(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *in = fopen(path, "r");
	ssize_t got = in ? getdelim(&text, &size, '\0', in) : -1;

	if (in)
		fclose(in);
	return got < 0 ? NULL : text;
}

/* Cut the file into its sections. */
static bool golden_read(const char *path, struct golden *golden)
{
	char *text = read_text(path);
	char *config = text ? strstr(text, "--- config\n") : NULL;
	char *input = text ? strstr(text, "--- input\n") : NULL;
	char *expect = text ? strstr(text, "--- expect\n") : NULL;

	*golden = (struct golden){ 0 };
	if (!config || !input || !expect) {
		free(text);
		return false;
	}
	golden->config = strndup(config + 11, input - config - 11);
	golden->input = strndup(input + 10, expect - input - 10);
	golden->expect = strdup(expect + 11);
	free(text);
	return true;
}

static int by_time(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	if (x->time_s != y->time_s)
		return x->time_s < y->time_s ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void step_add(struct golden *golden, int64_t time_s, const char *text)
{
	golden->steps = realloc(golden->steps,
				(golden->nr + 1) * sizeof(*golden->steps));
	golden->steps[golden->nr] =
		(struct step){ time_s, golden->nr, text };
	golden->nr++;
}

static void golden_steps(struct golden *golden)
{
	char *save, *line = strtok_r(golden->input, "\n", &save);

	for (; line; line = strtok_r(NULL, "\n", &save)) {
		long long from, to, each;
		int length;

		if (sscanf(line, "%lld..%lld/%lld%n", &from, &to, &each,
			   &length) != 3) {
			if (sscanf(line, "%lld%n", &from, &length) != 1)
				continue;
			to = from;
			each = 1;
		}
		while (isspace((unsigned char)line[length]))
			length++;
		for (; from <= to; from += each)
			step_add(golden, from, line + length);
	}
	if (!strstr(golden->input, "unsorted"))
		qsort(golden->steps, golden->nr, sizeof(*golden->steps),
		      by_time);
}

static void golden_free(struct golden *golden)
{
	free(golden->config);
	free(golden->input);
	free(golden->expect);
	free(golden->steps);
}

/* What happens while a file is played. @evals: of the input, by its steps. */
struct play {
	struct engine engine;
	struct config *config;
	struct expr **evals;
	const char *config_path;
	const char *state_path;
	FILE *out;
	int64_t now_ms;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct label *)a)->name,
		      ((const struct label *)b)->name);
}

/* METRIC{NAME="VALUE",...} NUMBER */
static void put_sample(struct play *play, const char *text)
{
	char metric[128] = "", names[LABELS_MAX][64], values[LABELS_MAX][128];
	struct label labels[LABELS_MAX];
	struct sample sample = { .metric = metric, .labels = labels };
	const char *at = text;
	int length = 0;

	sscanf(at, "%127[a-zA-Z_0-9:]%n", metric, &length);
	at += length;
	while ((*at == '{' && at[1] != '}') || *at == ',') {
		unsigned int i = sample.nr_labels++;

		sscanf(at + 1, " %63[a-z_A-Z0-9]=\"%127[^\"]\"%n", names[i],
		       values[i], &length);
		labels[i] = (struct label){ names[i], values[i] };
		at += 1 + length;
	}
	at += strspn(at, "{}");
	qsort(labels, sample.nr_labels, sizeof(*labels), by_name);
	sample.value = strtod(at, NULL);
	history_add(&play->engine.history, &sample);
}

static void put_labels(FILE *out, const struct label *labels, unsigned int nr)
{
	fputc('{', out);
	for (unsigned int i = 0; i < nr; i++)
		fprintf(out, "%s%s=\"%s\"", i ? "," : "", labels[i].name,
			labels[i].value);
	fputc('}', out);
}

static void on_notice(const struct notice *notice, void *arg)
{
	struct play *play = arg;

	fprintf(play->out, "%" PRId64 " %s\n",
		(notice->time_ms - EPOCH_MS) / 1000, notice->text);
	for (unsigned int i = 0; i < notice->nr_annotations; i++)
		if (strcmp(notice->annotations[i].name, "summary") &&
		    strcmp(notice->annotations[i].name, "advice"))
			fprintf(play->out, "  %s: %s\n",
				notice->annotations[i].name,
				notice->annotations[i].value);
}

/* With as many digits as it takes to be this number. */
static void put_number(FILE *out, double number)
{
	char text[32];
	int digits = 6;

	do {
		snprintf(text, sizeof(text), "%.*g", digits, number);
	} while (strtod(text, NULL) != number && ++digits <= 17);
	fprintf(out, "%s\n", text);
}

static void put_value(struct play *play, const struct value *value)
{
	if (value->kind == EXPR_SCALAR) {
		fputs("  ", play->out);
		put_number(play->out, value->scalar);
	}
	for (size_t i = 0; i < value->nr; i++) {
		const struct element *e = &value->elements[i];

		fprintf(play->out, "  %s", e->metric ? e->metric : "");
		put_labels(play->out, e->labels, e->nr_labels);
		fputc(' ', play->out);
		put_number(play->out, e->value);
	}
}

static void evaluate(struct play *play, const char *text)
{
	struct arena arena = { .limit = 1 << 20 };
	struct eval eval = { &play->engine.history, play->now_ms, &arena,
			     { { 0 }, 0 } };
	struct expr *expr = expr_parse(text, &eval.error);
	struct value value;

	fprintf(play->out, "%" PRId64 " %s\n",
		(play->now_ms - EPOCH_MS) / 1000, text);
	if (!expr || expr_eval(&eval, expr, &value))
		fprintf(play->out, "  %*s^ %s\n", (int)eval.error.offset, "",
			eval.error.text);
	else
		put_value(play, &value);
	expr_free(expr);
	arena_free(&arena);
}

/* Keep what an eval of the input looks at, whatever rules there are. */
static void want(struct play *play, const struct golden *golden)
{
	if (!play->evals)
		play->evals = calloc(golden->nr + 1, sizeof(*play->evals));
	for (size_t i = 0; i < golden->nr; i++) {
		const char *text = golden->steps[i].text;
		struct expr_error error;

		if (!play->evals[i] && !strncmp(text, "eval ", 5))
			play->evals[i] = expr_parse(text + 5, &error);
		if (play->evals[i])
			expr_want(play->evals[i], &play->engine.history);
	}
}

static bool configure(struct play *play, const struct golden *golden)
{
	struct config *config = config_load(play->config_path,
					    TOP "/userspace/daemon/rules.yaml",
					    stdout);

	if (!config || engine_configure(&play->engine, config, play->now_ms,
					on_notice, play))
		return false;
	config_free(play->config);
	play->config = config;
	want(play, golden);
	return true;
}

static bool restart(struct play *play, const struct golden *golden)
{
	if (state_save(&play->engine, play->state_path))
		return false;
	engine_free(&play->engine);
	return configure(play, golden) &&
	       !state_load(&play->engine, play->state_path, play->now_ms);
}

static bool play_steps(struct play *play, const struct golden *golden)
{
	bool is_good = true;

	for (size_t i = 0; i < golden->nr && is_good; i++) {
		const struct step *step = &golden->steps[i];
		int64_t time_ms = EPOCH_MS + step->time_s * 1000;

		play->now_ms = time_ms;
		if (!strcmp(step->text, "restart")) {
			is_good = restart(play, golden);
			continue;
		}
		if (!strcmp(step->text, "configure")) {
			is_good = configure(play, golden);
			continue;
		}
		if (time_ms != play->engine.history.round_ms)
			history_round(&play->engine.history, time_ms);
		if (!strncmp(step->text, "eval ", 5))
			evaluate(play, step->text + 5);
		else
			put_sample(play, step->text);
		/* The last of its round. */
		if (i + 1 == golden->nr ||
		    golden->steps[i + 1].time_s != step->time_s)
			engine_evaluate(&play->engine, time_ms, on_notice,
					play);
	}
	return is_good;
}

static void play_file(const char *path)
{
	char config_path[] = "/tmp/test_rules-XXXXXX.yaml";
	char state_path[] = "/tmp/test_rules-XXXXXX";
	struct play play = { .config_path = config_path,
			     .state_path = state_path };
	const char *name = strrchr(path, '/');
	struct golden golden;
	char *got = NULL;
	size_t size;
	int fd;

	if (!ok(golden_read(path, &golden), "%s: has its sections", path))
		return;
	golden_steps(&golden);
	fd = mkstemps(config_path, 5);
	dprintf(fd, "%s", golden.config);
	close(fd);
	close(mkstemp(state_path));
	play.out = open_memstream(&got, &size);
	ok(configure(&play, &golden) && play_steps(&play, &golden),
	   "%s: is played", name + 1);
	fclose(play.out);
	if (!ok(!strcmp(got, golden.expect), "%s: gives what is expected",
		name + 1))
		printf("--- got\n%s---\n", got);
	engine_free(&play.engine);
	for (size_t i = 0; play.evals && i < golden.nr; i++)
		expr_free(play.evals[i]);
	free(play.evals);
	config_free(play.config);
	golden_free(&golden);
	free(got);
	unlink(config_path);
	unlink(state_path);
}

int main(int argc, char **argv)
{
	glob_t found;

	for (int i = 1; i < argc; i++)
		play_file(argv[i]);
	if (argc == 1 &&
	    ok(!glob(TOP "/tests/unit/golden/*.golden", 0, NULL, &found),
	       "there are files")) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			play_file(found.gl_pathv[i]);
		globfree(&found);
	}
	return tap_done();
}
