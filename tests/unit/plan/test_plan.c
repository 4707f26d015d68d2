/*
 * The plan against its oracle: whatever it does, the rules that match are those that the plain
 * evaluator says.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>

#include "mockrules.h"
#include "plan/plan.h"

enum {
	EVENTS = 120,
	MAX_RULES = 60,
};

struct world {
	struct fieldset *fs;
	struct use_table *uses;
	struct arena arena;
	struct buf text;
	struct eval *oracle;
	struct plan_rule rules[MAX_RULES];
	struct str conditions[MAX_RULES];
	struct evttypes sets[3];
	uint32_t n;
};

static const struct fetch mock_fetch = {.get = mock_get};
static const struct fetch entry_fetch = {.get = mock_get, .entry = mock_entry};

static void world_init(struct world *w)
{
	*w = (struct world){.fs = mock_fieldset(), .uses = use_table_new(), .oracle = eval_new()};
	buf_init(&w->text, 1 << 20);
	assert_non_null(w->fs);
	assert_non_null(w->uses);
	assert_non_null(w->oracle);
	evttypes_add(&w->sets[0], 3);
	evttypes_add(&w->sets[0], 307);
	evttypes_add(&w->sets[1], 293);
	evttypes_add(&w->sets[1], 402);
}

static void world_deinit(struct world *w)
{
	eval_free(w->oracle);
	use_table_free(w->uses);
	fieldset_unref(w->fs);
	arena_deinit(&w->arena);
	buf_deinit(&w->text);
}

static void add_rule(struct world *w, const char *condition, const struct evttypes *types)
{
	const struct expr *x = mock_compile(w->fs, w->uses, &w->arena, str_from(condition));

	assert_non_null(x);
	w->conditions[w->n] = arena_str(&w->arena, str_from(condition));
	w->rules[w->n++] = (struct plan_rule){.expr = x, .types = types};
}

static void add_random_rules(struct world *w, struct mock_random *r, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t set = mock_next(r, 4);

		buf_reset(&w->text);
		mock_condition(&w->text, r, mock_next(r, 7));
		add_rule(w, w->text.p, set < 3 ? &w->sets[set] : NULL);
	}
}

static bool applies(const struct plan_rule *r, uint16_t code)
{
	return !r->types || evttypes_count(r->types) == 0 || evttypes_has(r->types, code);
}

/* Every rule in turn, by the plain evaluator. */
static uint32_t judge(struct world *w, const struct mock_event *e, uint32_t *out)
{
	uint32_t n = 0;

	eval_reset(w->oracle);
	for (uint32_t i = 0; i < w->n; i++)
		if (applies(&w->rules[i], e->evt.type) &&
		    eval_match(w->oracle, w->rules[i].expr, &e->evt, &mock_fetch))
			out[n++] = i;
	return n;
}

static void assert_same_by(struct world *w, struct plan_run *run, const struct mock_event *e,
			   const struct fetch *fetch)
{
	uint32_t want[MAX_RULES], n_want = judge(w, e, want);
	const uint32_t *got;
	uint32_t n_got = plan_match(run, &e->evt, fetch, false, &got);

	for (uint32_t i = 0; i < n_want || i < n_got; i++) {
		uint32_t x = i < n_want ? want[i] : UINT32_MAX, y = i < n_got ? got[i] : UINT32_MAX;

		if (x == y)
			continue;
		fail_msg("event %llu type %u: the oracle says rule %d, the plan rule %d: %s",
			 (unsigned long long)e->evt.num, e->evt.type, (int)x, (int)y,
			 w->conditions[x < y ? x : y].p);
	}
}

static void assert_same(struct world *w, struct plan_run *run, const struct mock_event *e)
{
	assert_same_by(w, run, e, &mock_fetch);
}

static void random_rulesets(uint64_t seed, uint32_t n_sets, uint32_t n_events, bool learn)
{
	struct mock_random r = {seed};

	for (uint32_t set = 0; set < n_sets; set++) {
		struct mock_event e;
		struct plan_stats *stats = NULL;
		struct plan *plan;
		struct plan_run *run;
		struct world w;

		world_init(&w);
		add_random_rules(&w, &r, 1 + mock_next(&r, MAX_RULES));
		for (int round = 0; round <= learn; round++) {
			assert_int_equal(plan_new(w.rules, w.n, stats, &plan), 0);
			assert_int_equal(plan_run_new(plan, &run), 0);
			for (uint64_t i = 1; i <= n_events; i++) {
				mock_event_fill(&e, &r, i);
				assert_same(&w, run, &e);
			}
			plan_stats_free(stats);
			stats = plan_run_learned(run);
			plan_run_free(run);
			plan_free(plan);
		}
		plan_stats_free(stats);
		world_deinit(&w);
	}
}

