#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "filter/eval.h"
#include "filter/evttypes.h"
#include "filter/glob.h"
#include "filter/parse.h"
#include "util/mem.h"

/* The fields conditions of this file may use, and what they answer. */
enum {
	S,
	EMPTY,
	GONE,
	N,
	U8,
	YES,
	LIST,
	NOLIST,
	IP,
	NET,
	PORT,
	ANYS,
	SIDES,
	SAME,
	BYTES,
	TYPE,
	NUM,
	ARG
};

#define S_(t)                                 \
	{                                     \
		.bytes = { t, sizeof(t) - 1 } \
	}

static const union value v_s[] = {S_("/usr/Bin/x.sh")}, v_empty[] = {S_("")}, v_n[] = {{.i64 = -5}},
			 v_u8[] = {{.u64 = 44}}, v_yes[] = {{.u64 = 1}},
			 v_list[] = {S_("a"), S_("b")}, v_ip[] = {S_("\x0a\x01\x02\x03")},
			 v_port[] = {{.u64 = 22}}, v_any[] = {S_("sh"), S_("init")},
			 v_bytes[] = {S_("a\0b")}, v_type[] = {S_("open")}, v_num[] = {{.u64 = 7}};

static const struct {
	struct field field;
	struct values values;
} rows[] = {
	[S] = {{.name = {"t.s", 3}, .type = FT_CHARBUF}, {true, 1, v_s}},
	[EMPTY] = {{.name = {"t.empty", 7}, .type = FT_CHARBUF}, {true, 1, v_empty}},
	[GONE] = {{.name = {"t.gone", 6}, .type = FT_CHARBUF}, {false, 0, NULL}},
	[N] = {{.name = {"t.n", 3}, .type = FT_INT64}, {true, 1, v_n}},
	[U8] = {{.name = {"t.u8", 4}, .type = FT_UINT8}, {true, 1, v_u8}},
	[YES] = {{.name = {"t.yes", 5}, .type = FT_BOOL}, {true, 1, v_yes}},
	[LIST] = {{.name = {"t.list", 6}, .type = FT_CHARBUF, .flags = FIELD_LIST},
		  {true, 2, v_list}},
	[NOLIST] = {{.name = {"t.nolist", 8}, .type = FT_CHARBUF, .flags = FIELD_LIST},
		    {true, 0, NULL}},
	[IP] = {{.name = {"t.ip", 4}, .type = FT_IPADDR}, {true, 1, v_ip}},
	[NET] = {{.name = {"t.net", 5}, .type = FT_IPNET}, {true, 1, v_ip}},
	[PORT] = {{.name = {"t.port", 6}, .type = FT_PORT}, {true, 1, v_port}},
	[ANYS] = {{.name = {"t.any", 5},
		   .type = FT_CHARBUF,
		   .flags = FIELD_ANY | FIELD_NO_RHS | FIELD_NO_TRANSFORMER},
		  {true, 2, v_any}},
	[SIDES] = {{.name = {"t.sides", 7}, .type = FT_CHARBUF, .flags = FIELD_NOT_ANY},
		   {true, 2, v_any}},
	[SAME] = {{.name = {"t.same", 6}, .type = FT_UINT64, .flags = FIELD_WITHIN},
		  {true, 1, v_num}},
	[BYTES] = {{.name = {"t.bytes", 7}, .type = FT_BYTEBUF}, {true, 1, v_bytes}},
	[TYPE] = {{.name = {"t.type", 6}, .type = FT_CHARBUF, .role = FIELD_ROLE_EVENT_TYPE},
		  {true, 1, v_type}},
	[NUM] = {{.name = {"t.num", 5}, .type = FT_UINT64, .role = FIELD_ROLE_EVENT_NUM},
		 {true, 1, v_num}},
	[ARG] = {{.name = {"t.arg", 5},
		  .type = FT_CHARBUF,
		  .flags = FIELD_ARG_REQUIRED | FIELD_ARG_KEY},
		 {true, 1, v_s}},
};

enum {
	N_ROWS = sizeof rows / sizeof rows[0],
};

static void answer(void *ctx, const struct event *evt, const struct field_use *const *uses,
		   uint32_t n, struct values *ret)
{
	(void)ctx;
	(void)evt;
	for (uint32_t i = 0; i < n; i++)
		ret[i] = rows[uses[i]->field->id].values;
}

