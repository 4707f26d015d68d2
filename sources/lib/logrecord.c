/*
 * logrecord: which records become events, and the book of those that do not.
 */
#include "logrecord.h"

#include <errno.h>
#include <string.h>

#include <gyr/json.h>

#include "rfc3339.h"

enum {
	MAX_TIME_BYTES = 128,
};

int logrecord_init(struct logrecord *l, struct gyr *p, const struct logfeed_kind *kind,
		   struct logfeed_stats *stats)
{
	const char *type = kind->type_pointer;
	int r;

	*l = (struct logrecord){.p = p, .kind = kind, .stats = stats};
	l->reader = gyr_json_reader_new();
	if (!l->reader)
		return -ENOMEM;
	r = gyr_json_reader_add(l->reader, kind->time_pointer, strlen(kind->time_pointer),
				&l->time_id);
	if (r == 0 && type)
		r = gyr_json_reader_add(l->reader, type, strlen(type), &l->type_id);
	return r;
}

void logrecord_deinit(struct logrecord *l)
{
	l->reader = gyr_json_reader_free(l->reader);
}

/* ---- what goes wrong ---- */

static bool may_say(struct logrecord *l)
{
	if (l->n_notes == LOGRECORD_MAX_NOTES)
		return false;
	l->n_notes++;
	return true;
}

static void said(const struct logrecord *l)
{
	if (l->n_notes == LOGRECORD_MAX_NOTES)
		gyr_log(l->p, GYR_WARN,
			"more of the input is skipped; from here on it is only counted");
}

void logrecord_note(struct logrecord *l, const char *name, uint64_t offset, const char *why)
{
	if (!may_say(l))
		return;
	gyr_log(l->p, GYR_WARN, "'%s': at byte %llu: %s", name, (unsigned long long)offset, why);
	said(l);
}

void logrecord_left_out(struct logrecord *l, const char *name, const char *why)
{
	if (!may_say(l))
		return;
	gyr_log(l->p, GYR_WARN, "'%s': %s", name, why);
	said(l);
}

static void skip(struct logrecord *l, uint64_t *counter, const char *name,
		 const struct jsonsplit_record *rec, const char *why)
{
	++*counter;
	logrecord_note(l, name, rec->offset, why);
}

/* ---- one record ---- */

static int record_time(struct logrecord *l, uint64_t *ret_ns)
{
	char text[MAX_TIME_BYTES];
	struct gyr_json v;
	size_t len;
	int r;

	r = gyr_json_reader_get(l->reader, l->time_id, &v);
	if (r < 0)
		return r;
	if (v.type != GYR_JSON_STRING || v.len > sizeof text || gyr_json_text(&v, text, &len))
		return -EINVAL;
	return rfc3339_parse(text, len, ret_ns);
}

/* Whether the record is to be delivered; counts it when not. */
static bool judge(struct logrecord *l, const char *name, const struct jsonsplit_record *rec,
		  uint64_t *ret_ns)
{
	const char *left_out_type = l->kind->left_out_type;
	struct gyr_json type = {0};
	int r;

	r = gyr_json_reader_load(l->reader, rec->p, rec->len);
	if (r == 0 && l->kind->type_pointer)
		r = gyr_json_reader_get(l->reader, l->type_id, &type);
	if (r == 0)
		r = record_time(l, ret_ns);
	if (r == -EBADMSG || r == -E2BIG) {
		skip(l, &l->stats->skipped_malformed, name, rec, "not JSON, record skipped");
	} else if (left_out_type && gyr_json_equals(&type, left_out_type, strlen(left_out_type))) {
		l->stats->skipped_by_type++;
	} else if (r < 0) {
		skip(l, &l->stats->skipped_no_time, name, rec, l->kind->no_time);
	} else if (l->kind->type_pointer && type.type != GYR_JSON_STRING) {
		skip(l, &l->stats->skipped_no_type, name, rec, "no event type, record skipped");
	} else {
		return true;
	}
	return false;
}

static int emit_compact(const struct jsonsplit_record *rec, uint64_t ts, struct gyr_batch *out)
{
	struct gyr_json v;
	size_t len;
	char *dst;

	if (gyr_json_value(rec->p, rec->len, &v))
		return gyr_emit(out, ts, rec->p, rec->len);
	dst = gyr_emit_begin(out, rec->len + 2);
	if (!dst)
		return -ENOMEM;
	if (gyr_json_compact(&v, dst, &len)) { /* bytes it does not take: as they are, then */
		memcpy(dst, rec->p, rec->len);
		len = rec->len;
	}
	return gyr_emit_end(out, ts, len);
}

int logrecord_emit(struct logrecord *l, const struct logrecord_input *in,
		   const struct jsonsplit_record *rec, struct gyr_batch *out)
{
	size_t bad;
	uint64_t ns;
	int r;

	if (!judge(l, in->name, rec, &ns))
		return 0;
	if (rec->has_odd && gyr_json_validate(rec->p, rec->len, &bad)) {
		l->stats->invalid_bytes++;
		logrecord_note(l, in->name, rec->offset + bad,
			       "bytes that JSON forbids, record kept");
	}
	if (l->kind->is_compact && rec->has_blanks)
		r = emit_compact(rec, ns, out);
	else
		r = gyr_emit(out, ns, rec->p, rec->len);
	if (r < 0)
		return gyr_fail(l->p, r, "'%s': at byte %llu: %s", in->name,
				(unsigned long long)rec->offset, strerror(-r));
	l->stats->events++;
	return 1;
}

/* ---- one input ---- */

int logrecord_cut(struct logrecord *l, struct logrecord_input *in, struct jsonsplit_record *ret)
{
	int r;

	while (in->at < in->end) {
		r = jsonsplit_next(&in->split, &in->at, in->end, ret);
		if (r == JSONSPLIT_MALFORMED)
			skip(l, &l->stats->skipped_malformed, in->name, ret,
			     "not JSON, or no object");
		else if (r == JSONSPLIT_TOO_LARGE)
			skip(l, &l->stats->skipped_too_large, in->name, ret,
			     "record too large, skipped");
		else if (r == JSONSPLIT_RECORD)
			return 1;
		else if (r < 0)
			return gyr_fail(l->p, r, "'%s': %s", in->name, strerror(-r));
	}
	return 0;
}

void logrecord_end(struct logrecord *l, struct logrecord_input *in)
{
	struct jsonsplit_record rec;
	int r = jsonsplit_end(&in->split, &rec);

	if (r == JSONSPLIT_MALFORMED)
		skip(l, &l->stats->skipped_malformed, in->name, &rec,
		     "cut short, the rest is missing");
	else if (r == JSONSPLIT_TOO_LARGE)
		skip(l, &l->stats->skipped_too_large, in->name, &rec,
		     "record too large, and cut short");
}
