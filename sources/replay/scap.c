/*
 * scap: from blocks to events.
 *
 * The stages of a section:
 *
 *	HEADER -> SYSTEM -> FIRST -> IFACES -> USERS -> EVENTS -> HEADER of the next section ...
 *
 * SYSTEM hands out machine, processes and files as their blocks come, and keeps the blocks of
 * interfaces and users; FIRST hands out, hidden, the events that describe users and containers as
 * they were at the beginning; then the kept blocks; then come the events proper. A stage that has
 * nothing more to give answers STEP_ON.
 */
#include "scap.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/events.h>
#include <gyr/scapmeta.h>

#include "scap_convert.h"
#include "scap_events.h"
#include "scap_meta.h"
#include "scap_plain.h"
#include "scap_window.h"

enum {
	BLOCK_HEAD = 8,
	BLOCK_MIN = 12,
	BLOCK_MAX = 80 << 20, /* larger than any event the host takes */
	SHB_MIN = 28,
	SHB_MAGIC = 0x1a2b3c4d,
	MAJOR = 1,
	STEP_ON = 100, /* nothing to give, but it is not the end: go on */
};

/* What a code of a block means. */
struct block_type {
	const char *name;
	uint32_t code, old_code; /* old: of unreleased versions, 0 when there is none */
	uint8_t kind;
	uint8_t version;
	bool has_flags, is_large;
};

static const struct block_type block_types[SCAP_N_BLOCK_TYPES] = {
	{.name = "unknown"},
	{.name = "SHB", .code = 0x0a0d0d0a, .kind = SCAP_KIND_SHB},
	{.name = "MI_BLOCK", .code = 0x201, .old_code = 0x8002abcd, .kind = SCAP_KIND_MI},
	{.name = "PL_V1",
	 .code = 0x202,
	 .old_code = 0x8000abcd,
	 .kind = SCAP_KIND_PL,
	 .version = 1},
	{.name = "PL_V2",
	 .code = 0x207,
	 .old_code = 0x8013abcd,
	 .kind = SCAP_KIND_PL,
	 .version = 2},
	{.name = "PL_V3",
	 .code = 0x209,
	 .old_code = 0x8014abcd,
	 .kind = SCAP_KIND_PL,
	 .version = 3},
	{.name = "PL_V4", .code = 0x210, .kind = SCAP_KIND_PL, .version = 4},
	{.name = "PL_V5", .code = 0x211, .kind = SCAP_KIND_PL, .version = 5},
	{.name = "PL_V6", .code = 0x212, .kind = SCAP_KIND_PL, .version = 6},
	{.name = "PL_V7", .code = 0x213, .kind = SCAP_KIND_PL, .version = 7},
	{.name = "PL_V8", .code = 0x214, .kind = SCAP_KIND_PL, .version = 8},
	{.name = "PL_V9", .code = 0x215, .kind = SCAP_KIND_PL, .version = 9},
	{.name = "FDL_V1",
	 .code = 0x203,
	 .old_code = 0x8001abcd,
	 .kind = SCAP_KIND_FDL,
	 .version = 1},
	{.name = "FDL_V2", .code = 0x218, .kind = SCAP_KIND_FDL, .version = 2},
	{.name = "IL_V1",
	 .code = 0x205,
	 .old_code = 0x8011abcd,
	 .kind = SCAP_KIND_IL,
	 .version = 1},
	{.name = "IL_V2", .code = 0x219, .kind = SCAP_KIND_IL, .version = 2},
	{.name = "UL_V1",
	 .code = 0x206,
	 .old_code = 0x8012abcd,
	 .kind = SCAP_KIND_UL,
	 .version = 1},
	{.name = "UL_V2", .code = 0x220, .kind = SCAP_KIND_UL, .version = 2},
	{.name = "EV", .code = 0x204, .old_code = 0x8010abcd, .kind = SCAP_KIND_EV, .version = 1},
	{.name = "EVF", .code = 0x208, .kind = SCAP_KIND_EV, .version = 1, .has_flags = true},
	{.name = "EV_V2", .code = 0x216, .kind = SCAP_KIND_EV, .version = 2},
	{.name = "EVF_V2", .code = 0x217, .kind = SCAP_KIND_EV, .version = 2, .has_flags = true},
	{.name = "EV_V2_LARGE",
	 .code = 0x221,
	 .kind = SCAP_KIND_EV,
	 .version = 2,
	 .is_large = true},
	{.name = "EVF_V2_LARGE",
	 .code = 0x222,
	 .kind = SCAP_KIND_EV,
	 .version = 2,
	 .has_flags = true,
	 .is_large = true},
};

