/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where notices go. See sink.c. */
#ifndef MEMTELD_SINK_H
#define MEMTELD_SINK_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "config.h"
#include "notice.h"

struct sink;

/**
 * struct sink_ops - a kind of sink
 * @name: as in the configuration
 * @open: make it ready; a negative errno and a message when it cannot be
 * @write: take a notice, never waiting; @line is it as JSON
 * @set_mode: the mode in the spec is another now; 0, or -1 with errno; NULL for nothing
 *            to do
 * @reopen: the administrator moved files about; NULL for nothing to do
 * @flush: write what waits; 0 when nothing does; NULL for nothing to do
 * @close: give everything back, and tell what was not written
 */
struct sink_ops {
	const char *name;
	int (*open)(struct sink *sink);
	void (*write)(struct sink *sink, const struct notice *notice,
		      const char *line);
	int (*set_mode)(struct sink *sink);
	void (*reopen)(struct sink *sink);
	int (*flush)(struct sink *sink);
	void (*close)(struct sink *sink);
};

/**
 * struct sink - one of them
 * @ops: its kind
 * @spec: how it is configured; the path is its own copy
 * @event: the loop it lives in
 * @data: the kind's own
 * @is_kept: a new configuration has it, too
 */
struct sink {
	const struct sink_ops *ops;
	struct sink_spec spec;
	sd_event *event;
	void *data;
	bool is_kept;
};

extern const struct sink_ops sink_journal_ops;
extern const struct sink_ops sink_file_ops;
extern const struct sink_ops sink_stdout_ops;
extern const struct sink_ops sink_socket_ops;

/**
 * struct sinks - all of them
 * @event: the loop
 * @items: in the order of the configuration
 * @nr: how many
 */
struct sinks {
	sd_event *event;
	struct sink **items;
	size_t nr;
};

int sinks_configure(struct sinks *sinks, const struct config *config);
void sinks_write(struct sinks *sinks, const struct notice *notice);
void sinks_reopen(struct sinks *sinks);
void sinks_flush(struct sinks *sinks, unsigned int timeout_ms);
void sinks_close(struct sinks *sinks);

#endif /* MEMTELD_SINK_H */
