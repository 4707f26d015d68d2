/* params: the tables of parameters, and the parameters of one event. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include <gyr/params.h>
#include <gyr/ppm.h>

static void test_parameters_of_events_are_known(void **state)
{
	static const struct {
		uint16_t event;
		uint32_t i;
		const char *name;
		int type, print, dirfd;
		const char *flags;
	} cases[] = {
		{1, 0, "ID", GYR_PT_SYSCALLID, GYR_PF_DEC, -1, NULL},
		{3, 0, "fd", GYR_PT_FD, GYR_PF_DEC, -1, NULL},
		{3, 2, "flags", GYR_PT_FLAGS32, GYR_PF_HEX, -1, "file_flags"},
		{307, 2, "name", GYR_PT_FSRELPATH, GYR_PF_NA, 1, NULL},
		{402, 1, "name", GYR_PT_CHARBUF, GYR_PF_NA, -1, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct gyr_param_info *p = gyr_event_param(cases[i].event, cases[i].i);

		assert_non_null(p);
		assert_string_equal(p->name, cases[i].name);
		assert_int_equal(p->name_len, strlen(p->name));
		assert_int_equal(p->type, cases[i].type);
		assert_int_equal(p->print, cases[i].print);
		assert_int_equal(p->dirfd, cases[i].dirfd);
		if (cases[i].flags)
			assert_string_equal(p->flags->name, cases[i].flags);
		else
			assert_null(p->flags);
		assert_int_equal(gyr_event_param_find(cases[i].event, p->name, p->name_len),
				 cases[i].i);
	}
	assert_null(gyr_event_param(12, 0));
	assert_null(gyr_event_param(9999, 0));
	assert_int_equal(gyr_event_param_find(3, "nothing", 7), -1);
}

static void test_every_row_of_parameters_holds_together(void **state)
{
	uint32_t n, total = 0;

	(void)state;
	for (uint16_t code = 0; code < gyr_event_count(); code++) {
		const struct gyr_param_info *p = gyr_event_params(code, &n);

		assert_true(n <= GYR_PARAMS_MAX);
		total += n;
		for (uint32_t i = 0; i < n; i++) {
			assert_non_null(gyr_type_name(p[i].type));
			assert_true(p[i].dirfd < (int)n && p[i].dirfd != (int)i);
			assert_true(!p[i].variants || p[i].type == GYR_PT_DYN);
		}
		assert_int_equal(gyr_event_is_large(code),
				 (gyr_event(code)->flags & GYR_EF_LARGE_PAYLOAD) != 0);
	}
	assert_int_equal(total, 1345);
}

static void test_flag_lists_keep_their_order(void **state)
{
	const struct gyr_flags *list = gyr_flags_find("open_nothing");

	(void)state;
	assert_null(list);
	list = gyr_flags_find("socket_families");
	assert_int_equal(list->n, 40);
	assert_string_equal(list->rows[0].name, "AF_NFC");
	assert_int_equal(list->rows[0].value, 39);
	assert_int_equal(gyr_type_size(GYR_PT_FD), 8);
	assert_int_equal(gyr_type_size(GYR_PT_CHARBUF), 0);
	assert_int_equal(gyr_type_size(200), 0);
	assert_int_equal(PPM_O_RDONLY, 1);
}

/* A close event: result -2, file 7, seen on CPU 3. */
static const uint8_t close_event[] = {
	1,    0,    0,    0,    0,    0,    0, 0, 9, 0, 0, 0, 0, 0, 0,    0,
	48,   0,    0,    0,    5,    0,    2, 0, 0, 0, 8, 0, 8, 0, 0xfe, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 7, 0, 0, 0, 0, 0, 0, 0, 3,    0,
};

static void test_parameters_read_by_type(void **state)
{
	ss_plugin_event *evt = test_malloc(sizeof close_event);
	struct gyr_params params = {0};

	(void)state;
	memcpy(evt, close_event, sizeof close_event);
	assert_int_equal(gyr_params_read(evt, &params), 0);
	assert_int_equal(params.n, 2);
	assert_int_equal(gyr_param_i64(&params, 0, 0), -2);
	assert_int_equal(gyr_param_u64(&params, 1, 0), 7);
	assert_int_equal(gyr_param_i64(&params, 2, 44), 44);
	assert_null(gyr_param_str(&params, 1, NULL));
	assert_int_equal(gyr_params_cpu(evt, &params), 3);
	evt->len -= 2;
	assert_int_equal(gyr_params_read(evt, &params), 0);
	assert_int_equal(gyr_params_cpu(evt, &params), -1);
	test_free(evt);
}

static void test_lengths_that_do_not_fit_are_refused(void **state)
{
	ss_plugin_event *evt = test_malloc(sizeof close_event);
	struct gyr_params params = {0};

	(void)state;
	memcpy(evt, close_event, sizeof close_event);
	for (uint32_t len = 0; len < 46; len++) {
		evt->len = len;
		assert_int_equal(gyr_params_read(evt, &params), -EBADMSG);
	}
	evt->len = sizeof close_event;
	evt->nparams = UINT32_MAX;
	assert_int_equal(gyr_params_read(evt, &params), -EBADMSG);
	test_free(evt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parameters_of_events_are_known),
		cmocka_unit_test(test_every_row_of_parameters_holds_together),
		cmocka_unit_test(test_flag_lists_keep_their_order),
		cmocka_unit_test(test_parameters_read_by_type),
		cmocka_unit_test(test_lengths_that_do_not_fit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
