/*
 * Suppression: what is held back, and what is told of it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

#include "fakealerts.h"
#include "util/mem.h"
#include "util/siphash.h"

#define RULE(name)       \
	"- {rule: " name \
	", desc: d, condition: x.number > 0, output: o, priority: INFO, source: fake}\n"

static const struct alert_options opts = {.hostname = "h"};
static const char *const by_text[] = {"x.text"};
static const char *const by_both[] = {"x.text", "x.number"};

static const struct suppress_policy two_a_second = {.rate = 2, .burst = 2};

struct bench {
	struct fakealerts f;
	uint64_t start_ts;
};

static void bench_init(struct bench *b, const struct suppress_policy *p, uint32_t capacity)
{
	fakealerts_init(&b->f, RULE("one") RULE("two"), opts);
	b->f.plan = alert_plan_unref(b->f.plan);
	b->f.policies = (struct suppress_policies){1, p};
	b->f.suppress = suppress_new(capacity);
	assert_non_null(b->f.suppress);
	assert_int_equal(fakealerts_plan(&b->f), 0);
	b->start_ts = b->f.evt.ts;
}

static void bench_deinit(struct bench *b)
{
	fakealerts_deinit(&b->f);
	(void)suppress_free(b->f.suppress);
}

/* Whether an alert of rule @rule, @ms after the start, gets through. */
static bool passes(struct bench *b, uint32_t rule, uint64_t ms)
{
	const struct alert_subject s = fakealerts_subject(&b->f, rule);

	b->f.evt.ts = b->start_ts + ms * 1000000;
	return alert_targets(b->f.writer, b->f.plan, &s) != 0;
}

static void test_a_burst_passes_and_then_the_rate(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, &two_a_second, 16);
	assert_true(passes(&b, 0, 0));
	assert_true(passes(&b, 0, 1));
	assert_false(passes(&b, 0, 2));
	assert_false(passes(&b, 0, 300));
	assert_true(passes(&b, 0, 501));
	assert_false(passes(&b, 0, 600));
	bench_deinit(&b);
}

static void test_rules_have_budgets_of_their_own(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, &two_a_second, 16);
	assert_true(passes(&b, 0, 0));
	assert_true(passes(&b, 0, 0));
	assert_false(passes(&b, 0, 0));
	assert_true(passes(&b, 1, 0));
	bench_deinit(&b);
}

static void test_rules_may_share_a_budget(void **state)
{
	const struct suppress_policy p = {.rate = 2, .burst = 2, .is_shared = true};
	struct bench b;

	(void)state;
	bench_init(&b, &p, 16);
	assert_true(passes(&b, 0, 0));
	assert_true(passes(&b, 1, 0));
	assert_false(passes(&b, 0, 0));
	assert_false(passes(&b, 1, 0));
	bench_deinit(&b);
}

static void test_values_of_the_key_have_budgets_of_their_own(void **state)
{
	const struct suppress_policy p = {.rate = 1, .burst = 1, .key = by_text, .n_key = 1};
	struct bench b;

	(void)state;
	bench_init(&b, &p, 16);
	assert_true(passes(&b, 0, 0));
	assert_false(passes(&b, 0, 0));
	b.f.text = "other";
	assert_true(passes(&b, 0, 0));
	b.f.text = NULL;
	assert_true(passes(&b, 0, 0));
	assert_false(passes(&b, 0, 0));
	b.f.text = "<NA>"; /* is not the same as absent */
	assert_true(passes(&b, 0, 0));
	bench_deinit(&b);
}

static void test_no_text_looks_like_the_values_of_another_key(void **state)
{
	const struct suppress_policy p = {.rate = 1, .burst = 1, .key = by_both, .n_key = 2};
	struct bench b;

	(void)state;
	bench_init(&b, &p, 16);
	b.f.text = "a, 4";
	b.f.number = 2;
	assert_true(passes(&b, 0, 0));
	b.f.text = "a";
	b.f.number = 42;
	assert_true(passes(&b, 0, 0));
	bench_deinit(&b);
}

static void test_repetitions_are_dropped_within_the_window(void **state)
{
	const struct suppress_policy p = {.dedupe_ms = 1000, .key = by_text, .n_key = 1};
	struct bench b;

	(void)state;
	bench_init(&b, &p, 16);
	assert_true(passes(&b, 0, 0));
	assert_false(passes(&b, 0, 10));
	assert_false(passes(&b, 0, 999)); /* does not make the window longer */
	assert_true(passes(&b, 0, 1000));
	assert_false(passes(&b, 0, 1001));
	bench_deinit(&b);
}

static void test_time_that_goes_back_stands_still(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, &two_a_second, 16);
	assert_true(passes(&b, 0, 10000));
	assert_true(passes(&b, 0, 0));
	assert_false(passes(&b, 0, 5000));
	assert_false(passes(&b, 0, 10000));
	bench_deinit(&b);
}

