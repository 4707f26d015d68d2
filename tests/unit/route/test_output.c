/*
 * Queues and outputs: what waits, what is dropped, what is offered again, and that all is counted.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "fakealerts.h"
#include "route/output.h"
#include "route/queue.h"

static const char rules[] = "- {rule: r, desc: d, condition: x.number > 0, output: '%x.number', "
			    "priority: INFO, source: fake}\n";
static const struct log quiet = {.level = LOG_LEVEL_EMERGENCY};

/* A sink that remembers what it got and answers as it is told. */
struct recorder {
	sem_t may_send, has_sent;
	bool is_gated;
	unsigned n_retry_first; /* offers answered "again" before anything is taken */
	bool refuses, fails_open;
	unsigned n_until_over; /* then nobody reads any more; 0: never */
	unsigned n_over;       /* how often that was told */
	unsigned n_sends, n_opened, n_closed, n_reopened;
	unsigned n;
	uint64_t numbers[4096];
};

static int recorder_open(void *ctx, struct err *err)
{
	struct recorder *r = ctx;

	r->n_opened++;
	if (!r->fails_open)
		return 0;
	err_set(err, 0, 0, "no such place");
	return -EINVAL;
}

static const char *recorder_send(void *ctx, const struct gyr_alert *const *alerts, uint32_t n,
				 uint8_t *verdicts)
{
	struct recorder *r = ctx;

	if (r->is_gated) {
		(void)sem_post(&r->has_sent);
		(void)sem_wait(&r->may_send);
	}
	r->n_sends++;
	if (r->n_retry_first) {
		r->n_retry_first--;
		return "busy";
	}
	for (uint32_t i = 0; i < n; i++) {
		if (r->n_until_over && r->n == r->n_until_over) {
			verdicts[i] = GYR_ALERT_OVER;
			continue;
		}
		verdicts[i] = r->refuses ? GYR_ALERT_REFUSED : GYR_ALERT_ACCEPTED;
		r->numbers[r->n++ % 4096] = strtoull(alerts[i]->message, NULL, 10);
	}
	return r->refuses ? "never" : NULL;
}

static void recorder_reopen(void *ctx)
{
	struct recorder *r = ctx;

	r->n_reopened++;
	(void)sem_post(&r->has_sent);
}

static void recorder_close(void *ctx)
{
	struct recorder *r = ctx;

	r->n_closed++;
}

static void recorder_over(void *ctx)
{
	struct recorder *r = ctx;

	r->n_over++;
	(void)sem_post(&r->has_sent);
}

static void recorder_init(struct recorder *r)
{
	*r = (struct recorder){0};
	(void)sem_init(&r->may_send, 0, 0);
	(void)sem_init(&r->has_sent, 0, 0);
}

static struct output *start(struct recorder *r, uint32_t capacity, enum queue_policy policy)
{
	struct output_setup setup = {.name = "rec",
				     .sink = {.open = recorder_open,
					      .send = recorder_send,
					      .reopen = recorder_reopen,
					      .close = recorder_close,
					      .ctx = r},
				     .capacity = capacity,
				     .policy = policy,
				     .log = &quiet,
				     .on_over = recorder_over,
				     .on_over_ctx = r};
	struct err err = ERR_NULL;
	struct output *o = NULL;

	assert_int_equal(output_new(&setup, &o, &err), 0);
	return o;
}

static void send_numbers(struct fakealerts *f, struct output *o, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i <= to; i++) {
		struct alert *a;

		f->number = i;
		a = fakealerts_make(f, 0);
		output_send(o, a);
		(void)alert_unref(a);
	}
}

static struct output_counters stop(struct output *o)
{
	struct output_counters c;

	output_stop(o);
	output_join(o);
	output_count(o, &c);
	(void)output_free(o);
	return c;
}

