/*
 * notices: notices, rendered and sent.
 */
#include "report/notices.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine.h"
#include "route/notice.h"

/* Rules of this kind are known by these names to those who read alerts. */
#define RULE_SUPPRESSED "Gyr internal: alerts suppressed"
#define RULE_RELOAD_FAILED "Falco internal: hot restart failure"

void notices_send(struct engine *e, const struct notice *n)
{
	uint32_t n_outputs;
	struct output *const *outputs;
	struct alert *a;
	route_set to;

	if (!e->outputs || !e->plan)
		return;
	outputs = outputs_list(e->outputs, &n_outputs);
	to = notice_targets(e->plan, n);
	if (!to || notice_render(e->writer, alert_plan_options(e->plan), n, &a) < 0)
		return;
	for (uint32_t i = 0; i < n_outputs; i++)
		if (to >> i & 1)
			output_try_send(outputs[i], a);
	(void)alert_unref(a);
}

static void keys_text(const struct suppress_summary *s, struct buf *b)
{
	for (uint32_t i = 0; i < SUPPRESS_SUMMARY_KEYS && s->keys[i].n; i++)
		buf_printf(b, "%s%s (%" PRIu64 ")", i ? "; " : "", s->keys[i].text, s->keys[i].n);
	if (s->n_keys > SUPPRESS_SUMMARY_KEYS)
		buf_printf(b, "; %u more", s->n_keys - SUPPRESS_SUMMARY_KEYS);
}

static void tell_suppressed(void *ctx, const struct suppress_summary *s)
{
	char count[24], n_keys[16], seconds[32];
	struct buf text, keys;
	struct notice_field fields[] = {
		{STR("rule"), s->row->rule, false},        {STR("n_suppressed"), {count, 0}, true},
		{STR("n_keys"), {n_keys, 0}, true},        {STR("keys"), {0}, false},
		{STR("duration_sec"), {seconds, 0}, true},
	};
	struct notice n = {.rule = RULE_SUPPRESSED,
			   .priority = RULE_INFORMATIONAL,
			   .ts = notice_now(),
			   .n_fields = sizeof(fields) / sizeof(fields[0]),
			   .fields = fields};

	buf_init(&text, 4096);
	buf_init(&keys, 4096);
	buf_printf(&text, RULE_SUPPRESSED ". %" PRIu64 " alerts of rule '%.*s' were not sent.",
		   s->n, (int)(s->row->rule.len < 1024 ? s->row->rule.len : 1024), s->row->rule.p);
	keys_text(s, &keys);
	fields[1].value.len = (size_t)snprintf(count, sizeof(count), "%" PRIu64, s->n);
	fields[2].value.len = (size_t)snprintf(n_keys, sizeof(n_keys), "%u", s->n_keys);
	fields[3].value = buf_str(&keys);
	fields[4].value.len = (size_t)snprintf(
		seconds, sizeof(seconds), "%.3f",
		s->last_ts > s->first_ts ? (double)(s->last_ts - s->first_ts) / 1e9 : 0.0);
	n.text = buf_str(&text);
	notices_send(ctx, &n);
	buf_deinit(&keys);
	buf_deinit(&text);
}

void notices_suppressed(struct engine *e)
{
	if (e->suppress)
		suppress_tell(e->suppress, tell_suppressed, e);
}

void notices_reload_failed(struct engine *e, const char *why)
{
	struct notice n = {
		.rule = RULE_RELOAD_FAILED, .priority = RULE_CRITICAL, .ts = notice_now()};
	struct buf text;

	buf_init(&text, 4096);
	buf_printf(&text, RULE_RELOAD_FAILED ": %s", why);
	n.text = buf_str(&text);
	notices_send(e, &n);
	buf_deinit(&text);
}
