/*
 * suppress: the table of keys.
 *
 * Keys are in chains by hash and in one list by use, newest first; the links are indices, so the
 * table is one block. Keys with something untold are in a third list, so that a summary looks at no
 * others.
 */
#include "route/suppress.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#include "filter/typecheck.h"
#include "route/alert.h"
#include "util/mem.h"
#include "util/siphash.h"

enum { NONE = UINT32_MAX };

/* A policy as it is for one rule. */
struct applied {
	const struct suppress_policy *policy;
	uint32_t number; /* of the policy */
	uint32_t n_key;
	const struct field_use *key[SUPPRESS_KEY_MAX];
	struct str hidden; /* what summaries show instead of the key; .p NULL: the key */
};

struct suppress_plan {
	struct {
		uint32_t n;
		const struct applied *applied;
	} * by_rule; /* by rule.index; NULL: there are no policies */
};

struct slot {
	uint64_t hash;
	uint64_t ts;      /* newest event seen */
	uint64_t sent_ts; /* of the last alert let through */
	double tokens;
	struct tally_row *row; /* of the last one held back */
	uint64_t n_untold, first_ts;
	uint32_t chain, newer, older, next_untold;
	char text[SUPPRESS_KEY_SHOWN];
};

struct suppress {
	pthread_mutex_t lock;
	struct siphash_key key;
	struct slot *slots;
	uint32_t *heads; /* of the chains, by hash; n_heads is a power of two */
	uint32_t n_heads, capacity, n, newest, oldest, untold;
	struct tally_row *rows; /* with something untold */
	uint64_t n_suppressed, n_evicted;
};

/* --- planning --------------------------------------------------------------------------------- */

struct planner {
	struct ruleset *rs;
	struct arena *arena;
	uint32_t n_policies;
	const struct suppress_policy *policies;
	struct applied *applied; /* by policy and source; n_key is NONE where it is for no rule */
	struct suppress_plan *plan;
};

static struct applied *applied_at(const struct planner *pl, uint32_t policy, uint32_t source)
{
	return &pl->applied[(size_t)policy * pl->rs->n_sources + source];
}

/* Whether the fields of source @source answer all of the key. */
static int resolve_key(const struct planner *pl, uint32_t source, struct applied *a,
		       struct err *err)
{
	struct ruleset *rs = pl->rs;
	const struct suppress_policy *p = a->policy;

	a->n_key = 0;
	for (uint32_t i = 0; i < p->n_key; i++) {
		struct field_use use = {0};
		int r = fieldset_resolve(rs->sources[source].fields, str_from(p->key[i]), pl->arena,
					 &use, err);

		if (r < 0)
			return r;
		a->key[a->n_key] = use_table_intern(ruleset_uses(rs, source), &use);
		if (!a->key[a->n_key])
			return -ENOMEM;
		if (a->key[a->n_key]->hidden.p)
			a->hidden = a->key[a->n_key]->hidden;
		a->n_key++;
	}
	return 0;
}

static int resolve_policy(const struct planner *pl, uint32_t number, struct err *err)
{
	const struct ruleset *rs = pl->rs;
	const struct suppress_policy *p = &pl->policies[number];
	bool is_wanted = false, is_usable = false;
	struct err first = ERR_NULL;

	for (uint32_t s = 0; s < rs->n_sources; s++) {
		const struct ruleset_source *src = &rs->sources[s];
		struct applied *a = applied_at(pl, number, s);
		struct err e = ERR_NULL;
		bool selects = false;
		int r;

		*a = (struct applied){.policy = p, .number = number, .n_key = NONE};
		for (uint32_t i = 0; i < src->n_rules && !selects; i++)
			selects = selector_fits(&p->match, src->rules[i], src->name);
		if (!selects)
			continue;
		is_wanted = true;
		r = resolve_key(pl, s, a, &e);
		if (r == -ENOMEM)
			return r;
		if (r == 0)
			is_usable = true;
		else
			a->n_key = NONE;
		if (r < 0 && !first.is_set)
			first = e;
	}
	if (!is_wanted || is_usable)
		return 0;
	*err = first;
	err_context(err, "suppress %u: key", number + 1);
	return -EINVAL;
}

