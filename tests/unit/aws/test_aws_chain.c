#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

#include "credentials.h"

static struct aws_endpoint_options endpoints;

static const struct aws_chain_options role = {.region = "eu-west-1",
					      .role_arn = "arn:aws:iam::1:role/r",
					      .config_file = "/dev/null",
					      .credentials_file = "/dev/null",
					      .imds = "off",
					      .endpoints = &endpoints};

static int set_up(void **state)
{
	static const char *const unset[] = {"AWS_PROFILE",          "AWS_REGION",
					    "AWS_SESSION_TOKEN",    "AWS_ENDPOINT_URL",
					    "AWS_ENDPOINT_URL_STS", "AWS_ROLE_SESSION_NAME"};

	(void)state;
	endpoints = (struct aws_endpoint_options){.use_fips = false};
	for (size_t i = 0; i < sizeof unset / sizeof *unset; i++)
		(void)unsetenv(unset[i]);
	return setenv("AWS_ACCESS_KEY_ID", "BASE", 1) || setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
}

static struct aws_chain *open_chain(const struct aws_chain_options *o)
{
	struct aws_chain *ch;
	char err[512] = "";

	if (aws_chain_open(o, &ch, err, sizeof err) != 0)
		fail_msg("%s", err);
	return ch;
}

static int64_t now(void)
{
	return (int64_t)time(NULL);
}

/* Begins, expects one request, and answers it with keys that last so long; NULL: with an error. */
static void renew(struct aws_chain *ch, const char *id, int64_t seconds)
{
	char body[512], end[32];
	const time_t t = (time_t)(now() + seconds);
	struct aws_fetch f;
	struct tm tm;

	aws_chain_begin(ch);
	assert_int_equal(aws_chain_step(ch, &f), AWS_STEP_HTTP);
	assert_string_equal(f.url, "https://sts.eu-west-1.amazonaws.com/");
	assert_string_equal(f.keys->id, "BASE");
	assert_true(aws_chain_is_busy(ch));
	(void)strftime(end, sizeof end, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
	(void)snprintf(body, sizeof body,
		       "<R><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>s"
		       "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s"
		       "</Expiration></Credentials></R>",
		       id ? id : "", end);
	aws_chain_answer(ch, id ? 200 : 500, id ? body : "", id ? strlen(body) : 0);
	assert_int_equal(aws_chain_step(ch, &f), AWS_STEP_DONE);
	assert_false(aws_chain_is_busy(ch));
}

static void test_keys_are_due_before_they_end_and_good_until_then(void **state)
{
	struct aws_chain *ch = open_chain(&role);
	const struct aws_keys *k;

	(void)state;
	assert_true(aws_chain_is_due(ch, 0));
	assert_null(aws_chain_keys(ch, 0));
	renew(ch, "A", 36000);
	k = aws_chain_keys(ch, now());
	assert_string_equal(k->id, "A");
	assert_false(aws_chain_is_due(ch, k->expires - 331));
	assert_true(aws_chain_is_due(ch, k->expires - 300));
	assert_non_null(aws_chain_keys(ch, k->expires - 1));
	assert_null(aws_chain_keys(ch, k->expires));
	aws_chain_close(ch);
}

static void test_good_keys_outlive_a_renewal_that_failed(void **state)
{
	struct aws_chain *ch = open_chain(&role);

	(void)state;
	renew(ch, "A", 36000);
	renew(ch, NULL, 0);
	assert_non_null(strstr(aws_chain_error(ch), "role/r"));
	assert_string_equal(aws_chain_keys(ch, now())->id, "A");
	renew(ch, "B", 36000);
	assert_string_equal(aws_chain_error(ch), "");
	assert_string_equal(aws_chain_keys(ch, now())->id, "B");
	aws_chain_close(ch);
}

static void test_keys_that_do_not_last_are_not_asked_for_all_the_time(void **state)
{
	struct aws_chain *ch = open_chain(&role);
	int64_t end;

	(void)state;
	renew(ch, "A", 1000);
	end = aws_chain_keys(ch, 0)->expires;
	assert_false(aws_chain_is_due(ch, end - 251));
	assert_true(aws_chain_is_due(ch, end));
	aws_chain_close(ch);
}

static void test_keys_that_were_refused_as_expired_are_not_used(void **state)
{
	struct aws_chain *ch = open_chain(&role);

	(void)state;
	renew(ch, "A", 36000);
	assert_true(aws_chain_expire(ch));
	assert_null(aws_chain_keys(ch, now()));
	assert_true(aws_chain_is_due(ch, now()));
	aws_chain_close(ch);
}

static void test_keys_of_the_environment_never_change(void **state)
{
	struct aws_chain_options o = role;
	struct aws_chain *ch;
	struct aws_fetch f;

	(void)state;
	o.role_arn = NULL;
	ch = open_chain(&o);
	aws_chain_begin(ch);
	assert_int_equal(aws_chain_step(ch, &f), AWS_STEP_DONE);
	assert_string_equal(aws_chain_keys(ch, INT64_MAX)->id, "BASE");
	assert_false(aws_chain_is_due(ch, INT64_MAX));
	assert_false(aws_chain_expire(ch));
	assert_non_null(aws_chain_keys(ch, now()));
	aws_chain_close(ch);
}

static void test_regions_in_their_order(void **state)
{
	struct aws_chain_options o = role;
	struct aws_chain *ch;

	(void)state;
	assert_int_equal(setenv("AWS_DEFAULT_REGION", "third", 1), 0);
	o.region = NULL;
	ch = open_chain(&o);
	assert_string_equal(aws_chain_region(ch), "third");
	aws_chain_close(ch);
	assert_int_equal(setenv("AWS_REGION", "second", 1), 0);
	ch = open_chain(&o);
	assert_string_equal(aws_chain_region(ch), "second");
	aws_chain_close(ch);
	o.region = "first";
	ch = open_chain(&o);
	assert_string_equal(aws_chain_region(ch), "first");
	aws_chain_close(ch);
	(void)unsetenv("AWS_DEFAULT_REGION");
}

static void test_endpoints_of_the_environment_do_not_hide_explicit_ones(void **state)
{
	struct aws_chain *ch;

	(void)state;
	assert_int_equal(setenv("AWS_ENDPOINT_URL", "http://all.example", 1), 0);
	assert_int_equal(setenv("AWS_ENDPOINT_URL_STS", "http://sts.example", 1), 0);
	endpoints.url[AWS_S3] = "http://s3.example";
	ch = open_chain(&role);
	assert_string_equal(endpoints.url[AWS_S3], "http://s3.example");
	assert_string_equal(endpoints.url[AWS_SQS], "http://all.example");
	assert_string_equal(endpoints.url[AWS_STS], "http://sts.example");
	aws_chain_close(ch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_keys_are_due_before_they_end_and_good_until_then,
				       set_up),
		cmocka_unit_test_setup(test_good_keys_outlive_a_renewal_that_failed, set_up),
		cmocka_unit_test_setup(test_keys_that_do_not_last_are_not_asked_for_all_the_time,
				       set_up),
		cmocka_unit_test_setup(test_keys_that_were_refused_as_expired_are_not_used, set_up),
		cmocka_unit_test_setup(test_keys_of_the_environment_never_change, set_up),
		cmocka_unit_test_setup(test_regions_in_their_order, set_up),
		cmocka_unit_test_setup(test_endpoints_of_the_environment_do_not_hide_explicit_ones,
				       set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
