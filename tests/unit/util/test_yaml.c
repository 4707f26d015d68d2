#include <setjmp.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "util/mem.h"
#include "util/yaml.h"

static struct yaml_file *parse(const char *text)
{
	struct err err = ERR_NULL;
	struct yaml_file *f;

	assert_int_equal(yaml_parse("t.yaml", str_from(text), &f, NULL, &err), 0);
	return f;
}

static void test_nodes_know_where_they_stand(void **state)
{
	struct yaml_file *f = parse("- rule: a\n  tags: [x, 'y z']\n---\n- ünï: b\n");
	const struct yaml_node *tags, *b;
	(void)state;

	assert_int_equal(f->n_docs, 2);
	assert_int_equal(f->docs[0]->kind, YAML_SEQ);
	assert_int_equal(f->docs[0]->items[0]->start.column, 2);
	tags = yaml_get(f->docs[0]->items[0], "tags");
	assert_int_equal(tags->n, 2);
	assert_int_equal(tags->items[1]->start.line, 1);
	assert_int_equal(tags->items[1]->start.column, 12);
	assert_int_equal(tags->items[1]->start.offset, 22);
	assert_int_equal(tags->items[1]->style, YAML_SINGLE_QUOTED);
	b = yaml_get(f->docs[1]->items[0], "ünï");
	assert_int_equal(b->start.line, 3);
	assert_int_equal(b->start.column, 7);
	assert_memory_equal(f->text.p + b->start.offset, "b", 1);
	yaml_close(f);
}

static void test_nothing_is_null_only_when_plain(void **state)
{
	struct yaml_file *f = parse("[~, null, '', 'null', !!str null]");
	(void)state;

	assert_int_equal(f->docs[0]->items[0]->kind, YAML_NULL);
	assert_int_equal(f->docs[0]->items[1]->kind, YAML_NULL);
	assert_int_equal(f->docs[0]->items[2]->kind, YAML_SCALAR);
	assert_int_equal(f->docs[0]->items[3]->kind, YAML_SCALAR);
	assert_int_equal(f->docs[0]->items[4]->kind, YAML_SCALAR);
	yaml_close(f);
}

/* Each row: a document whose value of `k` holds an X somewhere; the mark of that X must be an X. */
static void test_place_in_value_is_place_in_file(void **state)
{
	static const char *const docs[] = {
		"k: abc X",
		"k: abc\n   def   X",
		"k: abc  \n\n\n   def X",
		"k: ä abc\r\n   def\r\n   X y",
		"k: 'it''s X'",
		"k: 'a\n  b\n\n  c ''X'''",
		"k: \"a\\n\\x41\\u00e4\\U0001F600 X\"",
		"k: \"a \\\n   b X\"",
		"k: \"a\n\n   b \\\"X\\\"\"",
		"k: |\n  a\n    b\n\n  X y\n",
		"k: |2\n    a\n  X y\n",
		"k: >\n  a\n  b X\n",
		"k: >\n  a\n\n  b\n\n\n  c X\n",
		"k: >-\n\n  a\n    more\n\n    more\n  b\n  X c\n",
		"k: >2\n    a\n  b\n  X\n",
		"k: |\n  X",
		"k: X",
		"k: >-\n  X\n",
	};
	(void)state;

	for (size_t i = 0; i < sizeof docs / sizeof *docs; i++) {
		struct yaml_file *f = parse(docs[i]);
		const struct yaml_node *v = yaml_get(f->docs[0], "k");
		const char *x = memchr(v->text.p, 'X', v->text.len);
		struct yaml_mark at;

		assert_non_null(x);
		at = yaml_mark_in(f, v, (size_t)(x - v->text.p));
		if (f->text.p[at.offset] != 'X')
			fail_msg("row %zu: found '%c' at %zu", i, f->text.p[at.offset], at.offset);
		at = yaml_mark_in(f, v, v->text.len);
		assert_int_equal(at.offset, v->end.offset);
		yaml_close(f);
	}
}

static void test_every_place_in_a_value_is_inside_its_scalar(void **state)
{
	struct yaml_file *f = parse("k: \"a \\\n   b\\e\\L\\_\n\n x\"\nl: >\n  a\n\n   b\n  c\n");
	(void)state;

	for (uint32_t i = 0; i < f->docs[0]->n; i++) {
		const struct yaml_node *v = f->docs[0]->pairs[i].value;
		size_t last = 0;

		for (size_t k = 0; k < v->text.len; k++) {
			struct yaml_mark at = yaml_mark_in(f, v, k);

			assert_true(at.offset >= v->start.offset && at.offset <= v->end.offset);
			assert_true(at.offset >= last);
			last = at.offset;
		}
	}
	yaml_close(f);
}

static void test_alias_is_the_node_it_names(void **state)
{
	struct yaml_file *f = parse("- &a [1, 2]\n- *a\n- &a 3\n- *a");
	(void)state;

	assert_ptr_equal(f->docs[0]->items[0], f->docs[0]->items[1]);
	assert_true(str_is(f->docs[0]->items[3]->text, "3"));
	yaml_close(f);
}

