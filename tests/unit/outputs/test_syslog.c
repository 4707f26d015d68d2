/*
 * The output that speaks syslog, against sockets of this test, a TLS peer (sink.py), and rsyslog.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "outkit.h"
#include "peerkit.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

static char got[1 << 17];

enum { PATIENCE_MS = 300000 };

/* The next message or bytes, "" when none comes. */
static const char *receive(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n = poll(&p, 1, PATIENCE_MS) == 1 ? recv(fd, got, sizeof got - 1, 0) : 0;

	got[n > 0 ? n : 0] = '\0';
	return got;
}

static int listen_local(const char *path, int type)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	(void)snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	(void)unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 5), 0);
	return fd;
}

/* Binds 127.0.0.1:*port, any when it is 0; that stays its own until the test ends. */
static int listen_inet(int type, int *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)*port)};
	socklen_t size = sizeof a;
	const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), on = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 5), 0);
	if (type == SOCK_STREAM && !*port)
		peer_keep_port(ntohs(a.sin_port));
	*port = ntohs(a.sin_port);
	return fd;
}

static struct outkit start(const char *scheme, int port, const char *more)
{
	char text[1024];

	(void)snprintf(text, sizeof text, "{\"address\":\"%s127.0.0.1:%d\"%s%s}", scheme, port,
		       more, outkit_patience(more));
	return outkit_start("syslog", text);
}

static const char *local_path(void)
{
	static char path[256];

	(void)snprintf(path, sizeof path, "%s/devlog", outkit_dir());
	return path;
}

static void test_local_message_is_as_libc_writes_it(void **state)
{
	const int fd = listen_local(local_path(), SOCK_DGRAM);
	struct outkit k = outkit_start("syslog", local_path());
	char tail[128];

	(void)state;
	(void)snprintf(tail, sizeof tail, " gyr[%ld]: 22:14:27.000000000: Warning tick 1",
		       (long)getpid());
	assert_int_equal(outkit_send(&k, 1), GYR_ALERT_ACCEPTED);
	(void)receive(fd);
	assert_memory_equal(got, "<12>", 4); /* user, warning */
	assert_string_equal(got + 4 + 15, tail);
	(void)close(fd);
	outkit_close(&k);
}

static void test_local_server_may_come_late_and_come_back(void **state)
{
	struct outkit k;
	int fd;

	(void)state;
	(void)unlink(local_path());
	k = outkit_start("syslog", local_path());
	assert_int_equal(outkit_send(&k, 1), GYR_ALERT_RETRY);
	assert_non_null(strstr(k.error(k.state), "No such file"));
	fd = listen_local(local_path(), SOCK_DGRAM);
	assert_int_equal(outkit_send(&k, 1), GYR_ALERT_ACCEPTED);
	(void)close(fd);
	fd = listen_local(local_path(), SOCK_DGRAM);
	assert_int_equal(outkit_insist(&k, 2, 2), 2);
	assert_non_null(strstr(receive(fd), "tick 2"));
	(void)close(fd);
	outkit_close(&k);
}

static void test_local_server_that_does_not_read_holds_back(void **state)
{
	const int fd = listen_local(local_path(), SOCK_DGRAM);
	char text[512];
	struct outkit k;
	uint8_t v[64];
	unsigned sent = 0, n = 0;

	(void)state;
	(void)snprintf(text, sizeof text, "{\"address\":\"%s\",\"timeout_ms\":50}", local_path());
	k = outkit_start("syslog", text);
	while (sent < 100000 && outkit_batch(&k, 1, 64, v) == SS_PLUGIN_SUCCESS)
		sent += 64;
	for (unsigned i = 0; i < 64; i++)
		sent += v[i] == GYR_ALERT_ACCEPTED && v[63] == GYR_ALERT_RETRY;
	while (recv(fd, got, sizeof got, MSG_DONTWAIT) > 0)
		n++;
	assert_int_equal(n, sent); /* exactly those that were called accepted */
	assert_true(sent < 100000);
	(void)close(fd);
	outkit_close(&k);
}

