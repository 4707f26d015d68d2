/*
 * engine: builds the parts in the order of the data, runs the main loop, takes them down in reverse.
 *
 *	config -> registry -> plugins -> fields -> rules -> outputs -> sources -> run -> summary
 *
 * Stopping: sources are asked to end after their batch; when the last has ended, the loop ends; then
 * the outputs drain. Nothing that was matched is forgotten on the way.
 */
#include "engine.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config/config_alerts.h"
#include "config/config_restart.h"
#include "config/config_rules.h"
#include "report/notices.h"
#include "report/summary.h"
#include "route/notice.h"
#include "ruleset/interest.h"
#include "ruleset/report.h"
#include "run/privileges.h"
#include "run/profile.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/text.h"

enum {
	PROGRESS_MS = 500,
	BEAT_MS = 1000, /* the main loop shows that it turns */
	WATCH_MS = 500,
	PATIENCE_MS =
		2000, /* of a program that was told to end, with sources that wait for outputs */
};

/* --- rules ------------------------------------------------------------------------------------ */

static void tell_results(const struct setup *s, const struct rules_loader *l)
{
	struct buf b;

	buf_init(&b, 16 << 20);
	for (uint32_t i = 0; i < rules_loader_n_results(l); i++) {
		const struct rules_result *res = rules_loader_result(l, i);

		if (!res->successful || (s->opts->verbose && (res->warnings.n || res->lints.n)))
			rules_result_text(&b, res, true);
		else if (res->warnings.n)
			log_info(&s->log, "%.*s: %u warnings (-v shows them)", STR_FMT(res->name),
				 res->warnings.n);
	}
	if (b.len)
		(void)fwrite(b.p, 1, b.len, stderr);
	buf_deinit(&b);
}

/* What was read: the configuration, rules, and the folders they were found in. */
static void watch_all(struct watch *w, const struct setup *s, const struct config *c,
		      const struct rules_loader *l)
{
	static const char *const keys[] = {"config_files", "rules_files", "rules_file"};
	const char *const *paths;
	uint32_t n;

	watch_reset(w);
	for (uint32_t i = 0; i < c->n_files; i++)
		(void)watch_add(w, c->files[i]);
	for (uint32_t i = 0; i < rules_loader_n_results(l); i++)
		(void)watch_add(w, rules_loader_result(l, i)->name.p);
	for (uint32_t i = 0; i < s->opts->rules.n; i++)
		(void)watch_add(w, s->opts->rules.items[i]);
	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
		if (config_strings((struct config *)c, keys[k], &paths, &n) < 0)
			continue;
		for (uint32_t i = 0; i < n; i++)
			(void)watch_add(w, paths[i]);
	}
}

void engine_rules_deinit(struct engine_rules *r)
{
	r->set = ruleset_unref(r->set);
	r->loader = rules_loader_free(r->loader);
}

/* A name in `rules:` that fits nothing is more often a slip than meant. */
static void tell_selections(const struct setup *s, const struct rules_options *o,
			    const struct ruleset *rs)
{
	for (uint32_t i = 0; i < o->n_selections; i++) {
		const struct rules_selection *sel = &o->selections[i];
		bool fits = false;

		for (uint32_t k = 0; k < rs->n_rules && !fits; k++)
			fits = rules_selection_fits(sel, rs->rules[k]);
		if (!fits)
			log_warn(&s->log, "rules: %s %s '%s' fits no rule that was loaded",
				 sel->enable ? "enable" : "disable", sel->rule ? "rule" : "tag",
				 sel->rule ? sel->rule : sel->tag);
	}
}

int engine_load_rules(struct setup *s, struct config *c, struct watch *w,
		      struct engine_rules *ret_rules, struct err *err)
{
	struct rules_options opts;
	struct rules_loader *l = NULL;
	struct ruleset *rs = NULL;
	int r = setup_rules_options(s, c, &opts, err);

	if (r == 0)
		r = rules_loader_new(&opts, &l);
	if (r == 0)
		r = setup_add_rules(s, c, l, err);
	if (r == 0)
		r = rules_loader_compile(l, &rs);
	if (r == 0)
		tell_results(s, l);
	if (r == 0 && !rules_loader_ok(l)) {
		err_set(err, 0, 0, "the rules have errors");
		r = -EINVAL;
	}
	if (l && w)
		watch_all(w, s, c, l);
	*ret_rules = (struct engine_rules){rs, l};
	if (r < 0)
		engine_rules_deinit(ret_rules);
	else if (rs->n_enabled == 0 && !s->opts->only_record)
		log_warn(&s->log, "no rules: nothing will be matched");
	if (r == 0 && rs->n_rules)
		tell_selections(s, &opts, rs);
	return r;
}

