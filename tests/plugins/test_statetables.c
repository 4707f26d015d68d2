/*
 * The table "threads" and the tables inside its rows, as another plugin sees them: through the
 * functions that the core lends.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <gyr/ppm.h>

#include "metabuild.h"
#include "plug.h"
#include "state/tables.h"

#define ARGS "-c\0true"
#define CGROUPS "cpu=/docker/abc\0mem_cgroup=/m\0=/unified"

struct bench {
	struct plug x;
	struct tables *tables;
	const ss_plugin_init_tables_input *lent;
	ss_plugin_table_t *threads;
	struct metabuild event;
	uint64_t num;
};

static void parse(struct bench *b, const ss_plugin_event *evt)
{
	const ss_plugin_event_input in = {.evt = evt, .evtnum = ++b->num, .evtsrc = "syscall"};
	const ss_plugin_event_parse_input parse_in = {0};

	assert_int_equal(plug_parse(&b->x, &in, &parse_in), SS_PLUGIN_SUCCESS);
}

static void add_process(struct bench *b, int64_t tid, int64_t pid)
{
	const struct gyr_meta_proc p = {
		.tid = tid,
		.pid = pid,
		.ptid = 1,
		.vtid = 7,
		.uid = 1000,
		.exe_writable = 1,
		.pidns_init_start_ts = 99,
		.flags = tid == pid ? 0 : PPM_CL_CLONE_FILES,
		.comm = MB_TEXT("sh"),
		.exe = MB_TEXT("/bin/sh"),
		.args = MB_TEXT(ARGS),
		.cwd = MB_TEXT("/root"),
		.cgroups = MB_TEXT(CGROUPS),
	};

	parse(b, MB_RECORD(&b->event, GYR_META_PROC, &p, comm));
}

static int setup(void **state)
{
	static struct bench bench;
	struct bench *b = &bench;
	const struct gyr_meta_fd fd = {.tid = 10,
				       .fd = 5,
				       .type = GYR_META_FD_IPV4_SOCK,
				       .sport = 1234,
				       .dport = 80,
				       .saddr = {10, 0, 0, 1},
				       .daddr = {10, 0, 0, 2},
				       .l4 = 2};

	memset(b, 0, sizeof *b);
	b->tables = tables_new();
	plug_open_with(&b->x, "syscall_fields", "", b->tables);
	b->lent = b->x.services.tables_input;
	add_process(b, 10, 10);
	add_process(b, 11, 10);
	parse(b, MB_RECORD(&b->event, GYR_META_FD, &fd, name));
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

static ss_plugin_table_field_t *column(struct bench *b, ss_plugin_table_t *t, const char *name,
				       ss_plugin_state_type type)
{
	return b->lent->fields_ext->get_table_field(t, name, type);
}

static ss_plugin_table_entry_t *row(struct bench *b, ss_plugin_table_t *t, int64_t key)
{
	return b->lent->reader_ext->get_table_entry(t, &(ss_plugin_state_data){.s64 = key});
}

static ss_plugin_state_data cell(struct bench *b, ss_plugin_table_t *t, ss_plugin_table_entry_t *e,
				 const char *name, ss_plugin_state_type type)
{
	ss_plugin_table_field_t *f = column(b, t, name, type);
	ss_plugin_state_data v = {.u64 = 0};

	assert_non_null(f);
	assert_int_equal(b->lent->reader_ext->read_entry_field(t, e, f, &v), SS_PLUGIN_SUCCESS);
	return v;
}

static ss_plugin_rc put(struct bench *b, ss_plugin_table_t *t, ss_plugin_table_entry_t *e,
			const char *name, ss_plugin_state_type type, ss_plugin_state_data v)
{
	ss_plugin_table_field_t *f = column(b, t, name, type);

	assert_non_null(f);
	return b->lent->writer_ext->write_entry_field(t, e, f, &v);
}

static ss_plugin_table_t *inside(struct bench *b, int64_t tid, const char *name)
{
	return cell(b, b->threads, row(b, b->threads, tid), name, SS_PLUGIN_ST_TABLE).table;
}

static const char *text(struct bench *b, ss_plugin_table_t *t, int64_t key, const char *name)
{
	ss_plugin_table_entry_t *e = row(b, t, key);

	assert_non_null(e);
	return cell(b, t, e, name, SS_PLUGIN_ST_STRING).str;
}

/* ---- threads ---- */

