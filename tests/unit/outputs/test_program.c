/*
 * The output that feeds a program, with real programs: shell lines.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "outkit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char out_path[256];

static const char *params(const char *line, const char *more)
{
	static char text[PATH_MAX * 2];

	(void)snprintf(text, sizeof text, "{\"program\": \"%s\"%s%s}", line, more,
		       outkit_patience(more));
	return text;
}

/* A line that writes to the file of the test; "%s" in it is the file. */
static const char *to_file(const char *fmt, const char *more)
{
	char line[PATH_MAX + 256];

	(void)snprintf(out_path, sizeof out_path, "%s/out", outkit_dir());
	(void)unlink(out_path);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(line, sizeof line, fmt, out_path, out_path);
#pragma GCC diagnostic pop
	return params(line, more);
}

static void assert_out(const char *want)
{
	char *text = outkit_read(out_path);

	assert_string_equal(text, want);
	free(text);
}

static void test_each_alert_is_one_run(void **state)
{
	struct outkit k = outkit_start("program", to_file("(cat; echo end) >> %s", ""));
	uint8_t v[2];

	(void)state;
	assert_int_equal(outkit_batch(&k, 1, 2, v), SS_PLUGIN_SUCCESS);
	assert_int_equal(v[0], GYR_ALERT_ACCEPTED);
	assert_int_equal(v[1], GYR_ALERT_ACCEPTED);
	assert_out("22:14:27.000000000: Warning tick 1\nend\n"
		   "22:14:27.000000000: Warning tick 2\nend\n");
	outkit_close(&k);
}

static void test_bare_parameters_are_the_line(void **state)
{
	struct outkit k = outkit_start("program", "cat >/dev/null");

	(void)state;
	assert_int_equal(outkit_send(&k, 1), GYR_ALERT_ACCEPTED);
	outkit_close(&k);
}

static void test_exit_status_is_the_verdict(void **state)
{
	static const struct {
		const char *line;
		uint8_t verdict;
		const char *why;
	} rows[] = {
		{"cat >/dev/null", GYR_ALERT_ACCEPTED, ""},
		{"true", GYR_ALERT_ACCEPTED, ""},
		{"cat >/dev/null; exit 3", GYR_ALERT_REFUSED, "exit status 3"},
		{"cat >/dev/null; exit 75", GYR_ALERT_RETRY, "exit status 75"},
		{"/nonexistent/program", GYR_ALERT_RETRY, "exit status 127"},
		{"kill -9 $$", GYR_ALERT_RETRY, "killed by signal 9"},
		{"exec tail -f /dev/null", GYR_ALERT_RETRY, "not done after 200 ms"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *more = strstr(rows[i].why, "200 ms") ? ", \"timeout_ms\": 200" : "";
		struct outkit k = outkit_start("program", params(rows[i].line, more));

		assert_int_equal(outkit_send(&k, 7), rows[i].verdict);
		if (rows[i].verdict != GYR_ALERT_ACCEPTED && !strstr(k.error(k.state), rows[i].why))
			fail_msg("%s: %s", rows[i].line, k.error(k.state));
		outkit_close(&k);
	}
}

static void test_alert_that_kills_three_runs_is_refused(void **state)
{
	struct outkit k = outkit_start("program", "kill -9 $$");

	(void)state;
	assert_int_equal(outkit_send(&k, 7), GYR_ALERT_RETRY);
	assert_int_equal(outkit_send(&k, 7), GYR_ALERT_RETRY);
	assert_int_equal(outkit_send(&k, 7), GYR_ALERT_REFUSED);
	assert_int_equal(outkit_send(&k, 8), GYR_ALERT_RETRY);
	outkit_close(&k);
}

static void test_refused_alert_does_not_stop_the_batch(void **state)
{
	struct outkit k = outkit_start("program", "read l; case \"$l\" in *2) exit 1;; esac");
	uint8_t v[3];

	(void)state;
	assert_int_equal(outkit_batch(&k, 1, 3, v), SS_PLUGIN_FAILURE);
	assert_int_equal(v[0], GYR_ALERT_ACCEPTED);
	assert_int_equal(v[1], GYR_ALERT_REFUSED);
	assert_int_equal(v[2], GYR_ALERT_ACCEPTED);
	outkit_close(&k);
}

static void test_one_run_gets_all_alerts_and_ends_at_close(void **state)
{
	struct outkit k =
		outkit_start("program", to_file("cat >> %s; echo end >> %s",
						", \"keep_alive\": true, \"format\": \"json\""));
	uint8_t v[2];

	(void)state;
	assert_int_equal(outkit_batch(&k, 1, 2, v), SS_PLUGIN_SUCCESS);
	assert_int_equal(outkit_send(&k, 3), GYR_ALERT_ACCEPTED);
	outkit_close(&k);
	assert_out("{\"output\":\"tick 1\",\"priority\":\"Warning\"}\n"
		   "{\"output\":\"tick 2\",\"priority\":\"Warning\"}\n"
		   "{\"output\":\"tick 3\",\"priority\":\"Warning\"}\nend\n");
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left to be reaped */
}

static void test_reopen_ends_the_run_and_starts_another(void **state)
{
	struct outkit k = outkit_start(
		"program", to_file("cat >> %s; echo end >> %s", ", \"keep_alive\": true"));

	(void)state;
	assert_int_equal(outkit_send(&k, 1), GYR_ALERT_ACCEPTED);
	assert_int_equal(k.reopen(k.state, k.inst), SS_PLUGIN_SUCCESS);
	assert_int_equal(outkit_send(&k, 2), GYR_ALERT_ACCEPTED);
	outkit_close(&k);
	assert_out("22:14:27.000000000: Warning tick 1\nend\n"
		   "22:14:27.000000000: Warning tick 2\nend\n");
}

/* dd reads one whole line of 35 bytes and ends: every alert needs a run of its own, and alerts that
 * were in the pipe when a run ended must come out of a later one. */
static void test_lines_that_nobody_read_go_to_the_next_run(void **state)
{
	static const char want[] = "22:14:27.000000000: Warning tick 1\n"
				   "22:14:27.000000000: Warning tick 2\n"
				   "22:14:27.000000000: Warning tick 3\n";
	struct outkit k = outkit_start(
		"program", to_file("dd bs=35 count=1 2>/dev/null >> %s", ", \"keep_alive\": true"));
	uint8_t v[3];

	(void)state;
	while (outkit_batch(&k, 1, 3, v) != SS_PLUGIN_SUCCESS)
		assert_int_equal(v[0], GYR_ALERT_RETRY);
	for (bool all = false; !all;) { /* each run brings one line more */
		char *text = outkit_read(out_path);

		all = strstr(text, "tick 3\n") != NULL;
		if (all)
			assert_ptr_equal(strstr(text, want), text);
		free(text);
		(void)outkit_send(&k, 4);
	}
	assert_non_null(strstr(outkit_logged, "exit status 0"));
	outkit_close(&k);
}

static void test_program_that_does_not_read_holds_back_and_loses_nothing(void **state)
{
	static char line[100000];
	struct outkit_alert a;
	struct outkit k;
	char fifo[256], shell[1024];
	unsigned n = 0;
	char *text;

	(void)state;
	(void)snprintf(fifo, sizeof fifo, "%s/fifo", outkit_dir());
	assert_int_equal(mkfifo(fifo, 0600), 0);
	(void)snprintf(out_path, sizeof out_path, "%s/out", outkit_dir());
	(void)snprintf(shell, sizeof shell,
		       "{\"program\":\"read x < %s; cat > %s\",\"keep_alive\":true,"
		       "\"timeout_ms\":500}",
		       fifo, out_path);
	k = outkit_start("program", shell);
	memset(line, 'x', sizeof line);
	outkit_fill(&a, 1);
	a.alert.text = line;
	a.alert.text_len = 99999;

	/* A line larger than the pipe: half of it is in when time is up. */
	const struct gyr_alert *one = &a.alert;
	uint8_t v = GYR_ALERT_RETRY;
	assert_int_equal(k.send(k.state, k.inst, &one, 1, &v), SS_PLUGIN_FAILURE);
	assert_int_equal(v, GYR_ALERT_RETRY);
	assert_non_null(strstr(k.error(k.state), "does not read"));

	const int fd = open(fifo, O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, "go\n", 3), 3);
	(void)close(fd);
	while (v != GYR_ALERT_ACCEPTED) { /* it may take longer than the time of one send */
		assert_int_equal(v, GYR_ALERT_RETRY);
		(void)k.send(k.state, k.inst, &one, 1, &v);
	}
	outkit_close(&k);
	text = outkit_read(out_path);
	for (const char *p = text; *p; p++)
		n += *p == '\n';
	assert_int_equal(n, 1); /* once, whole */
	assert_int_equal(strlen(text), 100000);
	free(text);
}