static void read_hostname(struct engine *e)
{
	const char *name = getenv("FALCO_HOSTNAME");

	if (name && *name)
		(void)snprintf(e->hostname, sizeof(e->hostname), "%s", name);
	else if (gethostname(e->hostname, sizeof(e->hostname) - 1) < 0)
		(void)snprintf(e->hostname, sizeof(e->hostname), "localhost");
}

static struct alert_options read_alert_options(const struct engine *e, const struct config *c)
{
	return (struct alert_options){
		.hostname = e->hostname,
		.iso_time = config_bool(c, "time_format_iso_8601"),
		.json_output = config_bool(c, "json_include_output_property"),
		.json_message = config_bool(c, "json_include_message_property"),
		.json_output_fields = config_bool(c, "json_include_output_fields_property"),
		.json_tags = config_bool(c, "json_include_tags_property"),
		.json_id = config_bool(c, "json_include_id_property"),
	};
}

/* The table is made when policies first ask for it, and stays. */
static int need_suppress(struct engine *e, const struct config *c,
			 const struct suppress_policies *p, struct err *err)
{
	uint64_t n = config_u64(c, "suppression.capacity");

	if (p->n == 0 || e->suppress)
		return 0;
	if (n == 0 || n > SUPPRESS_TABLE_MAX) {
		err_set(err, 0, 0, "suppression.capacity is 1 to %d", SUPPRESS_TABLE_MAX);
		return -EINVAL;
	}
	(void)pthread_mutex_lock(&e->lock);
	e->suppress = suppress_new((uint32_t)n);
	(void)pthread_mutex_unlock(&e->lock);
	return e->suppress ? 0 : -ENOMEM;
}

static int make_plan(struct engine *e, struct config *c, struct alert_plan **ret, struct err *err)
{
	struct engine_rules rules;
	struct suppress_policies policies;
	struct route_table routes;
	const struct alert_options opts = read_alert_options(e, c);
	struct alert_setup as = {
		.opts = &opts, .tally = &e->tally, .routes = &routes, .policies = &policies};
	struct output_names outputs;
	int r = outputs_names(e->setup, c, &outputs, err);

	if (r == 0)
		r = config_routes(c, &outputs, &routes, err);
	if (r == 0)
		r = config_suppression(c, &policies, err);
	if (r == 0)
		r = need_suppress(e, c, &policies, err);
	if (r == 0)
		r = engine_load_rules(e->setup, c, &e->watch, &rules, err);
	if (r < 0)
		return r;
	rules.loader = rules_loader_free(rules.loader);
	as.rs = rules.set;
	as.templates = outputs.templates;
	as.n_templates = outputs.n;
	as.suppress = e->suppress;
	(void)pthread_mutex_lock(&e->lock);
	r = alert_plan_new(&as, ret, err);
	(void)pthread_mutex_unlock(&e->lock);
	(void)ruleset_unref(as.rs);
	return r;
}

/* What is watched and is no configuration is rules. */
static void hash_rules(void *ctx, const char *path)
{
	struct engine *e = ctx;

	for (uint32_t i = 0; i < e->hashes.n; i++)
		if (e->hashes.files[i].is_config && strcmp(e->hashes.files[i].path, path) == 0)
			return;
	filehash_add(&e->hashes, path, false);
}

static int offer_plan(struct engine *e, struct alert_plan *plan, struct outset *outs)
{
	int r = 0;

	for (uint32_t i = 0; i < e->n_lanes && r == 0; i++)
		r = lane_offer(e->lanes[i], plan, outs);
	mem_trim(); /* reading rules takes many times what they are kept in */
	return r;
}

/* Puts @plan in the place of the one in use, if any, and notes which files it was made of. Under the lock. */
static void take_plan(struct engine *e, struct config *c, struct alert_plan *plan)
{
	(void)alert_plan_unref(e->plan);
	e->plan = plan;
	(void)config_unref(e->config);
	e->config = config_ref(c);
	e->reload_ts = notice_now();
	e->hashes.n = 0;
	for (uint32_t i = 0; i < c->n_files; i++)
		filehash_add(&e->hashes, c->files[i], true);
	watch_each(&e->watch, hash_rules, e);
}