static void test_rows_show_what_the_parser_knows(void **state)
{
	struct bench *b = *state;
	ss_plugin_table_entry_t *e = row(b, b->threads, 10);

	assert_int_equal(b->lent->reader_ext->get_table_size(b->threads), 2);
	assert_string_equal(text(b, b->threads, 10, "comm"), "sh");
	assert_string_equal(text(b, b->threads, 10, "exe"), "/bin/sh");
	assert_string_equal(text(b, b->threads, 10, "cwd"), "/root/");
	assert_string_equal(text(b, b->threads, 10, "root"), "");
	assert_int_equal(cell(b, b->threads, e, "tid", SS_PLUGIN_ST_INT64).s64, 10);
	assert_int_equal(cell(b, b->threads, e, "vtid", SS_PLUGIN_ST_INT64).s64, 7);
	assert_int_equal(cell(b, b->threads, e, "uid", SS_PLUGIN_ST_UINT32).u32, 1000);
	assert_int_equal(cell(b, b->threads, e, "exe_writable", SS_PLUGIN_ST_BOOL).b, 1);
	assert_int_equal(cell(b, b->threads, e, "exe_upper_layer", SS_PLUGIN_ST_BOOL).b, 0);
	assert_int_equal(cell(b, b->threads, e, "pidns_init_start_ts", SS_PLUGIN_ST_UINT64).u64,
			 99);
	assert_null(row(b, b->threads, 12));
}

static void test_columns_have_the_names_and_types_of_the_abi(void **state)
{
	static const struct {
		const char *name;
		ss_plugin_state_type type;
		bool read_only;
	} want[] = {
		{"tid", SS_PLUGIN_ST_INT64, false},
		{"pid", SS_PLUGIN_ST_INT64, false},
		{"ptid", SS_PLUGIN_ST_INT64, false},
		{"reaper_tid", SS_PLUGIN_ST_INT64, false},
		{"sid", SS_PLUGIN_ST_INT64, false},
		{"comm", SS_PLUGIN_ST_STRING, false},
		{"exe", SS_PLUGIN_ST_STRING, false},
		{"exe_path", SS_PLUGIN_ST_STRING, false},
		{"exe_writable", SS_PLUGIN_ST_BOOL, false},
		{"exe_upper_layer", SS_PLUGIN_ST_BOOL, false},
		{"exe_lower_layer", SS_PLUGIN_ST_BOOL, false},
		{"exe_from_memfd", SS_PLUGIN_ST_BOOL, false},
		{"flags", SS_PLUGIN_ST_UINT32, false},
		{"fd_limit", SS_PLUGIN_ST_INT64, false},
		{"uid", SS_PLUGIN_ST_UINT32, false},
		{"gid", SS_PLUGIN_ST_UINT32, false},
		{"loginuid", SS_PLUGIN_ST_UINT32, false},
		{"exe_ino", SS_PLUGIN_ST_UINT64, false},
		{"exe_ino_ctime", SS_PLUGIN_ST_UINT64, false},
		{"exe_ino_mtime", SS_PLUGIN_ST_UINT64, false},
		{"vtid", SS_PLUGIN_ST_INT64, false},
		{"vpid", SS_PLUGIN_ST_INT64, false},
		{"vpgid", SS_PLUGIN_ST_INT64, false},
		{"pgid", SS_PLUGIN_ST_INT64, false},
		{"pidns_init_start_ts", SS_PLUGIN_ST_UINT64, false},
		{"root", SS_PLUGIN_ST_STRING, false},
		{"tty", SS_PLUGIN_ST_UINT32, false},
		{"cwd", SS_PLUGIN_ST_STRING, true},
		{"args", SS_PLUGIN_ST_TABLE, true},
		{"env", SS_PLUGIN_ST_TABLE, true},
		{"cgroups", SS_PLUGIN_ST_TABLE, true},
		{"file_descriptors", SS_PLUGIN_ST_TABLE, true},
	};
	struct bench *b = *state;
	uint32_t n = 0;
	const ss_plugin_table_fieldinfo *have =
		b->lent->fields_ext->list_table_fields(b->threads, &n);

	assert_int_equal(n, sizeof want / sizeof want[0]);
	for (uint32_t i = 0; i < n; i++) {
		assert_string_equal(have[i].name, want[i].name);
		assert_int_equal(have[i].field_type, want[i].type);
		assert_int_equal(have[i].read_only != 0, want[i].read_only);
	}
	assert_null(column(b, b->threads, "comm", SS_PLUGIN_ST_UINT64));
	assert_null(column(b, b->threads, "nothing", SS_PLUGIN_ST_UINT64));
}

