/*
 * alert_plan: the part of alerts that is known before any event.
 */
#include "route/alert_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/mem.h"
#include "util/strmap.h"

/* The key of output_fields under which the time of the event stands: readers of alerts know it by
 * these names, whatever fields there are. */
static const struct str time_key = {"evt.time", 8}, iso_time_key = {"evt.time.iso8601", 16};

static int field_order(const void *a, const void *b)
{
	const struct alert_field *x = a, *y = b;
	size_t len = x->name.len < y->name.len ? x->name.len : y->name.len;
	int r = memcmp(x->name.p, y->name.p, len);

	return r ? r : (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

/* What making a plan takes besides the plan. */
struct planner {
	struct alert_plan *p;
	struct strmap fields; /* by what tells one from others */
	struct strmap shared; /* tags, fields and texts of rules, by their bytes */
	struct arena scratch; /* for one rule */
	struct arena keys;
	struct buf buf;
};

/* The fields of one rule, while they are gathered. */
struct gathered {
	struct alert_field *items;
	uint32_t n;
};

/* A later field of the same name takes the place of the earlier. */
static void field_put(struct gathered *g, struct alert_field f)
{
	for (uint32_t i = 0; i < g->n; i++)
		if (str_eq(g->items[i].name, f.name)) {
			g->items[i] = f;
			return;
		}
	g->items[g->n++] = f;
}

/* An extra field that is nothing but a field of the event keeps its type. */
static struct alert_field extra_field(struct planner *pl, const struct rule_extra_field *x)
{
	struct alert_field f = {.name = x->name, .kind = ALERT_FIELD_TEXT, .text = x->value};
	const struct str text = template_text(x->value, &pl->scratch);

	if (text.len == x->name.len + 1 && text.p[0] == '%' &&
	    str_eq((struct str){text.p + 1, x->name.len}, x->name)) {
		f.kind = ALERT_FIELD_USE;
		f.use = template_field(x->value, 0);
	}
	return f;
}

static bool add_json_key(struct planner *pl, struct alert_field *f)
{
	buf_reset(&pl->buf);
	buf_add_char(&pl->buf, '"');
	buf_add_json(&pl->buf, f->name);
	buf_add_cstr(&pl->buf, "\":");
	f->json_key = arena_str(&pl->p->arena, buf_str(&pl->buf));
	return !pl->buf.failed && f->json_key.p;
}

/* The one copy of @f in the plan; NULL when memory is short. */
static const struct alert_field *shared_field(struct planner *pl, const struct alert_field *f)
{
	struct alert_field *own;
	struct str key;

	buf_reset(&pl->buf);
	buf_add(&pl->buf, &f->kind, sizeof(f->kind));
	buf_add(&pl->buf, &f->use, sizeof(f->use));
	buf_add(&pl->buf, &f->text, sizeof(f->text));
	buf_add_str(&pl->buf, f->name);
	own = strmap_find(&pl->fields, buf_str(&pl->buf));
	if (own)
		return own;
	key = arena_str(&pl->keys, buf_str(&pl->buf));
	own = arena_alloc(&pl->p->arena, sizeof(*own));
	if (!own || !key.p || pl->buf.failed)
		return NULL;
	*own = *f;
	return add_json_key(pl, own) && strmap_add(&pl->fields, key, own) == 0 ? own : NULL;
}

/* The one copy of @size bytes in the plan, aligned; NULL when memory is short. */
static const void *shared_bytes(struct planner *pl, const void *p, size_t size)
{
	void *own = strmap_find(&pl->shared, (struct str){p, size});

	if (own)
		return own;
	own = arena_alloc(&pl->p->arena, size);
	if (!own)
		return NULL;
	if (size)
		memcpy(own, p, size);
	return strmap_add(&pl->shared, (struct str){own, size}, own) == 0 ? own : NULL;
}

static int plan_fields(struct planner *pl, const struct rule *rule, struct alert_rule *ar)
{
	uint32_t n = template_n_fields(rule->message), cap = n + rule->n_extra_fields + 1;
	struct gathered g = {.items = arena_alloc(&pl->scratch, cap * sizeof(*g.items))};
	const struct alert_field **fields;

	if (!g.items)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		field_put(&g, (struct alert_field){.name = template_field_text(rule->message, i),
						   .kind = ALERT_FIELD_USE,
						   .use = template_field(rule->message, i)});
	for (uint32_t i = 0; i < rule->n_extra_fields; i++)
		field_put(&g, extra_field(pl, &rule->extra_fields[i]));
	field_put(&g, (struct alert_field){.name = pl->p->opts.iso_time ? iso_time_key : time_key,
					   .kind = ALERT_FIELD_TIME});
	qsort(g.items, g.n, sizeof(*g.items), field_order);
	fields = arena_alloc(&pl->scratch, g.n * sizeof(*fields));
	for (uint32_t i = 0; fields && i < g.n; i++) {
		fields[i] = shared_field(pl, &g.items[i]);
		if (!fields[i])
			return -ENOMEM;
	}
	ar->fields = fields ? shared_bytes(pl, fields, g.n * sizeof(*fields)) : NULL;
	ar->n_fields = g.n;
	arena_reset(&pl->scratch);
	return ar->fields ? 0 : -ENOMEM;
}

static int plan_json(struct planner *pl, const struct rule *rule, struct alert_rule *ar)
{
	const struct alert_plan *p = pl->p;
	struct buf *b = &pl->buf;

	buf_reset(b);
	buf_printf(b, "\"priority\":\"%s\",\"rule\":\"", rule_priority_name(rule->priority));
	buf_add_json(b, rule->name);
	ar->json_rule = b->failed ? (struct str){0} : arena_str(&pl->p->arena, buf_str(b));
	buf_reset(b);
	buf_add_cstr(b, "\",\"source\":\"");
	buf_add_json(b, str_from(ar->source));
	buf_add_cstr(b, "\",");
	for (uint32_t i = 0; p->opts.json_tags && i < rule->n_tags; i++) {
		buf_add_cstr(b, i ? ",\"" : "\"tags\":[\"");
		buf_add_json(b, rule->tags[i]);
		buf_add_char(b, '"');
	}
	if (p->opts.json_tags)
		buf_add_cstr(b, rule->n_tags ? "]," : "\"tags\":[],");
	buf_add_cstr(b, "\"time\":\"");
	ar->json_tail = b->failed ? NULL : shared_bytes(pl, b->p, b->len + 1);
	return ar->json_rule.p && ar->json_tail ? 0 : -ENOMEM;
}

static int plan_tags(struct planner *pl, const struct rule *rule, struct alert_rule *ar)
{
	const char **tags = arena_alloc(&pl->scratch, (rule->n_tags + 1) * sizeof(*tags));

	if (!tags)
		return -ENOMEM;
	for (uint32_t i = 0; i < rule->n_tags; i++)
		tags[i] = rule->tags[i].p;
	ar->n_tags = rule->n_tags;
	ar->tags = shared_bytes(pl, tags, (rule->n_tags + 1) * sizeof(*tags));
	arena_reset(&pl->scratch);
	return ar->tags ? 0 : -ENOMEM;
}

static int plan_rule(struct planner *pl, const struct rule *rule, struct tally *tally,
		     struct alert_rule *ar)
{
	struct alert_plan *p = pl->p;
	int r;

	ar->name = rule->name.p;
	ar->source = p->rs->sources[rule->source].name.p;
	ar->tally = tally_row(tally, rule->name, rule->priority);
	if (!ar->tally)
		return -ENOMEM;
	r = plan_tags(pl, rule, ar);
	if (r == 0)
		r = plan_fields(pl, rule, ar);
	return r < 0 ? r : plan_json(pl, rule, ar);
}

static int plan_rules(struct alert_plan *p, struct tally *tally)
{
	struct planner pl = {.p = p};
	int r = 0;

	buf_init(&pl.buf, 1 << 20);
	for (uint32_t i = 0; i < p->rs->n_rules && r == 0; i++)
		if (p->rs->rules[i]->enabled)
			r = plan_rule(&pl, p->rs->rules[i], tally, &p->rules[i]);
	strmap_deinit(&pl.fields);
	strmap_deinit(&pl.shared);
	arena_deinit(&pl.scratch);
	arena_deinit(&pl.keys);
	buf_deinit(&pl.buf);
	return r;
}

static int plan_head(struct alert_plan *p)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_add_cstr(&b, "{\"hostname\":\"");
	buf_add_json(&b, str_from(p->opts.hostname));
	buf_add_cstr(&b, "\",");
	p->json_head = b.failed ? (struct str){0} : arena_str(&p->arena, buf_str(&b));
	buf_deinit(&b);
	return p->json_head.p ? 0 : -ENOMEM;
}

/* One text, for every source. */
static int plan_form(struct alert_plan *p, const char *text, const struct form **by_source,
		     struct err *err)
{
	struct err first = ERR_NULL;
	bool is_wanted = false, is_usable = false;

	for (uint32_t s = 0; s < p->rs->n_sources; s++) {
		struct err e = ERR_NULL;
		int r;

		if (p->rs->sources[s].n_rules == 0)
			continue;
		is_wanted = true;
		struct template_set set = {.fields = p->rs->sources[s].fields,
					   .uses = ruleset_uses(p->rs, s),
					   .arena = &p->arena};
		r = form_compile(&set, str_from(text), &by_source[s], &e);
		template_set_deinit(&set);
		is_usable |= r == 0;
		if (r < 0 && r != -ENOENT) {
			*err = e;
			return r;
		}
		if (r < 0 && !first.is_set)
			first = e;
	}
	if (!is_wanted || is_usable)
		return 0;
	*err = first;
	return -EINVAL;
}

/* Outputs with the same text share it. */
static int plan_forms(struct alert_plan *p, const struct alert_setup *setup, struct err *err)
{
	const char *texts[ALERT_FORMS_MAX + 1] = {NULL};
	int r = 0;

	p->form_sets[0] = setup->routes->all;
	p->forms = arena_alloc(&p->arena, (setup->n_templates * (size_t)p->rs->n_sources + 1) *
						  sizeof(*p->forms));
	if (!p->forms)
		return -ENOMEM;
	for (uint32_t i = 0; i < setup->n_templates && r == 0; i++) {
		const char *text = setup->templates[i];
		uint32_t k = 1;

		if (!text)
			continue;
		while (k <= p->n_forms && strcmp(texts[k], text) != 0)
			k++;
		if (k > p->n_forms) {
			texts[k] = text;
			r = plan_form(p, text, p->forms + p->n_forms++ * p->rs->n_sources, err);
		}
		p->form_sets[0] &= ~((route_set)1 << i);
		p->form_sets[k] |= (route_set)1 << i;
		if (r == -EINVAL)
			err_context(err, "outputs: template '%.200s'", text);
	}
	return r;
}

static int plan_ways(struct alert_plan *p, const struct alert_setup *setup, struct err *err)
{
	int r = routes_plan(p->rs, setup->routes, &p->arena, &p->routes, err);

	p->suppress = setup->suppress;
	if (r == 0)
		r = suppress_plan(p->rs, setup->policies, &p->arena, &p->suppress_plan, err);
	return r < 0 ? r : plan_forms(p, setup, err);
}

int alert_plan_new(const struct alert_setup *setup, struct alert_plan **ret, struct err *err)
{
	struct ruleset *rs = setup->rs;
	struct alert_plan *p = mem_new(sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	atomic_init(&p->refs, 1);
	p->arena.chunk_max = ARENA_CHUNK_KEPT;
	p->rs = ruleset_ref(rs);
	p->opts = *setup->opts;
	p->rules = arena_alloc(&p->arena, (rs->n_rules + 1) * sizeof(*p->rules));
	r = p->rules ? plan_head(p) : -ENOMEM;
	if (r == 0)
		r = plan_rules(p, setup->tally);
	if (r == 0)
		r = plan_ways(p, setup, err);
	if (r < 0) {
		(void)alert_plan_unref(p);
		return r;
	}
	*ret = p;
	return 0;
}

struct alert_plan *alert_plan_ref(struct alert_plan *p)
{
	(void)atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	return p;
}

struct alert_plan *alert_plan_unref(struct alert_plan *p)
{
	if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	(void)ruleset_unref(p->rs);
	arena_deinit(&p->arena);
	return mem_free(p);
}

struct ruleset *alert_plan_ruleset(const struct alert_plan *p)
{
	return p->rs;
}

uint32_t alert_plan_n_forms(const struct alert_plan *p)
{
	return p->n_forms;
}

route_set alert_plan_form_set(const struct alert_plan *p, uint32_t form)
{
	return p->form_sets[form];
}

const struct alert_options *alert_plan_options(const struct alert_plan *p)
{
	return &p->opts;
}
