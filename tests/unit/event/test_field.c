#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "event/value.h"
#include "fieldcsv.h"

static struct fieldset *fields(void)
{
	struct fieldset *s = fieldset_new();

	assert_true(fieldcsv_load(s, SOURCE_DIR "/extractors/syscall/fields.csv") > 200);
	return s;
}

static void test_the_longest_name_wins(void **state)
{
	static const struct {
		const char *text, *field, *arg;
		enum field_type type;
	} cases[] = {
		{"proc.name", "proc.name", "", FT_CHARBUF},
		{"evt.type", "evt.type", "", FT_CHARBUF},
		{"evt.type.is.open", "evt.type.is", "open", FT_UINT32},
		{"evt.arg.path", "evt.arg", "path", FT_CHARBUF},
		{"evt.arg[3]", "evt.arg", "3", FT_CHARBUF},
		{"evt.rawarg.res", "evt.rawarg", "res", FT_ERRNO},
		{"evt.rawarg.flags", "evt.rawarg", "flags", FT_FLAGS32},
		{"proc.env[\"a b\"]", "proc.env", "a b", FT_CHARBUF},
		{"proc.aname[2]", "proc.aname", "2", FT_CHARBUF},
	};
	struct fieldset *s = fields();
	struct arena a = ARENA_NULL;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct field_use use;
		struct err err = ERR_NULL;

		assert_int_equal(fieldset_resolve(s, str_from(cases[i].text), &a, &use, &err), 0);
		assert_true(str_is(use.field->name, cases[i].field));
		assert_int_equal(use.has_arg, cases[i].arg[0] != '\0');
		if (use.has_arg)
			assert_string_equal(use.arg.p, cases[i].arg);
		assert_int_equal(use.field->type, cases[i].type);
	}
	arena_deinit(&a);
	fieldset_unref(s);
}

static void test_wrong_names_and_arguments_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		int r;
		size_t offset, len;
		const char *hint;
	} cases[] = {
		{"proc.nmae", -ENOENT, 0, 9, "did you mean 'proc.name'?"},
		{"proc.names", -ENOENT, 0, 10, "did you mean 'proc.name'?"},
		{"qqqqqqqqqqqqqqqq.zzzzzz", -ENOENT, 0, 23, ""},
		{"proc.aname[x]", -EINVAL, 11, 1, ""},
		{"proc.aname[01]", -EINVAL, 11, 2, ""},
		{"proc.aname[1", -EINVAL, 10, 2, ""},
		{"proc.name[1]", -EINVAL, 10, 1, ""},
		{"evt.arg", -EINVAL, 0, 7, ""},
		{"evt.rawarg.nosuch", -ENOENT, 11, 6, ""},
		{"evt.arg.nosuch", -ENOENT, 8, 6, ""},
	};
	struct fieldset *s = fields();
	struct arena a = ARENA_NULL;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct field_use use;
		struct err err = ERR_NULL;

		assert_int_equal(fieldset_resolve(s, str_from(cases[i].text), &a, &use, &err),
				 cases[i].r);
		assert_int_equal(err.offset, cases[i].offset);
		assert_int_equal(err.len, cases[i].len);
		assert_string_equal(err.hint, cases[i].hint);
	}
	arena_deinit(&a);
	fieldset_unref(s);
}

static void test_templates_take_the_longest_beginning(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {{"proc.name, rest", 9}, {"evt.time. ", 8}, {"evt.arg.path.", 12},
		     {"proc.aname[2]x", 13}, {"proc.names", 9}, {"evt.time.s)", 10}};
	struct fieldset *s = fields();
	struct arena a = ARENA_NULL;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct field_use use;
		struct err err = ERR_NULL;
		struct str text = str_from(cases[i].text);

		assert_int_equal(fieldset_resolve_prefix(s, &text, &a, &use, &err), 0);
		assert_int_equal(text.p - cases[i].text, cases[i].len);
	}
	arena_deinit(&a);
	fieldset_unref(s);
}

static void test_a_name_that_is_gone_says_what_to_use(void **state)
{
	static const struct {
		const char *text, *hint;
		size_t len;
	} cases[] = {{"old.thing", "use new.thing", 9},
		     {"old.thing.part", "use new.thing", 14},
		     {"old.thing[key]", "use new.thing", 9},
		     {"old.other", "nothing stands for it", 9},
		     {"old.thingy", "nothing stands for it", 10}};
	const struct field rows[] = {
		{.name = STR("new.thing"), .type = FT_BOOL},
		{.name = STR("old"),
		 .type = FT_BOOL,
		 .flags = FIELD_GONE,
		 .deprecated = STR("nothing stands for it")},
		{.name = STR("old.thing"),
		 .type = FT_BOOL,
		 .flags = FIELD_GONE,
		 .deprecated = STR("use new.thing")},
	};
	struct fieldset *s = fieldset_new();
	struct arena a = ARENA_NULL;
	struct field_use use;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(fieldset_add(s, &rows[i], NULL), 0);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err err = ERR_NULL, shown = ERR_NULL;
		struct str text = str_from(cases[i].text);

		assert_int_equal(fieldset_resolve(s, str_from(cases[i].text), &a, &use, &err),
				 -ENOENT);
		assert_non_null(strstr(err.text, "no longer exists"));
		assert_string_equal(err.hint, cases[i].hint);
		assert_int_equal(err.len, cases[i].len);
		assert_int_equal(fieldset_resolve_prefix(s, &text, &a, &use, &shown), -ENOENT);
		assert_string_equal(shown.hint, cases[i].hint);
	}
	arena_deinit(&a);
	fieldset_unref(s);
}