static void test_fields_of_rules_see_what_was_written(void **state)
{
	struct bench *b = *state;
	ss_plugin_table_entry_t *e = row(b, b->threads, 10);
	const uint32_t lens[] = {8};
	const ss_plugin_event *raw;
	struct event evt;

	assert_int_equal(put(b, b->threads, e, "comm", SS_PLUGIN_ST_STRING,
			     (ss_plugin_state_data){.str = "renamed"}),
			 SS_PLUGIN_SUCCESS);
	assert_int_equal(put(b, b->threads, e, "cwd", SS_PLUGIN_ST_STRING,
			     (ss_plugin_state_data){.str = "/x"}),
			 SS_PLUGIN_FAILURE);
	assert_int_equal(
		put(b, b->threads, e, "tid", SS_PLUGIN_ST_INT64, (ss_plugin_state_data){.s64 = 12}),
		SS_PLUGIN_FAILURE);
	raw = mb_event(&b->event, 5, 10, lens, 1); /* close */
	mb_put(&b->event, &(uint64_t){0}, 8);
	parse(b, raw);
	evt = (struct event){
		.raw = (void *)(uintptr_t)raw, .num = b->num, .type = 5, .source = "syscall"};
	assert_string_equal(plug_ask(&b->x, &evt, "proc.name", NULL), "renamed");
}

static void test_rows_come_and_go(void **state)
{
	struct bench *b = *state;
	const ss_plugin_table_writer_vtable_ext *w = b->lent->writer_ext;
	ss_plugin_table_entry_t *e = w->create_table_entry(b->threads);

	assert_non_null(e);
	put(b, b->threads, e, "comm", SS_PLUGIN_ST_STRING, (ss_plugin_state_data){.str = "new"});
	assert_int_equal(b->lent->reader_ext->get_table_size(b->threads), 2);
	e = w->add_table_entry(b->threads, &(ss_plugin_state_data){.s64 = 12}, e);
	assert_non_null(e);
	b->lent->reader_ext->release_table_entry(b->threads, e);
	assert_string_equal(text(b, b->threads, 12, "comm"), "new");
	assert_int_equal(w->erase_table_entry(b->threads, &(ss_plugin_state_data){.s64 = 12}),
			 SS_PLUGIN_SUCCESS);
	assert_int_equal(w->erase_table_entry(b->threads, &(ss_plugin_state_data){.s64 = 12}),
			 SS_PLUGIN_FAILURE);
	w->destroy_table_entry(b->threads, w->create_table_entry(b->threads));
	assert_int_equal(w->clear_table(b->threads), SS_PLUGIN_SUCCESS);
	assert_int_equal(b->lent->reader_ext->get_table_size(b->threads), 0);
}

struct walk {
	struct bench *b;
	uint32_t n, stop_at;
	ss_plugin_rc erased;
};

static ss_plugin_bool step(ss_plugin_table_iterator_state_t *state, ss_plugin_table_entry_t *e)
{
	struct walk *w = state;
	const int64_t tid = cell(w->b, w->b->threads, e, "tid", SS_PLUGIN_ST_INT64).s64;

	w->erased = w->b->lent->writer_ext->erase_table_entry(w->b->threads,
							      &(ss_plugin_state_data){.s64 = tid});
	return ++w->n != w->stop_at;
}

static void test_iteration_sees_all_rows_and_none_can_be_taken_out_meanwhile(void **state)
{
	struct walk w = {.b = *state};

	assert_int_equal(w.b->lent->reader_ext->iterate_entries(w.b->threads, step, &w), 1);
	assert_int_equal(w.n, 2);
	assert_int_equal(w.erased, SS_PLUGIN_FAILURE);
	w.n = 0;
	w.stop_at = 1;
	assert_int_equal(w.b->lent->reader_ext->iterate_entries(w.b->threads, step, &w), 0);
	assert_int_equal(w.n, 1);
}