/* A full table lets through too much, never too little. */
static void test_a_full_table_forgets_the_oldest_key_and_counts(void **state)
{
	const struct suppress_policy p = {.rate = 1, .burst = 1, .key = by_text, .n_key = 1};
	struct suppress_counters c;
	struct bench b;

	(void)state;
	bench_init(&b, &p, 2);
	b.f.text = "a";
	assert_true(passes(&b, 0, 0));
	assert_false(passes(&b, 0, 0));
	b.f.text = "b";
	assert_true(passes(&b, 0, 0));
	b.f.text = "c";
	assert_true(passes(&b, 0, 0));
	assert_false(passes(&b, 0, 0));
	b.f.text = "a";
	assert_true(passes(&b, 0, 0));
	suppress_count(b.f.suppress, &c);
	assert_int_equal(c.n_evicted, 2);
	assert_int_equal(c.n_suppressed, 2);
	assert_int_equal(c.n_keys, 2);
	bench_deinit(&b);
}

struct told {
	uint32_t n;
	struct suppress_summary last[4];
};

static void take(void *ctx, const struct suppress_summary *s)
{
	struct told *t = ctx;

	t->last[t->n++] = *s;
}

static void test_a_summary_tells_all_of_it_once(void **state)
{
	const struct suppress_policy p = {.rate = 1, .burst = 1, .key = by_text, .n_key = 1};
	struct told told = {0};
	struct bench b;

	(void)state;
	bench_init(&b, &p, 16);
	for (int i = 0; i < 10; i++) {
		b.f.text = i % 2 ? "odd" : "even";
		(void)passes(&b, 0, (uint64_t)i);
		b.f.text = "odd";
		(void)passes(&b, 0, (uint64_t)i);
	}
	suppress_tell(b.f.suppress, take, &told);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.last[0].n, 18);
	assert_int_equal(told.last[0].n_keys, 2);
	assert_string_equal(told.last[0].keys[0].text, "odd");
	assert_int_equal(told.last[0].keys[0].n, 14);
	assert_int_equal(told.last[0].keys[1].n, 4);
	assert_true(str_is(told.last[0].row->rule, "one"));
	suppress_tell(b.f.suppress, take, &told);
	assert_int_equal(told.n, 1);
	assert_int_equal(atomic_load(&b.f.tally.first->n_suppressed), 18);
	assert_int_equal(atomic_load(&b.f.tally.first->n_alerts), 20);
	bench_deinit(&b);
}

static void test_what_was_evicted_is_told_too(void **state)
{
	const struct suppress_policy p = {.rate = 1, .burst = 1, .key = by_text, .n_key = 1};
	struct told told = {0};
	struct bench b;

	(void)state;
	bench_init(&b, &p, 1);
	b.f.text = "a";
	assert_true(passes(&b, 0, 0));
	assert_false(passes(&b, 0, 0));
	b.f.text = "b";
	assert_true(passes(&b, 1, 0));
	suppress_tell(b.f.suppress, take, &told);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.last[0].n, 1);
	assert_int_equal(told.last[0].n_keys, 0);
	bench_deinit(&b);
}

static void test_nothing_is_allocated_once_warm(void **state)
{
	const struct suppress_policy p = {.rate = 1, .burst = 1, .key = by_text, .n_key = 1};
	unsigned long before;
	struct bench b;
	char text[32];

	(void)state;
	bench_init(&b, &p, 64);
	b.f.text = text;
	(void)snprintf(text, sizeof(text), "%d", 1000000);
	(void)passes(&b, 0, 0);
	before = mem_count();
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		(void)passes(&b, 0, 0);
		(void)passes(&b, 0, 0);
	}
	assert_int_equal(mem_count(), before);
	bench_deinit(&b);
}

static void test_a_key_that_is_no_field_is_refused(void **state)
{
	static const char *const wrong[] = {"x.txt"};
	const struct suppress_policy p = {.rate = 1, .burst = 1, .key = wrong, .n_key = 1};
	struct fakealerts f;

	(void)state;
	fakealerts_init(&f, RULE("one"), opts);
	f.plan = alert_plan_unref(f.plan);
	f.policies = (struct suppress_policies){1, &p};
	assert_int_equal(fakealerts_plan(&f), -EINVAL);
	assert_non_null(strstr(f.err.text, "x.txt"));
	fakealerts_deinit(&f);
}

/* The example of the paper, appendix A. */
static void test_siphash_is_that_of_the_paper(void **state)
{
	const struct siphash_key key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
	unsigned char in[15];

	(void)state;
	for (unsigned char i = 0; i < sizeof(in); i++)
		in[i] = i;
	assert_true(siphash(&key, in, sizeof(in)) == 0xa129ca6149be45e5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_burst_passes_and_then_the_rate),
		cmocka_unit_test(test_rules_have_budgets_of_their_own),
		cmocka_unit_test(test_rules_may_share_a_budget),
		cmocka_unit_test(test_values_of_the_key_have_budgets_of_their_own),
		cmocka_unit_test(test_no_text_looks_like_the_values_of_another_key),
		cmocka_unit_test(test_repetitions_are_dropped_within_the_window),
		cmocka_unit_test(test_time_that_goes_back_stands_still),
		cmocka_unit_test(test_a_full_table_forgets_the_oldest_key_and_counts),
		cmocka_unit_test(test_a_summary_tells_all_of_it_once),
		cmocka_unit_test(test_what_was_evicted_is_told_too),
		cmocka_unit_test(test_nothing_is_allocated_once_warm),
		cmocka_unit_test(test_a_key_that_is_no_field_is_refused),
		cmocka_unit_test(test_siphash_is_that_of_the_paper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
