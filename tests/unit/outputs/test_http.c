/*
 * The output that posts alerts, against a peer that behaves well and badly (peer.py).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "outkit.h"
#include "peerkit.h"
#include "util/clock.h"

static struct outkit start(const struct peer *peer, const char *more)
{
	char text[2048];

	(void)snprintf(text, sizeof text, "{\"url\":\"http://127.0.0.1:%d/in\",\"proxy\":\"\"%s%s}",
		       peer->port, more, outkit_patience(more));
	return outkit_start("http", text);
}

static void test_answer_decides(void **state)
{
	static const struct {
		const char *behaviour;
		uint8_t verdict;
		const char *why;
	} rows[] = {
		{"200", GYR_ALERT_ACCEPTED, ""},
		{"204", GYR_ALERT_ACCEPTED, ""},
		{"500", GYR_ALERT_RETRY, "status 500: hello.[31m"},
		{"503", GYR_ALERT_RETRY, "status 503"},
		{"408", GYR_ALERT_RETRY, "status 408"},
		{"429", GYR_ALERT_RETRY, "status 429"},
		{"400", GYR_ALERT_REFUSED, "status 400"},
		{"401", GYR_ALERT_REFUSED, "status 401: hello"},
		{"404", GYR_ALERT_REFUSED, "status 404"},
		{"302", GYR_ALERT_REFUSED, "status 302 (redirects are not followed)"},
		{"silent", GYR_ALERT_RETRY, "timed out"},
		{"reset", GYR_ALERT_RETRY, "send: 'http://127.0.0.1:"},
		{"garbage", GYR_ALERT_RETRY, "HTTP/0.9"},
		{"endless", GYR_ALERT_ACCEPTED, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct peer peer = peer_start(rows[i].behaviour);
		struct outkit k = start(&peer, strcmp(rows[i].behaviour, "silent") == 0
						       ? ",\"timeout_ms\":500"
						       : "");
		const uint8_t v = outkit_send(&k, 1);

		if (v != rows[i].verdict || !strstr(k.error(k.state), rows[i].why))
			fail_msg("%s: %d: %s", rows[i].behaviour, v, k.error(k.state));
		peer_await(&peer, "tick 1", 1);
		outkit_close(&k);
		peer_stop(&peer);
	}
}

static void test_peer_that_is_down_and_comes_back(void **state)
{
	struct peer peer = peer_start("200");
	struct outkit k = start(&peer, "");
	char words[64];

	(void)state;
	assert_int_equal(outkit_send(&k, 1), GYR_ALERT_ACCEPTED);
	peer_stop(&peer);
	assert_int_equal(outkit_send(&k, 2), GYR_ALERT_RETRY);
	assert_int_equal(outkit_send(&k, 2), GYR_ALERT_RETRY);
	(void)snprintf(words, sizeof words, "--port %d 200", peer.port);
	peer = peer_start(words);
	assert_int_equal(outkit_send(&k, 2), GYR_ALERT_ACCEPTED);
	assert_int_equal(peer_count(&peer, "tick 2"), 1);
	outkit_close(&k);
	peer_stop(&peer);
}

static void test_failure_then_recovery_delivers_each_alert(void **state)
{
	struct peer peer = peer_start("200 500 reset garbage 200");
	struct outkit k = start(&peer, "");

	(void)state;
	assert_int_equal(outkit_insist(&k, 1, 1), 1);
	assert_int_equal(outkit_insist(&k, 2, 9), 4);
	assert_int_equal(outkit_insist(&k, 3, 1), 1);
	outkit_close(&k);
	peer_stop(&peer);
}

static void test_retry_after_is_waited_for(void **state)
{
	struct peer peer = peer_start("429:1 200");
	struct outkit k = start(&peer, "");
	uint64_t began;

	(void)state;
	began = clock_ms();
	assert_int_equal(outkit_send(&k, 1), GYR_ALERT_RETRY);
	while (outkit_send(&k, 1) != GYR_ALERT_ACCEPTED)
		continue;
	assert_true(clock_ms() - began >= 1000);
	assert_int_equal(peer_count(&peer, "tick 1"), 2); /* the pause is not spent asking */
	outkit_close(&k);
	peer_stop(&peer);
}

