/*
 * drops: what is lost, against what there was.
 */
#include "run/drops.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/config_rules.h"
#include "route/notice.h"

#define RULE_DROP "Falco internal: syscall event drop"
#define RULE_TIMEOUTS "Falco internal: timeouts notification"

enum { SECOND_NS = 1000000000 };

/* The metrics that are read, in the order of the counters; readers of the alert know them by these
 * names. The last one is told as it is, the others as what was added since. */
static const char *const names[DROPS_COUNTERS] = {
	"n_evts",
	"n_drops",
	"n_drops_buffer_total",
	"n_drops_buffer_clone_fork_exit",
	"n_drops_buffer_execve_exit",
	"n_drops_buffer_connect_exit",
	"n_drops_buffer_open_exit",
	"n_drops_buffer_dir_file_exit",
	"n_drops_buffer_other_interest_exit",
	"n_drops_buffer_close_exit",
	"n_drops_buffer_proc_exit",
	"n_drops_scratch_map",
	"n_drops_page_faults",
	"n_drops_bug",
	"ebpf_enabled",
};

enum { EVTS = 0, DROPS = 1, N_NAMES = 15, EBPF = 14 };

/* --- configuration ---------------------------------------------------------------------------- */

static int wrong(const struct config *c, const char *key, struct err *err, const char *text)
{
	const struct config_node *n = config_at(c, key);

	err_set(err, 0, 0, "%s", text);
	if (n)
		config_place_context(n->place, err);
	return -EINVAL;
}

static int read_action(const char *name, struct drops_setup *s, bool *ignores)
{
	if (strcmp(name, "ignore") == 0)
		*ignores = true;
	else if (strcmp(name, "log") == 0)
		s->does_log = true;
	else if (strcmp(name, "alert") == 0)
		s->does_alert = true;
	else if (strcmp(name, "exit") == 0)
		s->does_exit = true;
	else
		return -EINVAL;
	return 0;
}

static int read_actions(struct config *c, struct drops_setup *s, struct err *err)
{
	const char *const *actions;
	bool ignores = false;
	uint32_t n;
	int r = config_strings(c, "syscall_event_drops.actions", &actions, &n);

	for (uint32_t i = 0; i < n && r == 0; i++)
		if (read_action(actions[i], s, &ignores) < 0)
			r = wrong(c, "syscall_event_drops.actions", err,
				  "syscall event drops: actions are ignore, log, alert and exit");
	if (r == 0 && ignores && (s->does_log || s->does_alert))
		r = wrong(
			c, "syscall_event_drops.actions", err,
			"syscall event drops: \"ignore\" goes with neither \"log\" nor \"alert\"");
	return r;
}

static double number_at(const struct config *c, const char *key)
{
	const struct config_node *n = config_at(c, key);
	struct config_node fallback = {.kind = CONFIG_SCALAR, .text = str_from(config_str(c, key))};
	double d = 0;

	(void)config_node_double(n ? n : &fallback, &d);
	return d;
}

int drops_configure(struct config *c, struct drops_setup *ret, struct err *err)
{
	struct drops_setup s = {
		.threshold = number_at(c, "syscall_event_drops.threshold"),
		.rate = number_at(c, "syscall_event_drops.rate"),
		.max_burst = number_at(c, "syscall_event_drops.max_burst"),
		.simulates = config_bool(c, "syscall_event_drops.simulate_drops"),
		.max_timeouts = config_u64(c, "syscall_event_timeouts.max_consecutives"),
	};
	int r;

	if (!(s.threshold >= 0 && s.threshold <= 1))
		return wrong(c, "syscall_event_drops.threshold", err,
			     "syscall event drops threshold must be a double in the range [0, 1]");
	if (!(s.rate > 0))
		return wrong(c, "syscall_event_drops.rate", err,
			     "syscall event drops: rate is a number above 0");
	if (!(s.max_burst > 0))
		return wrong(c, "syscall_event_drops.max_burst", err,
			     "syscall event drops: max_burst is a number above 0");
	if (s.max_timeouts == 0)
		return wrong(c, "syscall_event_timeouts.max_consecutives", err,
			     "syscall event timeouts: max_consecutives is a number above 0");
	r = read_actions(c, &s, err);
	if (r == 0)
		*ret = s;
	return r;
}

