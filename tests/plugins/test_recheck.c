/*
 * What a source tells again after it lost events: threads and descriptors that are gone go, those that are as
 * they were stay as they were.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "metabuild.h"
#include "plug.h"
#include "state/tables.h"

struct bench {
	struct plug x;
	struct tables *tables;
	const ss_plugin_init_tables_input *lent;
	ss_plugin_table_t *threads;
	struct metabuild event;
	uint64_t num, ts;
};

static void parse(struct bench *b, const ss_plugin_event *evt)
{
	const ss_plugin_event_input in = {.evt = evt, .evtnum = ++b->num, .evtsrc = "syscall"};
	const ss_plugin_event_parse_input parse_in = {0};

	assert_int_equal(plug_parse(&b->x, &in, &parse_in), SS_PLUGIN_SUCCESS);
}

static void mark(struct bench *b, const char *name)
{
	parse(b, mb_record(&b->event, name, NULL, 0, 0));
}

static struct gyr_meta_proc process(int64_t tid, const char *comm)
{
	return (struct gyr_meta_proc){
		.tid = tid,
		.pid = tid,
		.ptid = 1,
		.comm = {.p = comm, .len = strlen(comm)},
		.exe = MB_TEXT("/bin/sh"),
		.args = MB_TEXT("-c\0true"),
		.cwd = MB_TEXT("/"),
	};
}

static void tell(struct bench *b, const char *record, int64_t tid, const char *comm)
{
	const struct gyr_meta_proc p = process(tid, comm);

	parse(b, MB_RECORD(&b->event, record, &p, comm));
}

static void tell_fd(struct bench *b, const char *record, int64_t tid, int64_t num, uint64_t ino)
{
	const struct gyr_meta_fd fd = {.tid = tid,
				       .fd = num,
				       .ino = ino,
				       .type = GYR_META_FD_FILE,
				       .name = MB_TEXT("/etc/x")};

	parse(b, MB_RECORD(&b->event, record, &fd, name));
}

/* A moment passes: close of a descriptor that nobody has. */
static void pass_time(struct bench *b, int64_t tid)
{
	const uint32_t lens[] = {8};
	const ss_plugin_event *evt = mb_event(&b->event, 5, (uint64_t)tid, lens, 1);

	mb_put(&b->event, &(uint64_t){0}, 8);
	((ss_plugin_event *)(void *)b->event.bytes)->ts = b->ts += 10000000;
	parse(b, evt);
}

static int setup(void **state)
{
	static struct bench bench;
	struct bench *b = &bench;

	memset(b, 0, sizeof *b);
	b->ts = 1000000000;
	b->tables = tables_new();
	plug_open_with(&b->x, "syscall_fields", "", b->tables);
	b->lent = b->x.services.tables_input;
	tell(b, GYR_META_PROC, 10, "sh");
	tell_fd(b, GYR_META_FD, 10, 3, 33);
	tell_fd(b, GYR_META_FD, 10, 4, 44);
	tell(b, GYR_META_PROC, 11, "sh");
	mark(b, GYR_META_LINK);
	mark(b, GYR_META_READY);
	b->threads = b->lent->get_table(&b->x.instance->owner, "threads", SS_PLUGIN_ST_INT64);
	assert_non_null(b->threads);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	plug_close(&b->x);
	tables_free(b->tables);
	return 0;
}

static ss_plugin_state_data cell(struct bench *b, ss_plugin_table_t *t, int64_t key,
				 const char *name, ss_plugin_state_type type)
{
	ss_plugin_table_entry_t *e =
		b->lent->reader_ext->get_table_entry(t, &(ss_plugin_state_data){.s64 = key});
	ss_plugin_table_field_t *f = b->lent->fields_ext->get_table_field(t, name, type);
	ss_plugin_state_data v = {.u64 = 0};

	assert_non_null(e);
	assert_non_null(f);
	assert_int_equal(b->lent->reader_ext->read_entry_field(t, e, f, &v), SS_PLUGIN_SUCCESS);
	return v;
}

static bool has(struct bench *b, ss_plugin_table_t *t, int64_t key)
{
	return b->lent->reader_ext->get_table_entry(t, &(ss_plugin_state_data){.s64 = key}) != NULL;
}

static ss_plugin_table_t *fds(struct bench *b, int64_t tid)
{
	return cell(b, b->threads, tid, "file_descriptors", SS_PLUGIN_ST_TABLE).table;
}

static void test_threads_that_are_not_told_again_are_gone(void **state)
{
	struct bench *b = *state;

	mark(b, GYR_META_AGAIN);
	tell(b, GYR_META_AGAIN_PROC, 10, "sh");
	assert_true(has(b, b->threads, 11));
	mark(b, GYR_META_AGAIN_END);
	pass_time(b, 10);
	assert_true(has(b, b->threads, 10));
	assert_false(has(b, b->threads, 11));
}