/* One condition, compiled. */
struct fixture {
	struct fieldset *fields;
	struct use_table *uses;
	struct arena arena;
	int n[TYPECHECK_WARN_DEPRECATED + 1];
	struct err first;
};

static void note(void *ctx, enum typecheck_code code, struct ast_place where, struct str subject,
		 const struct err *e)
{
	struct fixture *f = ctx;

	(void)where;
	(void)subject;
	f->n[code]++;
	if (!f->first.is_set)
		f->first = *e;
}

static void fixture_init(struct fixture *f)
{
	*f = (struct fixture){.fields = fieldset_new(), .uses = use_table_new()};
	for (uint32_t i = 0; i < N_ROWS; i++) {
		struct field row = rows[i].field;

		row.id = i;
		assert_int_equal(fieldset_add(f->fields, &row, NULL), 0);
	}
}

static void fixture_deinit(struct fixture *f)
{
	use_table_free(f->uses);
	arena_deinit(&f->arena);
	fieldset_unref(f->fields);
}

static int compile(struct fixture *f, const char *text, const struct expr **ret)
{
	struct typecheck_options o = {
		.fields = f->fields, .uses = f->uses, .arena = &f->arena, .report = note, .ctx = f};
	const struct ast *tree;

	memset(f->n, 0, sizeof f->n);
	f->first = (struct err)ERR_NULL;
	if (parse_condition(str_from(text), NULL, &f->arena, &tree, &f->first))
		fail_msg("'%s': %s", text, f->first.text);
	return typecheck(tree, &o, ret);
}

static bool holds(struct fixture *f, const char *text)
{
	struct fetch fetch = {.get = answer};
	struct event evt = {.num = 1};
	const struct expr *x = NULL;
	struct eval *e = eval_new();
	bool got;

	if (compile(f, text, &x))
		fail_msg("'%s': %s", text, f->first.text);
	got = eval_match(e, x, &evt, &fetch);
	eval_free(e);
	return got;
}

static void test_conditions_hold(void **state)
{
	static const char *const cases[] = {
		"t.s exists and t.empty exists and not t.gone exists",
		"not t.gone = x and not t.gone != x",
		"t.s = /usr/Bin/x.sh and t.s != y and t.empty = ''",
		"t.s contains Bin and not t.s contains bin and t.s icontains BIN",
		"t.s startswith /usr and t.s endswith .sh",
		"t.s glob '/usr/*' and t.s iglob '/USR/bin/?.[s-t]h'",
		"t.s pmatch (/etc, usr//Bin/) and t.s pmatch (/) and not t.s pmatch (/us)",
		"t.s regex '/usr/.*[[:lower:]]\\ .sh' and not t.s regex usr",
		"t.s in (a, /usr/Bin/x.sh) and t.s intersects (/usr/Bin/x.sh)",
		"t.s >= 12 or t.s < 12",
		"t.n = -5 and t.n < 0 and t.n >= -5 and t.n in (1, -5)",
		"not t.u8 = 300",
		"t.yes = true and t.yes != false",
		"t.list in (a, b, c) and not t.list in (a) and t.list intersects (b, z)",
		"t.nolist in () and not t.nolist intersects (a) and t.nolist exists",
		"t.ip = 10.1.2.3 and t.ip != ::ffff:a01:203 and t.ip in (10.1.2.3)",
		"t.net = 10.9.9.9/8 and t.net != 11.0.0.0/8 and t.net in (1.0.0.0/8, 10.1.0.0/15)",
		"t.net != 2001::/16 and not t.net = 2001::/16 and t.net = 0.0.0.0/0",
		"t.port = ssh and t.port = 65558 and t.port < 23",
		"t.any = sh and t.any = init and t.any != sh and not t.any = x",
		"t.sides = sh and t.sides = init and not t.sides != sh and t.sides != x",
		"t.bytes = \"a\\x00b\" and t.bytes bcontains 0062 and t.bytes bstartswith 6100",
		"t.s contains oneof (usr, zzz) and not t.s contains oneof (usr, Bin)",
		"t.s contains allof (usr, Bin) and not t.s contains allof ()",
		"t.s != allof (a, b)",
		"not t.s = oneof () and not t.s = anyof ()",
		"t.s = val(t.arg[k]) and not t.s = val(t.gone) and not t.s != val(t.gone)",
		"toupper(basename(t.s)) = X.SH and len(t.s) = 13 and len(t.list) = 2",
		"len(t.nolist) = 0 and not len(t.gone) = 0",
		"join('-', (t.s, t.list, 5)) = /usr/Bin/x.sh-a-b-5",
		"not join('-', (t.s, t.gone)) exists and concat(t.s, '!') endswith !",
		"b64(concat('aGVs', 'bG8')) = hello and not b64(t.s) exists",
		"getopt(('-ab', 'v', '--', '-c'), 'ab:c') in (a, b, v)",
		"getopt(('-x', '-b'), 'b:')[b] = '' and not getopt(('-x'), 'b:')[b] exists",
		"t.list in val(t.list) and t.s in val(t.s)",
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fixture_init(&f);
		if (!holds(&f, cases[i]))
			fail_msg("does not hold: %s", cases[i]);
		fixture_deinit(&f);
	}
}

