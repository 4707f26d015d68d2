#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fakes.h"
#include "host/parser.h"
#include "host/source.h"

struct fixture {
	struct fakes fakes;
	struct module *module;
	struct instance *instance;
	struct source *source;
	struct err err;
};

static void open_fixture(struct fixture *x, const char *variant, const char *params)
{
	*x = (struct fixture){0};
	fakes_init(&x->fakes);
	x->module = fakes_open(&x->fakes, variant);
	x->instance = fakes_start(&x->fakes, x->module);
	assert_int_equal(source_open(x->instance,
				     &(struct source_setup){
					     .params = params,
					     .event_cap_bytes = 60,
				     },
				     &x->source, &x->err),
			 0);
}

static void close_fixture(struct fixture *x)
{
	source_close(x->source);
	instance_free(x->instance);
	module_close(x->module);
	fakes_deinit(&x->fakes);
}

static void test_events_are_stamped_and_numbered(void **state)
{
	struct fixture x;
	struct event e;
	uint32_t id;

	(void)state;
	open_fixture(&x, "good", "plain");
	assert_int_equal(source_pull(x.source, &x.err), 0);
	for (uint64_t i = 1; i <= 3; i++) {
		assert_true(source_next(x.source, &e));
		assert_int_equal(e.num, i);
		assert_int_equal(e.ts, 999 + i);
		assert_int_equal(e.type, GYR_EVENT_PLUGIN);
		assert_string_equal(e.source, "fake_events");
		assert_true(e.raw->tid == UINT64_MAX);
		memcpy(&id, (const char *)e.raw + 34, sizeof id);
		assert_int_equal(id, 900);
	}
	assert_false(source_next(x.source, &e));
	assert_int_equal(source_pull(x.source, &x.err), SOURCE_E_EOF);
	assert_int_equal(source_pull(x.source, &x.err), SOURCE_E_EOF);
	close_fixture(&x);
}

static void test_missing_time_becomes_now(void **state)
{
	struct fixture x;
	struct event e;

	(void)state;
	open_fixture(&x, "good", "now");
	assert_int_equal(source_pull(x.source, &x.err), 0);
	assert_true(source_next(x.source, &e));
	assert_true(source_next(x.source, &e));
	assert_true(e.ts != UINT64_MAX && e.ts > 1000000);
	close_fixture(&x);
}

