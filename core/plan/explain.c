/*
 * explain: what was planned, for people.
 */
#include "plan/impl.h"
#include "plan/plan.h"

#include "event/value.h"
#include "gyr/events.h"
#include "util/mem.h"

static void print_operand(struct buf *b, const struct operand *o)
{
	if (o->kind == OPERAND_FIELD) {
		buf_add_str(b, o->use->field->name);
		if (o->use->has_arg) {
			bool suffix = o->use->field->flags & FIELD_ARG_SUFFIX;

			buf_add_cstr(b, suffix ? "." : "[");
			buf_add_str(b, o->use->arg);
			buf_add_cstr(b, suffix ? "" : "]");
		}
		return;
	}
	if (o->kind == OPERAND_CONST) {
		const struct field plain = {.type = o->type};

		value_print(b, &plain, &(struct values){.is_set = true, .n = 1, .v = &o->value});
		return;
	}
	if (o->kind == OPERAND_CALL)
		buf_add_str(b, filter_transformer(o->call)->name);
	buf_add_char(b, '(');
	for (uint32_t i = 0; i < o->n; i++) {
		buf_add_cstr(b, i ? ", " : "");
		print_operand(b, o->args[i]);
	}
	buf_add_char(b, ')');
}

enum {
	CONSTS_SHOWN = 6,
};

static void print_test(struct buf *b, const struct test *t)
{
	print_operand(b, t->left);
	buf_add_char(b, ' ');
	buf_add_str(b, filter_operator(t->op)->name);
	if (t->modifier)
		buf_printf(b, " %s", filter_modifier_name(t->modifier));
	if (t->right) {
		buf_add_char(b, ' ');
		print_operand(b, t->right);
		return;
	}
	if (t->n == 0)
		return;
	buf_add_cstr(b, t->n > 1 ? " (" : " ");
	for (uint32_t i = 0; i < t->n && i < CONSTS_SHOWN; i++) {
		buf_add_cstr(b, i ? ", " : "");
		buf_add_str(b, t->consts[i]->text);
	}
	if (t->n > CONSTS_SHOWN)
		buf_printf(b, ", ... %u more", t->n - CONSTS_SHOWN);
	buf_add_cstr(b, t->n > 1 ? ")" : "");
}

/* The names of the event types of a class, each once; "every other event" for the one that holds the
 * codes no table knows. */
static void print_class(struct buf *b, const struct plan *p, uint32_t class)
{
	const char *last = "";
	uint32_t n = 0;

	if (p->class_of[EVTTYPES_MAX] == class) {
		buf_add_cstr(b, "events that no rule names");
		return;
	}
	for (uint32_t code = 0; code < EVTTYPES_MAX; code++) {
		const struct gyr_event_info *e = gyr_event((uint16_t)code);

		if (p->class_of[code] != class || !e || !e->name || strcmp(e->name, last) == 0)
			continue;
		last = e->name;
		if (n++ < CONSTS_SHOWN)
			buf_printf(b, "%s%s", n > 1 ? ", " : "", e->name);
	}
	if (n > CONSTS_SHOWN)
		buf_printf(b, ", ... %u more", n - CONSTS_SHOWN);
}

/* Which predicates wake the rule at position @at of class @class. */
static uint32_t print_cover(struct buf *b, const struct plan *p, uint32_t class, uint32_t at)
{
	uint32_t n = 0;

	for (uint32_t pred = 0; pred < p->dag.n_preds; pred++)
		for (uint32_t i = pred ? p->wake_ends[pred - 1] : 0; i < p->wake_ends[pred]; i++) {
			const struct wake *w = &p->wakes[i];

			for (uint32_t k = 0; w->class == class && k < w->n; k++) {
				const struct pred *x = &p->dag.preds[pred];

				if (p->woken[w->first + k] != at)
					continue;
				buf_printf(b, "    %s", n++ ? "or " : "");
				print_test(b, &x->test);
				buf_printf(b, "   [%s, true for %.2g %% of events]\n",
					   switch_kind_name(p->switches[x->sw].kind),
					   p->p[pred] * 100);
			}
		}
	return n;
}

