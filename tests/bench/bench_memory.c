/*
 * bench_memory: what 10,000 rules cost in memory, by part.
 *
 *   bench_memory parts SHAPE   loads them in this process and tells what each part takes
 *   bench_memory text SHAPE    writes the rules file, for measuring a running gyr (run.sh M1)
 *
 * SHAPE is `simple` or `common` (bench_rulefile.h).
 */
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench_rulefile.h"
#include "fieldcsv.h"
#include "plan/plan.h"
#include "ruleset/loader.h"
#include "ruleset/match.h"
#include "util/mem.h"

enum { N_RULES = 10000 };

/* MB that are handed out by malloc. */
static double in_use(void)
{
	struct mallinfo2 m = mallinfo2();

	return (double)(m.uordblks + m.hblkhd) / 1e6;
}

/* MB of this process that are in memory, after what is free was given back. */
static double resident(void)
{
	unsigned long size = 0, pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	mem_trim();
	f = f ? f : stdin;
	if (fscanf(f, "%lu %lu", &size, &pages) != 2)
		pages = 0;
	if (f != stdin)
		(void)fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static double mb(size_t bytes)
{
	return (double)bytes / 1e6;
}

static int parts(struct str text)
{
	struct fieldset *fields = fieldset_new();
	struct rules_source source = {.name = "syscall", .fields = fields, .has_event_types = true};
	struct rules_options o = {.n_sources = 1, .sources = &source, .min_priority = RULE_DEBUG};
	struct rules_loader *l = NULL;
	struct ruleset *rs = NULL;
	struct matcher *m = NULL;
	double before, loaded, kept, planned, resident_before;

	if (!fields || fieldcsv_load(fields, SOURCE_DIR "/extractors/syscall/fields.csv") < 0)
		return 1;
	before = in_use();
	resident_before = resident();
	if (rules_loader_new(&o, &l) < 0 || rules_loader_add_text(l, "bench.yaml", text) < 0 ||
	    rules_loader_compile(l, &rs) < 0 || !rules_loader_ok(l))
		return 1;
	loaded = in_use() - before;
	rules_loader_free(l);
	kept = in_use() - before;
	if (matcher_new(rs, STR("syscall"), &m) < 0)
		return 1;
	planned = in_use() - before - kept;
	printf("while loading %.1f MB\n", loaded);
	printf("ruleset %.1f MB, of malloc %.1f MB\n", mb(ruleset_size(rs)), kept);
	printf("plan %.1f MB, with what one thread runs it in, of malloc %.1f MB\n",
	       mb(plan_size(matcher_plan(m))), planned);
	printf("resident %.1f MB more than before\n", resident() - resident_before);
	matcher_free(m);
	ruleset_unref(rs);
	fieldset_unref(fields);
	return 0;
}

int main(int argc, char **argv)
{
	int r = 0;
	struct buf b;

	if (argc != 3)
		return fprintf(stderr, "usage: bench_memory parts|text simple|common\n"), 2;
	buf_init(&b, 64 << 20);
	if (strcmp(argv[2], "simple") == 0)
		bench_simple_rules(&b, N_RULES);
	else
		bench_common_rules(&b, N_RULES);
	if (strcmp(argv[1], "text") == 0)
		(void)fwrite(b.p, 1, b.len, stdout);
	else
		r = parts(buf_str(&b));
	buf_deinit(&b);
	return r;
}
