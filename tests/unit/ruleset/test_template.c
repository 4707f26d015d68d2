#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "filter/eval.h"
#include "ruleset/template.h"
#include "rulekit.h"

/* a.str is "stra", a.num 7, a.list (x,y), a.key[k] "k"; a.hint is absent. */
static void answer(void *ctx, const struct event *evt, const struct field_use *const *uses,
		   uint32_t n, struct values *ret)
{
	static const union value str = {.bytes = {"stra", 4}}, num = {.u64 = 7};
	static const union value list[] = {{.bytes = {"x", 1}}, {.bytes = {"y", 1}}};
	static union value keys[16];
	uint32_t *n_calls = ctx;
	(void)evt;

	(*n_calls)++;
	for (uint32_t i = 0; i < n; i++) {
		struct str name = uses[i]->field->name;

		ret[i] = (struct values){0};
		if (str_is(name, "a.str"))
			ret[i] = (struct values){.is_set = true, .n = 1, .v = &str};
		else if (str_is(name, "a.num"))
			ret[i] = (struct values){.is_set = true, .n = 1, .v = &num};
		else if (str_is(name, "a.list"))
			ret[i] = (struct values){.is_set = true, .n = 2, .v = list};
		else if (str_is(name, "a.key")) {
			keys[uses[i]->slot % 16].bytes = uses[i]->arg;
			ret[i] = (struct values){
				.is_set = true, .n = 1, .v = &keys[uses[i]->slot % 16]};
		}
	}
}

struct bench {
	struct kit k;
	struct use_table *uses;
	struct arena arena;
	struct eval *eval;
	struct buf out;
	uint32_t n_calls;
};

static void init(struct bench *b)
{
	*b = (struct bench){0};
	kit_init(&b->k);
	b->uses = use_table_new();
	b->eval = eval_new();
	buf_init(&b->out, 1 << 20);
}

static void deinit(struct bench *b)
{
	use_table_free(b->uses);
	eval_free(b->eval);
	buf_deinit(&b->out);
	arena_deinit(&b->arena);
	kit_deinit(&b->k);
}

static int compile(struct bench *b, const char *text, const struct template **ret, struct err *err)
{
	struct template_set set = {.fields = b->k.fields, .uses = b->uses, .arena = &b->arena};
	int r = template_compile(&set, str_from(text), ret, err);

	template_set_deinit(&set);
	return r;
}

static bool render(struct bench *b, const struct template *t)
{
	const struct event evt = {.num = 1};
	const struct fetch fetch = {.get = answer, .ctx = &b->n_calls};

	buf_reset(&b->out);
	b->n_calls = 0;
	eval_reset(b->eval);
	return template_render(t, b->eval, &evt, &fetch, &b->out);
}

static void test_renders(void **state)
{
	static const struct {
		const char *text, *out;
		bool all;
	} rows[] = {
		{"", "", true},
		{"no fields", "no fields", true},
		{"s=%a.str n=%a.num", "s=stra n=7", true},
		{"%a.str.", "stra.", true},
		{"%a.str%a.num", "stra7", true},
		{"*%a.str", "stra", true},
		{"100%% of %a.num%%", "100% of 7%", true},
		{"%a.hint!", "<NA>!", false},
		{"%a.list", "(x,y)", true},
		{"%a.key[k] %a.key[l m]", "k l m", true},
		{"%toupper(a.str)", "STRA", true},
		{"%toupper(toupper(a.str))-%len(a.list)", "STRA-2", true},
		{"%toupper(a.hint)", "<NA>", false},
		{"[%6a.str]", "[stra  ]", true},
		{"[%2a.str]", "[st]", true},
		{"[%5toupper(a.str)]", "[STRA ]", true},
		{"(%container.info)", "()", true},
	};
	struct bench b;
	(void)state;

	init(&b);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct err err = ERR_NULL;
		const struct template *t = NULL;

		if (compile(&b, rows[i].text, &t, &err) != 0)
			fail_msg("row %zu: %s", i, err.text);
		assert_int_equal(render(&b, t), rows[i].all);
		if (!str_is(buf_str(&b.out), rows[i].out))
			fail_msg("row %zu: '%s'", i, b.out.p);
	}
	deinit(&b);
}

static void test_refuses_with_span(void **state)
{
	static const struct {
		const char *text;
		int r;
		size_t offset;
	} rows[] = {
		{"x %", -EINVAL, 2},
		{"x %b.str", -ENOENT, 3},
		{"%a.key", -EINVAL, 1},
		{"%a.secret", -EINVAL, 1},
		{"%99999a.str", -EINVAL, 4},
		{"%toupper(a.nope)", -EINVAL, 9},
		{"%toupper(a.str", -EINVAL, 14},
		{"% a.str", -EINVAL, 1},
		{"%-5a.str", -EINVAL, 1},
		{"x %5", -EINVAL, 4},
	};
	struct bench b;
	(void)state;

	init(&b);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct err err = ERR_NULL;
		const struct template *t = NULL;
		int r = compile(&b, rows[i].text, &t, &err);

		if (r != rows[i].r || err.offset != rows[i].offset)
			fail_msg("row %zu: %d at %zu: %s", i, r, err.offset, err.text);
	}
	deinit(&b);
}

static void test_tells_each_field_once_and_asks_for_the_plain_ones_at_once(void **state)
{
	const struct template *t = NULL;
	struct err err = ERR_NULL;
	struct bench b;
	(void)state;

	init(&b);
	assert_int_equal(compile(&b, "%a.str %a.num %5a.str %toupper(a.hint) %a.key[k]", &t, &err),
			 0);
	assert_int_equal(template_n_fields(t), 4);
	assert_true(str_is(template_field_text(t, 0), "a.str"));
	assert_true(str_is(template_field_text(t, 2), "a.hint"));
	assert_true(str_is(template_field_text(t, 3), "a.key[k]"));
	(void)render(&b, t);
	assert_int_equal(b.n_calls, 2); /* the plain ones, and one for the call */
	deinit(&b);
}

static void test_drops_the_token_that_stands_for_nothing(void **state)
{
	const struct template *t = NULL;
	struct err err = ERR_NULL;
	struct bench b;
	(void)state;

	init(&b);
	assert_int_equal(compile(&b, "a %container.info b %a.num", &t, &err), 0);
	assert_true(template_has_dropped(t));
	assert_true(str_is(template_text(t, &b.arena), "a  b %a.num"));
	deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_renders),
		cmocka_unit_test(test_refuses_with_span),
		cmocka_unit_test(test_tells_each_field_once_and_asks_for_the_plain_ones_at_once),
		cmocka_unit_test(test_drops_the_token_that_stands_for_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
