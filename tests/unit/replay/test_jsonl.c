/* jsonl: records out of lines, whose they are, and what is said of lines that are none. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonl.h"

#define K8S "{\"auditID\":\"1\",\"stageTimestamp\":\"1970-01-01T00:00:07Z\"}"
#define AWS                                                                                   \
	"{\"eventTime\":\"1970-01-01T00:00:09Z\",\"eventType\":\"AwsApiCall\",\"awsRegion\":" \
	"\"r\"}"

enum { MAX_LINE = 200 };

/* What came out, in words: "k8s_audit 1:7" is a record of line 1 and second 7, "2!" a note on line 2. */
struct story {
	char text[1024];
	struct jsonl_stats stats;
	int end;
	char error[128];
};

static void tell(struct story *s, const char *what)
{
	const size_t n = strlen(s->text);

	(void)snprintf(s->text + n, sizeof s->text - n, "%s%s", n ? ", " : "", what);
}

static void note(void *arg, uint64_t line, const char *why)
{
	char text[64];

	assert_true(*why);
	(void)snprintf(text, sizeof text, "%llu!", (unsigned long long)line);
	tell(arg, text);
}

static struct story read_as(const char *source, const void *bytes, size_t len)
{
	struct story s = {0};
	const struct jsonl_setup setup = {
		.source = source, .max_line = MAX_LINE, .note = note, .arg = &s, .stats = &s.stats};
	struct scap_stream *stream;
	struct jsonl_record rec;
	struct jsonl *j;

	assert_int_equal(scap_stream_open_memory(bytes, len, &stream), 0);
	s.end = jsonl_open(stream, &setup, &j);
	if (s.end)
		return s;
	while ((s.end = jsonl_next(j, &rec)) == 0 || s.end == JSONL_E_STRETCH) {
		char text[64];

		if (s.end)
			continue;
		(void)snprintf(text, sizeof text, "%s %llu:%llu", rec.kind->source,
			       (unsigned long long)rec.line,
			       (unsigned long long)(rec.ts / 1000000000));
		tell(&s, text);
	}
	assert_int_equal(jsonl_next(j, &rec), s.end);
	(void)snprintf(s.error, sizeof s.error, "%s", jsonl_error(j));
	(void)jsonl_close(j);
	return s;
}

static struct story read_text(const char *text)
{
	return read_as("", text, strlen(text));
}

