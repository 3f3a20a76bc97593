// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The past and the alerts in a file, so that long times survive a restart.
 *
 * Format. All numbers have 8 bytes, the least significant first on every
 * machine; a value is the bits of an IEEE 754 double, a text its length and its
 * bytes. The file begins with MEMTEL and two digits, the format's number, which is
 * another whenever anything of this changes:
 *
 *	number of metrics, of each: name, number of series, of each:
 *		labels, number of buckets, of each: the ten of struct bucket
 *	number of rules, of each: identity, number of alerts, of each:
 *		labels, active_ms, last_ms, is_firing, value
 *	labels are: their number, of each: name, value
 *	a sum of all that is before it
 *
 * By the sum half a file, or another one, is recognised. The file is written
 * beside and put in place when it is on the disk: what is there is whole,
 * whatever happens. What is read is checked whole before anything is taken from
 * it; a file that is damaged, or of another format, is moved aside. Of what was
 * saved that is taken which today's rules want.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "state.h"

static const char magic[] = "MEMTEL";
static const char format[] = "01";

/* What programs wrote before there was an order of bytes, on other machines. */
static const char other_order[] = "10LETMEM";

/* Magic and format, or the sum. */
#define WORD sizeof(uint64_t)

/* Numbers of a bucket, which are all there is in one. */
#define BUCKET_NUMBERS 10

_Static_assert(sizeof(struct bucket) == BUCKET_NUMBERS * WORD,
	       "a bucket has other members than the format says");

/* No file is longer, and so no text in it. */
#define STATE_MAX (INT64_C(512) << 20)

/* FNV-1a, 64 bits: of nothing, and of more. */
#define SUM_BEGIN UINT64_C(0xcbf29ce484222325)

static uint64_t sum_add(uint64_t sum, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
	return sum;
}

/**
 * struct output - a file that is written
 * @file: it
 * @sum: of what is in it
 * @left: bytes that it may still get, before the sum
 * @err: a negative errno; nothing more is written then
 */
struct output {
	FILE *file;
	uint64_t sum;
	size_t left;
	int err;
};

static void put(struct output *out, const void *data, size_t size)
{
	if (out->err || !size)
		return;
	if (size > out->left)
		out->err = -EFBIG;
	else if (fwrite(data, size, 1, out->file) != 1)
		out->err = -errno;
	out->left -= size;
	out->sum = sum_add(out->sum, data, size);
}

static void put_number(struct output *out, uint64_t number)
{
	number = htole64(number);
	put(out, &number, sizeof(number));
}

