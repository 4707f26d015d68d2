/*
 * The layout of the ABI is pinned, row by row. A wrong one does not compile; the program then says
 * what was checked, and that the numbers of the enums and the shape of an event are right.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdalign.h>
#include <stdbool.h>

#include <gyr/abi.h>

#define TYPE(type, size, align)                                            \
	_Static_assert(sizeof(type) == (size), #type " has another size"); \
	_Static_assert(alignof(type) == (align), #type " has another alignment");
#define MEMBER(type, member, offset, size)                                                       \
	_Static_assert(offsetof(type, member) == (offset), #type "." #member " lies elsewhere"); \
	_Static_assert(sizeof(((type *)0)->member) == (size),                                    \
		       #type "." #member " has another size");
#include "layout.def"
#undef TYPE
#undef MEMBER

static void test_layout_has_a_row_for_every_struct(void **state)
{
	uint32_t n_types = 0, n_members = 0;

	(void)state;
#define TYPE(type, size, align) n_types++;
#define MEMBER(type, member, offset, size) n_members++;
#include "layout.def"
#undef TYPE
#undef MEMBER
	assert_int_equal(n_types, 25);
	assert_int_equal(n_members, 151);
}

static void test_enums_are_four_bytes_and_have_their_numbers(void **state)
{
	static const struct {
		long long is, want;
	} rows[] = {
		{sizeof(ss_plugin_rc), 4},
		{sizeof(ss_plugin_field_type), 4},
		{sizeof(ss_plugin_schema_type), 4},
		{sizeof(ss_plugin_state_type), 4},
		{sizeof(ss_plugin_log_severity), 4},
		{sizeof(ss_plugin_metric_type), 4},
		{sizeof(ss_plugin_metric_value_type), 4},
		{sizeof(ss_plugin_bool), 4},
		{SS_PLUGIN_SUCCESS, 0},
		{SS_PLUGIN_FAILURE, 1},
		{SS_PLUGIN_TIMEOUT, -1},
		{SS_PLUGIN_EOF, 2},
		{SS_PLUGIN_NOT_SUPPORTED, 3},
		{FTYPE_UINT64, 8},
		{FTYPE_STRING, 9},
		{FTYPE_RELTIME, 20},
		{FTYPE_ABSTIME, 21},
		{FTYPE_BOOL, 25},
		{FTYPE_IPADDR, 40},
		{FTYPE_IPNET, 41},
		{SS_PLUGIN_SCHEMA_NONE, 0},
		{SS_PLUGIN_SCHEMA_JSON, 1},
		{SS_PLUGIN_ST_INT8, 1},
		{SS_PLUGIN_ST_UINT64, 8},
		{SS_PLUGIN_ST_STRING, 9},
		{SS_PLUGIN_ST_TABLE, 10},
		{SS_PLUGIN_ST_BOOL, 25},
		{SS_PLUGIN_LOG_SEV_FATAL, 1},
		{SS_PLUGIN_LOG_SEV_TRACE, 8},
		{SS_PLUGIN_METRIC_VALUE_TYPE_U32, 0},
		{SS_PLUGIN_METRIC_VALUE_TYPE_I, 6},
		{SS_PLUGIN_METRIC_TYPE_MONOTONIC, 0},
		{SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC, 1},
		{PLUGIN_API_VERSION_MAJOR, 3},
		{PLUGIN_API_VERSION_MINOR, 12},
		{PLUGIN_API_VERSION_PATCH, 0},
		{PLUGIN_MAX_ERRLEN, 1024},
		{PLUGIN_EVENT_PAYLOAD_OFFSET, 38},
		{GYR_EVENT_PLUGIN, 322},
		{GYR_EVENT_ASYNC, 402},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(rows[i].is, rows[i].want);
}

static void test_members_of_a_union_share_a_place(void **state)
{
	const ss_plugin_extract_field f = {.res.u64 = (uint64_t *)(uintptr_t)0x1000};
	const ss_plugin_state_data d = {.u64 = 0xff};

	(void)state;
	assert_ptr_equal(f.res.str, f.res.u64);
	assert_ptr_equal(f.res.boolean, f.res.u64);
	assert_ptr_equal(f.res.buf, f.res.u64);
	assert_int_equal(d.u8, 0xff);
	assert_int_equal(d.s8, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout_has_a_row_for_every_struct),
		cmocka_unit_test(test_enums_are_four_bytes_and_have_their_numbers),
		cmocka_unit_test(test_members_of_a_union_share_a_place),
	};

	return cmocka_run_group_tests_name("abi layout", tests, NULL, NULL);
}
