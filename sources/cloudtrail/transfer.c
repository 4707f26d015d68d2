/*
 * transfer: slots, each with an unpacker and a splitter that stay for the next object.
 */
#include "transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/client.h"
#include "cloudstats.h"
#include "flow.h"

struct slot {
	struct transfers *all;
	struct object *object; /* NULL: free */
	int64_t id;
	bool is_paused;
	int bad; /* why its bytes are not taken any more */
	uint64_t n_bytes;
	struct bytestream *stream;
	struct logrecord_input in;
};

struct transfers {
	struct transfers_setup setup;
	size_t n_busy, n_paused;
	int fatal;
	struct slot slots[];
};

struct object *object_new(const char *bucket, const char *key, const char *region)
{
	struct object *o = calloc(1, sizeof *o);

	if (!o)
		return NULL;
	o->bucket = strdup(bucket);
	o->region = region && *region ? strdup(region) : NULL;
	if (asprintf(&o->name, "s3://%s/%s", bucket, key) < 0)
		o->name = NULL;
	if (!o->bucket || !o->name || (region && *region && !o->region))
		return object_free(o);
	o->key = o->name + strlen("s3://") + strlen(bucket) + 1;
	return o;
}

struct object *object_free(struct object *o)
{
	if (!o)
		return NULL;
	free(o->bucket);
	free(o->region);
	free(o->name);
	free(o);
	return NULL;
}

void object_count(struct cloud_stats *stats, enum object_end end)
{
	switch (end) {
	case OBJECT_READ: /* counted with its records */
		break;
	case OBJECT_MISSING:
		stats->objects_missing++;
		break;
	case OBJECT_ARCHIVED:
		stats->objects_archived++;
		break;
	case OBJECT_CORRUPT:
		stats->objects_corrupt++;
		break;
	case OBJECT_FORBIDDEN:
		stats->objects_forbidden++;
		break;
	case OBJECT_FAILED:
		stats->objects_failed++;
		break;
	}
}

struct transfers *transfers_new(const struct transfers_setup *setup)
{
	struct transfers *t = calloc(1, sizeof *t + setup->n * sizeof t->slots[0]);

	if (!t)
		return NULL;
	t->setup = *setup;
	for (size_t i = 0; i < setup->n; i++) {
		t->slots[i].all = t;
		jsonsplit_init(&t->slots[i].in.split, setup->flow->records.kind->envelope,
			       setup->max_event_bytes);
	}
	return t;
}

struct transfers *transfers_free(struct transfers *t)
{
	if (!t)
		return NULL;
	for (size_t i = 0; i < t->setup.n; i++) {
		if (t->slots[i].object)
			aws_client_cancel(t->setup.client, t->slots[i].id);
		t->slots[i].object = object_free(t->slots[i].object);
		t->slots[i].stream = bytestream_free(t->slots[i].stream);
		jsonsplit_deinit(&t->slots[i].in.split);
	}
	free(t);
	return NULL;
}

bool transfers_has_room(const struct transfers *t)
{
	return t->n_busy < t->setup.n;
}

size_t transfers_busy(const struct transfers *t)
{
	return t->n_busy;
}

int transfers_fatal(const struct transfers *t)
{
	return t->fatal;
}

/* ---- bytes ---- */

/* Records of the chunk. */
static int cut(struct slot *s)
{
	struct flow *f = s->all->setup.flow;
	struct jsonsplit_record rec;
	int r;

	while ((r = logrecord_cut(&f->records, &s->in, &rec)) > 0) {
		if (rec.offset < s->object->done_below) {
			f->records.stats->finished++;
			continue;
		}
		r = flow_emit(f, &s->in, &rec);
		if (r < 0)
			break;
		s->object->done_below = rec.offset + 1;
	}
	if (r < 0)
		s->all->fatal = r;
	return r;
}

/* All that can be unpacked of what was fed. -EAGAIN when that is used up, 0 at the end. */
static int drain(struct slot *s)
{
	struct flow *f = s->all->setup.flow;
	size_t len;
	int r;

	while ((r = bytestream_read(s->stream, &s->in.at, &len)) > 0) {
		s->in.end = s->in.at + len;
		f->records.stats->bytes += len;
		r = cut(s);
		if (r < 0)
			return r;
	}
	return r;
}

