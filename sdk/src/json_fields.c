/*
 * json_fields: what happens between plugin_extract_fields() and a field's function.
 *
 * A question is answered in three steps. The event's document is loaded into the reader, unless it
 * is there from the question before. Then each field's function adds its values: text goes to the
 * end of one growing buffer, and because that moves, values are noted as offsets. Last, when the
 * buffer is final, offsets become the pointers the host gets.
 *
 * Pointers enter the reader when first asked for. So the first events may be scanned several times;
 * from then on one scan finds everything the rules of this process ever ask.
 */
#include "gyr/json_fields.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	JF_MAX_TEXT = 64 << 20,  /* bytes of text in one answer */
	JF_MAX_VALUES = 1 << 20, /* values in one answer */
	JF_MAX_POINTERS = 16384, /* made up at run time */
	JF_UNKNOWN = UINT32_MAX, /* a pointer not yet in the reader */
	JF_DATA = PLUGIN_EVENT_PAYLOAD_OFFSET,
};

enum { JF_M_EVENTS, JF_M_NOT_JSON, JF_M_REFUSED, JF_N_METRICS };

/* Values of one field in the answer. */
struct jf_span {
	uint32_t first, n;
};

struct gyr_jf {
	const struct gyr_jf_plugin *plugin;
	struct gyr_json_reader *reader;
	uint32_t *path_ids, *field_ids; /* pointer numbers in the reader, or JF_UNKNOWN */
	uint32_t n_fields, required_id, n_made_up;

	/* the event */
	const ss_plugin_event *evt;
	uint64_t evtnum, ts;
	uint32_t len;
	bool has_evt, is_json, is_counted;

	/* the question */
	const ss_plugin_extract_field *ask;

	/* the answer */
	char *text;
	uint64_t *values; /* offsets into text, or numbers */
	const char **strings;
	struct jf_span *spans;
	size_t n_text, cap_text, open; /* open: where the value being put together starts */
	size_t n_values, cap_values, cap_strings, cap_spans;

	uint64_t counts[JF_N_METRICS];
	ss_plugin_metric metrics[JF_N_METRICS];
	char error[256];
};

static int jf_grow(void *pp, size_t *cap, size_t n, size_t size)
{
	void **p = pp, *grown;
	size_t want = *cap ? *cap : 64;

	if (n <= *cap)
		return 0;
	while (want < n)
		want *= 2;
	grown = realloc(*p, want * size);
	if (!grown)
		return -ENOMEM;
	*p = grown;
	*cap = want;
	return 0;
}

/* ---- state ---- */

static int jf_configure(struct gyr_jf *x, const char *config)
{
	struct gyr_json doc, strict;
	size_t len = config ? strlen(config) : 0;

	if (!len)
		return 0;
	if (gyr_json_value(config, len, &doc) || doc.type != GYR_JSON_OBJECT ||
	    gyr_json_member(&doc, "strict", 6, &strict))
		return -EINVAL;
	if (strict.type != GYR_JSON_ABSENT && strict.type != GYR_JSON_TRUE &&
	    strict.type != GYR_JSON_FALSE)
		return -EINVAL;
	gyr_json_reader_strict(x->reader, strict.type == GYR_JSON_TRUE);
	return 0;
}

static int jf_prepare(struct gyr_jf *x)
{
	const struct gyr_jf_plugin *p = x->plugin;

	while (p->fields[x->n_fields].name)
		x->n_fields++;
	x->reader = gyr_json_reader_new();
	x->path_ids = malloc((p->n_paths + 1) * sizeof *x->path_ids);
	x->field_ids = malloc((x->n_fields + 1) * sizeof *x->field_ids);
	if (!x->reader || !x->path_ids || !x->field_ids)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->n_paths; i++)
		x->path_ids[i] = JF_UNKNOWN;
	for (uint32_t i = 0; i < x->n_fields; i++)
		x->field_ids[i] = JF_UNKNOWN;
	if (!p->required)
		return 0;
	return gyr_json_reader_add(x->reader, p->required, strlen(p->required), &x->required_id);
}