static void test_threads_that_begin_meanwhile_stay(void **state)
{
	struct bench *b = *state;

	mark(b, GYR_META_AGAIN);
	tell(b, GYR_META_AGAIN_PROC, 10, "sh");
	tell(b, GYR_META_AGAIN_PROC, 11, "sh");
	pass_time(b, 12);
	mark(b, GYR_META_AGAIN_END);
	pass_time(b, 10);
	assert_int_equal(b->lent->reader_ext->get_table_size(b->threads), 3);
}

static void test_a_thread_that_is_as_it_was_keeps_what_others_know_of_it(void **state)
{
	struct bench *b = *state;
	ss_plugin_table_field_t *f =
		b->lent->fields_ext->add_table_field(b->threads, "mark", SS_PLUGIN_ST_INT64);
	ss_plugin_table_entry_t *e = b->lent->reader_ext->get_table_entry(
		b->threads, &(ss_plugin_state_data){.s64 = 10});

	assert_int_equal(b->lent->writer_ext->write_entry_field(b->threads, e, f,
								&(ss_plugin_state_data){.s64 = 7}),
			 SS_PLUGIN_SUCCESS);
	mark(b, GYR_META_AGAIN);
	tell(b, GYR_META_AGAIN_PROC, 10, "sh");
	tell(b, GYR_META_AGAIN_PROC, 11, "cat");
	mark(b, GYR_META_AGAIN_END);
	assert_int_equal(cell(b, b->threads, 10, "mark", SS_PLUGIN_ST_INT64).s64, 7);
	assert_string_equal(cell(b, b->threads, 11, "comm", SS_PLUGIN_ST_STRING).str, "cat");
}

static void test_a_thread_that_is_as_it_was_takes_the_steps_that_were_lost(void **state)
{
	struct bench *b = *state;
	struct gyr_meta_proc p = process(10, "sh");

	p.cwd = (struct gyr_meta_text)MB_TEXT("/srv");
	p.uid = 1000;
	p.sid = 10;
	mark(b, GYR_META_AGAIN);
	parse(b, MB_RECORD(&b->event, GYR_META_AGAIN_PROC, &p, comm));
	mark(b, GYR_META_AGAIN_END);
	assert_string_equal(cell(b, b->threads, 10, "cwd", SS_PLUGIN_ST_STRING).str, "/srv/");
	assert_int_equal(cell(b, b->threads, 10, "uid", SS_PLUGIN_ST_UINT32).u32, 1000);
	assert_int_equal(cell(b, b->threads, 10, "sid", SS_PLUGIN_ST_INT64).s64, 10);
}

static void test_where_a_thread_stands_stays_when_it_is_not_told(void **state)
{
	struct bench *b = *state;
	struct gyr_meta_proc p = process(10, "sh");

	p.cwd = (struct gyr_meta_text)MB_TEXT("/srv");
	mark(b, GYR_META_AGAIN);
	parse(b, MB_RECORD(&b->event, GYR_META_AGAIN_PROC, &p, comm));
	mark(b, GYR_META_AGAIN_END);
	p.cwd = (struct gyr_meta_text)MB_TEXT("");
	mark(b, GYR_META_AGAIN);
	parse(b, MB_RECORD(&b->event, GYR_META_AGAIN_PROC, &p, comm));
	mark(b, GYR_META_AGAIN_END);
	assert_string_equal(cell(b, b->threads, 10, "cwd", SS_PLUGIN_ST_STRING).str, "/srv/");
}

static void test_where_a_thread_stands_stays_when_proc_does_not_know_better(void **state)
{
	struct bench *b = *state;
	struct gyr_meta_proc p = process(10, "sh");

	p.cwd = (struct gyr_meta_text)MB_TEXT("/srv (deleted)");
	mark(b, GYR_META_AGAIN);
	parse(b, MB_RECORD(&b->event, GYR_META_AGAIN_PROC, &p, comm));
	p.cwd = (struct gyr_meta_text)MB_TEXT("/jail/srv");
	p.root = (struct gyr_meta_text)MB_TEXT("/jail");
	parse(b, MB_RECORD(&b->event, GYR_META_AGAIN_PROC, &p, comm));
	mark(b, GYR_META_AGAIN_END);
	assert_string_equal(cell(b, b->threads, 10, "cwd", SS_PLUGIN_ST_STRING).str, "/");
}