static void test_lines_become_records_of_their_sources(void **state)
{
	static const struct {
		const char *text, *story;
	} cases[] = {
		{K8S "\n" AWS "\n", "k8s_audit 1:7, aws_cloudtrail 2:9"},
		{K8S, "k8s_audit 1:7"},
		{"\n \r\n" AWS "\r\n\n", "aws_cloudtrail 3:9"},
		{"\xef\xbb\xbf" K8S, "k8s_audit 1:7"},
		{K8S AWS "\n", "k8s_audit 1:7, aws_cloudtrail 1:9"},
		{"[" K8S "," AWS "]\n" AWS,
		 "k8s_audit 1:7, aws_cloudtrail 1:9, aws_cloudtrail 2:9"},
		{"{\"Records\":[" AWS "]}\n", "aws_cloudtrail 1:9"},
		{"[{\"kind\":\"EventList\",\"items\":[" K8S "," K8S "]}]\n",
		 "k8s_audit 1:7, k8s_audit 1:7"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct story s = read_text(cases[i].text);

		assert_int_equal(s.end, JSONL_E_EOF);
		assert_string_equal(s.text, cases[i].story);
	}
}

static void test_a_bad_line_is_told_and_touches_no_other(void **state)
{
	static const struct {
		const char *line;
		size_t counter; /* offset in the stats */
	} cases[] = {
#define BAD(line, counter) {line, offsetof(struct jsonl_stats, counter)}
		BAD("{\"auditID\":\"1\",\"stageTi", skipped_malformed),
		BAD("no json", skipped_malformed),
		BAD("\"text\"", skipped_malformed),
		BAD("[1]", skipped_malformed),
		BAD("[[[[" K8S "]]]]", skipped_unknown),
		BAD("{\"a\":1}", skipped_unknown),
		BAD("{\"auditID\":\"1\"}", skipped_no_time),
		BAD("{\"auditID\":\"1\",\"stageTimestamp\":\"noon\"}", skipped_no_time),
		BAD("{\"eventTime\":\"1970-01-01T00:00:09Z\",\"awsRegion\":\"r\"}",
		    skipped_no_type),
		BAD("{\"x\":\"" K8S K8S K8S K8S "\"}", skipped_too_large),
#undef BAD
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[1024];
		struct story s;

		(void)snprintf(text, sizeof text, "%s\n%s\n%s\n", AWS, cases[i].line, K8S);
		s = read_text(text);
		assert_string_equal(s.text, "aws_cloudtrail 1:9, 2!, k8s_audit 3:7");
		assert_int_equal(*(const uint64_t *)((const char *)&s.stats + cases[i].counter), 1);
		assert_int_equal(s.stats.records, 2);
		assert_int_equal(s.stats.lines, 3);
	}
}

static void test_what_is_behind_a_mistake_in_a_line_is_lost_with_it(void **state)
{
	(void)state;
	assert_string_equal(read_text(K8S " oops " K8S "\n" AWS).text,
			    "k8s_audit 1:7, 1!, aws_cloudtrail 2:9");
}

static void test_insights_are_left_out_and_counted(void **state)
{
	const struct story s = read_text(
		"{\"eventTime\":\"1970-01-01T00:00:09Z\",\"eventType\":\"AwsCloudTrailInsight\","
		"\"awsRegion\":\"r\"}\n");

	(void)state;
	assert_string_equal(s.text, "");
	assert_int_equal(s.stats.skipped_by_type, 1);
}

static void test_a_named_source_needs_no_mark(void **state)
{
	static const char text[] = "{\"stageTimestamp\":\"1970-01-01T00:00:07Z\"}\n" AWS "\n";

	(void)state;
	assert_string_equal(read_as("k8s_audit", text, sizeof text - 1).text, "k8s_audit 1:7, 2!");
	assert_string_equal(read_as("aws_cloudtrail", text, sizeof text - 1).text,
			    "1!, aws_cloudtrail 2:9");
	assert_int_equal(read_as("somebody", text, sizeof text - 1).end, -EINVAL);
}

static void test_a_line_as_long_as_may_be_is_read(void **state)
{
	char text[MAX_LINE + 3];

	(void)state;
	(void)snprintf(text, sizeof text, "%-*s\n", MAX_LINE, K8S);
	assert_string_equal(read_text(text).text, "k8s_audit 1:7");
	(void)snprintf(text, sizeof text, "%-*s\n", MAX_LINE + 1, K8S);
	assert_string_equal(read_text(text).text, "1!");
}

static void test_a_line_far_longer_than_may_be_costs_no_memory(void **state)
{
	const size_t size = 32 << 20;
	char *text = malloc(size);
	struct story s;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', size);
	memcpy(text + size - strlen("\n" K8S), "\n" K8S, strlen("\n" K8S));
	s = read_as("", text, size);
	assert_string_equal(s.text, "1!, k8s_audit 2:7");
	free(text);
}

/* gzip of two lines, made with zlib, nothing packed. */
static void test_lines_before_damage_are_read(void **state)
{
	static const uint8_t gz[] = {
		0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x03, 0x01, 0x86, 0x00, 0x79,
		0xff, 0x7b, 0x22, 0x61, 0x75, 0x64, 0x69, 0x74, 0x49, 0x44, 0x22, 0x3a, 0x22, 0x31,
		0x22, 0x2c, 0x22, 0x73, 0x74, 0x61, 0x67, 0x65, 0x54, 0x69, 0x6d, 0x65, 0x73, 0x74,
		0x61, 0x6d, 0x70, 0x22, 0x3a, 0x22, 0x31, 0x39, 0x37, 0x30, 0x2d, 0x30, 0x31, 0x2d,
		0x30, 0x31, 0x54, 0x30, 0x30, 0x3a, 0x30, 0x30, 0x3a, 0x30, 0x37, 0x5a, 0x22, 0x7d,
		0x0a, 0x7b, 0x22, 0x65, 0x76, 0x65, 0x6e, 0x74, 0x54, 0x69, 0x6d, 0x65, 0x22, 0x3a,
		0x22, 0x31, 0x39, 0x37, 0x30, 0x2d, 0x30, 0x31, 0x2d, 0x30, 0x31, 0x54, 0x30, 0x30,
		0x3a, 0x30, 0x30, 0x3a, 0x30, 0x39, 0x5a, 0x22, 0x2c, 0x22, 0x65, 0x76, 0x65, 0x6e,
		0x74, 0x54, 0x79, 0x70, 0x65, 0x22, 0x3a, 0x22, 0x41, 0x77, 0x73, 0x41, 0x70, 0x69,
		0x43, 0x61, 0x6c, 0x6c, 0x22, 0x2c, 0x22, 0x61, 0x77, 0x73, 0x52, 0x65, 0x67, 0x69,
		0x6f, 0x6e, 0x22, 0x3a, 0x22, 0x72, 0x22, 0x7d, 0x0a, 0xf4, 0xa5, 0xeb, 0xb5, 0x86,
		0x00, 0x00, 0x00};
	struct story s = read_as("", gz, sizeof gz);

	(void)state;
	assert_string_equal(s.text, "k8s_audit 1:7, aws_cloudtrail 2:9");
	s = read_as("", gz, sizeof gz - 20);
	assert_int_equal(s.end, -EBADMSG);
	assert_non_null(strstr(s.text, "k8s_audit 1:7"));
	assert_string_equal(s.error, "the compressed data ends too early");
}

static void test_a_peek_takes_nothing(void **state)
{
	static const struct {
		const char *text;
		int first;
	} cases[] = {{"{\"a\"", '{'}, {" \n\t[", '['}, {"\xef\xbb\xbf{", '{'}, {"", -1}, {" ", -1}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scap_stream *s;
		char text[16] = {0};

		assert_int_equal(scap_stream_open_memory(cases[i].text, strlen(cases[i].text), &s),
				 0);
		assert_int_equal(scap_stream_peek(s), cases[i].first);
		for (size_t n = 0; scap_stream_read(s, text + n, 1) > 0; n++)
			;
		assert_string_equal(text, cases[i].text);
		(void)scap_stream_close(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_become_records_of_their_sources),
		cmocka_unit_test(test_a_bad_line_is_told_and_touches_no_other),
		cmocka_unit_test(test_what_is_behind_a_mistake_in_a_line_is_lost_with_it),
		cmocka_unit_test(test_insights_are_left_out_and_counted),
		cmocka_unit_test(test_a_named_source_needs_no_mark),
		cmocka_unit_test(test_a_line_as_long_as_may_be_is_read),
		cmocka_unit_test(test_a_line_far_longer_than_may_be_costs_no_memory),
		cmocka_unit_test(test_lines_before_damage_are_read),
		cmocka_unit_test(test_a_peek_takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