/* ---- columns of others ---- */

static void test_added_columns_are_empty_until_written(void **state)
{
	struct bench *b = *state;
	const ss_plugin_table_fields_vtable_ext *f = b->lent->fields_ext;
	ss_plugin_table_entry_t *e = row(b, b->threads, 10);

	assert_non_null(f->add_table_field(b->threads, "container_id", SS_PLUGIN_ST_STRING));
	assert_non_null(f->add_table_field(b->threads, "category", SS_PLUGIN_ST_UINT16));
	assert_string_equal(text(b, b->threads, 10, "container_id"), "");
	put(b, b->threads, e, "container_id", SS_PLUGIN_ST_STRING,
	    (ss_plugin_state_data){.str = "abc"});
	put(b, b->threads, e, "category", SS_PLUGIN_ST_UINT16,
	    (ss_plugin_state_data){.u64 = 0xffff0003});
	assert_string_equal(text(b, b->threads, 10, "container_id"), "abc");
	assert_int_equal(cell(b, b->threads, e, "category", SS_PLUGIN_ST_UINT16).u64, 3);
	assert_string_equal(text(b, b->threads, 11, "container_id"), "");
	put(b, b->threads, e, "container_id", SS_PLUGIN_ST_STRING,
	    (ss_plugin_state_data){.str = ""});
	assert_string_equal(text(b, b->threads, 10, "container_id"), "");

	assert_non_null(f->add_table_field(b->threads, "late", SS_PLUGIN_ST_INT64));
	put(b, b->threads, e, "late", SS_PLUGIN_ST_INT64, (ss_plugin_state_data){.s64 = -1});
	assert_int_equal(cell(b, b->threads, e, "late", SS_PLUGIN_ST_INT64).s64, -1);
	assert_int_equal(cell(b, b->threads, e, "category", SS_PLUGIN_ST_UINT16).u64, 3);
}

static void test_columns_are_added_once_and_not_in_place_of_others(void **state)
{
	struct bench *b = *state;
	const ss_plugin_table_fields_vtable_ext *f = b->lent->fields_ext;
	ss_plugin_table_field_t *c = f->add_table_field(b->threads, "x", SS_PLUGIN_ST_STRING);
	char name[] = "c00";

	assert_ptr_equal(f->add_table_field(b->threads, "x", SS_PLUGIN_ST_STRING), c);
	assert_null(f->add_table_field(b->threads, "x", SS_PLUGIN_ST_BOOL));
	assert_null(f->add_table_field(b->threads, "comm", SS_PLUGIN_ST_STRING));
	assert_null(f->add_table_field(b->threads, "t", SS_PLUGIN_ST_TABLE));
	for (int i = 1; i < 32; i++) {
		name[1] = (char)('0' + i / 10);
		name[2] = (char)('0' + i % 10);
		assert_non_null(f->add_table_field(b->threads, name, SS_PLUGIN_ST_BOOL));
	}
	assert_null(f->add_table_field(b->threads, "one too many", SS_PLUGIN_ST_BOOL));
	assert_string_not_equal(instance_last_error(b->x.instance), "");
}

static void test_a_text_beyond_the_bound_is_refused(void **state)
{
	struct bench *b = *state;
	char *big = calloc(1, 65538);

	assert_non_null(big);
	memset(big, 'x', 65537);
	assert_int_equal(put(b, b->threads, row(b, b->threads, 10), "comm", SS_PLUGIN_ST_STRING,
			     (ss_plugin_state_data){.str = big}),
			 SS_PLUGIN_FAILURE);
	free(big);
	assert_string_equal(text(b, b->threads, 10, "comm"), "sh");
}

/* ---- lists ---- */