/* How many events come out and how it ends. */
static void test_rules_about_batches_are_enforced(void **state)
{
	static const struct {
		const char *params;
		int n_events, end;
		const char *why;
		uint64_t n_malformed, n_too_large;
	} rows[] = {
		{"empty", 0, -EPROTO, "0 size", 0, 0},
		{"foreign", 1, -EPROTO, "ID of another plugin", 0, 0},
		{"code", 1, -EPROTO, "not of code 322", 0, 0},
		{"long", 2, SOURCE_E_EOF, "", 0, 1},
		{"short", 2, SOURCE_E_EOF, "", 1, 0},
		{"null", 2, SOURCE_E_EOF, "", 1, 0},
		{"eof", 3, SOURCE_E_EOF, "", 0, 0},
		{"broken", 3, -EIO, "told to break", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct source_counters c;
		struct fixture x;
		struct event e;
		int r, n = 0;

		open_fixture(&x, "good", rows[i].params);
		while ((r = source_pull(x.source, &x.err)) == 0)
			while (source_next(x.source, &e))
				n++;
		source_count(x.source, &c);
		if (r != rows[i].end || n != rows[i].n_events || !strstr(x.err.text, rows[i].why))
			fail_msg("%s: %d events, %d: %s", rows[i].params, n, r, x.err.text);
		assert_int_equal(c.n_malformed, rows[i].n_malformed);
		assert_int_equal(c.n_too_large, rows[i].n_too_large);
		assert_int_equal(c.n_events, n);
		close_fixture(&x);
	}
}

static void test_timeout_is_told_and_passes(void **state)
{
	struct fixture x;

	(void)state;
	open_fixture(&x, "good", "timeout");
	assert_int_equal(source_pull(x.source, &x.err), SOURCE_E_TIMEOUT);
	assert_int_equal(source_pull(x.source, &x.err), SOURCE_E_EOF);
	close_fixture(&x);
}

static void test_failed_open_says_what_the_plugin_says(void **state)
{
	struct fixture x;
	struct source *none = NULL;

	(void)state;
	open_fixture(&x, "good", "plain");
	assert_int_equal(
		source_open(x.instance, &(struct source_setup){.params = "refuse"}, &none, &x.err),
		-EIO);
	assert_null(none);
	assert_string_equal(x.err.text, "plugin 'fake': open failed: no 'refuse'");
	close_fixture(&x);
}

static void test_event_text_has_a_fallback(void **state)
{
	struct fixture x;
	struct event e;
	struct buf out;

	(void)state;
	buf_init(&out, 1024);
	open_fixture(&x, "good", "plain");
	assert_int_equal(source_pull(x.source, &x.err), 0);
	assert_true(source_next(x.source, &e));
	source_print(x.source, &e, &out);
	assert_string_equal(out.p, "datalen=5 data=hello");
	((char *)(uintptr_t)e.raw)[38] = '\x01';
	buf_reset(&out);
	source_print(x.source, &e, &out);
	assert_string_equal(out.p, "datalen=5 data=<binary>");
	close_fixture(&x);
	open_fixture(&x, "batched", "plain");
	assert_int_equal(source_pull(x.source, &x.err), 0);
	assert_true(source_next(x.source, &e));
	buf_reset(&out);
	source_print(x.source, &e, &out);
	assert_string_equal(out.p, "an event");
	close_fixture(&x);
	buf_deinit(&out);
}

static void test_progress_stays_within_its_range(void **state)
{
	struct fixture x;
	uint32_t pct = 0;
	const char *text = NULL;

	(void)state;
	open_fixture(&x, "good", "plain");
	assert_true(source_progress(x.source, &pct, &text));
	assert_int_equal(pct, 10000);
	assert_string_equal(text, "");
	assert_int_equal(source_shards(x.instance, "plain"), 1);
	close_fixture(&x);
}

static void test_parsers_see_each_event_until_they_have_seen_enough(void **state)
{
	struct fixture x;
	struct parser *p, *other;
	struct event e;

	(void)state;
	open_fixture(&x, "parser", "plain");
	p = parser_new((struct instance *[]){NULL, x.instance}, 2, STR("fake_events"));
	other = parser_new(&x.instance, 1, STR("other"));
	assert_int_equal(parser_count(p), 1);
	assert_int_equal(parser_count(other), 0);
	assert_int_equal(source_pull(x.source, &x.err), 0);
	while (source_next(x.source, &e))
		parser_run(p, &e);
	assert_int_equal(x.instance->n_parse_failed, 1);
	assert_int_equal(parser_count(p), 0); /* at the third event it had seen enough */
	parser_free(other);
	parser_free(p);
	close_fixture(&x);
}

/* Takes stretches of events of code 5 up to time 2000; their lengths, and 0 for an event on its own. */
static void test_stretches_end_where_an_event_needs_a_look(void **state)
{
	static const bool types[EVENT_CODES] = {[5] = true};
	static const struct {
		const char *params;
		uint64_t until;
		uint32_t lengths[4]; /* 9: the end */
		uint64_t n_events;
	} rows[] = {
		{"calls", 2000, {3, 9}, 3},
		{"calls", 1001, {2, 0, 9}, 3},
		{"calls", 999, {0, 0, 0, 9}, 3},
		{"calls other", 2000, {1, 0, 1, 9}, 3},
		{"calls late", UINT64_MAX, {2, 0, 9}, 3},
		{"calls short", 2000, {1, 0, 9}, 2}, /* the one between is skipped and counted */
		{"calls null", 2000, {2, 9}, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t num = 0;
		struct source_counters c;
		struct source_stretch st;
		struct fixture x;
		struct event e;
		const uint32_t *want = rows[i].lengths;

		open_fixture(&x, "calls", rows[i].params);
		assert_int_equal(source_pull(x.source, &x.err), 0);
		for (;; want++) {
			const uint32_t n = source_stretch(x.source, types, rows[i].until, &st);

			if (n) {
				assert_int_equal(n, *want);
				assert_int_equal(st.num, num + 1);
				num = st.num + n - 1;
				continue;
			}
			if (!source_next(x.source, &e))
				break;
			assert_int_equal(*want, 0);
			num = e.num;
		}
		if (*want != 9)
			fail_msg("%s: ended early", rows[i].params);
		source_count(x.source, &c);
		assert_int_equal(c.n_events, rows[i].n_events);
		assert_int_equal(source_num(x.source), 3);
		close_fixture(&x);
	}
}

static void test_only_a_plugin_that_parses_alone_takes_many_events(void **state)
{
	static const bool types[EVENT_CODES] = {[5] = true};
	struct source_stretch st;
	struct fixture x, y;
	struct parser *alone, *two, *slow, *none;

	(void)state;
	open_fixture(&x, "calls", "calls");
	open_fixture(&y, "parser", "plain");
	alone = parser_new(&x.instance, 1, STR("syscall"));
	none = parser_new(NULL, 0, STR("syscall"));
	two = parser_new((struct instance *[]){x.instance, x.instance}, 2, STR("syscall"));
	slow = parser_new(&y.instance, 1, STR("fake_events"));
	assert_int_equal(parser_count(alone), 1);
	assert_int_equal(parser_count(slow), 1);
	assert_true(parser_takes_many(alone, 5));
	assert_true(parser_takes_many(none, 5));
	assert_false(parser_takes_many(two, 5));
	assert_false(parser_takes_many(slow, GYR_EVENT_PLUGIN));
	assert_int_equal(source_pull(x.source, &x.err), 0);
	assert_int_equal(source_stretch(x.source, types, 2000, &st), 3);
	parser_stretch(none, &st);
	assert_int_equal(x.instance->n_parse_failed, 0);
	parser_stretch(alone, &st);
	assert_int_equal(x.instance->n_parse_failed, 1); /* one of three, as it says */
	parser_free(alone);
	parser_free(none);
	parser_free(two);
	parser_free(slow);
	close_fixture(&y);
	close_fixture(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events_are_stamped_and_numbered),
		cmocka_unit_test(test_missing_time_becomes_now),
		cmocka_unit_test(test_rules_about_batches_are_enforced),
		cmocka_unit_test(test_timeout_is_told_and_passes),
		cmocka_unit_test(test_failed_open_says_what_the_plugin_says),
		cmocka_unit_test(test_event_text_has_a_fallback),
		cmocka_unit_test(test_progress_stays_within_its_range),
		cmocka_unit_test(test_parsers_see_each_event_until_they_have_seen_enough),
		cmocka_unit_test(test_stretches_end_where_an_event_needs_a_look),
		cmocka_unit_test(test_only_a_plugin_that_parses_alone_takes_many_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
