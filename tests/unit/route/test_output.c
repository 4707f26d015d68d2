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
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fakealerts.h"
#include "route/ledger.h"
#include "route/output.h"
#include "route/queue.h"
#include "util/mem.h"

static const char rules[] = "- {rule: r, desc: d, condition: x.number > 0, output: '%x.number', "
			    "priority: INFO, source: fake}\n";
static const struct log quiet = {.level = LOG_LEVEL_EMERGENCY};

/* A sink that remembers what it got and answers as it is told. */
struct recorder {
	sem_t may_send, has_sent;
	bool is_gated;
	unsigned n_retry_first; /* offers answered "again" before anything is taken */
	bool refuses, fails_open;
	unsigned n_until_over;             /* then nobody reads any more; 0: never */
	unsigned n_told;                   /* how often its end was */
	unsigned n_most;                   /* alerts of one send */
	unsigned long mem_first, mem_last; /* memory asked for by its thread */
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
	r->n_most = n > r->n_most ? n : r->n_most;
	r->mem_last = mem_count();
	if (r->n_sends == 1)
		r->mem_first = r->mem_last;
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

static void recorder_end(void *ctx)
{
	struct recorder *r = ctx;

	r->n_told++;
	(void)sem_post(&r->has_sent);
}

static void recorder_init(struct recorder *r)
{
	*r = (struct recorder){0};
	(void)sem_init(&r->may_send, 0, 0);
	(void)sem_init(&r->has_sent, 0, 0);
}

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
				     .on_end = recorder_end,
				     .on_end_ctx = r};
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
	assert_int_equal(r.n_told, 2);
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

/* --- what was promised ------------------------------------------------------------------------ */

static struct output *start_with(struct recorder *r, const struct output_setup *more)
{
	struct output_setup setup = *more;
	struct err err = ERR_NULL;
	struct output *o = NULL;

	setup.name = "rec";
	setup.log = &quiet;
	setup.sink = (struct sink){.open = recorder_open,
				   .send = recorder_send,
				   .reopen = recorder_reopen,
				   .close = recorder_close,
				   .ctx = r};
	if (output_new(&setup, &o, &err) < 0)
		fail_msg("%s", err.text);
	return o;
}

static void test_a_batch_has_no_more_than_it_may(void **state)
{
	const struct output_setup setup = {.capacity = 100, .batch_max = 7};
	struct fakealerts f;
	struct recorder r;
	struct output *o;

	(void)state;
	fakealerts_init(&f, rules, (struct alert_options){.hostname = "h"});
	recorder_init(&r);
	o = start_with(&r, &setup);
	send_numbers(&f, o, 1, 50);
	(void)stop(o);
	assert_int_equal(r.n, 50);
	assert_in_range(r.n_most, 1, 7);
	fakealerts_deinit(&f);
}

static void test_an_incomplete_batch_lingers(void **state)
{
	const struct output_setup setup = {.capacity = 100, .batch_max = 20, .linger_ms = 60000};
	struct fakealerts f;
	struct recorder r;
	struct output *o;

	(void)state;
	fakealerts_init(&f, rules, (struct alert_options){.hostname = "h"});
	recorder_init(&r);
	r.is_gated = true;
	o = start_with(&r, &setup);
	for (uint64_t i = 1; i <= 20; i++)
		send_numbers(&f, o, i, i);
	(void)sem_wait(&r.has_sent); /* the batch is full: it goes before its time */
	r.is_gated = false;
	(void)sem_post(&r.may_send);
	(void)stop(o);
	assert_int_equal(r.n_sends, 1);
	assert_int_equal(r.n, 20);
	fakealerts_deinit(&f);
}

static void test_an_alert_is_given_up_after_its_tries_and_buried(void **state)
{
	char path[] = "/tmp/dead-XXXXXX", text[1024] = "";
	const struct output_setup setup = {
		.capacity = 10, .tries = 3, .dead_letter = path, .pace = {1, 1, 0, 0}};
	struct fakealerts f;
	struct output_counters c;
	struct recorder r;
	struct output *o;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	fakealerts_init(&f, rules, (struct alert_options){.hostname = "h"});
	recorder_init(&r);
	r.n_retry_first = 3;
	o = start_with(&r, &setup);
	send_numbers(&f, o, 1, 1);
	while (output_count(o, &c), c.n_exhausted == 0)
		(void)sched_yield();
	send_numbers(&f, o, 2, 2);
	c = stop(o);
	assert_int_equal(c.n_exhausted, 1);
	assert_int_equal(c.n_accepted, 1);
	assert_int_equal(c.n_dead, 1);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	assert_non_null(strstr(text, "\"output\":\"rec\",\"reason\":\"tried too often\",\"error\":"
				     "\"busy\",\"id\":\""));
	assert_non_null(strstr(text, "\"alert\":{\"hostname\":\"h\""));
	(void)close(fd);
	(void)unlink(path);
	fakealerts_deinit(&f);
}