static void test_lists_show_their_items(void **state)
{
	struct bench *b = *state;
	ss_plugin_table_t *args = inside(b, 10, "args"), *groups = inside(b, 10, "cgroups");

	assert_int_equal(b->lent->reader_ext->get_table_size(args), 2);
	assert_string_equal(text(b, args, 0, "value"), "-c");
	assert_string_equal(text(b, args, 1, "value"), "true");
	assert_null(row(b, args, 2));
	assert_int_equal(b->lent->reader_ext->get_table_size(inside(b, 10, "env")), 0);
	assert_int_equal(b->lent->reader_ext->get_table_size(groups), 3);
	assert_string_equal(text(b, groups, 0, "first"), "cpu");
	assert_string_equal(text(b, groups, 0, "second"), "/docker/abc");
	assert_string_equal(text(b, groups, 1, "first"), "memory");
	assert_string_equal(text(b, groups, 2, "first"), "");
	assert_string_equal(text(b, groups, 2, "second"), "/unified");
	assert_string_equal(b->lent->reader_ext->get_table_name(groups), "cgroups");
}

static ss_plugin_bool count_items(ss_plugin_table_iterator_state_t *state,
				  ss_plugin_table_entry_t *e)
{
	++*(int *)state;
	return e != NULL;
}

static void test_lists_are_iterated_over(void **state)
{
	struct bench *b = *state;
	int n = 0;

	assert_int_equal(
		b->lent->reader_ext->iterate_entries(inside(b, 10, "cgroups"), count_items, &n), 1);
	assert_int_equal(n, 3);
}

static void test_lists_can_be_changed(void **state)
{
	struct bench *b = *state;
	const ss_plugin_table_writer_vtable_ext *w = b->lent->writer_ext;
	ss_plugin_table_t *args = inside(b, 10, "args"), *groups = inside(b, 10, "cgroups");
	ss_plugin_table_entry_t *e = w->create_table_entry(args);

	put(b, args, e, "value", SS_PLUGIN_ST_STRING, (ss_plugin_state_data){.str = "last"});
	assert_non_null(w->add_table_entry(args, &(ss_plugin_state_data){.u64 = 3}, e));
	assert_int_equal(b->lent->reader_ext->get_table_size(args), 4);
	assert_string_equal(text(b, args, 1, "value"), "true");
	assert_string_equal(text(b, args, 2, "value"), "");
	assert_string_equal(text(b, args, 3, "value"), "last");
	assert_int_equal(w->erase_table_entry(args, &(ss_plugin_state_data){.u64 = 0}),
			 SS_PLUGIN_SUCCESS);
	assert_string_equal(text(b, args, 0, "value"), "true");

	put(b, groups, row(b, groups, 0), "second", SS_PLUGIN_ST_STRING,
	    (ss_plugin_state_data){.str = "/else"});
	assert_string_equal(text(b, groups, 0, "first"), "cpu");
	assert_string_equal(text(b, groups, 0, "second"), "/else");
	put(b, groups, row(b, groups, 0), "first", SS_PLUGIN_ST_STRING,
	    (ss_plugin_state_data){.str = "pids"});
	assert_string_equal(text(b, groups, 0, "first"), "pids");
	assert_string_equal(text(b, groups, 0, "second"), "/else");
	assert_string_equal(text(b, groups, 1, "second"), "/m");
	assert_null(b->lent->fields_ext->add_table_field(args, "more", SS_PLUGIN_ST_BOOL));
	assert_int_equal(w->clear_table(args), SS_PLUGIN_SUCCESS);
	assert_null(row(b, args, 0));
}

static void test_a_created_row_has_tables_whose_columns_can_be_asked_for(void **state)
{
	struct bench *b = *state;
	ss_plugin_table_entry_t *e = b->lent->writer_ext->create_table_entry(b->threads);
	ss_plugin_table_t *t = cell(b, b->threads, e, "cgroups", SS_PLUGIN_ST_TABLE).table;

	assert_non_null(column(b, t, "second", SS_PLUGIN_ST_STRING));
	t = cell(b, b->threads, e, "file_descriptors", SS_PLUGIN_ST_TABLE).table;
	assert_non_null(column(b, t, "name", SS_PLUGIN_ST_STRING));
	b->lent->writer_ext->destroy_table_entry(b->threads, e);
}

/* ---- descriptors ---- */

