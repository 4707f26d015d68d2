#include "plan/switch.h"

#include "util/mem.h"
#include "util/vec.h"

const char *switch_kind_name(enum switch_kind k)
{
	static const char *const names[SWITCH_KINDS] = {
		[SWITCH_HASH] = "hash",         [SWITCH_PREFIX] = "prefix",
		[SWITCH_SUFFIX] = "suffix",     [SWITCH_PATH] = "path",
		[SWITCH_CONTAINS] = "contains", [SWITCH_ICONTAINS] = "icontains",
		[SWITCH_NET] = "net",           [SWITCH_RANGE] = "range",
	};

	return names[k];
}

enum {
	FEW_TEXTS = 16, /* so many are looked for in a third of the time */
};

/* What a sieve takes of the time that the look-up behind it takes for many texts (a tenth to a twelfth of the
 * instructions of the automaton, over arguments and environments), and values that it lets pass. */
#define SIEVE_SHARE 0.1
#define SIEVE_PASSED 0.1

double switch_cost_ns(const struct field_switch *s)
{
	static const double cost[SWITCH_KINDS] = {
		[SWITCH_HASH] = 12, [SWITCH_PREFIX] = 25,    [SWITCH_SUFFIX] = 25,
		[SWITCH_PATH] = 60, [SWITCH_CONTAINS] = 130, [SWITCH_ICONTAINS] = 180,
		[SWITCH_NET] = 40,  [SWITCH_RANGE] = 8,
	};

	double ns = cost[s->kind];

	if ((s->kind == SWITCH_CONTAINS || s->kind == SWITCH_ICONTAINS) && s->n_keys <= FEW_TEXTS)
		ns /= 3;
	return switch_has_sieve(s) ? cost[s->kind] * SIEVE_SHARE + ns * SIEVE_PASSED : ns;
}

bool switch_has_sieve(const struct field_switch *s)
{
	return s->sieve.words;
}

/* However long a list is. */
#define LIST_PRIOR_MAX 0.2

double switch_prior(const struct field_switch *s, const struct pred *p)
{
	double each = 0.01, sum;

	if (s->kind == SWITCH_RANGE)
		return 0.4;
	if (s->kind == SWITCH_NET)
		each = 0.1;
	else if (s->kind != SWITCH_HASH)
		each = 0.02;
	sum = each * p->test.n;
	return sum < LIST_PRIOR_MAX ? sum : LIST_PRIOR_MAX;
}

static bool is_text(enum field_type t)
{
	return t == FT_CHARBUF || t == FT_FSPATH || t == FT_FSRELPATH;
}

static bool is_address(enum field_type t)
{
	return t == FT_IPADDR || t == FT_IPV4ADDR || t == FT_IPV6ADDR;
}

static bool is_network(enum field_type t)
{
	return t == FT_IPNET || t == FT_IPV4NET || t == FT_IPV6NET;
}

/* Types whose equality is equality of the 64 bits, or of the bytes. */
static bool hashes(enum field_type t)
{
	enum value_kind k = value_kind(t);

	if (t == FT_BOOL)
		return false;
	return k == VALUE_U64 || k == VALUE_I64 || is_text(t) || t == FT_BYTEBUF || is_address(t);
}

static bool has_wildcard(const struct test *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (strpbrk(t->consts[i]->text.p, "*?[") != NULL)
			return true;
	return false;
}

/* The switch of an operator on texts; SWITCH_KINDS for none. */
static enum switch_kind text_kind(const struct test *t)
{
	switch (t->op) {
	case FILTER_OP_STARTSWITH:
		return SWITCH_PREFIX;
	case FILTER_OP_ENDSWITH:
		return SWITCH_SUFFIX;
	case FILTER_OP_CONTAINS:
		return SWITCH_CONTAINS;
	case FILTER_OP_ICONTAINS:
		return SWITCH_ICONTAINS;
	case FILTER_OP_PMATCH:
		return has_wildcard(t) ? SWITCH_KINDS : SWITCH_PATH;
	default:
		return SWITCH_KINDS;
	}
}

static bool is_order(enum filter_op op)
{
	return op == FILTER_OP_LT || op == FILTER_OP_LE || op == FILTER_OP_GT || op == FILTER_OP_GE;
}

/* Whether one value of the term of @p, compared with constants, decides it. */
static bool is_of_constants(const struct pred *p, const struct term *term)
{
	const struct test *t = &p->test;

	return !t->right && !t->modifier && t->n > 0 && !term->is_any && !term->is_volatile &&
	       !p->is_type;
}