static void test_a_name_that_is_gone_is_never_suggested(void **state)
{
	const struct field row = {.name = STR("old.thing"), .type = FT_BOOL, .flags = FIELD_GONE};
	struct fieldset *s = fieldset_new();
	struct arena a = ARENA_NULL;
	struct err err = ERR_NULL;
	struct field_use use;

	(void)state;
	assert_int_equal(fieldset_add(s, &row, NULL), 0);
	assert_int_equal(fieldset_resolve(s, str_from("old.thnig"), &a, &use, &err), -ENOENT);
	assert_string_equal(err.hint, "");
	arena_deinit(&a);
	fieldset_unref(s);
}

static void test_a_taken_name_is_refused(void **state)
{
	struct fieldset *s = fieldset_new();
	struct field f = {.name = STR("a.b"), .type = FT_BOOL};
	const struct field *other = NULL;

	(void)state;
	assert_int_equal(fieldset_add(s, &f, &other), 0);
	assert_int_equal(fieldset_add(s, &f, &other), -EEXIST);
	assert_ptr_equal(other, fieldset_at(s, 0));
	assert_null(fieldset_at(s, 1));
	fieldset_unref(s);
}

static void test_values_are_shown(void **state)
{
	static const union value u[] = {{.u64 = 1}, {.u64 = 2}}, i64[] = {{.i64 = -1}},
				 text[] = {{.bytes = {"a\"b", 3}}},
				 ip[] = {{.bytes = {"\x7f\0\0\1", 4}}},
				 raw[] = {{.bytes = {"a\0", 2}}}, dbl[] = {{.dbl = 0.5}},
				 digits[] = {{.bytes = {"12", 2}}};
	static const struct {
		struct field f;
		struct values v;
		const char *shown, *json;
	} cases[] = {
		{{.type = FT_UINT64, .flags = FIELD_LIST}, {true, 2, u}, "(1,2)", "[1,2]"},
		{{.type = FT_UINT64, .flags = FIELD_LIST}, {true, 0, u}, "()", "[]"},
		{{.type = FT_INT64}, {true, 1, i64}, "-1", "-1"},
		{{.type = FT_BOOL}, {true, 1, u}, "true", "true"},
		{{.type = FT_CHARBUF}, {true, 1, text}, "a\"b", "\"a\\\"b\""},
		{{.type = FT_CHARBUF}, {false, 0, NULL}, "<NA>", "null"},
		{{.type = FT_IPADDR}, {true, 1, ip}, "127.0.0.1", "\"127.0.0.1\""},
		{{.type = FT_BYTEBUF}, {true, 1, raw}, "a.", "\"a.\""},
		{{.type = FT_BYTEBUF, .flags = FIELD_BASE64}, {true, 1, raw}, "YQA=", "\"YQA=\""},
		{{.type = FT_DOUBLE}, {true, 1, dbl}, "0.500", "0.500"},
		{{.type = FT_CHARBUF, .flags = FIELD_NUMERIC_STR}, {true, 1, digits}, "12", "12"},
		{{.type = FT_CHARBUF}, {true, 1, digits}, "12", "\"12\""},
		{{.type = FT_UINT64, .flags = FIELD_ANY}, {true, 2, u}, "1 2", "\"1 2\""},
		{{.type = FT_CHARBUF, .flags = FIELD_ANY}, {true, 0, NULL}, "<NA>", "null"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b;

		buf_init(&b, 256);
		value_print(&b, &cases[i].f, &cases[i].v);
		assert_string_equal(b.p, cases[i].shown);
		buf_reset(&b);
		value_print_json(&b, &cases[i].f, &cases[i].v);
		assert_string_equal(b.p, cases[i].json);
		buf_deinit(&b);
	}
}

static void test_type_names_read_back(void **state)
{
	(void)state;
	for (int t = 1; t <= FT_ENUMFLAGS32; t++) {
		const char *name = field_type_name((enum field_type)t);

		if (strcmp(name, "none") != 0)
			assert_int_equal(field_type_parse(str_from(name)), t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_longest_name_wins),
		cmocka_unit_test(test_wrong_names_and_arguments_are_told_apart),
		cmocka_unit_test(test_templates_take_the_longest_beginning),
		cmocka_unit_test(test_a_name_that_is_gone_says_what_to_use),
		cmocka_unit_test(test_a_name_that_is_gone_is_never_suggested),
		cmocka_unit_test(test_a_taken_name_is_refused),
		cmocka_unit_test(test_values_are_shown),
		cmocka_unit_test(test_type_names_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
