/*
 * alert: the writer that puts an event into its rule's plan.
 */
#include "route/alert.h"

#include <errno.h>
#include <time.h>

#include "route/alert_plan.h"
#include "route/alert_pool.h"
#include "route/alert_writer.h"
#include "util/ascii.h"
#include "util/mem.h"
#include "util/utf8.h"

struct alert_writer *alert_writer_new(struct alert_pool *pool)
{
	struct alert_writer *w = mem_new(sizeof(*w));

	if (!w)
		return NULL;
	w->pool = pool;
	w->second = UINT64_MAX;
	buf_init(&w->message, ALERT_MAX_BYTES);
	buf_init(&w->form, ALERT_MAX_BYTES);
	return w;
}

struct alert_writer *alert_writer_free(struct alert_writer *w)
{
	if (!w)
		return NULL;
	w->spare = alert_pool_give(w->pool, w->spare);
	buf_deinit(&w->message);
	buf_deinit(&w->form);
	return mem_free(w);
}

/* Writes what stands for a control character; false for a character that may stay. Those past ASCII
 * count too: some terminals obey U+009B as they obey ESC [, and some readers end a line at U+2028. */
static bool escape_one(struct buf *b, const char *p, size_t len)
{
	unsigned code = len == 1 ? (unsigned char)*p : utf8_control(p, len);

	if (code == '\n')
		buf_add_cstr(b, "\\n");
	else if (code == '\t')
		buf_add_cstr(b, "\\t");
	else if (code == '\r')
		buf_add_cstr(b, "\\r");
	else if (code > 0xff)
		buf_printf(b, "\\u%04x", code);
	else if (code < 0x20 ? len == 1 : code >= 0x7f)
		buf_printf(b, "\\x%02x", code);
	else
		return false;
	return true;
}

void alert_escape(struct buf *b, struct str s)
{
	size_t at = 0;

	while (at < s.len && !b->failed) {
		const size_t run = ascii_printable(s.p + at, s.len - at);
		size_t len, bad = 0;

		buf_add(b, s.p + at, run);
		at += run;
		if (at == s.len)
			break;
		len = utf8_next(s.p + at, s.len - at, &bad);
		if (len == 0)
			buf_add_cstr(b, "\xef\xbf\xbd");
		else if (!escape_one(b, s.p + at, len))
			buf_add(b, s.p + at, len);
		at += len ? len : bad;
	}
}

void alert_writer_time(struct alert_writer *w, uint64_t ts)
{
	time_t sec = (time_t)(ts / 1000000000);
	uint64_t ns = ts % 1000000000;
	struct tm tm;

	for (int i = 9; i > 0; i--, ns /= 10)
		w->fraction[i] = (char)('0' + ns % 10);
	w->fraction[0] = '.';
	if (w->second == ts / 1000000000)
		return;
	w->second = ts / 1000000000;
	if (!localtime_r(&sec, &tm) || !strftime(w->local, sizeof(w->local), "%H:%M:%S", &tm))
		w->local[0] = '\0';
	if (!gmtime_r(&sec, &tm) || !strftime(w->utc, sizeof(w->utc), "%Y-%m-%dT%H:%M:%S", &tm))
		w->utc[0] = '\0';
}

/* "14:09:12.581541000: Warning " */
void alert_add_prefix(const struct alert_writer *w, struct buf *b, const struct alert_options *o,
		      const char *priority)
{
	buf_add_cstr(b, o->iso_time ? w->utc : w->local);
	buf_add(b, w->fraction, sizeof(w->fraction));
	buf_add_cstr(b, o->iso_time ? "+0000: " : ": ");
	buf_add_cstr(b, priority);
	buf_add_char(b, ' ');
}

/* FNV-1a with 64 bits, eight bytes a step, and a final mix: spreads well and has no state. */
static uint64_t hash_add(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (; len >= 8; p += 8, len -= 8) {
		uint64_t word;

		memcpy(&word, p, 8);
		h = (h ^ word) * 0x100000001b3;
		h ^= h >> 29;
	}
	for (; len; p++, len--)
		h = (h ^ *p) * 0x100000001b3;
	return h ^ (h >> 32);
}

/* Without the time where that is only when the event was taken: it will be another the next time. */
static uint64_t alert_id(const struct alert_rule *ar, const struct event *evt)
{
	const size_t skip = evt->is_stamped ? sizeof(evt->raw->ts) : 0;
	uint64_t h = 0xcbf29ce484222325;

	h = hash_add(h, ar->source, strlen(ar->source) + 1);
	h = hash_add(h, ar->name, strlen(ar->name) + 1);
	return hash_add(h, (const char *)evt->raw + skip, evt->raw->len - skip);
}

static void add_field_value(struct buf *b, const struct field_use *use,
			    const struct alert_subject *s)
{
	struct values v = {0};

	if (use->hidden.p) {
		buf_add_char(b, '"');
		buf_add_json(b, use->hidden);
		buf_add_char(b, '"');
		return;
	}
	s->fetch->get(s->fetch->ctx, s->evt, &use, 1, &v);
	value_print_json(b, use->field, &v);
}

static void add_output_fields(struct buf *b, const struct alert_rule *ar,
			      const struct alert_subject *s, struct buf *scratch)
{
	for (uint32_t i = 0; i < ar->n_fields; i++) {
		const struct alert_field *f = ar->fields[i];

		buf_add_cstr(b, i ? "," : "\"output_fields\":{");
		buf_add_str(b, f->json_key);
		if (f->kind == ALERT_FIELD_USE) {
			add_field_value(b, f->use, s);
		} else if (f->kind == ALERT_FIELD_TEXT) {
			buf_reset(scratch);
			(void)template_render(f->text, s->eval, s->evt, s->fetch, scratch);
			buf_add_char(b, '"');
			buf_add_json(b, buf_str(scratch));
			buf_add_char(b, '"');
		} else {
			/* nanoseconds under either name, as consumers of Falco's alerts know it */
			buf_add_u64(b, s->evt->ts);
		}
	}
	buf_add_cstr(b, "},");
}