static int on_data(void *arg, const void *bytes, size_t n)
{
	struct slot *s = arg;
	const char *p = bytes;
	int r = -EAGAIN;

	if (flow_is_full(s->all->setup.flow)) {
		s->is_paused = true;
		s->all->n_paused++;
		return AWS_PAUSE;
	}
	s->n_bytes += n;
	s->all->setup.stats->bytes_downloaded += n;
	if (s->n_bytes > s->all->setup.limits.max_bytes)
		r = -EFBIG;
	while (n > 0 && r == -EAGAIN) {
		const size_t some = n < BYTESTREAM_FEED ? n : BYTESTREAM_FEED;

		bytestream_feed(s->stream, p, some);
		r = drain(s);
		p += some;
		n -= some;
	}
	if (r != -EAGAIN)
		s->bad = r;
	return s->bad ? -1 : 0;
}

/* ---- ends ---- */

static bool is_error(const struct aws_answer *a, const char *code)
{
	return strcmp(a->code, code) == 0;
}

static enum object_end judge(const struct aws_answer *a)
{
	if (a->retried_out || a->http_status == 0)
		return is_error(a, "NoCredentials") ? OBJECT_FORBIDDEN : OBJECT_FAILED;
	if (a->http_status == 404)
		return OBJECT_MISSING;
	if (is_error(a, "InvalidObjectState"))
		return OBJECT_ARCHIVED;
	return a->http_status < 500 ? OBJECT_FORBIDDEN : OBJECT_FAILED;
}

/* The answer was whole; what remains in the unpacker comes out. */
static enum object_end finish(struct slot *s)
{
	int r;

	bytestream_feed_end(s->stream);
	r = drain(s);
	if (r < 0) {
		s->bad = r;
		return OBJECT_CORRUPT;
	}
	logrecord_end(&s->all->setup.flow->records, &s->in);
	s->all->setup.stats->objects++;
	s->all->setup.flow->records.stats->files++;
	return OBJECT_READ;
}

static void on_done(void *arg, const struct aws_answer *a)
{
	struct slot *s = arg;
	struct object *o = s->object;
	const struct transfers_setup *setup = &s->all->setup;
	enum object_end end;
	char why[700] = "";

	if (s->bad)
		end = OBJECT_CORRUPT;
	else if (a->http_status / 100 == 2 && !*a->code)
		end = finish(s);
	else
		end = judge(a);
	if (s->bad)
		(void)snprintf(why, sizeof why, "%s", bytestream_strerror(s->bad));
	else if (end != OBJECT_READ)
		(void)snprintf(why, sizeof why, "%d %s: %s", a->http_status, a->code, a->message);
	s->object = NULL;
	s->all->n_busy--;
	if (s->all->fatal)
		(void)object_free(o); /* it is over for all */
	else
		setup->ended(setup->arg, o, end, why);
}

int transfers_start(struct transfers *t, struct object *o)
{
	struct slot *s = t->slots;
	struct aws_request rq = {
		.service = AWS_S3, .method = "GET", .on_data = on_data, .on_done = on_done};

	while (s->object)
		s++;
	if (!s->stream)
		s->stream = bytestream_new(&t->setup.limits);
	if (!s->stream)
		return -ENOMEM;
	rq.bucket = o->bucket;
	rq.path = o->key;
	rq.region = o->region;
	rq.arg = s;
	s->id = aws_client_send(t->setup.client, &rq);
	if (s->id < 0)
		return (int)s->id;
	s->object = o;
	s->is_paused = false;
	s->bad = 0;
	s->n_bytes = 0;
	s->in.name = o->name;
	s->in.at = s->in.end = NULL;
	bytestream_begin(s->stream);
	jsonsplit_reset(&s->in.split);
	t->n_busy++;
	return 0;
}

void transfers_resume(struct transfers *t)
{
	if (t->n_paused == 0 || flow_is_full(t->setup.flow))
		return;
	for (size_t i = 0; i < t->setup.n; i++) {
		struct slot *s = &t->slots[i];

		if (!s->object || !s->is_paused)
			continue;
		s->is_paused = false;
		aws_client_resume(t->setup.client, s->id);
	}
	t->n_paused = 0;
}
