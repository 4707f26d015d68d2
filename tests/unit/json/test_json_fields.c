/*
 * What an extractor made with the JSON kit promises, shown on the built plugins through the ABI.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gyr/abi.h"

/* Rows of the json extractor, by their place in its list. */
enum { JSON_VALUE, JSON_OBJ, JSON_RAWTIME };

struct host {
	void *lib;
	ss_plugin_t *state;
	ss_plugin_t *(*init)(const ss_plugin_init_input *, ss_plugin_rc *);
	void (*destroy)(ss_plugin_t *);
	const char *(*last_error)(ss_plugin_t *);
	ss_plugin_metric *(*metrics)(ss_plugin_t *, uint32_t *);
	ss_plugin_rc (*extract)(ss_plugin_t *, const ss_plugin_event_input *,
				const ss_plugin_field_extract_input *);
};

static struct host host_open(const char *config)
{
	struct host h = {.lib = dlopen(BINARY_DIR "/plugins/json.so", RTLD_NOW | RTLD_LOCAL)};
	ss_plugin_init_input in = {.config = config};
	ss_plugin_rc rc = SS_PLUGIN_SUCCESS;

	assert_non_null(h.lib);
	*(void **)&h.init = dlsym(h.lib, "plugin_init");
	*(void **)&h.destroy = dlsym(h.lib, "plugin_destroy");
	*(void **)&h.last_error = dlsym(h.lib, "plugin_get_last_error");
	*(void **)&h.metrics = dlsym(h.lib, "plugin_get_metrics");
	*(void **)&h.extract = dlsym(h.lib, "plugin_extract_fields");
	h.state = h.init(&in, &rc);
	assert_non_null(h.state);
	assert_int_equal(rc, SS_PLUGIN_SUCCESS);
	return h;
}

static void host_close(struct host *h)
{
	h->destroy(h->state);
	assert_int_equal(dlclose(h->lib), 0);
}

static ss_plugin_event *event_new(const char *data, size_t len)
{
	uint32_t lens[2] = {4, (uint32_t)len}, id = 1;
	ss_plugin_event *e = malloc(PLUGIN_EVENT_PAYLOAD_OFFSET + len);
	char *p = (char *)e;

	assert_non_null(e);
	*e = (ss_plugin_event){.ts = 1700000000000000001u,
			       .tid = UINT64_MAX,
			       .len = (uint32_t)(PLUGIN_EVENT_PAYLOAD_OFFSET + len),
			       .type = GYR_EVENT_PLUGIN,
			       .nparams = 2};
	memcpy(p + 26, lens, sizeof lens);
	memcpy(p + 34, &id, sizeof id);
	memcpy(p + PLUGIN_EVENT_PAYLOAD_OFFSET, data, len);
	return e;
}

/* One field of one event; NULL for absent. */
static const char *ask(struct host *h, const ss_plugin_event *e, uint64_t num, uint32_t field,
		       const char *key)
{
	ss_plugin_event_input in = {.evt = e, .evtnum = num, .evtsrc = "any"};
	ss_plugin_extract_field f = {
		.field_id = field, .arg_key = key, .arg_present = key != NULL, .res_len = 77};
	ss_plugin_field_extract_input x = {.num_fields = 1, .fields = &f};

	assert_int_equal(h->extract(h->state, &in, &x), SS_PLUGIN_SUCCESS);
	assert_true(f.res_len <= 1);
	return f.res_len ? f.res.str[0] : NULL;
}

static const char *ask_text(struct host *h, const char *data, uint64_t num, const char *key)
{
	static char text[256];
	ss_plugin_event *e = event_new(data, strlen(data));
	const char *answer = ask(h, e, num, JSON_VALUE, key);

	(void)snprintf(text, sizeof text, "%s", answer ? answer : "absent");
	free(e);
	return text;
}

static void test_pointer_of_the_key_is_answered(void **state)
{
	static const struct {
		const char *data, *key, *want;
	} rows[] = {
		{"{\"a\":{\"b\":\"x\\ty\"}}", "/a/b", "x\ty"},
		{"{\"a\":{\"b\":1}}", "a/b", "1"},
		{"{\"a\": [1, {\"c\": null}]}", "/a", "[1,{\"c\":null}]"},
		{"{\"a\": [1, {\"c\": null}]}", "/a/1/c", "null"},
		{"{\"a\": 1}", "", "{\"a\":1}"},
		{"{\"a/b\":2}", "/a~1b", "2"},
		{"{\"a\":1}\n", "/a", "1"},
		{"{\"a\":1}", "/b", "absent"},
		{"{\"a\":1}", "/~3", "absent"},
		{" {\"a\":1}", "/a", "absent"},
		{"{\"a\":1", "/a", "absent"},
		{"{\"a\":1]", "/a", "absent"},
		{"plain text", "/a", "absent"},
		{"", "/a", "absent"},
	};
	struct host h = host_open("");

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(ask_text(&h, rows[i].data, i + 1, rows[i].key), rows[i].want);
	host_close(&h);
}