static void test_child_gets_no_descriptor_and_no_blocked_signal(void **state)
{
	sigset_t all, old;
	const int fd = open("/dev/null", O_RDONLY); /* on purpose not close-on-exec */
	struct outkit k;
	char *text;

	(void)state;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	k = outkit_start("program",
			 to_file("ls /proc/self/fd | sort -n | tail -1 > %s; "
				 "grep -E 'SigBlk|SigIgn' /proc/self/status | cut -c1-8,18- >> %s",
				 ""));
	assert_int_equal(outkit_send(&k, 1), GYR_ALERT_ACCEPTED);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)close(fd);
	text = outkit_read(out_path);
	/* 3 is the folder that ls itself reads; the digits are those of signals 1 to 28. */
	assert_string_equal(text, "3\nSigBlk:\t0000000\nSigIgn:\t0000000\n");
	free(text);
	outkit_close(&k);
}

static void test_wrong_parameters_are_refused_at_open(void **state)
{
	static const struct {
		const char *params, *why;
	} rows[] = {
		{"{}", "'program' is missing"},
		{"{\"program\":\"  \"}", "'program' is empty"},
		{"{\"program\":\"cat\",\"timeout_ms\":0}", "'timeout_ms': want 1 to 3600000"},
		{"{\"program\":\"cat\",\"format\":\"xml\"}", "'xml' is not among"},
		{"{\"program\":\"cat\",\"keepalive\":true}", "unknown key 'keepalive'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct outkit k = outkit_open("program", rows[i].params);

		assert_null(k.inst);
		if (!strstr(k.error(k.state), rows[i].why))
			fail_msg("%s: %s", rows[i].params, k.error(k.state));
		outkit_close(&k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_alert_is_one_run),
		cmocka_unit_test(test_bare_parameters_are_the_line),
		cmocka_unit_test(test_exit_status_is_the_verdict),
		cmocka_unit_test(test_alert_that_kills_three_runs_is_refused),
		cmocka_unit_test(test_refused_alert_does_not_stop_the_batch),
		cmocka_unit_test(test_one_run_gets_all_alerts_and_ends_at_close),
		cmocka_unit_test(test_reopen_ends_the_run_and_starts_another),
		cmocka_unit_test(test_lines_that_nobody_read_go_to_the_next_run),
		cmocka_unit_test(test_program_that_does_not_read_holds_back_and_loses_nothing),
		cmocka_unit_test(test_child_gets_no_descriptor_and_no_blocked_signal),
		cmocka_unit_test(test_wrong_parameters_are_refused_at_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
