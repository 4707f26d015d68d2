#include "watch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>
#include <ftw.h>

#include <gyr/events.h>
#include <gyr/params.h>

enum { PROC_EXIT = 186, PATIENCE_S = 100, LOADS = 8 };

static struct {
	struct drv *drv;
	struct told *told;
	struct seen seen;
	char dir[WATCH_DIR];
	pid_t loads[LOADS];
	int n_loads;
} w;

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "live: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int cannot(const char *why)
{
	fprintf(stderr, "live: %s\n", why);
	return getenv("CI") ? 1 : 77;
}

static void want_all(struct drv_interest *i, const char *const *generic)
{
	for (uint16_t code = 0; code < gyr_syscall_count(); code++) {
		const struct gyr_syscall_info *call = gyr_syscall(code);

		if (call && call->name && call->exit > 1)
			drv_want(i, code);
	}
	drv_want(i, gyr_syscall_find("sched_process_exit", 18)->code);
	drv_want(i, gyr_syscall_find("signal_deliver", 14)->code);
	for (; *generic; generic++) {
		const struct gyr_syscall_info *call = gyr_syscall_find(*generic, strlen(*generic));

		must(call != NULL, *generic);
		drv_want(i, call->code);
	}
}

void watch_open(const char *const *generic)
{
	const struct drv_options options = {.size = sizeof options,
					    .api = WIRE_API,
					    .schema = WIRE_SCHEMA,
					    .ring_bytes = 32 << 20,
					    .life_ring_bytes = 8 << 20,
					    .self = UINT32_MAX};
	struct drv_interest interest = {{0}, {0}};
	struct drv_problem why;
	int r;

	if (geteuid())
		exit(cannot("these tests need root"));
	r = drv_open(&options, &w.drv, &why);
	if (r == -ENOTSUP || r == -EPERM)
		exit(cannot(why.text));
	if (r < 0) {
		fprintf(stderr, "live: %s\n", why.text);
		exit(1);
	}
	want_all(&interest, generic);
	must(drv_interest(w.drv, &interest, &why) >= 0 && drv_attach(w.drv, &why) >= 0, why.text);
	w.told = mmap(NULL, sizeof *w.told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	must(w.told != MAP_FAILED, "mmap");
}

struct drv *watch_driver(void)
{
	return w.drv;
}

struct told *watch_told(void)
{
	return w.told;
}

const char *watch_dir(void)
{
	return w.dir;
}

/* ---- what is seen ---- */

static void forget(struct seen *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->events[i]);
	s->n = s->n_family = 0;
	s->status = 0;
}

static bool is_family(const struct seen *s, uint64_t tid)
{
	for (size_t i = 0; i < s->n_family; i++)
		if ((uint64_t)s->family[i] == tid)
			return true;
	return false;
}

static void keep(struct seen *s, const ss_plugin_event *evt)
{
	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 256;
		s->events = realloc(s->events, s->room * sizeof *s->events);
		must(s->events != NULL, "memory");
	}
	s->events[s->n] = malloc(evt->len);
	must(s->events[s->n] != NULL, "memory");
	memcpy(s->events[s->n++], evt, evt->len);
}

/* A clone's event of the new side (result 0) by a parent of the family brings a new member. */
static void adopt(struct seen *s, const ss_plugin_event *evt)
{
	const struct gyr_event_info *info = gyr_event(evt->type);
	struct gyr_params p;
	int64_t parent, pid;

	if (!info || gyr_event_param_find(evt->type, "pidns_init_start_ts", 19) < 0 ||
	    gyr_params_read(evt, &p) || gyr_param_i64(&p, 0, -1) != 0)
		return;
	parent = gyr_param_i64(&p, 5, -1);
	pid = gyr_param_i64(&p, 4, -1);
	if ((is_family(s, (uint64_t)parent) || is_family(s, (uint64_t)pid)) &&
	    s->n_family < WATCH_FAMILY && !is_family(s, evt->tid))
		s->family[s->n_family++] = (pid_t)evt->tid;
}

/* How many of the family an event says have ended: 0 or 1. */
static size_t look_at(struct seen *s, const ss_plugin_event *evt)
{
	adopt(s, evt);
	if (!is_family(s, evt->tid))
		return 0;
	keep(s, evt);
	return evt->type == PROC_EXIT;
}

/* ---- running ---- */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	(void)st, (void)flag, (void)f;
	return remove(path);
}

static pid_t start(action *act, int *ret_go)
{
	int go[2];
	pid_t pid;
	char byte;

	must(!pipe2(go, O_CLOEXEC), "pipe");
	pid = fork();
	must(pid >= 0, "fork");
	if (!pid) {
		close(go[1]);
		if (read(go[0], &byte, 1) != 1 || chdir(w.dir))
			_exit(99);
		close(go[0]);
		act(w.told);
		_exit(0);
	}
	close(go[0]);
	*ret_go = go[1];
	return pid;
}

const struct seen *watch_run(action *act)
{
	struct seen *s = &w.seen;
	struct drv_batch batch;
	size_t ended = 0;
	time_t until;
	int go;

	forget(s);
	memset(w.told, 0, sizeof *w.told);
	(void)snprintf(w.dir, sizeof w.dir, "/tmp/gyr-live-XXXXXX");
	must(mkdtemp(w.dir) != NULL, "mkdtemp");
	s->family[s->n_family++] = start(act, &go);
	must(write(go, "g", 1) == 1, "write");
	close(go);
	until = time(NULL) + PATIENCE_S;
	while (ended < s->n_family && time(NULL) < until) {
		must(drv_poll(w.drv, 1000, &batch) >= 0, "drv_poll");
		for (uint32_t i = 0; i < batch.n; i++)
			ended += look_at(s, batch.events[i]);
	}
	must(waitpid(s->family[0], &s->status, ended < s->n_family ? WNOHANG : 0) >= 0, "waitpid");
	(void)nftw(w.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return s;
}

static void burn(void)
{
	char path[64];

	(void)snprintf(path, sizeof path, "/tmp/gyr-live-load.%d", getpid());
	for (;;) {
		const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

		for (int i = 0; i < 50; i++)
			if (write(fd, path, sizeof path) != sizeof path || getppid() == 1)
				_exit(0);
		close(fd);
		unlink(path);
		if (!fork())
			_exit(0);
		(void)wait(NULL);
	}
}

void watch_load(void)
{
	const long n = sysconf(_SC_NPROCESSORS_ONLN);

	for (int i = 0; i < n && i < LOADS; i++) {
		const pid_t pid = fork();

		must(pid >= 0, "fork");
		if (!pid)
			burn();
		w.loads[w.n_loads++] = pid;
	}
}

void watch_close(void)
{
	char path[64];

	for (int i = 0; i < w.n_loads; i++) {
		kill(w.loads[i], SIGKILL);
		(void)waitpid(w.loads[i], NULL, 0);
		(void)snprintf(path, sizeof path, "/tmp/gyr-live-load.%d", w.loads[i]);
		unlink(path);
	}
	forget(&w.seen);
	free(w.seen.events);
	w.drv = drv_close(w.drv);
}
