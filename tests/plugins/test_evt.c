/*
 * The fields that every event has, over events made here.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "host/parser.h"
#include "plug.h"

/* 2021-03-04 05:06:07.000000089 UTC. */
static const uint64_t ts = 1614834367ull * 1000000000 + 89;

struct made {
	unsigned char bytes[64];
	struct event evt;
};

static void make(struct made *m, uint16_t type, uint64_t time, const char *source)
{
	static const char name[] = "container";
	const bool is_async = type == GYR_EVENT_ASYNC;
	const uint32_t plugin[] = {4, 2, 999, 0}, async[] = {4, sizeof name, 0, 0};
	const size_t size = is_async ? sizeof async + sizeof name : 3 * sizeof *plugin + 2;
	const ss_plugin_event head = {.ts = time,
				      .tid = UINT64_MAX,
				      .len = (uint32_t)(sizeof head + size),
				      .type = type,
				      .nparams = is_async ? 3 : 2};

	memcpy(m->bytes, &head, sizeof head);
	memcpy(m->bytes + sizeof head, is_async ? async : plugin, sizeof async);
	if (is_async)
		memcpy(m->bytes + sizeof head + sizeof async, name, sizeof name);
	m->evt = (struct event){
		.raw = (void *)m->bytes, .num = 42, .ts = time, .type = type, .source = source};
}

static void parse(struct plug *x, const struct event *evt)
{
	const ss_plugin_event_input in = {
		.evt = evt->raw, .evtnum = evt->num, .evtsrc = evt->source};
	const ss_plugin_event_parse_input parse_in = {0};

	assert_int_equal(x->module->caps & MODULE_PARSING, MODULE_PARSING);
	assert_int_not_equal(plug_parse(x, &in, &parse_in), SS_PLUGIN_FAILURE);
}

static void test_times_are_written_in_the_zone_of_the_host(void **state)
{
	static const struct {
		const char *zone, *field, *want;
	} rows[] = {
		{"UTC", "evt.time", "05:06:07.000000089"},
		{"UTC", "evt.time.s", "05:06:07"},
		{"UTC", "evt.time.iso8601", "2021-03-04T05:06:07.000000089+0000"},
		{"UTC", "evt.datetime", "2021-03-04 05:06:07.000000089"},
		{"UTC", "evt.datetime.s", "2021-03-04 05:06:07"},
		{"XYZ+6", "evt.time", "23:06:07.000000089"},
		{"XYZ+6", "evt.datetime.s", "2021-03-03 23:06:07"},
		{"XYZ+6", "evt.time.iso8601", "2021-03-04T05:06:07.000000089+0000"},
		{"UTC", "evt.rawtime", "1614834367000000089"},
		{"UTC", "evt.rawtime.s", "1614834367"},
		{"UTC", "evt.rawtime.ns", "000000089"},
		{"UTC", "evt.num", "42"},
		{"UTC", "evt.source", "here"},
		{"UTC", "evt.hostname", "a-host"},
		{"UTC", "evt.is_async", "false"},
		{"UTC", "evt.asynctype", "<NA>"},
		{"UTC", "evt.pluginname", "<NA>"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct plug x;
		struct made m;

		assert_int_equal(setenv("TZ", rows[i].zone, 1), 0);
		assert_int_equal(setenv("FALCO_HOSTNAME", "a-host", 1), 0);
		plug_open(&x, "evt", "");
		make(&m, GYR_EVENT_PLUGIN, ts, "here");
		assert_string_equal(plug_ask(&x, &m.evt, rows[i].field, NULL), rows[i].want);
		plug_close(&x);
	}
}

static void test_the_second_changes_the_text(void **state)
{
	struct plug x;
	struct made m;

	(void)state;
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	plug_open(&x, "evt", "");
	make(&m, GYR_EVENT_PLUGIN, ts, "here");
	assert_string_equal(plug_ask(&x, &m.evt, "evt.time.s", NULL), "05:06:07");
	make(&m, GYR_EVENT_PLUGIN, ts + 1000000000, "here");
	assert_string_equal(plug_ask(&x, &m.evt, "evt.time.s", NULL), "05:06:08");
	make(&m, GYR_EVENT_PLUGIN, ts, "here");
	assert_string_equal(plug_ask(&x, &m.evt, "evt.time.s", NULL), "05:06:07");
	plug_close(&x);
}

static void test_relative_time_counts_from_the_first_event_that_is_not_meta(void **state)
{
	struct plug x;
	struct made m;

	(void)state;
	plug_open(&x, "evt", "");
	make(&m, GYR_EVENT_ASYNC, 1000, "here");
	parse(&x, &m.evt);
	assert_string_equal(plug_ask(&x, &m.evt, "evt.reltime", NULL), "000001000");

	make(&m, GYR_EVENT_PLUGIN, ts, "here");
	parse(&x, &m.evt);
	assert_string_equal(plug_ask(&x, &m.evt, "evt.reltime", NULL), "000000000");

	make(&m, GYR_EVENT_PLUGIN, ts + 2000000007, "here");
	parse(&x, &m.evt);
	assert_string_equal(plug_ask(&x, &m.evt, "evt.reltime", NULL), "2000000007");
	assert_string_equal(plug_ask(&x, &m.evt, "evt.reltime.s", NULL), "2");
	assert_string_equal(plug_ask(&x, &m.evt, "evt.reltime.ns", NULL), "000000007");
	plug_close(&x);
}

static void test_an_injected_event_has_its_name(void **state)
{
	struct plug x;
	struct made m;

	(void)state;
	plug_open(&x, "evt", "");
	make(&m, GYR_EVENT_ASYNC, ts, NULL);
	assert_string_equal(plug_ask(&x, &m.evt, "evt.is_async", NULL), "true");
	assert_string_equal(plug_ask(&x, &m.evt, "evt.asynctype", NULL), "container");
	assert_string_equal(plug_ask(&x, &m.evt, "evt.source", NULL), "<NA>");
	plug_close(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times_are_written_in_the_zone_of_the_host),
		cmocka_unit_test(test_the_second_changes_the_text),
		cmocka_unit_test(test_relative_time_counts_from_the_first_event_that_is_not_meta),
		cmocka_unit_test(test_an_injected_event_has_its_name),
	};

	return cmocka_run_group_tests_name("evt", tests, NULL, NULL);
}
