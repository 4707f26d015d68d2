/* scapwrite: what was written reads back as it was. */
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

#include <gyr/params.h>
#include <gyr/scapmeta.h>
#include <gyr/scapwrite.h>

#include "scap.h"
#include "scapbuild.h"

static char path[] = "/tmp/test_scapwrite.XXXXXX";

static int setup(void **state)
{
	const int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

/* The event that the host would hand to parsers. */
static const ss_plugin_event *unwrap(const ss_plugin_event *evt, bool *ret_hidden)
{
	struct gyr_params params;

	*ret_hidden = false;
	assert_int_equal(gyr_params_read(evt, &params), 0);
	if (evt->type != GYR_EVENT_ASYNC)
		return evt;
	*ret_hidden = strncmp(gyr_param_str(&params, 1, ""), "gyr.", 4) == 0;
	if (strcmp(gyr_param_str(&params, 1, ""), GYR_META_HIDDEN) == 0)
		return (const void *)params.at[2].data;
	return evt;
}

static int next(struct scap *s, ss_plugin_event **ret)
{
	int r = scap_next(s, ret);

	if (r == SCAP_E_RECYCLE) {
		scap_recycle(s);
		r = scap_next(s, ret);
	}
	return r;
}

/* Records what @from holds, and compares every event of the record with it. Frees @from. */
static void assert_survives(struct scapbuild *from)
{
	struct gyr_scapwrite *w;
	struct scap *a, *b;
	ss_plugin_event *x, *y;
	char err[256];
	unsigned n = 0;
	bool is_hidden;
	int r;

	assert_int_equal(scap_open_memory(from->p, from->len, &a), 0);
	assert_int_equal(gyr_scapwrite_open(path, &w), 0);
	while ((r = next(a, &x)) == 0) {
		const ss_plugin_event *evt = unwrap(x, &is_hidden);

		assert_int_equal(gyr_scapwrite_event(w, evt, is_hidden), 0);
	}
	assert_int_equal(r, SCAP_E_EOF);
	assert_int_equal(gyr_scapwrite_close(w), 0);
	(void)scap_close(a);

	assert_int_equal(scap_open_memory(from->p, from->len, &a), 0);
	assert_int_equal(scap_open(path, &b, err, sizeof err), 0);
	while ((r = next(a, &x)) == 0) {
		assert_int_equal(next(b, &y), 0);
		assert_int_equal(x->len, y->len);
		assert_memory_equal(x, y, x->len);
		n++;
	}
	assert_int_equal(next(b, &y), SCAP_E_EOF);
	assert_true(n > 3);
	(void)scap_close(a);
	(void)scap_close(b);
	sb_free(from);
}

static void read_file(const char *name, struct scapbuild *ret)
{
	FILE *f = fopen(name, "rb");
	char buf[4096];
	size_t n;

	assert_non_null(f);
	while ((n = fread(buf, 1, sizeof buf, f)) > 0)
		sb_put(ret, buf, n);
	assert_int_equal(fclose(f), 0);
}

static void test_recordings_of_every_kind_survive(void **state)
{
	static const char *const names[] = {"current", "old", "sections", "processes"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct scapbuild b = {0};
		char name[512];

		(void)snprintf(name, sizeof name, "%s/tests/fuzz/corpus/scap/%s", SOURCE_DIR,
			       names[i]);
		read_file(name, &b);
		assert_survives(&b);
	}
}

/* A source of its own ID tells nothing about the system: the writer describes this machine. */
static void test_events_of_plugins_make_a_section(void **state)
{
	struct __attribute__((packed)) {
		ss_plugin_event head;
		uint32_t lens[2], id;
		char data[5];
	} evt = {
		.head = {.ts = 5, .tid = UINT64_MAX, .len = 26 + 12 + 5, .type = 322, .nparams = 2},
		.lens = {4, 5},
		.id = 2,
		.data = "{...}"};
	struct gyr_scapwrite *w;
	struct scap *s;
	ss_plugin_event *got;
	char err[256];

	(void)state;
	assert_int_equal(gyr_scapwrite_open(path, &w), 0);
	assert_int_equal(gyr_scapwrite_event(w, &evt.head, false), 0);
	evt.head.len = 3;
	assert_int_equal(gyr_scapwrite_event(w, &evt.head, false), -EBADMSG);
	evt.head.len = sizeof evt;
	assert_int_equal(gyr_scapwrite_event(w, &evt.head, false), 0);
	assert_int_equal(gyr_scapwrite_close(w), 0);

	assert_int_equal(scap_open(path, &s, err, sizeof err), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(next(s, &got), 0); /* section, machine, link, ready */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(next(s, &got), 0);
		assert_memory_equal(got, &evt, sizeof evt);
	}
	assert_int_equal(next(s, &got), SCAP_E_EOF);
	(void)scap_close(s);
}

static void test_a_file_that_cannot_be_made_is_an_error(void **state)
{
	struct gyr_scapwrite *w;

	(void)state;
	assert_int_equal(gyr_scapwrite_open("/nowhere/at/all", &w), -ENOENT);
	assert_int_equal(gyr_scapwrite_close(NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recordings_of_every_kind_survive),
		cmocka_unit_test(test_events_of_plugins_make_a_section),
		cmocka_unit_test(test_a_file_that_cannot_be_made_is_an_error),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
