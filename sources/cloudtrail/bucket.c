/*
 * bucket: objects as lists of a bucket name them, once, or round after round.
 *
 * One list is asked for a page at a time, some lists at once, and no further than what waits to be read
 * allows. In rounds (`follow`) a scope begins where its cursor is, less some time for stragglers; what
 * was finished since is known and not read again. The cursor moves when all that a round found in the
 * scope is finished, so what could not be read is looked for again.
 */
#include "supply.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aws/client.h"
#include "cloudstats.h"
#include "finished.h"
#include "flow.h"
#include "interval.h"
#include "objectlist.h"
#include "scope.h"

static const uint64_t second_ns = 1000000000, minute_ns = 60 * 1000000000ULL;

enum {
	LISTS = 4,          /* at once */
	WAITING_MAX = 4000, /* objects, before no further page is asked for */
	MISSING_TRIES = 2,  /* of an object that a list has just named */
	FAILED_TRIES = 3,
	PROGRESS_PAGES = 100, /* pages between two lines of the log */
	COSTLY_CALLS = 500,   /* lists a round, from which on it is said what that means */
	PAUSE_S = 5,
	PAGES_MAX = 10000, /* of one scope; beyond, its list has to start further on */
};

struct bucket {
	struct supply_setup setup;
	struct finished *finished;
	struct scope *todo;           /* to be listed, or listed further */
	struct scope *listing[LISTS]; /* a page is on its way; NULL: free */
	int64_t ids[LISTS];
	struct scope *listed; /* no more pages, objects open */
	struct objectlist objects;
	struct object *read, *last_read; /* records on their way, in that order */
	size_t n_open, n_read;           /* objects of all scopes; those of them in `read` */
	uint64_t now_ns, round_at_ns, n_pages, round_calls;
	uint32_t first_minute; /* where scopes without a cursor begin */
	bool in_round, is_over, is_tree, has_worked;
	int fatal; /* why there is nothing to go on with, and its text */
	char fatal_text[900];
};

static __attribute__((format(printf, 3, 4))) void fail(struct bucket *b, int r, const char *fmt,
						       ...)
{
	va_list ap;

	b->fatal = r;
	va_start(ap, fmt);
	(void)vsnprintf(b->fatal_text, sizeof b->fatal_text, fmt, ap);
	va_end(ap);
}

/* ---- scopes ---- */

static void push(struct bucket *b, const char *prefix, enum scope_level level)
{
	struct scope *s = scope_new(b->setup.origin->bucket, prefix, level);
	const uint32_t cursor = s ? finished_cursor(b->finished, s->hash) : 0;
	const uint32_t back = (uint32_t)(b->setup.options->lookback / 60);

	if (!s) {
		fail(b, -ENOMEM, "listing: no memory");
		return;
	}
	s->from_minute = b->first_minute;
	if (b->setup.options->follow && cursor > back && cursor - back > s->from_minute)
		s->from_minute = cursor - back;
	s->newest = cursor;
	scope_start_at(s, s->from_minute);
	s->next = b->todo;
	b->todo = s;
}

static void push_below(struct bucket *b, const struct scope *s, const char *name)
{
	char prefix[1200];

	if (snprintf(prefix, sizeof prefix, "%s%s/", s->prefix, name) < (int)sizeof prefix)
		push(b, prefix, scope_level(prefix));
}

/* Scopes whose parts are known go without a list. Whether it was one. */
static bool expand(struct bucket *b, struct scope *s)
{
	const char *const *names = NULL;

	if (s->level == SCOPE_ACCOUNTS)
		names = b->setup.filter.accounts;
	else if (s->level == SCOPE_REGIONS)
		names = b->setup.filter.regions;
	if (s->level == SCOPE_ACCOUNT) {
		push_below(b, s, "CloudTrail");
		if (b->setup.filter.wants_insights)
			push_below(b, s, "CloudTrail-Insight");
		return true;
	}
	if (!names || !*names)
		return false;
	for (; *names; names++)
		push_below(b, s, *names);
	return true;
}

/* All of a scope is done with. */
static void scope_done(struct bucket *b, struct scope *s)
{
	struct scope **at = &b->listed;

	while (*at && *at != s)
		at = &(*at)->next;
	if (*at)
		*at = s->next;
	if (b->setup.options->follow && !s->has_failed && s->newest)
		finished_set_cursor(b->finished, s->hash, s->newest);
	(void)scope_free(s);
}

static void scope_check(struct bucket *b, struct scope *s)
{
	if (s->is_listed && s->n_open == 0)
		scope_done(b, s);
}

/* ---- objects ---- */

static void object_done(struct bucket *b, struct object *o)
{
	struct scope *s = o->owner;

	(void)object_free(o);
	b->n_open--;
	s->n_open--;
	scope_check(b, s);
}