/* --- reload ----------------------------------------------------------------------------------- */

/* What a reload makes beside what is in use. */
struct reload {
	struct config *config;
	struct alert_plan *plan;
	struct snapshot *snapshot;
	bool has_fields; /* the fields are the new ones already */
};

static int reload_fields(struct engine *e, struct reload *n, struct err *err)
{
	int r;

	if (config_is_same(e->config, n->config, "static_fields"))
		return 0;
	r = setup_fields(e->setup, n->config, err);
	n->has_fields = r == 0;
	return r;
}

/* All that can be refused. The outputs come last: they are the only part that others see. */
static int reload_prepare(struct engine *e, struct reload *n, struct err *err)
{
	int r = n->config ? setup_load_config(e->setup, n->config, err) : -ENOMEM;

	if (r == 0)
		setup_tell_notes(e->setup, n->config);
	if (r == 0)
		r = reload_fields(e, n, err);
	if (r == 0)
		r = make_plan(e, n->config, &n->plan, err);
	if (r == 0)
		r = snapshot_new(e, n->config, e->snapshot, &n->snapshot, err);
	if (r < 0)
		return r;
	(void)pthread_mutex_lock(&e->lock);
	r = outputs_prepare(e->outputs, n->config, err);
	(void)pthread_mutex_unlock(&e->lock);
	if (r < 0)
		return r;
	r = offer_plan(e, n->plan, outputs_next_set(e->outputs));
	if (r < 0) {
		(void)pthread_mutex_lock(&e->lock);
		outputs_abort(e->outputs);
		(void)pthread_mutex_unlock(&e->lock);
	}
	return r;
}

static int set_timers(struct engine *e);

static void reload_commit(struct engine *e, struct reload *n)
{
	struct buf keys;

	(void)pthread_mutex_lock(&e->lock);
	outputs_commit(e->outputs);
	take_plan(e, n->config, n->plan);
	(void)pthread_mutex_unlock(&e->lock);
	(void)snapshot_free(e->snapshot);
	e->snapshot = n->snapshot;
	setup_read_log(e->setup, n->config);
	if (set_timers(e) < 0)
		log_error(&e->setup->log, "reload: the timers stay as they were");
	buf_init(&keys, 4096);
	if (config_restart_keys(&e->setup->config, n->config, &keys))
		log_warn(&e->setup->log, "reload: %.*s: changes are taken up at a restart",
			 STR_FMT(buf_str(&keys)));
	buf_deinit(&keys);
	log_write(&e->setup->log, LOG_LEVEL_NOTICE, NULL, "reload: %u rules, %u outputs",
		  alert_plan_ruleset(n->plan)->n_enabled, outputs_set(e->outputs)->n);
}

/* SIGHUP: everything new is made beside the old; only when all of it is good it is used. */
static void engine_reload(void *ctx)
{
	struct engine *e = ctx;
	struct reload n = {0};
	struct err err = ERR_NULL, ignored = ERR_NULL;
	int r;

	if (e->is_draining)
		return; /* there is nothing left for it to change */
	n.config = config_new();
	r = reload_prepare(e, &n, &err);
	if (r == 0) {
		reload_commit(e, &n);
	} else {
		const char *why = err.is_set ? err.text : strerror(-r);

		(void)snapshot_free(n.snapshot);
		(void)alert_plan_unref(n.plan);
		if (n.has_fields && setup_fields(e->setup, e->config, &ignored) < 0)
			log_error(&e->setup->log, "reload: static_fields: %s", ignored.text);
		log_error(&e->setup->log, "reload: %s: all stays as it was", why);
		notices_reload_failed(e, why);
	}
	(void)config_unref(n.config);
}

/* --- running ---------------------------------------------------------------------------------- */

/* A source that waits for an output that takes nothing would never end. Looked at until the last has
 * ended: it may come to wait only later. */
static void engine_hurry(void *ctx)
{
	struct engine *e = ctx;

	for (uint32_t i = 0; i < e->n_lanes; i++)
		lane_hurry(e->lanes[i]);
	outputs_let_go(e->outputs);
}