/* How much to try, from the environment (the long form in tests/soak), else @fallback. */
static uint32_t amount(const char *name, uint32_t fallback)
{
	const char *text = getenv(name);

	return text ? (uint32_t)strtoul(text, NULL, 10) : fallback;
}

static void test_plan_matches_what_the_evaluator_matches(void **state)
{
	(void)state;
	random_rulesets(0x1234567, amount("PLAN_RULESETS", 150), amount("PLAN_EVENTS", 120), false);
}

static void test_what_was_learned_changes_no_answer(void **state)
{
	(void)state;
	random_rulesets(0x7654321, 60, EVENTS, true);
}

static void test_first_is_the_first_in_order(void **state)
{
	struct mock_random r = {99};
	struct mock_event e;
	struct plan *plan;
	struct plan_run *run;
	struct world w;
	const uint32_t *got;
	uint32_t want[MAX_RULES];

	(void)state;
	world_init(&w);
	add_random_rules(&w, &r, MAX_RULES);
	assert_int_equal(plan_new(w.rules, w.n, NULL, &plan), 0);
	assert_int_equal(plan_run_new(plan, &run), 0);
	for (uint64_t i = 1; i <= EVENTS; i++) {
		uint32_t n;

		mock_event_fill(&e, &r, i);
		n = judge(&w, &e, want);
		assert_int_equal(plan_match(run, &e.evt, &mock_fetch, true, &got), n > 0);
		if (n)
			assert_int_equal(got[0], want[0]);
	}
	plan_run_free(run);
	plan_free(plan);
	world_deinit(&w);
}

/* A rule that never matches, the reverse order, and a double negation change no answer. */
static void test_unrelated_changes_change_no_answer(void **state)
{
	struct mock_random r = {4242};
	struct mock_event e;
	struct plan *plan, *reversed;
	struct plan_run *run, *run_reversed;
	struct plan_rule backwards[MAX_RULES];
	struct world w;

	(void)state;
	world_init(&w);
	add_random_rules(&w, &r, MAX_RULES / 2);
	add_rule(&w, "s.a = never and s.a = ever", NULL);
	for (uint32_t i = 0; i < w.n; i++)
		backwards[i] = w.rules[w.n - 1 - i];
	assert_int_equal(plan_new(w.rules, w.n, NULL, &plan), 0);
	assert_int_equal(plan_new(backwards, w.n, NULL, &reversed), 0);
	assert_int_equal(plan_run_new(plan, &run), 0);
	assert_int_equal(plan_run_new(reversed, &run_reversed), 0);
	for (uint64_t i = 1; i <= EVENTS; i++) {
		const uint32_t *x, *y;
		uint32_t n;

		mock_event_fill(&e, &r, i);
		n = plan_match(run, &e.evt, &mock_fetch, false, &x);
		assert_int_equal(plan_match(run_reversed, &e.evt, &mock_fetch, false, &y), n);
		for (uint32_t k = 0; k < n; k++)
			assert_int_equal(x[k], w.n - 1 - y[n - 1 - k]);
	}
	plan_run_free(run);
	plan_run_free(run_reversed);
	plan_free(plan);
	plan_free(reversed);
	world_deinit(&w);
}

static void test_nothing_is_allocated_per_event(void **state)
{
	struct mock_random r = {5};
	static struct mock_event events[EVENTS];
	struct plan *plan;
	struct plan_run *run;
	struct world w;
	const uint32_t *got;
	unsigned long before;

	(void)state;
	world_init(&w);
	add_random_rules(&w, &r, MAX_RULES);
	assert_int_equal(plan_new(w.rules, w.n, NULL, &plan), 0);
	assert_int_equal(plan_run_new(plan, &run), 0);
	for (uint32_t i = 0; i < EVENTS; i++) {
		mock_event_fill(&events[i], &r, i + 1);
		(void)plan_match(run, &events[i].evt, &mock_fetch, false, &got);
	}
	before = mem_count();
	for (uint32_t i = 0; i < EVENTS; i++)
		(void)plan_match(run, &events[i].evt, &mock_fetch, false, &got);
	assert_int_equal(mem_count(), before);
	plan_run_free(run);
	plan_free(plan);
	world_deinit(&w);
}