static void test_local_stream_ends_messages_with_nul(void **state)
{
	const int fd = listen_local(local_path(), SOCK_STREAM);
	struct outkit k = outkit_start("syslog", local_path());
	uint8_t v[2];
	int conn;

	(void)state;
	assert_int_equal(outkit_batch(&k, 1, 2, v), SS_PLUGIN_SUCCESS);
	conn = accept(fd, NULL, NULL);
	(void)receive(conn);
	assert_non_null(strstr(got, "tick 1"));
	assert_non_null(strstr(got + strlen(got) + 1, "tick 2"));
	(void)close(conn);
	(void)close(fd);
	outkit_close(&k);
}

static void test_udp_message_is_rfc5424(void **state)
{
	static const struct {
		const char *more, *want; /* % is the process id */
	} rows[] = {
		{"", "<12>1 2025-11-23T22:14:27.000000Z box gyr % alert - \xef\xbb\xbf"
		     "22:14:27.000000000: Warning tick 1"},
		{",\"format\":\"message\",\"facility\":\"local7\",\"app_name\":\"x\","
		 "\"hostname\":\"h.example\"",
		 "<188>1 2025-11-23T22:14:27.000000Z h.example x % alert - \xef\xbb\xbf"
		 "tick 1"},
		{",\"structured_data\":true,\"format\":\"json\"",
		 "<12>1 2025-11-23T22:14:27.000000Z box gyr % alert [gyr@32473 rule=\"A rule\" "
		 "priority=\"Warning\" source=\"ticker\" id=\"0000000000000001\"] \xef\xbb\xbf"
		 "{\"output\":\"tick 1\",\"priority\":\"Warning\"}"},
	};
	int port = 0;
	const int fd = listen_inet(SOCK_DGRAM, &port);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct outkit k = start("udp://", port, rows[i].more);
		const char *percent = strchr(rows[i].want, '%');
		char want[1024];

		(void)snprintf(want, sizeof want, "%.*s%ld%s", (int)(percent - rows[i].want),
			       rows[i].want, (long)getpid(), percent + 1);
		assert_int_equal(outkit_send(&k, 1), GYR_ALERT_ACCEPTED);
		assert_string_equal(receive(fd), want);
		outkit_close(&k);
	}
	(void)close(fd);
}

static void test_structured_data_cannot_be_broken_out_of(void **state)
{
	int port = 0;
	const int fd = listen_inet(SOCK_DGRAM, &port);
	struct outkit k = start("udp://", port, ",\"structured_data\":true");
	struct outkit_alert a;

	(void)state;
	outkit_fill(&a, 1);
	a.alert.rule = "x\"] [forged \\";
	a.alert.hostname = "a b\nc";
	assert_int_equal(outkit_send_one(&k, &a.alert), GYR_ALERT_ACCEPTED);
	assert_non_null(strstr(receive(fd), "rule=\"x\\\"\\] [forged \\\\\" "));
	assert_non_null(strstr(got, "Z abc gyr "));
	(void)close(fd);
	outkit_close(&k);
}

static void test_long_message_is_cut_at_a_character_and_counted(void **state)
{
	static char text[5000];
	int port = 0;
	const int fd = listen_inet(SOCK_DGRAM, &port);
	struct outkit k = start("udp://", port, "");
	struct outkit_alert a;

	(void)state;
	for (size_t pad = 0; pad < 4; pad++) {
		memset(text, 'x', pad);
		for (size_t i = pad; i + 3 < sizeof text; i += 3)
			memcpy(text + i, "\xe2\x82\xac", 4);
		outkit_fill(&a, 1);
		a.alert.text = text;
		a.alert.text_len = (uint32_t)strlen(text);
		assert_int_equal(outkit_send_one(&k, &a.alert), GYR_ALERT_ACCEPTED);
		(void)receive(fd);
		assert_in_range(strlen(got), 2045, 2048);
		assert_string_equal(got + strlen(got) - 6, "\xe2\x82\xac...");
	}
	outkit_close(&k);
	assert_non_null(strstr(outkit_logged, "4 messages were longer than 2048 bytes"));
	(void)close(fd);
}