enum stage { HEADER, SYSTEM, FIRST, IFACES, USERS, EVENTS };

/* A block kept for later. */
struct kept {
	uint8_t *bytes;
	size_t len;
	int version;
};

struct scap {
	struct scap_window w;
	struct scap_pool pool;
	struct scap_convert *convert;
	struct scap_plain plain;
	enum stage stage;
	struct scap_meta meta; /* the block whose entries are given out */
	bool is_in_meta;
	struct kept ifaces, users;
	const struct block_type *last_type;
	int end; /* what every further call answers; 0: not ended */
	struct scap_stats stats;
	char error[256];
};

/* A block in the window. */
struct block {
	const struct block_type *type;
	uint8_t *bytes;
	uint32_t size, code;
	uint64_t offset;
};

const char *scap_block_name(unsigned i)
{
	return i < SCAP_N_BLOCK_TYPES ? block_types[i].name : NULL;
}

/* ---- life ---- */

int scap_open_stream(struct scap_stream *stream, struct scap **ret_scap)
{
	struct scap *s = calloc(1, sizeof *s);

	if (s)
		s->convert = scap_convert_new();
	if (!s || !s->convert) {
		free(s);
		(void)scap_stream_close(stream);
		return -ENOMEM;
	}
	s->w.stream = stream;
	scap_plain_init(&s->plain);
	*ret_scap = s;
	return 0;
}

int scap_open(const char *path, struct scap **ret_scap, char *err, size_t err_size)
{
	struct scap_stream *stream;
	int r = scap_stream_open(path, &stream);

	if (r == 0)
		r = scap_open_stream(stream, ret_scap);
	if (r)
		(void)snprintf(err, err_size, "recording '%s': %s", path, strerror(-r));
	return r;
}

int scap_open_memory(const void *bytes, size_t len, struct scap **ret_scap)
{
	struct scap_stream *stream;
	int r = scap_stream_open_memory(bytes, len, &stream);

	return r ? r : scap_open_stream(stream, ret_scap);
}

struct scap *scap_close(struct scap *s)
{
	if (!s)
		return NULL;
	scap_window_deinit(&s->w);
	scap_pool_deinit(&s->pool);
	(void)scap_convert_free(s->convert);
	free(s->ifaces.bytes);
	free(s->users.bytes);
	free(s);
	return NULL;
}

const char *scap_error(const struct scap *s)
{
	return s->error;
}

/* Blocks that the short way has taken are counted there. */
static void count_plain(struct scap *s)
{
	for (unsigned i = 1; i < SCAP_N_BLOCK_TYPES; i++) {
		if (block_types[i].code == SCAP_PLAIN_EV)
			s->stats.n_blocks[i] += s->plain.n_blocks;
		if (block_types[i].code == SCAP_PLAIN_EVF)
			s->stats.n_blocks[i] += s->plain.n_flag_blocks;
	}
	s->plain.n_blocks = s->plain.n_flag_blocks = 0;
}

const struct scap_stats *scap_stats(struct scap *s)
{
	count_plain(s);
	return &s->stats;
}

uint32_t scap_progress(const struct scap *s)
{
	uint64_t at, size;

	scap_stream_position(s->w.stream, &at, &size);
	return size ? (uint32_t)((double)at / (double)size * 10000) : 0;
}

void scap_recycle(struct scap *s)
{
	s->w.is_lent = false;
	scap_pool_reset(&s->pool);
}

static int __attribute__((format(printf, 3, 4)))
fail(struct scap *s, uint64_t offset, const char *fmt, ...)
{
	va_list args;
	int n = snprintf(s->error, sizeof s->error, "at byte %llu: ", (unsigned long long)offset);

	va_start(args, fmt);
	(void)vsnprintf(s->error + n, sizeof s->error - (size_t)n, fmt, args);
	va_end(args);
	return -EBADMSG;
}