static void engine_stop(void *ctx)
{
	struct engine *e = ctx;

	if (e->is_stopping)
		_exit(1); /* asked twice: somebody is in a hurry */
	e->is_stopping = true;
	if (e->is_draining) {
		outputs_hurry(e->outputs);
		return;
	}
	for (uint32_t i = 0; i < e->n_lanes; i++)
		lane_stop(e->lanes[i]);
	if (e->n_lanes == 0)
		loop_stop(e->loop);
	else if (loop_every(e->loop, PATIENCE_MS, engine_hurry, e) < 0)
		engine_hurry(e);
}

static void engine_time_up(void *ctx)
{
	struct engine *e = ctx;

	if (!e->is_stopping)
		engine_stop(e);
}

/* The files are looked at rather than waited for: it does not matter then how they are replaced. */
static void engine_look(void *ctx)
{
	struct engine *e = ctx;

	if (!e->is_stopping && watch_look(&e->watch))
		engine_reload(e);
}

static void engine_reopen(void *ctx)
{
	struct engine *e = ctx;

	outputs_reopen(e->outputs);
}

/* A source ended: the last one ends the run, a failed one too. Or an output did: without any, the
 * sources work for nobody. */
static void engine_woken(void *ctx)
{
	struct engine *e = ctx;
	uint32_t n_ended = 0;

	for (uint32_t i = 0; i < e->n_lanes; i++) {
		struct feed_view v;

		lane_look(e->lanes[i], &v);
		n_ended += v.is_ended;
		if (v.has_failed)
			e->has_failed = true;
		if (lane_wants_exit(e->lanes[i]))
			engine_time_up(e);
	}
	if (outputs_are_over(e->outputs)) {
		e->has_failed = true;
		engine_time_up(e);
	}
	if (n_ended == e->n_lanes || e->is_draining)
		loop_stop(e->loop);
}

static void engine_look_at_outputs(void *ctx)
{
	struct engine *e = ctx;

	outputs_look(e->outputs, e->output_timeout_ms);
}

static void engine_progress(void *ctx)
{
	struct engine *e = ctx;

	summary_progress(e);
	e->has_progress_line = true;
}

/* Sources that end keep their alerts waiting rather than dropped. */
static bool sources_end(const struct setup *s)
{
	for (uint32_t i = 0; i < s->n_openings; i++) {
		const char *p = s->openings[i].params;
		struct stat st;

		if (strncmp(p, "file://", 7) == 0)
			p += 7;
		if (stat(p, &st) < 0)
			return false;
	}
	return true;
}

/* A source, as often side by side as it wants. */
static int open_shards(struct engine *e, struct lane_setup *setup, struct err *err)
{
	uint32_t n = 1;
	int r = 0;

	setup->n_shards = 0;
	for (setup->shard = 0; setup->shard < n && r == 0; setup->shard++) {
		if (e->n_lanes == ENGINE_MAX_LANES) {
			err_set(err, 0, 0, "more than %d sources side by side", ENGINE_MAX_LANES);
			return -EINVAL;
		}
		r = lane_new(setup, &e->lanes[e->n_lanes], err);
		if (r < 0)
			break;
		setup->n_shards = n = lane_shards(e->lanes[e->n_lanes++]);
	}
	return r;
}

static int open_lanes(struct engine *e, struct err *err)
{
	struct setup *s = e->setup;
	struct lane_setup setup = {.setup = s,
				   .pool = e->pool,
				   .drops = &e->drops,
				   .flight = &e->flight,
				   .loop = e->loop};
	int r = 0;

	if (s->opts->record && s->n_openings > 1) {
		err_set(err, 0, 0, "-w records one source, and there are %u", s->n_openings);
		return -EINVAL;
	}
	for (uint32_t i = 0; i < s->n_openings && r == 0; i++) {
		setup.opening = &s->openings[i];
		r = open_shards(e, &setup, err);
	}
	return r < 0 ? r : offer_plan(e, e->plan, outputs_set(e->outputs));
}

static void engine_snapshot(void *ctx)
{
	struct engine *e = ctx;

	if (e->snapshot)
		snapshot_take(e->snapshot);
}

static void engine_beat(void *ctx)
{
	struct engine *e = ctx;

	control_beat(e->control);
	(void)pthread_mutex_lock(&e->lock);
	outputs_tidy(e->outputs);
	(void)pthread_mutex_unlock(&e->lock);
}

static void engine_tell_suppressed(void *ctx)
{
	notices_suppressed(ctx);
}

