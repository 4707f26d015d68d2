/*
 * The outputs that write lines: what they take is there, what they cannot take they say so.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/symbols.h"
#include "plug.h"

struct fixture {
	struct plug plug;
	const struct module_symbols *sym;
	ss_plugin_t *s;
	void *inst;
	char folder[64], path[96];
};

static ss_plugin_rc open_output(struct fixture *x, const char *plugin, const char *params)
{
	ss_plugin_rc rc;

	plug_open(&x->plug, plugin, "");
	x->sym = x->plug.module->symbols;
	x->s = x->plug.instance->state;
	x->inst = x->sym->output_open(x->s, params, &rc);
	return rc;
}

static void close_output(struct fixture *x)
{
	if (x->inst)
		x->sym->output_close(x->s, x->inst);
	plug_close(&x->plug);
}

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof *x);

	*state = x;
	(void)snprintf(x->folder, sizeof x->folder, "/tmp/gyr-outputs-XXXXXX");
	if (!mkdtemp(x->folder))
		return -1;
	(void)snprintf(x->path, sizeof x->path, "%s/alerts", x->folder);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;
	char moved[128];

	(void)snprintf(moved, sizeof moved, "%s.1", x->path);
	(void)unlink(x->path);
	(void)unlink(moved);
	(void)rmdir(x->folder);
	free(x);
	return 0;
}

static ss_plugin_rc send(struct fixture *x, const char *text, uint8_t *ret_verdict)
{
	const struct gyr_alert a = {.size = sizeof a,
				    .text = text,
				    .text_len = (uint32_t)strlen(text),
				    .json = "{\"a\":1}",
				    .json_len = 7};
	const struct gyr_alert *const list[] = {&a};

	*ret_verdict = GYR_ALERT_RETRY;
	return x->sym->output_send(x->s, x->inst, list, 1, ret_verdict);
}

static void file_holds(const char *path, const char *want)
{
	char text[256] = {0};
	FILE *f = fopen(path, "re");

	assert_non_null(f);
	(void)fread(text, 1, sizeof text - 1, f);
	(void)fclose(f);
	assert_string_equal(text, want);
}

static void test_lines_are_in_the_file_when_they_are_accepted(void **state)
{
	struct fixture *x = *state;
	uint8_t verdict;

	assert_int_equal(open_output(x, "file", x->path), SS_PLUGIN_SUCCESS);
	assert_int_equal(send(x, "one", &verdict), SS_PLUGIN_SUCCESS);
	assert_int_equal(verdict, GYR_ALERT_ACCEPTED);
	file_holds(x->path, "one\n");
	assert_int_equal(send(x, "two", &verdict), SS_PLUGIN_SUCCESS);
	file_holds(x->path, "one\ntwo\n");
	close_output(x);
}

static void test_json_is_written_when_asked_for(void **state)
{
	struct fixture *x = *state;
	char params[256];
	uint8_t verdict;

	(void)snprintf(params, sizeof params, "{\"filename\":\"%s\",\"format\":\"json\"}", x->path);
	assert_int_equal(open_output(x, "file", params), SS_PLUGIN_SUCCESS);
	assert_int_equal(send(x, "one", &verdict), SS_PLUGIN_SUCCESS);
	file_holds(x->path, "{\"a\":1}\n");
	close_output(x);
}

/* Moves the file away between two alerts; the second must be where @params say. */
static void move_between(struct fixture *x, bool keep_alive, bool is_reopened, const char *in_old,
			 const char *in_new)
{
	char params[256], moved[128];
	uint8_t verdict;

	(void)snprintf(params, sizeof params, "{\"filename\":\"%s\",\"keep_alive\":%s}", x->path,
		       keep_alive ? "true" : "false");
	(void)snprintf(moved, sizeof moved, "%s.1", x->path);
	assert_int_equal(open_output(x, "file", params), SS_PLUGIN_SUCCESS);
	assert_int_equal(send(x, "one", &verdict), SS_PLUGIN_SUCCESS);
	assert_int_equal(rename(x->path, moved), 0);
	if (is_reopened)
		assert_int_equal(x->sym->output_reopen(x->s, x->inst), SS_PLUGIN_SUCCESS);
	assert_int_equal(send(x, "two", &verdict), SS_PLUGIN_SUCCESS);
	file_holds(moved, in_old);
	if (in_new)
		file_holds(x->path, in_new);
	close_output(x);
}

