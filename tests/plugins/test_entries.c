/*
 * The promise of entries (gyr/abi.h): while an entry and its version are the same, so is every field of its
 * scope. Held to by threads and files that change in all the ways that events know.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <gyr/ppm.h>

#include "host/symbols.h"
#include "metabuild.h"
#include "plug.h"
#include "scapbuild.h"
#include "util/arena.h"
#include "util/strmap.h"

enum { THREAD = 1, FILES, SCOPES, TID = 10, CLOSE = 5, SETUID = 199, EXECVE = 293 };
enum { OPEN = 3, CREAT = 59, OPENAT = 307, PRCTL = 401 };

struct bench {
	struct plug x;
	struct metabuild event;
	struct sb_event e;
	uint8_t room[4096];
	size_t used;
	uint64_t num;
};

/* ---- events ---- */

static void parse(struct bench *b, const ss_plugin_event *evt)
{
	const ss_plugin_event_input in = {.evt = evt, .evtnum = ++b->num, .evtsrc = "syscall"};
	const ss_plugin_event_parse_input parse_in = {0};

	assert_int_equal(plug_parse(&b->x, &in, &parse_in), SS_PLUGIN_SUCCESS);
}

static void begin(struct bench *b, uint16_t type, int64_t tid)
{
	b->used = 0;
	b->e = (struct sb_event){.type = type, .tid = (uint64_t)tid};
}

static void bytes(struct bench *b, const void *p, size_t len)
{
	assert_in_range(b->used + len, 0, sizeof b->room);
	if (len)
		memcpy(b->room + b->used, p, len);
	b->e.params[b->e.n++] = (struct sb_param){b->room + b->used, (uint32_t)len};
	b->used += len;
}

static void num(struct bench *b, int64_t n, size_t size)
{
	bytes(b, &n, size); /* little endian */
}

static void text(struct bench *b, const char *s)
{
	bytes(b, s, strlen(s) + 1);
}

static void end(struct bench *b)
{
	uint32_t lens[32];

	for (uint32_t i = 0; i < b->e.n; i++)
		lens[i] = b->e.params[i].len;
	const ss_plugin_event *evt = mb_event(&b->event, b->e.type, b->e.tid, lens, b->e.n);
	for (uint32_t i = 0; i < b->e.n; i++)
		mb_put(&b->event, b->e.params[i].p, b->e.params[i].len);
	parse(b, evt);
}

static void add_process(struct bench *b, int64_t tid)
{
	const struct gyr_meta_proc p = {.tid = tid,
					.pid = tid,
					.ptid = 1,
					.comm = MB_TEXT("sh"),
					.exe = MB_TEXT("/bin/sh"),
					.args = MB_TEXT("-c"),
					.cwd = MB_TEXT("/root")};

	parse(b, MB_RECORD(&b->event, GYR_META_PROC, &p, comm));
}

static void close_file(struct bench *b, int64_t tid, int64_t fd)
{
	begin(b, CLOSE, tid);
	num(b, 0, 8);
	num(b, fd, 8);
	end(b);
}

static void open_file(struct bench *b, int64_t tid, int64_t fd, const char *path, uint32_t flags)
{
	begin(b, OPENAT, tid);
	num(b, fd, 8);
	num(b, PPM_AT_FDCWD, 8);
	text(b, path);
	num(b, flags, 4);
	num(b, 0, 4);
	num(b, 1, 4);
	num(b, 100, 8);
	end(b);
}

/* The calls that name no directory: open() without @has_flags is creat(). */
static void open_plain(struct bench *b, int64_t tid, int64_t fd, const char *path, bool has_flags)
{
	begin(b, has_flags ? OPEN : CREAT, tid);
	num(b, fd, 8);
	text(b, path);
	if (has_flags)
		num(b, PPM_O_RDONLY, 4);
	num(b, 0, 4);
	num(b, 1, 4);
	num(b, 100, 8);
	end(b);
}

static void name_thread(struct bench *b, int64_t tid, const char *name)
{
	begin(b, PRCTL, tid);
	num(b, 0, 8);
	num(b, PPM_PR_SET_NAME, 4);
	text(b, name);
	num(b, 0, 8);
	end(b);
}

static void set_uid(struct bench *b, int64_t tid, uint32_t uid)
{
	begin(b, SETUID, tid);
	num(b, 0, 8);
	num(b, uid, 4);
	end(b);
}

static void exec(struct bench *b, int64_t tid, const char *exe, const char *comm)
{
	begin(b, EXECVE, tid);
	num(b, 0, 8);
	text(b, exe);
	text(b, "-x");
	num(b, tid, 8);
	num(b, tid, 8);
	num(b, 1, 8);
	text(b, "/root");
	for (int i = 0; i < 3; i++)
		num(b, 0, 8);
	for (int i = 0; i < 3; i++)
		num(b, 0, 4);
	text(b, comm);
	end(b);
}

