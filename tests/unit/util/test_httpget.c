/*
 * httpget: URLs and answers that are read, and those that are refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "util/httpget.h"

static void test_a_whole_answer_gives_status_and_body(void **state)
{
	static const struct {
		const char *answer, *body;
		unsigned status;
	} rows[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi", 200},
		{"HTTP/1.0 404 Not Found\r\n\r\n", "", 404},
		{"HTTP/1.1 503\r\ncontent-length:   3\r\nX: y\r\n\r\na\r\n", "a\r\n", 503},
		{"HTTP/1.0 200 OK\r\nX-Content-Length: 9\r\n\r\n\r\n\r\n", "\r\n\r\n", 200},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_NULL;
		unsigned status = 0;
		struct str body = {0};

		assert_int_equal(httpget_parse(str_from(rows[i].answer), &status, &body, &err), 0);
		assert_int_equal(status, rows[i].status);
		assert_true(str_is(body, rows[i].body));
	}
}

static void test_anything_else_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"HTTP/1.1",
		"HTTP/1.1 200 OK\r\n",
		"HTTP/1.1 2x0 OK\r\n\r\n",
		"HTTP/2.0 200 OK\r\n\r\n",
		"SSH-2.0-OpenSSH_9.2\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nhi",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999999\r\n\r\nhi",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_NULL;
		unsigned status;
		struct str body;

		assert_int_equal(httpget_parse(str_from(rows[i]), &status, &body, &err), -EINVAL);
		assert_true(err.is_set);
	}
}

static void test_what_is_no_url_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"127.0.0.1:80",
		"ftp://x",
		"http://",
		"http://:80",
		"http://x:",
		"http://x:80a",
		"http://x:123456",
		"http://[::1",
		"http://[::1]80",
		"http://x/a b",
		"http://x/a\r\nHost: y",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct httpget q = {.url = rows[i], .timeout_ms = 1000};
		struct err err = ERR_NULL;
		struct buf body;
		unsigned status;

		buf_init(&body, 1024);
		if (httpget(&q, &status, &body, &err) != -EINVAL)
			fail_msg("'%s' was taken", rows[i]);
		buf_deinit(&body);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_whole_answer_gives_status_and_body),
		cmocka_unit_test(test_anything_else_is_refused),
		cmocka_unit_test(test_what_is_no_url_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