static int plan_rule(const struct planner *pl, const struct rule *rule)
{
	struct str source = pl->rs->sources[rule->source].name;
	struct applied *list = arena_alloc(pl->arena, (pl->n_policies + 1) * sizeof(*list));
	uint32_t found = 0;

	if (!list)
		return -ENOMEM;
	for (uint32_t i = 0; i < pl->n_policies; i++) {
		const struct applied *a = applied_at(pl, i, rule->source);

		if (a->n_key != NONE && selector_fits(&a->policy->match, rule, source))
			list[found++] = *a;
	}
	pl->plan->by_rule[rule->index].n = found;
	pl->plan->by_rule[rule->index].applied = list;
	return 0;
}

/* Policies are copied without the texts of their selectors, which are not asked for later. */
int suppress_plan(struct ruleset *rs, const struct suppress_policies *p, struct arena *arena,
		  const struct suppress_plan **ret, struct err *err)
{
	struct suppress_plan *plan = arena_alloc(arena, sizeof(*plan));
	struct suppress_policy *own = arena_alloc(arena, (p->n + 1) * sizeof(*own));
	struct planner pl = {
		.rs = rs, .arena = arena, .n_policies = p->n, .policies = own, .plan = plan};
	int r = 0;

	if (!plan || !own)
		return -ENOMEM;
	*ret = plan;
	if (p->n == 0)
		return 0;
	pl.applied = arena_alloc(arena, (size_t)p->n * rs->n_sources * sizeof(*pl.applied));
	plan->by_rule = arena_alloc(arena, (rs->n_rules + 1) * sizeof(*plan->by_rule));
	if (!pl.applied || !plan->by_rule)
		return -ENOMEM;
	memcpy(own, p->policies, p->n * sizeof(*own));
	for (uint32_t i = 0; i < p->n && r == 0; i++)
		r = resolve_policy(&pl, i, err);
	for (uint32_t i = 0; i < rs->n_rules && r == 0; i++)
		if (rs->rules[i]->enabled)
			r = plan_rule(&pl, rs->rules[i]);
	return r;
}

/* --- the table -------------------------------------------------------------------------------- */

struct suppress *suppress_new(uint32_t capacity)
{
	struct suppress *s = mem_new(sizeof(*s));

	if (!s)
		return NULL;
	(void)pthread_mutex_init(&s->lock, NULL);
	s->capacity = capacity;
	s->n_heads = 1;
	while (s->n_heads < capacity)
		s->n_heads *= 2;
	s->slots = mem_new(capacity * sizeof(*s->slots));
	s->heads = mem_new(s->n_heads * sizeof(*s->heads));
	s->newest = s->oldest = s->untold = NONE;
	if (!s->slots || !s->heads)
		return suppress_free(s);
	memset(s->heads, 0xff, s->n_heads * sizeof(*s->heads));
	if (getrandom(&s->key, sizeof(s->key), 0) != (ssize_t)sizeof(s->key))
		return suppress_free(s);
	return s;
}

struct suppress *suppress_free(struct suppress *s)
{
	if (!s)
		return NULL;
	(void)mem_free(s->heads);
	(void)mem_free(s->slots);
	(void)pthread_mutex_destroy(&s->lock);
	return mem_free(s);
}

static uint32_t *head_of(struct suppress *s, uint64_t hash)
{
	return &s->heads[hash & (s->n_heads - 1)];
}

static void use_unlink(struct suppress *s, uint32_t at)
{
	struct slot *slot = &s->slots[at];

	*(slot->newer == NONE ? &s->newest : &s->slots[slot->newer].older) = slot->older;
	*(slot->older == NONE ? &s->oldest : &s->slots[slot->older].newer) = slot->newer;
}

static void use_link(struct suppress *s, uint32_t at)
{
	struct slot *slot = &s->slots[at];

	slot->newer = NONE;
	slot->older = s->newest;
	*(s->newest == NONE ? &s->oldest : &s->slots[s->newest].newer) = at;
	s->newest = at;
}

