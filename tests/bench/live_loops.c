/*
 * live_loops: what short loops of system calls cost, for live.sh to run with and without a watcher.
 *
 *	live_loops [NAME ...]     one line a loop: its name, ns of CPU an iteration (the least of many tries)
 *	live_loops --storm MS [RATE]
 *				opens and closes a file on all processors for MS ms, RATE calls a second altogether
 *				(0: as many as it can); prints the calls made
 *
 * CPU is that of this process and of its children that ended: what a watcher's programs in the kernel add is in it.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int devnull, devzero, udp;
static struct sockaddr_in discard;

static void loop_getpid(void)
{
	(void)syscall(SYS_getpid);
}

static void loop_open_close(void)
{
	close(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static void loop_dup_close(void)
{
	close(dup(devnull));
}

static void loop_read_write(void)
{
	char byte[64];

	if (read(devzero, byte, sizeof byte) != sizeof byte ||
	    write(devnull, byte, sizeof byte) != sizeof byte)
		abort();
}

static void loop_connect(void)
{
	(void)connect(udp, (const struct sockaddr *)&discard, sizeof discard);
}

static void loop_fork(void)
{
	const pid_t pid = fork();

	if (!pid)
		_exit(0);
	(void)waitpid(pid, NULL, 0);
}

static void loop_spawn(void)
{
	char *const argv[] = {(char *)"true", NULL};
	pid_t pid;

	if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ))
		abort();
	(void)waitpid(pid, NULL, 0);
}

static const struct {
	const char *name;
	void (*run)(void);
	int tries, iterations;
} loops[] = {
	{"getpid", loop_getpid, 400, 1000},
	{"open+close", loop_open_close, 300, 300},
	{"dup+close", loop_dup_close, 300, 500},
	{"read+write", loop_read_write, 300, 300},
	{"udp-connect", loop_connect, 200, 200},
	{"fork", loop_fork, 40, 5},
	{"spawn", loop_spawn, 30, 3},
};

static double cpu_ns(void)
{
	struct timespec self;
	struct rusage children;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	return (double)self.tv_sec * 1e9 + (double)self.tv_nsec +
	       (double)(children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1e9 +
	       (double)(children.ru_utime.tv_usec + children.ru_stime.tv_usec) * 1e3;
}

static double measure(size_t l)
{
	double best = 1e18;

	for (int t = 0; t < loops[l].tries; t++) {
		const double began = cpu_ns();
		double each;

		for (int i = 0; i < loops[l].iterations; i++)
			loops[l].run();
		each = (cpu_ns() - began) / loops[l].iterations;
		if (each < best)
			best = each;
	}
	return best;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

enum { BURST = 100 }; /* calls between two looks at the clock */

/* Calls of one process for @ns; @rate a second, 0: as many as it can. When it is ahead it sleeps. */
static uint64_t storm_calls(uint64_t ns, uint64_t rate)
{
	const uint64_t began = now_ns();
	uint64_t calls = 0, past = 0;

	for (; past < ns; past = now_ns() - began) {
		const uint64_t due = rate ? calls * 1000000000 / rate : 0;

		if (due > past) {
			const struct timespec t = {.tv_nsec = (long)(due - past)};

			(void)nanosleep(&t, NULL);
			continue;
		}
		for (int k = 0; k < BURST; k += 2, calls += 2)
			loop_open_close();
	}
	return calls;
}

/* Every process makes calls until the time is over, and says how many through its pipe. */
static void storm(uint64_t ms, uint64_t rate)
{
	const uint64_t n = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t all = 0, calls;
	int ends[2];

	if (pipe(ends))
		abort();
	for (uint64_t i = 0; i < n; i++) {
		if (fork())
			continue;
		calls = storm_calls(ms * 1000000, rate / n);
		_exit(write(ends[1], &calls, sizeof calls) != sizeof calls);
	}
	for (uint64_t i = 0; i < n; i++) {
		(void)wait(NULL);
		if (read(ends[0], &calls, sizeof calls) == sizeof calls)
			all += calls;
	}
	printf("%llu\n", (unsigned long long)all);
}

int main(int argc, char **argv)
{
	devnull = open("/dev/null", O_WRONLY);
	devzero = open("/dev/zero", O_RDONLY);
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	discard = (struct sockaddr_in){.sin_family = AF_INET,
				       .sin_port = htons(9),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (argc >= 3 && !strcmp(argv[1], "--storm")) {
		storm(strtoull(argv[2], NULL, 10), argc > 3 ? strtoull(argv[3], NULL, 10) : 0);
		return 0;
	}
	for (size_t l = 0; l < sizeof loops / sizeof *loops; l++) {
		int wanted = argc < 2;

		for (int i = 1; i < argc; i++)
			wanted |= !strcmp(argv[i], loops[l].name);
		if (wanted)
			printf("%s %.0f\n", loops[l].name, measure(l));
	}
	return 0;
}
