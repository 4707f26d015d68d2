/*
 * provoke: does one thing that rules watch for, under the name it was copied to.
 *
 *	provoke shell TAG           starts a shell, as a server that was taken over would
 *	provoke reverse PORT TAG    a shell whose standard streams are a connection
 *	provoke memfd PROGRAM TAG   runs a program from memory
 *	provoke ptrace              attaches to a child of its own
 *	provoke hold FILE PORT TAG  opens FILE, connects to PORT, says "ready", and on each line of standard
 *	                            input writes to both, changes the mode of FILE, and runs "true TAG"
 *	provoke thread TAG          a thread among others runs "true TAG"
 *	provoke sibling TAG         a child that is its parent's runs "true TAG"
 *	provoke swap PATH OTHER     connects to PATH, a socket of its own, and has OTHER in memory when it is connected
 *	provoke mkdirs FOLDER       makes and removes folders in FOLDER until standard input ends, then
 *	                            says how many
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int fail(const char *what)
{
	(void)fprintf(stderr, "provoke: %s: %s\n", what, strerror(errno));
	return 1;
}

static int run(const char *program, char *const argv[])
{
	const pid_t pid = fork();

	if (pid == 0) {
		(void)execv(program, argv);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, NULL, 0) == pid ? 0 : fail(program);
}

static int connect_to(const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		return -1;
	return fd;
}

static int do_shell(char **args)
{
	return run("/bin/sh",
		   (char *[]){(char *)"sh", (char *)"-c", (char *)"exit 0", args[0], NULL});
}

static int do_reverse(char **args)
{
	const int fd = connect_to(args[0]);

	if (fd < 0)
		return fail("connect");
	for (int i = 0; i < 3; i++)
		if (dup2(fd, i) < 0)
			return fail("dup2");
	(void)execv("/bin/sh",
		    (char *[]){(char *)"sh", (char *)"-c", (char *)"exit 0", args[1], NULL});
	return fail("exec");
}

static int copy(int from, int to)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(from, buf, sizeof buf)) > 0)
		if (write(to, buf, (size_t)n) != n)
			return -1;
	return (int)n;
}

static int do_memfd(char **args)
{
	const int from = open(args[0], O_RDONLY), to = memfd_create("hidden", MFD_CLOEXEC);

	if (from < 0 || to < 0 || copy(from, to) < 0)
		return fail("memfd");
	(void)fexecve(to, (char *[]){(char *)"true", args[1], NULL}, environ);
	return fail("fexecve");
}

static int do_ptrace(char **args)
{
	const pid_t pid = fork();

	(void)args;
	if (pid == 0)
		for (;;)
			(void)pause();
	if (pid < 0 || ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0 || waitpid(pid, NULL, 0) < 0 ||
	    ptrace(PTRACE_DETACH, pid, NULL, NULL) < 0)
		return fail("ptrace");
	(void)kill(pid, SIGKILL);
	return waitpid(pid, NULL, 0) == pid ? 0 : fail("wait");
}

static int do_hold(char **args)
{
	const int file = open(args[0], O_RDWR), sock = connect_to(args[1]);
	char line[16];

	if (file < 0 || sock < 0)
		return fail("hold");
	(void)puts("ready");
	(void)fflush(stdout);
	while (fgets(line, sizeof line, stdin)) {
		if (write(file, "x", 1) != 1 || write(sock, "y", 1) != 1 || fchmod(file, 0600) < 0)
			return fail("write");
		if (run("/bin/true", (char *[]){(char *)"true", args[2], NULL}))
			return 1;
		(void)puts("done");
		(void)fflush(stdout);
	}
	return 0;
}

static void *wait_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		(void)pause();
	return NULL;
}

static void *run_true(void *arg)
{
	(void)execv("/bin/true", (char *[]){(char *)"true", arg, NULL});
	_exit(127);
}

static int do_thread(char **args)
{
	pthread_t id;

	for (int i = 0; i < 3; i++)
		if (pthread_create(&id, NULL, wait_for_ever, NULL))
			return fail("thread");
	if (pthread_create(&id, NULL, run_true, args[0]))
		return fail("thread");
	(void)wait_for_ever(NULL);
	return 1;
}

/* The child is its parent's, and so is its end; this process only begins it. */
static int do_sibling(char **args)
{
	const long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		(void)run_true(args[0]);
	return pid > 0 ? 0 : fail("clone");
}

