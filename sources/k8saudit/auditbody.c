#include "auditbody.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/json.h>

#include "rfc3339.h"

enum {
	MAX_TIME_BYTES = 128,
	MIN_HELD = 16 << 20,      /* an element may be this long before it is cut down */
	COMPACT_MORE = 2,         /* bytes that gyr_json_compact() may need more */
	SCRATCH_KEEP = 256 << 10, /* larger scratch is given back */
};

/* ---- the intake ---- */

static int add_pointer(struct auditintake *in, const char *pointer, uint32_t *ret)
{
	return gyr_json_reader_add(in->reader, pointer, strlen(pointer), ret);
}

int auditintake_init(struct auditintake *in)
{
	int r = -ENOMEM;

	in->scratch = NULL;
	in->scratch_size = in->held = 0;
	in->reader = gyr_json_reader_new();
	if (in->reader)
		r = add_pointer(in, "/stageTimestamp", &in->time_id);
	if (r == 0)
		r = add_pointer(in, "/auditID", &in->audit_id);
	if (r == 0)
		r = add_pointer(in, "/stage", &in->stage_id);
	return r;
}

void auditintake_deinit(struct auditintake *in)
{
	in->reader = gyr_json_reader_free(in->reader);
	free(in->scratch);
	in->scratch = NULL;
	in->scratch_size = 0;
}

static char *scratch(struct auditintake *in, size_t size)
{
	char *more;

	if (size <= in->scratch_size)
		return in->scratch;
	more = realloc(in->scratch, size);
	if (!more)
		return NULL;
	in->scratch = more;
	in->scratch_size = size;
	return more;
}

static void scratch_trim(struct auditintake *in)
{
	if (in->scratch_size <= SCRATCH_KEEP)
		return;
	free(in->scratch);
	in->scratch = NULL;
	in->scratch_size = 0;
}

/* ---- one element ---- */

struct element {
	const char *p;
	size_t len;
	uint64_t offset, ts;
	bool is_known; /* it has an auditID and a stage, and may be met again */
};

static void leave_out(struct auditbody *b, const struct element *e, _Atomic uint64_t *counter,
		      const char *why)
{
	webhook_count(counter);
	b->in->note(b->in->note_ctx, e->offset, why);
}

static void malformed(struct auditbody *b, uint64_t offset, const char *why)
{
	b->outcome = AUDITBODY_MALFORMED;
	b->in->note(b->in->note_ctx, offset, why);
}

static bool is_string(struct auditintake *in, uint32_t id)
{
	struct gyr_json v;

	return gyr_json_reader_get(in->reader, id, &v) == 0 && v.type == GYR_JSON_STRING &&
	       v.len > 0;
}

/* Reads what is asked of an element. */
static bool look_at(struct auditbody *b, struct element *e)
{
	struct auditintake *in = b->in;
	char text[MAX_TIME_BYTES];
	struct gyr_json v = {0};
	size_t len;
	int r;

	r = gyr_json_reader_load(in->reader, e->p, e->len);
	if (r == 0)
		r = gyr_json_reader_get(in->reader, in->time_id, &v);
	if (r < 0) {
		malformed(b, e->offset, "an event that is not JSON");
		return false;
	}
	if (v.type != GYR_JSON_STRING || v.len > sizeof text || gyr_json_text(&v, text, &len) ||
	    rfc3339_parse(text, len, &e->ts) < 0) {
		webhook_count(&in->stats->webhook_no_time);
		malformed(b, e->offset, "no audit event: it has no usable stageTimestamp");
		return false;
	}
	e->is_known = is_string(in, in->audit_id) && is_string(in, in->stage_id);
	return true;
}

/* Makes the element what it shall be: its objects taken out, its cluster put in. */
static bool edit(struct auditbody *b, struct element *e)
{
	const struct auditedit how = {.is_reduced = e->len > b->in->max_event,
				      .cluster = b->cluster[0] ? b->cluster : NULL};
	char *dst;

	if (!how.is_reduced && !how.cluster)
		return true;
	dst = scratch(b->in, e->len + AUDITEDIT_MORE);
	if (!dst) {
		b->outcome = AUDITBODY_MEMORY_FULL;
		return false;
	}
	if (auditedit_write(&how, e->p, e->len, dst, &e->len) < 0) {
		malformed(b, e->offset, "an event that is not JSON");
		return false;
	}
	e->p = dst;
	if (e->len > b->in->max_event + (how.cluster ? AUDITEDIT_MORE : 0)) {
		leave_out(b, e, &b->in->stats->webhook_too_large,
			  "an event above maxEventSize, left out; raise it to get such events");
		return false;
	}
	if (how.is_reduced)
		webhook_count(&b->in->stats->webhook_reduced);
	return true;
}

/* Copies it into the room, without blanks between tokens. */
static size_t write_compact(const struct element *e, bool has_blanks, char *room)
{
	struct gyr_json v;
	size_t len;

	if (has_blanks && gyr_json_value(e->p, e->len, &v) == 0 &&
	    gyr_json_compact(&v, room, &len) == 0)
		return len;
	memcpy(room, e->p, e->len);
	return e->len;
}

