#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ini.h"
#include "process.h"
#include "text.h"

static int add_value(void *arg, const char *section, const char *key, const char *value,
		     unsigned line)
{
	char number[16];
	struct aws_text *t = arg;

	(void)snprintf(number, sizeof number, "%u:", line);
	aws_text_puts(t, number);
	aws_text_puts(t, section);
	aws_text_puts(t, ".");
	aws_text_puts(t, key);
	aws_text_puts(t, "=");
	aws_text_puts(t, value);
	aws_text_puts(t, ";");
	return 0;
}

static void test_what_a_file_says(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"[default]\nregion=eu-west-1\n", "2:default.region=eu-west-1;"},
		{"[ profile a b ]\n key = v = w  \r\n", "2:profile a b.key=v = w;"},
		{"# c\n; c\n\n[a] # c\nk = v # c\nl = v#w;x ; c\n", "5:a.k=v;6:a.l=v#w;x;"},
		{"[a]\ns3 =\n  addressing_style = path\n  x = 1\nk = v\n",
		 "2:a.s3=;3:a.s3.addressing_style=path;4:a.s3.x=1;5:a.k=v;"},
		{"[a]\nk = v\n  more of it\n", "2:a.k=v;"},
		{"\xef\xbb\xbf[a]\nk=v", "2:a.k=v;"},
		{"[a]\nk=\n[b]\n l=w\n", "2:a.k=;4:b.l=w;"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct aws_text t = {0};
		struct aws_ini_stop stop;

		assert_int_equal(
			aws_ini_read(rows[i].text, strlen(rows[i].text), add_value, &t, &stop), 0);
		assert_string_equal(aws_text_get(&t), rows[i].want);
		aws_text_free(&t);
	}
}

static void test_what_is_wrong_is_said_with_its_line(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *why;
	} rows[] = {
		{"[a]\n\nwords\n", 3, "key = value"},
		{"[a]\n= v\n", 2, "no key"},
		{"k = v\n", 1, "before the first section"},
		{"[a\n", 1, "without ']'"},
		{"[]\n", 1, "without a name"},
		{"[a] b\n", 1, "behind"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct aws_text t = {0};
		struct aws_ini_stop stop;

		assert_true(aws_ini_read(rows[i].text, strlen(rows[i].text), add_value, &t, &stop) <
			    0);
		assert_int_equal(stop.line, rows[i].line);
		assert_non_null(strstr(stop.why, rows[i].why));
		aws_text_free(&t);
	}
}

static void test_a_line_or_a_file_over_its_bound_is_refused(void **state)
{
	char *text = malloc(AWS_INI_BYTES + 1);
	struct aws_text t = {0};
	struct aws_ini_stop stop;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', AWS_INI_BYTES + 1);
	assert_int_equal(aws_ini_read(text, AWS_INI_LINE, add_value, &t, &stop), -7);
	assert_int_equal(aws_ini_read(text, AWS_INI_BYTES + 1, add_value, &t, &stop), -7);
	text[3] = '\0';
	assert_int_equal(aws_ini_read(text, 9, add_value, &t, &stop), -22);
	free(text);
}

static void test_a_command_is_cut_into_words(void **state)
{
	static const struct {
		const char *command, *words; /* a '|' behind each; NULL: refused */
	} rows[] = {
		{"/bin/a b  c\t", "/bin/a|b|c|"},
		{"'/a b/c' \"d e\" f\\ g ''", "/a b/c|d e|f g||"},
		{"a \"b\\\"c\" 'd\\e' $HOME `x`", "a|b\"c|d\\e|$HOME|`x`|"},
		{"a'b'\"c\"", "abc|"},
		{"   ", ""},
		{"a 'b", NULL},
		{"a \"b", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char copy[128], *words[PROCESS_WORDS + 1];
		struct aws_text t = {0};
		int n;

		(void)snprintf(copy, sizeof copy, "%s", rows[i].command);
		n = process_split(copy, words);
		assert_int_equal(n < 0, rows[i].words == NULL);
		for (int w = 0; w < n; w++) {
			aws_text_puts(&t, words[w]);
			aws_text_puts(&t, "|");
		}
		assert_string_equal(aws_text_get(&t), rows[i].words ? rows[i].words : "");
		aws_text_free(&t);
	}
}

static void test_a_command_of_too_many_words_is_refused(void **state)
{
	char many[2 * (PROCESS_WORDS + 1) + 1] = "", *words[PROCESS_WORDS + 1];

	(void)state;
	for (size_t i = 0; i < PROCESS_WORDS + 1; i++)
		memcpy(many + 2 * i, "a ", 3);
	assert_int_equal(process_split(many, words), -22);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_file_says),
		cmocka_unit_test(test_what_is_wrong_is_said_with_its_line),
		cmocka_unit_test(test_a_line_or_a_file_over_its_bound_is_refused),
		cmocka_unit_test(test_a_command_is_cut_into_words),
		cmocka_unit_test(test_a_command_of_too_many_words_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