/* The timers whose time the configuration says. */
static int set_timers(struct engine *e)
{
	const struct config *c = e->config;
	const char *summary = config_str(c, "suppression.summary_interval");
	int r;

	e->output_timeout_ms = (uint32_t)config_u64(c, "output_timeout");
	r = loop_change(e->loop, e->output_timeout_ms, engine_look_at_outputs, e);
	if (r == 0)
		r = loop_change(e->loop, text_interval_ms(str_from(summary)),
				engine_tell_suppressed, e);
	if (r == 0)
		r = loop_change(e->loop, snapshot_interval_ms(e->snapshot), engine_snapshot, e);
	return r;
}

/* Requests that come while sources are opened wait until the loop runs: a source may already have taken
 * events that an end without order would lose. */
static int watch_requests(struct engine *e)
{
	int r = loop_on_signal(e->loop, SIGTERM, engine_stop, e);

	if (r == 0)
		r = loop_on_signal(e->loop, SIGHUP, engine_reload, e);
	if (r == 0)
		r = loop_on_signal(e->loop, SIGUSR1, engine_reopen, e);
	return r;
}

static int watch(struct engine *e)
{
	const struct options *o = e->setup->opts;
	/* Not before: a person need not wait for the start to end it. */
	int r = loop_on_signal(e->loop, SIGINT, engine_stop, e);

	if (r == 0 && o->has_duration)
		r = loop_after(e->loop, (uint64_t)(o->duration_s * 1000), engine_time_up, e);
	if (r == 0 && config_bool(&e->setup->config, "watch_config_files"))
		r = loop_every(e->loop, WATCH_MS, engine_look, e);
	if (r == 0 && isatty(STDERR_FILENO))
		r = loop_every(e->loop, PROGRESS_MS, engine_progress, e);
	if (r == 0)
		r = loop_every(e->loop, BEAT_MS, engine_beat, e);
	if (r == 0)
		r = set_timers(e);
	loop_on_wake(e->loop, engine_woken, e);
	return r;
}

static int write_pidfile(const struct options *o, struct err *err)
{
	FILE *f = o->pidfile ? fopen(o->pidfile, "we") : NULL;

	if (!o->pidfile)
		return 0;
	if (!f || fprintf(f, "%ld\n", (long)getpid()) < 0) {
		err_set(err, 0, 0, "pid file '%s': %s", o->pidfile, strerror(errno));
		if (f)
			(void)fclose(f);
		return -EINVAL;
	}
	return fclose(f) ? -errno : 0;
}

