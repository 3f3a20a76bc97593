// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's life.
 *
 * One loop of sd-event and no thread; a child saves the past. Each interval: a
 * round of samples, all rules, and what they say to the sinks. In between: the
 * module's own events, readers of the socket, retries. SIGHUP reads the configuration anew: one with
 * a mistake is told and the old one stays; what did not change goes on, rules
 * where they are, sinks with their readers, the subscription. SIGTERM and SIGINT
 * save the past, write what waits, and end.
 *
 * The interval is of the boot-time clock, so that a host that slept is looked
 * at when it wakes; rules are told the wall clock's time, as the past is. A round
 * has the time when it was due, not when the loop came to it: so times of rounds
 * are whole intervals apart, and a time that is looked back on always has as many
 * samples.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "collect.h"
#include "daemon.h"
#include "engine.h"
#include "log.h"
#include "pressure.h"
#include "saver.h"
#include "sink.h"
#include "state.h"

/*
 * What is between the two clocks is taken to be the same as long as it is by this,
 * as each reading of it is off by some us.
 */
#define OFFSET_US	50000

/* How long what waits may take to be written at the end. */
#define FLUSH_MS	2000

/**
 * struct daemon - all there is
 * @options: of the command line
 * @config: in force
 * @offset_us: by how much the wall clock is ahead of the boot-time clock
 * @is_reload_bad: the last reload found mistakes
 * @lost: samples, when memteld last logged them
 */
struct daemon {
	const struct daemon_options *options;
	struct config *config;
	sd_event *event;
	sd_event_source *tick;
	struct engine engine;
	struct collect collect;
	struct pressure pressure;
	struct sinks sinks;
	struct saver saver;
	int64_t offset_us;
	bool is_reload_bad;
	uint64_t lost;
};

static int64_t read_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static int64_t wall_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

/* The wall clock's time when the boot-time clock says @us. */
static int64_t wall_ms_of(struct daemon *daemon, uint64_t us)
{
	int64_t offset_us = read_us(CLOCK_REALTIME) - read_us(CLOCK_BOOTTIME);

	if (llabs(offset_us - daemon->offset_us) > OFFSET_US)
		daemon->offset_us = offset_us;
	return ((int64_t)us + daemon->offset_us) / 1000;
}

static void tell(const struct notice *notice, void *arg)
{
	struct daemon *daemon = arg;

	sinks_write(&daemon->sinks, notice);
}

static void tell_lost(struct daemon *daemon)
{
	uint64_t lost = daemon->engine.history.lost;

	/* At the first, and then at each doubling. */
	if (lost && lost >= 2 * daemon->lost) {
		log_error("%llu samples were lost, see the rules that failed; series and their past have at most %zu MiB",
			  (unsigned long long)lost, HISTORY_BYTES >> 20);
		daemon->lost = lost;
	}
}

static void say_status(const struct daemon *daemon)
{
	size_t firing = 0;

	for (size_t i = 0; i < daemon->engine.nr; i++)
		for (size_t j = 0; j < daemon->engine.rules[i].nr; j++)
			firing += daemon->engine.rules[i].alerts[j].is_firing;
	sd_notifyf(0, "STATUS=%zu rules, %zu alerts firing, %zu series",
		   daemon->engine.nr, firing, daemon->engine.history.nr_series);
}

static void round_of_rules(struct daemon *daemon, int64_t now_ms)
{
	history_round(&daemon->engine.history, now_ms);
	collect_run(&daemon->collect);
	engine_evaluate(&daemon->engine, now_ms, tell, daemon);
	tell_lost(daemon);
	saver_round(&daemon->saver, &daemon->engine, daemon->config, now_ms);
	say_status(daemon);
}

