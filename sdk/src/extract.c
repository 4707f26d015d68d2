/*
 * extract: answers the host's questions by asking the rows, and shows events to the parser.
 */
#include "sdk.h"

#include <stdlib.h>
#include <string.h>

static uint32_t count_fields(const struct gyr_extractor *d)
{
	uint32_t n = 0;

	while (d->fields && d->fields[n].name)
		n++;
	return n;
}

/* Room for one gyr_value a request; grows to the largest call and stays. */
static int values_reserve(struct gyr *p, uint32_t n)
{
	if (n <= p->n_values)
		return 0;

	struct gyr_value *bigger = realloc(p->values, n * sizeof *bigger);
	if (!bigger)
		return gyr_fail(p, -ENOMEM, "extract: no memory for %u requests", n);
	p->values = bigger;
	p->n_values = n;
	return 0;
}

static inline void value_init(struct gyr_value *v, struct gyr *p, const struct gyr_field *row,
			      ss_plugin_extract_field *req)
{
	req->res_len = 0;
	req->res.u64 = NULL;
	v->field = row;
	v->arg = req->arg_present ? req->arg_key : NULL;
	v->arg_index = req->arg_present ? req->arg_index : UINT64_MAX;
	v->index = 0;
	v->has_arg = req->arg_present != 0;
	v->p = p;
	v->req = req;
	v->n = v->cap = 0;
}

static int requests_init(struct gyr *p, const struct gyr_extractor *d,
			 const ss_plugin_field_extract_input *in)
{
	if (p->n_fields == 0)
		p->n_fields = count_fields(d);

	int r = values_reserve(p, in->num_fields);
	for (uint32_t i = 0; i < in->num_fields; i++) {
		ss_plugin_extract_field *req = &in->fields[i];

		if (in->value_offsets)
			in->value_offsets[i] = (ss_plugin_extract_value_offsets){0};
		req->res_len = 0;
		if (req->field_id >= p->n_fields)
			r = gyr_fail(p, -EINVAL, "extract: there is no field %u", req->field_id);
		if (r == 0) {
			value_init(&p->values[i], p, &d->fields[req->field_id], req);
			p->values[i].index = i;
		}
	}
	return r;
}

/* Whether this is the event of the last call; else p->event becomes a view of it, or -EBADMSG. */
static inline int event_get(struct gyr *p, const ss_plugin_event_input *in)
{
	const ss_plugin_event *raw = in->evt;
	int r;

	if (p->seen.raw == raw && p->seen.num == in->evtnum && p->seen.ts == raw->ts &&
	    p->seen.len == raw->len) {
		p->event.is_again = true;
		return 0;
	}
	p->seen = (struct gyr__seen){0};
	r = gyr__event_decode(in, &p->event);
	if (r)
		return gyr_fail(p, r, "extract: event %llu: its lengths do not fit together",
				(unsigned long long)in->evtnum);
	p->seen = (struct gyr__seen){.raw = raw, .num = in->evtnum, .ts = raw->ts, .len = raw->len};
	return 0;
}

static int extract_all(struct gyr *p, const struct gyr_extractor *d, uint32_t n)
{
	const struct gyr_event *evt = &p->event;
	int failed = 0;

	if (d->begin) {
		const int r = d->begin(p, evt, p->values, n);

		if (r == GYR_DONE)
			return 0;
		if (r)
			return r;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct gyr_value *v = &p->values[i];
		const int r = v->field->extract ? v->field->extract(p, evt, v) : 0;

		if (r) {
			v->req->res_len = 0;
			failed = r;
		}
	}
	/* Among several answers one that failed is absent; the others stand. */
	return n == 1 ? failed : 0;
}

/* One request of a row that needs no look at all of them: how hosts ask most. */
static ss_plugin_rc extract_one(struct gyr *p, const struct gyr_extractor *d,
				const ss_plugin_event_input *evt,
				const ss_plugin_field_extract_input *in)
{
	ss_plugin_extract_field *req = in->fields;
	const struct gyr_field *row = &d->fields[req->field_id];
	struct gyr_value *v = p->values;
	int r;

	if (in->value_offsets)
		in->value_offsets[0] = (ss_plugin_extract_value_offsets){0};
	value_init(v, p, row, req);
	r = event_get(p, evt);
	if (!d->answers_last || r || !p->event.is_again)
		gyr__scratch_reset(&p->scratch);
	if (r == 0 && row->extract)
		r = row->extract(p, &p->event, v);
	if (r == 0)
		return SS_PLUGIN_SUCCESS;
	req->res_len = 0;
	return SS_PLUGIN_FAILURE;
}

ss_plugin_rc gyr__extract(const struct gyr_extractor *d, ss_plugin_t *s,
			  const ss_plugin_event_input *evt, const ss_plugin_field_extract_input *in)
{
	struct gyr *p = s;
	int r;

	if (in->num_fields == 1 && !d->begin && p->n_values && in->fields[0].field_id < p->n_fields)
		return extract_one(p, d, evt, in);
	r = requests_init(p, d, in);
	if (r == 0)
		r = event_get(p, evt);
	if (!d->answers_last || r || !p->event.is_again)
		gyr__scratch_reset(&p->scratch);
	if (r == 0)
		r = extract_all(p, d, in->num_fields);
	if (r == 0)
		return SS_PLUGIN_SUCCESS;
	for (uint32_t i = 0; i < in->num_fields; i++)
		in->fields[i].res_len = 0;
	return SS_PLUGIN_FAILURE;
}

bool gyr__extract_entry(const struct gyr_extractor *d, ss_plugin_t *s,
			const ss_plugin_event_input *evt, uint32_t scope,
			struct gyr_entry *ret_entry)
{
	return d->entry && d->entry((struct gyr *)s, evt, scope, ret_entry);
}

/* Any answer of a parser but 0. */
static __attribute__((noinline)) ss_plugin_rc parse_answer(int r)
{
	if (r == GYR_DONE) /* only Gyr knows this answer */
		return gyr_host() ? SS_PLUGIN_EOF : SS_PLUGIN_SUCCESS;
	return SS_PLUGIN_FAILURE;
}

static __attribute__((noinline)) ss_plugin_rc parse_misfit(struct gyr *p, uint64_t num, int r)
{
	(void)gyr_fail(p, r, "parse: event %llu: its lengths do not fit together",
		       (unsigned long long)num);
	return SS_PLUGIN_FAILURE;
}

static ss_plugin_rc parse_view(const struct gyr_parser *d, struct gyr *p,
			       const ss_plugin_event_input *evt,
			       const ss_plugin_event_parse_input *in)
{
	struct gyr_event e;
	int r = gyr__event_decode(evt, &e);

	if (r)
		return parse_misfit(p, evt->evtnum, r);
	r = d->parse_tables ? d->parse_tables(p, &e, in) : d->parse(p, &e);
	return r ? parse_answer(r) : SS_PLUGIN_SUCCESS;
}

ss_plugin_rc gyr__parse(const struct gyr_parser *d, ss_plugin_t *s,
			const ss_plugin_event_input *evt, const ss_plugin_event_parse_input *in)
{
	int r;

	if (!d->parse_input)
		return parse_view(d, s, evt, in);
	r = d->parse_input(s, evt);
	return r ? parse_answer(r) : SS_PLUGIN_SUCCESS;
}

uint16_t *gyr__types(const uint16_t *types, uint32_t n, uint32_t *ret_n)
{
	*ret_n = n;
	return (uint16_t *)types; /* the ABI forgot the const; hosts copy the list */
}