static void test_a_dead_letter_file_has_its_full_size(void **state)
{
	char path[] = "/tmp/dead-XXXXXX";
	const struct output_setup setup = {
		.capacity = 100, .dead_letter = path, .dead_letter_bytes = 1000};
	struct fakealerts f;
	struct output_counters c;
	struct recorder r;
	struct output *o;
	struct stat st;
	int fd = mkstemp(path);

	(void)state;
	fakealerts_init(&f, rules, (struct alert_options){.hostname = "h"});
	recorder_init(&r);
	r.refuses = true;
	o = start_with(&r, &setup);
	send_numbers(&f, o, 1, 50);
	c = stop(o);
	assert_int_equal(c.n_refused, 50);
	assert_int_equal(c.n_dead + c.n_dead_failed, 50);
	assert_true(c.n_dead > 0 && c.n_dead_failed > 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_in_range(st.st_size, 1, 1000);
	(void)close(fd);
	(void)unlink(path);
	fakealerts_deinit(&f);
}

static _Atomic uint64_t finished; /* what the source of the alerts was told */

static void tell(void *ctx, uint64_t num)
{
	(void)ctx;
	finished = num;
}

static struct ledger *make_ledger(void)
{
	finished = 0;
	return ledger_new(4, tell, NULL);
}

/* Sends one alert with a line; returns the line, let go by the sender. */
static struct line *send_with_line(struct fakealerts *f, struct output *o, struct ledger *l,
				   uint64_t num)
{
	struct alert *a = fakealerts_make(f, 0);
	struct line *line = ledger_add(l, num);

	a->line = line;
	output_send(o, a);
	line_done(line);
	ledger_judged(l, num);
	(void)alert_unref(a);
	return line;
}

static void test_a_line_is_let_go_as_the_delivery_says(void **state)
{
	static const struct {
		enum output_delivery delivery;
		bool refuses;
		uint64_t before,
			after; /* the mark while the sink has the alert, and when it is done */
	} rows[] = {
		{OUTPUT_BEST_EFFORT, false, 1, 1},
		{OUTPUT_DELIVERED, false, 0, 1},
		{OUTPUT_DELIVERED, true, 0, 1},
	};
	struct ledger *l;
	struct fakealerts f;

	(void)state;
	fakealerts_init(&f, rules, (struct alert_options){.hostname = "h"});
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct output_setup setup = {.capacity = 10, .delivery = rows[i].delivery};
		struct recorder r;
		struct output *o;

		recorder_init(&r);
		r.is_gated = true;
		r.refuses = rows[i].refuses;
		l = make_ledger();
		o = start_with(&r, &setup);
		assert_int_equal(output_is_required(o), rows[i].delivery != OUTPUT_BEST_EFFORT);
		(void)send_with_line(&f, o, l, 1);
		(void)sem_wait(&r.has_sent);
		ledger_settle(l);
		assert_int_equal(finished, rows[i].before);
		(void)sem_post(&r.may_send);
		(void)stop(o);
		assert_int_equal(finished, rows[i].after);
		(void)ledger_free(l);
	}
	fakealerts_deinit(&f);
}

static void test_an_alert_that_is_lost_at_the_end_leaves_its_event_unfinished(void **state)
{
	const struct output_setup setup = {
		.capacity = 10, .delivery = OUTPUT_DELIVERED, .drain_ms = 1, .pace = {1, 1, 0, 0}};
	struct ledger *l = make_ledger();
	struct output_counters c;
	struct fakealerts f;
	struct recorder r;
	struct output *o;

	(void)state;
	fakealerts_init(&f, rules, (struct alert_options){.hostname = "h"});
	recorder_init(&r);
	r.n_retry_first = UINT32_MAX;
	o = start_with(&r, &setup);
	(void)send_with_line(&f, o, l, 1);
	output_stop(o);
	(void)send_with_line(&f, o, l, 2); /* nor does one that comes too late */
	c = stop(o);
	assert_int_equal(c.n_lost, 2);
	ledger_settle(l);
	assert_int_equal(finished, 0);
	(void)ledger_free(l);
	fakealerts_deinit(&f);
}

static void test_the_oldest_make_room_when_that_is_the_policy(void **state)
{
	struct fakealerts f;
	struct recorder r;
	struct output_counters c;
	struct output *o;

	(void)state;
	fakealerts_init(&f, rules, (struct alert_options){.hostname = "h"});
	recorder_init(&r);
	r.is_gated = true;
	o = start(&r, 2, QUEUE_DROP_OLDEST);
	send_numbers(&f, o, 1, 1);
	(void)sem_wait(&r.has_sent); /* the thread holds 1; the queue is empty */
	send_numbers(&f, o, 2, 10);
	r.is_gated = false;
	(void)sem_post(&r.may_send);
	c = stop(o);
	assert_int_equal(c.n_dropped, 7);
	assert_int_equal(r.n, 3);
	assert_int_equal(r.numbers[1], 9);
	assert_int_equal(r.numbers[2], 10);
	fakealerts_deinit(&f);
}

