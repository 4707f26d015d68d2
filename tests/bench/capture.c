/*
 * capture: writes a recording of system calls, as long as one likes, for benchmarks and soak tests.
 *
 *	capture mix N OUT          the same round of events again and again
 *	capture churn N OUT        ever new processes, paths and connections
 *	capture lossy N OUT        the same, slowly, and of every fourth process no end is seen
 *	capture repeat FILE N OUT  the event blocks of a recording (not compressed) again and again
 *
 * A round of all but `repeat` is what 64 processes do: a third of all events opens a file, nearly as
 * many close one, the rest reads, writes and asks, connects, makes processes and ends them. N is the
 * least number of events; the round in hand is finished.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/params.h>
#include <gyr/ppm.h>

#include "scapbuild.h"

enum {
	EV_V2 = 0x216,
	PROCESSES = 64,
	PASSES = 40, /* of every process in one round */
	FLUSH = 4 << 20,
	FIRST_TID = 1000,
	SHELL_TID = 900,
};

struct gen {
	FILE *out;
	struct scapbuild b;
	struct sb_event e;
	uint8_t room[4096]; /* bytes of the parameters of e */
	size_t used;
	uint64_t ts, n;
	bool is_churn, is_lossy;
	uint64_t n_children; /* made so far */
	uint64_t round;
};

