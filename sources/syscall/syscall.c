/*
 * syscall: a source of the system calls of this machine.
 *
 *	open        the programs are loaded into the kernel; they send nothing yet
 *	interest    what rules are about and what state needs is chosen; the first time starts events
 *	next        first the scan of what is there (scan.h), then what the kernel sends; when the kernel lost
 *		    some of that, the scan once more, between events (again.h)
 *
 * Events stay in the rings that the kernel wrote them to, until the next batch.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>

#include <gyr/plugin.h>

#include <driver.h>

#include "again.h"
#include "choice.h"
#include "report.h"
#include "scan.h"

enum {
	POLL_MS = 30,
	SCAN_STEPS_A_CALL = 16,
	AGAIN_STEPS_A_CALL = 4,
	AGAIN_POLL_MS = 1,
	AGAIN_LOOK_MS = 200, /* between two looks at what was lost */
	AGAIN_LATE_MS = 100, /* no event from before the end of a scan comes so long after it */
	MEBIBYTE = 1 << 20,
	PRINT_MAX = 900, /* bytes of a line in the log */
	HOST_PATH = 512,
};

struct source {
	/* Parameters. */
	uint64_t buf_size_preset, cpus_for_each_buffer, snaplen;
	bool drop_failed_exit, names_at_entry, disable_iterators, repair, all;
	const char **custom_set;

	struct gyr *p;
	struct drv *driver;
	bool is_attached;
	/* Of the machine: HOST_ROOT is put before them when it is set. */
	char proc[HOST_PATH], passwd[HOST_PATH], group[HOST_PATH];
	struct scan *scan; /* NULL: done with, and all events from its time too */
	bool is_scanned;
	struct gyr_batch *out; /* of the call at hand */
	unsigned char *room;   /* for one record */
	size_t room_size;
	struct choice choice;
	struct procscan_counters scan_counters;
	uint64_t settled;
	struct again again;
	bool is_again; /* the scan at hand is not the first */
	uint64_t look_ns, worked_ns, n_again;
};

struct state {
	struct source *open;
	struct report_names names;
};

/* ---- open, close ---- */

static int complain(struct gyr *p, int r, const struct drv_problem *why)
{
	return gyr_fail(p, r, "%s", why->text);
}

static int find_machine(struct source *s)
{
	const char *root = getenv("HOST_ROOT");

	if (!root)
		root = "";
	if (strlen(root) > HOST_PATH - sizeof "/etc/passwd")
		return gyr_fail(s->p, -EINVAL, "HOST_ROOT is longer than %zu bytes",
				HOST_PATH - sizeof "/etc/passwd");
	(void)snprintf(s->proc, sizeof s->proc, "%s/proc", root);
	(void)snprintf(s->passwd, sizeof s->passwd, "%s/etc/passwd", root);
	(void)snprintf(s->group, sizeof s->group, "%s/etc/group", root);
	return 0;
}

static int source_open(struct gyr *p, void *inst, const char *params)
{
	struct source *s = inst;
	struct state *state = gyr_state(p);
	struct drv_problem why;
	const struct drv_options options = {
		.size = sizeof options,
		.api = WIRE_API,
		.schema = WIRE_SCHEMA,
		/* 1 is 1 MiB, and each further step doubles it */
		.ring_bytes = (uint32_t)MEBIBYTE << (s->buf_size_preset - 1),
		.cpus_per_ring = s->cpus_for_each_buffer ? (uint32_t)s->cpus_for_each_buffer
							 : (uint32_t)get_nprocs_conf(),
		.snaplen = (uint32_t)s->snaplen,
		.drop_failed = s->drop_failed_exit,
		.entry = s->names_at_entry,
	};
	const struct choice_options wanted = {.custom_set = s->custom_set};
	char err[256];
	int r;

	(void)params;
	if (choice_make(&wanted, NULL, &s->choice, err, sizeof err) < 0)
		return gyr_fail(p, -EINVAL, "%s", err);
	if (state->open)
		return gyr_fail(p, -EBUSY, "this machine's system calls are read already");
	s->p = p;
	r = find_machine(s);
	if (r)
		return r;
	r = drv_open(&options, &s->driver, &why);
	if (r < 0)
		return complain(p, r, &why);
	state->open = s;
	return 0;
}

