/*
 * bench_rules: what rules cost per event, against their number and against the plain evaluator.
 *
 *	bench_rules R1      93 rules of everyday shape and N of one shape, N = 10 ... 10,000:
 *	                    ns(10,000) / ns(10), the worst of six shapes
 *	bench_rules R5      the same for all shapes but the first, patterns too; the one that no
 *	                    look-up can help is shown at N = 100 and does not count
 *	bench_rules R3      the plain evaluator on the same rules: how many times slower
 *	bench_rules R6      traffic that the priors misjudge: ns after replanning / before
 *	bench_rules L100k   100,000 rules: ns / ns(10)
 *	bench_rules run N PASSES [SHAPE]   only runs, for counting instructions (R2)
 *
 * CPU time of this thread, the least of 31 runs that alternate between the sizes compared. Each ends
 * with one line, `<id> <ratio>`.
 */
#include <stdio.h>
#include <time.h>

#include "mockrules.h"
#include "plan/plan.h"

enum {
	N_EVENTS = 4096,
	ROUNDS = 31,
	N_BASE = 93,
};

static const struct fetch mock_fetch = {.get = mock_get};

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* --- events: four in ten open a file, the rest is spread -----------------------------------------
 */

struct traffic {
	struct mock_event *events;
	char (*texts)[3][96];
};

static void event_fill(struct mock_event *e, char texts[3][96], struct mock_random *r)
{
	static const uint16_t codes[] = {3, 307, 307, 307, 5, 5, 23, 293, 293, 3};
	uint32_t user = mock_next(r, 600);

	e->evt.type = codes[mock_next(r, 10)];
	(void)snprintf(texts[0], 96, "proc_%u", user % 97);
	(void)snprintf(texts[1], 96, "/data/%u/file_%u.log", mock_next(r, 64), mock_next(r, 4096));
	(void)snprintf(texts[2], 96,
		       "/usr/bin/worker --id %u --config /etc/app/config.yaml --verbose", user);
	e->room[0][0] = mock_text(texts[0]);
	e->room[1][0] = mock_text("repo/image");
	e->room[2][0] = mock_text(texts[1]);
	e->room[3][0] = mock_text(texts[2]);
	e->room[4][0] = (union value){.u64 = user};
	e->room[5][0] = (union value){.i64 = user % 3};
	for (uint32_t f = 0; f < MOCK_FIELDS; f++) {
		const struct gyr_event_info *info = gyr_event(e->evt.type);

		e->values[f] = (struct values){.is_set = f < 6, .n = f < 6, .v = e->room[f]};
		if (mock_fields[f].role != FIELD_ROLE_EVENT_TYPE)
			continue;
		e->room[f][0].bytes = (struct str){info->name, info->name_len};
		e->values[f] = (struct values){.is_set = true, .n = 1, .v = e->room[f]};
	}
}

static void traffic_init(struct traffic *t)
{
	struct mock_random r = {2024};

	t->events = mem_new(N_EVENTS * sizeof *t->events);
	t->texts = mem_new(N_EVENTS * sizeof *t->texts);
	if (!t->events || !t->texts)
		abort();
	for (uint32_t i = 0; i < N_EVENTS; i++) {
		t->events[i].evt.num = i + 1;
		event_fill(&t->events[i], t->texts[i], &r);
	}
}

/* --- rules
 * ---------------------------------------------------------------------------------------- */

struct rules {
	struct fieldset *fs;
	struct use_table *uses;
	struct arena arena;
	struct plan_rule *items;
	struct evttypes opens, execs;
	uint32_t n;
	struct plan *plan;
	struct plan_run *run;
};

#define OPENS "evt.type in (open, openat) and "

static const char *const shapes[] = {
	[0] = OPENS "s.path startswith \"/x/%u/\" and s.a = foo_%u",
	[1] = OPENS "s.path startswith \"/x/%u/\" and not s.a in (bash, sh, cron, nginx)",
	[2] = OPENS "s.cmd contains \"tool_%u\"",
	[3] = OPENS "not s.a in (bash, sh) and not s.b = none and n.u > 1%05u",
	[4] = OPENS "s.b = repo/image and s.path startswith /data and n.u > 1%05u",
	[5] = OPENS "s.b = \"tenant/%u\" and s.path startswith /etc and not s.a in (bash, sh)",
	[6] = OPENS "s.cmd glob \"*tool_%u --id ?*\"",
	[7] = OPENS "s.cmd regex \"/[a-z]+/tool_%u (-[a-z]+ )*.*\"",
	[8] = OPENS "s.cmd regex \".*(a%u|b%u).*\"",
};
static const char *const shape_names[] = {
	"prefix and name",         "prefix and allow-list",      "contains",
	"negations and threshold", "shared gates and threshold", "tenants",
	"glob with a literal",     "regex with a literal",       "regex without a literal"};