/* Takes @at out of the list of those with something untold; what it held stays in its rule's row. */
static void untold_unlink(struct suppress *s, uint32_t at)
{
	uint32_t *from = &s->untold;

	if (s->slots[at].n_untold == 0)
		return;
	while (*from != at)
		from = &s->slots[*from].next_untold;
	*from = s->slots[at].next_untold;
}

/* The place of the key used longest ago, free to be used again. */
static uint32_t evict(struct suppress *s)
{
	uint32_t at = s->oldest, *from = head_of(s, s->slots[at].hash);

	while (*from != at)
		from = &s->slots[*from].chain;
	*from = s->slots[at].chain;
	use_unlink(s, at);
	untold_unlink(s, at);
	s->n_evicted++;
	return at;
}

/* The slot of a key; a new one is marked by ts 0. */
static struct slot *slot_of(struct suppress *s, uint64_t hash, struct str text)
{
	uint32_t *head = head_of(s, hash), at = *head;
	struct slot *slot;
	size_t len = text.len < SUPPRESS_KEY_SHOWN - 1 ? text.len : SUPPRESS_KEY_SHOWN - 1;

	while (at != NONE && s->slots[at].hash != hash)
		at = s->slots[at].chain;
	if (at != NONE) {
		use_unlink(s, at);
		use_link(s, at);
		return &s->slots[at];
	}
	at = s->n < s->capacity ? s->n++ : evict(s);
	slot = &s->slots[at];
	*slot = (struct slot){.hash = hash, .chain = *head, .next_untold = NONE};
	memcpy(slot->text, text.p, len);
	*head = at;
	use_link(s, at);
	return slot;
}

/* Whether the budget of @slot has one more alert. */
static bool is_within(struct slot *slot, const struct suppress_policy *p, uint64_t ts)
{
	bool is_new = slot->ts == 0, is_repeated;
	uint64_t passed = !is_new && ts > slot->ts ? ts - slot->ts : 0;

	if (is_new || ts > slot->ts)
		slot->ts = ts ? ts : 1;
	if (is_new)
		slot->tokens = p->burst;
	slot->tokens += (double)passed / 1e9 * p->rate;
	if (slot->tokens > p->burst)
		slot->tokens = p->burst;
	is_repeated = !is_new && p->dedupe_ms && slot->sent_ts &&
		      slot->ts - slot->sent_ts < p->dedupe_ms * 1000000;
	if (is_repeated || (p->rate > 0 && slot->tokens < 1))
		return false;
	if (p->rate > 0)
		slot->tokens -= 1;
	slot->sent_ts = slot->ts;
	return true;
}

static void hold_back(struct suppress *s, struct slot *slot, struct tally_row *row, uint64_t ts)
{
	if (slot->n_untold == 0) {
		slot->next_untold = s->untold;
		s->untold = (uint32_t)(slot - s->slots);
		slot->first_ts = ts;
	}
	slot->row = row;
	slot->n_untold++;
	s->n_suppressed++;
	if (row->n_untold++ == 0) {
		row->untold_first_ts = ts;
		row->next_untold = s->rows;
		s->rows = row;
	}
	row->untold_last_ts = ts;
	(void)atomic_fetch_add_explicit(&row->n_suppressed, 1, memory_order_relaxed);
}

/* "value, value" as summaries show it, and behind it what tells keys of one text apart. Returns the
 * text. */
static struct str key_text(const struct applied *a, const struct event *evt,
			   const struct fetch *fetch, struct buf *b)
{
	struct values v[SUPPRESS_KEY_MAX];
	uint32_t ends[SUPPRESS_KEY_MAX];
	size_t len;

	buf_reset(b);
	if (a->n_key)
		fetch->get(fetch->ctx, evt, a->key, a->n_key, v);
	for (uint32_t i = 0; i < a->n_key; i++) {
		if (i)
			buf_add(b, ", ", 2);
		value_print(b, a->key[i]->field, &v[i]);
		ends[i] = v[i].is_set ? (uint32_t)b->len : UINT32_MAX;
	}
	len = b->len;
	buf_add(b, ends, a->n_key * sizeof(ends[0]));
	return a->hidden.p ? a->hidden : (struct str){buf_str(b).p, len};
}