static void test_equal_conditions_are_shared(void **state)
{
	struct plan *one, *many;
	struct world w;

	(void)state;
	world_init(&w);
	for (uint32_t i = 0; i < MAX_RULES; i++)
		add_rule(&w, "s.a in (bash, sh) and not s.path pmatch (/etc, /usr/bin)", NULL);
	assert_int_equal(plan_new(w.rules, 1, NULL, &one), 0);
	assert_int_equal(plan_new(w.rules, w.n, NULL, &many), 0);
	assert_in_range(plan_size(many), 0, plan_size(one) + MAX_RULES * 128);
	plan_free(one);
	plan_free(many);
	world_deinit(&w);
}

/* Judges events of @entries by a plan that was made with @stats, and adds what was saved and made. */
static struct plan_stats *judge_entries(struct world *w, struct mock_state *entries,
					struct mock_random *r, const struct plan_stats *stats,
					uint64_t ret_counts[2])
{
	uint64_t saved, made;
	struct plan_stats *learned;
	struct mock_event e;
	struct plan *plan;
	struct plan_run *run;

	assert_int_equal(plan_new(w->rules, w->n, stats, &plan), 0);
	assert_int_equal(plan_run_new(plan, &run), 0);
	for (uint64_t i = 1; i <= 4 * EVENTS; i++) {
		mock_event_fill(&e, r, i);
		mock_event_attach(&e, entries, r);
		assert_same_by(w, run, &e, &entry_fetch);
	}
	plan_run_atoms(run, &saved, &made);
	ret_counts[0] += saved;
	ret_counts[1] += made;
	learned = plan_run_learned(run);
	plan_run_free(run);
	plan_free(plan);
	return learned;
}

/* Fields that are facts of entries, which come, change their version and go, are looked up by what was
 * found before; by a plan that was learned too. */
static void test_entries_that_change_are_looked_up_anew(void **state)
{
	uint64_t counts[2] = {0, 0};
	struct mock_random r = {20261128};

	(void)state;
	for (unsigned set = 0; set < 75; set++) {
		static struct mock_state entries;
		struct plan_stats *stats;
		struct world w;

		memset(&entries, 0, sizeof entries);
		world_init(&w);
		add_random_rules(&w, &r, 1 + mock_next(&r, MAX_RULES));
		stats = judge_entries(&w, &entries, &r, NULL, counts);
		plan_stats_free(judge_entries(&w, &entries, &r, stats, counts));
		plan_stats_free(stats);
		world_deinit(&w);
	}
	assert_true(counts[1] > 1000);
	assert_true(counts[0] > counts[1]);
}

static void fill_text(struct mock_event *e, uint32_t field, const char *text)
{
	e->values[field] = (struct values){.is_set = true, .n = 1, .v = e->room[field]};
	e->room[field][0] = mock_text(text);
}

/* What is seldom true at large and always where it is asked wakes a rule for nothing. */
static void test_comparison_is_learned_from_events_that_ask_for_it(void **state)
{
	enum { B = 1, OPENAT_CODE = 307, EXECVE_CODE = 293, RARE = 16 };
	struct mock_random r = {7};
	struct plan *plan, *better;
	struct plan_stats *stats;
	struct mock_event e;
	struct plan_run *run;
	const uint32_t *got;
	struct world w;

	(void)state;
	world_init(&w);
	add_rule(&w, "evt.type = openat and s.a = zzz", &w.sets[0]);
	add_rule(&w, "evt.type = execve and s.b = nginx and n.flag = true", &w.sets[1]);
	assert_int_equal(plan_new(w.rules, w.n, NULL, &plan), 0);
	assert_int_equal(plan_run_new(plan, &run), 0);
	for (uint64_t i = 1; i <= PLAN_FIRST; i++) {
		mock_event_fill(&e, &r, i);
		/* neither kind always falls on a sample */
		e.evt.type = i % (RARE + 1) ? OPENAT_CODE : EXECVE_CODE;
		fill_text(&e, B, e.evt.type == EXECVE_CODE ? "nginx" : "cron");
		(void)plan_match(run, &e.evt, &mock_fetch, false, &got);
	}
	stats = plan_run_learned(run);
	assert_non_null(stats);
	assert_int_equal(plan_new(w.rules, w.n, stats, &better), 0);
	buf_reset(&w.text);
	plan_explain_rule(&w.text, better, 1);
	assert_non_null(strstr(w.text.p, "residual"));
	plan_stats_free(stats);
	plan_run_free(run);
	plan_free(plan);
	plan_free(better);
	world_deinit(&w);
}