/* --- watching --------------------------------------------------------------------------------- */

struct reading {
	const char *prefix; /* "<plugin>." */
	uint64_t now[DROPS_COUNTERS];
};

static void read_metric(void *ctx, const struct instance_metric *m)
{
	struct reading *r = ctx;
	const char *dot = strchr(m->name, '.');

	for (uint32_t i = 0; dot && i < N_NAMES; i++)
		if (strcmp(dot + 1, names[i]) == 0)
			r->now[i] = m->is_double   ? (uint64_t)m->dbl
				    : m->is_signed ? (uint64_t)m->i64
						   : m->u64;
}

static bool take_token(struct drops *d, uint64_t ts)
{
	if (d->token_ts == 0)
		d->tokens = d->setup.max_burst;
	else if (ts > d->token_ts)
		d->tokens += (double)(ts - d->token_ts) / SECOND_NS * d->setup.rate;
	d->token_ts = ts;
	if (d->tokens > d->setup.max_burst)
		d->tokens = d->setup.max_burst;
	if (d->tokens < 1)
		return false;
	d->tokens -= 1;
	return true;
}

static void tell_drops(struct drops *d, const uint64_t *since, uint64_t ts, struct str text)
{
	struct notice_field fields[N_NAMES];
	char values[N_NAMES][24];
	const struct notice n = {.rule = RULE_DROP,
				 .priority = RULE_DEBUG,
				 .ts = ts,
				 .text = text,
				 .n_fields = N_NAMES,
				 .fields = fields};

	for (uint32_t i = 0; i < N_NAMES; i++) {
		int len = snprintf(values[i], sizeof(values[i]), "%" PRIu64, since[i]);

		fields[i] =
			(struct notice_field){str_from(names[i]), {values[i], (size_t)len}, false};
	}
	pipeline_notice(d->pipeline, &n);
}

static void act(struct drops *d, const uint64_t *since, uint64_t ts)
{
	char text[160];
	int len = snprintf(text, sizeof(text),
			   RULE_DROP ". %" PRIu64 " system calls dropped in last second.",
			   since[DROPS]);

	(void)atomic_fetch_add(&d->n_actions, 1);
	if (d->setup.does_log)
		log_debug(d->log, "%s", text);
	if (d->setup.does_alert)
		tell_drops(d, since, ts, (struct str){text, (size_t)len});
	if (d->setup.does_exit) {
		log_write(d->log, LOG_LEVEL_CRITICAL, NULL, "%s Exiting.", text);
		atomic_store(&d->wants_exit, true);
	}
}

void drops_check(struct drops *d, uint64_t ts)
{
	bool is_first = d->due_ts == 0;
	struct reading r = {0};
	uint64_t since[DROPS_COUNTERS] = {0};

	d->due_ts = ts + SECOND_NS;
	if (is_first)
		return;
	instance_metrics(d->source, read_metric, &r);
	for (uint32_t i = 0; i < N_NAMES; i++) {
		since[i] = i == EBPF ? r.now[i] : r.now[i] - d->last[i];
		d->last[i] = r.now[i];
	}
	if (d->setup.simulates && d->is_system)
		since[DROPS]++;
	if (since[DROPS] == 0)
		return;
	if (since[EVTS] < since[DROPS])
		since[EVTS] = since[DROPS];
	if (!d->setup.simulates && (double)since[DROPS] / (double)since[EVTS] <= d->setup.threshold)
		return;
	(void)atomic_fetch_add(&d->n_detected, 1);
	if (take_token(d, ts))
		act(d, since, ts);
}

void drops_timeout(struct drops *d)
{
	char value[24];
	struct notice_field field = {STR("last_event_time"), {value, 0}, false};
	struct notice n = {.rule = RULE_TIMEOUTS,
			   .priority = RULE_DEBUG,
			   .text = STR(RULE_TIMEOUTS ". The source has given no event for long."),
			   .n_fields = 1,
			   .fields = &field};

	if (!d->is_system || ++d->n_timeouts < d->setup.max_timeouts)
		return;
	d->n_timeouts = 0;
	field.value.len = (size_t)snprintf(value, sizeof(value), "%" PRIu64, d->last_ts);
	n.ts = notice_now();
	pipeline_notice(d->pipeline, &n);
}