/* ---- an address that changes while a call works on it ---- */

static struct {
	struct sockaddr_un to; /* what the call was given */
	const char *other;
	int server;
	atomic_bool is_calling;
} swapped;

/* Whether the thread of this process's number sleeps: in the call, once it is about to make it. */
static bool main_sleeps(void)
{
	char path[64], line[512] = "";
	const char *end;
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/self/task/%d/stat", getpid());
	f = fopen(path, "re");
	if (!f)
		return false;
	(void)fgets(line, sizeof line, f);
	(void)fclose(f);
	end = strrchr(line, ')');
	return end && end[1] && end[2] == 'S';
}

static void *swap(void *arg)
{
	(void)arg;
	while (!atomic_load(&swapped.is_calling) || !main_sleeps())
		(void)sched_yield();
	(void)snprintf(swapped.to.sun_path, sizeof swapped.to.sun_path, "%s", swapped.other);
	(void)close(accept(swapped.server, NULL, NULL));
	return NULL;
}

static int do_swap(char **args)
{
	const socklen_t len = sizeof swapped.to;
	const int first = socket(AF_UNIX, SOCK_STREAM, 0), second = socket(AF_UNIX, SOCK_STREAM, 0);
	pthread_t id;

	swapped.other = args[1];
	swapped.to.sun_family = AF_UNIX;
	(void)snprintf(swapped.to.sun_path, sizeof swapped.to.sun_path, "%s", args[0]);
	swapped.server = socket(AF_UNIX, SOCK_STREAM, 0);
	/* One may wait to be accepted; who comes after it sleeps. */
	if (bind(swapped.server, (void *)&swapped.to, len) || listen(swapped.server, 0) ||
	    connect(first, (void *)&swapped.to, len) || pthread_create(&id, NULL, swap, NULL))
		return fail("swap");
	atomic_store(&swapped.is_calling, true);
	if (connect(second, (void *)&swapped.to, len))
		return fail("connect");
	(void)pthread_join(id, NULL);
	return strcmp(swapped.to.sun_path, args[1]) ? fail("unchanged") : 0;
}

/* One every 100 us: what is tested is that none is missed, not how many there can be. */
static int do_mkdirs(char **args)
{
	const struct timespec pause_for = {.tv_nsec = 100000};
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	unsigned long n = 0;
	char path[4096];

	while (poll(&in, 1, 0) == 0) {
		(void)snprintf(path, sizeof path, "%s/%lu", args[0], n);
		if (mkdir(path, 0700) < 0 || rmdir(path) < 0)
			return fail(path);
		n++;
		(void)nanosleep(&pause_for, NULL);
	}
	(void)printf("%lu\n", n);
	return 0;
}

static const struct {
	const char *name;
	int n_args;
	int (*run)(char **args);
} deeds[] = {
	{"shell", 1, do_shell},     {"reverse", 2, do_reverse}, {"memfd", 2, do_memfd},
	{"ptrace", 0, do_ptrace},   {"hold", 3, do_hold},       {"thread", 1, do_thread},
	{"sibling", 1, do_sibling}, {"swap", 2, do_swap},       {"mkdirs", 1, do_mkdirs},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof deeds / sizeof *deeds; i++)
		if (!strcmp(argv[1], deeds[i].name) && argc == 2 + deeds[i].n_args)
			return deeds[i].run(argv + 2);
	(void)fprintf(stderr, "provoke: see provoke.c\n");
	return 2;
}