/* The switch that can answer @p; SWITCH_KINDS for none. */
static enum switch_kind kind_of(const struct dag *d, const struct pred *p)
{
	const struct term *term = &d->terms[p->term];
	const struct test *t = &p->test;
	enum field_type type = t->left->type;

	if (!is_of_constants(p, term))
		return SWITCH_KINDS;
	if (term->is_list)
		return t->op == FILTER_OP_INTERSECTS && hashes(type) ? SWITCH_HASH : SWITCH_KINDS;
	if (t->op == FILTER_OP_EQ || t->op == FILTER_OP_IN)
		return is_network(type) ? SWITCH_NET : hashes(type) ? SWITCH_HASH : SWITCH_KINDS;
	if (is_order(t->op))
		return value_kind(type) <= VALUE_I64 && type != FT_BOOL ? SWITCH_RANGE
									: SWITCH_KINDS;
	return is_text(type) ? text_kind(t) : SWITCH_KINDS;
}

/* Components of @v, each followed by '/', nothing before; 0 and *ret_ok false when there is no
 * room. A key that is a prefix of a value in this form matches whole components. */
static size_t path_normal(struct str v, char *out, size_t room, bool *ret_ok)
{
	size_t n = 0;

	*ret_ok = false;
	if (v.len + 1 > room)
		return 0;
	for (size_t i = 0; i < v.len; i++) {
		if (v.p[i] == '/' && (n == 0 || out[n - 1] == '/'))
			continue;
		out[n++] = v.p[i];
	}
	if (n && out[n - 1] != '/')
		out[n++] = '/';
	*ret_ok = true;
	return n;
}

static size_t fold(struct str v, char *out)
{
	for (size_t i = 0; i < v.len; i++)
		out[i] = v.p[i] >= 'A' && v.p[i] <= 'Z' ? (char)(v.p[i] + 32) : v.p[i];
	return v.len;
}

/* --- building -----------------------------------------------------------------------------------
 */

struct builder {
	struct dag *d;
	struct arena *arena;
	struct arena scratch; /* for one switch */
	struct field_switch *switches;
	uint32_t n, cap;
	uint32_t *by_term; /* term x kind -> switch + 1 */
	struct index_key *keys;
	struct range_key *below, *above;
	uint32_t n_keys, cap_keys, n_below, cap_below, n_above, cap_above;
};

/* The form in which the index of @kind holds a constant; .p NULL: no memory. */
static struct str key_of(struct builder *b, enum switch_kind kind, const struct test *t, uint32_t i)
{
	const struct constant *c = t->consts[i];
	struct str s = c->v.bytes;
	bool ok = true;
	char *out;

	if (kind == SWITCH_HASH && value_kind(t->left->type) != VALUE_BYTES)
		return arena_str(b->arena, (struct str){(const char *)&c->v.u64, sizeof c->v.u64});
	if (kind == SWITCH_HASH || kind == SWITCH_PREFIX || kind == SWITCH_CONTAINS ||
	    kind == SWITCH_NET)
		return s;
	out = arena_alloc(b->arena, s.len + 2);
	if (!out)
		return (struct str){NULL, 0};
	if (kind == SWITCH_ICONTAINS)
		return (struct str){out, fold(s, out)};
	if (kind == SWITCH_PATH) {
		size_t len = path_normal(s, out, s.len + 2, &ok);

		return (struct str){out, len};
	}
	for (size_t j = 0; j < s.len; j++)
		out[j] = s.p[s.len - 1 - j];
	return (struct str){out, s.len};
}

/* Signed numbers with their order as unsigned ones. */
static uint64_t ordered(enum field_type t, uint64_t v)
{
	return value_kind(t) == VALUE_I64 ? v ^ 1ULL << 63 : v;
}

/* "x <= c" is "x < c + 1", "x > c" is "x >= c + 1"; false when there is no c + 1. */
static bool add_range(struct builder *b, uint32_t pred)
{
	const struct test *t = &b->d->preds[pred].test;
	uint64_t c = ordered(t->left->type, t->consts[0]->v.u64);
	bool below = t->op == FILTER_OP_LT || t->op == FILTER_OP_LE;

	if (t->op == FILTER_OP_LE || t->op == FILTER_OP_GT)
		c++;
	if (below) {
		if (!VEC_ROOM(b->below, b->cap_below, b->n_below))
			return false;
		b->below[b->n_below++] = (struct range_key){c, pred};
		return true;
	}
	if (!VEC_ROOM(b->above, b->cap_above, b->n_above))
		return false;
	b->above[b->n_above++] = (struct range_key){c, pred};
	return true;
}

