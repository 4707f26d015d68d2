/* scap: what is in a recording comes out, in order, in the current schema; damage is told. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <zlib.h>

#include <gyr/params.h>
#include <gyr/scapmeta.h>

#include "scap.h"
#include "scapbuild.h"

enum { SEEN_MAX = 64 };

/* What came out of a recording. */
struct seen {
	char names[SEEN_MAX][16]; /* of records; "event" */
	uint16_t types[SEEN_MAX]; /* of events, and of hidden ones */
	uint32_t n;
	int end;
	char error[256];
	struct gyr_meta_proc proc; /* the last */
	struct gyr_meta_fd fd;
	char texts[8][64]; /* comm args cwd root; name of the file */
	struct gyr_params params;
	uint8_t last[512]; /* the last event */
	int cpu;
};

static void see_record(struct seen *s, const ss_plugin_event *evt)
{
	struct gyr_params params;
	const char *name;

	assert_int_equal(gyr_params_read(evt, &params), 0);
	name = gyr_param_str(&params, 1, "");
	(void)snprintf(s->names[s->n], sizeof s->names[0], "%s", name);
	if (strcmp(name, GYR_META_HIDDEN) == 0)
		s->types[s->n] = ((const ss_plugin_event *)params.at[2].data)->type;
	if (strcmp(name, GYR_META_PROC) == 0) {
		assert_int_equal(GYR_META_READ(params.at[2].data, params.at[2].len, &s->proc, comm),
				 0);
		(void)snprintf(s->texts[0], sizeof s->texts[0], "%s", s->proc.comm.p);
		(void)snprintf(s->texts[1], sizeof s->texts[0], "%s", s->proc.args.p);
		(void)snprintf(s->texts[2], sizeof s->texts[0], "%s", s->proc.cwd.p);
		(void)snprintf(s->texts[3], sizeof s->texts[0], "%s", s->proc.root.p);
	}
	if (strcmp(name, GYR_META_FD) == 0) {
		assert_int_equal(GYR_META_READ(params.at[2].data, params.at[2].len, &s->fd, name),
				 0);
		(void)snprintf(s->texts[4], sizeof s->texts[0], "%s", s->fd.name.p);
	}
}

static void see(struct seen *s, const ss_plugin_event *evt)
{
	if (evt->type == GYR_EVENT_ASYNC) {
		see_record(s, evt);
	} else {
		(void)snprintf(s->names[s->n], sizeof s->names[0], "event");
		s->types[s->n] = evt->type;
		assert_true(evt->len <= sizeof s->last);
		memcpy(s->last, evt, evt->len);
		assert_int_equal(gyr_params_read((const void *)s->last, &s->params), 0);
		s->cpu = gyr_params_cpu((const void *)s->last, &s->params);
	}
	s->n++;
}

static void play_bytes(struct seen *s, const void *bytes, size_t len)
{
	struct scap *scap;
	ss_plugin_event *evt;

	memset(s, 0, sizeof *s);
	assert_int_equal(scap_open_memory(bytes, len, &scap), 0);
	while (s->n < SEEN_MAX) {
		s->end = scap_next(scap, &evt);
		if (s->end == SCAP_E_RECYCLE)
			scap_recycle(scap);
		else if (s->end)
			break;
		else
			see(s, evt);
	}
	(void)snprintf(s->error, sizeof s->error, "%s", scap_error(scap));
	assert_null(scap_close(scap));
}

/* Plays and frees @b. */
static void play(struct seen *s, struct scapbuild *b)
{
	play_bytes(s, b->p, b->len);
	sb_free(b);
}

static void assert_names(const struct seen *s, const char *const *names)
{
	for (uint32_t i = 0; i < s->n || names[i]; i++) {
		assert_non_null(names[i]);
		assert_string_equal(s->names[i], names[i]);
	}
}

static const int64_t fd3 = 3, zero = 0;