static void test_a_long_pause_is_told_and_nothing_is_asked_in_it(void **state)
{
	struct peer peer = peer_start("429:3000 200");
	struct outkit k = start(&peer, "");

	(void)state;
	assert_int_equal(outkit_send(&k, 1), GYR_ALERT_RETRY);
	assert_int_equal(outkit_send(&k, 1), GYR_ALERT_WAIT);
	assert_non_null(strstr(k.error(k.state), "paused for "));
	assert_int_equal(peer_count(&peer, "tick 1"), 1);
	outkit_close(&k);
	peer_stop(&peer);
}

static void test_silent_peer_is_left_alone_after_some_timeouts(void **state)
{
	struct peer peer = peer_start("silent");
	struct outkit k = start(&peer, ",\"timeout_ms\":400,\"max_consecutive_timeouts\":2");

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(outkit_send(&k, 1), i < 2 ? GYR_ALERT_RETRY : GYR_ALERT_WAIT);
	assert_non_null(strstr(k.error(k.state), "paused for "));
	peer_await(&peer, "tick 1", 2);
	outkit_close(&k);
	peer_stop(&peer);
}

static void test_request_as_configured(void **state)
{
	static const struct {
		const char *more;
		const char *want[4];
	} rows[] = {
		{"",
		 {"POST /in HTTP/1.1", "User-Agent: gyr/", "Content-Type: text/plain",
		  "\"body\": \"22:14:27.000000000: Warning tick 1\""}},
		{",\"ca_path\":\"/no/such\",\"client_cert\":\"/no/such\"", {"POST"}},
		{",\"format\":\"json\"",
		 {"Content-Type: application/json", "\"body\": \"{\\\"output\\\":\\\"tick "
						    "1\\\",\\\"priority\\\":\\\"Warning\\\"}\""}},
		{",\"user_agent\":\"falcosecurity/falco\",\"headers\":[\"X-A: 1\",\"X-B: 2\"]",
		 {"User-Agent: falcosecurity/falco\\r\\n", "X-A: 1\\r\\n", "X-B: 2"}},
		{",\"compress_uploads\":true", {"Content-Encoding: gzip", "Warning tick 1\""}},
		{",\"batch\":\"array\"",
		 {"Content-Type: application/json", "\"body\": \"[{\\\"output\\\":\\\"tick 1"}},
		{",\"batch\":\"ndjson\"",
		 {"Content-Type: application/x-ndjson", "\\\"Warning\\\"}\\n\""}},
		{",\"preset\":\"elasticsearch\"",
		 {"\\\"_index\\\":\\\"gyr-2025.11.23\\\",\\\"_id\\\":\\\"0000000000000001\\\"}}\\n",
		  "{\\\"@timestamp\\\":\\\"2025-11-23T22:14:27.000000001Z\\\",\\\"output"}},
		{",\"preset\":\"loki\"",
		 {"{\\\"streams\\\":[{\\\"stream\\\":{\\\"rule\\\":\\\"A rule\\\"",
		  "\\\"values\\\":[[\\\"1763936067000000001\\\",\\\"{\\\\\\\"output"}},
		{",\"preset\":\"alertmanager\"",
		 {"[{\\\"labels\\\":{\\\"alertname\\\":\\\"A rule\\\"",
		  "\\\"severity\\\":\\\"warning\\\""}},
		{",\"preset\":\"slack\"", {"{\\\"text\\\":\\\"tick 1\\\""}},
		{",\"preset\":\"otlp\"",
		 {"{\\\"resourceLogs\\\":[", "\\\"severityNumber\\\":13",
		  "\\\"timeUnixNano\\\":\\\"1763936067000000001\\\""}},
		{",\"preset\":\"falcosidekick\"", {"Content-Type: application/json"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct peer peer = peer_start(strstr(rows[i].more, "elastic") ? "bulk:201" : "200");
		struct outkit k = start(&peer, rows[i].more);

		if (outkit_send(&k, 1) != GYR_ALERT_ACCEPTED)
			fail_msg("%s: %s", rows[i].more, k.error(k.state));
		for (size_t n = 0; n < 4 && rows[i].want[n]; n++)
			if (peer_count(&peer, rows[i].want[n]) != 1)
				fail_msg("%s: no %s in %s", rows[i].more, rows[i].want[n],
					 outkit_read(peer.log));
		outkit_close(&k);
		peer_stop(&peer);
	}
}

static void test_preset_puts_its_path_behind_a_bare_url(void **state)
{
	static const char *const rows[][2] = {
		{"loki", "POST /loki/api/v1/push"},
		{"alertmanager", "POST /api/v2/alerts"},
		{"otlp", "POST /v1/logs"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct peer peer = peer_start("200");
		struct outkit k;
		char text[256];

		(void)snprintf(text, sizeof text,
			       "{\"url\":\"http://127.0.0.1:%d\",\"preset\":\"%s\",\"proxy\":\"\"}",
			       peer.port, rows[i][0]);
		k = outkit_start("http", text);
		assert_int_equal(outkit_send(&k, 1), GYR_ALERT_ACCEPTED);
		assert_int_equal(peer_count(&peer, rows[i][1]), 1);
		outkit_close(&k);
		peer_stop(&peer);
	}
}

static void test_batch_is_one_request_of_bounded_size(void **state)
{
	struct peer peer = peer_start("200");
	struct outkit k = start(&peer, ",\"batch\":\"ndjson\",\"batch_max\":20");
	uint8_t v[50];

	(void)state;
	assert_int_equal(outkit_batch(&k, 1, 50, v), SS_PLUGIN_SUCCESS);
	for (int i = 0; i < 50; i++)
		assert_int_equal(v[i], GYR_ALERT_ACCEPTED);
	assert_int_equal(peer_count(&peer, "POST"), 3);
	outkit_close(&k);
	peer_stop(&peer);
}

static void test_refused_batch_is_halved_until_the_bad_alert_is_alone(void **state)
{
	/* 4 refused, 1-2 refused, 1 fine, 2 refused, 3-4 fine. */
	struct peer peer = peer_start("400 400 200 400 200");
	struct outkit k = start(&peer, ",\"batch\":\"array\"");
	uint8_t v[4];

	(void)state;
	assert_int_equal(outkit_batch(&k, 1, 4, v), SS_PLUGIN_FAILURE);
	assert_int_equal(v[0], GYR_ALERT_ACCEPTED);
	assert_int_equal(v[1], GYR_ALERT_REFUSED);
	assert_int_equal(v[2], GYR_ALERT_ACCEPTED);
	assert_int_equal(v[3], GYR_ALERT_ACCEPTED);
	outkit_close(&k);
	peer_stop(&peer);
}

static void test_failure_in_the_middle_keeps_what_arrived(void **state)
{
	struct peer peer = peer_start("200 401 500");
	struct outkit k = start(&peer, "");
	uint8_t v[4];

	(void)state;
	assert_int_equal(outkit_batch(&k, 1, 4, v), SS_PLUGIN_FAILURE);
	assert_int_equal(v[0], GYR_ALERT_ACCEPTED);
	assert_int_equal(v[1], GYR_ALERT_REFUSED);
	assert_int_equal(v[2], GYR_ALERT_RETRY);
	assert_int_equal(v[3], GYR_ALERT_RETRY);
	assert_int_equal(peer_count(&peer, "tick 4"), 0);
	outkit_close(&k);
	peer_stop(&peer);
}

static void test_bulk_answer_decides_for_each_document(void **state)
{
	struct peer peer = peer_start("bulk:201,409,429,400 200 bulk:201");
	struct outkit k = start(&peer, ",\"preset\":\"elasticsearch\"");
	uint8_t v[4];

	(void)state;
	assert_int_equal(outkit_batch(&k, 1, 4, v), SS_PLUGIN_FAILURE);
	assert_int_equal(v[0], GYR_ALERT_ACCEPTED);
	assert_int_equal(v[1], GYR_ALERT_ACCEPTED);
	assert_int_equal(v[2], GYR_ALERT_RETRY);
	assert_int_equal(v[3], GYR_ALERT_REFUSED);
	assert_int_equal(outkit_send(&k, 5), GYR_ALERT_RETRY); /* 200, but no bulk answer */
	assert_int_equal(outkit_send(&k, 5), GYR_ALERT_ACCEPTED);
	outkit_close(&k);
	peer_stop(&peer);
}

static void write_file(const char *name, const char *text)
{
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", outkit_dir(), name);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void test_secrets_come_from_files_and_may_change(void **state)
{
	struct peer peer = peer_start("200");
	char more[512];
	struct outkit k;

	(void)state;
	write_file("token", "first\n");
	(void)snprintf(more, sizeof more, ",\"bearer_file\":\"%s/token\"", outkit_dir());
	k = start(&peer, more);
	assert_int_equal(outkit_send(&k, 1), GYR_ALERT_ACCEPTED);
	assert_int_equal(peer_count(&peer, "Authorization: Bearer first\\r\\n"), 1);
	write_file("token", "second");
	assert_int_equal(outkit_send(&k, 2), GYR_ALERT_ACCEPTED);
	assert_int_equal(peer_count(&peer, "Authorization: Bearer second\\r\\n"), 1);
	write_file("token", "a\r\nX-Forged: 1");
	assert_int_equal(outkit_send(&k, 3), GYR_ALERT_RETRY);
	assert_non_null(strstr(k.error(k.state), "has a control character"));
	outkit_close(&k);

	write_file("basic", "user:pass\n");
	(void)snprintf(more, sizeof more, ",\"basic_file\":\"%s/basic\"", outkit_dir());
	k = start(&peer, more);
	assert_int_equal(outkit_send(&k, 4), GYR_ALERT_ACCEPTED);
	assert_int_equal(peer_count(&peer, "Authorization: Basic dXNlcjpwYXNz"), 1);
	outkit_close(&k);
	peer_stop(&peer);
}

static void test_certificate_decides(void **state)
{
	static const struct {
		const char *cert, *client; /* "client": the server asks for one */
		const char *more;          /* $ is the folder */
		uint8_t verdict;
		const char *why;
	} rows[] = {
		{"good", "", ",\"ca_cert\":\"$/ca.pem\"", GYR_ALERT_ACCEPTED, ""},
		{"good", "", ",\"ca_bundle\":\"$/ca.pem\"", GYR_ALERT_ACCEPTED, ""},
		{"good", "", "", GYR_ALERT_RETRY, "certificate"},
		{"wrong", "", ",\"ca_cert\":\"$/ca.pem\"", GYR_ALERT_RETRY, "127.0.0.1"},
		{"expired", "", ",\"ca_cert\":\"$/ca.pem\"", GYR_ALERT_RETRY, "expired"},
		{"expired", "", ",\"insecure\":true", GYR_ALERT_ACCEPTED, ""},
		{"good", "client", ",\"ca_cert\":\"$/ca.pem\"", GYR_ALERT_RETRY, ""},
		{"good", "client",
		 ",\"ca_cert\":\"$/ca.pem\",\"mtls\":true,\"client_cert\":\"$/client.pem\","
		 "\"client_key\":\"$/client.key\"",
		 GYR_ALERT_ACCEPTED, ""},
	};
	const char *dir = outkit_dir();

	(void)state;
	peer_make_certificates();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char words[1024], text[2048];
		size_t n;

		n = (size_t)snprintf(words, sizeof words, "--cert %s/%s.pem --key %s/%s.key", dir,
				     rows[i].cert, dir, rows[i].cert);
		(void)snprintf(words + n, sizeof words - n, "%s%s%s 200",
			       *rows[i].client ? " --ca " : "", *rows[i].client ? dir : "",
			       *rows[i].client ? "/ca.pem" : "");
		struct peer peer = peer_start(words);

		n = (size_t)snprintf(text, sizeof text,
				     "{\"url\":\"https://127.0.0.1:%d\",\"proxy\":\"\"", peer.port);
		for (const char *c = rows[i].more; *c; c++)
			n += (size_t)snprintf(text + n, sizeof text - n, *c == '$' ? "%s" : "%.1s",
					      *c == '$' ? dir : c);
		(void)snprintf(text + n, sizeof text - n, "}");
		struct outkit k = outkit_start("http", text);
		const uint8_t v = outkit_send(&k, 1);

		if (v != rows[i].verdict || !strstr(k.error(k.state), rows[i].why))
			fail_msg("%zu %s: %d: %s", i, rows[i].cert, v, k.error(k.state));
		assert_int_equal(peer_count(&peer, "tick 1"), v == GYR_ALERT_ACCEPTED);
		outkit_close(&k);
		peer_stop(&peer);
	}
}

static void test_wrong_parameters_are_refused_at_open(void **state)
{
	static const struct {
		const char *params, *why;
	} rows[] = {
		{"{}", "'url' is missing"},
		{"ftp://x/", "want http:// or https://, got ftp://"},
		{"file:///etc/passwd", "want http:// or https://, got file://"},
		{"http://", "'url'"},
		{"{\"url\":\"https://x\",\"ca_cert\":\"/no/such\"}", "'ca_cert': '/no/such'"},
		{"{\"url\":\"https://x\",\"mtls\":true}", "'mtls' needs 'client_cert'"},
		{"{\"url\":\"http://x\",\"headers\":[\"no colon\"]}", "'headers': want"},
		{"{\"url\":\"http://x\",\"headers\":[\"A: b\\r\\nC: d\"]}", "'headers': want"},
		{"{\"url\":\"http://x\",\"bearer_file\":\"/no/such\"}", "'bearer_file'"},
		{"{\"url\":\"http://x\",\"preset\":\"splunk\"}", "'splunk' is not among"},
		{"{\"url\":\"http://x\",\"urll\":\"\"}", "unknown key 'urll'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct outkit k = outkit_open("http", rows[i].params);

		if (k.inst || !strstr(k.error(k.state), rows[i].why))
			fail_msg("%s: %s", rows[i].params, k.error(k.state));
		outkit_close(&k);
	}
}

static void test_secrets_of_the_url_are_not_shown(void **state)
{
	struct outkit k = outkit_start(
		"http", "{\"url\":\"http://me:hunter2@127.0.0.1:1/x?key=hunter3\",\"proxy\":\"\"}");

	(void)state;
	assert_int_equal(outkit_send(&k, 1), GYR_ALERT_RETRY);
	assert_non_null(strstr(k.error(k.state), "http://127.0.0.1:1/x'"));
	assert_null(strstr(k.error(k.state), "hunter"));
	outkit_close(&k);
}

static void test_echo_logs_the_answer_without_its_escapes(void **state)
{
	struct peer peer = peer_start("200");
	struct outkit k = start(&peer, ",\"echo\":true");

	(void)state;
	assert_int_equal(outkit_send(&k, 1), GYR_ALERT_ACCEPTED);
	assert_non_null(strstr(outkit_logged, "answer 200: hello.[31m"));
	outkit_close(&k);
	peer_stop(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer_decides),
		cmocka_unit_test(test_peer_that_is_down_and_comes_back),
		cmocka_unit_test(test_failure_then_recovery_delivers_each_alert),
		cmocka_unit_test(test_retry_after_is_waited_for),
		cmocka_unit_test(test_a_long_pause_is_told_and_nothing_is_asked_in_it),
		cmocka_unit_test(test_silent_peer_is_left_alone_after_some_timeouts),
		cmocka_unit_test(test_request_as_configured),
		cmocka_unit_test(test_preset_puts_its_path_behind_a_bare_url),
		cmocka_unit_test(test_batch_is_one_request_of_bounded_size),
		cmocka_unit_test(test_refused_batch_is_halved_until_the_bad_alert_is_alone),
		cmocka_unit_test(test_failure_in_the_middle_keeps_what_arrived),
		cmocka_unit_test(test_bulk_answer_decides_for_each_document),
		cmocka_unit_test(test_secrets_come_from_files_and_may_change),
		cmocka_unit_test(test_certificate_decides),
		cmocka_unit_test(test_wrong_parameters_are_refused_at_open),
		cmocka_unit_test(test_secrets_of_the_url_are_not_shown),
		cmocka_unit_test(test_echo_logs_the_answer_without_its_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
