#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "endpoint.h"

enum { FIPS = 1, DUAL = 2 };

/* As the endpoint rules of the official SDKs answer. */
static const struct row {
	enum aws_service service;
	const char *region;
	int variant;
	const char *host;
} rows[] = {
	{AWS_S3, "eu-west-1", 0, "s3.eu-west-1.amazonaws.com"},
	{AWS_S3, "us-east-1", FIPS, "s3-fips.us-east-1.amazonaws.com"},
	{AWS_S3, "us-east-1", DUAL, "s3.dualstack.us-east-1.amazonaws.com"},
	{AWS_S3, "us-east-1", FIPS | DUAL, "s3-fips.dualstack.us-east-1.amazonaws.com"},
	{AWS_S3, "us-gov-west-1", FIPS, "s3-fips.us-gov-west-1.amazonaws.com"},
	{AWS_S3, "cn-north-1", 0, "s3.cn-north-1.amazonaws.com.cn"},
	{AWS_S3, "cn-north-1", FIPS, "s3.cn-north-1.amazonaws.com.cn"},
	{AWS_S3, "cn-north-1", DUAL, "s3.dualstack.cn-north-1.amazonaws.com.cn"},
	{AWS_SQS, "eu-west-1", 0, "sqs.eu-west-1.amazonaws.com"},
	{AWS_SQS, "us-east-1", FIPS, "sqs-fips.us-east-1.amazonaws.com"},
	{AWS_SQS, "us-gov-west-1", FIPS, "sqs.us-gov-west-1.amazonaws.com"},
	{AWS_SQS, "eu-west-1", DUAL, "sqs.eu-west-1.api.aws"},
	{AWS_SQS, "us-east-1", FIPS | DUAL, "sqs-fips.us-east-1.api.aws"},
	{AWS_SQS, "cn-north-1", 0, "sqs.cn-north-1.amazonaws.com.cn"},
	{AWS_SQS, "cn-north-1", DUAL, "sqs.cn-north-1.api.amazonwebservices.com.cn"},
	{AWS_STS, "eu-west-1", 0, "sts.eu-west-1.amazonaws.com"},
	{AWS_STS, "us-east-1", FIPS, "sts-fips.us-east-1.amazonaws.com"},
	{AWS_STS, "us-gov-west-1", FIPS, "sts.us-gov-west-1.amazonaws.com"},
	{AWS_STS, "eu-west-1", DUAL, "sts.eu-west-1.api.aws"},
	{AWS_SSO, "eu-west-1", 0, "portal.sso.eu-west-1.amazonaws.com"},
};

static void test_hosts_are_those_of_the_official_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct aws_endpoint_options o = {.use_fips = rows[i].variant & FIPS,
						       .use_dualstack = rows[i].variant & DUAL};
		struct aws_endpoint e;
		char err[AWS_ENDPOINT_WHY];

		assert_int_equal(aws_endpoint_find(&o, rows[i].service, rows[i].region, &e, err),
				 0);
		assert_string_equal(e.host, rows[i].host);
		assert_string_equal(e.scheme, "https");
	}
}

static void test_a_region_that_could_change_the_host_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "eu-west-1.evil.example", "a/b", "A", "-a", "a b", "a@b", "a:1"};
	const struct aws_endpoint_options o = {.use_fips = false};
	struct aws_endpoint e;
	char err[AWS_ENDPOINT_WHY];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_true(aws_endpoint_find(&o, AWS_S3, bad[i], &e, err) < 0);
		assert_non_null(strstr(err, "eu-west-1"));
	}
}

