/*
 * What the parts of a source of CloudTrail read: keys, intervals, parameters, messages, lists, and what
 * is remembered of objects.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "finished.h"
#include "interval.h"
#include "listing.h"
#include "notification.h"
#include "origin.h"
#include "rfc3339.h"
#include "scope.h"
#include "sqs.h"
#include "trailkey.h"

#define FOLDER "x/AWSLogs/123456789012/CloudTrail/eu-west-1/2024/01/02/"
#define NAME "123456789012_CloudTrail_eu-west-1_20240102T0304Z_abc.json.gz"

/* ---- keys ---- */

static void test_a_key_tells_account_region_and_time(void **state)
{
	struct trailkey k = trailkey_parse(FOLDER NAME);

	(void)state;
	assert_int_equal(k.kind, TRAILKEY_LOG);
	assert_int_equal(k.account_len, 12);
	assert_memory_equal(k.region, "eu-west-1", k.region_len);
	assert_memory_equal(k.time, "20240102T0304", TRAILKEY_TIME);
	assert_int_equal(trailkey_minute(&k), 1704164640 / 60);
	k = trailkey_parse(NAME);
	assert_int_equal(k.account_len, 12);
	k = trailkey_parse("AWSLogs/o-abcdefghij/123456789012/CloudTrail/us-east-1/other.json");
	assert_int_equal(k.region_len, 9);
	assert_int_equal(k.time_len, 0);
}

