/*
 * compat_scap_damage: every recording of the shared cases, damaged. compat_scap_damage [-v] DIR.
 *
 * Each is cut at random places (DAMAGE_CUTS of them, default 20), and single bits of them are flipped
 * (DAMAGE_FLIPS over all recordings, default 1,000). Whatever is read from that must be, up to the
 * block that was damaged, event by event what the whole recording gives; it must end in order or
 * with a message that says where; every event is shown to the state of system calls, and in one of
 * FIELDS_EVERY readings asked for every field. A hundredth of the flips is made in the packed form of a
 * recording: there the message is all that can be asked for.
 */
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "host/instance.h"
#include "host/module.h"
#include "host/record.h"
#include "host/symbols.h"
#include "scap.h"
#include "scap_stream.h"

enum { FILES_MAX = 512, SIZE_MAX_BYTES = 64 << 20, FIELDS_EVERY = 16, PACKED_EVERY = 100 };

/* A recording without its compression, and what it gives. */
struct recording {
	char *path;
	uint8_t *bytes;
	size_t len;
	uint64_t *hashes; /* of each event and all before it */
	uint64_t n_events;
	uint64_t *given; /* by block: events given before it was taken */
	size_t *begins;  /* by block: where it begins */
	uint64_t n_blocks;
};

struct state {
	struct registry *registry;
	struct services services;
	struct module *module;
	struct instance *instance;
	ss_plugin_extract_field *fields; /* every one that needs no argument */
	uint32_t n_fields;
	uint64_t n_readings;
};

static struct state state;
static struct recording recordings[FILES_MAX];
static uint32_t n_recordings;
static uint64_t seed = 88172645463325252ULL;