static void test_what_cannot_work_is_refused(void **state)
{
	static const struct {
		const char *text;
		enum typecheck_code code;
		size_t offset, len;
		const char *hint;
	} cases[] = {
		{"t.sx = 1 or a", TYPECHECK_UNKNOWN_FIELD, 0, 4, "did you mean 't.s'?"},
		{"t.typo = 1", TYPECHECK_UNKNOWN_FIELD, 0, 6, "did you mean 't.type'?"},
		{"t.s = 1 and nomacro", TYPECHECK_UNKNOWN_NAME, 12, 7, ""},
		{"t.type = openn", TYPECHECK_UNKNOWN_EVENT, 9, 5, "did you mean 'open'?"},
		{"t.type contains opena", TYPECHECK_UNKNOWN_EVENT, 16, 5, "did you mean 'open'?"},
		{"t.n contains 1", TYPECHECK_ERROR, 4, 8, ""},
		{"t.n = 1.5", TYPECHECK_ERROR, 6, 3, ""},
		{"t.n = 0x10", TYPECHECK_ERROR, 6, 4, ""},
		{"t.yes = 1", TYPECHECK_ERROR, 8, 1, ""},
		{"t.net = 10.0.0.1", TYPECHECK_ERROR, 8, 8, ""},
		{"t.net = ::/0", TYPECHECK_ERROR, 8, 4, ""},
		{"t.ip = 10.0.0", TYPECHECK_ERROR, 7, 6, ""},
		{"t.port = nosuchservice", TYPECHECK_ERROR, 9, 13, ""},
		{"t.s = \"a\\x00\"", TYPECHECK_ERROR, 6, 7, ""},
		{"t.s regex '('", TYPECHECK_ERROR, 10, 3, ""},
		{"t.s regex '\\\\d'", TYPECHECK_ERROR, 10, 5, ""},
		{"t.s = val(t.n)", TYPECHECK_ERROR, 6, 8, ""},
		{"t.s regex val(t.s)", TYPECHECK_ERROR, 10, 8, ""},
		{"t.any = val(t.s)", TYPECHECK_ERROR, 8, 8, ""},
		{"toupper(t.any) = A", TYPECHECK_ERROR, 8, 5, ""},
		{"toupper(t.n) = A", TYPECHECK_ERROR, 8, 3, ""},
		{"t.list = a", TYPECHECK_ERROR, 7, 1, ""},
		{"t.arg = a", TYPECHECK_ERROR, 0, 5, ""},
		{"t.s[1] = a", TYPECHECK_ERROR, 4, 1, ""},
		{"t.same > 1", TYPECHECK_ERROR, 7, 1, ""},
		{"t.same exists", TYPECHECK_ERROR, 7, 6, ""},
		{"t.same in (1, 2)", TYPECHECK_ERROR, 7, 2, ""},
		{"t.same <= 1", TYPECHECK_ERROR, 7, 2, ""},
		{"t.same = anyof (1, 2)", TYPECHECK_ERROR, 7, 1, ""},
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct expr *x = NULL;

		fixture_init(&f);
		if (compile(&f, cases[i].text, &x) != -EINVAL)
			fail_msg("accepted: %s", cases[i].text);
		if (f.n[cases[i].code] < 1 || f.first.offset != cases[i].offset ||
		    f.first.len != cases[i].len || strcmp(f.first.hint, cases[i].hint) != 0)
			fail_msg("%s: %zu+%zu %s (%s)", cases[i].text, f.first.offset, f.first.len,
				 f.first.text, f.first.hint);
		fixture_deinit(&f);
	}
}