static void test_kinds_of_objects_are_told_apart(void **state)
{
	static const struct {
		const char *key;
		enum trailkey_kind kind;
	} cases[] = {
		{"a/b.json", TRAILKEY_LOG},
		{"a/b.json.gz", TRAILKEY_LOG},
		{"a/b.parquet", TRAILKEY_OTHER},
		{"", TRAILKEY_OTHER},
		{"AWSLogs/123456789012/CloudTrail-Digest/x/y.json.gz", TRAILKEY_DIGEST},
		{"AWSLogs/123456789012/CloudTrail-Insight/x/y.json.gz", TRAILKEY_INSIGHT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(trailkey_parse(cases[i].key).kind, cases[i].kind);
}

static void test_filters_leave_out_what_a_key_says_is_other(void **state)
{
	static const char *const accounts[] = {"123456789012", NULL}, *const regions[] = {
									      "eu-west-1", NULL};
	const struct trailkey k = trailkey_parse(FOLDER NAME), bare = trailkey_parse("x.json");
	struct trailkey_filter f = {.accounts = accounts, .regions = regions};

	(void)state;
	assert_null(trailkey_unwanted(&f, &k));
	assert_null(trailkey_unwanted(&f, &bare));
	memcpy(f.from, "20240102T0304", sizeof f.from);
	memcpy(f.to, "20240102T0304", sizeof f.to);
	assert_null(trailkey_unwanted(&f, &k));
	f.to[TRAILKEY_TIME - 1] = '3';
	f.from[0] = '\0';
	assert_non_null(trailkey_unwanted(&f, &k));
	f = (struct trailkey_filter){.accounts = (const char *const[]){"210987654321", NULL}};
	assert_non_null(trailkey_unwanted(&f, &k));
	f = (struct trailkey_filter){.regions = (const char *const[]){"us-east-1", NULL}};
	assert_non_null(trailkey_unwanted(&f, &k));
}

static void test_encoded_keys_are_decoded(void **state)
{
	char s[] = "a+b%3Dc%2B%zz%00%4", t[] = "%e2%82%ac";

	(void)state;
	trailkey_decode(s);
	assert_string_equal(s, "a b=c+%zz%00%4");
	trailkey_decode(t);
	assert_string_equal(t, "\xe2\x82\xac");
}

/* ---- intervals ---- */

static uint64_t at(const char *text)
{
	uint64_t ns;

	assert_int_equal(rfc3339_parse(text, strlen(text), &ns), 0);
	return ns;
}

static void test_intervals_are_spans_back_and_times(void **state)
{
	static const struct {
		const char *text, *from, *to;
	} cases[] = {
		{"5d", "2024-01-05T00:00:00Z", NULL},
		{"1w", "2024-01-03T00:00:00Z", NULL},
		{"1d12h30m5s", "2024-01-08T11:29:55Z", NULL},
		{"5d-2d", "2024-01-05T00:00:00Z", "2024-01-08T00:00:00Z"},
		{"2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z", NULL},
		{"2024-01-02T03:04:05Z-2024-01-03T00:00:00Z", "2024-01-02T03:04:05Z",
		 "2024-01-03T00:00:00Z"},
		{"2024-01-02T03:04:05.5+02:00-5d", "2024-01-02T01:04:05.5Z",
		 "2024-01-05T00:00:00Z"},
		{"2024-01-02T03:04:05-02:00-2024-01-03T00:00:00Z", "2024-01-02T05:04:05Z",
		 "2024-01-03T00:00:00Z"},
		{"2024-01-02T03:04:05-02:00", "2024-01-02T05:04:05Z", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t from = 0, to = 0;

		if (interval_parse(cases[i].text, at("2024-01-10T00:00:00Z"), &from, &to))
			fail_msg("%s", cases[i].text);
		if (from != at(cases[i].from) || to != (cases[i].to ? at(cases[i].to) : UINT64_MAX))
			fail_msg("%s: %llu %llu", cases[i].text, (unsigned long long)from,
				 (unsigned long long)to);
	}
}

static void test_what_is_no_interval_is_refused(void **state)
{
	static const char *const bad[] = {"",
					  "d",
					  "5",
					  "5x",
					  "5d-",
					  "-5d",
					  "2d-5d",
					  "99999999999d",
					  "5d-2d-1d",
					  "2024-01-02",
					  "2024-13-02T00:00:00Z",
					  "2024-01-02T03:04:05",
					  "5d 2d",
					  "2024-"};
	uint64_t from, to;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (interval_parse(bad[i], at("2024-01-10T00:00:00Z"), &from, &to) == 0)
			fail_msg("'%s'", bad[i]);
}

/* ---- parameters ---- */

static void test_origins_are_told_apart(void **state)
{
	struct origin o;
	char err[256];

	(void)state;
	assert_int_equal(origin_parse("/var/log", &o, err, sizeof err), 0);
	assert_int_equal(o.kind, ORIGIN_PATH);
	assert_int_equal(origin_parse("s3://my.bucket/AWSLogs/x", &o, err, sizeof err), 0);
	assert_string_equal(o.bucket, "my.bucket");
	assert_string_equal(o.prefix, "AWSLogs/x");
	assert_int_equal(origin_parse("sqs://trail", &o, err, sizeof err), 0);
	assert_string_equal(o.name, "trail");
	assert_string_equal(o.region, "");
	assert_int_equal(origin_parse("sqs://eu-west-1/123456789012/trail", &o, err, sizeof err),
			 0);
	assert_string_equal(o.account, "123456789012");
	assert_int_equal(
		origin_parse("arn:aws-cn:sqs:cn-north-1:123456789012:t.fifo", &o, err, sizeof err),
		0);
	assert_string_equal(o.region, "cn-north-1");
	assert_string_equal(o.name, "t.fifo");
	assert_int_equal(origin_parse("https://sqs.eu-west-1.amazonaws.com/123456789012/trail", &o,
				      err, sizeof err),
			 0);
	assert_string_equal(o.region, "eu-west-1");
	assert_string_equal(o.url, "https://sqs.eu-west-1.amazonaws.com/123456789012/trail");
	assert_int_equal(origin_parse("https://eu-west-2.queue.amazonaws.com/123456789012/trail",
				      &o, err, sizeof err),
			 0);
	assert_string_equal(o.region, "eu-west-2");
	assert_int_equal(
		origin_parse("http://localhost:9324/000000000000/trail", &o, err, sizeof err), 0);
	assert_string_equal(o.region, "");
}

static void test_wrong_parameters_are_told(void **state)
{
	static const char *const bad[] = {
		"s3://",        "s3:///x",       "s3://a b",          "sqs://",
		"sqs://a/b",    "sqs://a/12/c",  "arn:aws:sns:a:b:c", "arn:aws:sqs:r:123456789012",
		"https://host", "https://host/", "http:///x"};
	struct origin o;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char err[256] = "";

		if (origin_parse(bad[i], &o, err, sizeof err) != -EINVAL || !strstr(err, bad[i]))
			fail_msg("'%s': '%s'", bad[i], err);
	}
}

/* ---- messages ---- */

static struct notification read_body(const char *body)
{
	struct notification n;

	assert_int_equal(notification_parse(body, strlen(body), &n), 0);
	return n;
}

static void test_messages_of_all_shapes_name_their_objects(void **state)
{
	static const char *const bodies[] = {
		"{\"s3Bucket\":\"b\",\"s3ObjectKey\":[\"k =1\"]}",
		"{\"Type\":\"Notification\",\"Message\":\"{\\\"s3Bucket\\\":\\\"b\\\","
		"\\\"s3ObjectKey\\\":[\\\"k =1\\\"]}\"}",
		"{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectRemoved:Delete\"},"
		"{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\",\"awsRegion\":"
		"\"r\","
		"\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"k+%3D1\"}}}]}",
		"{\"source\":\"aws.s3\",\"detail-type\":\"Object Created\",\"region\":\"r\","
		"\"detail\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"k =1\"}}}",
		"{\"source\":\"aws.s3\",\"detail\":{\"bucket\":{\"name\":\"b\"},\"object\":{"
		"\"key\":\"k =1\"}}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		struct notification n = read_body(bodies[i]);

		assert_int_equal(n.kind, NOTIFICATION_OBJECTS);
		assert_int_equal(n.n, 1);
		assert_string_equal(n.objects[0].bucket, "b");
		assert_string_equal(n.objects[0].key, "k =1");
		notification_deinit(&n);
	}
}

static void test_messages_without_work_are_nothing(void **state)
{
	static const char *const bodies[] = {
		"CloudTrail validation message.",
		"{\"Type\":\"Notification\",\"Message\":\"CloudTrail validation message.\"}",
		"{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\"}",
		"{\"Type\":\"SubscriptionConfirmation\",\"Message\":\"You have chosen\"}",
		"{\"Records\":[]}",
		("{\"Records\":[{\"eventSource\":\"aws:s3\","
		 "\"eventName\":\"ObjectRemoved:Delete\"}]}"),
		"{\"source\":\"aws.s3\",\"detail-type\":\"Object Deleted\",\"detail\":{}}",
		"{\"s3Bucket\":\"b\",\"s3ObjectKey\":[]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		struct notification n = read_body(bodies[i]);

		if (n.kind != NOTIFICATION_NOTHING || !*n.why)
			fail_msg("%s: %s", bodies[i], n.why);
		notification_deinit(&n);
	}
}

static void test_other_messages_are_not_understood(void **state)
{
	static const char *const bodies[] = {
		"",
		"hello",
		"[]",
		"{}",
		"{\"s3ObjectKey\":[\"k\"]}",
		"{\"s3Bucket\":\"b\",\"s3ObjectKey\":[7]}",
		"{\"s3Bucket\":\"b\",\"s3ObjectKey\":[\"a\",\"\"]}",
		"{\"Records\":[{\"eventSource\":\"aws:sns\"}]}",
		"{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\"}]}",
		"{\"source\":\"aws.s3\",\"detail\":{}}",
		"{\"s3Bucket\":\"b\",\"s3ObjectKey\":[\"a\\u0000b\"]}x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		struct notification n = read_body(bodies[i]);

		if (n.kind != NOTIFICATION_UNKNOWN || !*n.why || n.n)
			fail_msg("%s: %s", bodies[i], n.why);
		notification_deinit(&n);
	}
}

static void count(void *arg, const struct sqs_message *m)
{
	unsigned *n = arg;

	*n += m->receives;
}

static void test_answers_of_a_queue_are_read(void **state)
{
	static const char messages[] =
		"{\"Messages\":[{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\",\"Body\":\"b\","
		"\"Attributes\":{\"ApproximateReceiveCount\":\"7\"}}]}";
	static const char failed[] =
		"{\"Successful\":[{\"Id\":\"1\"}],\"Failed\":[{\"Id\":\"0\"},{\"Id\":\"9\"},{}]}";
	char url[SQS_URL];
	uint32_t bits = 9;
	unsigned n = 0;

	(void)state;
	assert_int_equal(sqs_read_messages(messages, sizeof messages - 1, count, &n), 1);
	assert_int_equal(n, 7);
	assert_int_equal(sqs_read_messages("{}", 2, count, &n), 0);
	assert_int_equal(sqs_read_messages("{\"Messages\":[{}]}", 17, count, &n), -EBADMSG);
	assert_int_equal(sqs_read_messages("<x/>", 4, count, &n), -EBADMSG);
	assert_int_equal(sqs_read_failed(failed, sizeof failed - 1, 2, &bits), 0);
	assert_int_equal(bits, 1);
	assert_int_equal(sqs_read_failed("", 0, 2, &bits), -EBADMSG);
	assert_int_equal(sqs_read_url("{\"QueueUrl\":\"http://x/y\"}", 25, url), 0);
	assert_string_equal(url, "http://x/y");
	assert_int_equal(sqs_read_url("{}", 2, url), -EBADMSG);
}

/* ---- lists ---- */

struct heard {
	char text[256];
};

static void on_object(void *arg, const struct listing_object *o)
{
	struct heard *h = arg;
	size_t n = strlen(h->text);

	(void)snprintf(h->text + n, sizeof h->text - n, "%s%s%s;", o->key, o->etag,
		       o->is_archived ? "!" : "");
}

static void on_prefix(void *arg, const char *prefix)
{
	struct heard *h = arg;
	size_t n = strlen(h->text);

	(void)snprintf(h->text + n, sizeof h->text - n, "(%s)", prefix);
}

static int list(const char *xml, struct heard *h, char token[LISTING_TOKEN])
{
	const struct listing_sink sink = {.on_object = on_object, .on_prefix = on_prefix, .arg = h};

	*h = (struct heard){""};
	return listing_read(xml, strlen(xml), &sink, token);
}

static void test_a_page_of_a_list_is_read(void **state)
{
	char token[LISTING_TOKEN];
	struct heard h;

	(void)state;
	assert_int_equal(
		list("<?xml version=\"1.0\"?><ListBucketResult "
		     "xmlns=\"x\"><IsTruncated>true</IsTruncated>"
		     "<NextContinuationToken>t&amp;1</NextContinuationToken>"
		     "<Contents><Key>a%2Fb+c</Key><ETag>&quot;e&quot;</ETag><Size>5</Size></"
		     "Contents>"
		     "<Contents><Key>d</Key><StorageClass>GLACIER</StorageClass></Contents>"
		     "<CommonPrefixes><Prefix>p%3D/</Prefix></CommonPrefixes></ListBucketResult>",
		     &h, token),
		0);
	assert_string_equal(h.text, "a/b c\"e\";d!;(p=/)");
	assert_string_equal(token, "t&1");
	assert_int_equal(
		list("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>", &h,
		     token),
		0);
	assert_string_equal(token, "");
}

static void test_what_is_no_list_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"<a/>",
		"<ListBucketResult>",
		"{}",
		"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
		"<!DOCTYPE x [<!ENTITY e \"x\">]><ListBucketResult>&e;</ListBucketResult>"};
	char token[LISTING_TOKEN];
	struct heard h;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (list(bad[i], &h, token) != -EBADMSG)
			fail_msg("%s", bad[i]);
}