static void test_a_moved_file_is_let_go_of(void **state)
{
	move_between(*state, false, false, "one\n", "two\n");
}

static void test_a_file_kept_open_stays_until_it_is_reopened(void **state)
{
	move_between(*state, true, false, "one\ntwo\n", NULL);
}

static void test_reopening_lets_go_of_a_file_kept_open(void **state)
{
	move_between(*state, true, true, "one\n", "two\n");
}

static void test_a_file_that_is_large_is_moved_away_and_the_oldest_goes(void **state)
{
	static const char *const lines[] = {"one", "two", "three", "four"};
	struct fixture *x = *state;
	char params[256], moved[128];
	uint8_t verdict;

	(void)snprintf(params, sizeof params, "{\"filename\":\"%s\",\"max_bytes\":4,\"keep\":2}",
		       x->path);
	assert_int_equal(open_output(x, "file", params), SS_PLUGIN_SUCCESS);
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		assert_int_equal(send(x, lines[i], &verdict), SS_PLUGIN_SUCCESS);
		assert_int_equal(verdict, GYR_ALERT_ACCEPTED);
	}
	file_holds(x->path, "four\n");
	(void)snprintf(moved, sizeof moved, "%s.1", x->path);
	file_holds(moved, "three\n");
	(void)snprintf(moved, sizeof moved, "%s.2", x->path);
	file_holds(moved, "two\n");
	(void)unlink(moved);
	(void)snprintf(moved, sizeof moved, "%s.3", x->path);
	assert_int_equal(access(moved, F_OK), -1);
	close_output(x);
}

static void test_a_path_that_cannot_be_is_told_at_once(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(open_output(x, "file", "/nowhere/at/all"), SS_PLUGIN_FAILURE);
	assert_non_null(strstr(instance_last_error(x->plug.instance), "/nowhere/at/all"));
	close_output(x);
}

static void test_a_full_device_has_the_alert_offered_again(void **state)
{
	struct fixture *x = *state;
	uint8_t verdict;

	assert_int_equal(open_output(x, "file", "/dev/full"), SS_PLUGIN_SUCCESS);
	assert_int_equal(send(x, "one", &verdict), SS_PLUGIN_FAILURE);
	assert_int_equal(verdict, GYR_ALERT_RETRY);
	assert_non_null(strstr(instance_last_error(x->plug.instance), "/dev/full"));
	close_output(x);
}

static void test_standard_output_gets_lines(void **state)
{
	struct fixture *x = *state;
	const int saved = dup(STDOUT_FILENO);
	const int fd = open(x->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	uint8_t verdict;

	assert_true(dup2(fd, STDOUT_FILENO) >= 0);
	const ss_plugin_rc opened = open_output(x, "stdout", "");
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	(void)close(saved);
	(void)close(fd);

	assert_int_equal(opened, SS_PLUGIN_SUCCESS);
	assert_int_equal(send(x, "one", &verdict), SS_PLUGIN_SUCCESS);
	assert_int_equal(verdict, GYR_ALERT_ACCEPTED);
	file_holds(x->path, "one\n");
	close_output(x);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lines_are_in_the_file_when_they_are_accepted),
		TEST(test_json_is_written_when_asked_for),
		TEST(test_a_moved_file_is_let_go_of),
		TEST(test_a_file_kept_open_stays_until_it_is_reopened),
		TEST(test_reopening_lets_go_of_a_file_kept_open),
		TEST(test_a_file_that_is_large_is_moved_away_and_the_oldest_goes),
		TEST(test_a_path_that_cannot_be_is_told_at_once),
		TEST(test_a_full_device_has_the_alert_offered_again),
		TEST(test_standard_output_gets_lines),
	};

	return cmocka_run_group_tests_name("outputs", tests, NULL, NULL);
}