/* The current version of close, which every recording here ends with. */
static void put_close(struct scapbuild *b, uint64_t tid)
{
	sb_event(b, &(const struct sb_event){.block = 0x216,
					     .type = 5,
					     .cpu = 9,
					     .ts = 100,
					     .tid = tid,
					     .n = 2,
					     .params = {{&zero, 8}, {&fd3, 8}}});
}

static void put_process(struct scapbuild *b, int version, uint32_t tail)
{
	size_t begin;

	sb_begin(b, version == 9 ? 0x215 : version == 5 ? 0x211 : 0x202);
	begin = b->len;
	if (version == 9)
		sb_u32(b, 0);
	sb_u64(b, 17);
	sb_u64(b, 17);
	sb_u64(b, 1);
	if (version >= 6)
		sb_u64(b, 5);
	if (version >= 8)
		sb_u64(b, 6);
	sb_text(b, "cat");
	sb_text(b, "/bin/cat");
	if (version >= 7)
		sb_text(b, "/usr/bin/cat");
	sb_text(b, "-n");
	sb_text(b, "/home");
	sb_u64(b, 1024);
	sb_u32(b, 1);
	sb_u32(b, 1000);
	sb_u32(b, 1001);
	if (version >= 2) {
		for (int i = 0; i < 3; i++)
			sb_u32(b, 7);
		sb_u64(b, 8);
		sb_u64(b, 9);
		sb_text(b, "A=b");
		sb_u64(b, 21);
		sb_u64(b, 22);
		sb_text(b, "cpu=/x");
		sb_text(b, "/r");
	}
	for (uint32_t i = 0; i < tail; i++)
		sb_u8(b, 1);
	if (version == 9) {
		const uint32_t len = (uint32_t)(b->len - begin);

		memcpy(b->p + begin, &len, sizeof len);
	}
	sb_end(b);
}

static void test_description_comes_before_events_in_its_order(void **state)
{
	static const char *const want[] = {"gyr.section", "gyr.machine", "gyr.proc",  "gyr.fd",
					   "gyr.link",    "gyr.hidden",  "gyr.iface", "gyr.user",
					   "gyr.group",   "gyr.ready",   "event",     NULL};
	struct scapbuild b = {0};
	static struct seen s;

	(void)state;
	sb_section(&b);
	sb_begin(&b, 0x201);
	sb_u32(&b, 4);
	for (int i = 0; i < 176; i++)
		sb_u8(&b, 0);
	sb_end(&b);
	sb_begin(&b, 0x205);
	sb_u16(&b, 3);
	sb_u16(&b, 2);
	for (int i = 0; i < 3; i++)
		sb_u32(&b, 0x0100007f);
	sb_put(&b, "lo", 2);
	sb_end(&b);
	sb_begin(&b, 0x206);
	sb_u8(&b, 0);
	sb_u32(&b, 1000);
	sb_u32(&b, 1001);
	sb_text(&b, "ann");
	sb_text(&b, "/home/ann");
	sb_text(&b, "/bin/sh");
	sb_u8(&b, 1);
	sb_u32(&b, 1001);
	sb_text(&b, "staff");
	sb_end(&b);
	sb_begin(&b, 0x4711); /* a kind that does not exist */
	sb_u32(&b, 1);
	sb_end(&b);
	put_process(&b, 9, 0);
	sb_begin(&b, 0x203);
	sb_u64(&b, 17);
	sb_u64(&b, 3);
	sb_u64(&b, 99);
	sb_u8(&b, 1);
	sb_text(&b, "/etc/passwd");
	sb_end(&b);
	sb_event(&b, &(const struct sb_event){
			     .block = 0x221, .type = 324, .n = 1, .params = {{"{}", 3}}});
	put_close(&b, 17);
	play(&s, &b);
	assert_names(&s, want);
	assert_int_equal(s.end, SCAP_E_EOF);
	assert_int_equal(s.types[5], 324);
	assert_int_equal(s.types[10], 5);
	assert_int_equal(s.cpu, 9);
	assert_int_equal(s.fd.tid, 17);
	assert_int_equal(s.fd.fd, 3);
	assert_string_equal(s.texts[4], "/etc/passwd");
}