/* ---- blocks ---- */

/* Most blocks are of the type of the one before. */
static const struct block_type *type_of(const struct scap *s, uint32_t code)
{
	if (s->last_type && s->last_type->code == code)
		return s->last_type;
	for (unsigned i = 1; i < SCAP_N_BLOCK_TYPES; i++) {
		const struct block_type *t = &block_types[i];

		if (t->name && (t->code == code || (t->old_code && t->old_code == code)))
			return t;
	}
	return &block_types[0];
}

/* Bytes of the block that begins here. */
static int need(struct scap *s, size_t size, const char *what)
{
	const uint64_t offset = s->w.base + s->w.at;
	int r = scap_window_need(&s->w, size);

	if (r == SCAP_WINDOW_E_LENT)
		return SCAP_E_RECYCLE;
	if (r == SCAP_WINDOW_E_SHORT)
		return fail(s, offset, "the recording ends within %s", what);
	if (r == -EBADMSG)
		return fail(s, s->w.base + s->w.len, "%s", scap_stream_error(s->w.stream));
	if (r)
		(void)fail(s, s->w.base + s->w.len, "%s", strerror(-r));
	return r;
}

/* The head of the block that is next. SCAP_E_EOF; nothing is taken. */
static int block_peek(struct scap *s, struct block *ret)
{
	uint32_t head[2];
	int r = scap_window_need(&s->w, BLOCK_HEAD);

	if (r == SCAP_WINDOW_E_SHORT && s->w.at == s->w.len)
		return SCAP_E_EOF;
	r = need(s, BLOCK_HEAD, "the head of a block");
	if (r)
		return r;
	memcpy(head, s->w.bytes + s->w.at, sizeof head);
	ret->offset = s->w.base + s->w.at;
	ret->code = head[0];
	ret->size = head[1];
	ret->bytes = s->w.bytes + s->w.at;
	ret->type = s->last_type = type_of(s, head[0]);
	return 0;
}

/* All of it. */
static int block_read(struct scap *s, struct block *b)
{
	int r;

	if (b->size < BLOCK_MIN || b->size > BLOCK_MAX)
		return fail(s, b->offset, "a block of type %#x with an impossible length of %u",
			    b->code, b->size);
	r = need(s, b->size, "a block");
	b->bytes = s->w.bytes + s->w.at;
	return r;
}

/* Goes behind it; its bytes stay until they are recycled. */
static void block_take(struct scap *s, const struct block *b)
{
	s->stats.n_blocks[b->type - block_types]++;
	s->w.at += b->size;
	s->w.is_lent = true;
}

static int check_trailer(struct scap *s, const struct block *b)
{
	uint32_t trailer;

	memcpy(&trailer, b->bytes + b->size - sizeof trailer, sizeof trailer);
	if (trailer != b->size)
		return fail(s, b->offset, "a block of type %#x whose two lengths differ: %u and %u",
			    b->code, b->size, trailer);
	return 0;
}

static int mark(struct scap *s, const char *name, ss_plugin_event **ret_event)
{
	*ret_event = scap_meta_mark(name, &s->pool);
	return *ret_event ? 0 : -ENOMEM;
}

/* ---- stages ---- */

static int stage_header(struct scap *s, ss_plugin_event **ret_event)
{
	struct block b;
	uint32_t magic;
	uint16_t major;
	int r = block_peek(s, &b);

	if (r == SCAP_E_EOF)
		return fail(s, 0, "the recording is empty");
	if (r)
		return r;
	if (b.type->kind != SCAP_KIND_SHB || b.size < SHB_MIN)
		return fail(s, b.offset, "%s",
			    b.offset ? "neither an event nor the head of a section"
				     : "this is no recording of system calls");
	r = block_read(s, &b);
	if (r)
		return r;
	memcpy(&magic, b.bytes + BLOCK_HEAD, sizeof magic);
	memcpy(&major, b.bytes + BLOCK_HEAD + 4, sizeof major);
	if (magic != SHB_MAGIC)
		return fail(s, b.offset, "the head of a section in another byte order, or damaged");
	if (major > MAJOR)
		return fail(s, b.offset, "a section of format version %u; known is %u", major,
			    MAJOR);
	r = check_trailer(s, &b);
	if (r)
		return r;
	block_take(s, &b);
	scap_convert_reset(s->convert);
	s->ifaces.len = s->users.len = 0;
	s->stage = SYSTEM;
	return mark(s, GYR_META_SECTION, ret_event);
}