struct gyr_jf *gyr__jf_init(const struct gyr_jf_plugin *p, const ss_plugin_init_input *in,
			    ss_plugin_rc *rc)
{
	struct gyr_jf *x = calloc(1, sizeof *x);

	*rc = SS_PLUGIN_FAILURE;
	if (!x)
		return NULL;
	x->plugin = p;
	if (jf_prepare(x)) {
		gyr__jf_destroy(x);
		return NULL;
	}
	if (jf_configure(x, in->config))
		(void)snprintf(x->error, sizeof x->error,
			       "init: configuration: want a JSON object, 'strict' true or false");
	else
		*rc = SS_PLUGIN_SUCCESS;
	return x;
}

void gyr__jf_destroy(struct gyr_jf *x)
{
	if (!x)
		return;
	gyr_json_reader_free(x->reader);
	free(x->path_ids);
	free(x->field_ids);
	free(x->text);
	free(x->values);
	free(x->strings);
	free(x->spans);
	free(x);
}

const char *gyr__jf_error(const struct gyr_jf *x)
{
	return x ? x->error : "out of memory";
}

ss_plugin_metric *gyr__jf_metrics(struct gyr_jf *x, uint32_t *n)
{
	static const char *const names[JF_N_METRICS] = {
		[JF_M_EVENTS] = "n_events",
		[JF_M_NOT_JSON] = "n_not_json",
		[JF_M_REFUSED] = "n_answers_refused",
	};

	for (uint32_t i = 0; i < JF_N_METRICS; i++)
		x->metrics[i] = (ss_plugin_metric){.name = names[i],
						   .type = SS_PLUGIN_METRIC_TYPE_MONOTONIC,
						   .value_type = SS_PLUGIN_METRIC_VALUE_TYPE_U64,
						   .value.u64 = x->counts[i]};
	*n = JF_N_METRICS;
	return x->metrics;
}

/* ---- the event ---- */