static void test_processes_of_every_version_read(void **state)
{
	static const struct {
		int version;
		uint32_t tail;
		int64_t sid, vtid, vpgid;
		uint32_t loginuid, tty, writable;
		int64_t pgid;
	} cases[] = {
		{1, 0, -1, -1, -1, UINT32_MAX, 0, 0, -1},
		{5, 0, -1, 21, -1, UINT32_MAX, 0, 0, -1},
		{9, 0, 5, 21, 6, UINT32_MAX, 0, 0, -1},
		{9, 29, 5, 21, 6, 0x01010101, 0, 1, -1}, /* no start of the namespace, no tty */
		{9, 41, 5, 21, 6, 0x01010101, 0x01010101, 1, -1},
		{9, 76, 5, 21, 6, 0x01010101, 0x01010101, 1, 0x0101010101010101},
		{9, 90, 5, 21, 6, 0x01010101, 0x01010101, 1, 0x0101010101010101},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scapbuild b = {0};
		static struct seen s;

		sb_section(&b);
		put_process(&b, cases[i].version, cases[i].tail);
		put_close(&b, 17);
		play(&s, &b);
		assert_string_equal(s.error, "");
		assert_int_equal(s.end, SCAP_E_EOF);
		assert_int_equal(s.proc.tid, 17);
		assert_int_equal(s.proc.ptid, 1);
		assert_int_equal(s.proc.gid, 1001);
		assert_int_equal(s.proc.sid, cases[i].sid);
		assert_int_equal(s.proc.vtid, cases[i].vtid);
		assert_int_equal(s.proc.vpgid, cases[i].vpgid);
		assert_int_equal(s.proc.loginuid, cases[i].loginuid);
		assert_int_equal(s.proc.tty, cases[i].tty);
		assert_int_equal(s.proc.exe_writable, cases[i].writable);
		assert_int_equal(s.proc.pgid, cases[i].pgid);
		assert_string_equal(s.texts[0], "cat");
		assert_string_equal(s.texts[1], "-n");
		assert_int_equal(s.proc.args.len, 3); /* with the NUL that ends it */
		assert_string_equal(s.texts[2], "/home");
		assert_string_equal(s.texts[3], cases[i].version >= 5 ? "/r" : "");
	}
}

static void test_an_unknown_kind_of_file_is_kept_as_unsupported(void **state)
{
	struct scapbuild b = {0};
	static struct seen s;

	(void)state;
	sb_section(&b);
	sb_begin(&b, 0x218);
	sb_u64(&b, 17);
	sb_u32(&b, 4 + 17 + 5);
	sb_u64(&b, 3);
	sb_u64(&b, 99);
	sb_u8(&b, 77);
	sb_put(&b, "xxxxx", 5);
	sb_end(&b);
	put_close(&b, 17);
	play(&s, &b);
	assert_int_equal(s.end, SCAP_E_EOF);
	assert_int_equal(s.fd.type, GYR_META_FD_UNSUPPORTED);
	assert_string_equal(s.texts[4], "unknown-type:[77]");
}

/* An exit event of an older schema takes its file from the enter event of its thread. */
static void test_old_events_become_current_ones(void **state)
{
	struct scapbuild b = {0};
	static struct seen s;

	(void)state;
	sb_section(&b);
	sb_event(&b, &(const struct sb_event){
			     .block = 0x204, .type = 4, .tid = 7, .n = 1, .params = {{&fd3, 8}}});
	sb_event(&b, &(const struct sb_event){
			     .block = 0x204, .type = 5, .tid = 7, .n = 1, .params = {{&zero, 8}}});
	play(&s, &b);
	assert_int_equal(s.end, SCAP_E_EOF);
	assert_int_equal(s.n, 4); /* section, link, ready, event */
	assert_int_equal(s.types[3], 5);
	assert_int_equal(s.params.n, 2);
	assert_int_equal(gyr_param_i64(&s.params, 1, -1), 3);
}

