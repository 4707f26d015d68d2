/*
 * cover: which predicates wake a rule.
 *
 * The weight of a cover is what its look-ups cost, shared among the rules that use the same switch,
 * and what it costs to look at the rule as often as the cover is hit. An AND takes the best cover
 * of its parts, an OR needs those of all; a negated predicate is none, since it is true when
 * nothing was hit. That is linear in the size of a rule, at any nesting.
 */
#include "plan/impl.h"

#include <math.h>

#include "util/mem.h"

/* Waking a rule, about, in ns. */
#define WAKE_NS 10.0
/* Judging one, where it is not known which. */
#define VERIFY_NS 80.0
/* Of what all rules of a class have in common, before anything is learned. */
#define PRIOR_COMMON 0.9F
/* What takes so long to ask for is asked last, and never by every event. */
#define SLOW_NS 1000
/* A cover that is hit more often than this saves nothing. */
#define RATE_MAX 0.5

enum {
	ROUNDS = 3,           /* of sharing the cost of switches among their users */
	COMMON_MIN_RULES = 4, /* fewer rules have nothing in common that tells anything */
	DROPS_TRIED = 64,     /* switches that are tried to do without */
};

/* Counts for each predicate the rules with @node in them that want it to be true; @last is the rule that a
 * node was last reached for, plus one. */
static void count_rules(const struct plan *p, uint32_t node, uint32_t rule, uint32_t *last,
			uint32_t *count)
{
	const struct node *n = &p->dag.nodes[node];

	if (last[node] == rule + 1)
		return;
	last[node] = rule + 1;
	if (n->kind == NODE_KIND_PRED)
		count[n->kids]++;
	for (uint32_t i = 0; i < n->n; i++)
		count_rules(p, p->dag.kids[n->kids + i], rule, last, count);
}

/* The largest share of the rules of a class that want a predicate to be true is what many of them have in
 * common ("it is a file"): that says little about an event, so it is taken to be true more often. What they
 * have in common that it is not (who may do it) says nothing of the kind. */
static bool add_commonness(const struct plan *p, float *prior)
{
	uint32_t *last = mem_new((p->dag.n_nodes + 1) * sizeof *last);
	uint32_t *count = mem_new((p->dag.n_preds + 1) * sizeof *count);
	float *most = mem_new((p->dag.n_preds + 1) * sizeof *most);
	bool ok = last && count && most;

	for (uint32_t k = 0; ok && k < p->n_classes; k++) {
		const struct plan_class *c = &p->classes[k];

		memset(last, 0, p->dag.n_nodes * sizeof *last);
		memset(count, 0, p->dag.n_preds * sizeof *count);
		for (uint32_t i = 0; i < c->n_rules; i++)
			count_rules(p, c->rules[i].root, i, last, count);
		for (uint32_t i = 0; c->n_rules >= COMMON_MIN_RULES && i < p->dag.n_preds; i++)
			if ((float)count[i] > most[i] * (float)c->n_rules)
				most[i] = (float)count[i] / (float)c->n_rules;
	}
	for (uint32_t i = 0; ok && i < p->dag.n_preds; i++)
		if (p->dag.preds[i].sw != DAG_NONE)
			prior[i] += (PRIOR_COMMON - prior[i]) * most[i];
	mem_free(last);
	mem_free(count);
	mem_free(most);
	return ok;
}

bool probabilities_set(struct plan *p, const struct plan_stats *stats)
{
	const struct dag *d = &p->dag;
	float *out = arena_alloc(&p->arena, (d->n_preds + 1) * sizeof *out);

	if (!out)
		return false;
	stats = plan_stats_fit(stats, p) ? stats : NULL;
	for (uint32_t i = 0; i < d->n_preds; i++)
		out[i] = d->preds[i].sw == DAG_NONE
				 ? 0
				 : (float)switch_prior(&p->switches[d->preds[i].sw], &d->preds[i]);
	if (!stats && !add_commonness(p, out))
		return false;
	for (uint32_t i = 0; i < d->n_preds; i++) {
		const struct pred *pred = &d->preds[i];

		if (stats && stats->p[i] >= 0)
			out[i] = (float)stats->p[i];
		else if (pred->sw == DAG_NONE)
			out[i] = pred->test.op == FILTER_OP_EXISTS ? 0.9F : 0.3F;
	}
	p->p = out;
	return true;
}

bool covers_init(struct covers *c, const struct plan *p, const struct plan_stats *stats)
{
	c->stats = plan_stats_fit(stats, p) ? stats : NULL;
	c->driven = mem_new(p->dag.n_terms + 1);
	c->cost = mem_grow(NULL, p->dag.n_nodes, sizeof *c->cost);
	c->rate = mem_grow(NULL, p->dag.n_nodes, sizeof *c->rate);
	c->share = mem_grow(NULL, p->n_switches + 1, sizeof *c->share);
	if (!c->cost || !c->rate || !c->share || !c->driven)
		return false;
	for (uint32_t s = 0; s < p->n_switches; s++)
		c->share[s] = look_up_cost_ns(p, &p->switches[s]) / p->switches[s].n_preds;
	return true;
}