static void test_descriptors_are_those_of_the_process(void **state)
{
	struct bench *b = *state;
	ss_plugin_table_t *fds = inside(b, 11, "file_descriptors");
	ss_plugin_table_entry_t *e = row(b, fds, 5);
	uint32_t ip = 0;

	assert_non_null(e);
	assert_string_equal(cell(b, fds, e, "name", SS_PLUGIN_ST_STRING).str,
			    "10.0.0.1:1234->10.0.0.2:80");
	assert_int_equal(cell(b, fds, e, "type", SS_PLUGIN_ST_UINT8).u8, 3);
	assert_int_equal(cell(b, fds, e, "fd", SS_PLUGIN_ST_INT64).s64, 5);
	assert_int_equal(cell(b, fds, e, "socket_ipv4_dst_port", SS_PLUGIN_ST_UINT16).u16, 80);
	memcpy(&ip, (const uint8_t[]){10, 0, 0, 2}, 4);
	assert_int_equal(cell(b, fds, e, "socket_ipv4_dest_dip", SS_PLUGIN_ST_UINT32).u32, ip);
	assert_int_equal(cell(b, fds, e, "socket_ipv6_dst_port", SS_PLUGIN_ST_UINT16).u16, 0);
	assert_int_equal(put(b, fds, e, "socket_unix_src", SS_PLUGIN_ST_UINT64,
			     (ss_plugin_state_data){.u64 = 1}),
			 SS_PLUGIN_FAILURE);
}

static void test_descriptors_have_the_columns_of_the_abi(void **state)
{
	struct bench *b = *state;
	uint32_t n = 0;
	const ss_plugin_table_fieldinfo *f =
		b->lent->fields_ext->list_table_fields(inside(b, 10, "file_descriptors"), &n);

	assert_int_equal(n, 32);
	assert_string_equal(f[0].name, "type");
	assert_string_equal(f[31].name, "socket_unix_dest");
	for (uint32_t i = 0; i < n; i++)
		assert_non_null(
			column(b, inside(b, 10, "file_descriptors"), f[i].name, f[i].field_type));
}

static void test_descriptors_come_and_go(void **state)
{
	struct bench *b = *state;
	const ss_plugin_table_writer_vtable_ext *w = b->lent->writer_ext;
	ss_plugin_table_t *fds = inside(b, 10, "file_descriptors");
	ss_plugin_table_entry_t *e = w->create_table_entry(fds);

	put(b, fds, e, "type", SS_PLUGIN_ST_UINT8, (ss_plugin_state_data){.u8 = 1});
	put(b, fds, e, "name", SS_PLUGIN_ST_STRING, (ss_plugin_state_data){.str = "/etc/x"});
	assert_non_null(w->add_table_entry(fds, &(ss_plugin_state_data){.s64 = 70000}, e));
	assert_string_equal(text(b, fds, 70000, "name"), "/etc/x");
	assert_int_equal(b->lent->reader_ext->get_table_size(fds), 2);
	assert_int_equal(w->erase_table_entry(fds, &(ss_plugin_state_data){.s64 = 70000}),
			 SS_PLUGIN_SUCCESS);
	assert_int_equal(b->lent->reader_ext->get_table_size(fds), 1);
	assert_int_equal(w->clear_table(fds), SS_PLUGIN_SUCCESS);
	assert_null(row(b, fds, 5));
}

static void test_tables_of_a_thread_that_was_erased_answer_nothing(void **state)
{
	struct bench *b = *state;
	ss_plugin_table_t *fds = inside(b, 10, "file_descriptors"), *args = inside(b, 10, "args");

	b->lent->writer_ext->erase_table_entry(b->threads, &(ss_plugin_state_data){.s64 = 10});
	assert_null(row(b, fds, 5));
	assert_null(row(b, args, 0));
	assert_int_equal(b->lent->writer_ext->clear_table(fds), SS_PLUGIN_FAILURE);
	assert_int_equal(b->lent->writer_ext->clear_table(args), SS_PLUGIN_FAILURE);
}

static void test_tables_inside_rows_are_bounded(void **state)
{
	struct bench *b = *state;
	ss_plugin_table_field_t *args = column(b, b->threads, "args", SS_PLUGIN_ST_TABLE);
	ss_plugin_state_data v;
	int n = 0;

	for (int64_t tid = 100; tid < 1300; tid++)
		add_process(b, tid, tid);
	for (int64_t tid = 100; tid < 1300; tid++)
		n += b->lent->reader_ext->read_entry_field(b->threads, row(b, b->threads, tid),
							   args, &v) == SS_PLUGIN_SUCCESS;
	assert_int_equal(n, 1024);
	add_process(b, 2000, 2000); /* a new event begins */
	assert_int_equal(b->lent->reader_ext->read_entry_field(b->threads, row(b, b->threads, 2000),
							       args, &v),
			 SS_PLUGIN_SUCCESS);
}