static int keep(struct kept *k, const struct block *b)
{
	const size_t len = b->size - BLOCK_MIN;
	uint8_t *bytes = malloc(len + 1);

	if (!bytes)
		return -ENOMEM;
	memcpy(bytes, b->bytes + BLOCK_HEAD, len);
	free(k->bytes);
	*k = (struct kept){.bytes = bytes, .len = len, .version = b->type->version};
	return STEP_ON;
}

static int next_entry(struct scap *s, ss_plugin_event **ret_event)
{
	int r = scap_meta_next(&s->meta, &s->pool, ret_event);

	if (r == SCAP_META_E_END) {
		s->is_in_meta = false;
		return STEP_ON;
	}
	return r;
}

static int stage_system(struct scap *s, ss_plugin_event **ret_event)
{
	struct block b;
	int r;

	if (s->is_in_meta) {
		r = next_entry(s, ret_event);
		return r == -EBADMSG ? fail(s, s->w.base + (uint64_t)(s->meta.at - s->w.bytes),
					    "in the description of the system: %s", s->meta.error)
				     : r;
	}
	r = block_peek(s, &b);
	if (r == SCAP_E_EOF)
		return fail(s, s->w.base + s->w.at, "the recording has no events");
	if (r)
		return r;
	if (b.type->kind == SCAP_KIND_EV) {
		s->stage = FIRST;
		return mark(s, GYR_META_LINK, ret_event);
	}
	r = block_read(s, &b);
	if (r == 0)
		r = check_trailer(s, &b);
	if (r)
		return r;
	block_take(s, &b);
	if (b.type->kind == SCAP_KIND_OTHER || b.type->kind == SCAP_KIND_SHB)
		return STEP_ON;
	if (b.type->kind == SCAP_KIND_IL)
		return keep(&s->ifaces, &b);
	if (b.type->kind == SCAP_KIND_UL)
		return keep(&s->users, &b);
	scap_meta_begin(&s->meta, b.type->kind, b.type->version, b.bytes + BLOCK_HEAD,
			b.size - BLOCK_MIN);
	s->is_in_meta = true;
	return STEP_ON;
}

/* Events that rules never see: enter events of system calls, of which all is told at the exit, and
 * those that say so. */
static bool is_hidden(const struct scap_event *evt)
{
	return evt->flags & SCAP_FLAG_HIDDEN || scap_event_is_enter(evt->evt->type);
}

/* Takes the event block that is next. STEP_ON when it yields no event. */
static int take_event(struct scap *s, struct block *b, bool is_first, ss_plugin_event **ret_event)
{
	const struct scap_event_block in = {
		.bytes = b->bytes,
		.size = b->size,
		.version = b->type->version,
		.has_flags = b->type->has_flags,
		.is_large = b->type->is_large,
	};
	const char *why = "";
	struct scap_event evt;
	int r = scap_event_read(&in, &evt, &why);

	if (r == -EBADMSG)
		return fail(s, b->offset, "%s", why);
	block_take(s, b);
	if (r == SCAP_EVENT_E_UNKNOWN) {
		s->stats.n_unknown_events++;
		return STEP_ON;
	}
	r = scap_convert_event(s->convert, evt.evt, &s->pool, &evt.evt);
	if (r == SCAP_CONVERT_E_IMPOSSIBLE)
		return fail(s, b->offset,
			    "an event '%s' (%u) with %u parameters that cannot be converted",
			    gyr_event(evt.evt->type)->name, evt.evt->type, evt.evt->nparams);
	if (r < 0)
		return r;
	s->stats.n_converted += r == SCAP_CONVERT_E_CHANGED;
	s->stats.n_filtered += r == SCAP_CONVERT_E_FILTERED;
	if (r == SCAP_CONVERT_E_FILTERED)
		return STEP_ON;
	scap_event_put_cpu(evt.evt, evt.cpu);
	if (is_first || is_hidden(&evt)) {
		evt.evt = scap_meta_hide(evt.evt, &s->pool);
		if (!evt.evt)
			return -ENOMEM;
		s->stats.n_hidden++;
	}
	s->stats.n_events++;
	*ret_event = evt.evt;
	return 0;
}