enum { N_SHAPES = 9, N_PLAIN = 6, UNINDEXABLE = 8 };

static void add(struct rules *s, const char *text, const struct evttypes *types)
{
	s->items[s->n].expr = mock_compile(s->fs, s->uses, &s->arena, str_from(text));
	s->items[s->n].types = types;
	if (!s->items[s->n++].expr)
		abort();
}

/* Rules as people write them: a type, a place or a program, allow-lists. */
static void add_base(struct rules *s)
{
	char text[512];

	for (unsigned i = 0; i < N_BASE; i++) {
		const char *act = i % 3 ? "open, openat" : "execve";
		(void)snprintf(
			text, sizeof text,
			"evt.type in (%s) and (s.path pmatch (/etc/%u, /root/%u) or s.path "
			"startswith /var/run/%u) and not s.a in (systemd, proc_%u, cron, dpkg) "
			"and not (s.b startswith trusted/ and s.cmd contains \"--safe-%u\")",
			act, i, i % 7, i, 97 + i, i % 5);
		add(s, text, i % 3 ? &s->opens : &s->execs);
	}
}

/* The base rules and @n of @shape. */
static void rules_init(struct rules *s, const char *shape, uint32_t n)
{
	char text[512];

	*s = (struct rules){.fs = mock_fieldset(), .uses = use_table_new()};
	s->items = mem_new((n + N_BASE) * sizeof *s->items);
	if (!s->fs || !s->uses || !s->items)
		abort();
	evttypes_add(&s->opens, 3);
	evttypes_add(&s->opens, 307);
	evttypes_add(&s->execs, 293);
	add_base(s);
	for (uint32_t i = 0; i < n; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
		(void)snprintf(text, sizeof text, shape, i, i);
#pragma GCC diagnostic pop
		add(s, text, &s->opens);
	}
	if (plan_new(s->items, s->n, NULL, &s->plan) < 0 || plan_run_new(s->plan, &s->run) < 0)
		abort();
}

static void rules_deinit(struct rules *s)
{
	plan_run_free(s->run);
	plan_free(s->plan);
	mem_free(s->items);
	use_table_free(s->uses);
	fieldset_unref(s->fs);
	arena_deinit(&s->arena);
}

/* --- measuring
 * ------------------------------------------------------------------------------------ */

/* ns per event of one pass over the traffic by the plan. */
static double pass(struct rules *s, const struct traffic *t, uint64_t *sum)
{
	double start = now_ns();

	for (uint32_t i = 0; i < N_EVENTS; i++) {
		const uint32_t *got;

		*sum += plan_match(s->run, &t->events[i].evt, &mock_fetch, false, &got);
	}
	return (now_ns() - start) / N_EVENTS;
}

/* The same by the plain evaluator, on the first @n events. */
static double pass_plain(struct rules *s, const struct traffic *t, uint32_t n, uint64_t *sum)
{
	struct eval *e = eval_new();
	double start = now_ns();

	for (uint32_t i = 0; i < n; i++) {
		const struct event *evt = &t->events[i].evt;

		eval_reset(e);
		for (uint32_t k = 0; k < s->n; k++)
			if (evttypes_has(s->items[k].types, evt->type))
				*sum += eval_match(e, s->items[k].expr, evt, &mock_fetch);
	}
	start = (now_ns() - start) / n;
	eval_free(e);
	return start;
}

/* The second of two passes: the first puts into the caches what one who runs these rules alone has there. */
static double warm_pass(struct rules *s, const struct traffic *t, uint64_t *sum)
{
	(void)pass(s, t, sum);
	return pass(s, t, sum);
}

/* Other work on the machine only slows: the least is what it takes. */
static double least(const double *v)
{
	double best = v[0];

	for (unsigned i = 1; i < ROUNDS; i++)
		best = v[i] < best ? v[i] : best;
	return best;
}

/* Replans with what the first passes taught, as the router does in the background. */
static void learn(struct rules *s, const struct traffic *t)
{
	struct plan_stats *stats;
	struct plan *better;
	uint64_t sum = 0;

	for (unsigned i = 0; i < 64; i++)
		(void)pass(s, t, &sum);
	stats = plan_run_learned(s->run);
	if (!stats || plan_new(s->items, s->n, stats, &better) < 0)
		abort();
	plan_stats_free(stats);
	plan_run_free(s->run);
	plan_free(s->plan);
	s->plan = better;
	if (plan_run_new(s->plan, &s->run) < 0)
		abort();
}

/* ns per event with @n rules of the shape over those with 10. */
static double scale(const struct traffic *t, const char *shape, uint32_t n, double *ret_ns)
{
	double few_ns[ROUNDS], many_ns[ROUNDS], base;
	struct rules few, many;
	uint64_t sum = 0;

	rules_init(&few, shape, 10);
	rules_init(&many, shape, n);
	if (shape != shapes[UNINDEXABLE]) {
		learn(&few, t);
		learn(&many, t);
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		few_ns[i] = warm_pass(&few, t, &sum);
		many_ns[i] = warm_pass(&many, t, &sum);
	}
	base = least(few_ns);
	*ret_ns = least(many_ns);
	rules_deinit(&few);
	rules_deinit(&many);
	return *ret_ns / base;
}

