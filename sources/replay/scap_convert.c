/*
 * scap_convert: look up the row, gather the parameters, write the new event; again until the event
 * is of the current schema.
 */
#include "scap_convert.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/params.h>

#include "scap_enter.h"

enum {
	EVENT_MAX = 64 << 10,
	JSON_MAX = 32 << 10,
	ROUNDS_MAX = 50,
	OPS_MAX = 24,
};

enum op {
	OP_END = 0, /* behind the last */
	OP_NIL,
	OP_DEF,
	OP_JSON,
	OP_OLD,           /* with an index */
	OP_ENTER,         /* with an index; default */
	OP_ENTER_OR_NONE, /* with an index; empty */
};

enum action { KEEP_EVENT, STORE_EVENT, STORE_AND_KEEP, ADD_PARAMS, CHANGE_TYPE };

struct row {
	uint16_t code, n_params;
	uint16_t new_code;
	uint8_t action;
	uint16_t ops[OPS_MAX]; /* enum op in the high byte, an index in the low one */
};

#define NIL (OP_NIL << 8)
#define DEF (OP_DEF << 8)
#define JSON (OP_JSON << 8)
#define OLD(i) (OP_OLD << 8 | (i))
#define ENTER(i) (OP_ENTER << 8 | (i))
#define ENTER_E(i) (OP_ENTER_OR_NONE << 8 | (i))
#define ROW(num, n, to, what, ...) \
	{.code = num, .n_params = n, .new_code = to, .action = what, .ops = {__VA_ARGS__ + 0}},
#define KEEP(num, n) ROW(num, n, num, KEEP_EVENT)
#define STORE(num, n) ROW(num, n, num, STORE_EVENT)
#define STORE_KEEP(num, n) ROW(num, n, num, STORE_AND_KEEP)
#define ADD(num, n, ...) ROW(num, n, num, ADD_PARAMS, __VA_ARGS__)
#define CHANGE(num, n, ...) CHANGE_(num, n, __VA_ARGS__, )
#define CHANGE_(num, n, to, ...) ROW(num, n, to, CHANGE_TYPE, __VA_ARGS__)

/* Sorted by code and number of parameters. */
static const struct row rows[] = {
#include "converter.def"
};

struct scap_convert {
	struct scap_enters *enters;
	_Alignas(8) uint8_t scratch[2][EVENT_MAX];
	char json[JSON_MAX];
};

struct scap_convert *scap_convert_new(void)
{
	struct scap_convert *c = malloc(sizeof *c);

	if (!c)
		return NULL;
	c->enters = scap_enters_new();
	return c->enters ? c : scap_convert_free(c);
}

struct scap_convert *scap_convert_free(struct scap_convert *c)
{
	if (c)
		(void)scap_enters_free(c->enters);
	free(c);
	return NULL;
}

void scap_convert_reset(struct scap_convert *c)
{
	scap_enters_reset(c->enters);
}

uint64_t scap_convert_lost(const struct scap_convert *c)
{
	return scap_enters_lost(c->enters);
}