static const char *why_residual(const struct plan *p, uint32_t root)
{
	const struct node *n = &p->dag.nodes[root];

	if (root == NODE_TRUE)
		return "it is true for every such event";
	if (n->kind == NODE_KIND_NOT_PRED)
		return "it is true when something is not, which no look-up finds";
	return "none of what must be true for it can be looked up, or it is true too often";
}

/* Marks the terms that @node may ask for. */
static void mark_terms(const struct plan *p, uint32_t node, bool *seen)
{
	const struct node *n = &p->dag.nodes[node];

	if (n->kind == NODE_KIND_PRED || n->kind == NODE_KIND_NOT_PRED)
		seen[p->dag.preds[n->kids].term] = true;
	for (uint32_t i = 0; i < n->n; i++)
		mark_terms(p, p->dag.kids[n->kids + i], seen);
}

static void print_fields(struct buf *b, const struct plan *p, const struct plan_class *c,
			 uint32_t root)
{
	bool *seen = mem_new(p->dag.n_terms + 1);

	if (!seen)
		return;
	mark_terms(p, root, seen);
	for (unsigned eager = 2; eager-- > 0;) {
		uint32_t n = 0;

		for (uint32_t t = 0; t < p->dag.n_terms; t++) {
			if (!seen[t] || plan_is_eager(c, t) != eager)
				continue;
			if (n++ == 0)
				buf_add_cstr(b, eager ? "  fields of every event: "
						      : "  fields when it gets there: ");
			else
				buf_add_cstr(b, ", ");
			print_operand(b, p->dag.terms[t].operand);
		}
		if (n)
			buf_add_char(b, '\n');
	}
	mem_free(seen);
}

void plan_explain_rule(struct buf *b, const struct plan *p, uint32_t rule)
{
	for (uint32_t class = 0; class < p->n_classes; class ++) {
		const struct plan_class *c = &p->classes[class];

		for (uint32_t at = 0; at < c->n_rules; at++) {
			if (c->rules[at].rule != rule)
				continue;
			buf_add_cstr(b, "on: ");
			print_class(b, p, class);
			buf_add_cstr(b, "\n  looked at when:\n");
			if (print_cover(b, p, class, at) == 0)
				buf_printf(b, "    always (residual: %s)\n",
					   why_residual(p, c->rules[at].root));
			print_fields(b, p, c, c->rules[at].root);
		}
	}
}

static void print_switches(struct buf *b, const struct plan *p)
{
	buf_printf(b, "switches: %u\n", p->n_switches);
	for (uint32_t s = 0; s < p->n_switches; s++) {
		const struct field_switch *sw = &p->switches[s];

		buf_printf(b, "  %-9s ", switch_kind_name(sw->kind));
		print_operand(b, p->dag.terms[sw->term].operand);
		buf_printf(b, ": %u keys, %u comparisons%s\n", sw->n_keys, sw->n_preds,
			   switch_has_sieve(sw) ? ", behind a sieve" : "");
	}
}

void plan_explain(struct buf *b, const struct plan *p,
		  const char *(*name)(void *ctx, uint32_t rule), void *ctx)
{
	buf_printf(b, "rules: %u\ncomparisons: %u\nnodes: %u\nbytes: %zu\n", p->n_rules,
		   p->dag.n_preds, p->dag.n_nodes, plan_size(p));
	print_switches(b, p);
	for (uint32_t class = 0; class < p->n_classes; class ++) {
		const struct plan_class *c = &p->classes[class];

		if (c->n_rules == 0)
			continue;
		buf_add_cstr(b, "on: ");
		print_class(b, p, class);
		buf_printf(b, "\n  %u rules, %u look-ups an event, %u residual rules\n", c->n_rules,
			   c->n_drivers, c->n_residual);
		for (uint32_t i = 0; i < c->n_residual; i++)
			buf_printf(b, "    %s\n", name(ctx, c->rules[c->residual[i]].rule));
	}
}