/* The key and what it belongs to. */
static uint64_t key_hash(const struct suppress *s, const struct applied *a,
			 const struct tally_row *row, struct str key)
{
	struct {
		uint64_t policy, rule, key;
	} all = {.policy = a->number,
		 .rule = a->policy->is_shared ? 0 : siphash(&s->key, row->rule.p, row->rule.len),
		 .key = siphash(&s->key, key.p, key.len)};

	return siphash(&s->key, &all, sizeof(all));
}

static bool check_one(struct suppress *s, const struct applied *a,
		      const struct alert_subject *subject, struct tally_row *row,
		      struct buf *scratch)
{
	const uint64_t ts = subject->evt->ts;
	struct str text = key_text(a, subject->evt, subject->fetch, scratch);
	struct slot *slot;
	uint64_t hash;
	bool passes;

	hash = key_hash(s, a, row, buf_str(scratch));
	(void)pthread_mutex_lock(&s->lock);
	slot = slot_of(s, hash, text);
	passes = is_within(slot, a->policy, ts);
	if (!passes)
		hold_back(s, slot, row, ts);
	(void)pthread_mutex_unlock(&s->lock);
	return passes;
}

bool suppress_check(struct suppress *s, const struct suppress_plan *p,
		    const struct alert_subject *subject, struct tally_row *row, struct buf *scratch)
{
	const uint32_t rule = subject->rule->index;

	if (!p->by_rule)
		return false;
	for (uint32_t i = 0; i < p->by_rule[rule].n; i++)
		if (!check_one(s, &p->by_rule[rule].applied[i], subject, row, scratch))
			return true;
	return false;
}

/* --- telling ---------------------------------------------------------------------------------- */

/* Puts a key among those the summary names, when there are not enough with more. */
static void summary_key(struct suppress_summary *sum, const struct slot *slot)
{
	uint32_t i = SUPPRESS_SUMMARY_KEYS;

	sum->n_keys++;
	while (i > 0 && sum->keys[i - 1].n < slot->n_untold)
		i--;
	if (i == SUPPRESS_SUMMARY_KEYS)
		return;
	memmove(&sum->keys[i + 1], &sum->keys[i],
		(SUPPRESS_SUMMARY_KEYS - 1 - i) * sizeof(sum->keys[0]));
	sum->keys[i].n = slot->n_untold;
	memcpy(sum->keys[i].text, slot->text, SUPPRESS_KEY_SHOWN);
}

/* Takes what is untold of one rule; false when there is nothing. */
static bool summary_take(struct suppress *s, struct suppress_summary *sum)
{
	struct tally_row *row = s->rows;
	uint32_t *from = &s->untold;

	if (!row)
		return false;
	*sum = (struct suppress_summary){.row = row,
					 .n = row->n_untold,
					 .first_ts = row->untold_first_ts,
					 .last_ts = row->untold_last_ts};
	s->rows = row->next_untold;
	row->n_untold = 0;
	while (*from != NONE) {
		struct slot *slot = &s->slots[*from];

		if (slot->row != row) {
			from = &slot->next_untold;
			continue;
		}
		summary_key(sum, slot);
		slot->n_untold = 0;
		*from = slot->next_untold;
	}
	return true;
}

void suppress_tell(struct suppress *s, suppress_summary_fn each, void *ctx)
{
	struct suppress_summary sum;
	bool more;

	do {
		(void)pthread_mutex_lock(&s->lock);
		more = summary_take(s, &sum);
		(void)pthread_mutex_unlock(&s->lock);
		if (more)
			each(ctx, &sum);
	} while (more);
}

void suppress_count(struct suppress *s, struct suppress_counters *ret)
{
	(void)pthread_mutex_lock(&s->lock);
	*ret = (struct suppress_counters){.n_suppressed = s->n_suppressed,
					  .n_evicted = s->n_evicted,
					  .n_keys = s->n,
					  .capacity = s->capacity};
	(void)pthread_mutex_unlock(&s->lock);
}
