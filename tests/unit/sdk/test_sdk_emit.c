/*
 * One event at a time becomes batches; nothing emitted is lost, whatever comes after it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <gyr/plugin.h>

struct script {
	uint64_t n;    /* events to emit */
	uint64_t size; /* of each payload */
	const char *then;
	uint64_t done;
	bool is_closed;
	unsigned char *payload;
};

static const struct gyr_option script_rows[] = {
	GYR_OPT_U64(struct script, n, "0", "events"),
	GYR_OPT_U64(struct script, size, "8", "bytes"),
	GYR_OPT_STR(struct script, then, "eof", "what comes after"),
	{0},
};

static int script_open(struct gyr *p, void *inst, const char *params)
{
	struct script *s = inst;

	(void)params;
	s->payload = calloc(1, s->size + 8);
	return s->payload ? 0 : gyr_fail(p, -ENOMEM, "no memory");
}

static void script_close(struct gyr *p, void *inst)
{
	struct script *s = inst;

	(void)p;
	free(s->payload);
}

static int script_next(struct gyr *p, void *inst, struct gyr_batch *out)
{
	struct script *s = inst;

	if (s->done < s->n) {
		s->done++;
		memcpy(s->payload, &s->done, sizeof s->done);
		return gyr_emit(out, s->done, s->payload, s->size);
	}
	if (strcmp(s->then, "fail") == 0)
		return gyr_fail(p, -EIO, "the wire was cut");
	if (strcmp(s->then, "silent") == 0)
		return -ECONNRESET;
	return strcmp(s->then, "timeout") == 0 ? GYR_TIMEOUT : GYR_EOF;
}

static const struct gyr_source source = {
	.id = 998,
	.name = "script",
	.instance_size = sizeof(struct script),
	.params = script_rows,
	.open = script_open,
	.close = script_close,
	.next = script_next,
};
static const struct gyr_plugin plugin = {.name = "script", .version = "0.0.1"};

struct fixture {
	ss_plugin_t *s;
	ss_instance_t *h;
	uint32_t n;
	ss_plugin_event **evts;
};

static void start(struct fixture *x, const char *params)
{
	ss_plugin_rc rc;

	x->s = gyr__init(&plugin, &(ss_plugin_init_input){.config = ""}, &rc);
	x->h = gyr__open(&source, x->s, params, &rc);
	assert_int_equal(rc, SS_PLUGIN_SUCCESS);
}

static void stop(struct fixture *x)
{
	gyr__close(x->s, x->h);
	gyr__destroy(x->s);
}

static ss_plugin_rc pull(struct fixture *x)
{
	return gyr__next_batch(x->s, x->h, &x->n, &x->evts);
}

/* Pulls to the end; checks order, shape and payload of every event. The number of events. */
static uint64_t drain(struct fixture *x, uint32_t size, uint32_t *ret_largest, ss_plugin_rc *ret_rc)
{
	uint64_t seen = 0;

	*ret_largest = 0;
	while ((*ret_rc = pull(x)) == SS_PLUGIN_SUCCESS) {
		assert_true(x->n > 0);
		*ret_largest = x->n > *ret_largest ? x->n : *ret_largest;
		for (uint32_t i = 0; i < x->n; i++) {
			const ss_plugin_event *e = x->evts[i];
			uint32_t params[3];
			uint64_t number;

			seen++;
			assert_int_equal(e->len, PLUGIN_EVENT_PAYLOAD_OFFSET + size);
			assert_int_equal(e->type, GYR_EVENT_PLUGIN);
			assert_int_equal(e->ts, seen);
			memcpy(params, e + 1, sizeof params);
			assert_int_equal(params[1], size);
			assert_int_equal(params[2], 998);
			memcpy(&number, (const char *)e + PLUGIN_EVENT_PAYLOAD_OFFSET,
			       sizeof number);
			assert_int_equal(number, seen);
		}
	}
	assert_int_equal(x->n, 0);
	return seen;
}

static void test_batches_are_bounded_and_complete(void **state)
{
	static const struct {
		const char *params;
		uint64_t n;
		uint32_t size, largest;
	} rows[] = {
		{"{\"n\":1}", 1, 8, 1},
		{"{\"n\":128}", 128, 8, 128},
		{"{\"n\":129}", 129, 8, 128},
		{"{\"n\":1000}", 1000, 8, 128},
		{"{\"n\":100,\"size\":10000}", 100, 10000, 7},
		{"{\"n\":3,\"size\":3000000}", 3, 3000000, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct fixture x;
		uint32_t largest;
		ss_plugin_rc rc;

		start(&x, rows[i].params);
		assert_int_equal(drain(&x, rows[i].size, &largest, &rc), rows[i].n);
		assert_int_equal(rc, SS_PLUGIN_EOF);
		assert_true(largest <= rows[i].largest);
		assert_int_equal(pull(&x), SS_PLUGIN_EOF); /* the end stays the end */
		stop(&x);
	}
}

static void test_a_failure_comes_after_what_was_emitted_before_it(void **state)
{
	struct fixture x;
	uint32_t largest;
	ss_plugin_rc rc;

	(void)state;
	start(&x, "{\"n\":5,\"then\":\"fail\"}");
	assert_int_equal(drain(&x, 8, &largest, &rc), 5);
	assert_int_equal(rc, SS_PLUGIN_FAILURE);
	assert_string_equal(gyr__last_error(x.s), "the wire was cut");
	(void)gyr_fail(x.s, -EINVAL, "something else in between");
	assert_int_equal(pull(&x), SS_PLUGIN_FAILURE);
	assert_string_equal(gyr__last_error(x.s), "the wire was cut");
	stop(&x);
}

static void test_a_failure_without_a_text_gets_one(void **state)
{
	struct fixture x;

	(void)state;
	start(&x, "{\"then\":\"silent\"}");
	assert_int_equal(pull(&x), SS_PLUGIN_FAILURE);
	assert_non_null(strstr(gyr__last_error(x.s), "reset"));
	stop(&x);
}

static void test_a_timeout_with_events_in_hand_is_a_success(void **state)
{
	struct fixture x;

	(void)state;
	start(&x, "{\"n\":3,\"then\":\"timeout\"}");
	assert_int_equal(pull(&x), SS_PLUGIN_SUCCESS);
	assert_int_equal(x.n, 3);
	assert_int_equal(pull(&x), SS_PLUGIN_TIMEOUT);
	assert_int_equal(pull(&x), SS_PLUGIN_TIMEOUT);
	stop(&x);
}

static void test_wrong_parameters_are_told(void **state)
{
	ss_plugin_rc rc;
	ss_plugin_t *s = gyr__init(&plugin, &(ss_plugin_init_input){.config = ""}, &rc);

	(void)state;
	assert_null(gyr__open(&source, s, "{\"m\":1}", &rc));
	assert_int_equal(rc, SS_PLUGIN_FAILURE);
	assert_non_null(strstr(gyr__last_error(s), "'m'"));
	gyr__close(s, NULL);
	gyr__destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batches_are_bounded_and_complete),
		cmocka_unit_test(test_a_failure_comes_after_what_was_emitted_before_it),
		cmocka_unit_test(test_a_failure_without_a_text_gets_one),
		cmocka_unit_test(test_a_timeout_with_events_in_hand_is_a_success),
		cmocka_unit_test(test_wrong_parameters_are_told),
	};

	return cmocka_run_group_tests_name("sdk emit", tests, NULL, NULL);
}