/* That it executed a program is known, how it began is not. */
static void execute(struct bench *b, int64_t tid)
{
	const char args[] = "-c\0true";
	const uint32_t lens[] = {8, 8, sizeof args, 8, 8, 8, 0, 8, 8, 8, 4, 4, 4, 3};
	const ss_plugin_event *evt = mb_event(&b->event, 293, (uint64_t)tid, lens, 14);

	mb_put(&b->event, &(int64_t){0}, 8);
	mb_put(&b->event, "/bin/sh", 8);
	mb_put(&b->event, args, sizeof args);
	mb_put(&b->event, &tid, 8);
	mb_put(&b->event, &tid, 8);
	mb_put(&b->event, &(int64_t){1}, 8);
	mb_put(&b->event, (char[36]){0}, 36); /* limits, faults, sizes */
	mb_put(&b->event, "sh", 3);
	parse(b, evt);
}

static void test_a_thread_whose_beginning_was_lost_learns_where_and_who_it_is(void **state)
{
	struct bench *b = *state;
	struct gyr_meta_proc p = process(12, "sh");

	execute(b, 12);
	assert_string_equal(cell(b, b->threads, 12, "cwd", SS_PLUGIN_ST_STRING).str, "");
	p.cwd = (struct gyr_meta_text)MB_TEXT("/jail/srv");
	p.root = (struct gyr_meta_text)MB_TEXT("/jail");
	p.vtid = p.vpid = 2;
	mark(b, GYR_META_AGAIN);
	parse(b, MB_RECORD(&b->event, GYR_META_AGAIN_PROC, &p, comm));
	mark(b, GYR_META_AGAIN_END);
	assert_string_equal(cell(b, b->threads, 12, "cwd", SS_PLUGIN_ST_STRING).str, "/jail/srv/");
	assert_int_equal(cell(b, b->threads, 12, "vtid", SS_PLUGIN_ST_INT64).s64, 2);
}

static void test_descriptors_become_those_that_are_told(void **state)
{
	struct bench *b = *state;

	mark(b, GYR_META_AGAIN);
	tell(b, GYR_META_AGAIN_PROC, 10, "sh");
	tell_fd(b, GYR_META_AGAIN_FD, 10, 4, 45);
	tell_fd(b, GYR_META_AGAIN_FD, 10, 5, 55);
	assert_true(has(b, fds(b, 10), 3));
	tell(b, GYR_META_AGAIN_PROC, 11, "sh");
	assert_false(has(b, fds(b, 10), 3));
	assert_true(has(b, fds(b, 10), 5));
	assert_int_equal(cell(b, fds(b, 10), 4, "ino", SS_PLUGIN_ST_UINT64).u64, 45);
	mark(b, GYR_META_AGAIN_END);
	assert_int_equal(b->lent->reader_ext->get_table_size(fds(b, 10)), 2);
}

static void test_a_process_whose_descriptors_are_not_told_keeps_them(void **state)
{
	struct bench *b = *state;

	mark(b, GYR_META_AGAIN);
	tell(b, GYR_META_AGAIN_PROC, 10, "sh");
	tell(b, GYR_META_AGAIN_PROC, 11, "sh");
	mark(b, GYR_META_AGAIN_END);
	assert_int_equal(b->lent->reader_ext->get_table_size(fds(b, 10)), 2);
}

static void test_very_many_that_are_gone_go_some_at_a_time(void **state)
{
	struct bench *b = *state;
	uint64_t size, steps = 0;

	for (int64_t tid = 100; tid < 3100; tid++)
		tell(b, GYR_META_PROC, tid, "sh");
	mark(b, GYR_META_AGAIN);
	tell(b, GYR_META_AGAIN_PROC, 10, "sh");
	mark(b, GYR_META_AGAIN_END);
	do {
		size = b->lent->reader_ext->get_table_size(b->threads);
		pass_time(b, 10);
		steps++;
	} while (b->lent->reader_ext->get_table_size(b->threads) < size);
	assert_true(steps > 10);
	assert_true(size < 300); /* a few are left for the next time */
	assert_true(has(b, b->threads, 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_threads_that_are_not_told_again_are_gone,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_threads_that_begin_meanwhile_stay, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_a_thread_that_is_as_it_was_keeps_what_others_know_of_it, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_a_thread_that_is_as_it_was_takes_the_steps_that_were_lost, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_where_a_thread_stands_stays_when_it_is_not_told, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_where_a_thread_stands_stays_when_proc_does_not_know_better, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_a_thread_whose_beginning_was_lost_learns_where_and_who_it_is, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_descriptors_become_those_that_are_told, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_a_process_whose_descriptors_are_not_told_keeps_them, setup, teardown),
		cmocka_unit_test_setup_teardown(test_very_many_that_are_gone_go_some_at_a_time,
						setup, teardown),
	};

	return cmocka_run_group_tests_name("recheck", tests, NULL, NULL);
}