static void test_a_number_too_large_is_told_from_what_is_no_number(void **state)
{
	const struct expr *x;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(compile(&f, "t.n = 99999999999999999999", &x), -EINVAL);
	assert_non_null(strstr(f.first.text, "not a number of 64 bits"));
	assert_int_equal(compile(&f, "t.n = 9x", &x), -EINVAL);
	assert_non_null(strstr(f.first.text, "not a decimal number"));
	fixture_deinit(&f);
}

static void test_all_mistakes_are_reported(void **state)
{
	const struct expr *x;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(compile(&f, "x.a = 1 and (t.n in (a, 1, b) or m) and t.s = val(x.b)", &x),
			 -EINVAL);
	assert_int_equal(f.n[TYPECHECK_UNKNOWN_FIELD], 2);
	assert_int_equal(f.n[TYPECHECK_ERROR], 2);
	assert_int_equal(f.n[TYPECHECK_UNKNOWN_NAME], 1);
	fixture_deinit(&f);
}

static void test_equal_uses_share_a_slot(void **state)
{
	const struct expr *x, *y;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(compile(&f, "t.s = a or t.s = b or t.arg[x] = c", &x), 0);
	assert_int_equal(compile(&f, "t.arg[x] = d or t.arg[y] = e", &y), 0);
	assert_int_equal(use_table_count(f.uses), 3);
	assert_ptr_equal(x->kids[0]->test->left->use, x->kids[1]->test->left->use);
	assert_ptr_equal(x->kids[2]->test->left->use, y->kids[0]->test->left->use);
	assert_int_equal(use_table_at(f.uses, 2)->slot, 2);
	fixture_deinit(&f);
}

static void test_doubtful_constants_draw_warnings(void **state)
{
	static const struct {
		const char *text;
		int as_text, regex, na;
	} cases[] = {
		{"t.s = t.n", 1, 0, 0},
		{"t.s in (t.n, x.y, 'val(t.n)', 'len(t.s)')", 3, 0, 0},
		{"t.s regex abc", 0, 1, 0},
		{"t.s regex '.*abc$'", 0, 1, 0},
		{"t.s regex 'a.*c'", 0, 0, 0},
		{"t.s = <NA> or t.s in (a, <NA>)", 0, 0, 2},
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct expr *x;

		fixture_init(&f);
		assert_int_equal(compile(&f, cases[i].text, &x), 0);
		assert_int_equal(f.n[TYPECHECK_WARN_FIELD_AS_TEXT], cases[i].as_text);
		assert_int_equal(f.n[TYPECHECK_WARN_REGEX], cases[i].regex);
		assert_int_equal(f.n[TYPECHECK_WARN_NA], cases[i].na);
		fixture_deinit(&f);
	}
}

static void test_evaluation_allocates_nothing_after_warm_up(void **state)
{
	struct fetch fetch = {.get = answer};
	struct event evt = {.num = 1};
	struct eval *e = eval_new();
	const struct expr *x;
	unsigned long before;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(compile(&f, "join('-', (toupper(t.s), t.list)) contains USR", &x), 0);
	assert_true(eval_match(e, x, &evt, &fetch));
	before = mem_count();
	for (int i = 0; i < 1000; i++) {
		eval_reset(e);
		assert_true(eval_match(e, x, &evt, &fetch));
	}
	assert_int_equal(mem_count(), before);
	eval_free(e);
	fixture_deinit(&f);
}

static void test_shortage_of_memory_is_survived(void **state)
{
	static const char *const text = "t.s in (a, 'b') and join('-', (t.s, t.list)) glob a* or "
					"getopt(t.list, 'ab:')[b] = val(t.s) or t.s regex ^a.c$";
	struct fetch fetch = {.get = answer};
	struct event evt = {.num = 1};
	unsigned long n = 0;
	int r = -1;

	(void)state;
	while (r != 0) {
		struct typecheck_options o = {0};
		const struct ast *tree;
		const struct expr *x;
		struct fixture f;
		struct err err = ERR_NULL;
		struct eval *e = eval_new();

		fixture_init(&f);
		o.fields = f.fields;
		o.uses = f.uses;
		o.arena = &f.arena;
		mem_fail_at(++n);
		r = parse_condition(str_from(text), NULL, &f.arena, &tree, &err);
		if (!r)
			r = typecheck(tree, &o, &x);
		if (!r)
			(void)eval_match(e, x, &evt, &fetch);
		mem_fail_at(0);
		assert_true(r == 0 || r == -ENOMEM);
		eval_free(e);
		fixture_deinit(&f);
	}
	assert_true(n > 5);
}