enum { S_A = 0, S_PATH = 2, N_U = 4, N_FLAG = 7 };

static uint32_t n_asked[MOCK_FIELDS];

static void count_get(void *ctx, const struct event *evt, const struct field_use *const *uses,
		      uint32_t n, struct values *ret)
{
	for (uint32_t i = 0; i < n; i++)
		n_asked[uses[i]->field->id]++;
	mock_get(ctx, evt, uses, n, ret);
}

static void fill_number(struct mock_event *e, uint32_t field, uint64_t number)
{
	e->values[field] = (struct values){.is_set = true, .n = 1, .v = e->room[field]};
	e->room[field][0] = (union value){.u64 = number};
}

/* Of two comparisons that are always false the cheaper is asked first, once that is known of it; no look-up
 * tells that it is. */
static void test_comparison_without_look_up_is_learned_too(void **state)
{
	static const struct fetch counting = {.get = count_get};
	struct plan_stats *stats = NULL;
	struct mock_random r = {11};
	struct world w;

	(void)state;
	world_init(&w);
	add_rule(&w, "s.path startswith /etc and n.flag = true and not n.u > 3", NULL);
	for (unsigned round = 0; round < 2; round++) {
		struct plan *plan;
		struct plan_run *run;
		const uint32_t *got;

		assert_int_equal(plan_new(w.rules, w.n, stats, &plan), 0);
		assert_int_equal(plan_run_new(plan, &run), 0);
		memset(n_asked, 0, sizeof n_asked);
		for (uint64_t i = 1; i <= PLAN_FIRST; i++) {
			struct mock_event e;

			mock_event_fill(&e, &r, i);
			fill_text(&e, S_PATH, mock_next(&r, 4) ? "/usr/bin" : "/etc/passwd");
			fill_number(&e, N_FLAG, 0);
			fill_number(&e, N_U, 5);
			(void)plan_match(run, &e.evt, &counting, false, &got);
		}
		plan_stats_free(stats);
		stats = plan_run_learned(run);
		plan_run_free(run);
		plan_free(plan);
	}
	/* the other one is asked by samples alone */
	assert_true(n_asked[N_FLAG] > 2 * n_asked[N_U]);
	plan_stats_free(stats);
	world_deinit(&w);
}

/* A rule that an entry leaves possible is judged by the rest of it. */
static void test_what_an_entry_decided_is_not_looked_up_again(void **state)
{
	enum { N = 512 };
	struct mock_random r = {3};
	struct plan *plan;
	struct plan_run *run;
	uint64_t saved, made;
	struct world w;

	(void)state;
	world_init(&w);
	add_rule(
		&w,
		"s.a = bash and s.path startswith /etc and not s.path endswith x and n.flag = true",
		NULL);
	assert_int_equal(plan_new(w.rules, w.n, NULL, &plan), 0);
	assert_int_equal(plan_run_new(plan, &run), 0);
	for (uint64_t i = 1; i <= N; i++) {
		struct mock_event e;

		mock_event_fill(&e, &r, i);
		fill_text(&e, S_A, "bash");
		fill_text(&e, S_PATH, "/etc/passwd");
		e.has_entry[1] = true;
		e.entry[1] = (struct gyr_entry){1, 1};
		assert_same_by(&w, run, &e, &entry_fetch);
	}
	plan_run_atoms(run, &saved, &made);
	assert_in_range(saved, N - 1, N + N / 4); /* and what samples look up */
	plan_run_free(run);
	plan_free(plan);
	world_deinit(&w);
}

static const char *rule_name(void *ctx, uint32_t rule)
{
	(void)ctx;
	return rule ? "the residual one" : "the covered one";
}