/* Events that describe the beginning: containers, users, groups, what plugins told. */
static bool is_initial(uint16_t code)
{
	switch (code) {
	case 228: /* container, as older schemas had it */
	case 272:
	case 324:
	case 354: /* user added */
	case 356: /* user deleted */
	case 358: /* group added */
	case 360: /* group deleted */
	case GYR_EVENT_CODE_ASYNC:
		return true;
	default:
		return false;
	}
}

static int stage_first(struct scap *s, ss_plugin_event **ret_event)
{
	struct block b;
	int r = block_peek(s, &b);

	if (r == 0 && b.type->kind == SCAP_KIND_EV) {
		r = block_read(s, &b);
		if (r)
			return r;
		const struct scap_event_block in = {
			.bytes = b.bytes, .size = b.size, .has_flags = b.type->has_flags};
		if (is_initial(scap_event_code(&in)))
			return take_event(s, &b, true, ret_event);
	}
	if (r && r != SCAP_E_EOF)
		return r;
	scap_meta_begin(&s->meta, SCAP_KIND_IL, s->ifaces.version, s->ifaces.bytes, s->ifaces.len);
	s->stage = IFACES;
	return STEP_ON;
}

static int stage_kept(struct scap *s, ss_plugin_event **ret_event)
{
	int r = next_entry(s, ret_event);

	if (r == -EBADMSG)
		return fail(s, s->w.base + s->w.at, "in a list of %s before: %s",
			    s->stage == IFACES ? "interfaces" : "users", s->meta.error);
	if (r != STEP_ON)
		return r;
	if (s->stage == IFACES) {
		scap_meta_begin(&s->meta, SCAP_KIND_UL, s->users.version, s->users.bytes,
				s->users.len);
		s->stage = USERS;
		return STEP_ON;
	}
	s->stage = EVENTS;
	return mark(s, GYR_META_READY, ret_event);
}

static int stage_events(struct scap *s, ss_plugin_event **ret_event)
{
	struct block b;
	int r = block_peek(s, &b);

	if (r)
		return r;
	if (b.type->kind != SCAP_KIND_EV) {
		s->stage = HEADER;
		return STEP_ON;
	}
	r = block_read(s, &b);
	return r ? r : take_event(s, &b, false, ret_event);
}

static int step(struct scap *s, ss_plugin_event **ret_event)
{
	switch (s->stage) {
	case HEADER:
		return stage_header(s, ret_event);
	case SYSTEM:
		return stage_system(s, ret_event);
	case FIRST:
		return stage_first(s, ret_event);
	case IFACES:
	case USERS:
		return stage_kept(s, ret_event);
	default:
		return stage_events(s, ret_event);
	}
}

int scap_next(struct scap *s, ss_plugin_event **ret_event)
{
	int r = s->end;

	if (r)
		return r;
	do
		r = step(s, ret_event);
	while (r == STEP_ON);
	s->stats.n_enters_lost = scap_convert_lost(s->convert);
	if (r == -ENOMEM)
		(void)fail(s, s->w.base + s->w.at, "no memory");
	if (r < 0 || r == SCAP_E_EOF)
		s->end = r;
	return r < 0 && r != -ENOMEM && s->error[0] == '\0' ? -EIO : r;
}

int scap_next_some(struct scap *s, ss_plugin_event **ret_events, uint32_t cap, uint32_t *ret_n)
{
	uint32_t n = 0, k;
	int r = 0;

	while (n < cap && r == 0) {
		if (s->stage == EVENTS && !s->end) {
			k = scap_plain_take(&s->plain, &s->w, ret_events + n, cap - n);
			s->stats.n_events += k;
			n += k;
		}
		if (n < cap)
			r = scap_next(s, &ret_events[n]);
		n += n < cap && r == 0;
	}
	*ret_n = n;
	return r;
}