static bool add_keys(struct builder *b, enum switch_kind kind, uint32_t pred)
{
	const struct test *t = &b->d->preds[pred].test;

	if (kind == SWITCH_RANGE)
		return add_range(b, pred);
	for (uint32_t i = 0; i < t->n; i++) {
		struct str key = key_of(b, kind, t, i);

		if ((!key.p && key.len) || !VEC_ROOM(b->keys, b->cap_keys, b->n_keys))
			return false;
		b->keys[b->n_keys++] =
			(struct index_key){.key = key.p ? key : STR(""),
					   .bits = kind == SWITCH_NET ? t->consts[i]->prefix : 0,
					   .pred = pred};
	}
	return true;
}

/* *ret_usable is false when the index would be too large. false: no memory. */
static bool index_init(struct builder *b, struct field_switch *s, bool *ret_usable)
{
	bool reverse = s->kind == SWITCH_SUFFIX, fold_case = s->kind == SWITCH_ICONTAINS;
	struct index_entries e;
	struct arena *preds;

	*ret_usable = true;
	if (s->kind == SWITCH_RANGE) {
		s->n_keys = b->n_below + b->n_above;
		return range_index_init(&s->index.range, b->arena,
					(struct range_keys){b->below, b->n_below},
					(struct range_keys){b->above, b->n_above});
	}
	/* a hash index has the predicates in records of its own */
	preds = s->kind == SWITCH_HASH ? &b->scratch : b->arena;
	if (!index_group(&b->scratch, preds, b->keys, b->n_keys, &e))
		return false;
	s->n_keys = e.n;
	switch (s->kind) {
	case SWITCH_HASH:
		return hash_index_init(&s->index.hash, b->arena, &e);
	case SWITCH_NET:
		return net_index_init(&s->index.net, b->arena, &e);
	case SWITCH_CONTAINS:
	case SWITCH_ICONTAINS:
		s->multi = multi_new(&e, fold_case);
		if (!sieve_init(&s->sieve, b->arena, &e, fold_case))
			return false;
		if (!s->multi)
			*ret_usable = ac_index_init(&s->index.ac, b->arena, &e, fold_case);
		return true;
	default:
		return radix_index_init(&s->index.radix, b->arena, &e, reverse);
	}
}

/* A "<= largest" or "> largest" has no bound one further: asked directly. */
static bool overflows(const struct test *t)
{
	return (t->op == FILTER_OP_LE || t->op == FILTER_OP_GT) &&
	       ordered(t->left->type, t->consts[0]->v.u64) == UINT64_MAX;
}

/* Finds or makes the switch of a predicate. false: no memory. */
static bool assign(struct builder *b, uint32_t pred)
{
	struct pred *p = &b->d->preds[pred];
	enum switch_kind kind = kind_of(b->d, p);
	uint32_t *at;

	if (kind == SWITCH_KINDS || (kind == SWITCH_RANGE && overflows(&p->test)))
		return true;
	at = &b->by_term[p->term * SWITCH_KINDS + kind];
	if (!*at) {
		if (!VEC_ROOM(b->switches, b->cap, b->n))
			return false;
		b->switches[b->n] =
			(struct field_switch){.kind = kind, .term = p->term, .number = b->n};
		*at = ++b->n;
	}
	p->sw = *at - 1;
	b->switches[p->sw].n_preds++;
	return true;
}

/* Predicates by switch, as one array with the ends of each run. */
static uint32_t *preds_by_switch(const struct builder *b, uint32_t *ends)
{
	uint32_t *order = mem_grow(NULL, b->d->n_preds + 1, sizeof *order), at = 0;

	if (!order)
		return NULL;
	for (uint32_t s = 0; s < b->n; s++) {
		ends[s] = at;
		at += b->switches[s].n_preds;
	}
	for (uint32_t i = 0; i < b->d->n_preds; i++)
		if (b->d->preds[i].sw != DAG_NONE)
			order[ends[b->d->preds[i].sw]++] = i;
	return order;
}

static bool fill_all(struct builder *b)
{
	uint32_t *ends = mem_grow(NULL, b->n + 1, sizeof *ends);
	uint32_t *order = ends ? preds_by_switch(b, ends) : NULL;
	bool ok = order != NULL, usable;

	for (uint32_t s = 0; ok && s < b->n; s++) {
		uint32_t from = ends[s] - b->switches[s].n_preds;

		b->n_keys = b->n_below = b->n_above = 0;
		arena_reset(&b->scratch);
		for (uint32_t i = from; ok && i < ends[s]; i++)
			ok = add_keys(b, b->switches[s].kind, order[i]);
		ok = ok && index_init(b, &b->switches[s], &usable);
		for (uint32_t i = from; ok && !usable && i < ends[s]; i++)
			b->d->preds[order[i]].sw = DAG_NONE;
	}
	mem_free(order);
	mem_free(ends);
	return ok;
}