static void test_everything_arrives_in_order(void **state)
{
	struct fakealerts f;
	struct recorder r;
	struct output_counters c;
	struct output *o;

	(void)state;
	fakealerts_init(&f, rules, (struct alert_options){.hostname = "h"});
	recorder_init(&r);
	o = start(&r, 4, QUEUE_BLOCK);
	send_numbers(&f, o, 1, 3000);
	c = stop(o);
	assert_int_equal(c.n_accepted, 3000);
	assert_int_equal(c.n_dropped + c.n_lost + c.n_refused + c.depth, 0);
	assert_int_equal(r.n, 3000);
	for (unsigned i = 0; i < r.n; i++)
		assert_int_equal(r.numbers[i], i + 1);
	assert_int_equal(r.n_opened, 1);
	assert_int_equal(r.n_closed, 1);
	fakealerts_deinit(&f);
}

static void test_a_full_queue_drops_and_counts(void **state)
{
	struct fakealerts f;
	struct recorder r;
	struct output_counters c;
	struct output *o;

	(void)state;
	fakealerts_init(&f, rules, (struct alert_options){.hostname = "h"});
	recorder_init(&r);
	r.is_gated = true;
	o = start(&r, 2, QUEUE_DROP_NEWEST);
	send_numbers(&f, o, 1, 1);
	(void)sem_wait(&r.has_sent); /* the thread holds 1; the queue is empty */
	send_numbers(&f, o, 2, 10);
	r.is_gated = false;
	(void)sem_post(&r.may_send);
	c = stop(o);
	assert_int_equal(c.n_dropped, 7);
	assert_int_equal(c.n_accepted, 3);
	assert_int_equal(r.numbers[1], 2);
	assert_int_equal(r.numbers[2], 3);
	fakealerts_deinit(&f);
}

static void test_what_is_not_accepted_is_offered_again(void **state)
{
	struct fakealerts f;
	struct recorder r;
	struct output_counters c;
	struct output *o;

	(void)state;
	fakealerts_init(&f, rules, (struct alert_options){.hostname = "h"});
	recorder_init(&r);
	r.n_retry_first = 2;
	o = start(&r, 16, QUEUE_BLOCK);
	send_numbers(&f, o, 1, 5);
	c = stop(o);
	assert_int_equal(c.n_accepted, 5);
	assert_true(c.n_retries >= 2);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(r.numbers[i], i + 1);
	fakealerts_deinit(&f);
}

static void test_refused_alerts_are_counted_and_gone(void **state)
{
	struct fakealerts f;
	struct recorder r;
	struct output_counters c;
	struct output *o;

	(void)state;
	fakealerts_init(&f, rules, (struct alert_options){.hostname = "h"});
	recorder_init(&r);
	r.refuses = true;
	o = start(&r, 16, QUEUE_BLOCK);
	send_numbers(&f, o, 1, 5);
	c = stop(o);
	assert_int_equal(c.n_refused, 5);
	assert_int_equal(c.n_accepted, 0);
	fakealerts_deinit(&f);
}

static void test_when_nobody_reads_an_output_is_over_and_blocks_no_source(void **state)
{
	struct recorder r;
	struct fakealerts f;
	struct output_counters c;
	struct output *o;

	(void)state;
	fakealerts_init(&f, rules, (struct alert_options){.hostname = "h"});
	recorder_init(&r);
	r.n_until_over = 3;
	o = start(&r, 4, QUEUE_BLOCK);
	assert_false(output_is_over(o));
	send_numbers(&f, o, 1, 100);
	(void)sem_wait(&r.has_sent);
	assert_true(output_is_over(o));
	c = stop(o);
	assert_int_equal(r.n_over, 1);
	assert_int_equal(c.n_accepted, 3);
	assert_int_equal(c.n_accepted + c.n_lost + c.n_dropped, 100);
	assert_int_equal(c.n_refused + c.n_retries, 0);
	fakealerts_deinit(&f);
}

static void test_a_sink_that_does_not_open_is_told(void **state)
{
	struct recorder r;
	struct output_setup setup = {
		.name = "rec",
		.sink = {.open = recorder_open, .send = recorder_send, .ctx = &r},
		.capacity = 1,
		.log = &quiet};
	struct err err = ERR_NULL;
	struct output *o = NULL;

	(void)state;
	recorder_init(&r);
	r.fails_open = true;
	assert_int_equal(output_new(&setup, &o, &err), -EINVAL);
	assert_string_equal(err.text, "no such place");
	assert_null(o);
}