/* Its records are on their way; it is finished when they are. */
static void object_read(struct bucket *b, struct object *o)
{
	o->next = NULL;
	o->try_at_ns = b->setup.flow->n_events;
	if (b->last_read)
		b->last_read->next = o;
	else
		b->read = o;
	b->last_read = o;
	b->n_read++;
}

static void settle(struct bucket *b)
{
	const uint64_t finished = flow_finished(b->setup.flow);
	struct object *o;

	while ((o = b->read) && o->try_at_ns <= finished) {
		b->read = o->next;
		if (!b->read)
			b->last_read = NULL;
		b->n_read--;
		finished_add(b->finished, o->hash, o->scope, o->minute);
		object_done(b, o);
	}
}

static bool is_tried_again(const struct object *o, enum object_end end)
{
	return (end == OBJECT_MISSING && o->tries < MISSING_TRIES) ||
	       (end == OBJECT_FAILED && o->tries < FAILED_TRIES);
}

static void bucket_ended(void *arg, struct object *o, enum object_end end, const char *why)
{
	struct bucket *b = arg;
	struct scope *s = o->owner;
	const bool again = is_tried_again(o, end);

	if (!again || end == OBJECT_FAILED)
		object_count(b->setup.stats, end);
	if (again) {
		objectlist_add_later(&b->objects, o, b->now_ns);
		return;
	}
	if (end != OBJECT_READ)
		logrecord_left_out(&b->setup.flow->records, o->name, why);
	if (end != OBJECT_FORBIDDEN && end != OBJECT_FAILED) {
		object_read(b, o);
		return;
	}
	s->has_failed = true; /* it will not be had in this round */
	object_done(b, o);
}

static struct object *bucket_take(void *arg)
{
	struct bucket *b = arg;

	return objectlist_take(&b->objects, b->now_ns);
}

/* ---- a page ---- */

struct page {
	struct bucket *b;
	struct scope *s;
	bool is_past; /* what comes is later than anything wanted */
};

static bool is_past(const struct bucket *b, const struct scope *s, const struct trailkey *k)
{
	return s->level == SCOPE_DAYS && k->time_len && *b->setup.filter.to &&
	       memcmp(k->time, b->setup.filter.to, TRAILKEY_TIME) > 0;
}

static void add_object(struct page *g, const struct listing_object *l, uint32_t minute)
{
	struct bucket *b = g->b;
	const uint64_t hash = finished_hash(l->key, l->etag);
	struct object *o;

	if (finished_has(b->finished, hash)) {
		b->setup.stats->objects_finished++;
		return;
	}
	o = object_new(b->setup.origin->bucket, l->key, NULL);
	if (!o) {
		fail(b, -ENOMEM, "listing: no memory");
		return;
	}
	o->hash = hash;
	o->scope = g->s->hash;
	o->minute = minute;
	o->owner = g->s;
	g->s->n_open++;
	b->n_open++;
	objectlist_add(&b->objects, o);
}

static void on_object(void *arg, const struct listing_object *l)
{
	struct page *g = arg;
	struct bucket *b = g->b;
	const struct trailkey k = trailkey_parse(l->key);
	const uint32_t minute = trailkey_minute(&k);

	b->setup.stats->keys++;
	g->is_past |= is_past(b, g->s, &k);
	if (trailkey_unwanted(&b->setup.filter, &k) || (minute && minute < g->s->from_minute)) {
		b->setup.stats->objects_skipped++;
		return;
	}
	if (l->is_archived) {
		b->setup.stats->objects_archived++;
		logrecord_left_out(&b->setup.flow->records, l->key, "in an archive");
		return;
	}
	if (minute > g->s->newest)
		g->s->newest = minute;
	add_object(g, l, minute);
}

/* Whether the part below is one of those that are wanted. */
static bool wants_part(const struct bucket *b, enum scope_level level, const char *prefix)
{
	const char *const *regions = b->setup.filter.regions;
	struct trailkey k;
	char key[1200];

	if (level == SCOPE_WHOLE)
		return false;
	if (level != SCOPE_DAYS || !regions || !*regions)
		return true;
	(void)snprintf(key, sizeof key, "%s.json", prefix);
	k = trailkey_parse(key);
	return !trailkey_unwanted(&b->setup.filter, &k);
}

static void on_prefix(void *arg, const char *prefix)
{
	struct page *g = arg;
	const enum scope_level level = scope_level(prefix);

	if (g->s->level != SCOPE_DAYS && g->s->level != SCOPE_WHOLE &&
	    wants_part(g->b, level, prefix))
		push(g->b, prefix, level);
}