static void test_texts_that_are_no_address_are_refused(void **state)
{
	static const struct {
		const char *text, *wrong;
	} cases[] = {
		{"t.ip = 1.2.300.4", "'1.2.300.4' is not an address"},
		{"t.ip = 1.2.3", "'1.2.3' is not an address"},
		{"t.ip != 1.2.3.4.5", "'1.2.3.4.5' is not an address"},
		{"t.ip in (1.2.3.4, '::g')", "'::g' is not an address"},
		{"t.ip = 1.2.3.4x", "'1.2.3.4x' is not an address"},
	};
	struct fixture f;
	const struct expr *x;

	(void)state;
	fixture_init(&f);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_not_equal(compile(&f, cases[i].text, &x), 0);
		assert_non_null(strstr(f.first.text, cases[i].wrong));
	}
	fixture_deinit(&f);
}

static void test_event_types_are_found(void **state)
{
	static const struct {
		const char *text;
		uint16_t has, has_not;
	} cases[] = {
		{"t.type = open", 3, 5},
		{"not t.type != open and t.s = 1", 2, 5},
		{"t.type in (open, close)", 5, 7},
		{"t.type = getpid", 1, 3},
		{"t.s = 1 or t.type = open", 5, 511},
		{"not (t.type = open or t.s = 1)", 5, 3},
		{"t.type startswith open", 5, 511},
		{"t.num > 3 and t.type = open", 3, 5},
	};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct ast *tree;
		struct evttypes set;
		struct err err = ERR_NULL;

		assert_int_equal(
			parse_condition(str_from(cases[i].text), NULL, &f.arena, &tree, &err), 0);
		assert_int_equal(evttypes_of(tree, &(struct evttypes_source){.fields = f.fields},
					     &set, &err),
				 0);
		assert_true(evttypes_has(&set, cases[i].has));
		assert_false(evttypes_has(&set, cases[i].has_not));
	}
	fixture_deinit(&f);
}

static void test_hidden_event_types_are_refused(void **state)
{
	static const char *const cases[] = {"toupper(t.type) = OPEN", "t.type = val(t.s)",
					    "t.s = val(t.type)", "concat('a', t.type) = aopen"};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct ast *tree;
		struct evttypes set;
		struct err err = ERR_NULL;

		assert_int_equal(parse_condition(str_from(cases[i]), NULL, &f.arena, &tree, &err),
				 0);
		assert_int_equal(evttypes_of(tree, &(struct evttypes_source){.fields = f.fields},
					     &set, &err),
				 -EINVAL);
	}
	fixture_deinit(&f);
}

static void test_patterns_match_like_a_shell(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{"*", "", true},
		{"a*b*c", "axxbyyc", true},
		{"a*b*c", "axxbyy", false},
		{"[]a]", "]", true},
		{"[!a-c]x", "dx", true},
		{"[!a-c]x", "bx", false},
		{"[a", "[a", true},
		{"\\*", "*", true},
		{"\\*", "x", false},
		{"[[:digit:]]", "7", true},
		{"a\\", "a", false},
		{"?", "\xff", true},
		{"[a-]", "-", true},
		{"**a", "bba", true},
		{"x", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (glob_match(str_from(cases[i].pattern), str_from(cases[i].text), false) !=
		    cases[i].matches)
			fail_msg("%s %s", cases[i].pattern, cases[i].text);
	}
	assert_true(glob_match(STR("A[B-C]"), STR("aC"), true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions_hold),
		cmocka_unit_test(test_what_cannot_work_is_refused),
		cmocka_unit_test(test_a_number_too_large_is_told_from_what_is_no_number),
		cmocka_unit_test(test_all_mistakes_are_reported),
		cmocka_unit_test(test_equal_uses_share_a_slot),
		cmocka_unit_test(test_doubtful_constants_draw_warnings),
		cmocka_unit_test(test_evaluation_allocates_nothing_after_warm_up),
		cmocka_unit_test(test_shortage_of_memory_is_survived),
		cmocka_unit_test(test_texts_that_are_no_address_are_refused),
		cmocka_unit_test(test_event_types_are_found),
		cmocka_unit_test(test_hidden_event_types_are_refused),
		cmocka_unit_test(test_patterns_match_like_a_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