static void test_an_exit_without_its_enter_takes_defaults(void **state)
{
	struct scapbuild b = {0};
	static struct seen s;

	(void)state;
	sb_section(&b);
	sb_event(&b, &(const struct sb_event){
			     .block = 0x204, .type = 5, .tid = 7, .n = 1, .params = {{&zero, 8}}});
	play(&s, &b);
	assert_int_equal(s.end, SCAP_E_EOF);
	assert_int_equal(s.params.n, 2);
	assert_int_equal(gyr_param_i64(&s.params, 1, -1), 0);
}

/* execve as first recorded, changed step by step. */
static void test_an_event_passes_all_versions_between(void **state)
{
	static const uint64_t id = 42;
	struct scapbuild b = {0};
	static struct seen s;

	(void)state;
	sb_section(&b);
	sb_event(&b, &(const struct sb_event){.block = 0x204,
					      .type = 13,
					      .tid = 7,
					      .n = 8,
					      .params = {{&zero, 8},
							 {"/bin/cat", 9},
							 {"-n", 3},
							 {&id, 8},
							 {&id, 8},
							 {&id, 8},
							 {"/", 2},
							 {&id, 8}}});
	play(&s, &b);
	assert_string_equal(s.error, "");
	assert_int_equal(s.types[3], 293);
	assert_int_equal(s.params.n, 31);
	assert_string_equal(gyr_param_str(&s.params, 1, ""), "/bin/cat");
	assert_int_equal(gyr_param_u64(&s.params, 3, 0), 42);
}

static void test_events_for_state_alone_are_hidden(void **state)
{
	struct scapbuild b = {0};
	static struct seen s;

	(void)state;
	sb_section(&b);
	put_close(&b, 7);
	sb_event(&b, &(const struct sb_event){.block = 0x217,
					      .type = 5,
					      .flags = 1,
					      .n = 2,
					      .params = {{&zero, 8}, {&fd3, 8}}});
	/* enter events that are still recorded */
	sb_event(&b, &(const struct sb_event){.block = 0x216,
					      .type = 2,
					      .n = 3,
					      .params = {{"/x", 3}, {&zero, 4}, {&zero, 4}}});
	play(&s, &b);
	assert_int_equal(s.end, SCAP_E_EOF);
	assert_int_equal(s.n, 6);
	assert_string_equal(s.names[3], "event");
	assert_string_equal(s.names[4], "gyr.hidden");
	assert_int_equal(s.types[4], 5);
	assert_string_equal(s.names[5], "gyr.hidden");
	assert_int_equal(s.types[5], 2);
}

static void test_sections_follow_each_other(void **state)
{
	static const char *const want[] = {"gyr.section", "gyr.link", "gyr.ready", "event",
					   "gyr.section", "gyr.proc", "gyr.link",  "gyr.ready",
					   "event",       NULL};
	struct scapbuild b = {0};
	static struct seen s;

	(void)state;
	sb_section(&b);
	put_close(&b, 7);
	sb_section(&b);
	put_process(&b, 9, 76);
	put_close(&b, 8);
	play(&s, &b);
	assert_names(&s, want);
	assert_int_equal(s.end, SCAP_E_EOF);
}

static void test_events_of_newer_schemas_are_skipped(void **state)
{
	struct scapbuild b = {0};
	static struct seen s;

	(void)state;
	sb_section(&b);
	sb_event(&b, &(const struct sb_event){.block = 0x216, .type = 999});
	put_close(&b, 7);
	play(&s, &b);
	assert_int_equal(s.end, SCAP_E_EOF);
	assert_int_equal(s.n, 4);
	assert_int_equal(s.types[3], 5);
}

static uint64_t hash(uint64_t h, const void *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ ((const uint8_t *)p)[i]) * 0x100000001b3ULL;
	return h;
}