static void queue(struct auditbody *b, const struct element *e, bool has_blanks)
{
	struct auditintake *in = b->in;
	char *room = eventq_room(in->queue, e->len + COMPACT_MORE);
	unsigned char digest[SEEN_DIGEST];
	uint64_t number = 0;
	bool is_known;
	size_t len;

	if (!room) {
		b->outcome = AUDITBODY_QUEUE_FULL;
		return;
	}
	len = write_compact(e, has_blanks, room);
	is_known = e->is_known && seen_digest(room, len, digest) == 0;
	if (is_known)
		number = seen_find(in->seen, digest);
	if (number) {
		webhook_count(&in->stats->webhook_duplicates);
	} else {
		number = eventq_put(in->queue, e->ts, len);
		webhook_count(&in->stats->webhook_events);
		if (is_known)
			seen_add(in->seen, digest, number);
	}
	if (number > b->last_number)
		b->last_number = number;
}

static void take(struct auditbody *b, const struct jsonsplit_record *rec)
{
	struct element e = {.p = rec->p, .len = rec->len, .offset = rec->offset};
	size_t bad;

	if (!look_at(b, &e))
		return;
	if (rec->has_odd && gyr_json_validate(rec->p, rec->len, &bad)) {
		webhook_count(&b->in->stats->webhook_invalid_bytes);
		b->in->note(b->in->note_ctx, rec->offset + bad,
			    "bytes that JSON forbids, event taken");
	}
	if (edit(b, &e))
		queue(b, &e, rec->has_blanks);
	scratch_trim(b->in);
}

/* ---- one body ---- */

static size_t longest_element(const struct auditintake *in)
{
	return in->max_event > MIN_HELD / 4 ? in->max_event * 4 : MIN_HELD;
}

void auditbody_init(struct auditbody *b, struct auditintake *in)
{
	*b = (struct auditbody){.in = in};
	jsonsplit_init(&b->split, "items", longest_element(in));
}

/* What the splitter holds is of the memory of all. */
static void account(struct auditbody *b)
{
	b->in->held += b->split.size - b->held;
	b->held = b->split.size;
}

void auditbody_deinit(struct auditbody *b)
{
	b->in->held -= b->held;
	b->held = 0;
	jsonsplit_deinit(&b->split);
}

void auditbody_begin(struct auditbody *b, const char *cluster)
{
	jsonsplit_reset(&b->split);
	account(b);
	b->outcome = AUDITBODY_OK;
	b->last_number = 0;
	b->cluster[0] = '\0';
	if (cluster)
		memcpy(b->cluster, cluster, strnlen(cluster, AUDITEDIT_MAX_NAME) + 1);
	b->cluster[AUDITEDIT_MAX_NAME] = '\0';
}

static bool is_over(const struct auditbody *b)
{
	return b->outcome == AUDITBODY_QUEUE_FULL || b->outcome == AUDITBODY_MEMORY_FULL;
}

static void on_outcome(struct auditbody *b, int r, const struct jsonsplit_record *rec)
{
	const struct element e = {.offset = rec->offset};

	if (r == JSONSPLIT_RECORD)
		take(b, rec);
	else if (r == JSONSPLIT_MALFORMED)
		malformed(b, rec->offset, "not JSON");
	else if (r == JSONSPLIT_TOO_LARGE)
		leave_out(b, &e, &b->in->stats->webhook_too_large,
			  "an event too large to be cut down, left out");
	else
		b->outcome = AUDITBODY_MEMORY_FULL;
}

/* The memory that the request holds is for others now. */
static void give_up(struct auditbody *b)
{
	jsonsplit_deinit(&b->split);
	jsonsplit_init(&b->split, "items", longest_element(b->in));
	account(b);
}

void auditbody_feed(struct auditbody *b, const char *bytes, size_t len)
{
	const char *const end = bytes + len;
	struct jsonsplit_record rec;

	while (!is_over(b)) {
		const int r = jsonsplit_next(&b->split, &bytes, end, &rec);

		if (r == JSONSPLIT_MORE)
			break;
		on_outcome(b, r, &rec);
	}
	eventq_publish(b->in->queue);
	account(b);
	if (!is_over(b) && b->in->held > b->in->max_held)
		b->outcome = AUDITBODY_MEMORY_FULL;
	if (is_over(b))
		give_up(b);
}

void auditbody_end(struct auditbody *b, bool is_whole)
{
	struct jsonsplit_record rec;
	int r;

	if (is_over(b))
		return;
	r = jsonsplit_end(&b->split, &rec);
	if (is_whole && r == JSONSPLIT_MALFORMED)
		malformed(b, rec.offset, "cut short: the rest is missing");
	else if (is_whole && r == JSONSPLIT_TOO_LARGE)
		malformed(b, rec.offset, "too large, and cut short");
}