static void test_a_queue_is_bounded_in_bytes(void **state)
{
	struct fakealerts f;
	struct alert *a, *out[10];
	unsigned n_drops[2] = {0};
	struct queue *q;
	uint64_t bytes;
	uint32_t n;

	(void)state;
	fakealerts_init(&f, rules, (struct alert_options){.hostname = "h"});
	a = fakealerts_make(&f, 0);
	q = queue_of(10, 3 * alert_bytes(a), QUEUE_DROP_NEWEST, n_drops);
	for (int i = 0; i < 5; i++) {
		(void)alert_ref(a);
		queue_push(q, &a, 1);
	}
	assert_int_equal(n_drops[0], 2);
	assert_int_equal(queue_depth(q, &bytes), 3);
	assert_int_equal(bytes, 3 * alert_bytes(a));
	assert_int_equal(queue_take(q, out, 10, 0, &n), 0);
	assert_int_equal(n, 3);
	alert_unref_all(out, n);
	(void)queue_free(q);
	q = queue_of(10, 1, QUEUE_DROP_NEWEST, n_drops); /* one fits whatever its size */
	(void)alert_ref(a);
	queue_push(q, &a, 1);
	assert_int_equal(n_drops[0], 2);
	(void)queue_free(q);
	(void)alert_unref(a);
	fakealerts_deinit(&f);
}

static void test_no_memory_is_asked_for_on_the_way_once_warm(void **state)
{
	const struct output_setup setup = {.capacity = 256};
	struct fakealerts f;
	struct outbox *box;
	struct recorder r;
	struct output *o;
	struct alert *warm[1024];
	unsigned long before;

	(void)state;
	fakealerts_init(&f, rules, (struct alert_options){.hostname = "h"});
	recorder_init(&r);
	o = start_with(&r, &setup);
	box = outbox_new(o);
	/* As many alerts as can be on their way at once: in the queue, the outbox, the thread's
	 * hands, the writer's. */
	for (int i = 0; i < 1024; i++)
		warm[i] = fakealerts_make(&f, 0);
	alert_unref_all(warm, 1024);
	before = mem_count();
	for (int i = 0; i < 20000; i++) {
		struct alert *a = fakealerts_make(&f, 0);

		outbox_add(box, a);
		(void)alert_unref(a);
	}
	outbox_flush(box);
	assert_int_equal(mem_count(), before);
	(void)outbox_free(box);
	(void)stop(o);
	assert_int_equal(r.mem_last, r.mem_first);
	fakealerts_deinit(&f);
}

static void test_a_spooled_output_delivers_and_finishes_what_is_on_disk(void **state)
{
	char dir[] = "/tmp/spool-test-XXXXXX", path[64];
	struct output_setup setup = {
		.capacity = 10, .delivery = OUTPUT_SPOOLED, .pace = {1, 1, 0, 0}};
	struct ledger *l = make_ledger();
	struct output_counters c;
	struct fakealerts f;
	struct recorder r;
	struct output *o;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fakealerts_init(&f, rules, (struct alert_options){.hostname = "h"});
	recorder_init(&r);
	r.n_retry_first = UINT32_MAX;
	setup.spool.dir = dir;
	setup.drain_ms = 1;
	o = start_with(&r, &setup);
	f.number = 7;
	(void)send_with_line(&f, o, l, 1);
	while (!finished) /* though the sink has not taken it */
		(void)sched_yield();
	c = stop(o);
	assert_int_equal(c.n_accepted + c.n_lost, 0);
	assert_int_equal(c.spool.n_records, 1);
	recorder_init(&r);
	setup.drain_ms = 0;
	o = start_with(&r, &setup);
	c = stop(o);
	assert_int_equal(c.n_accepted, 1);
	assert_int_equal(c.spool.n_records, 0);
	assert_int_equal(r.numbers[0], 7);
	(void)snprintf(path, sizeof(path), "%s/cursor", dir);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/lock", dir);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/%016x.seg", dir, 1);
	(void)unlink(path);
	assert_int_equal(rmdir(dir), 0);
	(void)ledger_free(l);
	fakealerts_deinit(&f);
}

/* --- queue alone ------------------------------------------------------------------------------ */

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
		cmocka_unit_test(test_a_batch_has_no_more_than_it_may),
		cmocka_unit_test(test_an_incomplete_batch_lingers),
		cmocka_unit_test(test_an_alert_is_given_up_after_its_tries_and_buried),
		cmocka_unit_test(test_a_dead_letter_file_has_its_full_size),
		cmocka_unit_test(test_a_line_is_let_go_as_the_delivery_says),
		cmocka_unit_test(test_an_alert_that_is_lost_at_the_end_leaves_its_event_unfinished),
		cmocka_unit_test(test_the_oldest_make_room_when_that_is_the_policy),
		cmocka_unit_test(test_a_queue_is_bounded_in_bytes),
		cmocka_unit_test(test_no_memory_is_asked_for_on_the_way_once_warm),
		cmocka_unit_test(test_a_spooled_output_delivers_and_finishes_what_is_on_disk),
		cmocka_unit_test(test_a_blocked_push_goes_on_when_there_is_room),
		cmocka_unit_test(test_a_closed_queue_refuses_and_can_be_emptied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
