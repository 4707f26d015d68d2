/*
 * emit: one event at a time becomes batches.
 *
 * A batch is a buffer of events back to back, each at a multiple of eight bytes. The buffer may
 * move while it grows, so a batch remembers offsets and makes the pointers when it is done. It ends
 * when it is large, when it is old, or when the source has an answer other than "one more"; that
 * answer waits until the events before it are delivered.
 */
#include "sdk.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	BATCH_EVENTS = 128,
	BATCH_BYTES = 64 << 10,
	BATCH_AGE_MS = 20,
	BATCH_KEEP = 4 << 20, /* a buffer larger than this is not kept when it is hardly used */
	EVENT_MAX = 1 << 30,
	HEAD = sizeof(ss_plugin_event),
	PAYLOAD = PLUGIN_EVENT_PAYLOAD_OFFSET,
};

struct gyr_batch {
	unsigned char *buf;
	size_t cap, used;
	size_t reserved;        /* by gyr_emit_begin */
	ss_plugin_event **evts; /* an event in place, or NULL: */
	size_t *offsets;        /* in the buffer */
	uint32_t n, n_cap;
	uint32_t n_copied; /* of them in the buffer */
	uint32_t plugin_id;
};

struct instance {
	struct gyr *p;
	const struct gyr_source *desc;
	struct gyr_batch batch;
	struct gyr__scratch owned;
	struct gyr_text progress;
	void *mem;
	int pending; /* answer to give once the batch is delivered */
	char pending_err[PLUGIN_MAX_ERRLEN];
};

/* ---- the batch ---- */

static int batch_grow(struct gyr_batch *b, uint32_t least)
{
	uint32_t n = b->n_cap ? b->n_cap * 2 : BATCH_EVENTS;
	ss_plugin_event **evts;
	size_t *offsets;

	while (n < least)
		n *= 2;
	evts = realloc(b->evts, n * sizeof(*evts));
	if (!evts)
		return -ENOMEM;
	b->evts = evts;
	offsets = realloc(b->offsets, n * sizeof(*offsets));
	if (!offsets)
		return -ENOMEM;
	b->offsets = offsets;
	b->n_cap = n;
	return 0;
}

static int batch_reserve(struct gyr_batch *b, size_t size)
{
	if (size > EVENT_MAX)
		return -EMSGSIZE;
	if (b->n == b->n_cap) {
		const int r = batch_grow(b, b->n + 1);

		if (r)
			return r;
	}
	if (b->cap - b->used >= size)
		return 0;

	size_t cap = b->cap ? b->cap : BATCH_BYTES;
	while (cap - b->used < size)
		cap *= 2;
	unsigned char *bigger = realloc(b->buf, cap);
	if (!bigger)
		return -ENOMEM;
	b->buf = bigger;
	b->cap = cap;
	return 0;
}

/* The event that was written behind the others in the buffer. */
static void batch_add(struct gyr_batch *b, size_t size)
{
	b->evts[b->n] = NULL;
	b->offsets[b->n++] = b->used;
	b->n_copied++;
	b->used = (b->used + size + 7) & ~(size_t)7;
	if (b->used > b->cap)
		b->used = b->cap;
}

static void batch_reset(struct gyr_batch *b)
{
	if (b->cap > BATCH_KEEP && b->used < b->cap / 4) {
		free(b->buf);
		b->buf = NULL;
		b->cap = 0;
	}
	b->n = b->n_copied = 0;
	b->used = 0;
}

static void batch_finish(struct gyr_batch *b)
{
	for (uint32_t i = 0; b->n_copied && i < b->n; i++)
		if (!b->evts[i])
			b->evts[i] = (void *)(b->buf + b->offsets[i]);
}

void *gyr_emit_begin(struct gyr_batch *b, size_t cap)
{
	if (cap > EVENT_MAX - PAYLOAD || batch_reserve(b, PAYLOAD + cap))
		return NULL;
	b->reserved = cap;
	return b->buf + b->used + PAYLOAD;
}

int gyr_emit_end(struct gyr_batch *b, uint64_t ts, size_t len)
{
	if (len > b->reserved)
		return -EMSGSIZE;
	b->reserved = 0;

	unsigned char *at = b->buf + b->used;
	const ss_plugin_event head = {
		.ts = ts,
		.tid = UINT64_MAX,
		.len = (uint32_t)(PAYLOAD + len),
		.type = GYR_EVENT_PLUGIN,
		.nparams = 2,
	};
	const uint32_t params[] = {4, (uint32_t)len, b->plugin_id};
	memcpy(at, &head, sizeof head);
	memcpy(at + HEAD, params, sizeof params);
	batch_add(b, PAYLOAD + len);
	return 0;
}