/* Everything a recording gives, @at_once events a call, as one number. */
static uint64_t hash_all(const struct scapbuild *b, uint32_t at_once)
{
	ss_plugin_event *events[16];
	struct scap *scap;
	uint64_t h = 0;
	uint32_t n;
	int r = 0;

	assert_int_equal(scap_open_memory(b->p, b->len, &scap), 0);
	while (r == 0 || r == SCAP_E_RECYCLE) {
		r = scap_next_some(scap, events, at_once, &n);
		assert_true(n == at_once || r != 0);
		for (uint32_t i = 0; i < n; i++)
			h = hash(h, events[i], events[i]->len);
		if (r == SCAP_E_RECYCLE)
			scap_recycle(scap);
	}
	h = hash(h, &r, sizeof r);
	h = hash(h, scap_error(scap), strlen(scap_error(scap)));
	h = hash(h, scap_stats(scap), sizeof(struct scap_stats));
	assert_null(scap_close(scap));
	return h;
}

/* Blocks of every kind in turn, so that the short way for plain events begins and ends often; the last
 * one damaged. */
static void test_many_at_once_are_what_one_by_one_gives(void **state)
{
	static const uint32_t blocks[] = {0x216, 0x216, 0x217, 0x204, 0x216, 0x208, 0x217, 0x216};
	static const uint16_t types[] = {5, 5, 5, 5, 4, 5, 7, 5, 600, 307, 222};
	const uint32_t n_blocks = sizeof blocks / sizeof blocks[0];
	const uint32_t n_types = sizeof types / sizeof types[0];
	struct scapbuild b = {0};

	(void)state;
	sb_section(&b);
	for (uint32_t i = 0; i < 3000; i++)
		sb_event(&b, &(const struct sb_event){.block = blocks[i % n_blocks],
						      .type = types[i % n_types],
						      .flags = i % 5 == 0,
						      .ts = i,
						      .tid = i % 7,
						      .n = 2,
						      .params = {{&zero, 8}, {&fd3, 8}}});
	b.p[b.len - 40] ^= 0x40;
	for (uint32_t at_once = 2; at_once <= 16; at_once++)
		assert_int_equal(hash_all(&b, at_once), hash_all(&b, 1));
	sb_free(&b);
}

/* A plugin's event of 3 MiB, larger than the window. */
static void test_large_events_pass(void **state)
{
	enum { LEN = 3 << 20 };
	const uint32_t id = 2;
	char *data = calloc(1, LEN);
	struct scapbuild b = {0};
	struct scap *scap;
	ss_plugin_event *evt;
	uint32_t len = 0;
	int r;

	(void)state;
	sb_section(&b);
	for (int i = 0; i < 3; i++)
		sb_event(&b, &(const struct sb_event){.block = 0x221,
						      .type = 322,
						      .n = 2,
						      .params = {{&id, 4}, {data, LEN}}});
	assert_int_equal(scap_open_memory(b.p, b.len, &scap), 0);
	do {
		r = scap_next(scap, &evt);
		if (r == SCAP_E_RECYCLE)
			scap_recycle(scap);
		else if (r == 0 && evt->type == 322)
			len += evt->len;
	} while (r == 0 || r == SCAP_E_RECYCLE);
	assert_int_equal(r, SCAP_E_EOF);
	assert_int_equal(len, 3 * (38 + LEN));
	assert_null(scap_close(scap));
	sb_free(&b);
	free(data);
}

static void test_what_is_no_recording_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *error;
	} cases[] = {
		{"", 0, "at byte 0: the recording is empty"},
		{"hello, I am a text", 18, "at byte 0: this is no recording of system calls"},
		{"\x0a\x0d\x0d", 3, "at byte 0: the recording ends within the head of a block"},
		{"\x1f\x8b\x08", 3, "at byte 0: the compressed data ends too early"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		static struct seen s;

		play_bytes(&s, cases[i].bytes, cases[i].len);
		assert_int_equal(s.end, -EBADMSG);
		assert_string_equal(s.error, cases[i].error);
	}
}

