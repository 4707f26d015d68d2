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
	KINDS = 64,
	PAGE = 64, /* rows of memory for answers that lie together */
};

struct memo {
	uint64_t epoch; /* of the event it belongs to; 0 never */
	struct values values;
	union value one; /* where a single value lies */
};

struct asked {
	struct instance *instance; /* NULL: none in this thread */
	bool is_lasting;           /* what its answers point to need not be copied */
	ss_plugin_field_extract_input in;
};

struct fetcher {
	struct asked *owners;
	uint32_t n_owners;
	struct memo **pages; /* they stay where they are: answers point into them */
	uint32_t n_pages;
	uint64_t epoch;
	ss_plugin_event_input evt; /* as a plugin is shown it */
	uint8_t kinds[KINDS];      /* enum value_kind by enum field_type */
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
	for (uint32_t i = 0; i < KINDS; i++)
		f->kinds[i] = (uint8_t)value_kind((enum field_type)i);
	for (uint32_t i = 0; i < n; i++) {
		struct asked *a = &f->owners[i];

		if (!instances[i] || !(instances[i]->module->caps & MODULE_EXTRACTION))
			continue;
		a->instance = instances[i];
		a->is_lasting = instances[i]->module->caps & MODULE_LASTING;
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
	for (uint32_t i = 0; i < f->n_pages; i++)
		mem_free(f->pages[i]);
	mem_free(f->pages);
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

/* An answer that is being taken over: from where, and where its values may lie. */
struct taking {
	struct fetcher *f;
	const struct asked *asked;
	const struct event *evt;
	struct memo *memo; /* NULL: none */
};

static bool keep(const struct taking *t, struct str s, struct str *ret)
{
	if (t->asked->is_lasting || is_within(t->evt, s.p, s.len))
		*ret = s;
	else
		*ret = arena_str(&t->f->arena, s);
	if (!ret->p)
		t->f->counters.n_too_large++;
	return ret->p;
}

static inline bool convert_one(const struct taking *t, const ss_plugin_extract_field *q, uint64_t i,
			       union value *ret)
{
	struct str s;

	switch (t->f->kinds[q->ftype % KINDS]) {
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
		t->f->counters.n_malformed += s.len != 0;
		s.len = 0;
	}
	return keep(t, s, &ret->bytes);
}

static void remember(const struct taking *t, const struct values *values)
{
	if (!t->memo)
		return;
	t->memo->epoch = t->f->epoch;
	t->memo->values = *values;
}

/* Takes an answer over that is not just one value. */
static __attribute__((noinline)) struct values convert_many(const struct taking *t,
							    const ss_plugin_extract_field *q)
{
	struct values values = {0};
	union value *v = NULL;

	if (q->res_len && (!q->res.u64 || q->res_len > VALUES_MAX)) {
		t->f->counters.n_malformed++;
	} else if (q->res_len) {
		v = arena_alloc(&t->f->arena, q->res_len * sizeof *v);
		t->f->counters.n_too_large += !v;
	}
	values.is_set = v != NULL;
	for (uint64_t i = 0; values.is_set && i < q->res_len; i++)
		values.is_set = convert_one(t, q, i, &v[i]);
	if (values.is_set) {
		values.n = (uint32_t)q->res_len;
		values.v = v;
	}
	remember(t, &values);
	return values;
}

/* Takes the answer @q over; remembers it where that is possible. */
static inline struct values convert(const struct taking *t, const ss_plugin_extract_field *q)
{
	struct values values = {.is_set = true, .n = 1, .v = t->memo ? &t->memo->one : NULL};

	if (q->res_len != 1 || !q->res.u64 || !t->memo)
		return convert_many(t, q);
	if (!convert_one(t, q, 0, &t->memo->one))
		values = (struct values){0};
	remember(t, &values);
	return values;
}

/* --- questions ------------------------------------------------------------------------------- */

static inline void ask(const struct field_use *use, ss_plugin_extract_field *q)
{
	*q = (ss_plugin_extract_field){
		.field_id = use->field->id,
		.field = use->field->name.p,
		.arg_key = use->has_arg && (use->field->flags &
					    (FIELD_ARG_KEY | FIELD_ARG_INDEX | FIELD_ARG_SUFFIX |
					     FIELD_ARG_COMPARED))
				   ? use->arg.p
				   : NULL,
		.arg_index = use->has_arg ? use->index : UINT64_MAX,
		.arg_present = use->has_arg,
		.ftype = (uint32_t)use->field->type,
		.flist = use->field->flags & FIELD_LIST,
	};
}

static inline bool call(struct fetcher *f, struct asked *a, const struct event *evt,
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

static struct memo *page_new(struct fetcher *f, uint32_t page)
{
	const uint32_t n = page + 1;
	void *p = n > f->n_pages ? mem_grow(f->pages, n, sizeof(*f->pages)) : f->pages;

	if (!p)
		return NULL;
	f->pages = p;
	for (; f->n_pages < n; f->n_pages++)
		f->pages[f->n_pages] = NULL;
	f->pages[page] = mem_new(PAGE * sizeof(**f->pages));
	return f->pages[page];
}

/* The memo row of @use; NULL when there is no room for one. */
static inline struct memo *find_memo(struct fetcher *f, const struct field_use *use)
{
	const uint32_t page = use->slot / PAGE;
	struct memo *rows = page < f->n_pages ? f->pages[page] : NULL;

	if (!rows && use->slot < SLOTS_MAX)
		rows = page_new(f, page);
	return rows ? &rows[use->slot % PAGE] : NULL;
}

static inline bool is_remembered(const struct fetcher *f, const struct memo *m,
				 const struct field_use *use)
{
	return m && m->epoch == f->epoch && !(use->field->flags & FIELD_VOLATILE);
}

static inline bool can_answer(const struct fetcher *f, const struct field_use *use,
			      const struct event *evt)
{
	const uint32_t owner = use->field->owner;

	return owner < f->n_owners && f->owners[owner].instance &&
	       event_set_has(&f->owners[owner].instance->extract_types, evt->type);
}

/* Where nobody can be asked: the field's own value, or none. */
static struct values fixed(const struct field_use *use)
{
	const union value *v = use->field->fixed;

	return (struct values){.is_set = v != NULL, .n = v != NULL, .v = v};
}

static struct values get_one(struct fetcher *f, const struct event *evt,
			     const struct field_use *use)
{
	struct memo *m = find_memo(f, use);
	struct taking taking = {.f = f, .evt = evt, .memo = m};
	ss_plugin_extract_field q;
	struct asked *a;

	if (is_remembered(f, m, use))
		return m->values;
	if (!can_answer(f, use, evt))
		return fixed(use);
	taking.asked = a = &f->owners[use->field->owner];
	ask(use, &q);
	if (!call(f, a, evt, &q, 1))
		q.res_len = 0;
	return convert(&taking, &q);
}

/* What is asked of an event at once; answers go to the same places of @ret. */
struct question {
	const struct event *evt;
	const struct field_use *const *uses;
	struct values *ret;
};

/* Asks for the @n uses, all of one owner, at the places @at. */
static inline void ask_owner(struct fetcher *f, const struct question *all, const uint32_t *at,
			     uint32_t n)
{
	const struct event *evt = all->evt;
	const struct field_use *const *uses = all->uses;
	struct asked *a = &f->owners[uses[at[0]]->field->owner];
	bool is_done = false;
	ss_plugin_extract_field q[BATCH_MAX];

	if (n > 1 && a->instance->module->caps & MODULE_BATCHED) {
		for (uint32_t i = 0; i < n; i++)
			ask(uses[at[i]], &q[i]);
		is_done = call(f, a, evt, q, n);
	}
	/* One by one: a plugin of the other kind, or one of several fields spoiled the call. */
	for (uint32_t i = 0; i < n; i++) {
		const struct taking taking = {
			.f = f, .asked = a, .evt = evt, .memo = find_memo(f, uses[at[i]])};

		all->ret[at[i]] = is_done ? convert(&taking, &q[i]) : get_one(f, evt, uses[at[i]]);
	}
}

static void get_some(struct fetcher *f, const struct event *evt,
		     const struct field_use *const *uses, uint32_t n, struct values *ret)
{
	const struct question all = {.evt = evt, .uses = uses, .ret = ret};
	uint32_t open[BATCH_MAX], n_open = 0, at[BATCH_MAX];

	for (uint32_t i = 0; i < n; i++) {
		const struct memo *m = find_memo(f, uses[i]);

		ret[i] = (struct values){0};
		if (is_remembered(f, m, uses[i]))
			ret[i] = m->values;
		else if (can_answer(f, uses[i], evt))
			open[n_open++] = i;
		else
			ret[i] = fixed(uses[i]);
	}
	while (n_open) {
		uint32_t owner = uses[open[0]]->field->owner, n_at = 0, n_rest = 0;

		for (uint32_t i = 0; i < n_open; i++) {
			if (uses[open[i]]->field->owner == owner)
				at[n_at++] = open[i];
			else
				open[n_rest++] = open[i];
		}
		ask_owner(f, &all, at, n_at);
		n_open = n_rest;
	}
}

static __attribute__((noinline)) void get_many(struct fetcher *f, const struct event *evt,
					       const struct field_use *const *uses, uint32_t n,
					       struct values *ret)
{
	for (uint32_t i = 0; i < n; i += BATCH_MAX)
		get_some(f, evt, uses + i, n - i < BATCH_MAX ? n - i : BATCH_MAX, ret + i);
}

static void get(void *ctx, const struct event *evt, const struct field_use *const *uses, uint32_t n,
		struct values *ret)
{
	if (n == 1)
		*ret = get_one(ctx, evt, uses[0]);
	else
		get_many(ctx, evt, uses, n, ret);
}

static bool entry(void *ctx, const struct event *evt, const struct field *field,
		  struct gyr_entry *ret_entry)
{
	struct fetcher *f = ctx;
	const struct instance *i =
		field->owner < f->n_owners ? f->owners[field->owner].instance : NULL;

	if (!i || !event_set_has(&i->extract_types, evt->type))
		return false;
	f->evt.evt = evt->raw;
	f->evt.evtnum = evt->num;
	f->evt.evtsrc = evt->source;
	return i->module->symbols->extract_entry(i->state, &f->evt, field->scope, ret_entry);
}

struct fetch fetcher_fetch(struct fetcher *f)
{
	return (struct fetch){.get = get, .entry = entry, .ctx = f};
}
