/*
 * bench_load: CPU time to load 10,000 rules: read, resolve, check, compile, free.
 *
 * The rules are of the common kind: macros, lists, a few fields, an output. `L1 <seconds>`, the best of
 * five or of as many passes as the argument says (one, to count its instructions).
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench_rulefile.h"
#include "fieldcsv.h"
#include "ruleset/loader.h"

enum { N_RULES = 10000 };

static double cpu(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds to load @text; negative when that fails. */
static double load(const struct rules_options *o, struct str text)
{
	struct rules_loader *l = NULL;
	struct ruleset *rs = NULL;
	double start = cpu(), took;
	int r = rules_loader_new(o, &l);

	if (r == 0)
		r = rules_loader_add_text(l, "bench.yaml", text);
	if (r == 0)
		r = rules_loader_compile(l, &rs);
	took = r == 0 && rules_loader_ok(l) && rs->n_rules == N_RULES ? cpu() - start : -1;
	ruleset_unref(rs);
	rules_loader_free(l);
	return took;
}

int main(int argc, char **argv)
{
	struct fieldset *fields = fieldset_new();
	struct rules_source source = {.name = "syscall", .fields = fields, .has_event_types = true};
	struct rules_options o = {.n_sources = 1, .sources = &source, .min_priority = RULE_DEBUG};
	long passes = argc > 1 ? strtol(argv[1], NULL, 10) : 5;
	double best = -1;
	struct buf b;

	if (!fields || fieldcsv_load(fields, SOURCE_DIR "/extractors/syscall/fields.csv") < 0)
		return 1;
	buf_init(&b, 64 << 20);
	bench_common_rules(&b, N_RULES);
	for (long i = 0; i < passes; i++) {
		double took = load(&o, buf_str(&b));

		if (took < 0)
			return 1;
		if (best < 0 || took < best)
			best = took;
	}
	(void)printf("%d rules, %zu bytes\nL1 %.3f\n", N_RULES, b.len, best);
	buf_deinit(&b);
	fieldset_unref(fields);
	return 0;
}
