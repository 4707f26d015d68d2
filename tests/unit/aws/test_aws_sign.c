#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sign.h"
#include "text.h"

/* The example keys of AWS's own documentation. */
static struct aws_keys example_keys(const char *token)
{
	return (struct aws_keys){.id = (char *)"AKIDEXAMPLE",
				 .secret = (char *)"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
				 .token = (char *)token};
}

/* Requests of the official SDK for JavaScript (3.1172), as they were on the wire, to 127.0.0.1:18999 at
 * 2026-11-23T22:31:25Z with the session token "SESSIONTOKEN". */
static const struct wire {
	const char *name, *method, *path, *query, *body, *region, *service;
	struct aws_pair headers[12];
	size_t n_headers;
	const char *signature;
} wires[] = {
	{.name = "S3 ListObjectsV2",
	 .method = "GET",
	 .path = "/my-trail/",
	 .query = "continuation-token=1ueG%2B%2F%3D&delimiter=%2F&list-type=2&max-keys=1000&prefix="
		  "AWSLogs%2Fo-abc%2F123456789012%2FCloudTrail%2Fus-east-1%2F&start-after=AWSLogs%"
		  "2Fx%2F2026%2F11%2F23%2F",
	 .body = "",
	 .region = "us-east-1",
	 .service = "s3",
	 .headers = {{"amz-sdk-invocation-id", "8f0d8dc4-47e2-4d5d-bbf2-de34b54c8900"},
		     {"amz-sdk-request", "attempt=1; max=1"},
		     {"x-amz-user-agent", "aws-sdk-js/3.1172.0"}},
	 .n_headers = 3,
	 .signature = "724081660794e5fb2d739b5cb8ec1b9fc7c6d8ff865226801ad74443e764e7fb"},
	{.name = "S3 GetObject range",
	 .method = "GET",
	 .path = "/my-trail/AWSLogs/dt%3D1/a%20b%2Bc.json.gz",
	 .query = "x-id=GetObject",
	 .body = "",
	 .region = "us-east-1",
	 .service = "s3",
	 .headers = {{"amz-sdk-invocation-id", "f9284b8d-8e1c-46c5-bf00-fb691c36feb1"},
		     {"amz-sdk-request", "attempt=1; max=1"},
		     {"if-match", "\"etag\""},
		     {"range", "bytes=0-8388607"},
		     {"x-amz-checksum-mode", "ENABLED"},
		     {"x-amz-user-agent", "aws-sdk-js/3.1172.0"}},
	 .n_headers = 6,
	 .signature = "b3c0b4229808a2b0a8c30f804cb832d57abf4232bf7d04a61ee9c9dabdbd4eae"},
	{.name = "S3 HeadObject",
	 .method = "HEAD",
	 .path = "/my-trail/k",
	 .query = "",
	 .body = "",
	 .region = "us-east-1",
	 .service = "s3",
	 .headers = {{"amz-sdk-invocation-id", "4c39e62e-3428-4c9e-86b1-b04308d03477"},
		     {"amz-sdk-request", "attempt=1; max=1"},
		     {"x-amz-user-agent", "aws-sdk-js/3.1172.0"}},
	 .n_headers = 3,
	 .signature = "7a87f1b68a5206691b01774178509ad6ddecaf30c1ce670b18362512ba8f7d4f"},
	{.name = "SQS GetQueueUrl",
	 .method = "POST",
	 .path = "/",
	 .query = "",
	 .body = "{\"QueueName\":\"trail\",\"QueueOwnerAWSAccountId\":\"123456789012\"}",
	 .region = "us-east-1",
	 .service = "sqs",
	 .headers = {{"amz-sdk-invocation-id", "2b162209-c2d5-431d-9e23-55f445bc2fd2"},
		     {"amz-sdk-request", "attempt=1; max=1"},
		     {"content-length", "61"},
		     {"content-type", "application/x-amz-json-1.0"},
		     {"x-amz-target", "AmazonSQS.GetQueueUrl"},
		     {"x-amz-user-agent", "aws-sdk-js/3.1168.0"},
		     {"x-amzn-query-mode", "true"}},
	 .n_headers = 7,
	 .signature = "9318c72b0335f43d68a3be6e90486968302b0e9dc48bf8d2e05aca88d7ca61be"},
	{.name = "SQS ReceiveMessage",
	 .method = "POST",
	 .path = "/",
	 .query = "",
	 .body = "{\"QueueUrl\":\"https://sqs.us-east-1.amazonaws.com/123456789012/"
		 "trail\",\"MessageSystemAttributeNames\":[\"ApproximateReceiveCount\","
		 "\"SentTimestamp\"],\"MaxNumberOfMessages\":10,\"VisibilityTimeout\":300,"
		 "\"WaitTimeSeconds\":20}",
	 .region = "us-east-1",
	 .service = "sqs",
	 .headers = {{"amz-sdk-invocation-id", "909ba649-ed62-4511-b39d-e4ca7661e50c"},
		     {"amz-sdk-request", "attempt=1; max=1"},
		     {"content-length", "213"},
		     {"content-type", "application/x-amz-json-1.0"},
		     {"x-amz-target", "AmazonSQS.ReceiveMessage"},
		     {"x-amz-user-agent", "aws-sdk-js/3.1168.0"},
		     {"x-amzn-query-mode", "true"}},
	 .n_headers = 7,
	 .signature = "f685ac40a79b7756a68eed196bb510ac2384184a6af5f0402331fb5fe1d47d64"},
	{.name = "SQS DeleteMessageBatch",
	 .method = "POST",
	 .path = "/",
	 .query = "",
	 .body = "{\"QueueUrl\":\"https://sqs.us-east-1.amazonaws.com/123456789012/"
		 "trail\",\"Entries\":[{\"Id\":\"0\",\"ReceiptHandle\":\"rh0\"},{\"Id\":\"1\","
		 "\"ReceiptHandle\":\"rh1\"}]}",
	 .region = "us-east-1",
	 .service = "sqs",
	 .headers = {{"amz-sdk-invocation-id", "1e743396-ea4d-469b-9fcd-481424273b4a"},
		     {"amz-sdk-request", "attempt=1; max=1"},
		     {"content-length", "147"},
		     {"content-type", "application/x-amz-json-1.0"},
		     {"x-amz-target", "AmazonSQS.DeleteMessageBatch"},
		     {"x-amz-user-agent", "aws-sdk-js/3.1168.0"},
		     {"x-amzn-query-mode", "true"}},
	 .n_headers = 7,
	 .signature = "530be495e1566070e2f4d2adca5af3093f7a5855cc47e8cc8f360a04b2f94924"},
	{.name = "SQS ChangeMessageVisibilityBatch",
	 .method = "POST",
	 .path = "/",
	 .query = "",
	 .body = "{\"QueueUrl\":\"https://sqs.us-east-1.amazonaws.com/123456789012/"
		 "trail\",\"Entries\":[{\"Id\":\"0\",\"ReceiptHandle\":\"rh0\","
		 "\"VisibilityTimeout\":300}]}",
	 .region = "us-east-1",
	 .service = "sqs",
	 .headers = {{"amz-sdk-invocation-id", "01a2c076-b2bc-4b7f-8fbc-ff72831e2049"},
		     {"amz-sdk-request", "attempt=1; max=1"},
		     {"content-length", "138"},
		     {"content-type", "application/x-amz-json-1.0"},
		     {"x-amz-target", "AmazonSQS.ChangeMessageVisibilityBatch"},
		     {"x-amz-user-agent", "aws-sdk-js/3.1168.0"},
		     {"x-amzn-query-mode", "true"}},
	 .n_headers = 7,
	 .signature = "f3c137787bdfa367ec7c4f514a49229b464b66c1bc5f9ba837574d3991707d92"},
	{.name = "STS AssumeRole",
	 .method = "POST",
	 .path = "/",
	 .query = "",
	 .body = "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%"
		 "3Arole%2Fr&RoleSessionName=router-1&ExternalId=ext",
	 .region = "us-east-1",
	 .service = "sts",
	 .headers = {{"amz-sdk-invocation-id", "cb3228b8-7b44-48cb-9621-e37e71fa5472"},
		     {"amz-sdk-request", "attempt=1; max=1"},
		     {"content-length", "129"},
		     {"content-type", "application/x-www-form-urlencoded"},
		     {"x-amz-user-agent", "aws-sdk-js/3.1172.0"}},
	 .n_headers = 5,
	 .signature = "61b87e55111a272918a95fde76c737436084a91d7ff3b2556e36e25ed43d6c04"},
	{.name = "CloudWatch Logs FilterLogEvents",
	 .method = "POST",
	 .path = "/",
	 .query = "",
	 .body = "{\"logGroupName\":\"/aws/eks/c/"
		 "cluster\",\"logStreamNamePrefix\":\"kube-apiserver-audit\",\"startTime\":1,"
		 "\"limit\":10000}",
	 .region = "us-east-1",
	 .service = "logs",
	 .headers = {{"amz-sdk-invocation-id", "18e49803-de3a-4562-bf1c-e70c9b7d33ca"},
		     {"amz-sdk-request", "attempt=1; max=1"},
		     {"content-length", "110"},
		     {"content-type", "application/x-amz-json-1.1"},
		     {"x-amz-target", "Logs_20140328.FilterLogEvents"},
		     {"x-amz-user-agent", "aws-sdk-js/3.1168.0"}},
	 .n_headers = 6,
	 .signature = "f6f9239c11299bf00808166a7baa98bfaa8d332a8b807c9a6550607293fd3730"},
};