void covers_deinit(struct covers *c)
{
	c->cost = mem_free(c->cost);
	c->rate = mem_free(c->rate);
	c->share = mem_free(c->share);
	c->driven = mem_free(c->driven);
}

bool covers_has(const struct covers *c, uint32_t root)
{
	return root > NODE_TRUE && isfinite(c->cost[root]) && c->rate[root] < RATE_MAX;
}

static void weigh_pred(struct covers *c, const struct plan *p, uint32_t id)
{
	uint32_t pred = p->dag.nodes[id].kids, sw = p->dag.preds[pred].sw;
	bool is_slow = term_cost_ns(&p->dag.terms[p->dag.preds[pred].term]) >= SLOW_NS;

	c->rate[id] = p->p[pred];
	c->cost[id] = sw == DAG_NONE || is_slow ? INFINITY : c->share[sw] + p->p[pred] * VERIFY_NS;
}

/* The kid of an AND whose cover serves it best. */
static uint32_t best_kid(const struct covers *c, const struct plan *p, const struct node *n)
{
	uint32_t best = p->dag.kids[n->kids];

	for (uint32_t i = 1; i < n->n; i++) {
		uint32_t kid = p->dag.kids[n->kids + i];

		if (c->cost[kid] < c->cost[best])
			best = kid;
	}
	return best;
}

static void weigh(struct covers *c, const struct plan *p, uint32_t id)
{
	const struct node *n = &p->dag.nodes[id];
	uint32_t best;

	switch (n->kind) {
	case NODE_KIND_PRED:
		weigh_pred(c, p, id);
		return;
	case NODE_KIND_AND:
		best = best_kid(c, p, n);
		c->cost[id] = c->cost[best];
		c->rate[id] = c->rate[best];
		return;
	case NODE_KIND_OR:
		c->cost[id] = c->rate[id] = 0;
		for (uint32_t i = 0; i < n->n; i++) {
			c->cost[id] += c->cost[p->dag.kids[n->kids + i]];
			c->rate[id] += c->rate[p->dag.kids[n->kids + i]];
		}
		return;
	default:
		c->cost[id] = INFINITY;
		c->rate[id] = 1;
	}
}

void covers_each(const struct covers *c, const struct plan *p, uint32_t node, cover_fn each,
		 void *ctx)
{
	const struct node *n = &p->dag.nodes[node];

	while (n->kind == NODE_KIND_AND)
		n = &p->dag.nodes[best_kid(c, p, n)];
	if (n->kind == NODE_KIND_PRED) {
		each(ctx, n->kids);
		return;
	}
	for (uint32_t i = 0; n->kind == NODE_KIND_OR && i < n->n; i++)
		covers_each(c, p, p->dag.kids[n->kids + i], each, ctx);
}

/* What is known of the choice at hand. */
struct choice {
	const struct plan *p;
	uint32_t *users; /* by switch: covers that use it */
	bool *drives;    /* by switch: in the class at work */
	uint32_t *asked; /* by term: the class, plus one, whose drivers last asked for it */
};

static void choice_deinit(struct choice *k)
{
	mem_free(k->users);
	mem_free(k->drives);
	mem_free(k->asked);
}

/* false: no memory; choice_deinit() is due either way. */
static bool choice_init(struct choice *k, const struct plan *p)
{
	k->p = p;
	k->users = mem_new((p->n_switches + 1) * sizeof *k->users);
	k->drives = mem_new(p->n_switches + 1);
	k->asked = mem_new((p->dag.n_terms + 1) * sizeof *k->asked);
	return k->users && k->drives && k->asked;
}

static void count_user(void *ctx, uint32_t pred)
{
	const struct choice *k = ctx;
	uint32_t sw = k->p->dag.preds[pred].sw;

	k->users[sw]++;
	k->drives[sw] = true;
}

/* What the look-ups of the drivers of class @n cost, and asking for what they look up. */
static double model_drivers(struct choice *k, uint32_t n)
{
	const struct plan *p = k->p;
	double sum = 0;

	for (uint32_t s = 0; s < p->n_switches; s++) {
		uint32_t term = p->switches[s].term;

		if (!k->drives[s])
			continue;
		sum += look_up_cost_ns(p, &p->switches[s]);
		if (k->asked[term] != n + 1)
			sum += term_cost_ns(&p->dag.terms[term]);
		k->asked[term] = n + 1;
	}
	return sum;
}

/* Modelled ns of one event of each class with the covers as weighed: the look-ups of its drivers,
 * the rules they wake, the residual ones. Counts the users of each switch on the way. */
