#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filter/parse.h"
#include "filter/print.h"

static int parse(struct arena *a, const char *text, const struct ast **ret, struct err *err)
{
	return parse_condition(str_from(text), NULL, a, ret, err);
}

static void test_mistakes_are_reported_where_they_are(void **state)
{
	static const struct {
		const char *text;
		size_t offset, len;
		const char *hint;
	} cases[] = {
		{"", 0, 0, ""},
		{"proc.name", 9, 0, ""},
		{"proc.name startwith a", 10, 9, "did you mean 'startswith'?"},
		{"proc.name in (sh, ", 18, 0, ""},
		{"a and b and", 11, 0, ""},
		{"a andb", 5, 1, ""},
		{"(a or b", 7, 0, ""},
		{"evt.arg[ = x", 8, 1, ""},
		{"a.b = \"x\\q\"", 8, 2, ""},
		{"a.b = \"\\x4\"", 7, 3, ""},
		{"a.b > word", 6, 4, ""},
		{"a.b = c d", 8, 1, ""},
		{"len(a.b", 7, 0, ""},
	};
	struct arena a = ARENA_NULL;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct ast *tree = NULL;
		struct err err = ERR_NULL;

		assert_int_equal(parse(&a, cases[i].text, &tree, &err), -EINVAL);
		assert_null(tree);
		assert_true(err.is_set);
		assert_int_equal(err.offset, cases[i].offset);
		assert_int_equal(err.len, cases[i].len);
		assert_string_equal(err.hint, cases[i].hint);
	}
	arena_deinit(&a);
}

static void test_nesting_has_a_limit(void **state)
{
	static const struct {
		const char *open;
		size_t n;
	} cases[] = {{"(", 100000},
		     {"not(", 100000},
		     {"not not (", 50000},
		     {"len(", 100000},
		     {"a.b = len(", 1000}};
	struct parse_options deep = {.max_depth = AST_DEPTH_RULES};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t len = strlen(cases[i].open);
		struct arena a = ARENA_NULL;
		const struct ast *tree;
		struct err err = ERR_NULL;
		char *text = malloc(len * cases[i].n);

		for (size_t j = 0; j < cases[i].n; j++)
			memcpy(text + j * len, cases[i].open, len);
		assert_int_equal(parse_condition((struct str){text, len * cases[i].n}, &deep, &a,
						 &tree, &err),
				 -EINVAL);
		free(text);
		arena_deinit(&a);
	}
}

static void test_nesting_below_the_limit_is_fine(void **state)
{
	struct arena a = ARENA_NULL;
	struct parse_options o = {.max_depth = 1000};
	const struct ast *tree;
	struct err err = ERR_NULL;
	char text[2 * 999 + 2];

	(void)state;
	memset(text, '(', 999);
	text[999] = 'a';
	memset(text + 1000, ')', 999);
	assert_int_equal(parse_condition((struct str){text, 1999}, &o, &a, &tree, &err), 0);
	assert_int_equal(tree->kind, AST_NAME);
	arena_deinit(&a);
}

static void test_nodes_know_where_they_were_written(void **state)
{
	const char *text = "a and  x.y in (1, 'two') ";
	struct parse_options o = {.origin = text};
	struct arena a = ARENA_NULL;
	const struct ast *tree, *check;
	struct err err = ERR_NULL;

	(void)state;
	assert_int_equal(parse_condition(str_from(text), &o, &a, &tree, &err), 0);
	assert_int_equal(tree->place.span.offset, 0);
	assert_int_equal(tree->place.span.len, 24);
	assert_ptr_equal(tree->place.origin, text);
	check = tree->kids[1];
	assert_int_equal(check->place.span.offset, 7);
	assert_int_equal(check->op_span.offset, 11);
	assert_int_equal(check->op_span.len, 2);
	assert_int_equal(check->right->args[1]->place.span.offset, 18);
	assert_int_equal(check->right->args[1]->place.span.len, 5);
	assert_true(check->right->args[1]->is_quoted);
	assert_false(check->right->args[0]->is_quoted);
	arena_deinit(&a);
}

static void test_exact_text_reads_back_as_the_same_tree(void **state)
{
	static const char *const cases[] = {
		"not (not a) and b or c",
		"a.b = \"ends in backslash \\ \"",
		"a.b = 'both \" and \\' quotes'",
		"a.b[\"x y\"] in (\"\", ')', 'a=b')",
		"join(\"-\", (\"a\", b.c, 5)) = oneof",
		"a.b == anyof (a, \"and\") or a.b != allof lst",
		"getopt(a.b, \"x:\")[\"]\"] exists",
		"a.b = \"\\x01\\xff\\n\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct arena a = ARENA_NULL;
		const struct ast *tree, *again;
		struct err err = ERR_NULL;
		struct buf b;

		buf_init(&b, 4096);
		assert_int_equal(parse(&a, cases[i], &tree, &err), 0);
		ast_write(&b, tree);
		assert_int_equal(parse(&a, b.p, &again, &err), 0);
		assert_true(ast_equal(tree, again));
		buf_deinit(&b);
		arena_deinit(&a);
	}
}

