#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "answer.h"
#include "keysread.h"
#include "retry.h"
#include "text.h"
#include "xml.h"

static struct aws_error read_error(const char *body)
{
	struct aws_error e;

	aws_error_read(body, strlen(body), &e);
	return e;
}

static void test_errors_are_read_in_either_form(void **state)
{
	static const struct {
		const char *body, *code, *message, *region;
	} rows[] = {
		{"<?xml "
		 "version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code><Message>no</Message></Error>",
		 "NoSuchKey", "no", ""},
		{"<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></"
		 "Error>",
		 "AuthorizationHeaderMalformed", "", "eu-west-1"},
		{"<Error><Code>X</Code><Region>evil.example/</Region></Error>", "X", "", ""},
		{"<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>AccessDenied</Code>"
		 "<Message>a&amp;b</Message></Error></ErrorResponse>",
		 "AccessDenied", "a&b", ""},
		{"{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\",\"message\":\"m\"}",
		 "QueueDoesNotExist", "m", ""},
		{" {\"code\":\"C\",\"Message\":\"a\\nb\"}", "C", "a b", ""},
		{"", "", "", ""},
		{"<html><body>oops", "", "", ""},
		{"<Error><Code>Cut</Code><Mess", "Cut", "", ""},
		{"{\"__type\":7}", "", "", ""},
		{"[1,2]", "", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct aws_error e = read_error(rows[i].body);

		assert_string_equal(e.code, rows[i].code);
		assert_string_equal(e.message, rows[i].message);
		assert_string_equal(e.region, rows[i].region);
	}
}

static void test_verdicts(void **state)
{
	static const struct {
		int status;
		const char *code;
		enum aws_verdict want;
	} rows[] = {
		{404, "NoSuchKey", AWS_FINAL},
		{403, "AccessDenied", AWS_FINAL},
		{403, "InvalidAccessKeyId", AWS_FINAL},
		{412, "PreconditionFailed", AWS_FINAL},
		{501, "NotImplemented", AWS_FINAL},
		{500, "", AWS_AGAIN},
		{502, "", AWS_AGAIN},
		{504, "", AWS_AGAIN},
		{400, "RequestTimeout", AWS_AGAIN},
		{400, "IDPCommunicationError", AWS_AGAIN},
		{503, "SlowDown", AWS_THROTTLED},
		{429, "", AWS_THROTTLED},
		{400, "Throttling", AWS_THROTTLED},
		{400, "ThrottlingException", AWS_THROTTLED},
		{400, "RequestLimitExceeded", AWS_THROTTLED},
		{403, "RequestTimeTooSkewed", AWS_SKEWED},
		{403, "SignatureDoesNotMatch", AWS_SKEWED},
		{400, "ExpiredToken", AWS_EXPIRED},
		{301, "", AWS_ELSEWHERE},
		{400, "AuthorizationHeaderMalformed", AWS_ELSEWHERE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(aws_error_judge(rows[i].status, rows[i].code), rows[i].want);
}

/* ---- XML ---- */

static int add_end(void *arg, const char *path, const char *text, size_t len)
{
	struct aws_text *t = arg;

	assert_int_equal(strlen(text), len);
	aws_text_puts(t, path);
	aws_text_puts(t, "=");
	aws_text_puts(t, text);
	aws_text_puts(t, ";");
	return 0;
}

static void test_xml_is_told_by_the_ends_of_its_elements(void **state)
{
	static const char body[] = "<a><b>1</b><c><d>&lt;2&#x21;</d> <e/></c></a>";
	struct aws_text t = {0};

	(void)state;
	assert_int_equal(aws_xml_read(body, strlen(body), add_end, &t), 0);
	assert_string_equal(aws_text_get(&t), "a/b=1;a/c/d=<2!;a/c/e=;a/c=;a=;");
	aws_text_free(&t);
}

static void test_xml_over_its_bounds_is_refused(void **state)
{
	static const char doctype[] = "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>";
	struct aws_text t = {0}, deep = {0}, wide = {0}, seen = {0};

	(void)state;
	assert_int_equal(aws_xml_read(doctype, strlen(doctype), add_end, &seen), -22);
	for (int i = 0; i < AWS_XML_DEPTH + 1; i++)
		aws_text_puts(&deep, "<a>");
	assert_int_equal(aws_xml_read(deep.p, deep.len, add_end, &seen), -7);
	aws_text_puts(&wide, "<a>");
	for (int i = 0; i < AWS_XML_TEXT + 1; i++)
		aws_text_puts(&wide, "x");
	aws_text_puts(&wide, "</a>");
	assert_int_equal(aws_xml_read(wide.p, wide.len, add_end, &seen), -7);
	assert_int_equal(aws_xml_read("<a><b></a>", 10, add_end, &seen), -22);
	assert_string_equal(aws_text_get(&seen), "");
	aws_text_free(&t);
	aws_text_free(&deep);
	aws_text_free(&wide);
	aws_text_free(&seen);
}

/* ---- keys ---- */

static void test_keys_are_taken_whole_or_not(void **state)
{
	static const struct {
		const char *body, *wrong; /* NULL: good */
	} rows[] = {
		{"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\"}", NULL},
		{"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"\"}", "no secret access key"},
		{"{\"AccessKeyId\":\"A\"}", "no secret access key"},
		{"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"a b\"}",
		 "session token"},
		{"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Expiration\":\"now\"}",
		 "no time"},
		{"{\"Code\":\"Failed\",\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\"}", "none"},
		{"{\"roleCredentials\":7}", "no access key id"},
		{"\"A\"", "not JSON"},
		{"", "not JSON"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct aws_keys k = {.id = NULL};
		char err[128] = "";
		int r = keys_read_json(rows[i].body, strlen(rows[i].body), &k, err, sizeof err);

		assert_int_equal(r != 0, rows[i].wrong != NULL);
		if (rows[i].wrong) {
			assert_non_null(strstr(err, rows[i].wrong));
			assert_null(k.id);
			assert_null(k.secret);
		}
		aws_keys_clear(&k);
	}
}

/* ---- retries ---- */

static void test_pauses_have_full_jitter_and_a_bound(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 100; n++) {
		const uint64_t most = n < 5 ? 1000U << n : 20000;

		assert_int_equal(aws_pause_ms(0, n, 0, 0), 0);
		assert_int_equal(aws_pause_ms(0, n, 0, most < 20000 ? most : 20000),
				 most < 20000 ? most : 20000);
		assert_true(aws_pause_ms(0, n, 0, UINT64_MAX) <= 20000);
	}
}

static void test_a_server_may_ask_for_a_longer_pause(void **state)
{
	(void)state;
	assert_int_equal(aws_pause_asked("3", NULL), 3000);
	assert_int_equal(aws_pause_asked(NULL, "1500"), 1500);
	assert_int_equal(aws_pause_asked("1", "2500"), 2500);
	assert_int_equal(aws_pause_asked("99999999999999999999", NULL), AWS_PAUSE_ASKED_MS);
	assert_int_equal(aws_pause_asked("Wed, 21 Oct 2015 07:28:00 GMT", "-1"), 0);
	assert_int_equal(aws_pause_ms(0, 0, 3000, 10), 3000);
}

static void test_tokens_run_out_and_come_back(void **state)
{
	uint32_t tokens = 12;

	(void)state;
	assert_true(aws_tokens_take(&tokens, true));
	assert_false(aws_tokens_take(&tokens, false));
	for (int i = 0; i < 9; i++)
		aws_tokens_give(&tokens, 10);
	assert_int_equal(tokens, 10);
	assert_true(aws_tokens_take(&tokens, false));
}

static void test_only_a_clock_that_is_far_off_counts(void **state)
{
	const int64_t date = 784111777; /* Sun, 06 Nov 1994 08:49:37 GMT */

	(void)state;
	assert_int_equal(aws_skew_of("Sun, 06 Nov 1994 08:49:37 GMT", date), 0);
	assert_int_equal(aws_skew_of("Sun, 06 Nov 1994 08:49:37 GMT", date - 240), 0);
	assert_int_equal(aws_skew_of("Sun, 06 Nov 1994 08:49:37 GMT", date - 241), 241);
	assert_int_equal(aws_skew_of("Sun, 06 Nov 1994 08:49:37 GMT", date + 3600), -3600);
	assert_int_equal(aws_skew_of("", date), 0);
	assert_int_equal(aws_skew_of("yesterday-ish", date), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors_are_read_in_either_form),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_xml_is_told_by_the_ends_of_its_elements),
		cmocka_unit_test(test_xml_over_its_bounds_is_refused),
		cmocka_unit_test(test_keys_are_taken_whole_or_not),
		cmocka_unit_test(test_pauses_have_full_jitter_and_a_bound),
		cmocka_unit_test(test_a_server_may_ask_for_a_longer_pause),
		cmocka_unit_test(test_tokens_run_out_and_come_back),
		cmocka_unit_test(test_only_a_clock_that_is_far_off_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
