#include "route/notice.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "route/alert_plan.h"
#include "route/alert_pool.h"
#include "route/alert_writer.h"
#include "util/siphash.h"

uint64_t notice_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

route_set notice_targets(const struct alert_plan *p, const struct notice *n)
{
	return routes_of_notice(p->routes, str_from(n->rule), STR(NOTICE_SOURCE), n->priority);
}

static int by_name(const void *a, const void *b)
{
	const struct notice_field *x = a, *y = b;
	size_t len = x->name.len < y->name.len ? x->name.len : y->name.len;
	int r = memcmp(x->name.p, y->name.p, len);

	return r ? r : (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

static void add_string(struct buf *b, struct str s)
{
	buf_add_char(b, '"');
	buf_add_json(b, s);
	buf_add_char(b, '"');
}

static void add_json(const struct alert_writer *w, struct buf *b, const struct alert_options *o,
		     const struct notice *n)
{
	buf_add_cstr(b, "{\"hostname\":");
	add_string(b, str_from(o->hostname));
	buf_add_cstr(b, ",\"output\":");
	add_string(b, n->text);
	buf_add_cstr(b, ",\"output_fields\":{");
	for (uint32_t i = 0; i < n->n_fields; i++) {
		if (i)
			buf_add_char(b, ',');
		add_string(b, n->fields[i].name);
		buf_add_char(b, ':');
		if (n->fields[i].is_bare)
			buf_add_str(b, n->fields[i].value);
		else
			add_string(b, n->fields[i].value);
	}
	buf_printf(b, "},\"priority\":\"%s\",\"rule\":", rule_priority_name(n->priority));
	add_string(b, str_from(n->rule));
	buf_add_cstr(b, ",\"source\":\"" NOTICE_SOURCE "\",\"time\":\"");
	buf_add_cstr(b, w->utc);
	buf_add(b, w->fraction, sizeof(w->fraction));
	buf_add_cstr(b, "Z\"}");
}

/* The message, and the fields behind it. */
static void add_message(struct buf *b, const struct notice *n)
{
	alert_escape(b, n->text);
	for (uint32_t i = 0; i < n->n_fields; i++) {
		buf_add_cstr(b, i ? " " : " (");
		alert_escape(b, n->fields[i].name);
		buf_add_char(b, '=');
		alert_escape(b, n->fields[i].value);
	}
	if (n->n_fields)
		buf_add_char(b, ')');
}

int notice_render(struct alert_writer *w, const struct alert_options *o, const struct notice *n,
		  struct alert **ret)
{
	static const struct siphash_key none = {0, 0}; /* the same notice has the same id */
	struct alert *a = alert_pool_take(w->pool, &w->spare);
	size_t message, json;
	struct buf *b;

	if (!a)
		return -ENOMEM;
	b = &a->bytes;
	if (n->n_fields)
		qsort(n->fields, n->n_fields, sizeof(*n->fields), by_name);
	a->view = (struct gyr_alert){.size = sizeof(a->view),
				     .priority = (uint32_t)n->priority,
				     .ts = n->ts,
				     .rule = n->rule,
				     .priority_name = rule_priority_name(n->priority),
				     .source = NOTICE_SOURCE,
				     .hostname = o->hostname};
	alert_writer_time(w, n->ts);
	alert_add_prefix(w, b, o, a->view.priority_name);
	message = b->len;
	add_message(b, n);
	a->view.text_len = (uint32_t)b->len;
	a->view.message_len = (uint32_t)(b->len - message);
	buf_add_char(b, '\0');
	json = b->len;
	add_json(w, b, o, n);
	if (b->failed) {
		(void)alert_unref(a);
		return -EMSGSIZE;
	}
	a->view.json_len = (uint32_t)(b->len - json);
	a->view.text = b->p;
	a->view.message = b->p + message;
	a->view.json = b->p + json;
	a->view.id = siphash(&none, a->view.json, a->view.json_len);
	*ret = a;
	return 0;
}