/* Whether a text, blanks behind it aside, begins and ends as an object or an array does. */
static inline bool jf_is_framed(const char *p, const char *end)
{
	while (end > p && (end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\r' || end[-1] == '\t'))
		end--;
	if (end - p < 2)
		return false;
	return *p == '{' ? end[-1] == '}' : *p == '[' && end[-1] == ']';
}

/* The data of a plugin event; NULL when it is none, or not framed like JSON. */
static const char *jf_document(const ss_plugin_event *evt, size_t *ret_len)
{
	const char *p = (const char *)evt;
	uint32_t lens[2];

	if (evt->type != GYR_EVENT_PLUGIN || evt->nparams != 2 || evt->len < JF_DATA)
		return NULL;
	memcpy(lens, p + sizeof *evt, sizeof lens);
	if (lens[0] != sizeof(uint32_t) || lens[1] > evt->len - JF_DATA)
		return NULL;
	p += JF_DATA;
	*ret_len = lens[1];
	return jf_is_framed(p, p + lens[1]) ? p : NULL;
}

static void jf_load(struct gyr_jf *x, const ss_plugin_event_input *in)
{
	const ss_plugin_event *evt = in->evt;
	const char *doc;
	size_t len;

	if (x->has_evt && x->evt == evt && x->evtnum == in->evtnum && x->ts == evt->ts &&
	    x->len == evt->len)
		return;
	x->evt = evt;
	x->evtnum = in->evtnum;
	x->ts = evt->ts;
	x->len = evt->len;
	x->has_evt = true;
	doc = jf_document(evt, &len);
	x->is_json = doc && !gyr_json_reader_load(x->reader, doc, len);
	x->is_counted = !x->is_json;
	x->counts[JF_M_EVENTS]++;
	x->counts[JF_M_NOT_JSON] += !x->is_json;
}

/* Asks the reader for a pointer, which it may have to learn first. */
static int jf_read(struct gyr_jf *x, uint32_t *id, const char *pointer, size_t len,
		   struct gyr_json *ret)
{
	int r;

	if (!x->is_json)
		return -EBADMSG;
	if (*id == JF_UNKNOWN) {
		r = gyr_json_reader_add(x->reader, pointer, len, id);
		if (r)
			return r;
	}
	r = gyr_json_reader_get(x->reader, *id, ret);
	if (r == -EBADMSG && !x->is_counted) {
		x->is_counted = true;
		x->counts[JF_M_NOT_JSON]++;
	}
	return r;
}

int gyr_jf_get(struct gyr_jf *x, uint32_t path, struct gyr_json *ret)
{
	const char *pointer = x->plugin->paths[path];

	return jf_read(x, x->path_ids + path, pointer, strlen(pointer), ret);
}

int gyr_jf_value(struct gyr_jf *x, const struct gyr_jf_field *f, struct gyr_json *ret)
{
	return jf_read(x, x->field_ids + (f - x->plugin->fields), f->pointer, strlen(f->pointer),
		       ret);
}

int gyr_jf_at(struct gyr_jf *x, const char *pointer, size_t len, struct gyr_json *ret)
{
	uint32_t id = JF_UNKNOWN;

	if (x->n_made_up >= JF_MAX_POINTERS)
		return -E2BIG;
	if (gyr_json_reader_find(x->reader, pointer, len, &id))
		x->n_made_up++;
	return jf_read(x, &id, pointer, len, ret);
}

int gyr_jf_below(const struct gyr_json *v, const char *path, struct gyr_json *ret)
{
	struct gyr_json at = *v;

	for (;;) {
		size_t len = strcspn(path, "/");
		int r = gyr_json_member(&at, path, len, &at);

		if (r)
			return r;
		if (!path[len] || at.type == GYR_JSON_ABSENT)
			break;
		path += len + 1;
	}
	*ret = at;
	return 0;
}

const char *gyr_jf_key(const struct gyr_jf *x)
{
	return x->ask->arg_present ? x->ask->arg_key : NULL;
}

uint64_t gyr_jf_index(const struct gyr_jf *x)
{
	return x->ask->arg_present ? x->ask->arg_index : UINT64_MAX;
}

uint64_t gyr_jf_time(const struct gyr_jf *x)
{
	return x->ts;
}

/* ---- the answer ---- */

/* Room for @n more bytes of text, and a NUL. */
static int jf_room(struct gyr_jf *x, size_t n)
{
	if (n > JF_MAX_TEXT - x->n_text - 1)
		return -E2BIG;
	return jf_grow(&x->text, &x->cap_text, x->n_text + n + 1, 1);
}

static int jf_note(struct gyr_jf *x, uint64_t value)
{
	int r;

	if (x->n_values == JF_MAX_VALUES)
		return -E2BIG;
	r = jf_grow(&x->values, &x->cap_values, x->n_values + 1, sizeof *x->values);
	if (!r)
		x->values[x->n_values++] = value;
	return r;
}

int gyr_jf_add_u64(struct gyr_jf *x, uint64_t n)
{
	return jf_note(x, n);
}

int gyr_jf_put(struct gyr_jf *x, const char *text, size_t len)
{
	int r = jf_room(x, len);

	if (r)
		return r;
	if (len)
		memcpy(x->text + x->n_text, text, len);
	x->n_text += len;
	return 0;
}

int gyr_jf_put_json(struct gyr_jf *x, const struct gyr_json *v)
{
	size_t n = 0;
	int r;

	if (v->type == GYR_JSON_ABSENT)
		return -ENODATA;
	r = jf_room(x, (size_t)v->len + 2);
	if (r)
		return r;
	r = v->type == GYR_JSON_STRING ? gyr_json_text(v, x->text + x->n_text, &n)
				       : gyr_json_compact(v, x->text + x->n_text, &n);
	if (!r)
		x->n_text += n;
	return r;
}

int gyr_jf_end(struct gyr_jf *x)
{
	int r = jf_room(x, 0);

	if (!r)
		r = jf_note(x, x->open);
	if (r)
		return r;
	x->text[x->n_text++] = 0;
	x->open = x->n_text;
	return 0;
}

void gyr_jf_keep(struct gyr_jf *x, size_t len)
{
	x->n_text = x->open + len;
}

char *gyr_jf_pending(struct gyr_jf *x, size_t *ret_len)
{
	static char nothing[1];

	*ret_len = x->n_text - x->open;
	return x->text ? x->text + x->open : nothing;
}

int gyr_jf_add(struct gyr_jf *x, const char *text, size_t len)
{
	int r = gyr_jf_put(x, text, len);

	return r ? r : gyr_jf_end(x);
}

int gyr_jf_add_json(struct gyr_jf *x, const struct gyr_json *v)
{
	int r = gyr_jf_put_json(x, v);

	return r ? r : gyr_jf_end(x);
}

int gyr_jf_add_indented(struct gyr_jf *x, const struct gyr_json *v)
{
	size_t n = 0;
	int r;

	if (v->type == GYR_JSON_ABSENT)
		return -ENODATA;
	r = gyr_json_indent(v, NULL, &n);
	if (!r)
		r = jf_room(x, n);
	if (!r)
		r = gyr_json_indent(v, x->text + x->n_text, &n);
	if (r)
		return r;
	x->n_text += n;
	return gyr_jf_end(x);
}

int gyr_jf_plain(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	struct gyr_json v, element;
	struct gyr_json_iter it;
	int r = gyr_jf_value(x, f, &v);

	if (r)
		return r;
	if (!(f->flags & GYR_JF_LIST))
		return gyr_jf_add_json(x, &v);
	if (v.type != GYR_JSON_ARRAY)
		return -ENODATA;
	gyr_json_iter_init(&it, &v);
	while ((r = gyr_json_next(&it, NULL, &element)) > 0) {
		r = gyr_jf_add_json(x, &element);
		if (r)
			return r;
	}
	return r;
}

/* ---- the question ---- */

static int jf_gate(struct gyr_jf *x)
{
	struct gyr_json v;
	int r;

	if (!x->plugin->required)
		return 0;
	r = jf_read(x, &x->required_id, x->plugin->required, strlen(x->plugin->required), &v);
	return r ? r : v.type == GYR_JSON_ABSENT ? -ENODATA : 0;
}

/* Lets the field's function answer; takes back what it added when it fails. */
static void jf_answer(struct gyr_jf *x, uint32_t i)
{
	size_t n_text = x->n_text, n_values = x->n_values;
	const struct gyr_jf_field *f;
	int r = -ENOENT;

	if (x->ask->field_id < x->n_fields) {
		f = x->plugin->fields + x->ask->field_id;
		if (f->extract)
			r = f->extract(x, f);
		else if (x->plugin->extract)
			r = x->plugin->extract(x, f);
		else
			r = gyr_jf_plain(x, f);
	}
	if (r < 0) {
		x->counts[JF_M_REFUSED] += r == -E2BIG || r == -ENOMEM;
		x->n_text = n_text;
		x->n_values = n_values;
	}
	x->n_text = r < 0 ? n_text : x->open;
	x->open = x->n_text;
	x->spans[i] = (struct jf_span){.first = (uint32_t)n_values,
				       .n = (uint32_t)(x->n_values - n_values)};
}

/* Turns the values noted into what the host reads. */
static void jf_hand_over(struct gyr_jf *x, const ss_plugin_field_extract_input *in)
{
	for (uint32_t i = 0; i < in->num_fields; i++) {
		ss_plugin_extract_field *f = in->fields + i;
		struct jf_span s = x->spans[i];

		f->res_len = s.n;
		if (!s.n)
			continue;
		if (x->plugin->fields[f->field_id].flags & GYR_JF_U64) {
			f->res.u64 = x->values + s.first;
			continue;
		}
		for (uint32_t k = s.first; k < s.first + s.n; k++)
			x->strings[k] = x->text + x->values[k];
		f->res.str = x->strings + s.first;
	}
}

ss_plugin_rc gyr__jf_extract(struct gyr_jf *x, const ss_plugin_event_input *evt,
			     const ss_plugin_field_extract_input *in)
{
	bool is_open;

	jf_load(x, evt);
	x->n_text = x->n_values = x->open = 0;
	if (jf_grow(&x->spans, &x->cap_spans, in->num_fields, sizeof *x->spans))
		return SS_PLUGIN_FAILURE;
	is_open = (x->is_json && !jf_gate(x)) || x->plugin->takes_other_events;
	for (uint32_t i = 0; i < in->num_fields; i++) {
		x->spans[i] = (struct jf_span){.n = 0};
		x->ask = in->fields + i;
		if (is_open)
			jf_answer(x, i);
	}
	if (jf_grow(&x->strings, &x->cap_strings, x->n_values, sizeof *x->strings)) {
		for (uint32_t i = 0; i < in->num_fields; i++)
			in->fields[i].res_len = 0;
		return SS_PLUGIN_FAILURE;
	}
	jf_hand_over(x, in);
	return SS_PLUGIN_SUCCESS;
}