static void source_close(struct gyr *p, void *inst)
{
	struct source *s = inst;
	struct state *state = gyr_state(p);

	state->open = NULL;
	s->scan = scan_free(s->scan);
	s->driver = drv_close(s->driver);
	free(s->room);
}

/* ---- interest ---- */

static void tell_set(const struct source *s, enum gyr_level level, const char *what,
		     const struct choice_set *set)
{
	char names[PRINT_MAX];

	if (choice_count(set))
		gyr_log(s->p, level, "%s (%u): %s", what, choice_count(set),
			choice_print(set, names, sizeof names));
}

static void tell_choice(const struct source *s)
{
	const struct choice *c = &s->choice;

	gyr_log(s->p, GYR_INFO, "watching %u system calls, %u of them for rules",
		choice_count(&c->chosen), choice_count(&c->of_rules) - choice_count(&c->ignored));
	tell_set(s, GYR_DEBUG, "watched", &c->chosen);
	tell_set(s, GYR_INFO,
		 "not watched, though rules without evt.type may match them "
		 "(base_syscalls.all changes it)",
		 &c->ignored);
	tell_set(s, GYR_INFO, "not watched, as base_syscalls.custom_set says", &c->removed);
}

static int choose(struct source *s, const struct gyr_interest *interest)
{
	const struct choice_options options = {
		.custom_set = s->custom_set, .repair = s->repair, .all = s->all};
	struct drv_interest wanted = {.wanted = {0}};
	struct drv_problem why;
	struct choice choice;
	char err[256];
	int r = choice_make(&options, interest, &choice, err, sizeof err);

	if (r < 0)
		return gyr_fail(s->p, r, "%s", err);
	for (unsigned code = 0; code < CHOICE_CODES; code++) {
		if (!choice_has(&choice.chosen, (uint16_t)code))
			continue;
		drv_want(&wanted, code);
		if (choice.guards[code] & CHOICE_NOT_FAILED)
			wanted.guards[code] |= DRV_GUARD_FAILED;
		if (choice.guards[code] & CHOICE_NOT_READ_OPEN)
			wanted.guards[code] |= DRV_GUARD_READ_OPEN;
	}
	r = drv_interest(s->driver, &wanted, &why);
	if (r < 0)
		return complain(s->p, r, &why);
	s->choice = choice;
	tell_choice(s);
	return 0;
}

/* ---- the scan ---- */

static int emit_record(void *ctx, const struct gyr_meta_shape *shape)
{
	struct source *s = ctx;
	const size_t size = gyr_meta_size(shape);

	if (size > s->room_size) {
		unsigned char *bigger = realloc(s->room, size);

		if (!bigger)
			return -ENOMEM;
		s->room = bigger;
		s->room_size = size;
	}
	return gyr_emit_raw(s->out, gyr_meta_write(shape, s->room), size);
}

static int start(struct source *s)
{
	struct drv_problem why;
	int r = drv_attach(s->driver, &why);

	if (r < 0)
		return complain(s->p, r, &why);
	s->is_attached = true;
	r = scan_new(&(const struct scan_setup){.proc = s->proc,
						.passwd = s->passwd,
						.group = s->group,
						.emit = emit_record,
						.ctx = s},
		     &s->scan);
	return r < 0 ? gyr_fail(s->p, r, "%s cannot be read: %s", s->proc, strerror(-r)) : 0;
}

