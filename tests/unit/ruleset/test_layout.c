#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ruleset/layout.h"

static int lay_out(const char *text, struct buf *out, struct err *err)
{
	buf_reset(out);
	*err = (struct err)ERR_NULL;
	return layout_rules("test.yaml", str_from(text), out, NULL, err);
}

static void assert_layout(const char *text, const char *want)
{
	struct buf out;
	struct err err;

	buf_init(&out, 1 << 20);
	if (lay_out(text, &out, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(out.p, want);
	/* laid out is laid out */
	assert_int_equal(lay_out(want, &out, &err), 0);
	assert_string_equal(out.p, want);
	buf_deinit(&out);
}

static void test_keys_come_in_order(void **state)
{
	(void)state;
	assert_layout(
		"-   priority:   INFO\n    output: x\n    rule: a\n    condition:  evt.num > 0\n"
		"    desc:   d\n",
		"- rule: a\n  desc: d\n  condition: evt.num > 0\n  output: x\n"
		"  priority: INFO\n");
}

static void test_rules_stand_apart_and_lists_may_stand_together(void **state)
{
	(void)state;
	assert_layout(
		"- list: a\n  items: [ x,y ]\n- list: b\n  items: []\n- rule: r\n  enabled: false\n"
		"\n\n\n- macro: m\n  condition: a\n",
		"- list: a\n  items: [x, y]\n- list: b\n  items: []\n\n- rule: r\n"
		"  enabled: false\n\n- macro: m\n  condition: a\n");
}

static void test_comments_stay_with_what_they_stood_by(void **state)
{
	(void)state;
	assert_layout("# head\n\n# about a\n- priority: INFO # how bad\n  # why\n  rule: a\n"
		      "  tags: # many\n  - x # first\n  # second\n  - y\n# end\n",
		      "# head\n\n# about a\n# why\n- rule: a\n  priority: INFO  # how bad\n"
		      "  tags:  # many\n    - x  # first\n    # second\n    - y\n# end\n");
}

static void test_texts_keep_their_style(void **state)
{
	(void)state;
	assert_layout(
		"- macro: a\n  condition: >\n      (evt.type = open\n        and x)\n      or y\n"
		"- macro: b\n  condition: \"a\n     or b\"\n- macro: c\n  condition: |-\n     x\n",
		"- macro: a\n  condition: >\n    (evt.type = open\n      and x)\n    or y\n"
		"- macro: b\n  condition: \"a\n    or b\"\n- macro: c\n  condition: |-\n    x\n");
}

static void test_long_lists_are_broken(void **state)
{
	(void)state;
	assert_layout("- list: a\n  items: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, "
		      "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, "
		      "cccccccccccccccccccccccccccc, d]\n",
		      "- list: a\n  items: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, "
		      "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb,\n"
		      "    cccccccccccccccccccccccccccc, d]\n");
}

static void test_a_list_with_comments_gets_lines(void **state)
{
	(void)state;
	assert_layout("- list: a\n  items: [x, # one\n   y]\n",
		      "- list: a\n  items:\n    - x  # one\n    - y\n");
}

static void test_documents_stay_apart(void **state)
{
	(void)state;
	assert_layout("- list: a\n  items: [x]\n---\n- list: b\n  items: [y]\n",
		      "- list: a\n  items: [x]\n---\n- list: b\n  items: [y]\n");
}

static void test_what_cannot_be_kept_is_refused(void **state)
{
	static const char *const texts[] = {"a: b\n", "- &x {list: a, items: []}\n", "- [a\n",
					    "- rule: !!str x\n"};
	struct buf out;
	struct err err;

	(void)state;
	buf_init(&out, 1 << 20);
	for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_int_equal(lay_out(texts[i], &out, &err), -EINVAL);
		assert_true(err.is_set);
	}
	buf_deinit(&out);
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = calloc(1, 1 << 20);

	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	(void)fclose(f);
	return text;
}

static void test_shipped_rules_are_laid_out(void **state)
{
	static const char *const files[] = {SOURCE_DIR "/rules/aws_cloudtrail/aws_cloudtrail.yaml",
					    SOURCE_DIR "/rules/k8s_audit/k8s_audit.yaml"};

	(void)state;
	for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
		char *text = read_file(files[i]);

		assert_layout(text, text);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_come_in_order),
		cmocka_unit_test(test_rules_stand_apart_and_lists_may_stand_together),
		cmocka_unit_test(test_comments_stay_with_what_they_stood_by),
		cmocka_unit_test(test_texts_keep_their_style),
		cmocka_unit_test(test_long_lists_are_broken),
		cmocka_unit_test(test_a_list_with_comments_gets_lines),
		cmocka_unit_test(test_documents_stay_apart),
		cmocka_unit_test(test_what_cannot_be_kept_is_refused),
		cmocka_unit_test(test_shipped_rules_are_laid_out),
	};

	return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
