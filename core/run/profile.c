#include "run/profile.h"

#include <inttypes.h>
#include <stdlib.h>

#include "filter/typecheck.h"
#include "plan/plan.h"
#include "ruleset/match.h"
#include "util/mem.h"

struct line {
	uint32_t at;
	uint64_t sort;
};

static int by_size(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->sort != y->sort)
		return x->sort > y->sort ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static void print_rules(FILE *f, const struct matcher *m, struct line *lines)
{
	const struct ruleset_source *s = matcher_source(m);
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_rules; i++) {
		struct plan_rule_counts c = plan_run_counts(matcher_plan_run(m), i);

		if (c.n_evaluated)
			lines[n++] = (struct line){i, c.ns};
	}
	qsort(lines, n, sizeof *lines, by_size);
	(void)fprintf(f, "rules of %.*s: %u, %u of them looked at\n", STR_FMT(s->name), s->n_rules,
		      n);
	if (n)
		(void)fprintf(f, "  %10s %10s %10s  rule\n", "looked at", "matched", "us");
	for (uint32_t i = 0; i < n; i++) {
		struct plan_rule_counts c = plan_run_counts(matcher_plan_run(m), lines[i].at);

		(void)fprintf(f, "  %10" PRIu64 " %10" PRIu64 " %10.1f  %.*s\n", c.n_evaluated,
			      c.n_matched, (double)c.ns / 1000,
			      STR_FMT(s->rules[lines[i].at]->name));
	}
}

static void print_fields(FILE *f, const struct matcher *m, struct line *lines)
{
	const struct ruleset_source *s = matcher_source(m);
	uint32_t n = 0;

	for (uint32_t i = 0; i < use_table_count(s->uses); i++) {
		uint64_t asked = plan_run_extractions(matcher_plan_run(m), i);

		if (asked)
			lines[n++] = (struct line){i, asked};
	}
	qsort(lines, n, sizeof *lines, by_size);
	if (n)
		(void)fprintf(f, "  %10s  field\n", "asked for");
	for (uint32_t i = 0; i < n; i++) {
		const struct field_use *use = use_table_at(s->uses, lines[i].at);

		(void)fprintf(f, "  %10" PRIu64 "  %.*s%s%.*s%s\n", lines[i].sort,
			      STR_FMT(use->field->name), use->has_arg ? "[" : "", STR_FMT(use->arg),
			      use->has_arg ? "]" : "");
	}
}

static void print_entries(FILE *f, const struct matcher *m)
{
	uint64_t saved, made;

	plan_run_atoms(matcher_plan_run(m), &saved, &made);
	if (saved || made)
		(void)fprintf(
			f, "look-ups by entry: %" PRIu64 " known from before, %" PRIu64 " made\n",
			saved, made);
}

void profile_print(FILE *f, const struct matcher *m)
{
	uint32_t n = m ? matcher_source(m)->n_rules + use_table_count(matcher_source(m)->uses) : 0;
	struct line *lines = m ? mem_grow(NULL, n + 1, sizeof *lines) : NULL;

	if (!lines)
		return;
	print_rules(f, m, lines);
	print_fields(f, m, lines);
	print_entries(f, m);
	mem_free(lines);
}