static void test_operators_are_read_alone(void **state)
{
	enum filter_modifier m;
	enum filter_op op;
	struct err err = ERR_NULL;

	(void)state;
	assert_int_equal(parse_operator(STR("= anyof"), &op, &m, &err), 0);
	assert_int_equal(op, FILTER_OP_EQ);
	assert_int_equal(m, FILTER_MOD_ANYOF);
	assert_int_equal(parse_operator(STR("pmatch"), &op, &m, &err), 0);
	assert_int_equal(op, FILTER_OP_PMATCH);
	assert_int_equal(parse_operator(STR("in anyof"), &op, &m, &err), -EINVAL);
	err = (struct err)ERR_NULL;
	assert_int_equal(parse_operator(STR("contians"), &op, &m, &err), -EINVAL);
	assert_string_equal(err.hint, "did you mean 'contains'?");
}

static void test_a_term_is_read_off_the_front(void **state)
{
	struct arena a = ARENA_NULL;
	const struct ast_term *t;
	struct err err = ERR_NULL;
	struct str text = STR("toupper(a.b[1]) rest");

	(void)state;
	assert_int_equal(parse_term(&text, NULL, &a, &t, &err), 0);
	assert_true(str_is(text, " rest"));
	assert_int_equal(t->call, FILTER_CALL_TOUPPER);
	arena_deinit(&a);
}

/* Names for test_names_are_replaced: list "l" has two items, "one" has one, macro "m" is a tree. */
struct names {
	struct arena *a;
	const struct ast *m;
};

static const struct ast *macro(void *ctx, struct str name, struct ast_place where)
{
	(void)where;
	return str_is(name, "m") ? ((struct names *)ctx)->m : NULL;
}

static const struct ast_term *list(void *ctx, struct str name, struct ast_place where)
{
	struct arena *a = ((struct names *)ctx)->a;
	const struct ast_term *items[2] = {ast_text(a, where, STR("x"), false),
					   ast_text(a, where, STR("y z"), true)};

	if (str_is(name, "l"))
		return ast_list(a, where, items, 2);
	return str_is(name, "one") ? ast_list(a, where, items, 1) : NULL;
}

static void test_names_are_replaced(void **state)
{
	static const struct {
		const char *text, *expanded;
	} cases[] = {
		{"m and not m", "(p.q = 1 and not p.q = 1)"},
		{"a.b in l", "a.b in (x, \"y z\")"},
		{"a.b in (k, l, 'l')", "a.b in (k, x, \"y z\", l)"},
		{"a.b = one", "a.b = x"},
		{"a.b = 'one'", "a.b = one"},
		{"a.b = anyof l or unknown", "(a.b = anyof (x, \"y z\") or unknown)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct arena a = ARENA_NULL;
		struct names ctx = {.a = &a};
		struct ast_names names = {
			.macro = macro, .list = list, .ctx = &ctx, .max_depth = 100};
		const struct ast *tree;
		struct err err = ERR_NULL;
		struct buf b;

		buf_init(&b, 4096);
		assert_int_equal(parse(&a, "p.q = 1", &ctx.m, &err), 0);
		assert_int_equal(parse(&a, cases[i].text, &tree, &err), 0);
		assert_int_equal(ast_expand(tree, &names, &a, &tree, &err), 0);
		ast_print(&b, tree);
		assert_string_equal(b.p, cases[i].expanded);
		buf_deinit(&b);
		arena_deinit(&a);
	}
}

static void test_a_long_list_is_refused_where_one_value_belongs(void **state)
{
	struct arena a = ARENA_NULL;
	struct names ctx = {.a = &a};
	struct ast_names names = {.macro = macro, .list = list, .ctx = &ctx, .max_depth = 100};
	const struct ast *tree;
	struct err err = ERR_NULL;

	(void)state;
	assert_int_equal(parse(&a, "a.b = l", &tree, &err), 0);
	assert_int_equal(ast_expand(tree, &names, &a, &tree, &err), -EINVAL);
	assert_int_equal(err.offset, 6);
	arena_deinit(&a);
}

static const struct ast *doubling(void *ctx, struct str name, struct ast_place where)
{
	(void)name;
	(void)where;
	return *(const struct ast **)ctx;
}

static void test_macros_that_double_are_bounded(void **state)
{
	struct arena a = ARENA_NULL;
	const struct ast *tree, *now;
	struct ast_names names = {.macro = doubling, .ctx = &now, .max_depth = 1000};
	struct err err = ERR_NULL;
	int r = 0, rounds = 0;

	(void)state;
	assert_int_equal(parse(&a, "m and m", &tree, &err), 0);
	assert_int_equal(parse(&a, "a.b = 1", &now, &err), 0);
	while (r == 0 && rounds < 64) {
		r = ast_expand(tree, &names, &a, &now, &err);
		rounds++;
	}
	assert_int_equal(r, -E2BIG);
	assert_int_equal(rounds, 21);
	arena_deinit(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes_are_reported_where_they_are),
		cmocka_unit_test(test_nesting_has_a_limit),
		cmocka_unit_test(test_nesting_below_the_limit_is_fine),
		cmocka_unit_test(test_nodes_know_where_they_were_written),
		cmocka_unit_test(test_exact_text_reads_back_as_the_same_tree),
		cmocka_unit_test(test_operators_are_read_alone),
		cmocka_unit_test(test_a_term_is_read_off_the_front),
		cmocka_unit_test(test_names_are_replaced),
		cmocka_unit_test(test_a_long_list_is_refused_where_one_value_belongs),
		cmocka_unit_test(test_macros_that_double_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
