/*
 * What the webhook makes of bodies, below the server: the queue, the memory of events, the edits.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auditbody.h"

#define TIME "\"stageTimestamp\":\"2024-01-02T03:04:05Z\""
#define EVENT(id) "{\"auditID\":\"" id "\",\"stage\":\"Panic\"," TIME "}"

/* ---- the queue ---- */

static bool put(struct eventq *q, uint64_t ts, size_t len)
{
	char *room = eventq_room(q, len);

	if (!room)
		return false;
	memset(room, (int)(ts % 256), len);
	(void)eventq_put(q, ts, len);
	eventq_publish(q);
	return true;
}

/* Takes the next event, which has to be the one with @ts. */
static void take(struct eventq *q, uint64_t ts, size_t len)
{
	const ss_plugin_event *e = eventq_take(q, 0);
	const unsigned char *p = (const unsigned char *)e + PLUGIN_EVENT_PAYLOAD_OFFSET;

	assert_non_null(e);
	assert_int_equal(e->ts, ts);
	assert_int_equal(e->len, PLUGIN_EVENT_PAYLOAD_OFFSET + len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(p[i], ts % 256);
}

static void test_queue_refuses_when_full_and_goes_on_when_there_is_room(void **state)
{
	struct eventq *q;
	uint64_t first = 1, last = 0;

	(void)state;
	assert_int_equal(eventq_new(4096, 1, &q), 0);
	for (int round = 0; round < 200; round++) {
		while (put(q, last + 1, (size_t)(last % 700)))
			last++;
		assert_true(last >= first);
		for (int i = 0; i < 3 && first <= last; i++, first++)
			take(q, first, (size_t)((first - 1) % 700));
		eventq_release(q);
	}
	for (; first <= last; first++)
		take(q, first, (size_t)((first - 1) % 700));
	assert_null(eventq_take(q, 0));
	assert_int_equal(eventq_left(q), 0);
	(void)eventq_free(q);
}

static void test_an_empty_queue_has_room_for_all_it_has(void **state)
{
	struct eventq *q;

	(void)state;
	assert_int_equal(eventq_new(4096, 1, &q), 0);
	for (uint64_t i = 1; i < 50; i++) {
		const size_t len = i % 2 ? 4096 - EVENTQ_OVERHEAD : 100;

		assert_true(put(q, i, len));
		take(q, i, len);
		if (i % 2)
			assert_false(put(q, i, len)); /* it is being looked at still */
		eventq_release(q);
	}
	assert_false(put(q, 1, 4096));
	(void)eventq_free(q);
}

enum { MANY = 20000 };

static void *put_many(void *arg)
{
	for (uint64_t i = 1; i <= MANY; i++)
		while (!put(arg, i, (size_t)(i % 300)))
			(void)sched_yield();
	return NULL;
}

static void test_two_threads_share_a_queue(void **state)
{
	struct eventq *q;
	pthread_t thread;
	uint64_t next = 1;

	(void)state;
	assert_int_equal(eventq_new(8192, 1, &q), 0);
	assert_int_equal(pthread_create(&thread, NULL, put_many, q), 0);
	while (next <= MANY) {
		const ss_plugin_event *e = eventq_take(q, 1000);

		if (e)
			assert_int_equal(e->ts, next++);
		if (!e || next % 7 == 0)
			eventq_release(q);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)eventq_free(q);
}

/* ---- what was seen ---- */

static void digest_of(unsigned n, unsigned char ret[SEEN_DIGEST])
{
	assert_int_equal(seen_digest(&n, sizeof n, ret), 0);
}

static uint64_t find(struct seen *s, unsigned n)
{
	unsigned char d[SEEN_DIGEST];

	digest_of(n, d);
	return seen_find(s, d);
}

static void test_what_was_not_met_for_longest_is_forgotten(void **state)
{
	struct seen *s = seen_new(100);
	unsigned char d[SEEN_DIGEST];

	(void)state;
	assert_non_null(s);
	for (unsigned i = 1; i <= 1000; i++) {
		digest_of(i, d);
		seen_add(s, d, i);
		assert_int_equal(find(s, 1), 1); /* met again and again, it stays */
	}
	for (unsigned i = 2; i <= 1000; i++)
		assert_int_equal(find(s, i), i > 901 ? i : 0);
	(void)seen_free(s);
}

static void test_a_memory_of_nothing_remembers_nothing(void **state)
{
	struct seen *s = seen_new(0);
	unsigned char d[SEEN_DIGEST];

	(void)state;
	digest_of(1, d);
	seen_add(s, d, 1);
	assert_int_equal(find(s, 1), 0);
	(void)seen_free(s);
}

/* ---- edits ---- */

static void test_edits_keep_the_rest_byte_for_byte(void **state)
{
	static const struct {
		struct auditedit how;
		const char *event, *want;
	} rows[] = {
		{{.is_reduced = true},
		 "{\"a\" : "
		 "1.50,\"requestObject\":{\"x\":[1]},\"b\":\"\\u0041\",\"responseObject\":null}",
		 "{\"a\":1.50,\"b\":\"\\u0041\",\"annotations\":{\"router.audit/"
		 "truncated\":\"true\"}}"},
		{{.cluster = "c-1"},
		 "{\"annotations\":{\"k\":\"v\",\"cluster_name\":\"lie\"},\"requestObject\":[]}",
		 "{\"requestObject\":[],\"annotations\":{\"k\":\"v\",\"cluster_name\":\"c-1\"}}"},
		{{.is_reduced = true, .cluster = "c"},
		 "{\"annotations\":null}",
		 "{\"annotations\":{\"cluster_name\":\"c\",\"router.audit/truncated\":\"true\"}}"},
		{{.cluster = "c"}, "{}", "{\"annotations\":{\"cluster_name\":\"c\"}}"},
		{{.cluster = "c"},
		 "{\"annotations\":{\"a\":1},\"annotations\":{\"cluster_name\":\"lie\"}}",
		 "{\"annotations\":{\"a\":1,\"cluster_name\":\"c\"}}"},
		{{.is_reduced = true},
		 "{\"request\\u004fbject\":1,\"objectRef\":{\"requestObject\":2}}",
		 "{\"objectRef\":{\"requestObject\":2},\"annotations\":{\"router.audit/truncated\":"
		 "\"true\"}}"},
	};
	char got[1024];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(auditedit_write(&rows[i].how, rows[i].event, strlen(rows[i].event),
						 got, &len),
				 0);
		got[len] = '\0';
		assert_string_equal(got, rows[i].want);
	}
	assert_int_not_equal(auditedit_write(&rows[0].how, "[1]", 3, got, &len), 0);
	assert_int_not_equal(auditedit_write(&rows[0].how, "{\"a\"", 4, got, &len), 0);
}