static uint64_t rnd(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static void *grow(void *p, uint64_t n, size_t size)
{
	p = (n & (n - 1)) == 0 ? realloc(p, (n ? n * 2 : 1) * size) : p;
	if (!p)
		abort();
	return p;
}

static uint64_t hash(uint64_t h, const ss_plugin_event *evt)
{
	const uint8_t *bytes = (const uint8_t *)evt;

	for (uint32_t i = 0; i < evt->len; i++)
		h = (h ^ bytes[i]) * 0x100000001b3ULL;
	return h;
}

/* What describes the system is told when more than one block is known, so it is not counted. */
static bool is_event(const ss_plugin_event *evt)
{
	const char *name = (const char *)evt + 42;

	return evt->type != GYR_EVENT_ASYNC || memcmp(name, "gyr.", 4) != 0 ||
	       strcmp(name, "gyr.hidden") == 0;
}

/* ---- the state that sees the events ---- */

static void list_fields(struct state *s)
{
	s->fields = calloc(s->module->n_fields, sizeof *s->fields);
	for (uint32_t i = 0; s->fields && i < s->module->n_fields; i++) {
		const struct field *f = &s->module->fields[i];

		if (!(f->flags & (FIELD_ARG_REQUIRED | FIELD_GONE | FIELD_SLOW)))
			s->fields[s->n_fields++] =
				(ss_plugin_extract_field){.field_id = i,
							  .field = f->name.p,
							  .arg_index = UINT64_MAX,
							  .ftype = f->type,
							  .flist = f->flags & FIELD_LIST};
	}
}

static bool state_load(struct state *s)
{
	const struct registry_entry *e;
	struct err err = ERR_NULL;

	*s = (struct state){.registry = registry_new()};
	if (!registry_add_path(s->registry, STR(""), STR(BINARY_DIR "/plugins/syscall_fields.so"),
			       &e, &err) &&
	    !module_open(e, REGISTRY_WARN, &s->module, &err)) {
		list_fields(s);
		return true;
	}
	(void)fprintf(stderr, "compat_scap_damage: %s\n", err.text);
	return false;
}

static bool state_begin(struct state *s)
{
	struct err err = ERR_NULL;

	return instance_new(s->module, STR("{}"), &s->services, &s->instance, &err) == 0;
}

static void state_end(struct state *s)
{
	s->instance = instance_free(s->instance);
	s->n_readings++;
}

static void state_see(struct state *s, ss_plugin_event *evt, uint64_t num)
{
	const ss_plugin_event_parse_input parse = {.owner = &s->instance->owner};
	ss_plugin_event_input in = {.evtnum = num, .evtsrc = "syscall"};

	if (record_open(evt, &evt) < 0)
		return;
	in.evt = evt;
	(void)s->module->symbols->api.parse_event(s->instance->state, &in, &parse);
	if (s->n_readings % FIELDS_EVERY == 0)
		(void)s->module->symbols->api.extract_fields(
			s->instance->state, &in,
			&(ss_plugin_field_extract_input){.owner = &s->instance->owner,
							 .num_fields = s->n_fields,
							 .fields = s->fields});
}

/* ---- reading ---- */

static uint64_t blocks_taken(struct scap *s)
{
	const struct scap_stats *stats = scap_stats(s);
	uint64_t n = 0;

	for (unsigned i = 0; i < SCAP_N_BLOCK_TYPES; i++)
		n += stats->n_blocks[i];
	return n;
}

static bool unpack(const char *path, struct recording *r)
{
	struct scap_stream *in;
	long n;

	if (scap_stream_open(path, &in))
		return false;
	r->bytes = malloc(SIZE_MAX_BYTES);
	while (r->bytes && r->len < SIZE_MAX_BYTES &&
	       (n = scap_stream_read(in, r->bytes + r->len, SIZE_MAX_BYTES - r->len)) > 0)
		r->len += (size_t)n;
	(void)scap_stream_close(in);
	r->bytes = realloc(r->bytes, r->len + 1);
	r->path = strdup(path);
	return r->bytes && r->path;
}

static void find_blocks(struct recording *r)
{
	uint32_t size;

	for (size_t at = 0; at + 8 <= r->len; at += size) {
		memcpy(&size, r->bytes + at + 4, sizeof size);
		if (size < 12)
			return;
		r->begins = grow(r->begins, r->n_blocks, sizeof *r->begins);
		r->given = grow(r->given, r->n_blocks, sizeof *r->given);
		r->given[r->n_blocks] = UINT64_MAX;
		r->begins[r->n_blocks++] = at;
	}
}

/* Reads the whole one: what it gives, and when. */
static bool learn(struct recording *r)
{
	ss_plugin_event *evt;
	struct scap *s;
	uint64_t h = 0, taken = 0;
	int res;

	if (scap_open_memory(r->bytes, r->len, &s))
		return false;
	do {
		res = scap_next(s, &evt);
		/* Everything but this event was given before the blocks it needed were taken. */
		for (const uint64_t now = blocks_taken(s); taken < now; taken++)
			r->given[taken] = r->n_events;
		if (res == SCAP_E_RECYCLE)
			scap_recycle(s);
		if (res != 0 || !is_event(evt))
			continue;
		h = hash(h, evt);
		r->hashes = grow(r->hashes, r->n_events, sizeof *r->hashes);
		r->hashes[r->n_events++] = h;
	} while (res == 0 || res == SCAP_E_RECYCLE);
	(void)scap_close(s);
	return res == SCAP_E_EOF;
}

static int add(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	const size_t len = strlen(path);
	struct recording *r = &recordings[n_recordings];

	(void)st;
	(void)ftw;
	if (kind != FTW_F || len < 5 || strcmp(path + len - 5, ".scap") != 0 ||
	    n_recordings == FILES_MAX)
		return 0;
	*r = (struct recording){0};
	if (!unpack(path, r))
		return 1;
	find_blocks(r);
	if (learn(r)) /* a recording that is damaged itself is of no use here */
		n_recordings++;
	return 0;
}

/* ---- damage ---- */

/* The block that byte @at lies in. */
static uint64_t block_at(const struct recording *r, size_t at)
{
	uint64_t low = 0, high = r->n_blocks;

	while (high - low > 1) {
		const uint64_t mid = (low + high) / 2;

		if (r->begins[mid] <= at)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* Reads @bytes, whose first @least events are those of @r. What is wrong; NULL: nothing. */
static const char *read_damaged(const struct recording *r, const uint8_t *bytes, size_t len,
				uint64_t least)
{
	ss_plugin_event *events[64];
	const char *wrong = NULL;
	struct scap *s;
	uint64_t h = 0, n = 0;
	uint32_t some;
	int res;

	if (!state_begin(&state))
		return "no state";
	if (scap_open_memory(bytes, len, &s)) {
		state_end(&state);
		return "it cannot be opened";
	}
	do {
		res = scap_next_some(s, events, 64, &some);
		for (uint32_t i = 0; i < some; i++) {
			state_see(&state, events[i], n);
			if (!is_event(events[i]))
				continue;
			h = hash(h, events[i]);
			if (n < least && h != r->hashes[n])
				wrong = "an event before the damage is not what it was";
			n++;
		}
		if (res == SCAP_E_RECYCLE)
			scap_recycle(s);
	} while (res == 0 || res == SCAP_E_RECYCLE);
	if (n < least)
		wrong = "an event before the damage is missing";
	if (res < 0 && strncmp(scap_error(s), "at byte ", 8) != 0)
		wrong = "the message does not say where";
	(void)scap_close(s);
	state_end(&state);
	return wrong;
}

static unsigned tell(const struct recording *r, const char *what, size_t at, const char *wrong)
{
	if (!wrong)
		return 0;
	(void)printf("  failed: %s: %s at byte %zu: %s\n", r->path, what, at, wrong);
	return 1;
}

/* Events that are certain to come when the damage is in this block. */
static uint64_t least_before(const struct recording *r, uint64_t block)
{
	return r->given[block] == UINT64_MAX ? r->n_events : r->given[block];
}

static unsigned cut(const struct recording *r, uint64_t n)
{
	unsigned failed = 0;

	for (uint64_t i = 0; i < n; i++) {
		const size_t at = rnd(r->len);

		failed += tell(r, "cut", at,
			       read_damaged(r, r->bytes, at, least_before(r, block_at(r, at))));
	}
	return failed;
}

static unsigned flip(struct recording *r)
{
	const size_t at = rnd(r->len);
	const uint8_t bit = (uint8_t)(1 << rnd(8));
	unsigned failed;

	r->bytes[at] ^= bit;
	failed = tell(r, "flip", at,
		      read_damaged(r, r->bytes, r->len, least_before(r, block_at(r, at))));
	r->bytes[at] ^= bit;
	return failed;
}

static unsigned flip_packed(struct recording *r)
{
	z_stream z = {0};
	unsigned failed = 0;
	uint8_t *packed;
	size_t at;

	if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	z.avail_out = (uInt)deflateBound(&z, r->len);
	z.next_out = packed = malloc(z.avail_out);
	z.next_in = r->bytes;
	z.avail_in = (uInt)r->len;
	if (!packed || deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	at = rnd(z.total_out);
	packed[at] ^= (uint8_t)(1 << rnd(8));
	failed = tell(r, "packed flip", at, read_damaged(r, packed, z.total_out, 0));
	(void)deflateEnd(&z);
	free(packed);
	return failed;
}

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
	const uint64_t cuts = number("DAMAGE_CUTS", 20), flips = number("DAMAGE_FLIPS", 1000);
	unsigned failed = 0;

	if (!state_load(&state))
		return 2;
	if (nftw(argc > 1 ? argv[argc - 1] : "../shared/cases", add, 16, FTW_PHYS) ||
	    !n_recordings) {
		(void)fprintf(stderr, "compat_scap_damage: no recordings\n");
		return 2;
	}
	for (uint32_t i = 0; i < n_recordings; i++)
		failed += cut(&recordings[i], cuts);
	for (uint64_t i = 0; i < flips; i++)
		failed += i % PACKED_EVERY ? flip(&recordings[rnd(n_recordings)])
					   : flip_packed(&recordings[rnd(n_recordings)]);
	for (uint32_t i = 0; i < n_recordings; i++) {
		free(recordings[i].path);
		free(recordings[i].bytes);
		free(recordings[i].hashes);
		free(recordings[i].given);
		free(recordings[i].begins);
	}
	state.module = module_close(state.module);
	state.registry = registry_free(state.registry);
	(void)printf("  damage: %u recordings, %llu cuts each, %llu flipped bits, %u failed\n",
		     n_recordings, (unsigned long long)cuts, (unsigned long long)flips, failed);
	return failed != 0;
}