enum { WIRE_TIME = 1795473085 };

static void assert_signature(const struct aws_signature *s, const char *want, const char *what)
{
	const char *have = strstr(s->authorization, "Signature=");

	assert_non_null(have);
	if (strcmp(have + strlen("Signature="), want) != 0)
		fail_msg("%s: %s, want %s", what, have, want);
}

static void test_sign_answers_as_the_official_client(void **state)
{
	struct aws_keys keys = example_keys("SESSIONTOKEN");

	(void)state;
	for (size_t i = 0; i < sizeof wires / sizeof *wires; i++) {
		const struct wire *w = &wires[i];
		char hash[AWS_HASH_HEX];
		struct aws_signature s;

		aws_sha256_hex(w->body, strlen(w->body), hash);
		assert_int_equal(aws_sign(&(struct aws_sign_request){.method = w->method,
								     .host = "127.0.0.1:18999",
								     .path = w->path,
								     .query = w->query,
								     .headers = w->headers,
								     .n_headers = w->n_headers,
								     .payload_hash = hash,
								     .time = WIRE_TIME,
								     .keys = &keys,
								     .region = w->region,
								     .service = w->service},
					  &s),
				 0);
		assert_string_equal(s.date, "20261123T223125Z");
		assert_signature(&s, w->signature, w->name);
	}
}