static void test_refuses_with_place(void **state)
{
	static const struct {
		const char *text;
		uint32_t line, column;
		const char *part;
	} rows[] = {
		{"a: [1, 2", 0, 8, "invalid YAML"},
		{"a: b: c", 0, 4, "invalid YAML"},
		{"ok: 1\nbad: *x", 1, 5, "alias without its anchor: x"},
		{"&a [*a]", 0, 4, "alias inside of what it stands for"},
		{"a: \xff", 0, 3, "invalid characters"},
		{"a: \x01", 0, 3, "invalid characters"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct err err = ERR_NULL;
		struct yaml_file *f = NULL;
		struct yaml_mark at;

		assert_int_equal(yaml_parse("t", str_from(rows[i].text), &f, &at, &err), -EINVAL);
		assert_null(f);
		if (!strstr(err.text, rows[i].part) || at.line != rows[i].line ||
		    at.column != rows[i].column)
			fail_msg("row %zu: %u:%u %s", i, at.line, at.column, err.text);
	}
}

static void test_refuses_alias_bombs_and_depth(void **state)
{
	struct err err = ERR_NULL, deep_err = ERR_NULL;
	struct yaml_file *f = NULL;
	char text[4096], deep[512];
	size_t n = 0;
	(void)state;

	n += (size_t)snprintf(text, sizeof text, "- &a0 [x]\n");
	for (int i = 1; i < 30; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "- &a%d [*a%d,*a%d,*a%d]\n", i,
				      i - 1, i - 1, i - 1);
	assert_int_equal(yaml_parse("t", str_from(text), &f, NULL, &err), -EINVAL);
	assert_non_null(strstr(err.text, "too many nodes"));

	memset(deep, '[', sizeof deep - 1);
	deep[sizeof deep - 1] = 0;
	assert_int_equal(yaml_parse("t", str_from(deep), &f, NULL, &deep_err), -EINVAL);
	assert_non_null(strstr(deep_err.text, "nested too deeply"));
	assert_null(f);
}

static void test_finds_duplicate_keys(void **state)
{
	struct yaml_file *f = parse("{a: 1, b: 2, a: 3}");
	(void)state;

	assert_int_equal(yaml_duplicate(f->docs[0])->value->start.column, 16);
	assert_true(str_is(yaml_get(f->docs[0], "a")->text, "1"));
	yaml_close(f);
}

static void test_scalars_as_other_types(void **state)
{
	struct yaml_file *f =
		parse("[yes, Off, 18446744073709551615, 18446744073709551616, 1.5, x]");
	struct yaml_node **v = f->docs[0]->items;
	uint64_t u = 0;
	double d = 0;
	bool b = false;
	(void)state;

	assert_int_equal(yaml_bool(v[0], &b), 0);
	assert_true(b);
	assert_int_equal(yaml_bool(v[1], &b), 0);
	assert_false(b);
	assert_int_equal(yaml_bool(v[5], &b), -EINVAL);
	assert_int_equal(yaml_u64(v[2], &u), 0);
	assert_true(u == UINT64_MAX);
	assert_int_equal(yaml_u64(v[3], &u), -EINVAL);
	assert_int_equal(yaml_double(v[4], &d), 0);
	assert_true(d > 1.4 && d < 1.6);
	assert_int_equal(yaml_double(v[5], &d), -EINVAL);
	yaml_close(f);
}

static void test_line_is_without_its_end(void **state)
{
	struct yaml_file *f = parse("a: 1\r\nb: 2\n");
	(void)state;

	assert_true(str_is(yaml_line(f, f->docs[0]->pairs[0].key->start), "a: 1"));
	assert_true(str_is(yaml_line(f, f->docs[0]->pairs[1].key->start), "b: 2"));
	yaml_close(f);
}

static void test_survives_want_of_memory(void **state)
{
	static const char text[] = "- &a {k: [1, 2, 'x']}\n- *a\n---\n- b\n";
	(void)state;

	for (unsigned long n = 1; n < 200; n++) {
		struct err err = ERR_NULL;
		struct yaml_file *f = NULL;
		int r;

		mem_fail_at(n);
		r = yaml_parse("t", str_from(text), &f, NULL, &err);
		mem_fail_at(0);
		assert_true(r == 0 || r == -ENOMEM);
		yaml_close(f);
		if (r == 0)
			return;
	}
	fail_msg("never succeeded");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes_know_where_they_stand),
		cmocka_unit_test(test_nothing_is_null_only_when_plain),
		cmocka_unit_test(test_place_in_value_is_place_in_file),
		cmocka_unit_test(test_every_place_in_a_value_is_inside_its_scalar),
		cmocka_unit_test(test_alias_is_the_node_it_names),
		cmocka_unit_test(test_refuses_with_place),
		cmocka_unit_test(test_refuses_alias_bombs_and_depth),
		cmocka_unit_test(test_finds_duplicate_keys),
		cmocka_unit_test(test_scalars_as_other_types),
		cmocka_unit_test(test_line_is_without_its_end),
		cmocka_unit_test(test_survives_want_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