/* ---- questions about the last event ---- */

static struct event view(const struct bench *b)
{
	const ss_plugin_event *raw = (const void *)b->event.bytes;

	return (struct event){.raw = raw, .num = b->num, .type = raw->type, .source = "syscall"};
}

static bool find_entry(struct bench *b, uint32_t scope, struct gyr_entry *ret)
{
	const struct event evt = view(b);
	const ss_plugin_event_input in = {.evt = evt.raw, .evtnum = evt.num, .evtsrc = evt.source};

	return b->x.module->symbols->extract_entry(b->x.instance->state, &in, scope, ret);
}

static struct gyr_entry entry(struct bench *b, uint32_t scope)
{
	struct gyr_entry e = {0};

	assert_true(find_entry(b, scope, &e));
	return e;
}

static bool is_same(struct gyr_entry x, struct gyr_entry y)
{
	return x.id == y.id && x.version == y.version;
}

static int setup(void **state)
{
	static struct bench bench;

	memset(&bench, 0, sizeof bench);
	plug_open(&bench.x, "syscall_fields", "");
	add_process(&bench, TID);
	*state = &bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	plug_close(&b->x);
	return 0;
}

/* ---- claims ---- */

static void test_thread_is_the_same_entry_while_nothing_changes(void **state)
{
	struct bench *b = *state;

	close_file(b, TID, 3);
	const struct gyr_entry before = entry(b, THREAD);
	open_file(b, TID, 3, "/etc/hosts", PPM_O_RDONLY);
	assert_true(is_same(before, entry(b, THREAD)));
}

static void test_name_set_by_prctl_is_another_entry(void **state)
{
	struct bench *b = *state;

	close_file(b, TID, 3);
	const struct gyr_entry before = entry(b, THREAD);
	name_thread(b, TID, "worker");
	assert_false(is_same(before, entry(b, THREAD)));
	name_thread(b, TID, "sh");
	assert_true(is_same(before, entry(b, THREAD)));
}

static void test_processes_of_one_program_are_one_entry(void **state)
{
	struct bench *b = *state;

	add_process(b, TID + 1);
	close_file(b, TID, 3);
	const struct gyr_entry one = entry(b, THREAD);
	close_file(b, TID + 1, 3);
	assert_true(is_same(one, entry(b, THREAD)));
}

/* Too long to be known again, but each is known itself. */
static void test_long_program_is_the_entry_of_its_thread(void **state)
{
	struct bench *b = *state;
	char exe[400] = "/";

	memset(exe + 1, 'x', sizeof exe - 2);
	exec(b, TID, exe, "x");
	const struct gyr_entry before = entry(b, THREAD);
	close_file(b, TID, 3);
	assert_true(is_same(before, entry(b, THREAD)));
	name_thread(b, TID, "worker");
	assert_false(is_same(before, entry(b, THREAD)));
	exec(b, TID + 1, exe, "x");
	assert_false(is_same(before, entry(b, THREAD)));
}

static void test_exec_is_another_entry(void **state)
{
	struct bench *b = *state;

	close_file(b, TID, 3);
	const struct gyr_entry before = entry(b, THREAD);
	exec(b, TID, "/usr/bin/sed", "sed");
	assert_false(is_same(before, entry(b, THREAD)));
}

/* So what shows the user may not be a fact of the entry. */
static void test_other_user_is_the_same_entry(void **state)
{
	struct bench *b = *state;
	struct event evt;

	close_file(b, TID, 3);
	const struct gyr_entry before = entry(b, THREAD);
	set_uid(b, TID, 33);
	assert_true(is_same(before, entry(b, THREAD)));
	evt = view(b);
	assert_string_equal(plug_ask(&b->x, &evt, "user.uid", NULL), "33");
}

static void test_file_opened_again_is_the_same_entry(void **state)
{
	struct bench *b = *state;

	open_file(b, TID, 3, "/etc/hosts", PPM_O_RDONLY);
	const struct gyr_entry before = entry(b, FILES);
	close_file(b, TID, 3);
	assert_true(is_same(before, entry(b, FILES)));
	open_file(b, TID, 4, "/etc/hosts", PPM_O_RDWR);
	assert_true(is_same(before, entry(b, FILES)));
}

static void test_other_name_or_kind_is_another_entry(void **state)
{
	static const struct {
		const char *path;
		uint32_t flags;
	} others[] = {{"/etc/passwd", PPM_O_RDONLY},
		      {"/etc//hosts", PPM_O_RDONLY},
		      {"/etc/hosts", PPM_O_DIRECTORY}};
	struct bench *b = *state;

	open_file(b, TID, 3, "/etc/hosts", PPM_O_RDONLY);
	const struct gyr_entry before = entry(b, FILES);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		open_file(b, TID, 3, others[i].path, others[i].flags);
		assert_false(is_same(before, entry(b, FILES)));
	}
}