/* ---- bodies ---- */

struct rig {
	struct webhook_stats stats;
	struct auditintake in;
	struct auditbody body;
	unsigned n_notes;
};

static void on_note(void *ctx, uint64_t offset, const char *why)
{
	(void)offset;
	assert_non_null(why);
	((struct rig *)ctx)->n_notes++;
}

static void rig_init(struct rig *r, size_t queue, size_t held)
{
	*r = (struct rig){.in = {.max_event = 400,
				 .max_held = held,
				 .seen = seen_new(16),
				 .stats = &r->stats,
				 .note = on_note,
				 .note_ctx = r}};
	assert_int_equal(eventq_new(queue, 1, &r->in.queue), 0);
	assert_int_equal(auditintake_init(&r->in), 0);
	auditbody_init(&r->body, &r->in);
}

static void rig_deinit(struct rig *r)
{
	auditbody_deinit(&r->body);
	assert_int_equal(r->in.held, 0);
	auditintake_deinit(&r->in);
	(void)seen_free(r->in.seen);
	(void)eventq_free(r->in.queue);
}

static enum auditbody_outcome body(struct rig *r, const char *text)
{
	auditbody_begin(&r->body, NULL);
	auditbody_feed(&r->body, text, strlen(text));
	auditbody_end(&r->body, true);
	return r->body.outcome;
}