static void test_udp_port_where_nobody_listens_is_noticed(void **state)
{
	int port = 0;
	const int fd = listen_inet(SOCK_DGRAM, &port);
	struct outkit k = start("udp://", port, "");

	(void)state;
	(void)close(fd);
	assert_int_equal(outkit_send(&k, 1), GYR_ALERT_RETRY);
	assert_non_null(strstr(k.error(k.state), "Connection refused"));
	outkit_close(&k);
}

static void test_tcp_counts_octets(void **state)
{
	int port = 0;
	const int fd = listen_inet(SOCK_STREAM, &port);
	struct outkit k = start("tcp://", port, "");
	uint8_t v[2];
	char *end;
	int conn;

	(void)state;
	assert_int_equal(outkit_batch(&k, 1, 2, v), SS_PLUGIN_SUCCESS);
	conn = accept(fd, NULL, NULL);
	(void)receive(conn);
	const unsigned long first = strtoul(got, &end, 10);
	assert_memory_equal(end, " <12>1 ", 7);
	assert_memory_equal(end + 1 + first - 6, "tick 1", 6);
	const char *next = end + 1 + first;
	const unsigned long second = strtoul(next, &end, 10);
	assert_int_equal(strlen(end + 1), second);
	(void)close(conn);
	(void)close(fd);
	outkit_close(&k);
}

static void test_tcp_server_that_goes_and_comes_back(void **state)
{
	int port = 0;
	int fd = listen_inet(SOCK_STREAM, &port);
	struct outkit k = start("tcp://", port, "");
	int conn;

	(void)state;
	assert_int_equal(outkit_send(&k, 1), GYR_ALERT_ACCEPTED);
	conn = accept(fd, NULL, NULL);
	(void)close(fd);
	(void)close(conn); /* with a message unread: a reset */
	assert_int_equal(outkit_send(&k, 2), GYR_ALERT_RETRY);
	assert_non_null(strstr(k.error(k.state), "Connection refused"));
	fd = listen_inet(SOCK_STREAM, &port);
	assert_int_equal(outkit_insist(&k, 2, 2), 1);
	conn = accept(fd, NULL, NULL);
	assert_non_null(strstr(receive(conn), "tick 2"));
	(void)close(conn);
	(void)close(fd);
	outkit_close(&k);
}

static void test_tcp_server_that_does_not_read_holds_back(void **state)
{
	int port = 0, small = 4096;
	const int fd = listen_inet(SOCK_STREAM, &port);
	struct outkit k = start("tcp://", port, ",\"timeout_ms\":200");
	static char text[8000];
	struct outkit_alert a;
	unsigned n = 0;

	(void)state;
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
	memset(text, 'x', sizeof text - 1);
	outkit_fill(&a, 1);
	a.alert.text = text;
	a.alert.text_len = sizeof text - 1;
	while (n < 100 && outkit_send_one(&k, &a.alert) == GYR_ALERT_ACCEPTED)
		n++;
	assert_true(n < 100);
	assert_non_null(strstr(k.error(k.state), "timed out"));
	(void)close(fd);
	outkit_close(&k);
}

static void test_tls_certificate_decides(void **state)
{
	static const struct {
		const char *cert, *more; /* $ is the folder */
		bool asks_client;
		uint8_t verdict;
		const char *why;
	} rows[] = {
		{"good", ",\"ca_cert\":\"$/ca.pem\"", false, GYR_ALERT_ACCEPTED, ""},
		{"good", "", false, GYR_ALERT_RETRY, "certificate: "},
		{"wrong", ",\"ca_cert\":\"$/ca.pem\"", false, GYR_ALERT_RETRY, "mismatch"},
		{"expired", ",\"ca_cert\":\"$/ca.pem\"", false, GYR_ALERT_RETRY, "expired"},
		{"expired", ",\"insecure\":true", false, GYR_ALERT_ACCEPTED, ""},
		{"good", ",\"ca_cert\":\"$/ca.pem\"", true, GYR_ALERT_RETRY, "does not want us"},
		{"good",
		 ",\"ca_cert\":\"$/ca.pem\",\"client_cert\":\"$/client.pem\","
		 "\"client_key\":\"$/client.key\"",
		 true, GYR_ALERT_ACCEPTED, ""},
	};
	const char *dir = outkit_dir();

	(void)state;
	peer_make_certificates();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char words[1024], more[1024];
		size_t n = 0;

		(void)snprintf(words, sizeof words, "--cert %s/%s.pem --key %s/%s.key%s%s%s", dir,
			       rows[i].cert, dir, rows[i].cert, rows[i].asks_client ? " --ca " : "",
			       rows[i].asks_client ? dir : "",
			       rows[i].asks_client ? "/ca.pem" : "");
		more[0] = '\0';
		for (const char *c = rows[i].more; *c; c++)
			n += (size_t)snprintf(more + n, sizeof more - n, "%.*s",
					      *c == '$' ? 200 : 1, *c == '$' ? dir : c);
		struct peer peer = peer_start_script("sink.py", words);
		struct outkit k = start("tls://", peer.port, more);
		const uint8_t v = outkit_send(&k, 1);

		if (v != rows[i].verdict || !strstr(k.error(k.state), rows[i].why))
			fail_msg("%zu %s: %d: %s", i, rows[i].cert, v, k.error(k.state));
		if (v == GYR_ALERT_ACCEPTED)
			peer_await(&peer, "tick 1", 1);
		outkit_close(&k);
		peer_stop(&peer);
	}
}