static void test_explain_names_cover_and_residual_rules(void **state)
{
	struct plan *plan;
	struct world w;

	(void)state;
	world_init(&w);
	add_rule(&w, "evt.type = openat and s.a in (bash, sh) and not s.b = x", &w.sets[0]);
	add_rule(&w, "not s.path startswith /usr", NULL);
	assert_int_equal(plan_new(w.rules, w.n, NULL, &plan), 0);
	buf_reset(&w.text);
	plan_explain_rule(&w.text, plan, 0);
	assert_non_null(strstr(w.text.p, "s.a in (bash, sh)   [hash"));
	assert_null(strstr(w.text.p, "residual"));
	buf_reset(&w.text);
	plan_explain_rule(&w.text, plan, 1);
	assert_non_null(strstr(w.text.p, "residual"));
	buf_reset(&w.text);
	plan_explain(&w.text, plan, rule_name, NULL);
	assert_non_null(strstr(w.text.p, "the residual one"));
	assert_null(strstr(w.text.p, "the covered one"));
	plan_free(plan);
	world_deinit(&w);
}

static void test_explain_tells_of_sieves(void **state)
{
	struct plan *plan;
	struct world w;

	(void)state;
	world_init(&w);
	add_rule(&w, "s.cmd contains evil.example.org", NULL);
	add_rule(&w, "s.b contains ab", NULL); /* too short for one */
	assert_int_equal(plan_new(w.rules, w.n, NULL, &plan), 0);
	buf_reset(&w.text);
	plan_explain(&w.text, plan, rule_name, NULL);
	assert_non_null(strstr(w.text.p, "s.cmd: 1 keys, 1 comparisons, behind a sieve\n"));
	assert_non_null(strstr(w.text.p, "s.b: 1 keys, 1 comparisons\n"));
	plan_free(plan);
	world_deinit(&w);
}

/* What explain says of a plan whose one rule has @condition. */
static void explain_one(struct buf *text, const char *condition)
{
	struct plan *plan;
	struct world w;

	world_init(&w);
	add_rule(&w, condition, NULL);
	assert_int_equal(plan_new(w.rules, w.n, NULL, &plan), 0);
	buf_reset(text);
	plan_explain(text, plan, rule_name, NULL);
	plan_free(plan);
	world_deinit(&w);
}

static void test_exceptions_that_nobody_filled_cost_nothing(void **state)
{
	static const char *const never[] = {"s.b in ()", "s.b pmatch ()", "n.u < 0",
					    "not not n.u in ()"};
	struct buf bare, with;
	char condition[64];

	(void)state;
	buf_init(&bare, 1 << 16);
	buf_init(&with, 1 << 16);
	explain_one(&bare, "s.a = bash");
	for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
		(void)snprintf(condition, sizeof condition, "s.a = bash and not %s", never[i]);
		explain_one(&with, condition);
		assert_string_equal(with.p, bare.p);
	}
	explain_one(&with, "s.a = bash and not n.u < 1");
	assert_string_not_equal(with.p, bare.p);
	buf_deinit(&bare);
	buf_deinit(&with);
}

static void test_every_refused_allocation_is_survived(void **state)
{
	struct mock_random r = {31};
	struct plan *plan = NULL;
	struct world w;
	unsigned long n = 1;

	(void)state;
	world_init(&w);
	add_random_rules(&w, &r, 8);
	for (;; n++) {
		int e;

		mem_fail_at(n);
		e = plan_new(w.rules, w.n, NULL, &plan);
		mem_fail_at(0);
		if (e == 0)
			break;
		assert_int_equal(e, -ENOMEM);
	}
	assert_true(n > 10);
	plan_free(plan);
	world_deinit(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan_matches_what_the_evaluator_matches),
		cmocka_unit_test(test_what_was_learned_changes_no_answer),
		cmocka_unit_test(test_first_is_the_first_in_order),
		cmocka_unit_test(test_unrelated_changes_change_no_answer),
		cmocka_unit_test(test_nothing_is_allocated_per_event),
		cmocka_unit_test(test_equal_conditions_are_shared),
		cmocka_unit_test(test_entries_that_change_are_looked_up_anew),
		cmocka_unit_test(test_comparison_is_learned_from_events_that_ask_for_it),
		cmocka_unit_test(test_comparison_without_look_up_is_learned_too),
		cmocka_unit_test(test_what_an_entry_decided_is_not_looked_up_again),
		cmocka_unit_test(test_explain_names_cover_and_residual_rules),
		cmocka_unit_test(test_explain_tells_of_sieves),
		cmocka_unit_test(test_exceptions_that_nobody_filled_cost_nothing),
		cmocka_unit_test(test_every_refused_allocation_is_survived),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
