/*
 * live_drain: the least that can watch: the driver, with every event looked at and thrown away. For live.sh.
 *
 *	live_drain SECONDS [CALL ...]   default: the calls that process, file and network state needs
 *
 * Prints "ready" once it watches; at the end one line: events dropped late cpu-ns-per-event.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gyr/events.h>

#include "driver.h"

static const char *const usual[] = {
	"accept", "accept4", "bind",   "chdir",   "chroot",
	"clone",  "clone3",  "close",  "connect", "creat",
	"dup",    "dup2",    "dup3",   "execve",  "execveat",
	"fchdir", "fork",    "open",   "openat",  "openat2",
	"prctl",  "setgid",  "setuid", "socket",  "sched_process_exit",
	"vfork",
};

static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static double now_s(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int want(struct drv_interest *i, const char *name)
{
	const struct gyr_syscall_info *call = gyr_syscall_find(name, strlen(name));

	if (!call)
		return fprintf(stderr, "live_drain: there is no call %s\n", name);
	drv_want(i, call->code);
	return 0;
}

int main(int argc, char **argv)
{
	struct drv_interest interest = {{0}, {0}};
	struct drv_counters c;
	struct drv_problem why;
	struct drv_batch batch;
	uint64_t sum = 0;
	double cpu, until;
	struct drv *d;

	for (size_t i = 0; argc <= 2 && i < sizeof usual / sizeof *usual; i++)
		if (want(&interest, usual[i]))
			return 2;
	for (int i = 2; i < argc; i++)
		if (want(&interest, argv[i]))
			return 2;
	signal(SIGTERM, stop);
	if (drv_open(&(struct drv_options){.size = sizeof(struct drv_options),
					   .entry = getenv("ENTRY") != NULL},
		     &d, &why) < 0 ||
	    drv_interest(d, &interest, &why) < 0 || drv_attach(d, &why) < 0) {
		fprintf(stderr, "live_drain: %s\n", why.text);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
	until = now_s(CLOCK_MONOTONIC) + (argc > 1 ? strtod(argv[1], NULL) : 10);
	while (!stopped && now_s(CLOCK_MONOTONIC) < until && drv_poll(d, 20, &batch) >= 0)
		for (uint32_t i = 0; i < batch.n; i++)
			sum += batch.events[i]->type + batch.events[i]->len;
	cpu = now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	drv_counters(d, &c);
	printf("events %llu dropped %llu late %llu cpu_ns_per_event %.0f (%llu)\n",
	       (unsigned long long)c.events, (unsigned long long)c.dropped,
	       (unsigned long long)c.late, c.events ? cpu * 1e9 / (double)c.events : 0.0,
	       (unsigned long long)sum);
	drv_close(d);
	return 0;
}