static void add_json(struct alert_writer *w, struct alert *a, const struct alert_rule *ar,
		     const struct alert_subject *s)
{
	const struct alert_options *o = &a->plan->opts;
	struct buf *b = &a->bytes;

	buf_add_str(b, a->plan->json_head);
	if (o->json_id)
		buf_printf(b, "\"id\":\"%016llx\",", (unsigned long long)a->view.id);
	if (o->json_message) {
		buf_add_cstr(b, "\"message\":\"");
		buf_add_json(b, buf_str(&w->message));
		buf_add_cstr(b, "\",");
	}
	if (o->json_output) {
		buf_add_cstr(b, "\"output\":\"");
		alert_add_prefix(w, b, o, a->view.priority_name);
		buf_add_json(b, buf_str(&w->message));
		buf_add_cstr(b, "\",");
	}
	if (o->json_output_fields)
		add_output_fields(b, ar, s, &w->message);
	buf_add_str(b, ar->json_rule);
	buf_add_cstr(b, ar->json_tail);
	buf_add_cstr(b, w->utc);
	buf_add(b, w->fraction, sizeof(w->fraction));
	buf_add_cstr(b, "Z\"}");
}

/* Message and JSON, and the usual text in front, of which the message is the end. */
static void add_texts(struct alert_writer *w, struct alert *a, const struct alert_rule *ar,
		      const struct alert_subject *s)
{
	struct buf *b = &a->bytes;
	size_t message, json;

	buf_reset(&w->message);
	(void)template_render(a->plan->rs->rules[ar - a->plan->rules]->message, s->eval, s->evt,
			      s->fetch, &w->message);
	alert_add_prefix(w, b, &a->plan->opts, a->view.priority_name);
	message = b->len;
	alert_escape(b, buf_str(&w->message));
	a->view.text_len = (uint32_t)b->len;
	a->view.message_len = (uint32_t)(b->len - message);
	buf_add_char(b, '\0');
	json = b->len;
	add_json(w, a, ar, s);
	a->view.json_len = (uint32_t)(b->len - json);
	a->view.text = b->p;
	a->view.message = b->p + message;
	a->view.json = b->p + json;
}

/* Puts the text of @f behind the others and in the place of the usual one. */
static void add_form(struct alert_writer *w, struct alert *a, const struct form *f,
		     const struct alert_subject *s)
{
	struct gyr_alert *v = &a->view;
	size_t text, message = (size_t)(v->message - v->text);
	const size_t prefix = message - strlen(v->priority_name) - 3; /* ": " and a blank */
	const struct form_facts facts = {.view = v,
					 .time = {v->text, prefix},
					 .message = {v->message, v->message_len},
					 .json = {v->json, v->json_len}};
	size_t json = (size_t)(v->json - v->text);

	buf_reset(&w->form);
	form_render(f, &facts, s, &w->message, &w->form);
	buf_add_char(&a->bytes, '\0');
	text = a->bytes.len;
	alert_escape(&a->bytes, buf_str(&w->form));
	if (w->form.failed)
		a->bytes.failed = true;
	v->text_len = (uint32_t)(a->bytes.len - text);
	v->text = a->bytes.p + text;
	v->message = a->bytes.p + message;
	v->json = a->bytes.p + json;
}

route_set alert_targets(struct alert_writer *w, struct alert_plan *p, const struct alert_subject *s)
{
	struct tally_row *row = p->rules[s->rule->index].tally;
	route_set set;

	(void)atomic_fetch_add_explicit(&row->n_alerts, 1, memory_order_relaxed);
	if (suppress_check(p->suppress, p->suppress_plan, s, row, &w->message))
		return 0;
	set = routes_of(p->routes, s->rule, s->eval, s->evt, s->fetch);
	if (!set)
		(void)atomic_fetch_add_explicit(&row->n_unrouted, 1, memory_order_relaxed);
	return set;
}

int alert_render(struct alert_writer *w, struct alert_plan *p, const struct alert_subject *s,
		 uint32_t form, struct alert **ret)
{
	const struct rule *rule = s->rule;
	const struct form *f = form ? p->forms[(form - 1) * p->rs->n_sources + rule->source] : NULL;
	const struct alert_rule *ar = &p->rules[rule->index];
	struct alert *a = alert_pool_take(w->pool, &w->spare);

	if (!a)
		return -ENOMEM;
	a->plan = alert_plan_ref(p);
	a->view = (struct gyr_alert){
		.size = sizeof(a->view),
		.priority = (uint32_t)rule->priority,
		.id = alert_id(ar, s->evt),
		.ts = s->evt->ts,
		.rule = ar->name,
		.priority_name = rule_priority_name(rule->priority),
		.source = ar->source,
		.hostname = p->opts.hostname,
		.tags = ar->tags,
		.n_tags = ar->n_tags,
	};
	alert_writer_time(w, s->evt->ts);
	add_texts(w, a, ar, s);
	if (f && !a->bytes.failed)
		add_form(w, a, f, s);
	if (a->bytes.failed || w->message.failed) {
		(void)alert_unref(a);
		return -EMSGSIZE;
	}
	*ret = a;
	return 0;
}