static void die(const char *what)
{
	(void)fprintf(stderr, "capture: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void flush(struct gen *g, size_t least)
{
	if (g->b.len < least)
		return;
	if (fwrite(g->b.p, 1, g->b.len, g->out) != g->b.len)
		die("write");
	g->b.len = 0;
}

/* ---- one event ---- */

static void begin(struct gen *g, uint16_t type, uint64_t tid)
{
	g->ts += g->is_lossy ? 10000000 : 1000;
	g->used = 0;
	g->e = (struct sb_event){
		.block = EV_V2, .type = type, .cpu = (uint16_t)(tid % 4), .ts = g->ts, .tid = tid};
}

static void bytes(struct gen *g, const void *p, size_t len)
{
	uint8_t *at = g->room + g->used;

	if (len)
		memcpy(at, p, len);
	g->used += len;
	g->e.params[g->e.n++] = (struct sb_param){at, (uint32_t)len};
}

static void num(struct gen *g, uint64_t n, size_t size)
{
	bytes(g, &n, size); /* little endian */
}

static void text(struct gen *g, const char *s)
{
	bytes(g, s, strlen(s) + 1);
}

static void end(struct gen *g)
{
	sb_event(&g->b, &g->e);
	g->n++;
}

/* ---- events by kind ---- */

static void open_file(struct gen *g, uint64_t tid, int64_t fd, const char *path)
{
	begin(g, 307, tid);
	num(g, (uint64_t)fd, 8);
	num(g, (uint64_t)PPM_AT_FDCWD, 8);
	text(g, path);
	num(g, PPM_O_RDONLY, 4);
	num(g, 0, 4);
	num(g, 0x801, 4);
	num(g, 100000 + (uint64_t)fd, 8);
	end(g);
}

static void close_file(struct gen *g, uint64_t tid, int64_t fd)
{
	begin(g, 5, tid);
	num(g, 0, 8);
	num(g, (uint64_t)fd, 8);
	end(g);
}

static void transfer(struct gen *g, uint16_t type, uint64_t tid, int64_t fd)
{
	static const uint8_t data[80] = "some bytes of the file that was opened";

	begin(g, type, tid);
	num(g, sizeof data, 8);
	bytes(g, data, sizeof data);
	num(g, (uint64_t)fd, 8);
	num(g, 4096, 4);
	end(g);
}

static void connect_out(struct gen *g, uint64_t tid, int64_t fd, uint16_t port)
{
	uint8_t tuple[13] = {PPM_AF_INET, 10, 0, 0, 1, 0, 0, 192, 0, 2, 7, 0xbb, 1};
	uint8_t addr[7] = {PPM_AF_INET, 192, 0, 2, 7, 0xbb, 1};

	begin(g, 19, tid);
	num(g, (uint64_t)fd, 8);
	num(g, PPM_AF_INET, 4);
	num(g, 1, 4);
	num(g, 0, 4);
	num(g, 0, 4);
	end(g);
	memcpy(tuple + 5, &port, sizeof port);
	begin(g, 23, tid);
	num(g, 0, 8);
	bytes(g, tuple, sizeof tuple);
	num(g, (uint64_t)fd, 8);
	bytes(g, addr, sizeof addr);
	end(g);
}

struct life {
	uint64_t tid, ptid;
	const char *exe, *comm, *arg;
};

/* What clone and execve tell alike: parameters 0 to 14. */
static void describe(struct gen *g, uint16_t type, const struct life *l, uint64_t by, int64_t res)
{
	static const char cgroups[] = "cpu=/user.slice\0memory=/user.slice/user-1000.slice";

	begin(g, type, by);
	num(g, (uint64_t)res, 8);
	text(g, l->exe);
	text(g, l->arg);
	num(g, by, 8);
	num(g, by, 8);
	num(g, l->ptid, 8);
	text(g, "/srv/lee/project");
	num(g, 1024, 8);
	num(g, 0, 8);
	num(g, 120, 8);
	num(g, 7000, 4);
	num(g, 1200, 4);
	num(g, 0, 4);
	text(g, l->comm);
	bytes(g, cgroups, sizeof cgroups);
}

static void clone_one(struct gen *g, const struct life *l, uint64_t by, int64_t res)
{
	describe(g, 223, l, by, res);
	num(g, 0, 4);
	num(g, 1000, 4);
	num(g, 1000, 4);
	num(g, by, 8);
	num(g, by, 8);
	num(g, 0, 8);
	end(g);
}

static void exec_one(struct gen *g, const struct life *l)
{
	static const char env[] = "HOME=/srv/lee\0PATH=/usr/local/bin:/usr/bin:/bin\0LANG=C.UTF-8";

	describe(g, 293, l, l->tid, 0);
	bytes(g, env, sizeof env);
	num(g, 34816, 4);
	num(g, l->tid, 8);
	num(g, 1000, 4);
	num(g, 0, 4);
	for (int i = 0; i < 3; i++)
		num(g, 0, 8);
	num(g, 200000, 8);
	num(g, 1000, 8);
	num(g, 1000, 8);
	num(g, 1000, 4);
	text(g, l->exe);
	num(g, l->tid, 8);
	num(g, 1000, 4);
	text(g, l->exe);
	end(g);
}

static void exit_one(struct gen *g, uint64_t tid)
{
	begin(g, 186, tid);
	num(g, 0, 8);
	num(g, 0, 8);
	num(g, 0, 1);
	num(g, 0, 1);
	num(g, 1, 8);
	end(g);
}

/* ---- rounds ---- */

static void first_processes(struct gen *g)
{
	const struct life shell = {SHELL_TID, 1, "/usr/bin/bash", "bash", "-l"};

	for (uint64_t i = 0; i < PROCESSES; i++) {
		const uint64_t tid = FIRST_TID + i;
		const struct life l = {tid, SHELL_TID, "/usr/sbin/nginx", "nginx", "worker"};

		clone_one(g, &shell, SHELL_TID, (int64_t)tid);
		exec_one(g, &l);
	}
}

/* A process that comes, reads a file and goes. */
static void child(struct gen *g, uint64_t by)
{
	const uint64_t tid = g->is_churn ? 100000 + g->n_children % 3000000 : 50000 + by;
	char arg[64] = "-c", path[96] = "/etc/ld.so.cache";
	const struct life shell = {by, SHELL_TID, "/usr/sbin/nginx", "nginx", "worker"};
	const struct life l = {tid, by, "/usr/bin/sed", "sed", arg};

	if (g->is_churn) {
		(void)snprintf(arg, sizeof arg, "s/%llu/x/", (unsigned long long)g->n_children);
		(void)snprintf(path, sizeof path, "/tmp/job-%llu",
			       (unsigned long long)g->n_children);
	}
	g->n_children++;
	clone_one(g, &shell, by, (int64_t)tid);
	exec_one(g, &l);
	open_file(g, tid, 3, path);
	transfer(g, 7, tid, 3);
	if (!g->is_lossy || g->n_children % 4)
		exit_one(g, tid);
}

static void pass(struct gen *g, uint64_t k)
{
	static const char *const paths[] = {
		"/usr/share/zoneinfo/Europe/Berlin",
		"/proc/self/status",
		"/var/www/html/index.html",
		"/etc/passwd",
		"/usr/lib/x86_64-linux-gnu/libc.so.6",
		"templates/page.html",
		"/var/log/nginx/access.log",
		"/tmp/upload-000017",
		"/srv/lee/project/src/main.c",
		"../shared/style.css",
		"/sys/fs/cgroup/user.slice/memory.max",
		"/dev/null",
	};
	char name[96];

	for (uint64_t i = 0; i < PROCESSES; i++) {
		const uint64_t tid = FIRST_TID + i;

		for (uint64_t j = 0; j < 4; j++) {
			const char *path = paths[(i + j + k) % (sizeof paths / sizeof *paths)];

			if (g->is_churn && j == 0) {
				(void)snprintf(name, sizeof name, "/var/cache/%llu/%llu",
					       (unsigned long long)g->round, (unsigned long long)k);
				path = name;
			}
			open_file(g, tid, (int64_t)(5 + j), path);
			if (j % 4 < 3)
				transfer(g, j % 2 ? 9 : 7, tid, (int64_t)(5 + j));
		}
		for (uint64_t j = 0; j < 4; j++)
			close_file(g, tid, (int64_t)(5 + j));
		if (i % 8 == k % 8) {
			connect_out(g, tid, 20,
				    (uint16_t)(30000 + k + (g->is_churn ? g->round : 0)));
			close_file(g, tid, 20);
		}
		if (i % 16 == k % 16)
			child(g, tid);
	}
	flush(g, FLUSH);
}

static void make(struct gen *g, uint64_t n)
{
	sb_section(&g->b);
	first_processes(g);
	for (; g->n < n; g->round++)
		for (uint64_t k = 0; k < PASSES; k++)
			pass(g, k);
}

/* ---- an existing recording ---- */

static uint32_t u32_at(const uint8_t *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof n);
	return n;
}

static bool is_event(uint32_t type)
{
	return type == 0x204 || type == 0x208 || type == 0x216 || type == 0x217 || type == 0x221 ||
	       type == 0x222;
}

static void repeat(struct gen *g, const char *path, uint64_t n)
{
	FILE *in = fopen(path, "rb");
	static uint8_t all[64 << 20];
	const size_t len = in ? fread(all, 1, sizeof all, in) : 0;
	size_t from = 0, to;
	uint64_t events = 0;

	if (!in)
		die(path);
	(void)fclose(in);
	for (to = 0; to + 12 <= len && u32_at(all + to + 4) >= 12; to += u32_at(all + to + 4)) {
		if (!is_event(u32_at(all + to)))
			continue;
		from = from ? from : to;
		events++;
	}
	if (!events || to != len) {
		(void)fprintf(stderr, "capture: %s: no whole recording without compression\n",
			      path);
		exit(1);
	}
	sb_put(&g->b, all, from);
	for (; g->n < n; g->n += events) {
		sb_put(&g->b, all + from, len - from);
		flush(g, FLUSH);
	}
}

static int usage(void)
{
	(void)fprintf(stderr, "usage: capture mix|churn|lossy N OUT\n"
			      "       capture repeat FILE N OUT\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct gen g = {.ts = 1700000000000000000ULL};
	const char *kind = argc > 1 ? argv[1] : "";
	const bool is_repeat = !strcmp(kind, "repeat");

	g.is_lossy = !strcmp(kind, "lossy");
	g.is_churn = g.is_lossy || !strcmp(kind, "churn");
	if (argc != (is_repeat ? 5 : 4) || (!is_repeat && !g.is_churn && strcmp(kind, "mix") != 0))
		return usage();
	g.out = fopen(argv[argc - 1], "wb");
	if (!g.out)
		die(argv[argc - 1]);
	if (is_repeat)
		repeat(&g, argv[2], strtoull(argv[3], NULL, 10));
	else
		make(&g, strtoull(argv[2], NULL, 10));
	flush(&g, 0);
	if (fclose(g.out))
		die(argv[argc - 1]);
	sb_free(&g.b);
	(void)printf("%llu events\n", (unsigned long long)g.n);
	return 0;
}