int gyr_emit(struct gyr_batch *b, uint64_t ts, const void *data, size_t len)
{
	if (len > EVENT_MAX - PAYLOAD)
		return -EMSGSIZE;

	void *at = gyr_emit_begin(b, len);
	if (!at)
		return -ENOMEM;
	if (len)
		memcpy(at, data, len);
	return gyr_emit_end(b, ts, len);
}

int gyr_emit_raw(struct gyr_batch *b, const void *event, size_t len)
{
	ss_plugin_event head;

	if (len < HEAD)
		return -EBADMSG;
	memcpy(&head, event, HEAD);
	if (head.len != len)
		return -EBADMSG;

	const int r = batch_reserve(b, len);
	if (r)
		return r;
	memcpy(b->buf + b->used, event, len);
	batch_add(b, len);
	return 0;
}

int gyr_emit_refs(struct gyr_batch *b, ss_plugin_event *const *events, uint32_t n)
{
	if (n > b->n_cap - b->n) {
		const int r = batch_grow(b, b->n + n);

		if (r)
			return r;
	}
	memcpy(b->evts + b->n, events, n * sizeof(*events));
	b->n += n;
	return 0;
}

int gyr_emit_ref(struct gyr_batch *b, ss_plugin_event *event)
{
	return gyr_emit_refs(b, &event, 1);
}

/* ---- the instance ---- */

static struct instance *instance_free(struct instance *i)
{
	if (!i)
		return NULL;
	free(i->batch.buf);
	free(i->batch.evts);
	free(i->batch.offsets);
	gyr__scratch_deinit(&i->owned);
	gyr__text_deinit(&i->progress);
	free(i->mem);
	free(i);
	return NULL;
}

static int instance_start(struct gyr *p, struct instance *i, const char *params)
{
	const struct gyr_source *d = i->desc;
	const struct gyr__options options = {d->params, "open parameters", params};
	int r = gyr__options_read(p, &options, &i->owned, i->mem);

	if (r)
		return r;
	p->err[0] = '\0';
	r = d->open ? d->open(p, i->mem, params) : 0;
	if (r && !p->err[0])
		(void)gyr_fail(p, r, "open: '%s': %s", params, strerror(r < 0 ? -r : EINVAL));
	return r;
}

ss_instance_t *gyr__open(const struct gyr_source *d, ss_plugin_t *s, const char *params,
			 ss_plugin_rc *rc)
{
	struct gyr *p = s;
	struct instance *i = calloc(1, sizeof *i);
	void *mem = calloc(1, d->instance_size ? d->instance_size : 1);

	*rc = SS_PLUGIN_FAILURE;
	if (!i || !mem) {
		(void)gyr_fail(p, -ENOMEM, "open: no memory");
		free(i);
		free(mem);
		return NULL;
	}
	i->p = p;
	i->desc = d;
	i->mem = mem;
	i->batch.plugin_id = d->id;
	if (instance_start(p, i, params ? params : ""))
		return instance_free(i);
	*rc = SS_PLUGIN_SUCCESS;
	return i;
}

uint32_t gyr__carries(const struct gyr_source *d, ss_plugin_t *s, const char *params,
		      const struct gyr__carried *ask)
{
	const struct gyr__options options = {d->params, "parameters", params ? params : ""};
	struct gyr *p = s;
	struct gyr__scratch owned = {0};
	void *mem = calloc(1, d->instance_size ? d->instance_size : 1);
	uint32_t n = 0;

	if (mem && gyr__options_read(p, &options, &owned, mem) == 0)
		n = ask->fn(p, mem, ask->ret_ids, ask->cap);
	gyr__scratch_deinit(&owned);
	free(mem);
	return n < ask->cap ? n : ask->cap;
}

ss_instance_t *gyr__open_shard(const struct gyr_source *d, ss_plugin_t *s, const char *params,
			       const uint32_t shard[2], ss_plugin_rc *rc)
{
	struct gyr *p = s;

	p->shard = shard[0];
	p->n_shards = shard[1];
	return gyr__open(d, s, params, rc);
}

void gyr_shard(const struct gyr *p, uint32_t *ret_shard, uint32_t *ret_n)
{
	*ret_shard = p->shard;
	*ret_n = p->n_shards;
}