static void test_failed_open_is_another_entry(void **state)
{
	struct bench *b = *state;

	open_file(b, TID, 3, "/etc/hosts", PPM_O_RDONLY);
	const struct gyr_entry opened = entry(b, FILES);
	open_file(b, TID, -2, "/etc/hosts", PPM_O_RDONLY);
	const struct gyr_entry failed = entry(b, FILES);
	assert_false(is_same(opened, failed));
	open_file(b, TID, -2, "/etc/hosts", PPM_O_RDONLY);
	assert_true(is_same(failed, entry(b, FILES)));
}

static void test_event_without_file_has_no_entry(void **state)
{
	struct bench *b = *state;
	struct gyr_entry e;

	set_uid(b, TID, 33);
	assert_false(find_entry(b, FILES, &e));
	close_file(b, TID, 17);
	assert_false(find_entry(b, FILES, &e));
}

/* ---- at random ---- */

static uint32_t pick(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(*seed >> 33) % below;
}

static void random_event(struct bench *b, uint64_t *seed)
{
	static const char *const paths[] = {"/etc/hosts", "hosts", "../etc/hosts", "/etc//hosts",
					    "/",          ".",     "<NA>",         ""};
	static const char *const names[] = {"sh", "sed", "worker", ""};
	static const uint32_t flags[] = {PPM_O_RDONLY, PPM_O_RDWR, PPM_O_DIRECTORY};
	const int64_t tid = TID + pick(seed, 4), fd = (int64_t)pick(seed, 6) - 1;
	const char *path = paths[pick(seed, 8)], *name = names[pick(seed, 4)];

	switch (pick(seed, 10)) {
	case 0:
		add_process(b, tid);
		break;
	case 1:
		name_thread(b, tid, name);
		break;
	case 2:
		exec(b, tid, path, name);
		break;
	case 3:
		set_uid(b, tid, pick(seed, 3));
		break;
	case 4:
		close_file(b, tid, fd);
		break;
	case 5:
		open_plain(b, tid, fd, path, pick(seed, 2));
		break;
	default:
		open_file(b, tid, fd, path, flags[pick(seed, 3)]);
	}
}

/* Asks every field of @scope, and compares with what was said of this entry before. */
static void compare(struct bench *b, uint32_t scope, struct strmap *said, struct arena *arena)
{
	const struct event evt = view(b);
	struct gyr_entry e;
	char key[128];

	if (!find_entry(b, scope, &e))
		return;
	for (uint32_t i = 0; i < b->x.module->n_fields; i++) {
		const struct field *f = &b->x.module->fields[i];

		if (f->scope != scope)
			continue;
		const char *answer = plug_ask(&b->x, &evt, f->name.p, NULL);
		const int len = snprintf(key, sizeof key, "%s %u %llu %llu", f->name.p, scope,
					 (unsigned long long)e.id, (unsigned long long)e.version);
		const struct str k = {key, (size_t)len};
		const char *before = strmap_find(said, k);

		if (before) {
			assert_string_equal(answer, before);
			continue;
		}
		struct str kept = arena_str(arena, str_from(answer));

		assert_int_equal(strmap_add(said, arena_str(arena, k), (void *)(uintptr_t)kept.p),
				 0);
	}
}

static void test_equal_entries_have_equal_fields(void **state)
{
	enum { EVENTS = 20000 };
	struct strmap said = STRMAP_NULL;
	struct arena arena = ARENA_NULL;
	struct bench *b = *state;
	uint64_t seed = 20261128;

	for (int i = 0; i < EVENTS; i++) {
		random_event(b, &seed);
		for (uint32_t scope = THREAD; scope < SCOPES; scope++)
			compare(b, scope, &said, &arena);
	}
	strmap_deinit(&said);
	arena_deinit(&arena);
}

#define CLAIM(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(test_thread_is_the_same_entry_while_nothing_changes),
		CLAIM(test_name_set_by_prctl_is_another_entry),
		CLAIM(test_exec_is_another_entry),
		CLAIM(test_processes_of_one_program_are_one_entry),
		CLAIM(test_long_program_is_the_entry_of_its_thread),
		CLAIM(test_other_user_is_the_same_entry),
		CLAIM(test_file_opened_again_is_the_same_entry),
		CLAIM(test_other_name_or_kind_is_another_entry),
		CLAIM(test_failed_open_is_another_entry),
		CLAIM(test_event_without_file_has_no_entry),
		CLAIM(test_equal_entries_have_equal_fields),
	};

	return cmocka_run_group_tests_name("entries", tests, NULL, NULL);
}
