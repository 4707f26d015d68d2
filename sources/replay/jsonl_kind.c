/* jsonl_kind: the table of kinds, and one pass over an object for all that it asks. */
#include "jsonl_kind.h"

#include <stdlib.h>
#include <string.h>

#include "rfc3339.h"

enum { N_KINDS = 2, MAX_TIME_BYTES = 128 };

static const struct jsonl_kind kinds[N_KINDS] = {
	{.source = "k8s_audit",
	 .id = 1,
	 .is_compact = true,
	 .time = "/stageTimestamp",
	 .mark = "/auditID",
	 .envelope = "/items"},
	{.source = "aws_cloudtrail",
	 .id = 2,
	 .time = "/eventTime",
	 .type = "/eventType",
	 .mark = "/awsRegion",
	 .left_out_type = "AwsCloudTrailInsight",
	 .envelope = "/Records"},
};

/* Numbers of the pointers of a kind in the reader. */
struct pointers {
	uint32_t time, type, mark, envelope;
};

struct jsonl_finder {
	const struct jsonl_kind *only;
	struct gyr_json_reader *reader;
	struct pointers at[N_KINDS];
};

const struct jsonl_kind *jsonl_kind_at(unsigned n)
{
	return n < N_KINDS ? &kinds[n] : NULL;
}

const struct jsonl_kind *jsonl_kind_of(const char *source)
{
	for (unsigned i = 0; i < N_KINDS; i++)
		if (strcmp(kinds[i].source, source) == 0)
			return &kinds[i];
	return NULL;
}

static bool add(struct gyr_json_reader *r, const char *pointer, uint32_t *ret_id)
{
	return !pointer || gyr_json_reader_add(r, pointer, strlen(pointer), ret_id) == 0;
}

struct jsonl_finder *jsonl_finder_new(const struct jsonl_kind *only)
{
	struct jsonl_finder *f = calloc(1, sizeof *f);
	bool ok = f && (f->reader = gyr_json_reader_new());

	for (unsigned i = 0; ok && i < N_KINDS; i++)
		ok = add(f->reader, kinds[i].time, &f->at[i].time) &&
		     add(f->reader, kinds[i].type, &f->at[i].type) &&
		     add(f->reader, kinds[i].mark, &f->at[i].mark) &&
		     add(f->reader, kinds[i].envelope, &f->at[i].envelope);
	if (!ok)
		return jsonl_finder_free(f);
	f->only = only;
	return f;
}

struct jsonl_finder *jsonl_finder_free(struct jsonl_finder *f)
{
	if (f)
		(void)gyr_json_reader_free(f->reader);
	free(f);
	return NULL;
}

static bool get(struct jsonl_finder *f, uint32_t id, struct gyr_json *ret)
{
	return gyr_json_reader_get(f->reader, id, ret) == 0 && ret->type != GYR_JSON_ABSENT;
}

static bool has_time(struct jsonl_finder *f, unsigned i, uint64_t *ret_ts)
{
	char text[MAX_TIME_BYTES];
	struct gyr_json v;
	size_t len;

	return get(f, f->at[i].time, &v) && v.type == GYR_JSON_STRING && v.len <= sizeof text &&
	       gyr_json_text(&v, text, &len) == 0 && rfc3339_parse(text, len, ret_ts) == 0;
}

static enum jsonl_find judge(struct jsonl_finder *f, unsigned i, uint64_t *ret_ts)
{
	const struct jsonl_kind *k = &kinds[i];
	struct gyr_json type = {0};

	if (k->type && !get(f, f->at[i].type, &type))
		return JSONL_FIND_NO_TYPE;
	if (k->left_out_type && gyr_json_equals(&type, k->left_out_type, strlen(k->left_out_type)))
		return JSONL_FIND_LEFT_OUT;
	if (!has_time(f, i, ret_ts))
		return JSONL_FIND_NO_TIME;
	return k->type && type.type != GYR_JSON_STRING ? JSONL_FIND_NO_TYPE : JSONL_FIND_RECORD;
}

enum jsonl_find jsonl_find(struct jsonl_finder *f, const struct gyr_json *object,
			   const struct jsonl_kind **ret_kind, uint64_t *ret_ts,
			   struct gyr_json *ret_list)
{
	struct gyr_json v, mark;

	if (gyr_json_reader_load(f->reader, object->p, object->len) ||
	    gyr_json_reader_get(f->reader, f->at[0].time, &v))
		return JSONL_FIND_BROKEN;
	for (unsigned i = 0; i < N_KINDS; i++) {
		if (f->only && f->only != &kinds[i])
			continue;
		const bool is_marked = get(f, f->at[i].mark, &mark);

		if (!is_marked && get(f, f->at[i].envelope, &v) && v.type == GYR_JSON_ARRAY) {
			*ret_list = v;
			return JSONL_FIND_LIST;
		}
		if (!f->only && !is_marked)
			continue;
		*ret_kind = &kinds[i];
		return judge(f, i, ret_ts);
	}
	return JSONL_FIND_UNKNOWN;
}
