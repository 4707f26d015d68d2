/*
 * What an extractor sets is what the host finds, also when it asks for much at once.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/plugin.h>

enum { MAX = 64 };

static int set_arg(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	(void)p;
	(void)evt;
	return gyr_set_u64(out, out->arg_index);
}

static int set_text(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	(void)p;
	return gyr_set_strn(out, evt->data, evt->len);
}

static int set_words(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	(void)p;
	(void)evt;
	for (uint64_t i = 0; i < out->arg_index; i++)
		if (gyr_set_fmt(out, "w%u", (unsigned)i))
			return -ENOMEM;
	return 0;
}

static int set_wrong(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	(void)p;
	(void)evt;
	return gyr_set_u64(out, 1);
}

static int set_bytes(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	(void)p;
	return gyr_set_bytes(out, evt->data, evt->len);
}

static int set_ip(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	(void)p;
	(void)evt;
	return gyr_set_ip(out, "\x7f\0\0\1", 4);
}

static int set_twice(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	(void)p;
	(void)evt;
	return gyr_set_bool(out, false) || gyr_set_bool(out, true) ? -EINVAL : 0;
}

enum { ARG, TEXT, WORDS, WRONG, BYTES, IP, TWICE };

static const struct gyr_field fields[] = {
	[ARG] = {.name = "t.arg", .type = GYR_U64, .flags = GYR_ARG_INDEX, .extract = set_arg},
	[TEXT] = {.name = "t.text", .type = GYR_STRING, .extract = set_text},
	[WORDS] = {.name = "t.words",
		   .type = GYR_STRING,
		   .flags = GYR_LIST | GYR_ARG_INDEX,
		   .extract = set_words},
	[WRONG] = {.name = "t.wrong", .type = GYR_STRING, .extract = set_wrong},
	[BYTES] = {.name = "t.bytes", .type = GYR_BYTES, .extract = set_bytes},
	[IP] = {.name = "t.ip", .type = GYR_IPADDR, .extract = set_ip},
	[TWICE] = {.name = "t.twice", .type = GYR_BOOL, .extract = set_twice},
	{0},
};

static const struct gyr_extractor extractor = {.fields = fields};
static const struct gyr_plugin plugin = {.name = "t", .version = "0.0.1"};

struct fixture {
	ss_plugin_t *s;
	unsigned char bytes[256];
	ss_plugin_event_input evt;
	ss_plugin_extract_field req[MAX];
	uint32_t n;
};

static void event_is(struct fixture *x, const char *payload)
{
	const uint32_t len = (uint32_t)strlen(payload);
	const ss_plugin_event head = {.ts = 7,
				      .tid = UINT64_MAX,
				      .len = PLUGIN_EVENT_PAYLOAD_OFFSET + len,
				      .type = GYR_EVENT_PLUGIN,
				      .nparams = 2};
	const uint32_t params[] = {4, len, 77};

	memcpy(x->bytes, &head, sizeof head);
	memcpy(x->bytes + sizeof head, params, sizeof params);
	memcpy(x->bytes + PLUGIN_EVENT_PAYLOAD_OFFSET, payload, len);
	x->evt = (ss_plugin_event_input){.evt = (void *)x->bytes, .evtnum = 1, .evtsrc = "t"};
}

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof *x);
	ss_plugin_rc rc;

	x->s = gyr__init(&plugin, &(ss_plugin_init_input){.config = ""}, &rc);
	*state = x;
	event_is(x, "hello");
	return rc == SS_PLUGIN_SUCCESS ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	gyr__destroy(x->s);
	free(x);
	return 0;
}

static void ask(struct fixture *x, uint32_t id, uint64_t index)
{
	x->req[x->n++] = (ss_plugin_extract_field){
		.field_id = id,
		.field = fields[id].name,
		.arg_present = index != UINT64_MAX,
		.arg_index = index,
		.ftype = fields[id].type,
		.flist = fields[id].flags & GYR_LIST ? 64 : 0,
	};
}

static ss_plugin_rc answer(struct fixture *x)
{
	const ss_plugin_field_extract_input in = {.num_fields = x->n, .fields = x->req};

	return gyr__extract(&extractor, x->s, &x->evt, &in);
}

static void test_each_request_has_a_place_of_its_own(void **state)
{
	struct fixture *x = *state;

	for (uint64_t i = 0; i < MAX; i++)
		ask(x, ARG, i * 3);
	assert_int_equal(answer(x), SS_PLUGIN_SUCCESS);
	for (uint64_t i = 0; i < MAX; i++) {
		assert_int_equal(x->req[i].res_len, 1);
		assert_int_equal(x->req[i].res.u64[0], i * 3);
	}
}

static void test_text_is_terminated_and_bytes_are_not_copied(void **state)
{
	struct fixture *x = *state;

	ask(x, TEXT, UINT64_MAX);
	ask(x, BYTES, UINT64_MAX);
	assert_int_equal(answer(x), SS_PLUGIN_SUCCESS);
	assert_string_equal(x->req[0].res.str[0], "hello");
	assert_int_equal(x->req[1].res.buf[0].len, 5);
	assert_ptr_equal(x->req[1].res.buf[0].ptr, x->bytes + PLUGIN_EVENT_PAYLOAD_OFFSET);
}

static void test_bytes_become_a_string_for_a_host_that_knows_no_bytes(void **state)
{
	struct fixture *x = *state;

	ask(x, BYTES, UINT64_MAX);
	x->req[0].ftype = FTYPE_STRING;
	assert_int_equal(answer(x), SS_PLUGIN_SUCCESS);
	assert_string_equal(x->req[0].res.str[0], "hello");
}

static void test_a_list_has_as_many_values_as_were_set(void **state)
{
	struct fixture *x = *state;
	const uint64_t counts[] = {0, 1, 8, 9, 1000};
	char want[8];

	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		ask(x, WORDS, counts[i]);
	assert_int_equal(answer(x), SS_PLUGIN_SUCCESS);
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		assert_int_equal(x->req[i].res_len, counts[i]);
		for (uint64_t k = 0; k < counts[i]; k++) {
			(void)snprintf(want, sizeof want, "w%u", (unsigned)k);
			assert_string_equal(x->req[i].res.str[k], want);
		}
	}
}

static void test_one_wrong_answer_leaves_the_others(void **state)
{
	struct fixture *x = *state;

	ask(x, WRONG, UINT64_MAX);
	ask(x, ARG, 5);
	assert_int_equal(answer(x), SS_PLUGIN_SUCCESS);
	assert_int_equal(x->req[0].res_len, 0);
	assert_int_equal(x->req[1].res.u64[0], 5);
	assert_non_null(strstr(gyr__last_error(x->s), "t.wrong"));

	x->n = 1;
	assert_int_equal(answer(x), SS_PLUGIN_FAILURE);
}

static void test_a_scalar_keeps_what_was_set_last(void **state)
{
	struct fixture *x = *state;

	ask(x, TWICE, UINT64_MAX);
	ask(x, IP, UINT64_MAX);
	assert_int_equal(answer(x), SS_PLUGIN_SUCCESS);
	assert_int_equal(x->req[0].res_len, 1);
	assert_int_equal(x->req[0].res.boolean[0], 1);
	assert_int_equal(x->req[1].res.buf[0].len, 4);
	assert_memory_equal(x->req[1].res.buf[0].ptr, "\x7f\0\0\1", 4);
}

static void test_an_unknown_field_fails_the_call(void **state)
{
	struct fixture *x = *state;

	ask(x, ARG, 1);
	ask(x, ARG, 1);
	x->req[1].field_id = sizeof fields / sizeof fields[0];
	assert_int_equal(answer(x), SS_PLUGIN_FAILURE);
	assert_int_equal(x->req[0].res_len, 0);
}

static void test_events_whose_lengths_lie_are_refused(void **state)
{
	static const struct {
		uint32_t total, nparams, id_len, len;
	} rows[] = {{43, 2, 4, 6}, {43, 2, 4, UINT32_MAX}, {43, 2, 5, 5},
		    {43, 3, 4, 5}, {37, 2, 4, 0},          {0, 2, 4, 5}};
	struct fixture *x = *state;

	ask(x, TEXT, UINT64_MAX);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		ss_plugin_event *head = (void *)x->bytes;
		const uint32_t params[] = {rows[i].id_len, rows[i].len};

		event_is(x, "hello");
		head->len = rows[i].total;
		head->nparams = rows[i].nparams;
		memcpy(x->bytes + sizeof *head, params, sizeof params);
		assert_int_equal(answer(x), SS_PLUGIN_FAILURE);
		assert_int_equal(x->req[0].res_len, 0);
	}
}

static void test_nothing_is_allocated_once_warm(void **state)
{
	struct fixture *x = *state;

	ask(x, WORDS, 5000);
	ask(x, TEXT, UINT64_MAX);
	for (int i = 0; i < 3; i++)
		assert_int_equal(answer(x), SS_PLUGIN_SUCCESS);

	const struct mallinfo2 before = mallinfo2();
	const char *where = x->req[1].res.str[0];
	for (int i = 0; i < 100; i++) {
		assert_int_equal(answer(x), SS_PLUGIN_SUCCESS);
		assert_ptr_equal(x->req[1].res.str[0], where);
	}
	assert_int_equal(mallinfo2().uordblks, before.uordblks);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_request_has_a_place_of_its_own),
		TEST(test_text_is_terminated_and_bytes_are_not_copied),
		TEST(test_bytes_become_a_string_for_a_host_that_knows_no_bytes),
		TEST(test_a_list_has_as_many_values_as_were_set),
		TEST(test_one_wrong_answer_leaves_the_others),
		TEST(test_a_scalar_keeps_what_was_set_last),
		TEST(test_an_unknown_field_fails_the_call),
		TEST(test_events_whose_lengths_lie_are_refused),
		TEST(test_nothing_is_allocated_once_warm),
	};

	return cmocka_run_group_tests_name("sdk values", tests, NULL, NULL);
}