static void list_failed(struct bucket *b, struct scope *s, const char *why, bool may_pass)
{
	const char *name = b->setup.origin->bucket;

	b->setup.stats->list_failed++;
	if (!b->has_worked && !may_pass) {
		fail(b, -EACCES, "listing 's3://%s/%s': %s", name, s->prefix, why);
		return;
	}
	gyr_log(b->setup.p, GYR_ERROR, "listing 's3://%s/%s': %s", name, s->prefix, why);
	s->has_failed = true;
}

static void tell_progress(const struct bucket *b, const struct scope *s)
{
	if (b->n_pages % PROGRESS_PAGES)
		return;
	gyr_log(b->setup.p, GYR_INFO, "listing 's3://%s/%s': %llu keys so far, %llu objects read",
		b->setup.origin->bucket, s->prefix, (unsigned long long)b->setup.stats->keys,
		(unsigned long long)b->setup.stats->objects);
}

/* The scope of the answer, off the list of those on their way. */
static struct scope *answered(struct bucket *b, int64_t id)
{
	struct scope *s = NULL;

	for (size_t i = 0; i < LISTS && !s; i++) {
		if (!b->listing[i] || b->ids[i] != id)
			continue;
		s = b->listing[i];
		b->listing[i] = NULL;
	}
	return s;
}

static void on_listed(void *arg, const struct aws_answer *a)
{
	struct bucket *b = arg;
	struct page g = {.b = b, .s = answered(b, a->id)};
	const struct listing_sink sink = {
		.on_object = on_object, .on_prefix = on_prefix, .arg = &g};
	struct scope *s = g.s;
	char why[700];

	(void)snprintf(why, sizeof why, "%d %s: %s", a->http_status, a->code, a->message);
	s->token[0] = '\0';
	if (a->http_status / 100 != 2 || *a->code)
		list_failed(b, s, why, a->retried_out);
	else if (listing_read(a->body, a->body_len, &sink, s->token) < 0)
		list_failed(b, s, "the answer is no list of objects", false);
	else
		b->has_worked = true;
	b->n_pages++;
	tell_progress(b, s);
	if (*s->token && !g.is_past && !b->fatal) {
		s->next = b->todo;
		b->todo = s;
		return;
	}
	s->is_listed = true;
	s->next = b->listed;
	b->listed = s;
	scope_check(b, s);
}

/* ---- lists ---- */

static bool ask(struct bucket *b, struct scope *s, size_t place)
{
	const bool is_tree = s->level != SCOPE_DAYS && s->level != SCOPE_WHOLE;
	struct aws_pair query[6] = {
		{"list-type", "2"}, {"encoding-type", "url"}, {"prefix", s->prefix}};
	struct aws_request rq = {.service = AWS_S3,
				 .method = "GET",
				 .bucket = b->setup.origin->bucket,
				 .query = query,
				 .n_query = 3,
				 .on_done = on_listed,
				 .arg = b};
	int64_t id;

	if (is_tree)
		query[rq.n_query++] = (struct aws_pair){"delimiter", "/"};
	if (*s->token)
		query[rq.n_query++] = (struct aws_pair){"continuation-token", s->token};
	else if (*s->after)
		query[rq.n_query++] = (struct aws_pair){"start-after", s->after};
	id = aws_client_send(b->setup.client, &rq);
	if (id <= 0)
		return false;
	b->setup.stats->list_calls++;
	b->round_calls++;
	b->listing[place] = s;
	b->ids[place] = id;
	return true;
}

static void list(struct bucket *b)
{
	for (size_t i = 0; i < LISTS && b->todo && b->objects.n < WAITING_MAX && !b->fatal;) {
		struct scope *s = b->todo;

		if (b->listing[i]) {
			i++;
			continue;
		}
		b->todo = s->next;
		if (!*s->token && expand(b, s)) {
			(void)scope_free(s);
			continue;
		}
		if (ask(b, s, i))
			continue;
		s->next = b->todo;
		b->todo = s;
		return;
	}
}

static bool is_listing(const struct bucket *b)
{
	for (size_t i = 0; i < LISTS; i++)
		if (b->listing[i])
			return true;
	return b->todo;
}

/* ---- rounds ---- */

static void begin_round(struct bucket *b)
{
	const char *prefix = b->setup.origin->prefix;
	char whole[sizeof b->setup.origin->prefix + 1];
	enum scope_level level = SCOPE_WHOLE;

	b->in_round = true;
	b->round_calls = 0;
	(void)snprintf(whole, sizeof whole, "%s%s", prefix,
		       *prefix && prefix[strlen(prefix) - 1] != '/' ? "/" : "");
	if (b->is_tree)
		level = scope_level(whole);
	push(b, level == SCOPE_WHOLE ? prefix : whole, level);
}

