/*
 * pages: JSON about a run.
 */
#include "report/pages.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "util/jsonw.h"

static void add_source(const struct status_source *s, struct jsonw *w)
{
	jsonw_open(w, NULL, '{');
	jsonw_text(w, "name", str_from(s->name));
	jsonw_text(w, "source", str_from(lane_source_name(s->lane)));
	jsonw_text(w, "plugin", lane_opening(s->lane)->plug->module->name);
	jsonw_text(w, "state", str_from(status_source_state(s)));
	jsonw_u64(w, "events", s->feed.n_events);
	if (s->age_ms == UINT64_MAX)
		jsonw_null(w, "last_event_age_seconds");
	else
		jsonw_dbl(w, "last_event_age_seconds", (double)s->age_ms / 1000);
}

static const char *output_state(const struct status *s, uint32_t i)
{
	uint32_t n;

	if (output_is_over(outputs_list(s->engine->outputs, &n)[i]))
		return "over";
	return s->outputs[i].state == PACE_CLOSED ? "ok" : "failing";
}

static void add_output(const struct status *s, uint32_t i, struct jsonw *w)
{
	const struct output_counters *c = &s->outputs[i];
	uint32_t n;

	jsonw_open(w, NULL, '{');
	jsonw_text(w, "name", str_from(output_name(outputs_list(s->engine->outputs, &n)[i])));
	jsonw_text(w, "state", str_from(output_state(s, i)));
	jsonw_u64(w, "queue", c->depth);
	jsonw_u64(w, "queue_bytes", c->depth_bytes);
	jsonw_u64(w, "spool", c->spool.n_records);
}

static void add_plugins(const struct status *s, struct jsonw *w)
{
	const struct plugset *p = &s->engine->setup->plugs;

	jsonw_open(w, "plugins", '[');
	for (uint32_t i = 0; i < p->n; i++) {
		const struct module *m = p->plugs[i].module;

		if (!m)
			continue;
		jsonw_open(w, NULL, '{');
		jsonw_text(w, "name", m->name);
		jsonw_text(w, "version", m->version);
		jsonw_text(w, "state", STR("loaded"));
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
}

enum wellness { READY, DEGRADED, NOT_READY };

/* An output of best effort that fails is nothing to take the program out of service for: it is told,
 * and its losses are counted. One that events wait for is, and so is a source that failed. */
static enum wellness wellness(const struct status *s)
{
	struct output *const *list = outputs_list(s->engine->outputs, &(uint32_t){0});
	bool any_output = false, any_failing = false, well = true;

	for (uint32_t i = 0; i < s->n_sources; i++)
		well &= strcmp(status_source_state(&s->sources[i]), "failed") != 0;
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		const bool is_over = output_is_over(list[i]);
		const bool fails = !is_over && s->outputs[i].state != PACE_CLOSED;

		any_output |= !is_over;
		any_failing |= fails;
		well &= !(fails && output_is_required(list[i]));
	}
	if (!well || !any_output)
		return NOT_READY;
	return any_failing ? DEGRADED : READY;
}

bool page_ready(const struct status *s, struct buf *b)
{
	struct jsonw w = {.b = b};
	static const char *const names[] = {"ok", "degraded", "not ready"};
	const enum wellness well = wellness(s);

	jsonw_open(&w, NULL, '{');
	jsonw_text(&w, "status", str_from(names[well]));
	jsonw_open(&w, "sources", '[');
	for (uint32_t i = 0; i < s->n_sources; i++) {
		add_source(&s->sources[i], &w);
		jsonw_close(&w, '}');
	}
	jsonw_close(&w, ']');
	jsonw_open(&w, "outputs", '[');
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		add_output(s, i, &w);
		jsonw_close(&w, '}');
	}
	jsonw_close(&w, ']');
	add_plugins(s, &w);
	jsonw_close(&w, '}');
	return well != NOT_READY;
}

/* --- status ----------------------------------------------------------------------------------- */

/* Events that the source says it lost. */
static uint64_t source_drops(const struct status_source *s)
{
	for (uint32_t i = 0; i < s->vitals->n_metrics; i++) {
		const char *dot = strchr(s->vitals->metrics[i].name, '.');

		if (dot && strcmp(dot + 1, "n_drops") == 0)
			return status_metric(&s->vitals->metrics[i]);
	}
	return 0;
}