/* Shapes @from up to, not with, @to. */
static void bench_scale(const struct traffic *t, const char *id, unsigned from, unsigned to)
{
	static const uint32_t sizes[] = {100, 1000, 10000};
	double worst = 0;

	for (unsigned k = from; k < to; k++) {
		double ratio = 0, ns;

		printf("%-28s", shape_names[k]);
		for (unsigned i = 0; i < (k == UNINDEXABLE ? 1 : 3); i++) {
			ratio = scale(t, shapes[k], sizes[i], &ns);
			printf("  N=%u %.0f ns (%.2f)", sizes[i], ns, ratio);
		}
		putchar('\n');
		if (k != UNINDEXABLE && ratio > worst)
			worst = ratio;
	}
	printf("%s %.2f\n", id, worst);
}

static void bench_plain(const struct traffic *t)
{
	static const uint32_t sizes[] = {10, 1000, 10000};
	double ratio = 0;

	for (unsigned i = 0; i < 3; i++) {
		double ours[ROUNDS], plain[ROUNDS];
		struct rules s;
		uint64_t sum = 0;

		rules_init(&s, shapes[0], sizes[i]);
		learn(&s, t);
		for (unsigned k = 0; k < ROUNDS; k++) {
			ours[k] = pass(&s, t, &sum);
			plain[k] = pass_plain(&s, t, sizes[i] > 1000 ? 128 : 1024, &sum);
		}
		ratio = least(plain) / least(ours);
		printf("N=%u: %.0f ns, plain %.0f ns, %.1f times\n", sizes[i], least(ours),
		       least(plain), ratio);
		rules_deinit(&s);
	}
	printf("R3 %.1f\n", ratio);
}

/* Each rule names its own pair of images, so that a prior takes both to be rare; every event is of the
 * one that all pairs hold. */
static void bench_adapt(const struct traffic *t)
{
	double before[ROUNDS], after[ROUNDS];
	struct rules fixed, adapted;
	uint64_t sum = 0;
	const char *shape = OPENS "s.b in (repo/image, other_%u) and s.cmd contains \"tool_%u\"";

	rules_init(&fixed, shape, 1000);
	rules_init(&adapted, shape, 1000);
	learn(&adapted, t);
	for (unsigned i = 0; i < ROUNDS; i++) {
		before[i] = pass(&fixed, t, &sum);
		after[i] = pass(&adapted, t, &sum);
	}
	printf("before %.0f ns, after %.0f ns\nR6 %.2f\n", least(before), least(after),
	       least(after) / least(before));
	rules_deinit(&fixed);
	rules_deinit(&adapted);
}

static void bench_many(const struct traffic *t)
{
	double start = now_ns(), ns, ratio = scale(t, shapes[0], 100000, &ns);

	printf("100,000 rules: %.0f ns, %.1f s in all\nL100k %.2f\n", ns, (now_ns() - start) / 1e9,
	       ratio);
}

static void run_only(const struct traffic *t, const char *shape, uint32_t n, uint32_t passes)
{
	struct rules s;
	uint64_t sum = 0;

	rules_init(&s, shape, n);
	learn(&s, t);
	for (uint32_t i = 0; i < passes; i++)
		(void)pass(&s, t, &sum);
	printf("%zu bytes of plan, %llu matches\n", plan_size(s.plan), (unsigned long long)sum);
	rules_deinit(&s);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "R1";
	unsigned shape = argc == 5 ? (unsigned)strtoul(argv[4], NULL, 10) : 0;
	struct traffic t;

	traffic_init(&t);
	if (strcmp(what, "R1") == 0)
		bench_scale(&t, what, 0, N_PLAIN);
	else if (strcmp(what, "R5") == 0)
		bench_scale(&t, what, 1, N_SHAPES);
	else if (strcmp(what, "R3") == 0)
		bench_plain(&t);
	else if (strcmp(what, "R6") == 0)
		bench_adapt(&t);
	else if (strcmp(what, "L100k") == 0)
		bench_many(&t);
	else if (strcmp(what, "run") == 0 && argc >= 4 && shape < N_SHAPES)
		run_only(&t, shapes[shape], (uint32_t)strtoul(argv[2], NULL, 10),
			 (uint32_t)strtoul(argv[3], NULL, 10));
	else
		return fprintf(stderr,
			       "usage: bench_rules R1|R3|R5|R6|L100k|run N PASSES [SHAPE]\n"),
		       2;
	mem_free(t.events);
	mem_free(t.texts);
	return 0;
}