void gyr__close(ss_plugin_t *s, ss_instance_t *h)
{
	struct instance *i = h;

	if (i && i->desc->close)
		i->desc->close(s, i->mem);
	(void)instance_free(i);
}

void *gyr__instance(ss_instance_t *h)
{
	return ((struct instance *)h)->mem;
}

/* ---- the next batch ---- */

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Fills the batch; the answer that ended it, 0 when it is just full. */
static int instance_fill(struct instance *i)
{
	struct gyr_batch *b = &i->batch;
	const uint64_t start = now_ms();

	while (b->n < BATCH_EVENTS && b->used < BATCH_BYTES) {
		const int r = i->desc->next(i->p, i->mem, b);

		if (r)
			return r;
		if (now_ms() - start > BATCH_AGE_MS)
			return b->n ? 0 : GYR_TIMEOUT;
	}
	return 0;
}

static ss_plugin_rc instance_answer(struct instance *i, int r)
{
	struct gyr *p = i->p;

	if (r == GYR_TIMEOUT)
		return SS_PLUGIN_TIMEOUT;
	i->pending = r; /* the end stays the end */
	if (r == GYR_EOF)
		return SS_PLUGIN_EOF;
	if (i->pending_err[0])
		memcpy(p->err, i->pending_err, sizeof p->err);
	else if (r > 0)
		(void)gyr_fail(p, -EINVAL, "next: %d is no answer of a source", r);
	else
		(void)gyr_fail(p, r, "next: %s", strerror(-r));
	return SS_PLUGIN_FAILURE;
}

ss_plugin_rc gyr__next_batch(ss_plugin_t *s, ss_instance_t *h, uint32_t *nevts,
			     ss_plugin_event ***evts)
{
	struct gyr *p = s;
	struct instance *i = h;
	int r = i->pending;

	batch_reset(&i->batch);
	*nevts = 0;
	*evts = NULL;
	if (i->desc->begin)
		i->desc->begin(p, i->mem);
	if (r == 0) {
		p->err[0] = '\0';
		r = instance_fill(i);
		memcpy(i->pending_err, p->err, sizeof p->err);
	}
	if (i->batch.n == 0)
		return instance_answer(i, r);

	/* With events in hand a timeout means nothing any more. */
	i->pending = r == GYR_TIMEOUT ? 0 : r;
	batch_finish(&i->batch);
	*nevts = i->batch.n;
	*evts = i->batch.evts;
	return SS_PLUGIN_SUCCESS;
}

/* ---- what else a source may say ---- */

const char *gyr__progress(ss_plugin_t *s, ss_instance_t *h, uint32_t *pct)
{
	struct instance *i = h;

	*pct = 0;
	if (!i || !i->desc->progress)
		return NULL;
	gyr__text_reset(&i->progress);

	const uint32_t share = i->desc->progress(s, i->mem, &i->progress);
	*pct = share < 10000 ? share : 10000;
	return i->progress.len ? i->progress.p : NULL;
}

const char *gyr__event_to_string(const struct gyr_source *d, ss_plugin_t *s,
				 const ss_plugin_event_input *in)
{
	struct gyr *p = s;
	struct gyr_event e;

	if (!d->to_string)
		return NULL;
	gyr__text_reset(&p->line);
	if (gyr__event_decode(in, &e)) {
		(void)gyr_fail(p, -EBADMSG, "show: the lengths of the event do not fit together");
		return NULL;
	}
	if (d->to_string(p, &e, &p->line))
		return NULL;
	return gyr__text_get(&p->line);
}

void gyr_open_param(struct gyr_text *out, const char *value, const char *desc)
{
	gyr_text_add(out, out->n_rows++ ? ",{\"value\":" : "{\"value\":");
	gyr_text_add_json(out, value, strlen(value));
	if (desc) {
		gyr_text_add(out, ",\"desc\":");
		gyr_text_add_json(out, desc, strlen(desc));
	}
	gyr_text_add(out, "}");
}

const char *gyr__list_open_params(const struct gyr_source *d, ss_plugin_t *s, ss_plugin_rc *rc)
{
	struct gyr *p = s;

	gyr__text_reset(&p->open_params);
	gyr_text_add(&p->open_params, "[");
	*rc = SS_PLUGIN_SUCCESS;
	if (d->list_params && d->list_params(p, &p->open_params))
		*rc = SS_PLUGIN_FAILURE;
	gyr_text_add(&p->open_params, "]");
	return gyr__text_get(&p->open_params);
}