/* Published with the specification: the suite aws-sig-v4-test-suite, and the examples of the S3 API reference. */
static const struct published {
	const char *name, *method, *path, *query, *region, *service, *host, *id, *secret;
	int64_t time;
	int omit_payload_hash;
	struct aws_pair header;
	const char *body, *signature;
} published[] = {
	{"get-vanilla",
	 "GET",
	 "/",
	 "",
	 "us-east-1",
	 "service",
	 "example.amazonaws.com",
	 NULL,
	 NULL,
	 1440938160,
	 1,
	 {NULL, NULL},
	 "",
	 "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{"get-vanilla-query-order-key-case",
	 "GET",
	 "/",
	 "Param1=value1&Param2=value2",
	 "us-east-1",
	 "service",
	 "example.amazonaws.com",
	 NULL,
	 NULL,
	 1440938160,
	 1,
	 {NULL, NULL},
	 "",
	 "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
	{"post-vanilla",
	 "POST",
	 "/",
	 "",
	 "us-east-1",
	 "service",
	 "example.amazonaws.com",
	 NULL,
	 NULL,
	 1440938160,
	 1,
	 {NULL, NULL},
	 "",
	 "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{"post-x-www-form-urlencoded",
	 "POST",
	 "/",
	 "",
	 "us-east-1",
	 "service",
	 "example.amazonaws.com",
	 NULL,
	 NULL,
	 1440938160,
	 1,
	 {"Content-Type", "application/x-www-form-urlencoded"},
	 "Param1=value1",
	 "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
	{"S3 GET object",
	 "GET",
	 "/test.txt",
	 "",
	 "us-east-1",
	 "s3",
	 "examplebucket.s3.amazonaws.com",
	 "AKIAIOSFODNN7EXAMPLE",
	 "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	 1369353600,
	 0,
	 {"Range", "bytes=0-9"},
	 "",
	 "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
	{"S3 GET bucket lifecycle",
	 "GET",
	 "/",
	 "lifecycle=",
	 "us-east-1",
	 "s3",
	 "examplebucket.s3.amazonaws.com",
	 "AKIAIOSFODNN7EXAMPLE",
	 "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	 1369353600,
	 0,
	 {NULL, NULL},
	 "",
	 "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
	{"S3 list objects",
	 "GET",
	 "/",
	 "max-keys=2&prefix=J",
	 "us-east-1",
	 "s3",
	 "examplebucket.s3.amazonaws.com",
	 "AKIAIOSFODNN7EXAMPLE",
	 "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	 1369353600,
	 0,
	 {NULL, NULL},
	 "",
	 "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
};

static void test_sign_answers_as_published(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
		const struct published *p = &published[i];
		struct aws_keys keys = example_keys(NULL);
		char hash[AWS_HASH_HEX];
		struct aws_signature s;

		if (p->id) {
			keys.id = (char *)p->id;
			keys.secret = (char *)p->secret;
		}
		aws_sha256_hex(p->body, strlen(p->body), hash);
		assert_int_equal(
			aws_sign(&(struct aws_sign_request){.method = p->method,
							    .host = p->host,
							    .path = p->path,
							    .query = p->query,
							    .headers = &p->header,
							    .n_headers = p->header.name != NULL,
							    .payload_hash = hash,
							    .time = p->time,
							    .keys = &keys,
							    .region = p->region,
							    .service = p->service,
							    .omit_payload_hash =
								    p->omit_payload_hash},
				 &s),
			0);
		assert_signature(&s, p->signature, p->name);
	}
}

static void test_query_is_encoded_and_sorted_by_its_encoded_names(void **state)
{
	static const struct aws_pair pairs[] = {
		{"prefix", "a b/c+d=e&f"}, {"list-type", "2"}, {"a-b", ""}, {"a", "2"}, {"a", "1"},
		{"\xc3\xa4", "~*"},        {"versions", NULL}};
	struct aws_text t = {0};

	(void)state;
	aws_sign_query(&t, pairs, sizeof pairs / sizeof *pairs);
	assert_string_equal(aws_text_get(&t),
			    "%C3%A4=~%2A&a=1&a=2&a-b=&list-type=2&prefix=a%20b%2Fc%2Bd%3De%26f&"
			    "versions=");
	aws_text_free(&t);
}

static void test_sign_refuses_more_headers_than_it_has_room_for(void **state)
{
	struct aws_pair many[AWS_SIGN_HEADERS];
	struct aws_keys keys = example_keys(NULL);
	struct aws_signature s;
	char hash[AWS_HASH_HEX];

	(void)state;
	for (size_t i = 0; i < AWS_SIGN_HEADERS; i++)
		many[i] = (struct aws_pair){"x-amz-meta", "v"};
	aws_sha256_hex("", 0, hash);
	assert_int_equal(aws_sign(&(struct aws_sign_request){.method = "GET",
							     .host = "h",
							     .path = "/",
							     .query = "",
							     .headers = many,
							     .n_headers = AWS_SIGN_HEADERS,
							     .payload_hash = hash,
							     .time = 1440938160,
							     .keys = &keys,
							     .region = "r",
							     .service = "s3"},
				  &s),
			 -7); /* E2BIG */
}

static void test_values_of_headers_are_trimmed(void **state)
{
	struct aws_keys keys = example_keys(NULL);
	const struct aws_pair plain = {"my-header", "a b c"}, odd = {"My-Header", "  a   b\t c  "};
	struct aws_sign_request rq = {.method = "GET",
				      .host = "h",
				      .path = "/",
				      .query = "",
				      .n_headers = 1,
				      .payload_hash = "",
				      .time = 1440938160,
				      .keys = &keys,
				      .region = "r",
				      .service = "s"};
	struct aws_signature a, b;

	(void)state;
	rq.headers = &plain;
	assert_int_equal(aws_sign(&rq, &a), 0);
	rq.headers = &odd;
	assert_int_equal(aws_sign(&rq, &b), 0);
	assert_string_equal(a.authorization, b.authorization);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sign_answers_as_the_official_client),
		cmocka_unit_test(test_sign_answers_as_published),
		cmocka_unit_test(test_query_is_encoded_and_sorted_by_its_encoded_names),
		cmocka_unit_test(test_sign_refuses_more_headers_than_it_has_room_for),
		cmocka_unit_test(test_values_of_headers_are_trimmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