static void test_reopen_reaches_an_idle_output(void **state)
{
	struct recorder r;
	struct output *o;

	(void)state;
	recorder_init(&r);
	o = start(&r, 4, QUEUE_BLOCK);
	output_reopen(o);
	(void)sem_wait(&r.has_sent);
	(void)stop(o);
	assert_int_equal(r.n_reopened, 1);
}

/* --- queue alone ------------------------------------------------------------------------------ */

static void count_drop(void *ctx, struct alert *a, bool is_closed)
{
	unsigned *n = ctx;

	n[is_closed]++;
	(void)alert_unref(a);
}

static struct queue *queue_of(uint32_t capacity, uint64_t cap_bytes, enum queue_policy policy,
			      unsigned *n_drops)
{
	const struct queue_setup setup = {.capacity = capacity,
					  .cap_bytes = cap_bytes,
					  .policy = policy,
					  .drop = count_drop,
					  .ctx = n_drops};
	struct queue *q = queue_new(&setup);

	assert_non_null(q);
	return q;
}

static void *push_one(void *arg)
{
	void **both = arg;

	queue_push(both[0], (struct alert **)&both[1], 1);
	return arg;
}

static void test_a_blocked_push_goes_on_when_there_is_room(void **state)
{
	struct fakealerts f;
	unsigned n_drops[2] = {0};
	struct queue *q = queue_of(1, 1 << 20, QUEUE_BLOCK, n_drops);
	struct alert *first, *second, *out[4];
	pthread_t t;
	void *result = NULL, *both[2];
	uint32_t n;

	(void)state;
	fakealerts_init(&f, rules, (struct alert_options){.hostname = "h"});
	first = fakealerts_make(&f, 0);
	second = fakealerts_make(&f, 0);
	queue_push(q, &first, 1);
	both[0] = q;
	both[1] = second;
	assert_int_equal(pthread_create(&t, NULL, push_one, both), 0);
	assert_int_equal(queue_take(q, out, 4, UINT32_MAX, &n), 0);
	assert_ptr_equal(out[0], first);
	(void)pthread_join(t, &result);
	assert_non_null(result);
	(void)alert_unref(first);
	queue_close(q);
	if (n == 1) {
		assert_int_equal(queue_take(q, out, 4, 0, &n), 0);
		assert_ptr_equal(out[0], second);
	}
	(void)alert_unref(second);
	assert_int_equal(queue_take(q, out, 4, UINT32_MAX, &n), QUEUE_E_CLOSED);
	(void)queue_free(q);
	fakealerts_deinit(&f);
}

static void test_a_closed_queue_refuses_and_can_be_emptied(void **state)
{
	struct fakealerts f;
	unsigned n_drops[2] = {0};
	struct queue *q = queue_of(4, 1 << 20, QUEUE_BLOCK, n_drops);
	struct alert *a, *out[4];
	uint32_t n;

	(void)state;
	fakealerts_init(&f, rules, (struct alert_options){.hostname = "h"});
	a = fakealerts_make(&f, 0);
	assert_int_equal(queue_take(q, out, 4, 0, &n), QUEUE_E_TIMEOUT);
	(void)alert_ref(a);
	queue_push(q, &a, 1);
	queue_close(q);
	queue_push(q, &a, 1);
	assert_int_equal(n_drops[0], 0);
	assert_int_equal(n_drops[1], 1);
	assert_int_equal(queue_take(q, out, 4, UINT32_MAX, &n), 0);
	assert_int_equal(n, 1);
	(void)alert_unref(out[0]);
	(void)queue_free(q);
	fakealerts_deinit(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_arrives_in_order),
		cmocka_unit_test(test_a_full_queue_drops_and_counts),
		cmocka_unit_test(test_what_is_not_accepted_is_offered_again),
		cmocka_unit_test(test_refused_alerts_are_counted_and_gone),
		cmocka_unit_test(test_when_nobody_reads_an_output_is_over_and_blocks_no_source),
		cmocka_unit_test(test_a_sink_that_does_not_open_is_told),
		cmocka_unit_test(test_reopen_reaches_an_idle_output),
		cmocka_unit_test(test_a_blocked_push_goes_on_when_there_is_room),
		cmocka_unit_test(test_a_closed_queue_refuses_and_can_be_emptied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