static void end_round(struct bucket *b)
{
	const struct cloud_options *o = b->setup.options;

	b->in_round = false;
	b->setup.stats->rounds++;
	if (!o->follow) {
		b->is_over = true;
		return;
	}
	finished_forget(b->finished, (uint32_t)(o->lookback / 60));
	b->round_at_ns = b->now_ns + o->s3Poll * second_ns;
	if (b->setup.stats->rounds == 1 && b->round_calls > COSTLY_CALLS)
		gyr_log(b->setup.p, GYR_WARN,
			"a round took %llu lists, each of which costs; a queue (sqs://) costs less",
			(unsigned long long)b->round_calls);
}

static int bucket_work(void *arg, uint64_t now_ns)
{
	struct bucket *b = arg;

	b->now_ns = now_ns;
	settle(b);
	if (b->is_over)
		return GYR_EOF;
	if (!b->in_round && now_ns >= b->round_at_ns)
		begin_round(b);
	if (b->in_round)
		list(b);
	/* In one go the end does not wait for records that are on their way: close() hears of them. */
	if (b->in_round && !is_listing(b) && !b->fatal &&
	    b->n_open == (b->setup.options->follow ? 0 : b->n_read))
		end_round(b);
	return b->fatal ? gyr_fail(b->setup.p, b->fatal, "%s", b->fatal_text) : 0;
}

static uint32_t bucket_progress(void *arg, struct gyr_text *out)
{
	const struct bucket *b = arg;
	const struct cloud_stats *stats = b->setup.stats;

	gyr_text_addf(out, "%llu keys listed, %llu objects read", (unsigned long long)stats->keys,
		      (unsigned long long)stats->objects);
	if (b->is_over)
		return 10000;
	if (b->setup.options->follow || is_listing(b) || !b->in_round || b->n_open == 0)
		return 0;
	return (uint32_t)(10000.0 * (double)stats->objects /
			  (double)(stats->objects + b->n_open + 1));
}

static struct scope *free_scopes(struct scope *s)
{
	for (struct scope *next; s; s = next) {
		next = s->next;
		(void)scope_free(s);
	}
	return NULL;
}

static void bucket_close(void *arg)
{
	struct bucket *b = arg;
	struct object *o;

	settle(b);
	for (size_t i = 0; i < LISTS; i++) {
		if (b->listing[i])
			aws_client_cancel(b->setup.client, b->ids[i]);
		(void)scope_free(b->listing[i]);
	}
	while ((o = b->read)) {
		b->read = o->next;
		(void)object_free(o);
	}
	objectlist_deinit(&b->objects);
	b->todo = free_scopes(b->todo);
	b->listed = free_scopes(b->listed);
	b->finished = finished_close(b->finished);
	free(b);
}

static uint64_t wall_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * second_ns + (uint64_t)t.tv_nsec;
}

/* Where scopes begin that have no cursor: the interval, or, in rounds, a time that is asked for. */
static int find_start(struct bucket *b)
{
	const struct cloud_options *o = b->setup.options;
	const uint64_t now_ns = wall_ns(), back = o->lookback * second_ns;
	uint64_t from = b->setup.from_ns, to;

	if (o->follow && strcmp(o->startPosition, "beginning") == 0)
		from = 0;
	else if (o->follow && *o->startPosition && strcmp(o->startPosition, "now") != 0) {
		if (interval_parse(o->startPosition, now_ns, &from, &to) < 0 || to != UINT64_MAX)
			return gyr_fail(b->setup.p, -EINVAL,
					"startPosition '%s': it has to be now, beginning, a span "
					"(5d) or an RFC 3339 time",
					o->startPosition);
	} else if (o->follow && (*o->startPosition || !from)) {
		from = now_ns > back ? now_ns - back : 0;
	}
	b->first_minute = (uint32_t)(from / minute_ns);
	return 0;
}

int bucket_open(const struct supply_setup *setup, struct supply *ret)
{
	const struct trailkey_filter *f = &setup->filter;
	struct bucket *b = calloc(1, sizeof *b);
	int r;

	if (!b)
		return gyr_fail(setup->p, -ENOMEM, "open: '%s': no memory", setup->params);
	b->setup = *setup;
	b->is_tree = setup->options->follow || *f->from || *f->to ||
		     (f->accounts && *f->accounts) || (f->regions && *f->regions);
	r = find_start(b);
	if (r == 0)
		r = finished_open(setup->p, setup->state_dir, setup->params, &b->finished);
	if (r < 0) {
		free(b);
		return r;
	}
	*ret = (struct supply){.work = bucket_work,
			       .take = bucket_take,
			       .ended = bucket_ended,
			       .progress = bucket_progress,
			       .close = bucket_close,
			       .arg = b};
	return 0;
}