static double model(const struct covers *c, struct choice *k)
{
	const struct plan *p = k->p;
	double sum = 0;

	memset(k->users, 0, (p->n_switches + 1) * sizeof *k->users);
	memset(k->asked, 0, (p->dag.n_terms + 1) * sizeof *k->asked);
	for (uint32_t n = 0; n < p->n_classes; n++) {
		double weight = c->stats ? c->stats->share[n] : 1.0 / p->n_classes, cost = 0;

		memset(k->drives, 0, p->n_switches + 1);
		for (uint32_t i = 0; i < p->classes[n].n_rules; i++) {
			uint32_t root = p->classes[n].rules[i].root;

			if (covers_has(c, root))
				covers_each(c, p, root, count_user, k);
			cost += (WAKE_NS + c->judge[root].cost) *
				(covers_has(c, root) ? c->rate[root] : 1);
		}
		sum += weight * (cost + model_drivers(k, n));
	}
	return sum;
}

static void weigh_all(struct covers *c, const struct plan *p)
{
	for (uint32_t i = 0; i < p->dag.n_nodes; i++)
		weigh(c, p, i);
}

/* The least used switch not yet tried; DAG_NONE when all are. */
static uint32_t least_used(const struct choice *k, const bool *tried)
{
	uint32_t best = DAG_NONE;

	for (uint32_t s = 0; s < k->p->n_switches; s++)
		if (!tried[s] && k->users[s] && (best == DAG_NONE || k->users[s] < k->users[best]))
			best = s;
	return best;
}

/* Does without drivers whose rules are as well served by the others: each look-up saved is saved on
 * every event. */
static void drop_drivers(struct covers *c, struct choice *k)
{
	bool *tried = mem_new(k->p->n_switches + 1);
	double now = model(c, k);

	for (unsigned n = 0; tried && n < DROPS_TRIED; n++) {
		uint32_t s = least_used(k, tried);
		double share, without;

		if (s == DAG_NONE)
			break;
		tried[s] = true;
		share = c->share[s];
		c->share[s] = INFINITY;
		weigh_all(c, k->p);
		without = model(c, k);
		if (without < now) {
			now = without;
			continue;
		}
		c->share[s] = share;
		weigh_all(c, k->p);
		(void)model(c, k);
	}
	mem_free(tried);
}

/* What each of its users pays for a switch, and for asking for the value that it looks up, by @k->users;
 * what switches of one field have in common all their users pay. */
static void set_shares(struct covers *c, struct choice *k)
{
	const struct plan *p = k->p;

	memset(k->asked, 0, (p->dag.n_terms + 1) * sizeof *k->asked);
	for (uint32_t s = 0; s < p->n_switches; s++)
		k->asked[p->switches[s].term] += k->users[s];
	for (uint32_t s = 0; s < p->n_switches; s++) {
		uint32_t all = k->asked[p->switches[s].term];

		c->share[s] =
			look_up_cost_ns(p, &p->switches[s]) / (k->users[s] ? k->users[s] : 1) +
			term_cost_ns(&p->dag.terms[p->switches[s].term]) / (all ? all : 1);
	}
}

bool covers_weigh(struct covers *c, const struct plan *p, const struct estimate *judge)
{
	struct choice k;
	bool ok = choice_init(&k, p);

	c->judge = judge;
	for (unsigned round = 0; ok && round < ROUNDS; round++) {
		weigh_all(c, p);
		(void)model(c, &k);
		set_shares(c, &k);
	}
	weigh_all(c, p);
	if (ok)
		drop_drivers(c, &k);
	c->modelled = ok ? model(c, &k) : INFINITY;
	for (uint32_t t = 0; ok && t < p->dag.n_terms; t++)
		c->driven[t] = k.asked[t];
	choice_deinit(&k);
	return ok;
}

/* What every event of class @n costs with its drivers and residual rules as they are. */
static double class_modelled(struct choice *k, const struct estimate *judge, uint32_t n)
{
	const struct plan_class *class = &k->p->classes[n];
	double sum = 0;

	memset(k->drives, 0, k->p->n_switches + 1);
	for (uint32_t i = 0; i < class->n_drivers; i++)
		k->drives[class->drivers[i]] = true;
	for (uint32_t i = 0; i < class->n_residual; i++)
		sum += WAKE_NS + judge[class->rules[class->residual[i]].root].cost;
	return sum + model_drivers(k, n);
}

double plan_modelled(const struct plan *p, const struct plan_stats *stats,
		     const struct estimate *judge)
{
	struct choice k;
	double sum = choice_init(&k, p) ? 0 : INFINITY;

	for (uint32_t n = 0; isfinite(sum) && n < p->n_classes; n++)
		sum += stats->share[n] * class_modelled(&k, judge, n);
	for (uint32_t pred = 0; isfinite(sum) && pred < p->dag.n_preds; pred++)
		for (uint32_t i = pred ? p->wake_ends[pred - 1] : 0; i < p->wake_ends[pred]; i++) {
			const struct wake *w = &p->wakes[i];
			double ns = 0;

			for (uint32_t at = 0; at < w->n; at++)
				ns += WAKE_NS + judge[p->classes[w->class]
							      .rules[p->woken[w->first + at]]
							      .root]
							.cost;
			sum += stats->share[w->class] * p->p[pred] * ns;
		}
	choice_deinit(&k);
	return sum;
}