static const struct row *row_find(uint16_t code, uint32_t n_params)
{
	size_t low = 0, high = sizeof rows / sizeof rows[0];

	while (low < high) {
		const size_t mid = (low + high) / 2;

		if (rows[mid].code == code && rows[mid].n_params == n_params)
			return &rows[mid];
		if (rows[mid].code < code ||
		    (rows[mid].code == code && rows[mid].n_params < n_params))
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* ---- one step ---- */

struct step {
	struct scap_convert *c;
	const ss_plugin_event *evt;
	const struct row *row;
	struct gyr_params old, enter;
	bool has_enter, used_enter;
	struct gyr_param made[GYR_PARAMS_MAX]; /* the parameters of the new event */
	uint32_t n;
};

static const uint8_t zeroes[32], ones[4] = {0xff, 0xff, 0xff, 0xff};

static struct gyr_param default_of(uint16_t code, uint32_t i)
{
	const struct gyr_param_info *info = gyr_event_param(code, i);
	struct gyr_param p = {.data = zeroes, .len = info ? gyr_type_size(info->type) : 0};

	if (info && (info->type == GYR_PT_UID || info->type == GYR_PT_GID))
		p.data = ones;
	return p;
}

/* A container as older schemas had it, in the JSON that newer ones have. */
static struct gyr_param container_json(struct step *s)
{
	const int n = snprintf(s->c->json, JSON_MAX,
			       "{\"id\":\"%s\",\"type\":%llu,\"name\":\"%s\",\"image\":\"%s\"}",
			       gyr_param_str(&s->old, 0, ""),
			       (unsigned long long)gyr_param_u64(&s->old, 1, 0),
			       gyr_param_str(&s->old, 2, ""), gyr_param_str(&s->old, 3, ""));

	return (struct gyr_param){.data = (const uint8_t *)s->c->json,
				  .len = n < JSON_MAX ? (uint32_t)n + 1 : 0};
}

/* A parameter of the remembered event. It must be the enter event of this very exit event. */
static int from_enter(struct step *s, uint32_t i, bool has_default, struct gyr_param *ret)
{
	const ss_plugin_event *enter = scap_enters_find(s->c->enters, s->evt->tid);

	if (!enter) {
		*ret = has_default ? default_of(s->row->new_code, s->n)
				   : (struct gyr_param){.data = zeroes};
		return 0;
	}
	if (!s->has_enter && gyr_params_read(enter, &s->enter))
		return SCAP_CONVERT_E_IMPOSSIBLE;
	s->has_enter = s->used_enter = true;
	if (enter->type + 1 != s->evt->type || i >= s->enter.n)
		return SCAP_CONVERT_E_IMPOSSIBLE;
	*ret = s->enter.at[i];
	return 0;
}

static int gather_one(struct step *s, uint16_t op)
{
	const uint32_t i = op & 0xff;
	struct gyr_param *to = &s->made[s->n];

	switch (op >> 8) {
	case OP_NIL:
		*to = (struct gyr_param){.data = zeroes};
		return 0;
	case OP_DEF:
		*to = default_of(s->row->new_code, s->n);
		return 0;
	case OP_JSON:
		*to = container_json(s);
		return 0;
	case OP_OLD:
		if (i >= s->old.n)
			return SCAP_CONVERT_E_IMPOSSIBLE;
		*to = s->old.at[i];
		return 0;
	default:
		return from_enter(s, i, op >> 8 == OP_ENTER, to);
	}
}

static int gather(struct step *s)
{
	if (gyr_params_read(s->evt, &s->old))
		return SCAP_CONVERT_E_IMPOSSIBLE;
	if (s->row->action == ADD_PARAMS) {
		memcpy(s->made, s->old.at, s->old.n * sizeof s->made[0]);
		s->n = s->old.n;
	}
	for (const uint16_t *op = s->row->ops; *op; op++, s->n++) {
		if (s->n == GYR_PARAMS_MAX || gather_one(s, *op))
			return SCAP_CONVERT_E_IMPOSSIBLE;
	}
	return 0;
}

/* Writes the new event into EVENT_MAX bytes at @to. */
static int write_event(const struct step *s, uint8_t *to)
{
	const uint32_t width = gyr_event_is_large(s->row->new_code) ? 4 : 2;
	uint32_t at = (uint32_t)sizeof(ss_plugin_event) + s->n * width;
	ss_plugin_event head = *s->evt;

	for (uint32_t i = 0; i < s->n; i++) {
		uint32_t len = s->made[i].len;

		if (width == 2 && len > UINT16_MAX)
			len = UINT16_MAX;
		if (len > EVENT_MAX - at)
			return SCAP_CONVERT_E_IMPOSSIBLE;
		memcpy(to + sizeof head + i * width, &len, width);
		memcpy(to + at, s->made[i].data, len);
		at += len;
	}
	head.type = s->row->new_code;
	head.nparams = s->n;
	head.len = at;
	memcpy(to, &head, sizeof head);
	return 0;
}

/* ---- all steps ---- */

enum verdict { PASS, LOOK_UP, DROP, REFUSE };

static enum verdict classify(const ss_plugin_event *evt)
{
	const uint32_t flags = gyr_event(evt->type)->flags;
	const bool is_exit = evt->type & 1;
	uint32_t n;

	if (flags & GYR_EF_UNUSED)
		return DROP;
	if (!(flags & GYR_EF_CONVERTER_MANAGED)) {
		if (!(flags & GYR_EF_OLD_VERSION))
			return PASS;
		return is_exit ? REFUSE : DROP;
	}
	if (!is_exit)
		return LOOK_UP;
	(void)gyr_event_params(evt->type, &n);
	if (evt->nparams > n)
		return REFUSE;
	return flags & GYR_EF_OLD_VERSION || evt->nparams != n ? LOOK_UP : PASS;
}

uint8_t scap_convert_current(uint16_t code)
{
	const uint32_t flags = gyr_event(code)->flags;
	uint32_t n;

	if (flags & (GYR_EF_UNUSED | GYR_EF_OLD_VERSION))
		return SCAP_CONVERT_NONE;
	if (!(flags & GYR_EF_CONVERTER_MANAGED))
		return SCAP_CONVERT_ANY;
	(void)gyr_event_params(code, &n);
	return code & 1 ? (uint8_t)n : SCAP_CONVERT_NONE;
}

/* Writes what @row makes of *evt into @to, and puts that in its place. */
static int rebuild(struct scap_convert *c, const struct row *row, const ss_plugin_event **evt,
		   uint8_t *to)
{
	struct step step = {.c = c, .evt = *evt, .row = row};
	int r = gather(&step);

	if (r == 0)
		r = write_event(&step, to);
	if (step.used_enter)
		scap_enters_forget(c->enters, (*evt)->tid);
	*evt = (const ss_plugin_event *)to;
	return r;
}

/* One round: 0 when *evt was replaced by its next version, SCAP_CONVERT_E_CHANGED when it needs
 * none. */
static int convert_once(struct scap_convert *c, const ss_plugin_event **evt, uint8_t *to)
{
	const enum verdict verdict = classify(*evt);
	const struct row *row = verdict == LOOK_UP ? row_find((*evt)->type, (*evt)->nparams) : NULL;

	if (verdict == PASS)
		return SCAP_CONVERT_E_CHANGED;
	if (verdict == DROP)
		return SCAP_CONVERT_E_FILTERED;
	if (!row)
		return SCAP_CONVERT_E_IMPOSSIBLE;
	switch (row->action) {
	case KEEP_EVENT:
		return SCAP_CONVERT_E_CHANGED;
	case STORE_EVENT:
		scap_enters_put(c->enters, *evt);
		return SCAP_CONVERT_E_FILTERED;
	case STORE_AND_KEEP:
		scap_enters_put(c->enters, *evt);
		return SCAP_CONVERT_E_CHANGED;
	default:
		return rebuild(c, row, evt, to);
	}
}

int scap_convert_event(struct scap_convert *c, const ss_plugin_event *evt, struct scap_pool *pool,
		       ss_plugin_event **ret_event)
{
	const ss_plugin_event *now = evt;
	int r = 0;

	if (classify(evt) == PASS)
		return 0;
	for (unsigned i = 0; r == 0 && i < ROUNDS_MAX; i++)
		r = convert_once(c, &now, c->scratch[i & 1]);
	if (r == 0)
		return SCAP_CONVERT_E_IMPOSSIBLE;
	if (r != SCAP_CONVERT_E_CHANGED)
		return r;
	if (now == evt)
		return 0;
	*ret_event = scap_pool_get(pool, now->len + sizeof(uint64_t)); /* room for the CPU */
	if (!*ret_event)
		return -ENOMEM;
	memcpy(*ret_event, now, now->len);
	return SCAP_CONVERT_E_CHANGED;
}