/* clone returns @res in @tid; all but the numbers and the flags are absent. */
static void clone_returns(struct bench *b, int64_t tid, int64_t res, int64_t ptid)
{
	const int64_t numbers[] = {res, tid, tid, ptid, tid, tid};
	const uint32_t lens[] = {8, 0, 0, 8, 8, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 8, 8, 0};
	const ss_plugin_event *e = mb_event(&b->event, 223, (uint64_t)tid, lens, 21);
	const uint32_t flags = 0;

	mb_put(&b->event, numbers, 4 * sizeof *numbers);
	mb_put(&b->event, &flags, sizeof flags);
	mb_put(&b->event, numbers + 4, 2 * sizeof *numbers);
	parse(b, e);
}

static void exits(struct bench *b, int64_t tid)
{
	const uint32_t lens[] = {8, 8, 1, 1, 8};
	const ss_plugin_event *e = mb_event(&b->event, 186, (uint64_t)tid, lens, 5);
	const uint8_t zeros[26] = {0};

	mb_put(&b->event, zeros, sizeof zeros);
	parse(b, e);
}

static void test_a_child_that_ended_before_its_parent_went_on_stays_gone(void **state)
{
	struct bench *b = *state;

	clone_returns(b, 10, 20, 1); /* the parent first, as usual */
	assert_non_null(row(b, b->threads, 20));
	clone_returns(b, 21, 0, 10);
	exits(b, 21);
	clone_returns(b, 10, 21, 1);
	assert_null(row(b, b->threads, 21));
}

static int64_t parent_of(struct bench *b, int64_t tid)
{
	ss_plugin_state_data v;

	assert_int_equal(b->lent->reader_ext->read_entry_field(
				 b->threads, row(b, b->threads, tid),
				 column(b, b->threads, "ptid", SS_PLUGIN_ST_INT64), &v),
			 SS_PLUGIN_SUCCESS);
	return v.s64;
}

static void test_children_of_a_process_that_ended_are_those_of_its_reaper(void **state)
{
	struct bench *b = *state;

	clone_returns(b, 10, 20, 1);
	clone_returns(b, 10, 21, 1);
	clone_returns(b, 11, 30, 1);
	clone_returns(b, 20, 40, 10);
	exits(b, 21); /* gone before its parent is */
	exits(b, 10);
	clone_returns(b, 11, 31, 1); /* the next event: now 10 is gone */
	assert_null(row(b, b->threads, 10));
	assert_int_equal(parent_of(b, 20), 0); /* of no reaper it is told */
	assert_int_equal(parent_of(b, 30), 11);
	assert_int_equal(parent_of(b, 31), 11);
	assert_int_equal(parent_of(b, 40), 20);
	exits(b, 20);
	clone_returns(b, 11, 32, 1);
	assert_int_equal(parent_of(b, 40), 0);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rows_show_what_the_parser_knows),
		TEST(test_columns_have_the_names_and_types_of_the_abi),
		TEST(test_fields_of_rules_see_what_was_written),
		TEST(test_rows_come_and_go),
		TEST(test_iteration_sees_all_rows_and_none_can_be_taken_out_meanwhile),
		TEST(test_added_columns_are_empty_until_written),
		TEST(test_columns_are_added_once_and_not_in_place_of_others),
		TEST(test_a_text_beyond_the_bound_is_refused),
		TEST(test_lists_show_their_items),
		TEST(test_lists_are_iterated_over),
		TEST(test_lists_can_be_changed),
		TEST(test_a_created_row_has_tables_whose_columns_can_be_asked_for),
		TEST(test_descriptors_are_those_of_the_process),
		TEST(test_descriptors_have_the_columns_of_the_abi),
		TEST(test_descriptors_come_and_go),
		TEST(test_tables_of_a_thread_that_was_erased_answer_nothing),
		TEST(test_tables_inside_rows_are_bounded),
		TEST(test_a_child_that_ended_before_its_parent_went_on_stays_gone),
		TEST(test_children_of_a_process_that_ended_are_those_of_its_reaper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