static int on_tick(sd_event_source *source, uint64_t us, void *arg)
{
	struct daemon *daemon = arg;
	uint64_t interval_us = (uint64_t)daemon->config->interval_ms * 1000;
	uint64_t now_us = (uint64_t)read_us(CLOCK_BOOTTIME);

	/* Those that were slept through are left out. */
	if (now_us > us)
		us += (now_us - us) / interval_us * interval_us;
	round_of_rules(daemon, wall_ms_of(daemon, us));
	sd_event_source_set_time(source, us + interval_us);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_end(sd_event_source *source, const struct signalfd_siginfo *info,
		  void *arg)
{
	struct daemon *daemon = arg;

	(void)source;
	(void)info;
	return sd_event_exit(daemon->event, 0);
}

/* The next round is an interval after the last, or now if that is over. */
static void set_interval(struct daemon *daemon, int64_t before_ms,
			 int64_t interval_ms)
{
	uint64_t next_us;

	if (interval_ms == before_ms ||
	    sd_event_source_get_time(daemon->tick, &next_us) < 0)
		return;
	next_us += (uint64_t)(interval_ms - before_ms) * 1000;
	sd_event_source_set_time(daemon->tick, next_us);
}

/* Have a configuration in force. */
static int configure(struct daemon *daemon, struct config *config)
{
	int err = engine_configure(&daemon->engine, config, wall_ms(), tell,
				   daemon);

	if (!err)
		err = sinks_configure(&daemon->sinks, config);
	if (err)
		return err;
	collect_configure(&daemon->collect, config);
	pressure_configure(&daemon->pressure, config);
	return 0;
}

static struct config *load(const struct daemon_options *options)
{
	return config_load(options->config, options->builtin_rules, stderr);
}

/* The sinks hear of a reload that failed, and of the first good one after it. */
static void tell_reload(struct daemon *daemon, bool is_bad)
{
	const struct notice notice = {
		.kind = NOTICE_DAEMON,
		.level = is_bad ? NOTICE_ERROR : NOTICE_INFO,
		.time_ms = wall_ms(),
		.name = "configuration",
		.text = is_bad ?
			"the configuration has mistakes: the one before stays" :
			"the configuration was read anew",
		.value = NAN,
	};

	if (is_bad || daemon->is_reload_bad)
		tell(&notice, daemon);
	daemon->is_reload_bad = is_bad;
}

static void reload(struct daemon *daemon)
{
	struct config *config = load(daemon->options), *old = daemon->config;

	if (!config) {
		log_error("the configuration has mistakes: the one before stays");
		tell_reload(daemon, true);
		return;
	}
	if (configure(daemon, config)) {
		/* Which of the two the rules point to is not known. */
		log_error("no memory for the configuration");
		if (configure(daemon, old)) {
			sd_event_exit(daemon->event, -ENOMEM);
			return;
		}
		config_free(config);
		return;
	}
	daemon->config = config;
	set_interval(daemon, old->interval_ms, config->interval_ms);
	config_free(old);
	sinks_reopen(&daemon->sinks);
	log_info("the configuration was read anew");
	tell_reload(daemon, false);
}

static int on_reload(sd_event_source *source,
		     const struct signalfd_siginfo *info, void *arg)
{
	struct timespec now;

	(void)source;
	(void)info;
	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
		   now.tv_sec * 1000000LL + now.tv_nsec / 1000);
	reload(arg);
	sd_notify(0, "READY=1");
	return 0;
}

/* The signals and the timer; the loop blocks the signals. */
static int attach_sources(struct daemon *daemon)
{
	static const struct {
		int number;
		sd_event_signal_handler_t handler;
	} signals[] = {
		{ SIGTERM, on_end }, { SIGINT, on_end }, { SIGHUP, on_reload },
	};
	sigset_t mask;
	int err = 0;

	sigemptyset(&mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&mask, signals[i].number);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* Who ignores it hears nothing of its children. */
	signal(SIGCHLD, SIG_DFL);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]) && err >= 0;
	     i++)
		err = sd_event_add_signal(daemon->event, NULL,
					  signals[i].number,
					  signals[i].handler, daemon);
	if (err >= 0)
		err = sd_event_add_time_relative(daemon->event, &daemon->tick,
						 CLOCK_BOOTTIME, 0, 1000,
						 on_tick, daemon);
	if (err >= 0)
		err = sd_event_set_watchdog(daemon->event, true);
	return err;
}

static int start(struct daemon *daemon)
{
	int err = sd_event_new(&daemon->event);

	if (err >= 0) {
		daemon->sinks.event = daemon->event;
		daemon->pressure.event = daemon->event;
		err = attach_sources(daemon);
	}
	if (err >= 0)
		err = configure(daemon, daemon->config);
	if (err < 0)
		return err;
	/* What was saved is taken up; without it the past begins now. */
	state_load(&daemon->engine, daemon->config->state, wall_ms());
	return 0;
}

/* @has_past: it had begun, so there is something to save. */
static void stop(struct daemon *daemon, bool has_past)
{
	sd_notify(0, "STOPPING=1");
	pressure_close(&daemon->pressure);
	collect_close(&daemon->collect);
	/* The disk of the past may take its time. */
	sinks_flush(&daemon->sinks, FLUSH_MS);
	sinks_close(&daemon->sinks);
	if (has_past)
		saver_end(&daemon->saver, &daemon->engine, daemon->config);
	engine_free(&daemon->engine);
	sd_event_source_unref(daemon->tick);
	sd_event_unref(daemon->event);
	config_free(daemon->config);
}

/** daemon_check() - is the configuration right? Returns the exit code. */
int daemon_check(const struct daemon_options *options)
{
	struct config *config = load(options);

	if (!config)
		return 1;
	printf("%s: good: %zu rules, %zu sinks, %u warnings\n",
	       options->config, config->nr_rules, config->nr_sinks,
	       config->nr_warnings);
	config_free(config);
	return 0;
}

/** daemon_run() - until it is told to end; returns the exit code */
int daemon_run(const struct daemon_options *options)
{
	struct daemon daemon = { .options = options };
	bool has_past = false;
	int err;

	daemon.collect.history = &daemon.engine.history;
	daemon.pressure.tell = tell;
	daemon.pressure.arg = &daemon;
	daemon.config = load(options);
	if (!daemon.config)
		return 1;
	err = start(&daemon);
	if (err >= 0) {
		sd_notify(0, "READY=1");
		err = sd_event_loop(daemon.event);
		has_past = true;
	}
	if (err < 0)
		log_error("%s", strerror(-err));
	stop(&daemon, has_past);
	return err < 0;
}
