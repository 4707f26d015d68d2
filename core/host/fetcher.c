/*
 * fetcher: one memo row a use slot, one request list a plugin.
 *
 * get() first answers what is known, then puts the rest in the order of their owners and asks each
 * owner once. Results of one call are converted before the next call to the same plugin, since that
 * call may overwrite them: so nothing a plugin returned is looked at later.
 *
 * Bytes are copied into the arena of the event, but for those that lie within the event itself,
 * which outlives every answer.
 */
#include "host/fetcher.h"

#include "host/lent.h"
#include "host/symbols.h"
#include "util/arena.h"
#include "util/mem.h"

enum {
	EVENT_MEMORY_MAX = 64 << 20,
	SLOTS_MAX = 1 << 20,
	VALUES_MAX = 1 << 20, /* of one list */
	BATCH_MAX = 64,       /* requests of one call */
};

struct memo {
	uint64_t epoch; /* of the event it belongs to; 0 never */
	struct values values;
};

struct asked {
	struct instance *instance; /* NULL: none in this thread */
	ss_plugin_field_extract_input in;
};

struct fetcher {
	struct asked *owners;
	uint32_t n_owners;
	struct memo *memos;
	uint32_t n_memos;
	uint64_t epoch;
	struct arena arena;
	struct fetcher_counters counters;
};

struct fetcher *fetcher_new(struct instance *const *instances, uint32_t n)
{
	struct fetcher *f = mem_new(sizeof *f);

	if (!f)
		return NULL;
	f->owners = mem_new((n ? n : 1) * sizeof *f->owners);
	if (!f->owners)
		return mem_free(f);
	f->n_owners = n;
	f->epoch = 1;
	f->arena.cap_bytes = EVENT_MEMORY_MAX;
	for (uint32_t i = 0; i < n; i++) {
		struct asked *a = &f->owners[i];

		if (!instances[i] || !(instances[i]->module->caps & MODULE_EXTRACTION))
			continue;
		a->instance = instances[i];
		a->in.owner = &instances[i]->owner;
		a->in.get_owner_last_error = owner_last_error;
		lent_reader(instances[i]->owner.services, &a->in.table_reader,
			    &a->in.table_reader_ext);
	}
	return f;
}

struct fetcher *fetcher_free(struct fetcher *f)
{
	if (!f)
		return NULL;
	arena_deinit(&f->arena);
	mem_free(f->memos);
	mem_free(f->owners);
	return mem_free(f);
}

void fetcher_begin(struct fetcher *f)
{
	f->epoch++;
	if (f->arena.used)
		arena_reset(&f->arena);
}

void fetcher_count(const struct fetcher *f, struct fetcher_counters *ret_counters)
{
	*ret_counters = f->counters;
}

/* --- answers --------------------------------------------------------------------------------- */

static bool is_within(const struct event *evt, const void *p, size_t len)
{
	uintptr_t from = (uintptr_t)evt->raw, at = (uintptr_t)p;

	return at >= from && at - from <= evt->raw->len && len <= evt->raw->len - (at - from);
}

static bool keep(struct fetcher *f, const struct event *evt, struct str s, struct str *ret)
{
	if (is_within(evt, s.p, s.len))
		*ret = s;
	else
		*ret = arena_str(&f->arena, s);
	if (!ret->p)
		f->counters.n_too_large++;
	return ret->p;
}

static bool convert_one(struct fetcher *f, const struct event *evt,
			const ss_plugin_extract_field *q, uint64_t i, union value *ret)
{
	struct str s;

	switch (value_kind((enum field_type)q->ftype)) {
	case VALUE_U64:
	case VALUE_I64:
		ret->u64 = q->ftype == FT_BOOL ? q->res.boolean[i] != 0 : q->res.u64[i];
		return true;
	case VALUE_DBL:
		memcpy(&ret->dbl, &q->res.u64[i], sizeof ret->dbl);
		return true;
	default:
		break;
	}
	if (q->ftype == FT_CHARBUF || q->ftype == FT_FSPATH || q->ftype == FT_FSRELPATH)
		s = str_from(q->res.str[i]);
	else
		s = (struct str){q->res.buf[i].ptr, q->res.buf[i].len};
	if (!s.p) {
		s.p = "";
		f->counters.n_malformed += s.len != 0;
		s.len = 0;
	}
	return keep(f, evt, s, &ret->bytes);
}

static void convert(struct fetcher *f, const struct event *evt, const ss_plugin_extract_field *q,
		    struct values *ret)
{
	union value *v;

	*ret = (struct values){0};
	if (q->res_len == 0)
		return;
	if (!q->res.u64 || q->res_len > VALUES_MAX) {
		f->counters.n_malformed++;
		return;
	}
	v = arena_alloc(&f->arena, q->res_len * sizeof *v);
	if (!v) {
		f->counters.n_too_large++;
		return;
	}
	for (uint64_t i = 0; i < q->res_len; i++)
		if (!convert_one(f, evt, q, i, &v[i]))
			return;
	*ret = (struct values){.is_set = true, .n = (uint32_t)q->res_len, .v = v};
}

/* --- questions ------------------------------------------------------------------------------- */

