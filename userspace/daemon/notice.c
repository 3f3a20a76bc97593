// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Notices as JSON, and the names of their kinds.
 */
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "notice.h"

static const struct {
	const char *name;
	const char *message_id;
} kinds[NOTICE_KINDS] = {
	[NOTICE_PRESSURE] = {
		"pressure", "20407023678c4eb590655f5ce550a4f7" },
	[NOTICE_FIRING] = {
		"firing", "4414dc8fa0a34443a3f3c64ab6223249" },
	[NOTICE_RESOLVED] = {
		"resolved", "7b0d56bff6774e5d895e2e34ce742ae6" },
	[NOTICE_RULE_FAILED] = {
		"rule_failed", "1d6bf6a202144168b35d32ad7a26f9e3" },
	[NOTICE_RULE_RECOVERED] = {
		"rule_recovered", "142bff712fd04740b1b39ffcac40b9c8" },
	[NOTICE_DAEMON] = {
		"daemon", "536969de4f374c61b87298b483c47083" },
};

/** notice_kind_name() - as in JSON and in the journal */
const char *notice_kind_name(enum notice_kind kind)
{
	return kinds[kind].name;
}

/** notice_message_id() - the journal's MESSAGE_ID, 32 hex digits */
const char *notice_message_id(enum notice_kind kind)
{
	return kinds[kind].message_id;
}

static struct json_object *json_of_labels(const struct label *labels,
					  unsigned int nr)
{
	struct json_object *object = json_object_new_object();

	for (unsigned int i = 0; object && i < nr; i++)
		json_object_object_add(object, labels[i].name,
				       json_text(labels[i].value));
	return object;
}

static int64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* The same moment for people, as RFC 3339 has it, and for a join with the kernel's
 * own times.
 */
static void put_times(struct json_object *o, int64_t time_ms)
{
	const time_t seconds = (time_t)(time_ms / 1000);
	char date[32] = "", text[48];
	struct tm tm;

	json_object_object_add(o, "time_ms", json_object_new_int64(time_ms));
	if (gmtime_r(&seconds, &tm))
		strftime(date, sizeof(date), "%FT%T", &tm);
	snprintf(text, sizeof(text), "%s.%03dZ", date, (int)(time_ms % 1000));
	json_object_object_add(o, "time", json_object_new_string(text));
	json_object_object_add(o, "boot_time_ms",
			       json_object_new_int64(time_ms -
						     clock_ms(CLOCK_REALTIME) +
						     clock_ms(CLOCK_BOOTTIME)));
}

/* Which boot of the host this is: 32 hex digits as in the journal, or nothing. */
static const char *boot_id(void)
{
	static char id[40];
	char read_id[40];
	size_t nr = 0;
	int fd;

	if (*id)
		return id;
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return id;
	if (read(fd, read_id, 36) == 36)
		for (size_t i = 0; i < 36; i++)
			if (read_id[i] != '-')
				id[nr++] = read_id[i];
	close(fd);
	return id;
}

static void put_host(struct json_object *o)
{
	char host[HOST_NAME_MAX + 1] = "";

	gethostname(host, sizeof(host) - 1);
	json_object_object_add(o, "host", json_text(host));
	if (*boot_id())
		json_object_object_add(o, "boot_id",
				       json_object_new_string(boot_id()));
}

/**
 * notice_json() - a notice as an object
 *
 * kind, level, its times, host, name and text are always there; labels,
 * annotations, value and detail where there are any. A value that is not finite is
 * absent.
 *
 * Return: for json_object_put(), or NULL without memory.
 */
struct json_object *notice_json(const struct notice *notice)
{
	static const char *const levels[] = {
		[NOTICE_ERROR] = "error",
		[NOTICE_WARNING] = "warning",
		[NOTICE_INFO] = "info",
	};
	struct json_object *o = json_object_new_object();

	if (!o)
		return NULL;
	json_object_object_add(o, "kind",
			       json_object_new_string(kinds[notice->kind].name));
	json_object_object_add(o, "level",
			       json_object_new_string(levels[notice->level]));
	put_times(o, notice->time_ms);
	put_host(o);
	json_object_object_add(o, "name", json_text(notice->name));
	json_object_object_add(o, "text", json_text(notice->text));
	if (notice->nr_labels)
		json_object_object_add(o, "labels",
				       json_of_labels(notice->labels,
						      notice->nr_labels));
	if (notice->nr_annotations)
		json_object_object_add(o, "annotations",
				       json_of_labels(notice->annotations,
						      notice->nr_annotations));
	if (isfinite(notice->value))
		json_object_object_add(o, "value",
				       json_object_new_double(notice->value));
	if (notice->detail)
		json_object_object_add(o, "detail",
				       json_object_get(notice->detail));
	return o;
}
