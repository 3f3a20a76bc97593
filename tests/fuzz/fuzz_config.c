// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memteld's configuration, with its rules and templates: all that is refused is
 * told; all that is taken can be used. The input is the file; where it has a NUL,
 * what follows is the file of rules that it may name.
 */
#include <glob.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config.h"
#include "fuzz.h"
#include "template.h"

static char rules_path[64];

/* No pattern is looked for on this machine: each has just the input's file. */
int glob(const char *pattern, int flags, int (*on_error)(const char *, int),
	 glob_t *found)
{
	(void)pattern;
	(void)flags;
	(void)on_error;
	found->gl_pathc = 1;
	found->gl_pathv = malloc(sizeof(char *));
	MUST(found->gl_pathv);
	found->gl_pathv[0] = rules_path;
	return 0;
}

void globfree(glob_t *found)
{
	free(found->gl_pathv);
}

static int file_of(const uint8_t *data, size_t size, char *path, size_t room)
{
	int fd = memfd_create("fuzz", 0);

	MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, room, "/proc/self/fd/%d", fd);
	return fd;
}

static void use(const struct config *config)
{
	static const struct label labels[] = { { "node", "0" },
					       { "zone", "Normal" } };

	MUST(config->nr_sinks && config->interval_ms > 0);
	for (size_t i = 0; i < config->nr_rules; i++) {
		const struct rule *rule = config->rules[i];

		MUST(rule->alert && rule->expr && rule->text && rule->identity);
		for (size_t j = 0; j < rule->annotations.nr; j++) {
			char *text = template_expand(
				rule->annotations.items[j].text, labels, 2,
				-1e300);

			MUST(text);
			free(text);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\0', size);
	size_t length = end ? (size_t)(end - data) : size;
	char path[64], *errors = NULL;
	struct config *config;
	size_t errors_size;
	FILE *out = open_memstream(&errors, &errors_size);
	int fds[2];

	MUST(out);
	fds[0] = file_of(data, length, path, sizeof(path));
	fds[1] = file_of(end ? end + 1 : data, end ? size - length - 1 : 0,
			 rules_path, sizeof(rules_path));
	config = config_load(path, rules_path, out);
	fclose(out);
	MUST(config ? !errors_size == !config->nr_warnings : errors_size);
	if (config)
		use(config);
	config_free(config);
	free(errors);
	close(fds[0]);
	close(fds[1]);
	return 0;
}