static int engine_up(struct engine *e, struct err *err)
{
	int r;

	if (e->setup->n_openings == 0 && !config_at(&e->setup->config, "engine.kind")) {
		err_set(err, 0, 0, "no source to open");
		err_hint(err, "write SOURCE:PARAMS, or give a source plugin in the configuration; "
			      "--list-plugins shows them");
		return -EINVAL;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	if (strcmp(config_str(&e->setup->config, "privileges"), "keep") != 0)
		privileges_drop(&e->setup->log);
	e->pool = alert_pool_new();
	e->writer = e->pool ? alert_writer_new(e->pool) : NULL;
	r = e->writer ? loop_new(&e->loop) : -ENOMEM;
	if (r == 0)
		r = watch_requests(e);
	if (r == 0)
		r = outputs_new(e->setup, sources_end(e->setup), e->loop, &e->outputs, err);
	if (r == 0)
		r = open_lanes(e, err);
	if (r == 0)
		r = write_pidfile(e->setup->opts, err);
	if (r == 0)
		r = snapshot_new(e, e->config, NULL, &e->snapshot, err);
	if (r == 0)
		r = watch(e);
	if (r == 0 && !sources_end(e->setup))
		r = control_start(e, &e->control, err);
	return r;
}

/* A request that comes when the loop is gone is for nobody, and its default would be the end of a
 * program that is about to say how it went. */
static void hold_requests(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGUSR1);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void engine_down(struct engine *e)
{
	hold_requests();
	e->control = control_stop(e->control);
	e->snapshot = snapshot_free(e->snapshot);
	while (e->n_lanes)
		(void)lane_free(e->lanes[--e->n_lanes]);
	e->outputs = outputs_free(e->outputs);
	e->loop = loop_free(e->loop);
	(void)alert_plan_unref(e->plan);
	(void)config_unref(e->config);
	(void)alert_writer_free(e->writer);
	e->pool = alert_pool_free(e->pool);
	e->suppress = suppress_free(e->suppress);
	tally_deinit(&e->tally);
	(void)pthread_mutex_destroy(&e->lock);
	watch_deinit(&e->watch);
}

/* Sources have ended. One who asked for the end does not wait for all that outputs hold, one whose
 * recordings are through does; and may be asked then. */
static void engine_drain(struct engine *e)
{
	e->is_draining = true;
	outputs_stop(e->outputs);
	if (e->is_stopping)
		outputs_hurry(e->outputs);
	while (!outputs_have_ended(e->outputs))
		loop_run(e->loop);
	outputs_drain(e->outputs);
}

static int engine_loop(struct engine *e)
{
	int r = 0;

	e->start_ns = clock_ns();
	log_info(&e->setup->log, "gyr " GYR_VERSION ": %u rules, %u sources, %u outputs",
		 alert_plan_ruleset(e->plan)->n_enabled, e->n_lanes, outputs_set(e->outputs)->n);
	if (isatty(STDERR_FILENO))
		summary_begin(e);
	(void)pthread_mutex_lock(&e->lock); /* who asks from outside sees all of it or nothing */
	for (uint32_t i = 0; i < e->n_lanes && r == 0; i++)
		r = lane_start(e->lanes[i]);
	(void)pthread_mutex_unlock(&e->lock);
	if (r < 0)
		engine_time_up(e);
	else
		loop_run(e->loop);
	for (uint32_t i = 0; i < e->n_lanes; i++)
		lane_join(e->lanes[i]);
	notices_suppressed(e);
	engine_drain(e);
	for (uint32_t i = 0; i < e->n_lanes; i++)
		lane_settle(e->lanes[i]);
	e->end_ns = clock_ns();
	for (uint32_t i = 0; i < e->n_lanes; i++)
		if (*lane_error(e->lanes[i])) {
			e->has_failed = true;
			log_error(&e->setup->log, "%s: %s", lane_label(e->lanes[i]),
				  lane_error(e->lanes[i]));
		}
	summary_print(e);
	for (uint32_t i = 0; i < e->n_lanes && e->setup->opts->profile; i++)
		for (uint32_t k = 0; lane_matcher(e->lanes[i], k); k++)
			profile_print(stderr, lane_matcher(e->lanes[i], k));
	if (e->setup->opts->pidfile)
		(void)unlink(e->setup->opts->pidfile);
	return e->has_failed ? 1 : r; /* what a lane said was told */
}

/* What a run would do: the last line is its sum. */
static void print_dry_run(const struct engine *e)
{
	const struct ruleset *rs = alert_plan_ruleset(e->plan);
	struct buf b;

	buf_init(&b, 1 << 20);
	for (uint32_t i = 0; i < rs->n_sources; i++) {
		const struct ruleset_source *s = &rs->sources[i];

		if (!s->interest)
			continue;
		buf_printf(&b, "rules of %.*s: %u, ", STR_FMT(s->name), s->n_rules);
		interest_print(s->interest, &b);
		buf_add_char(&b, '\n');
	}
	buf_printf(&b, "dry run: %u rules, %u sources\n", rs->n_enabled, e->setup->n_openings);
	(void)fwrite(b.p, 1, b.len, stdout);
	buf_deinit(&b);
}

int engine_run(struct setup *s, struct err *err)
{
	struct engine e = {.setup = s};
	struct alert_plan *plan;
	int r = setup_plugins(s, SETUP_RUN, err);

	if (r < 0)
		return r;
	tally_init(&e.tally);
	watch_init(&e.watch);
	read_hostname(&e);
	(void)pthread_mutex_init(&e.lock, NULL);
	e.start_ts = notice_now();
	r = drops_configure(&s->config, &e.drops, err);
	if (r == 0)
		r = flight_configure(&s->config, &e.flight, err);
	if (r == 0)
		r = make_plan(&e, &s->config, &plan, err);
	if (r == 0)
		take_plan(&e, &s->config, plan);
	if (r == 0 && s->opts->dry_run) {
		print_dry_run(&e);
		engine_down(&e);
		return 0;
	}
	if (r == 0)
		r = engine_up(&e, err);
	if (r == 0)
		r = engine_loop(&e);
	engine_down(&e);
	return r;
}
