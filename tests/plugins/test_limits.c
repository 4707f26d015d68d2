/* What the state of system calls keeps, refuses and forgets. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <gyr/ppm.h>
#include <gyr/scapmeta.h>

#include "plug.h"
#include "scapbuild.h"

#define SECOND 1000000000ULL
#define START (1700000000 * SECOND)

static const char config[] =
	"{\"falco_libs\":{\"thread_table_size\":64,\"thread_table_auto_purging_interval_s\":10,"
	"\"thread_table_auto_purging_thread_timeout_s\":60}}";

struct host {
	struct plug plug;
	struct scapbuild b;
	uint64_t num;
};

/* Shows the plugin one event. */
static void show(struct host *h, const struct sb_event *e)
{
	enum { BLOCK_HEAD = 10 };
	ss_plugin_event_input in = {.evtnum = ++h->num, .evtsrc = "syscall"};
	const ss_plugin_event_parse_input parse = {0};

	h->b.len = 0;
	sb_event(&h->b, e);
	in.evt = (const void *)(h->b.p + BLOCK_HEAD);
	assert_int_equal(plug_parse(&h->plug, &in, &parse), SS_PLUGIN_SUCCESS);
}

static void open_one(struct host *h, uint64_t tid, int64_t fd, uint64_t ts)
{
	static const int64_t at = PPM_AT_FDCWD;
	static const uint64_t zero;

	show(h, &(const struct sb_event){.block = 0x216,
					 .type = 307,
					 .ts = START + ts,
					 .tid = tid,
					 .n = 7,
					 .params = {{&fd, 8},
						    {&at, 8},
						    {"/etc/hosts", 11},
						    {&zero, 4},
						    {&zero, 4},
						    {&zero, 4},
						    {&zero, 8}}});
}

/* The record that tells whether events are of this machine. */
static void machine(struct host *h, uint32_t is_live)
{
	const struct gyr_meta_machine m = {.is_live = is_live, .hostname = {.p = "", .len = 0}};
	const size_t numbers = offsetof(struct gyr_meta_machine, hostname);
	const uint16_t size = (uint16_t)numbers, n_texts = 1;
	const uint32_t id = 0;
	uint8_t data[256];
	size_t len = 0;

	memcpy(data, &size, 2);
	memcpy(data + 2, &m, numbers);
	len = 2 + numbers;
	memcpy(data + len, &n_texts, 2);
	memset(data + len + 2, 0, 5); /* an empty text and its NUL */
	len += 7;
	show(h, &(const struct sb_event){.block = 0x216,
					 .type = 402,
					 .n = 3,
					 .params = {{&id, 4},
						    {GYR_META_MACHINE, sizeof GYR_META_MACHINE},
						    {data, (uint32_t)len}}});
}

struct wanted {
	const char *name;
	uint64_t n;
	bool found;
};

static void see(void *ctx, const struct instance_metric *m)
{
	struct wanted *w = ctx;

	if (strcmp(m->name, w->name) != 0)
		return;
	w->n = m->u64;
	w->found = true;
}

static uint64_t metric(struct host *h, const char *name)
{
	char full[64];
	struct wanted w = {.name = full};

	(void)snprintf(full, sizeof full, "syscall_fields.%s", name);
	instance_metrics(h->plug.instance, see, &w);
	assert_true(w.found);
	return w.n;
}

static void begin(struct host *h)
{
	*h = (struct host){0};
	plug_open(&h->plug, "syscall_fields", config);
}

static void finish(struct host *h)
{
	plug_close(&h->plug);
	sb_free(&h->b);
}

/* Nobody can tell an idle thread of a recording from one that is gone. */
static void test_idle_threads_of_a_recording_are_kept_while_there_is_room(void **state)
{
	struct host h;

	(void)state;
	begin(&h);
	for (uint64_t tid = 1; tid <= 40; tid++)
		open_one(&h, 1000000000 + tid, 3, SECOND);
	open_one(&h, 5, 3, 1000 * SECOND);
	open_one(&h, 5, 4, 2000 * SECOND);
	assert_int_equal(metric(&h, "n_threads"), 41);
	assert_int_equal(metric(&h, "threads_aged"), 0);
	finish(&h);
}

static void test_a_nearly_full_table_forgets_those_that_were_idle(void **state)
{
	struct host h;

	(void)state;
	begin(&h);
	for (uint64_t tid = 1; tid <= 60; tid++)
		open_one(&h, 1000000000 + tid, 3, SECOND);
	open_one(&h, 5, 3, 70 * SECOND);
	assert_int_equal(metric(&h, "threads_aged"), 59); /* that of the last event stays */
	assert_int_equal(metric(&h, "n_threads"), 2);
	finish(&h);
}

static void test_a_full_table_of_busy_threads_refuses_and_counts(void **state)
{
	struct host h;

	(void)state;
	begin(&h);
	for (uint64_t i = 0; i < 300; i++)
		open_one(&h, 1000000000 + i % 100, 3, SECOND + i);
	assert_int_equal(metric(&h, "n_threads"), 64);
	assert_int_equal(metric(&h, "threads_aged"), 0);
	assert_true(metric(&h, "threads_refused") >= 36);
	finish(&h);
}

/* Numbers that no process of this machine can have are gone; the one of this test is not. */
static void test_idle_threads_of_this_machine_go_when_they_are_gone(void **state)
{
	struct host h;

	(void)state;
	begin(&h);
	machine(&h, 1);
	for (uint64_t tid = 1; tid <= 10; tid++)
		open_one(&h, 1000000000 + tid, 3, SECOND);
	open_one(&h, 5, 3, 30 * SECOND);
	assert_int_equal(metric(&h, "n_threads"), 11);
	open_one(&h, 5, 3, 100 * SECOND);
	assert_int_equal(metric(&h, "n_threads"), 1);
	assert_int_equal(metric(&h, "threads_aged"), 10);
	finish(&h);
}

static void test_time_that_jumps_back_ages_nobody(void **state)
{
	struct host h;

	(void)state;
	begin(&h);
	for (uint64_t tid = 1; tid <= 60; tid++)
		open_one(&h, 1000000000 + tid, 3, 1000 * SECOND);
	for (uint64_t tid = 1; tid <= 60; tid++)
		open_one(&h, 1000000000 + tid, 3, tid);
	assert_int_equal(metric(&h, "n_threads"), 60);
	assert_int_equal(metric(&h, "threads_aged"), 0);
	finish(&h);
}

static void test_descriptors_beyond_the_bound_are_refused_and_counted(void **state)
{
	struct host h;

	(void)state;
	begin(&h);
	for (int64_t fd = 0; fd < 65536 + 10; fd++)
		open_one(&h, 7, fd, SECOND);
	assert_int_equal(metric(&h, "fds_refused"), 10);
	finish(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idle_threads_of_a_recording_are_kept_while_there_is_room),
		cmocka_unit_test(test_a_nearly_full_table_forgets_those_that_were_idle),
		cmocka_unit_test(test_a_full_table_of_busy_threads_refuses_and_counts),
		cmocka_unit_test(test_idle_threads_of_this_machine_go_when_they_are_gone),
		cmocka_unit_test(test_time_that_jumps_back_ages_nobody),
		cmocka_unit_test(test_descriptors_beyond_the_bound_are_refused_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