static void test_a_resend_waits_for_the_event_it_repeats(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 8192, 1 << 20);
	assert_int_equal(body(&r, EVENT("1") EVENT("2")), AUDITBODY_OK);
	assert_int_equal(r.body.last_number, 2);
	assert_int_equal(body(&r, EVENT("3")), AUDITBODY_OK);
	assert_int_equal(body(&r, "[" EVENT("1") "," EVENT("2") "]"), AUDITBODY_OK);
	assert_int_equal(r.body.last_number, 2);
	assert_int_equal(eventq_left(r.in.queue), 3);
	rig_deinit(&r);
}

static void test_a_request_that_met_a_full_queue_goes_on_where_it_was(void **state)
{
	struct rig r;
	char text[4000] = "";

	(void)state;
	rig_init(&r, 4096, 1 << 20);
	r.in.seen = (seen_free(r.in.seen), seen_new(64));
	for (int i = 0; i < 50; i++) {
		const size_t at = strlen(text);

		(void)snprintf(text + at, sizeof text - at,
			       "{\"auditID\":\"%d\",\"stage\":\"P\"," TIME "}", i);
	}
	assert_int_equal(body(&r, text), AUDITBODY_QUEUE_FULL);
	assert_in_range(r.stats.webhook_events, 1, 49);
	while (eventq_take(r.in.queue, 0))
		;
	eventq_release(r.in.queue);
	assert_int_equal(body(&r, text), AUDITBODY_OK);
	assert_int_equal(r.stats.webhook_events, 50);
	rig_deinit(&r);
}

static void test_too_much_that_is_received_at_once_is_pushed_back(void **state)
{
	struct rig r;
	char *text = malloc(100000);

	(void)state;
	assert_non_null(text);
	rig_init(&r, 8192, 20000);
	memset(text, 'x', 100000);
	memcpy(text, "{\"a\":\"", 6);
	auditbody_begin(&r.body, NULL);
	auditbody_feed(&r.body, text, 10000);
	assert_int_equal(r.body.outcome, AUDITBODY_OK);
	auditbody_feed(&r.body, text + 10000, 90000);
	auditbody_feed(&r.body, text, 10000);
	assert_int_equal(r.body.outcome, AUDITBODY_MEMORY_FULL);
	assert_int_equal(r.in.held, 0);
	assert_int_equal(body(&r, EVENT("1")), AUDITBODY_OK);
	rig_deinit(&r);
	free(text);
}

static void test_what_is_wrong_costs_only_itself(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 8192, 1 << 20);
	assert_int_equal(body(&r, "{\"items\":[" EVENT("1") ",{\"x\":1}," EVENT("2") "]}"),
			 AUDITBODY_MALFORMED);
	assert_int_equal(eventq_left(r.in.queue), 2);
	assert_int_equal(r.n_notes, 1);
	assert_int_equal(body(&r, EVENT("3")), AUDITBODY_OK);
	rig_deinit(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queue_refuses_when_full_and_goes_on_when_there_is_room),
		cmocka_unit_test(test_an_empty_queue_has_room_for_all_it_has),
		cmocka_unit_test(test_two_threads_share_a_queue),
		cmocka_unit_test(test_what_was_not_met_for_longest_is_forgotten),
		cmocka_unit_test(test_a_memory_of_nothing_remembers_nothing),
		cmocka_unit_test(test_edits_keep_the_rest_byte_for_byte),
		cmocka_unit_test(test_a_resend_waits_for_the_event_it_repeats),
		cmocka_unit_test(test_a_request_that_met_a_full_queue_goes_on_where_it_was),
		cmocka_unit_test(test_too_much_that_is_received_at_once_is_pushed_back),
		cmocka_unit_test(test_what_is_wrong_costs_only_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