static uint64_t bits_of(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static void put_bucket(struct output *out, const struct bucket *b)
{
	const uint64_t numbers[BUCKET_NUMBERS] = {
		htole64((uint64_t)b->first_ms), htole64((uint64_t)b->last_ms),
		htole64(b->count), htole64(bits_of(b->first)),
		htole64(bits_of(b->last)), htole64(bits_of(b->min)),
		htole64(bits_of(b->max)), htole64(bits_of(b->sum)),
		htole64(bits_of(b->growth)), htole64(bits_of(b->growth_into)),
	};

	put(out, numbers, sizeof(numbers));
}

static void put_text(struct output *out, const char *text)
{
	put_number(out, strlen(text));
	put(out, text, strlen(text));
}

static void put_labels(struct output *out, const struct label *labels,
		       unsigned int nr)
{
	put_number(out, nr);
	for (unsigned int i = 0; i < nr; i++) {
		put_text(out, labels[i].name);
		put_text(out, labels[i].value);
	}
}

static void put_history(struct output *out, const struct history *history)
{
	put_number(out, history->nr);
	for (size_t i = 0; i < history->nr; i++) {
		const struct metric *metric = history->metrics[i];

		put_text(out, metric->name);
		put_number(out, metric->nr);
		for (size_t j = 0; j < metric->nr; j++) {
			const struct series *series = metric->series[j];

			put_labels(out, series->labels, series->nr_labels);
			put_number(out, series->nr);
			for (size_t k = 0; k < series->nr; k++)
				put_bucket(out, &series->buckets[k]);
		}
	}
}

static void put_alerts(struct output *out, const struct engine *engine)
{
	put_number(out, engine->nr);
	for (size_t i = 0; i < engine->nr; i++) {
		const struct watched_rule *rule = &engine->rules[i];

		put_text(out, rule->rule->identity);
		put_number(out, rule->nr);
		for (size_t j = 0; j < rule->nr; j++) {
			const struct alert *alert = &rule->alerts[j];

			put_labels(out, alert->labels, alert->nr_labels);
			put_number(out, (uint64_t)alert->active_ms);
			put_number(out, (uint64_t)alert->last_ms);
			put_number(out, alert->is_firing);
			put_number(out, bits_of(alert->value));
		}
	}
}

/* The directory's entry is on the disk, too. */
static void sync_directory(const char *path)
{
	char *copy = strdup(path), *slash = copy ? strrchr(copy, '/') : NULL;
	int fd;

	if (slash) {
		*slash = '\0';
		fd = open(*copy ? copy : "/", O_RDONLY | O_DIRECTORY |
			  O_CLOEXEC);
		if (fd >= 0) {
			fsync(fd);
			close(fd);
		}
	}
	free(copy);
}

static int write_state(const struct engine *engine, FILE *file)
{
	struct output out = {
		.file = file,
		.sum = SUM_BEGIN,
		.left = STATE_MAX - WORD,
	};
	uint64_t sum;

	put(&out, magic, strlen(magic));
	put(&out, format, strlen(format));
	put_history(&out, &engine->history);
	put_alerts(&out, engine);
	sum = out.sum;
	out.left += sizeof(sum);
	put_number(&out, sum);
	if (!out.err && (fflush(file) || fsync(fileno(file))))
		out.err = -errno;
	return out.err;
}

/* A new file of that name, whatever has it. */
static FILE *create(const char *path)
{
	FILE *file;
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return NULL;
	file = fdopen(fd, "w");
	if (!file)
		close(fd);
	return file;
}

/**
 * state_save() - save what is known
 *
 * Return: 0 or a negative errno, -ENOTSUP where there is something else than a
 * regular file; then what is there is as it was.
 */
int state_save(const struct engine *engine, const char *path)
{
	struct stat st;
	char *beside;
	FILE *file;
	int err;

	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return -ENOTSUP;
	if (asprintf(&beside, "%s.new", path) < 0)
		return -ENOMEM;
	file = create(beside);
	err = file ? write_state(engine, file) : -errno;
	if (file && fclose(file) && !err)
		err = -errno;
	if (!err && rename(beside, path))
		err = -errno;
	if (!err)
		sync_directory(path);
	else if (file)
		unlink(beside);
	free(beside);
	return err;
}

/* What is left to read; at is NULL once something did not fit. */
struct input {
	const char *at;
	size_t left;
};

static const char *get(struct input *in, size_t size)
{
	const char *at = in->at;

	if (!at || size > in->left) {
		in->at = NULL;
		return NULL;
	}
	in->at += size;
	in->left -= size;
	return at;
}

static uint64_t get_number(struct input *in)
{
	uint64_t number = 0;
	const char *at = get(in, sizeof(number));

	if (at)
		memcpy(&number, at, sizeof(number));
	return le64toh(number);
}

static double get_value(struct input *in)
{
	uint64_t bits = get_number(in);
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static struct bucket get_bucket(struct input *in)
{
	struct bucket b = { .first_ms = (int64_t)get_number(in) };

	b.last_ms = (int64_t)get_number(in);
	b.count = get_number(in);
	b.first = get_value(in);
	b.last = get_value(in);
	b.min = get_value(in);
	b.max = get_value(in);
	b.sum = get_value(in);
	b.growth = get_value(in);
	b.growth_into = get_value(in);
	return b;
}

/* For free(); NULL at the end of the input or of memory. */
static char *get_text(struct input *in)
{
	uint64_t length = get_number(in);
	const char *at = length < STATE_MAX ? get(in, length) : NULL;
	char *text = at ? strndup(at, length) : NULL;

	if (!text)
		in->at = NULL;
	return text;
}

/* At most LABELS_MAX labels; their texts are for free_labels(). */
static unsigned int get_labels(struct input *in, struct label *labels)
{
	uint64_t nr = get_number(in);
	unsigned int i;

	if (nr > LABELS_MAX)
		in->at = NULL;
	for (i = 0; in->at && i < nr; i++) {
		labels[i].name = get_text(in);
		labels[i].value = get_text(in);
	}
	return i;
}

static void free_labels(struct label *labels, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		free((char *)labels[i].name);
		free((char *)labels[i].value);
	}
}

/* Those that are still looked at, and not of the future. */
static int take_buckets(struct history *history, struct series *series,
			const struct metric *metric, const char *data,
			size_t nr, int64_t now_ms)
{
	struct input buckets = { data, nr * sizeof(struct bucket) };
	int err = series->nr ? 0 : series_reserve(history, series, nr);

	if (err || series->nr)
		return err;
	for (size_t i = 0; i < nr; i++) {
		struct bucket b = get_bucket(&buckets);

		if (b.last_ms <= now_ms &&
		    b.last_ms > now_ms - metric->keep_ms - 1 &&
		    (!series->nr || b.first_ms >
				    series->buckets[series->nr - 1].last_ms))
			series->buckets[series->nr++] = b;
	}
	return 0;
}

static void get_series(struct input *in, struct history *history,
		       struct metric *metric, int64_t now_ms)
{
	struct label labels[LABELS_MAX];
	unsigned int nr_labels = get_labels(in, labels);
	uint64_t nr = get_number(in);
	const char *data = nr < STATE_MAX ?
			   get(in, nr * sizeof(struct bucket)) : NULL;
	struct series *series;

	if (!data)
		in->at = NULL;
	if (in->at && metric && metric_selects(metric, labels, nr_labels)) {
		series = metric_series(history, metric, labels, nr_labels);
		if (!series || take_buckets(history, series, metric, data, nr,
					    now_ms))
			metric_lose(history, metric, now_ms, history_full);
	}
	free_labels(labels, nr_labels);
}

static void get_history(struct input *in, struct history *history,
			int64_t now_ms)
{
	uint64_t nr_metrics = get_number(in);

	for (uint64_t i = 0; in->at && i < nr_metrics; i++) {
		char *name = get_text(in);
		uint64_t nr = get_number(in);
		struct metric *metric = name ? history_find(history, name) :
					       NULL;

		for (uint64_t j = 0; in->at && j < nr; j++)
			get_series(in, history, metric, now_ms);
		free(name);
	}
}

static void get_alert(struct input *in, struct watched_rule *rule)
{
	struct label labels[LABELS_MAX];
	unsigned int nr_labels = get_labels(in, labels);
	int64_t active_ms = (int64_t)get_number(in);
	int64_t last_ms = (int64_t)get_number(in);
	bool is_firing = get_number(in);
	double value = get_value(in);
	struct alert *alert = in->at && rule ?
			      alert_add(rule, labels, nr_labels) : NULL;

	if (alert) {
		alert->active_ms = active_ms;
		alert->last_ms = last_ms;
		alert->is_firing = is_firing;
		alert->value = value;
	}
	free_labels(labels, nr_labels);
}

static void get_alerts(struct input *in, struct engine *engine)
{
	uint64_t nr_rules = get_number(in);

	for (uint64_t i = 0; in->at && i < nr_rules; i++) {
		char *identity = get_text(in);
		uint64_t nr = get_number(in);
		struct watched_rule *rule = identity ?
			engine_find(engine, identity) : NULL;

		for (uint64_t j = 0; in->at && j < nr; j++)
			get_alert(in, rule);
		free(identity);
	}
}

/* The whole file for free(), or NULL with errno. */
static char *read_all(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st = { 0 };
	char *data = NULL;
	ssize_t got;

	*size = 0;
	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st)) {
		errno = S_ISREG(st.st_mode) ? EFBIG : ENOTSUP;
		if (S_ISREG(st.st_mode) && st.st_size <= STATE_MAX)
			data = malloc((size_t)st.st_size + 1);
	}
	while (data && *size < (size_t)st.st_size) {
		got = read(fd, data + *size, (size_t)st.st_size - *size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		*size += (size_t)got;
	}
	close(fd);
	return data;
}