static int scan_some(struct source *s)
{
	int r = 0;

	for (int i = 0; i < SCAN_STEPS_A_CALL && r == 0; i++)
		r = scan_step(s->scan);
	scan_count(s->scan, &s->scan_counters);
	if (r != SCAN_E_END)
		return r < 0 ? gyr_fail(s->p, r, "scan of /proc: %s", strerror(-r)) : 0;
	s->is_scanned = true;
	gyr_log(s->p, GYR_INFO, "%llu processes with %llu threads and %llu descriptors were there",
		(unsigned long long)s->scan_counters.processes,
		(unsigned long long)s->scan_counters.threads,
		(unsigned long long)s->scan_counters.fds);
	return 0;
}

/* ---- the scan, again ---- */

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Begins when events were lost. Where it cannot be the state stays as it is until the next loss. */
static void look_after_losses(struct source *s)
{
	const uint64_t now = clock_ns(CLOCK_MONOTONIC_COARSE);
	struct drv_counters c;

	if (s->scan || now < s->look_ns)
		return;
	s->look_ns = now + (uint64_t)AGAIN_LOOK_MS * 1000000;
	drv_counters(s->driver, &c);
	for (int class = 0; class < WIRE_CLASSES; class ++)
		c.dropped -= c.dropped_by[WIRE_DROP_COMPAT][class];
	if (!again_is_due(&s->again, c.dropped, now))
		return;
	again_begin(&s->again);
	s->worked_ns = 0;
	s->is_again = scan_new(&(const struct scan_setup){.proc = s->proc,
							  .again = true,
							  .emit = emit_record,
							  .ctx = s},
			       &s->scan) == 0;
}

/* All events from the time of the scan are through, so what it did not tell of is gone. */
static int end_again(struct source *s)
{
	struct procscan_counters c;

	scan_count(s->scan, &c);
	s->scan = scan_free(s->scan);
	s->is_again = false;
	s->n_again++;
	again_end(&s->again, clock_ns(CLOCK_MONOTONIC_COARSE), s->worked_ns);
	gyr_log(s->p, GYR_INFO,
		"events were lost, so %llu processes with %llu descriptors were looked at again",
		(unsigned long long)c.processes, (unsigned long long)c.fds);
	return emit_record(s, GYR_META_MARK(GYR_META_AGAIN_END));
}

/* Some more of it, when the events of before are through. A scan that fails ends as if it was not begun. */
static int tell_again(struct source *s, const struct drv_batch *batch)
{
	const uint64_t began = clock_ns(CLOCK_MONOTONIC);
	int r = 0;

	if (batch->more)
		return 0;
	if (scan_end(s->scan) != UINT64_MAX)
		return batch->n || clock_ns(CLOCK_REALTIME) <
					       scan_end(s->scan) + AGAIN_LATE_MS * 1000000u
			       ? 0
			       : end_again(s);
	for (int i = 0; i < AGAIN_STEPS_A_CALL && r == 0; i++)
		r = scan_step(s->scan);
	s->worked_ns += clock_ns(CLOCK_MONOTONIC) - began;
	if (r >= 0)
		return 0;
	gyr_log(s->p, GYR_WARN, "processes cannot be looked at again: %s", strerror(-r));
	s->scan = scan_free(s->scan);
	s->is_again = false;
	again_end(&s->again, clock_ns(CLOCK_MONOTONIC_COARSE), s->worked_ns);
	return 0;
}

/* ---- events ---- */

/* The host changes nothing in events that are whole. */
static int emit_all(struct source *s, const ss_plugin_event *const *events, uint32_t n)
{
	return n ? gyr_emit_refs(s->out, (ss_plugin_event *const *)events, n) : 0;
}

/* Until all events from the time of the scan are through. */
static int emit_unsettled(struct source *s, const struct drv_batch *batch)
{
	int r = 0;

	for (uint32_t i = 0; i < batch->n && r == 0; i++) {
		if (batch->events[i]->ts > scan_end(s->scan)) {
			r = s->is_again ? end_again(s) : 0;
			s->scan = scan_free(s->scan);
			return r ? r : emit_all(s, batch->events + i, batch->n - i);
		}
		if (scan_settles(s->scan, batch->events[i]))
			s->settled++;
		else
			r = emit_all(s, batch->events + i, 1);
	}
	return r;
}