static void status_sources(const struct status *s, struct jsonw *w)
{
	jsonw_open(w, "sources", '[');
	for (uint32_t i = 0; i < s->n_sources; i++) {
		const struct vitals_view *v = s->sources[i].vitals;

		add_source(&s->sources[i], w);
		jsonw_u64(w, "bytes", v->source.n_bytes);
		jsonw_u64(w, "alerts", s->sources[i].n_alerts);
		jsonw_u64(w, "skipped", v->source.n_too_large + v->source.n_malformed);
		jsonw_u64(w, "drops", source_drops(&s->sources[i]));
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
}

static void status_outputs(const struct status *s, struct jsonw *w)
{
	jsonw_open(w, "outputs", '[');
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		const struct output_counters *c = &s->outputs[i];

		add_output(s, i, w);
		jsonw_u64(w, "accepted", c->n_accepted);
		jsonw_u64(w, "refused", c->n_refused + c->n_exhausted);
		jsonw_u64(w, "dropped", c->n_dropped + c->spool.n_dropped);
		jsonw_u64(w, "retries", c->n_retries);
		jsonw_u64(w, "lost", c->n_lost);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
}

static void add_tally(const struct tally_row *t, struct jsonw *w)
{
	jsonw_text(w, "priority", str_from(rule_priority_name((enum rule_priority)t->priority)));
	jsonw_u64(w, "alerts", atomic_load(&t->n_alerts));
	jsonw_u64(w, "suppressed", atomic_load(&t->n_suppressed));
	jsonw_u64(w, "unrouted", atomic_load(&t->n_unrouted));
}

/* The rules that raised alerts. */
static void status_rules(const struct status *s, struct jsonw *w)
{
	jsonw_open(w, "rules", '[');
	for (const struct tally_row *t = s->engine->tally.first; t; t = t->next) {
		if (!atomic_load(&t->n_alerts))
			continue;
		jsonw_open(w, NULL, '{');
		jsonw_text(w, "name", t->rule);
		add_tally(t, w);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
}

void page_status(const struct status *s, struct buf *b)
{
	struct jsonw w = {.b = b};

	jsonw_open(&w, NULL, '{');
	jsonw_text(&w, "version", STR(GYR_VERSION));
	jsonw_text(&w, "hostname", str_from(s->engine->hostname));
	jsonw_u64(&w, "time_ns", s->now_ts);
	jsonw_dbl(&w, "duration_seconds", s->duration_s);
	jsonw_u64(&w, "events", s->n_events);
	jsonw_u64(&w, "bytes", s->n_bytes);
	jsonw_u64(&w, "rss_bytes", s->proc.rss_bytes);
	jsonw_dbl(&w, "cpu_percent", s->proc.cpu_perc);
	jsonw_u64(&w, "n_rules", alert_plan_ruleset(s->engine->plan)->n_enabled);
	status_sources(s, &w);
	status_outputs(s, &w);
	status_rules(s, &w);
	jsonw_close(&w, '}');
}

/* --- rules ------------------------------------------------------------------------------------ */

void page_rules(const struct status *s, struct buf *b)
{
	const struct ruleset *rs = alert_plan_ruleset(s->engine->plan);
	struct jsonw w = {.b = b};

	jsonw_open(&w, NULL, '{');
	jsonw_u64(&w, "n_enabled", rs->n_enabled);
	jsonw_open(&w, "rules", '[');
	for (uint32_t i = 0; i < rs->n_rules; i++) {
		const struct rule *rule = rs->rules[i];
		const struct tally_row *t = tally_find(&s->engine->tally, rule->name);

		jsonw_open(&w, NULL, '{');
		jsonw_text(&w, "name", rule->name);
		jsonw_text(&w, "source", rs->sources[rule->source].name);
		jsonw_bool(&w, "enabled", rule->enabled);
		jsonw_text(&w, "file", rule->file);
		jsonw_u64(&w, "line", rule->at.line + 1);
		jsonw_open(&w, "tags", '[');
		for (uint32_t k = 0; k < rule->n_tags; k++)
			jsonw_text(&w, NULL, rule->tags[k]);
		jsonw_close(&w, ']');
		if (t)
			add_tally(t, &w);
		else
			jsonw_text(&w, "priority", str_from(rule_priority_name(rule->priority)));
		jsonw_close(&w, '}');
	}
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
}

/* --- the configuration ------------------------------------------------------------------------ */

static bool has_word(struct str text, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= text.len; i++)
		if (strncasecmp(text.p + i, word, len) == 0)
			return true;
	return false;
}

/* Whether a name is that of a secret. Names of files with secrets are none. */
static bool is_secret_name(struct str name)
{
	static const char *const words[] = {"passw",  "secret",     "token",   "authorization",
					    "apikey", "api_key",    "api-key", "credential",
					    "bearer", "access_key", "cookie",  "private_key"};

	if (name.len > 5 && strncasecmp(name.p + name.len - 5, "_file", 5) == 0)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (has_word(name, words[i]))
			return true;
	return false;
}

/* Whether a text may have a secret in it: it names one, or is a URL with a user in it. */
static bool is_secret_text(struct str text)
{
	const char *scheme = NULL, *end = text.p + text.len;

	if (is_secret_name(text))
		return true;
	for (size_t i = 0; i + 3 <= text.len && !scheme; i++)
		if (memcmp(text.p + i, "://", 3) == 0)
			scheme = text.p + i + 3;
	for (const char *p = scheme; p && p < end && *p != '/' && !isspace((unsigned char)*p); p++)
		if (*p == '@')
			return true;
	return false;
}

static void add_node(const struct config_node *n, const char *key, bool is_secret, struct jsonw *w)
{
	if (n->kind == CONFIG_NULL) {
		jsonw_null(w, key);
		return;
	}
	if (n->kind == CONFIG_SCALAR) {
		bool hide = n->text.len && (is_secret || is_secret_text(n->text));

		jsonw_text(w, key, hide ? STR("***") : n->text);
		return;
	}
	jsonw_open(w, key, n->kind == CONFIG_MAP ? '{' : '[');
	for (const struct config_node *c = n->first; c; c = c->next)
		add_node(c, n->kind == CONFIG_MAP ? c->key.p : NULL,
			 is_secret || is_secret_name(c->key), w);
	jsonw_close(w, n->kind == CONFIG_MAP ? '}' : ']');
}

void page_config(const struct config *c, struct buf *b)
{
	struct jsonw w = {.b = b};

	jsonw_open(&w, NULL, '{');
	jsonw_open(&w, "files", '[');
	for (uint32_t i = 0; i < c->n_files; i++)
		jsonw_text(&w, NULL, str_from(c->files[i]));
	jsonw_close(&w, ']');
	add_node(c->root, "config", false, &w);
	jsonw_close(&w, '}');
}