static void test_fields_of_one_question_do_not_disturb_each_other(void **state)
{
	const char *data = "{\"a\":\"A\",\"b\":[1, 2]}";
	struct host h = host_open("{}");
	ss_plugin_event *e = event_new(data, strlen(data));
	ss_plugin_event_input in = {.evt = e, .evtnum = 1, .evtsrc = "any"};
	ss_plugin_extract_field f[4] = {
		{.field_id = JSON_VALUE, .arg_key = "/b", .arg_present = 1},
		{.field_id = JSON_RAWTIME},
		{.field_id = JSON_VALUE, .arg_key = "/none", .arg_present = 1},
		{.field_id = JSON_OBJ},
	};
	ss_plugin_field_extract_input x = {.num_fields = 4, .fields = f};

	(void)state;
	assert_int_equal(h.extract(h.state, &in, &x), SS_PLUGIN_SUCCESS);
	assert_string_equal(f[0].res.str[0], "[1,2]");
	assert_string_equal(f[1].res.str[0], "1700000000000000001");
	assert_int_equal(f[2].res_len, 0);
	assert_string_equal(f[3].res.str[0],
			    "{\n  \"a\": \"A\",\n  \"b\": [\n    1,\n    2\n  ]\n}");
	free(e);
	host_close(&h);
}

static void test_each_event_is_read_anew(void **state)
{
	struct host h = host_open("");
	char data[] = "{\"a\":1}";
	ss_plugin_event *e = event_new(data, strlen(data));

	(void)state;
	assert_string_equal(ask(&h, e, 1, JSON_VALUE, "/a"), "1");
	((char *)e)[PLUGIN_EVENT_PAYLOAD_OFFSET + 5] = '2'; /* the source fills the same buffer */
	assert_string_equal(ask(&h, e, 2, JSON_VALUE, "/a"), "2");
	free(e);
	host_close(&h);
}

static void test_strict_option_refuses_a_broken_tail(void **state)
{
	const char *data = "{\"a\":1,\"b\":tru}";
	struct host lazy = host_open("{\"strict\":false}"), strict = host_open("{\"strict\":true}");
	uint32_t n = 0;

	(void)state;
	assert_string_equal(ask_text(&lazy, data, 1, "/a"), "1");
	assert_string_equal(ask_text(&strict, data, 1, "/a"), "absent");
	assert_string_equal(ask_text(&strict, "{\"a\":1}", 2, "/a"), "1");
	assert_int_equal(strict.metrics(strict.state, &n)[1].value.u64, 1);
	assert_int_equal(n, 3);
	host_close(&strict);
	host_close(&lazy);
}

static void test_wrong_configuration_is_refused_with_a_reason(void **state)
{
	static const char *const configs[] = {"no", "[]", "{\"strict\":1}"};
	struct host h = host_open("");

	(void)state;
	for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
		ss_plugin_init_input in = {.config = configs[i]};
		ss_plugin_rc rc = SS_PLUGIN_SUCCESS;
		ss_plugin_t *s = h.init(&in, &rc);

		assert_int_equal(rc, SS_PLUGIN_FAILURE);
		assert_non_null(strstr(h.last_error(s), "strict"));
		h.destroy(s);
	}
	host_close(&h);
}

static void test_event_of_megabytes_is_answered(void **state)
{
	enum { N = 4 << 20 };
	struct host h = host_open("");
	char *data = malloc(N);
	ss_plugin_event *e;

	(void)state;
	assert_non_null(data);
	memset(data, 'x', N);
	memcpy(data, "{\"a\":\"", 6);
	memcpy(data + N - 9, "\",\"b\":12}", 9);
	e = event_new(data, N);
	assert_string_equal(ask(&h, e, 1, JSON_VALUE, "/b"), "12");
	assert_int_equal(strlen(ask(&h, e, 1, JSON_VALUE, "/a")), N - 15);
	free(e);
	free(data);
	host_close(&h);
}

static void test_nothing_is_allocated_per_event_after_the_first(void **state)
{
	const char *data = "{\"a\":\"A\",\"b\":{\"c\":[1,2,3]}}";
	struct host h = host_open("");
	ss_plugin_event *e = event_new(data, strlen(data));
	struct mallinfo2 before, after;

	(void)state;
	assert_string_equal(ask(&h, e, 1, JSON_VALUE, "/b"), "{\"c\":[1,2,3]}");
	before = mallinfo2();
	for (uint64_t i = 2; i < 1000; i++)
		assert_non_null(ask(&h, e, i, JSON_VALUE, "/b"));
	after = mallinfo2();
	assert_int_equal(before.uordblks, after.uordblks);
	free(e);
	host_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pointer_of_the_key_is_answered),
		cmocka_unit_test(test_fields_of_one_question_do_not_disturb_each_other),
		cmocka_unit_test(test_each_event_is_read_anew),
		cmocka_unit_test(test_strict_option_refuses_a_broken_tail),
		cmocka_unit_test(test_wrong_configuration_is_refused_with_a_reason),
		cmocka_unit_test(test_event_of_megabytes_is_answered),
		cmocka_unit_test(test_nothing_is_allocated_per_event_after_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
