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

static void value_init(struct gyr_value *v, struct gyr *p, const struct gyr_field *row,
		       ss_plugin_extract_field *req)
{
	req->res_len = 0;
	req->res.u64 = NULL;
	*v = (struct gyr_value){
		.field = row,
		.arg = req->arg_present ? req->arg_key : NULL,
		.arg_index = req->arg_present ? req->arg_index : UINT64_MAX,
		.has_arg = req->arg_present != 0,
		.p = p,
		.req = req,
	};
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

/* Whether this is the event of the last call; remembers it. */
static bool event_again(struct gyr *p, const struct gyr_event *evt)
{
	const struct gyr__seen now = {
		.raw = evt->raw, .num = evt->num, .ts = evt->ts, .len = evt->raw->len};
	const bool is_again = p->seen.raw == now.raw && p->seen.num == now.num &&
			      p->seen.ts == now.ts && p->seen.len == now.len;

	p->seen = now;
	return is_again;
}

static int extract_all(struct gyr *p, const struct gyr_extractor *d, const struct gyr_event *evt,
		       uint32_t n)
{
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

ss_plugin_rc gyr__extract(const struct gyr_extractor *d, ss_plugin_t *s,
			  const ss_plugin_event_input *evt, const ss_plugin_field_extract_input *in)
{
	struct gyr *p = s;
	struct gyr_event e;

	gyr__scratch_reset(&p->scratch);
	int r = requests_init(p, d, in);
	if (r == 0) {
		r = gyr__event_decode(evt, &e);
		if (r)
			(void)gyr_fail(p, r, "extract: event %llu: its lengths do not fit together",
				       (unsigned long long)evt->evtnum);
	}
	if (r == 0) {
		e.is_again = event_again(p, &e);
		r = extract_all(p, d, &e, in->num_fields);
	} else {
		p->seen = (struct gyr__seen){0};
	}
	if (r == 0)
		return SS_PLUGIN_SUCCESS;
	for (uint32_t i = 0; i < in->num_fields; i++)
		in->fields[i].res_len = 0;
	return SS_PLUGIN_FAILURE;
}

/* Any answer of a parser but 0. */
static __attribute__((noinline)) ss_plugin_rc
parse_answer(struct gyr *p, const ss_plugin_event_input *evt, int r, bool is_decoded)
{
	if (!is_decoded)
		(void)gyr_fail(p, r, "parse: event %llu: its lengths do not fit together",
			       (unsigned long long)evt->evtnum);
	else if (r == GYR_DONE) /* only Gyr knows this answer */
		return gyr_host() ? SS_PLUGIN_EOF : SS_PLUGIN_SUCCESS;
	return SS_PLUGIN_FAILURE;
}

ss_plugin_rc gyr__parse(const struct gyr_parser *d, ss_plugin_t *s,
			const ss_plugin_event_input *evt, const ss_plugin_event_parse_input *in)
{
	struct gyr *p = s;
	struct gyr_event e;
	int r = gyr__event_decode(evt, &e);

	if (r)
		return parse_answer(p, evt, r, false);
	r = d->parse_tables ? d->parse_tables(p, &e, in) : d->parse(p, &e);
	return r ? parse_answer(p, evt, r, true) : SS_PLUGIN_SUCCESS;
}

uint16_t *gyr__types(const uint16_t *types, uint32_t n, uint32_t *ret_n)
{
	*ret_n = n;
	return (uint16_t *)types; /* the ABI forgot the const; hosts copy the list */
}