static int source_next(struct gyr *p, void *inst, struct gyr_batch *out)
{
	struct source *s = inst;
	struct drv_batch batch;
	int r;

	(void)p;
	s->out = out;
	if (!s->is_attached) { /* a host that tells no interest */
		r = choose(s, NULL);
		if (r == 0)
			r = start(s);
		if (r)
			return r;
	}
	if (!s->is_scanned)
		return scan_some(s);
	look_after_losses(s);
	r = drv_poll(s->driver, s->is_again ? AGAIN_POLL_MS : POLL_MS, &batch);
	if (r < 0)
		return gyr_fail(s->p, r, "reading events: %s", strerror(-r));
	r = s->scan ? emit_unsettled(s, &batch) : emit_all(s, batch.events, batch.n);
	if (r == 0 && s->is_again)
		r = tell_again(s, &batch);
	if (r)
		return r;
	return GYR_TIMEOUT; /* or the batch is full: another poll would take back its events */
}

static int source_interest(struct gyr *p, void *inst, const struct gyr_interest *interest)
{
	struct source *s = inst;
	int r = choose(s, interest);

	(void)p;
	return r == 0 && !s->is_attached ? start(s) : r;
}

/* ---- the plugin ---- */

static int plugin_start(struct gyr *p)
{
	report_names(&((struct state *)gyr_state(p))->names);
	return 0;
}

static uint32_t plugin_metrics(struct gyr *p, ss_plugin_metric *ret, uint32_t cap)
{
	const struct state *state = gyr_state(p);
	const struct source *s = state->open;

	if (!s)
		return 0;
	return report_metrics(&(const struct report){.driver = s->driver,
						     .names = &state->names,
						     .scan = &s->scan_counters,
						     .settled = s->settled,
						     .again = s->n_again},
			      ret, cap);
}

PLUGIN(.name = "syscall", .version = "0.1.0",
       .description = "System calls of this machine, by eBPF", .contact = "the Gyr authors",
       .state_size = sizeof(struct state), .init = plugin_start, .metrics = plugin_metrics);
PLUGIN_SOURCE(.instance_size = sizeof(struct source),
	      .params =
		      (const struct gyr_option[]){
			      GYR_OPT_U64(
				      struct source, buf_size_preset, "4",
				      "size of a ring: 1 is 1 MiB, each further step doubles it",
				      .min = 1, .max = 10),
			      GYR_OPT_U64(struct source, cpus_for_each_buffer, "1",
					  "processors that share a ring; 0: all of them",
					  .max = 1024),
			      GYR_OPT_BOOL(struct source, drop_failed_exit, "false",
					   "no events of calls that failed"),
			      GYR_OPT_BOOL(
				      struct source, names_at_entry, "false",
				      "names of files that are opened as calls began with them, "
				      "for processes with threads"),
			      GYR_OPT_BOOL(struct source, disable_iterators, "false",
					   "kept for compatibility: /proc is read, always"),
			      GYR_OPT_STRS(struct source, custom_set, NULL,
					   "calls that are watched beside those of rules; !x: that "
					   "never are",
					   .key = "base_syscalls.custom_set"),
			      GYR_OPT_BOOL(struct source, repair, "false",
					   "of the state, watch only what rules cannot do without",
					   .key = "base_syscalls.repair"),
			      GYR_OPT_BOOL(struct source, all, "false",
					   "watch what comes by the million, too, for rules "
					   "without evt.type",
					   .key = "base_syscalls.all"),
			      GYR_OPT_U64(struct source, snaplen, "80",
					  "bytes kept of what is read and written",
					  .key = "falco_libs.snaplen", .max = 65535),
			      {0}},
	      .open = source_open, .close = source_close, .next = source_next);
PLUGIN_SOURCE_INTEREST(source_interest, CHOICE_CONDITIONS);