/* Cut anywhere, the events before the cut are all there, and the reason is told. */
static void test_a_cut_costs_only_what_is_behind_it(void **state)
{
	struct scapbuild b = {0};
	size_t begin, one;
	static struct seen s;

	(void)state;
	sb_section(&b);
	put_process(&b, 9, 76);
	begin = b.len;
	put_close(&b, 7);
	one = b.len - begin;
	for (int i = 0; i < 9; i++)
		put_close(&b, 7);
	for (size_t len = 0; len < b.len; len++) {
		play_bytes(&s, b.p, len);
		if (len >= begin + one)
			assert_int_equal(s.n, 4 + (len - begin) / one);
		if (len >= begin + one && (len - begin) % one == 0) {
			assert_int_equal(s.end, SCAP_E_EOF);
			continue;
		}
		assert_int_equal(s.end, -EBADMSG);
		assert_true(strncmp(s.error, "at byte ", 8) == 0);
	}
	sb_free(&b);
}

static void test_flipped_bits_never_crash(void **state)
{
	struct scapbuild b = {0};
	static struct seen s;

	(void)state;
	sb_section(&b);
	put_process(&b, 9, 76);
	put_process(&b, 5, 0);
	for (int i = 0; i < 3; i++)
		sb_event(&b, &(const struct sb_event){.block = 0x204,
						      .type = 5,
						      .tid = 7,
						      .n = 1,
						      .params = {{&zero, 8}}});
	for (size_t bit = 0; bit < b.len * 8; bit++) {
		b.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		play_bytes(&s, b.p, b.len);
		assert_true(s.end == SCAP_E_EOF || (s.end == -EBADMSG && s.error[0]));
		b.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	sb_free(&b);
}

/* Two members, the second cut: what the first holds, and of the second what can be had. */
static void test_compressed_recordings_read_up_to_damage(void **state)
{
	struct scapbuild b = {0};
	uint8_t packed[4096];
	z_stream z = {.next_out = packed, .avail_out = sizeof packed};
	static struct seen s;
	size_t first, len;

	(void)state;
	sb_section(&b);
	put_close(&b, 7);
	first = b.len;
	put_close(&b, 7);
	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = b.p;
	z.avail_in = (uInt)first;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateReset(&z), Z_OK);
	z.next_in = b.p + first;
	z.avail_in = (uInt)(b.len - first);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	len = sizeof packed - z.avail_out;
	assert_int_equal(deflateEnd(&z), Z_OK);
	sb_free(&b);

	play_bytes(&s, packed, len);
	assert_int_equal(s.end, SCAP_E_EOF);
	assert_int_equal(s.n, 5);
	play_bytes(&s, packed, len - 12);
	assert_int_equal(s.end, -EBADMSG);
	assert_int_equal(s.n, 4);
	assert_non_null(strstr(s.error, "the compressed data ends too early"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_description_comes_before_events_in_its_order),
		cmocka_unit_test(test_processes_of_every_version_read),
		cmocka_unit_test(test_an_unknown_kind_of_file_is_kept_as_unsupported),
		cmocka_unit_test(test_old_events_become_current_ones),
		cmocka_unit_test(test_an_exit_without_its_enter_takes_defaults),
		cmocka_unit_test(test_an_event_passes_all_versions_between),
		cmocka_unit_test(test_events_for_state_alone_are_hidden),
		cmocka_unit_test(test_sections_follow_each_other),
		cmocka_unit_test(test_events_of_newer_schemas_are_skipped),
		cmocka_unit_test(test_many_at_once_are_what_one_by_one_gives),
		cmocka_unit_test(test_large_events_pass),
		cmocka_unit_test(test_what_is_no_recording_is_refused_with_its_place),
		cmocka_unit_test(test_a_cut_costs_only_what_is_behind_it),
		cmocka_unit_test(test_flipped_bits_never_crash),
		cmocka_unit_test(test_compressed_recordings_read_up_to_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