/* ---- rsyslog ---- */

/* A free port that only a server with SO_REUSEADDR gets, until the test ends. */
static int reserved_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t size = sizeof a;
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	return ntohs(a.sin_port);
}

static pid_t rsyslog_start(const char *conf_text)
{
	char conf[256], pid_file[256];
	const char *const argv[] = {"/usr/sbin/rsyslogd", "-n", "-f", conf, "-i", pid_file, NULL};
	FILE *f;
	pid_t pid;
	int out;

	(void)snprintf(conf, sizeof conf, "%s/rsyslog.conf", outkit_dir());
	(void)snprintf(pid_file, sizeof pid_file, "%s/rsyslog.pid", outkit_dir());
	(void)unlink(pid_file);
	f = fopen(conf, "we");
	assert_non_null(f);
	assert_true(fputs(conf_text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	pid = peer_spawn(argv, &out);
	(void)close(out);
	return pid;
}

/* Sends until it is taken, since rsyslog may still be starting; then waits for it in the log. */
static void rsyslog_expect(struct outkit *k, const char *log, const char *want)
{
	bool is_there = false;

	for (int i = 0; outkit_send(k, 1) != GYR_ALERT_ACCEPTED; i++)
		if (i == PATIENCE_MS / 10 || poll(NULL, 0, 10))
			fail_msg("%s", k->error(k->state));
	for (int i = 0; i < PATIENCE_MS / 10 && !is_there; i++) {
		char *text = outkit_read(log);

		is_there = strstr(text, want) != NULL;
		if (i == PATIENCE_MS / 10 - 1 && !is_there)
			fail_msg("want '%s' in '%s'", want, text);
		free(text);
		(void)poll(NULL, 0, 10);
	}
}

#define RSYSLOG_FORM                                                                           \
	"template(name=\"t\" type=\"string\" string=\"%%pri-text%%|%%hostname%%|%%app-name%%|" \
	"%%msgid%%|%%structured-data%%|%%msg%%\\n\")\n*.* action(type=\"omfile\" "             \
	"file=\"%s\" template=\"t\" flushOnTXEnd=\"on\")\n"

static void test_rsyslog_understands_every_transport(void **state)
{
	const char *dir = outkit_dir();
	char conf[4096], log[256];
	int port, tls_port;
	pid_t pid;

	(void)state;
	if (access("/usr/sbin/rsyslogd", X_OK) != 0)
		skip();
	peer_make_certificates();
	(void)snprintf(log, sizeof log, "%s/rsyslog.out", dir);
	port = reserved_port();
	tls_port = reserved_port();
	(void)snprintf(conf, sizeof conf,
		       "global(workDirectory=\"%s\" defaultNetstreamDriverCAFile=\"%s/ca.pem\" "
		       "defaultNetstreamDriverCertFile=\"%s/good.pem\" "
		       "defaultNetstreamDriverKeyFile=\"%s/good.key\")\n"
		       "module(load=\"imuxsock\" SysSock.Use=\"off\")\nmodule(load=\"imudp\")\n"
		       "module(load=\"imptcp\")\nmodule(load=\"imtcp\" StreamDriver.Name=\"ossl\" "
		       "StreamDriver.Mode=\"1\" StreamDriver.AuthMode=\"anon\")\n"
		       "input(type=\"imuxsock\" Socket=\"%s\")\n"
		       "input(type=\"imudp\" address=\"127.0.0.1\" port=\"%d\")\n"
		       "input(type=\"imptcp\" address=\"127.0.0.1\" port=\"%d\")\n"
		       "input(type=\"imtcp\" address=\"127.0.0.1\" port=\"%d\")\n" RSYSLOG_FORM,
		       dir, dir, dir, dir, local_path(), port, port, tls_port, log);
	(void)unlink(local_path());
	pid = rsyslog_start(conf);

	struct outkit k = outkit_start("syslog", local_path());
	rsyslog_expect(&k, log, "user.warning|");
	rsyslog_expect(&k, log, "|gyr|-|-| 22:14:27.000000000: Warning tick 1\n");
	outkit_close(&k);
	k = start("udp://", port, ",\"app_name\":\"u\",\"structured_data\":true");
	rsyslog_expect(&k, log,
		       "user.warning|box|u|alert|[gyr@32473 rule=\"A rule\" priority=\"Warning\" "
		       "source=\"ticker\" id=\"0000000000000001\"]|");
	outkit_close(&k);
	k = start("tcp://", port, ",\"app_name\":\"t\",\"facility\":\"local3\"");
	rsyslog_expect(&k, log, "local3.warning|box|t|alert|-|");
	outkit_close(&k);
	char more[512];
	(void)snprintf(more, sizeof more, ",\"app_name\":\"s\",\"ca_cert\":\"%s/ca.pem\"", dir);
	k = start("tls://", tls_port, more);
	rsyslog_expect(&k, log, "user.warning|box|s|alert|-|");
	outkit_close(&k);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static void test_wrong_parameters_are_refused_at_open(void **state)
{
	static const struct {
		const char *params, *why;
	} rows[] = {
		{"localhost", "want a path, udp://, tcp:// or tls://"},
		{"http://x", "want a path, udp://"},
		{"udp://", "want a host"},
		{"udp://h:0", "want a port"},
		{"udp://h:70000", "want a port"},
		{"udp://h:514/x", "want a port"},
		{"tcp://h/x", "nothing behind"},
		{"tcp://[::1", "a ']' is missing"},
		{"{\"facility\":\"local8\"}", "'local8' is not among"},
		{"{\"max_bytes\":100}", "want 480 to 65536"},
		{"{\"app_name\":\"a b\"}", "'app_name': want ASCII without blanks"},
		{"{\"address\":\"tls://h\",\"ca_cert\":\"/no/such\"}", "'ca_cert' '/no/such'"},
		{"{\"address\":\"tls://h\",\"client_cert\":\"/no/such\"}", "go together"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct outkit k = outkit_open("syslog", rows[i].params);

		if (k.inst || !strstr(k.error(k.state), rows[i].why))
			fail_msg("%s: %s", rows[i].params, k.error(k.state));
		outkit_close(&k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_local_message_is_as_libc_writes_it),
		cmocka_unit_test(test_local_server_may_come_late_and_come_back),
		cmocka_unit_test(test_local_server_that_does_not_read_holds_back),
		cmocka_unit_test(test_local_stream_ends_messages_with_nul),
		cmocka_unit_test(test_udp_message_is_rfc5424),
		cmocka_unit_test(test_structured_data_cannot_be_broken_out_of),
		cmocka_unit_test(test_long_message_is_cut_at_a_character_and_counted),
		cmocka_unit_test(test_udp_port_where_nobody_listens_is_noticed),
		cmocka_unit_test(test_tcp_counts_octets),
		cmocka_unit_test(test_tcp_server_that_goes_and_comes_back),
		cmocka_unit_test(test_tcp_server_that_does_not_read_holds_back),
		cmocka_unit_test(test_tls_certificate_decides),
		cmocka_unit_test(test_rsyslog_understands_every_transport),
		cmocka_unit_test(test_wrong_parameters_are_refused_at_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
