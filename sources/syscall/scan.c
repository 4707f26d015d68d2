#include "scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gyr/params.h>

#include "hostinfo.h"

enum stage { SECTION, MACHINE, PROCESSES, LINK, INTERFACES, USERS, READY, END };

/* Codes of events. */
enum { CHDIR = 95, FCHDIR = 97, CLONE = 223, FORK = 225, VFORK = 227, CLONE3 = 335 };

struct seen {
	int64_t tid; /* 0: free */
	uint64_t ts;
};

struct scan {
	struct scan_setup setup;
	struct procscan *procs;
	enum stage stage;
	struct seen *seen; /* open addressing */
	uint32_t n_seen, cap_seen;
	uint64_t end;
};

static struct seen *slot(const struct scan *s, int64_t tid)
{
	uint32_t i = (uint32_t)((uint64_t)tid * 0x9e3779b97f4a7c15U >> 32) & (s->cap_seen - 1);

	while (s->seen[i].tid && s->seen[i].tid != tid)
		i = (i + 1) & (s->cap_seen - 1);
	return &s->seen[i];
}

static bool grow(struct scan *s)
{
	struct scan old = *s;
	const uint32_t cap = s->cap_seen ? s->cap_seen * 2 : 1024;
	struct seen *seen;

	if ((uint64_t)s->n_seen * 4 < (uint64_t)s->cap_seen * 3)
		return true;
	seen = calloc(cap, sizeof *seen);
	if (!seen)
		return false;
	s->seen = seen;
	s->cap_seen = cap;
	for (uint32_t i = 0; i < old.cap_seen; i++)
		if (old.seen[i].tid)
			*slot(s, old.seen[i].tid) = old.seen[i];
	free(old.seen);
	return true;
}

/* Without memory a thread is not known as seen: then a step of it is taken twice at worst. */
static void note_seen(void *ctx, int64_t tid, uint64_t ts)
{
	struct scan *s = ctx;

	if (!grow(s))
		return;
	s->n_seen += slot(s, tid)->tid == 0;
	*slot(s, tid) = (struct seen){.tid = tid, .ts = ts};
}

static int forward(void *ctx, const struct gyr_meta_shape *shape)
{
	struct scan *s = ctx;
	struct gyr_meta_shape again = *shape;

	if (!s->setup.again)
		return s->setup.emit(s->setup.ctx, shape);
	again.name = strcmp(shape->name, GYR_META_PROC) ? GYR_META_AGAIN_FD : GYR_META_AGAIN_PROC;
	return s->setup.emit(s->setup.ctx, &again);
}

static bool has_seen(const struct scan *s, int64_t tid, uint64_t ts)
{
	const struct seen *at = s->cap_seen && tid > 0 ? slot(s, tid) : NULL;

	return at && at->tid && ts < at->ts;
}

/* Whom a clone made, which both sides tell. The caller knows the child by a number of its own name space; where
 * that is another one than ours it is not known: 0. */
static int64_t child_of(const ss_plugin_event *evt)
{
	enum { RES = 0, VTID = 18 };
	struct gyr_params params;
	int64_t res;

	if (gyr_params_read(evt, &params))
		return 0;
	res = gyr_param_i64(&params, RES, -1);
	if (res == 0)
		return (int64_t)evt->tid;
	return gyr_param_i64(&params, VTID, 0) == (int64_t)evt->tid ? res : 0;
}

bool scan_settles(const struct scan *s, const ss_plugin_event *evt)
{
	switch (evt->type) {
	case CHDIR:
	case FCHDIR:
		return has_seen(s, (int64_t)evt->tid, evt->ts);
	case CLONE:
	case FORK:
	case VFORK:
	case CLONE3:
		return has_seen(s, child_of(evt), evt->ts);
	}
	return false;
}

int scan_new(const struct scan_setup *setup, struct scan **ret)
{
	struct scan *s = calloc(1, sizeof *s);
	int r;

	if (!s)
		return -ENOMEM;
	s->setup = *setup;
	s->end = UINT64_MAX;
	r = procscan_new(
		&(const struct procscan_setup){
			.proc = setup->proc, .emit = forward, .seen = note_seen, .ctx = s},
		&s->procs);
	if (r < 0) {
		free(s);
		return r;
	}
	*ret = s;
	return 0;
}

struct scan *scan_free(struct scan *s)
{
	if (!s)
		return NULL;
	(void)procscan_free(s->procs);
	free(s->seen);
	free(s);
	return NULL;
}

uint64_t scan_end(const struct scan *s)
{
	return s->end;
}

void scan_count(const struct scan *s, struct procscan_counters *ret)
{
	procscan_count(s->procs, ret);
}

static int mark(struct scan *s, const char *name)
{
	return s->setup.emit(s->setup.ctx, GYR_META_MARK(name));
}

static int stage_run(struct scan *s)
{
	const struct hostinfo_sink sink = {.emit = s->setup.emit, .ctx = s->setup.ctx};

	switch (s->stage) {
	case SECTION:
		return mark(s, s->setup.again ? GYR_META_AGAIN : GYR_META_SECTION);
	case MACHINE:
		return s->setup.again ? 0 : hostinfo_machine(&sink);
	case PROCESSES:
		return procscan_step(s->procs);
	case LINK:
		return mark(s, GYR_META_LINK);
	case INTERFACES:
		return hostinfo_interfaces(&sink);
	case USERS:
		return hostinfo_users(&sink, s->setup.passwd, s->setup.group);
	case READY:
		return mark(s, GYR_META_READY);
	case END:
		break;
	}
	return SCAN_E_END;
}

int scan_step(struct scan *s)
{
	int r = stage_run(s);
	struct timespec t;

	if (s->stage == PROCESSES && r == PROCSCAN_E_END) {
		(void)clock_gettime(CLOCK_REALTIME, &t);
		s->end = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
		r = 0;
		if (s->setup.again)
			s->stage = READY;
	} else if (s->stage == PROCESSES) {
		return r;
	}
	if (r == 0)
		s->stage++;
	return r;
}