static void test_a_prefix_is_a_place_in_the_tree(void **state)
{
	static const struct {
		const char *prefix;
		enum scope_level level;
	} cases[] = {
		{"", SCOPE_WHOLE},
		{"x/", SCOPE_WHOLE},
		{"AWSLogs", SCOPE_WHOLE},
		{"AWSLogs/", SCOPE_ACCOUNTS},
		{"x/y/AWSLogs/", SCOPE_ACCOUNTS},
		{"AWSLogs/o-abcdefghij/", SCOPE_ACCOUNTS},
		{"AWSLogs/123456789012/", SCOPE_ACCOUNT},
		{"AWSLogs/o-abcdefghij/123456789012/", SCOPE_ACCOUNT},
		{"AWSLogs/123456789012/CloudTrail/", SCOPE_REGIONS},
		{"AWSLogs/123456789012/CloudTrail-Insight/", SCOPE_REGIONS},
		{"AWSLogs/123456789012/Config/", SCOPE_WHOLE},
		{"AWSLogs/123456789012/CloudTrail/eu-west-1/", SCOPE_DAYS},
		{"AWSLogs/123456789012/CloudTrail/eu-west-1/2024/", SCOPE_WHOLE},
		{"AWSLogs/1/", SCOPE_WHOLE},
		{"a/b/c/d/e/f/g/h/AWSLogs/1/2/3/4/5/6/7/8/9/", SCOPE_WHOLE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (scope_level(cases[i].prefix) != cases[i].level)
			fail_msg("%s: %d", cases[i].prefix, (int)scope_level(cases[i].prefix));
}

static void test_a_list_in_order_of_time_begins_at_a_minute(void **state)
{
	struct scope *s = scope_new("b", "AWSLogs/123456789012/CloudTrail/eu-west-1/", SCOPE_DAYS);

	(void)state;
	scope_start_at(s, 1704164640 / 60);
	assert_string_equal(s->after, "AWSLogs/123456789012/CloudTrail/eu-west-1/2024/01/02/"
				      "123456789012_CloudTrail_eu-west-1_20240102T0304");
	assert_null(scope_free(s));
}

/* ---- what is finished ---- */

static void test_finished_objects_are_known_after_a_restart(void **state)
{
	char dir[] = "/tmp/gyr-finished-XXXXXX", path[128];
	struct finished *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(finished_open(NULL, dir, "s3://b", &f), 0);
	for (uint32_t i = 0; i < 5000; i++)
		finished_add(f, finished_hash("key", i % 2 ? "x" : "y") + i, 7, 1000 + i);
	finished_set_cursor(f, 7, 4000);
	finished_forget(f, 100);
	assert_null(finished_close(f));
	assert_int_equal(finished_open(NULL, dir, "s3://b", &f), 0);
	assert_int_equal(finished_cursor(f, 7), 4000);
	assert_int_equal(finished_cursor(f, 8), 0);
	assert_false(finished_has(f, finished_hash("key", "x") + 2899));
	assert_true(finished_has(f, finished_hash("key", "x") + 2901));
	assert_true(finished_has(f, finished_hash("key", "y") + 4998));
	assert_null(finished_close(f));
	(void)snprintf(path, sizeof path, "%s/%016llx.objects", dir,
		       (unsigned long long)finished_hash("s3://b", ""));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_key_tells_account_region_and_time),
		cmocka_unit_test(test_kinds_of_objects_are_told_apart),
		cmocka_unit_test(test_filters_leave_out_what_a_key_says_is_other),
		cmocka_unit_test(test_encoded_keys_are_decoded),
		cmocka_unit_test(test_intervals_are_spans_back_and_times),
		cmocka_unit_test(test_what_is_no_interval_is_refused),
		cmocka_unit_test(test_origins_are_told_apart),
		cmocka_unit_test(test_wrong_parameters_are_told),
		cmocka_unit_test(test_messages_of_all_shapes_name_their_objects),
		cmocka_unit_test(test_messages_without_work_are_nothing),
		cmocka_unit_test(test_other_messages_are_not_understood),
		cmocka_unit_test(test_answers_of_a_queue_are_read),
		cmocka_unit_test(test_a_page_of_a_list_is_read),
		cmocka_unit_test(test_what_is_no_list_is_refused),
		cmocka_unit_test(test_a_prefix_is_a_place_in_the_tree),
		cmocka_unit_test(test_a_list_in_order_of_time_begins_at_a_minute),
		cmocka_unit_test(test_finished_objects_are_known_after_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
