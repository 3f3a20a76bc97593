// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The id of a cgroup v2, which is the inode number of its directory.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "internal.h"

/* Mount points in mountinfo have \040 for a space, and the like. */
static void unescape(char *text)
{
	char *to = text;

	for (char *from = text; *from; to++) {
		unsigned int code;

		if (from[0] == '\\' && sscanf(from + 1, "%3o", &code) == 1) {
			*to = (char)code;
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* Where the cgroup v2 hierarchy is mounted whole. */
static int mount_find(char *where, size_t size)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	size_t room = 0;
	char *line = NULL;
	int err = -ENODEV;

	if (!file)
		return -errno;
	while (err && getline(&line, &room, file) > 0) {
		char root[PATH_MAX], point[PATH_MAX];
		const char *type = strstr(line, " - cgroup2 ");

		if (!type || sscanf(line, "%*s %*s %*s %4095s %4095s", root,
				    point) != 2 || strcmp(root, "/"))
			continue;
		unescape(point);
		if (strlen(point) >= size)
			continue;
		strcpy(where, point);
		err = 0;
	}
	free(line);
	fclose(file);
	return err;
}

int memtel_cgroup_id(const char *path, uint64_t *id)
{
	char where[PATH_MAX], whole[2 * PATH_MAX];
	struct stat st;
	int err = mount_find(where, sizeof(where));

	if (err)
		return err;
	if ((size_t)snprintf(whole, sizeof(whole), "%s/%s", where, path) >=
	    sizeof(whole))
		return -ENAMETOOLONG;
	if (stat(whole, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	*id = st.st_ino;
	return 0;
}
