/*
 * Alerts are answered one by one, in order, and never called delivered when they were not.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gyr/lines.h>
#include <gyr/plugin.h>

enum { A = GYR_ALERT_ACCEPTED, R = GYR_ALERT_RETRY, X = GYR_ALERT_REFUSED };

/* Each alert's rule says what happens to it. */
static int send_one(struct gyr *p, void *inst, const struct gyr_alert *a)
{
	(void)inst;
	if (strcmp(a->rule, "refuse") == 0)
		return GYR_REFUSED;
	if (strcmp(a->rule, "later") == 0)
		return GYR_RETRY;
	if (strcmp(a->rule, "break") == 0)
		return gyr_fail(p, -EPIPE, "the pipe broke");
	return 0;
}

static int flush_fails(struct gyr *p, void *inst)
{
	(void)inst;
	return gyr_fail(p, -ENOSPC, "the disk is full");
}

static void test_verdicts_follow_the_answers(void **state)
{
	static const struct {
		const char *rules[4];
		uint8_t want[4];
		bool is_fine, does_flush_fail;
	} rows[] = {
		{{"a", "b", "c", "d"}, {A, A, A, A}, true, false},
		{{"a", "refuse", "c", "d"}, {A, X, A, A}, true, false},
		{{"a", "later", "c", "d"}, {A, R, R, R}, false, false},
		{{"a", "break", "refuse", "d"}, {A, R, R, R}, false, false},
		{{"a", "refuse", "c", "d"}, {R, X, R, R}, false, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct gyr_output output = {
			.send = send_one, .flush = rows[i].does_flush_fail ? flush_fails : NULL};
		const struct gyr_plugin plugin = {.name = "o", .version = "0.0.1"};
		struct gyr_alert alerts[4] = {0};
		const struct gyr_alert *list[4];
		uint8_t verdicts[4];
		ss_plugin_rc rc;
		ss_plugin_t *s = gyr__init(&plugin, &(ss_plugin_init_input){.config = ""}, &rc);
		void *inst = gyr__output_open(&output, s, "", &rc);

		for (int k = 0; k < 4; k++) {
			alerts[k].rule = rows[i].rules[k];
			list[k] = &alerts[k];
		}
		rc = gyr__output_send(s, inst, list, 4, verdicts);
		assert_int_equal(rc == SS_PLUGIN_SUCCESS, rows[i].is_fine);
		assert_memory_equal(verdicts, rows[i].want, 4);
		assert_int_equal(gyr__last_error(s)[0] == '\0', rows[i].is_fine);
		gyr__output_close(s, inst);
		gyr__destroy(s);
	}
}

static struct gyr_alert line(const char *text)
{
	return (struct gyr_alert){
		.size = sizeof(struct gyr_alert), .text = text, .text_len = (uint32_t)strlen(text)};
}

static void test_a_disk_that_fills_keeps_whole_lines_only(void **state)
{
	const struct gyr_alert a = line("0123456789"), b = line("abcdefghij");
	const struct gyr_alert *const alerts[] = {&a, &b, &a};
	char name[] = "/tmp/gyr-lines-XXXXXX";
	const int fd = mkstemp(name);
	struct rlimit old, limit;
	uint8_t verdicts[] = {R, R, R};
	char text[64] = {0};

	(void)state;
	assert_true(fd >= 0);
	(void)unlink(name);

	/* Room for one line and a half. */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = (struct rlimit){.rlim_cur = 16, .rlim_max = old.rlim_max};
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	const int r = gyr_lines_write(fd, GYR_LINES_TEXT, alerts, 3, verdicts);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);

	assert_int_equal(r, -EFBIG);
	assert_memory_equal(verdicts, ((uint8_t[]){A, R, R}), 3);
	assert_int_equal(pread(fd, text, sizeof text - 1, 0), 11);
	assert_string_equal(text, "0123456789\n");
	(void)close(fd);
}

static void test_many_lines_arrive_in_order(void **state)
{
	enum { MANY = 1000 };
	static struct gyr_alert alerts[MANY];
	static const struct gyr_alert *list[MANY];
	static char texts[MANY][8];
	static uint8_t verdicts[MANY];
	char name[] = "/tmp/gyr-lines-XXXXXX";
	const int fd = mkstemp(name);
	FILE *f = fopen(name, "re");
	char got[16];

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(texts[i], sizeof texts[i], "%u", i);
		alerts[i] = line(texts[i]);
		list[i] = &alerts[i];
		verdicts[i] = R;
	}
	assert_int_equal(gyr_lines_write(fd, GYR_LINES_TEXT, list, MANY, verdicts), 0);
	for (unsigned i = 0; i < MANY; i++) {
		assert_non_null(fgets(got, sizeof got, f));
		assert_int_equal(strtoul(got, NULL, 10), i);
		assert_int_equal(verdicts[i], A);
	}
	assert_null(fgets(got, sizeof got, f));
	(void)fclose(f);
	(void)close(fd);
	(void)unlink(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts_follow_the_answers),
		cmocka_unit_test(test_a_disk_that_fills_keeps_whole_lines_only),
		cmocka_unit_test(test_many_lines_arrive_in_order),
	};

	return cmocka_run_group_tests_name("sdk deliver", tests, NULL, NULL);
}