bool switches_build(struct dag *d, struct arena *a, struct field_switch **ret_switches,
		    uint32_t *ret_n)
{
	struct builder b = {.d = d, .arena = a};
	bool ok;

	b.by_term = mem_new((size_t)(d->n_terms + 1) * SWITCH_KINDS * sizeof *b.by_term);
	ok = b.by_term != NULL;
	for (uint32_t i = 0; ok && i < d->n_preds; i++)
		ok = assign(&b, i);
	ok = ok && fill_all(&b);
	arena_deinit(&b.scratch);
	mem_free(b.by_term);
	mem_free(b.keys);
	mem_free(b.below);
	mem_free(b.above);
	if (!ok) {
		switches_free(b.switches, b.n);
		return false;
	}
	*ret_switches = b.switches;
	*ret_n = b.n;
	return true;
}

void switches_free(struct field_switch *switches, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		multi_free(switches[i].multi);
	mem_free(switches);
}

bool switch_scratch_init(struct switch_scratch *s, const struct field_switch *switches, uint32_t n)
{
	bool ok = true;

	*s = (struct switch_scratch){
		.text = mem_new(SWITCH_SCRATCH),
		.sieves = mem_new((size_t)(n + 1) * sizeof *s->sieves),
	};
	for (uint32_t i = 0; ok && i < n; i++)
		if (switches[i].multi)
			ok = multi_scratch(switches[i].multi, &s->multi);
	return ok && s->text && s->sieves;
}

void switch_scratch_deinit(struct switch_scratch *s)
{
	s->text = mem_free(s->text);
	s->sieves = mem_free(s->sieves);
	s->multi = multi_scratch_free(s->multi);
}

/* --- looking up ---------------------------------------------------------------------------------
 */

static bool find_prepared(const struct field_switch *s, struct str v, char *scratch, struct hits *h)
{
	bool ok = v.len < SWITCH_SCRATCH;

	if (!ok)
		return false;
	if (s->kind == SWITCH_ICONTAINS) {
		ac_index_find(&s->index.ac, (struct str){scratch, fold(v, scratch)}, h);
		return true;
	}
	v.len = path_normal(v, scratch, SWITCH_SCRATCH, &ok);
	v.p = scratch;
	if (ok)
		radix_index_find(&s->index.radix, v, h);
	return ok;
}

/* Texts in the value: by the scanner, which then has them all, or the automaton. */
static bool find_inside(const struct field_switch *s, struct str v,
			const struct switch_scratch *scratch, struct hits *h)
{
	if (!sieve_passes(&s->sieve, &scratch->sieves[s->number], v))
		return true;
	if (s->multi)
		return multi_find(s->multi, v, scratch->multi, h);
	if (s->kind == SWITCH_ICONTAINS)
		return find_prepared(s, v, scratch->text, h);
	ac_index_find(&s->index.ac, v, h);
	return true;
}

static bool find_one(const struct field_switch *s, const union value *v, bool is_bytes,
		     const struct switch_scratch *scratch, struct hits *h)
{
	struct str key = is_bytes ? v->bytes : (struct str){(const char *)&v->u64, sizeof v->u64};

	switch (s->kind) {
	case SWITCH_HASH:
		hash_index_find(&s->index.hash, key, h);
		return true;
	case SWITCH_PREFIX:
	case SWITCH_SUFFIX:
		radix_index_find(&s->index.radix, key, h);
		return true;
	case SWITCH_CONTAINS:
	case SWITCH_ICONTAINS:
		return find_inside(s, key, scratch, h);
	case SWITCH_NET:
		net_index_find(&s->index.net, key, h);
		return true;
	default:
		return find_prepared(s, key, scratch->text, h);
	}
}

bool switch_find(const struct field_switch *s, const struct values *v, enum field_type type,
		 const struct switch_scratch *scratch, struct hits *h)
{
	bool is_bytes = value_kind(type) == VALUE_BYTES, ok = true;

	if (!v->is_set)
		return true;
	if (s->kind == SWITCH_RANGE) {
		if (v->n)
			range_index_find(&s->index.range, ordered(type, v->v[0].u64), h);
		return true;
	}
	for (uint32_t i = 0; ok && i < v->n; i++)
		ok = find_one(s, &v->v[i], is_bytes, scratch, h);
	return ok;
}
