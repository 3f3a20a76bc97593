// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How soon a subscriber knows: a trigger of memtel's and one of PSI on the same
 * stalls, and how many events a second come without loss.
 *
 *   wake late STALLS SUBSCRIBERS
 *     STALLS times a stall of STALL_MS (memtel_stall.c), while SUBSCRIBERS
 *     processes wait for memtel's event and one for PSI's, each with a
 *     threshold of THRESHOLD_MS in a window of a second. Prints for
 *     each stall "memtel NS", the time from the threshold crossed until the
 *     last subscriber has read the event, "first NS", the first one's, and
 *     "psi NS".
 *   wake flood TRIGGERS SUBSCRIBERS
 *     FLOOD_STALLS times a short stall that raises TRIGGERS triggers at once, and
 *     then clears them. Prints for each "burst NS", the time from the threshold
 *     crossed until each subscriber has read that all are raised, and at the end
 *     "lost N", events that the unluckiest subscriber lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <memtel/memtel.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MS		1000000ULL
#define SECOND		(1000 * MS)
#define THRESHOLD_MS	50
#define STALL_MS	400
#define SUBSCRIBERS_MAX	4096
#define FLOOD_STALLS	5
#define FLOOD_SECONDS	60
#define STALL		"/sys/kernel/debug/memtel_stall"

/* What a subscriber's process shows the others. */
struct shown {
	_Atomic unsigned long long woke_ns;	/* of the first event since 0 */
	_Atomic unsigned long long got;
	_Atomic unsigned long long lost;
	_Atomic int is_ready;
};

static struct shown *shown;	/* of each subscriber, then PSI's */
static int nr_subscribers;

static unsigned long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "wake: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void sleep_ns(unsigned long long ns)
{
	struct timespec t = { ns / SECOND, ns % SECOND };

	nanosleep(&t, NULL);
}

/* Write a text to a file in one go. */
static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail(path);
	close(fd);
}

/* Stall for so long; returns when it began. */
static unsigned long long stall(int ms)
{
	char text[32];
	ssize_t n;
	int fd;

	snprintf(text, sizeof(text), "%d", ms);
	put(STALL, text);
	fd = open(STALL, O_RDONLY);
	if (fd < 0)
		fail(STALL);
	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		fail(STALL);
	close(fd);
	text[n] = 0;
	return strtoull(text, NULL, 10);
}

static void see(struct shown *of)
{
	unsigned long long none = 0;

	atomic_compare_exchange_strong(&of->woke_ns, &none, now_ns());
}

static int notice(const struct memtel_notice *what, void *arg)
{
	struct shown *of = arg;

	if (what->kind == MEMTEL_NOTICE_EVENT)
		of->got++;
	if (what->kind == MEMTEL_NOTICE_LOST)
		of->lost += what->lost;
	return 0;
}

/* Reads events of all triggers, until it is killed. */
static void subscribe(struct shown *of)
{
	struct memtel_events_options options = {
		.size = sizeof(options), .all = true,
	};
	struct memtel_events *events;
	struct pollfd poll_ = { .events = POLLIN };

	if (memtel_events_open(&events, &options)) {
		fprintf(stderr, "wake: %s\n", memtel_events_error(events));
		exit(1);
	}
	poll_.fd = memtel_events_fd(events);
	of->is_ready = 1;
	for (;;) {
		if (poll(&poll_, 1, -1) < 0)
			fail("poll");
		memtel_events_read(events, notice, of);
		see(of);
	}
}

static void wait_for_psi(struct shown *of)
{
	char text[64];
	struct pollfd poll_ = {
		.fd = open("/proc/pressure/memory", O_RDWR), .events = POLLPRI,
	};

	snprintf(text, sizeof(text), "some %d 1000000", THRESHOLD_MS * 1000);
	if (poll_.fd < 0 || write(poll_.fd, text, strlen(text) + 1) < 0)
		fail("/proc/pressure/memory");
	of->is_ready = 1;
	for (;;) {
		if (poll(&poll_, 1, -1) < 0)
			fail("poll");
		see(of);
	}
}

static void start(void (*run)(struct shown *), struct shown *of)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(of);
	}
	while (!of->is_ready) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			exit(1);
		sleep_ns(MS);
	}
}