static bool is_whole(const char *data, size_t size)
{
	struct input end = { data, size };

	return size >= 2 * WORD && !memcmp(data, magic, strlen(magic)) &&
	       get(&end, size - WORD) &&
	       get_number(&end) == sum_add(SUM_BEGIN, data, size - WORD);
}

/* Set to why a file is of another format, which may be whole all the same. */
static bool is_foreign(const char *data, size_t size, char why[80])
{
	const char *number = data + strlen(magic);

	if (size < WORD)
		return false;
	if (!memcmp(data, other_order, WORD))
		snprintf(why, 80, "saved by a machine with another byte order");
	else if (!memcmp(data, magic, strlen(magic)) &&
		 memcmp(number, format, strlen(format)))
		snprintf(why, 80, "of format %.2s; this memteld reads format %s",
			 number, format);
	else
		return false;
	return true;
}

/* What is saved next would take its place. */
static void move_aside(const char *path, const char *suffix, const char *why)
{
	char *aside;

	if (asprintf(&aside, "%s.%s", path, suffix) < 0)
		return;
	if (rename(path, aside))
		log_error("%s: %s, and cannot be moved aside: %s", path, why,
			  strerror(errno));
	else
		log_warning("%s: %s: moved to %s; the past begins anew", path,
			  why, aside);
	free(aside);
}

static void move_damaged(const char *path)
{
	move_aside(path, "damaged", "damaged, or not of this program");
}

/**
 * state_load() - take up what was saved
 * @engine: configured, and without a past
 *
 * That there is no file yet is no error.
 *
 * Return: 0, or a negative errno, told; then nothing was taken.
 */
int state_load(struct engine *engine, const char *path, int64_t now_ms)
{
	struct input in;
	size_t size;
	char *data = read_all(path, &size), why[80];
	int err = 0;

	if (!data) {
		if (errno == ENOENT)
			return 0;
		err = -errno;
		if (err == -EFBIG)
			move_damaged(path);
		else if (err == -ENOTSUP)
			log_error("%s: it is no regular file", path);
		else
			move_aside(path, "unread", strerror(-err));
		return err;
	}
	if (is_foreign(data, size, why)) {
		move_aside(path, "unread", why);
		err = -EPROTO;
	} else if (is_whole(data, size)) {
		in = (struct input){ data + WORD, size - 2 * WORD };
		get_history(&in, &engine->history, now_ms);
		get_alerts(&in, engine);
	} else {
		move_damaged(path);
		err = -EBADMSG;
	}
	free(data);
	return err;
}