static void ask(const struct field_use *use, ss_plugin_extract_field *q)
{
	*q = (ss_plugin_extract_field){
		.field_id = use->field->id,
		.field = use->field->name.p,
		.arg_key = use->has_arg && (use->field->flags &
					    (FIELD_ARG_KEY | FIELD_ARG_INDEX | FIELD_ARG_SUFFIX))
				   ? use->arg.p
				   : NULL,
		.arg_index = use->has_arg ? use->index : UINT64_MAX,
		.arg_present = use->has_arg,
		.ftype = (uint32_t)use->field->type,
		.flist = use->field->flags & FIELD_LIST,
	};
}

static bool call(struct fetcher *f, struct asked *a, const struct event *evt,
		 ss_plugin_extract_field *q, uint32_t n)
{
	const ss_plugin_event_input evt_in = {
		.evt = evt->raw,
		.evtnum = evt->num,
		.evtsrc = evt->source,
	};
	const plugin_api *api = &a->instance->module->symbols->api;

	a->in.num_fields = n;
	a->in.fields = q;
	f->counters.n_calls++;
	a->instance->n_extract_calls++;
	if (api->extract_fields(a->instance->state, &evt_in, &a->in) == SS_PLUGIN_SUCCESS)
		return true;
	f->counters.n_failed++;
	a->instance->n_extract_failed++;
	return false;
}

/* Asks for @n uses of one owner; answers go to the places of @ret that @at names. */
static void ask_owner(struct fetcher *f, const struct event *evt,
		      const struct field_use *const *uses, const uint32_t *at, uint32_t n,
		      struct values *ret)
{
	struct asked *a = &f->owners[uses[at[0]]->field->owner];
	bool is_batched = a->instance->module->caps & MODULE_BATCHED;
	ss_plugin_extract_field q[BATCH_MAX];

	for (uint32_t i = 0; i < n; i++)
		ask(uses[at[i]], &q[i]);
	if (is_batched && call(f, a, evt, q, n)) {
		for (uint32_t i = 0; i < n; i++)
			convert(f, evt, &q[i], &ret[at[i]]);
		return;
	}
	if (is_batched && n == 1) {
		ret[at[0]] = (struct values){0};
		return;
	}
	/* One by one: a plugin of the other kind, or one of several fields spoiled the call. */
	for (uint32_t i = 0; i < n; i++) {
		ask(uses[at[i]], &q[i]);
		if (call(f, a, evt, &q[i], 1))
			convert(f, evt, &q[i], &ret[at[i]]);
		else
			ret[at[i]] = (struct values){0};
	}
}

/* The memo row of @use; NULL when there is no room for one. */
static struct memo *find_memo(struct fetcher *f, const struct field_use *use)
{
	uint32_t slot = use->slot, n = f->n_memos ? f->n_memos : 64;
	void *p;

	if (slot < f->n_memos)
		return &f->memos[slot];
	if (slot >= SLOTS_MAX)
		return NULL;
	while (n <= slot)
		n *= 2;
	p = mem_grow(f->memos, n, sizeof *f->memos);
	if (!p)
		return NULL;
	f->memos = p;
	memset(f->memos + f->n_memos, 0, (n - f->n_memos) * sizeof *f->memos);
	f->n_memos = n;
	return &f->memos[slot];
}

static bool can_answer(const struct fetcher *f, const struct field_use *use,
		       const struct event *evt)
{
	uint32_t owner = use->field->owner;

	return owner < f->n_owners && f->owners[owner].instance &&
	       event_set_has(&f->owners[owner].instance->extract_types, evt->type);
}

/* Answers from memory, or absent where nobody can be asked; true when it is left to ask. */
static bool is_open(struct fetcher *f, const struct event *evt, const struct field_use *use,
		    struct values *ret)
{
	const struct memo *m = find_memo(f, use);

	if (m && m->epoch == f->epoch && !(use->field->flags & FIELD_VOLATILE)) {
		*ret = m->values;
		return false;
	}
	if (can_answer(f, use, evt))
		return true;
	*ret = (struct values){0};
	return false;
}

static void remember(struct fetcher *f, const struct field_use *use, const struct values *v)
{
	struct memo *m = find_memo(f, use);

	if (m)
		*m = (struct memo){.epoch = f->epoch, .values = *v};
}

static void get_some(struct fetcher *f, const struct event *evt,
		     const struct field_use *const *uses, uint32_t n, struct values *ret)
{
	uint32_t open[BATCH_MAX], n_open = 0, at[BATCH_MAX];

	for (uint32_t i = 0; i < n; i++)
		if (is_open(f, evt, uses[i], &ret[i]))
			open[n_open++] = i;
	while (n_open) {
		uint32_t owner = uses[open[0]]->field->owner, n_at = 0, n_rest = 0;

		for (uint32_t i = 0; i < n_open; i++) {
			if (uses[open[i]]->field->owner == owner)
				at[n_at++] = open[i];
			else
				open[n_rest++] = open[i];
		}
		ask_owner(f, evt, uses, at, n_at, ret);
		for (uint32_t i = 0; i < n_at; i++)
			remember(f, uses[at[i]], &ret[at[i]]);
		n_open = n_rest;
	}
}

static void get(void *ctx, const struct event *evt, const struct field_use *const *uses, uint32_t n,
		struct values *ret)
{
	for (uint32_t i = 0; i < n; i += BATCH_MAX)
		get_some(ctx, evt, uses + i, n - i < BATCH_MAX ? n - i : BATCH_MAX, ret + i);
}

struct fetch fetcher_fetch(struct fetcher *f)
{
	return (struct fetch){.get = get, .ctx = f};
}