static struct memtel_events *triggers(int number, const char *text)
{
	/* With a buffer of its own for what it does not read. */
	struct memtel_events_options options = { .size = sizeof(options) };
	struct memtel_trigger_error error;
	struct memtel_trigger_spec spec;
	struct memtel_events *events;

	if (memtel_trigger_parse(text, &spec, &error)) {
		fprintf(stderr, "wake: %s\n", error.text);
		exit(1);
	}
	spec.no_evidence = number > 1;
	if (memtel_events_open(&events, &options))
		goto failed;
	while (number-- > 0)
		if (memtel_events_add(events, &spec))
			goto failed;
	return events;
failed:
	fprintf(stderr, "wake: %s\n", memtel_events_error(events));
	exit(1);
}

static void late(int stalls)
{
	struct shown *psi = &shown[nr_subscribers];
	unsigned long long crossed_ns, last, first;
	struct memtel_events *owner;
	char text[64];
	int i;

	start(wait_for_psi, psi);
	snprintf(text, sizeof(text), "direct-reclaim-time > %dms in 1s",
		 THRESHOLD_MS);
	owner = triggers(1, text);
	srand(1);
	while (stalls-- > 0) {
		/* The windows are empty then; the ticks are anywhere. */
		sleep_ns(3 * SECOND + rand() % SECOND);
		for (i = 0; i <= nr_subscribers; i++)
			shown[i].woke_ns = 0;
		crossed_ns = stall(STALL_MS) + THRESHOLD_MS * MS;
		/* PSI tells of it at its next look. */
		sleep_ns(SECOND / 2);
		last = 0;
		first = -1ULL;
		for (i = 0; i < nr_subscribers; i++) {
			unsigned long long woke = shown[i].woke_ns;

			if (!woke)
				woke = crossed_ns + SECOND;
			last = woke > last ? woke : last;
			first = woke < first ? woke : first;
		}
		printf("memtel %lld\nfirst %lld\n",
		       (long long)(last - crossed_ns),
		       (long long)(first - crossed_ns));
		if (psi->woke_ns)
			printf("psi %lld\n",
			       (long long)(psi->woke_ns - crossed_ns));
		else
			printf("psi never\n");
	}
	memtel_events_close(owner);
}

/* Until all subscribers have so many events, or know that they lost them. */
static int wait_for_all(unsigned long long number)
{
	unsigned long long end_ns = now_ns() + FLOOD_SECONDS * SECOND;
	int i = 0;

	while (i < nr_subscribers) {
		if (shown[i].got + shown[i].lost >= number)
			i++;
		else if (now_ns() < end_ns)
			sleep_ns(MS / 10);
		else
			return 0;
	}
	return 1;
}

static void flood(int number)
{
	struct memtel_events *owner = triggers(number,
					       "direct-reclaim-time > 1ms in 10ms");
	unsigned long long crossed_ns, lost = 0;
	int i;

	for (i = 0; i < FLOOD_STALLS; i++) {
		crossed_ns = stall(2) + MS;
		if (wait_for_all((2 * i + 1ULL) * number))
			printf("burst %llu\n", now_ns() - crossed_ns);
		else
			printf("burst never\n");
		wait_for_all((2 * i + 2ULL) * number);
		sleep_ns(SECOND);
	}
	for (i = 0; i < nr_subscribers; i++)
		lost = shown[i].lost > lost ? shown[i].lost : lost;
	printf("lost %llu\n", lost);
	memtel_events_close(owner);
}

int main(int argc, char **argv)
{
	struct rlimit files = { 4096, 4096 };
	int i;

	if (argc != 4)
		return 2;
	nr_subscribers = atoi(argv[3]);
	if (nr_subscribers < 1 || nr_subscribers > SUBSCRIBERS_MAX)
		return 2;
	setrlimit(RLIMIT_NOFILE, &files);
	shown = mmap(NULL, (nr_subscribers + 1) * sizeof(*shown),
		     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shown == MAP_FAILED)
		fail("mmap");
	for (i = 0; i < nr_subscribers; i++)
		start(subscribe, &shown[i]);
	if (!strcmp(argv[1], "late"))
		late(atoi(argv[2]));
	else
		flood(atoi(argv[2]));
	return 0;
}