static void test_explicit_endpoints_win(void **state)
{
	static const struct {
		const char *url, *scheme, *host, *base;
	} good[] = {
		{"http://localhost:9000", "http", "localhost:9000", ""},
		{"http://localhost:80/", "http", "localhost", ""},
		{"https://s3.example:443/a/b//", "https", "s3.example", "/a/b"},
		{"https://[::1]:9000/x", "https", "[::1]:9000", "/x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct aws_endpoint_options o = {.use_fips = true};
		struct aws_endpoint e;
		char err[AWS_ENDPOINT_WHY];

		o.url[AWS_SQS] = good[i].url;
		assert_int_equal(aws_endpoint_find(&o, AWS_SQS, "r", &e, err), 0);
		assert_string_equal(e.scheme, good[i].scheme);
		assert_string_equal(e.host, good[i].host);
		assert_string_equal(e.base, good[i].base);
	}
}

static void test_what_is_no_endpoint_is_refused_by_name(void **state)
{
	static const char *const bad[] = {"",
					  "localhost",
					  "ftp://h",
					  "http://",
					  "http://u:p@h/",
					  "http://h?x=1",
					  "http://h/a b",
					  "http://h\r\nx",
					  "https:///path",
					  "http://h:",
					  "http://h:x",
					  "http://h:99999"};
	struct aws_endpoint e;
	char err[AWS_ENDPOINT_WHY];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_true(aws_endpoint_parse(bad[i], "AWS_ENDPOINT_URL", &e, err) < 0);
		assert_non_null(strstr(err, "AWS_ENDPOINT_URL"));
	}
}

static void test_a_bucket_stands_where_it_can(void **state)
{
	static const struct {
		const char *bucket, *endpoint;
		bool path_style;
		const char *host, *base;
	} good[] = {
		{"my-trail", NULL, false, "my-trail.s3.eu-west-1.amazonaws.com", ""},
		{"my-trail", NULL, true, "s3.eu-west-1.amazonaws.com", "/my-trail"},
		{"my.trail", NULL, false, "s3.eu-west-1.amazonaws.com", "/my.trail"},
		{"My_trail", NULL, false, "s3.eu-west-1.amazonaws.com", "/My_trail"},
		{"my-trail", "http://127.0.0.1:9000", false, "127.0.0.1:9000", "/my-trail"},
		{"my-trail", "http://localhost:9000", false, "localhost:9000", "/my-trail"},
		{"my-trail", "http://[::1]:9000/p", false, "[::1]:9000", "/p/my-trail"},
		{"my-trail", "https://minio.example", false, "my-trail.minio.example", ""},
		{"my-trail", "https://minio.example", true, "minio.example", "/my-trail"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct aws_endpoint_options o = {.path_style = good[i].path_style};
		struct aws_endpoint e;
		char err[AWS_ENDPOINT_WHY];

		o.url[AWS_S3] = good[i].endpoint;
		assert_int_equal(aws_endpoint_find(&o, AWS_S3, "eu-west-1", &e, err), 0);
		assert_int_equal(aws_endpoint_bucket(&o, good[i].bucket, &e, err), 0);
		assert_string_equal(e.host, good[i].host);
		assert_string_equal(e.base, good[i].base);
	}
}

static void test_what_is_no_bucket_is_refused(void **state)
{
	static const char *const bad[] = {"",     "ab",   "a/b", "a b c", "..",
					  "a..b", ".abc", "a?b", "a#b"};
	const struct aws_endpoint_options o = {.use_fips = false};
	struct aws_endpoint e;
	char err[AWS_ENDPOINT_WHY];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(aws_endpoint_find(&o, AWS_S3, "r", &e, err), 0);
		assert_true(aws_endpoint_bucket(&o, bad[i], &e, err) < 0);
		assert_non_null(strstr(err, "bucket"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts_are_those_of_the_official_rules),
		cmocka_unit_test(test_a_region_that_could_change_the_host_is_refused),
		cmocka_unit_test(test_explicit_endpoints_win),
		cmocka_unit_test(test_what_is_no_endpoint_is_refused_by_name),
		cmocka_unit_test(test_a_bucket_stands_where_it_can),
		cmocka_unit_test(test_what_is_no_bucket_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
