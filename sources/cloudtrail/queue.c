/*
 * queue: objects as the messages of an SQS queue name them.
 *
 * SQS lends a message for its visibility time; who has not deleted it by then gets it again, or
 * somebody else does. So a message is deleted when all records of its objects are finished, and its
 * time is extended at half of it while it is worked on. Nothing about one message ends the source.
 */
#include "supply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/client.h"
#include "cloudstats.h"
#include "flow.h"
#include "message.h"
#include "notification.h"
#include "objectlist.h"
#include "sqs.h"

static const uint64_t second_ns = 1000000000;

enum {
	RECEIVERS_MAX = 16,
	LINGER_S = 1,             /* a delete waits for company so long */
	DELETE_TRIES = 8,         /* of one message */
	MISSING_TRIES = 3,        /* a message may be faster than its object */
	FORBIDDEN_S = 60,         /* when to look at it again */
	EXTEND_MAX_S = 11 * 3600, /* SQS lends a message for 12 hours in all */
	PAUSE_S = 5,              /* after a call that failed */
	GOODBYE_MS = 10000,       /* for the last calls */
	GOODBYE_STEP_MS = 100,
};

struct batch;

struct queue {
	struct supply_setup setup;
	struct sqs sqs;
	struct hand hand;
	struct objectlist objects;
	struct message_list read;   /* their records are on their way, in that order */
	struct message_list doomed; /* to be deleted */
	uint64_t now_ns, doomed_ns, try_at_ns, extend_at_ns;
	int64_t receiving[RECEIVERS_MAX]; /* 0: none */
	size_t n_receiving;
	struct batch *batches;       /* deletes on their way */
	size_t n_calls;              /* deletes and changes on their way */
	bool is_finding, has_worked; /* some call has: from then on no error is the last word */
	bool has_complained;
	char fatal[900]; /* why there is nothing to wait for; "": there is */
};

/* ---- errors of calls ---- */

static void call_failed(struct queue *q, const char *what, const struct aws_answer *a)
{
	const char *name = q->setup.origin->name;

	q->setup.stats->calls_failed++;
	q->try_at_ns = q->now_ns + PAUSE_S * second_ns;
	if (!q->has_worked && !a->retried_out) {
		(void)snprintf(q->fatal, sizeof q->fatal, "queue '%s': %s: %d %s: %s", name, what,
			       a->http_status, a->code, a->message);
		return;
	}
	if (!q->has_complained)
		gyr_log(q->setup.p, GYR_ERROR, "queue '%s': %s: %d %s: %s; trying again", name,
			what, a->http_status, a->code, a->message);
	q->has_complained = true;
}

static bool is_good(const struct aws_answer *a)
{
	return a->http_status / 100 == 2 && !*a->code;
}

static void call_worked(struct queue *q)
{
	if (q->has_complained)
		gyr_log(q->setup.p, GYR_NOTICE, "queue '%s': answers again", q->setup.origin->name);
	q->has_worked = true;
	q->has_complained = false;
}

/* ---- messages that are done with ---- */

/* A call about several messages. */
struct batch {
	struct queue *q;
	struct batch *next;
	struct message *messages[SQS_BATCH];
	size_t n;
};

static void deleted(struct queue *q, struct message *m, bool failed)
{
	if (!failed) {
		q->setup.stats->messages_deleted++;
		hand_drop(&q->hand, m);
		return;
	}
	q->setup.stats->calls_failed++;
	if (++m->tries < DELETE_TRIES) {
		message_list_add(&q->doomed, m);
		return;
	}
	gyr_log(q->setup.p, GYR_WARN, "message '%s': cannot be deleted, it will come again", m->id);
	hand_drop(&q->hand, m);
}

static void on_deleted(void *arg, const struct aws_answer *a)
{
	struct batch *b = arg;
	struct queue *q = b->q;
	struct batch **at = &q->batches;
	uint32_t failed = UINT32_MAX;

	q->n_calls--;
	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	if (!is_good(a) || sqs_read_failed(a->body, a->body_len, b->n, &failed) < 0)
		call_failed(q, "deleting messages", a);
	q->doomed_ns = q->now_ns; /* those that failed wait again */
	for (size_t i = 0; i < b->n; i++)
		deleted(q, b->messages[i], failed >> i & 1);
	free(b);
}

static void send_delete(struct queue *q)
{
	struct batch *b = calloc(1, sizeof *b);
	const char *receipts[SQS_BATCH];

	q->doomed_ns = q->now_ns;
	if (!b)
		return; /* later, then */
	b->q = q;
	while (b->n < SQS_BATCH && q->doomed.n) {
		b->messages[b->n] = message_list_take(&q->doomed);
		receipts[b->n] = b->messages[b->n]->receipt;
		b->n++;
	}
	if (sqs_delete(&q->sqs, receipts, b->n, on_deleted, b) < 0) {
		for (size_t i = 0; i < b->n; i++)
			message_list_add(&q->doomed, b->messages[i]);
		free(b);
		return;
	}
	b->next = q->batches;
	q->batches = b;
	q->n_calls++;
}

static void send_deletes(struct queue *q, bool all)
{
	size_t n = all ? (q->doomed.n + SQS_BATCH - 1) / SQS_BATCH : q->doomed.n / SQS_BATCH;

	if (n == 0 && q->doomed.n && q->now_ns - q->doomed_ns >= LINGER_S * second_ns)
		n = 1;
	while (n--)
		send_delete(q);
}

/* Nothing remains to be done about it. */
static void finish(struct queue *q, struct message *m)
{
	if (!q->setup.options->sqsDelete) {
		q->setup.stats->messages_kept++;
		hand_drop(&q->hand, m);
		return;
	}
	if (q->doomed.n == 0)
		q->doomed_ns = q->now_ns;
	message_list_add(&q->doomed, m);
}

/* ---- messages that stay invisible, or shall be seen again ---- */

static void on_changed(void *arg, const struct aws_answer *a)
{
	struct queue *q = arg;
	uint32_t failed = 0;

	q->n_calls--;
	if (!is_good(a) || sqs_read_failed(a->body, a->body_len, SQS_BATCH, &failed) < 0)
		call_failed(q, "changing the visibility of messages", a);
	q->setup.stats->calls_failed += (uint64_t)__builtin_popcount(failed);
}

static void change(struct queue *q, struct message *const *messages, size_t n, unsigned seconds)
{
	const char *receipts[SQS_BATCH];

	for (size_t i = 0; i < n; i++)
		receipts[i] = messages[i]->receipt;
	if (n > 0 &&
	    sqs_change(&q->sqs,
		       &(struct sqs_visibility){.receipts = receipts, .n = n, .seconds = seconds},
		       on_changed, q) >= 0)
		q->n_calls++;
}

static void leave(struct queue *q, struct message *m)
{
	q->setup.stats->messages_left++;
	if (m->is_forbidden)
		change(q, &m, 1, FORBIDDEN_S);
	hand_drop(&q->hand, m);
}

static void extend(struct queue *q)
{
	const unsigned v = (unsigned)q->setup.options->sqsVisibility;
	struct message *some[SQS_BATCH];
	size_t n = 0;

	q->extend_at_ns = q->now_ns + second_ns / 2;
	for (size_t i = 0; i < q->hand.n; i++) {
		struct message *m = q->hand.all[i];

		if (m->extend_ns > q->now_ns ||
		    q->now_ns - m->received_ns > EXTEND_MAX_S * second_ns)
			continue;
		m->extend_ns = q->now_ns + v * second_ns / 2;
		q->setup.stats->messages_extended++;
		some[n++] = m;
		if (n == SQS_BATCH) {
			change(q, some, n, v);
			n = 0;
		}
	}
	change(q, some, n, v);
}

/* ---- objects ---- */

static void note(struct queue *q, const char *name, const char *why)
{
	logrecord_left_out(&q->setup.flow->records, name, why);
}

static void message_read(struct queue *q, struct message *m)
{
	if (m->stays) {
		leave(q, m);
		return;
	}
	m->last_num = q->setup.flow->n_events;
	message_list_add(&q->read, m);
}

/* What became of an object decides whether its message comes again. */
static void judge(struct queue *q, struct message *m, enum object_end end)
{
	switch (end) {
	case OBJECT_CORRUPT:
		m->stays |= m->receives < q->setup.options->sqsMaxReceive;
		if (!m->stays)
			q->setup.stats->messages_given_up++;
		break;
	case OBJECT_FORBIDDEN:
		m->stays = m->is_forbidden = true;
		break;
	case OBJECT_FAILED:
		m->stays = true;
		break;
	default:
		break;
	}
}

static void queue_ended(void *arg, struct object *o, enum object_end end, const char *why)
{
	struct queue *q = arg;
	struct message *m = o->owner;

	if (end == OBJECT_MISSING && o->tries < MISSING_TRIES) {
		objectlist_add_later(&q->objects, o, q->now_ns);
		return;
	}
	object_count(q->setup.stats, end);
	judge(q, m, end);
	if (end != OBJECT_READ)
		note(q, o->name, why);
	(void)object_free(o);
	if (--m->n_left == 0)
		message_read(q, m);
}

static struct object *queue_take(void *arg)
{
	struct queue *q = arg;

	return objectlist_take(&q->objects, q->now_ns);
}

/* ---- receiving ---- */

static void add_object(struct queue *q, struct message *m, const struct notification_object *n)
{
	const struct trailkey k = trailkey_parse(n->key);
	struct object *o;

	if (trailkey_unwanted(&q->setup.filter, &k)) {
		q->setup.stats->objects_skipped++;
		return;
	}
	o = object_new(n->bucket, n->key, n->region);
	if (!o) {
		m->stays = true;
		return;
	}
	o->owner = m;
	m->n_left++;
	objectlist_add(&q->objects, o);
}

static void give_up_unknown(struct queue *q, struct message *m, const struct sqs_message *raw,
			    const char *why)
{
	char hash[AWS_HASH_HEX], name[128];

	q->setup.stats->messages_unknown++;
	(void)snprintf(name, sizeof name, "message %.100s", m->id);
	note(q, name, why);
	if (m->receives <= q->setup.options->sqsMaxReceive) {
		leave(q, m);
		return;
	}
	aws_sha256_hex(raw->body, raw->body_len, hash);
	gyr_log(q->setup.p, GYR_WARN,
		"message %.100s: received %u times and not understood: given up (SHA-256 of its "
		"body: %s)",
		m->id, m->receives, hash);
	q->setup.stats->messages_given_up++;
	finish(q, m);
}

static void take_message(struct queue *q, struct message *m, const struct sqs_message *raw)
{
	struct notification n;

	if (notification_parse(raw->body, raw->body_len, &n) < 0) {
		leave(q, m);
		return;
	}
	if (n.kind == NOTIFICATION_UNKNOWN) {
		give_up_unknown(q, m, raw, n.why);
		return;
	}
	for (size_t i = 0; i < n.n; i++)
		add_object(q, m, &n.objects[i]);
	notification_deinit(&n);
	if (m->n_left > 0)
		return;
	if (m->stays) {
		leave(q, m);
		return;
	}
	q->setup.stats->messages_empty++;
	finish(q, m);
}

static void on_message(void *arg, const struct sqs_message *raw)
{
	struct queue *q = arg;
	const uint64_t half = q->setup.options->sqsVisibility * second_ns / 2;
	struct message *m = hand_find(&q->hand, raw->id);

	q->setup.stats->messages++;
	if (m) { /* its time was over before it was extended: the new receipt is the one that counts */
		q->setup.stats->messages_again++;
		m->extend_ns = q->now_ns + half;
		if (raw->receives >= m->receives && message_renew(m, raw->receipt))
			m->receives = raw->receives; /* answers may overtake one another */
		return;
	}
	m = hand_add(&q->hand, raw->id, raw->receipt);
	if (!m) {
		q->setup.stats->messages_left++;
		return;
	}
	m->receives = raw->receives;
	m->received_ns = q->now_ns;
	m->extend_ns = q->now_ns + half;
	take_message(q, m, raw);
}

static void forget_receive(struct queue *q, int64_t id)
{
	for (size_t i = 0; i < RECEIVERS_MAX; i++)
		if (q->receiving[i] == id) {
			q->receiving[i] = 0;
			q->n_receiving--;
			return;
		}
}

static void on_received(void *arg, const struct aws_answer *a)
{
	struct queue *q = arg;

	forget_receive(q, a->id);
	if (is_good(a) && sqs_read_messages(a->body, a->body_len, on_message, q) >= 0)
		call_worked(q);
	else
		call_failed(q, "receiving messages", a);
}

static void receive(struct queue *q)
{
	const struct cloud_options *o = q->setup.options;
	const struct sqs_receive how = {.messages = (unsigned)o->sqsMessages,
					.wait_s = (unsigned)o->sqsWait,
					.visibility_s = (unsigned)o->sqsVisibility};

	/* What cannot be worked on soon is better left to others. */
	while (q->n_receiving < o->sqsReceivers && q->objects.n < o->s3DownloadConcurrency &&
	       q->hand.n + (q->n_receiving + 1) * SQS_BATCH <= HAND_MAX &&
	       !flow_is_stuck(q->setup.flow)) {
		int64_t id = sqs_receive(&q->sqs, &how, on_received, q);
		size_t i = 0;

		if (id <= 0)
			return;
		while (q->receiving[i])
			i++;
		q->receiving[i] = id;
		q->n_receiving++;
	}
}

static void on_found(void *arg, const struct aws_answer *a)
{
	struct queue *q = arg;

	q->is_finding = false;
	if (!is_good(a) || sqs_read_url(a->body, a->body_len, q->sqs.url) < 0)
		call_failed(q, "looking for its URL", a);
}

static void find(struct queue *q)
{
	const struct origin *o = q->setup.origin;
	const char *account =
		*q->setup.options->sqsOwnerAccount ? q->setup.options->sqsOwnerAccount : o->account;

	q->is_finding = sqs_find(&q->sqs, o->name, account, on_found, q) > 0;
}

/* ---- the supply ---- */

/* Messages whose records are all finished. */
static void settle(struct queue *q)
{
	const uint64_t finished = flow_finished(q->setup.flow);

	while (q->read.n && q->read.first->last_num <= finished)
		finish(q, message_list_take(&q->read));
}

static int queue_work(void *arg, uint64_t now_ns)
{
	struct queue *q = arg;

	q->now_ns = now_ns;
	settle(q);
	send_deletes(q, false);
	if (now_ns >= q->extend_at_ns)
		extend(q);
	if (*q->fatal)
		return gyr_fail(q->setup.p, -EACCES, "%s", q->fatal);
	if (now_ns < q->try_at_ns || q->is_finding)
		return 0;
	if (*q->sqs.url)
		receive(q);
	else
		find(q);
	return 0;
}

static uint32_t queue_progress(void *arg, struct gyr_text *out)
{
	const struct queue *q = arg;

	gyr_text_addf(out, "%llu messages, %zu in hand, %llu objects",
		      (unsigned long long)q->setup.stats->messages, q->hand.n,
		      (unsigned long long)q->setup.stats->objects);
	return 0; /* there is no end */
}

static bool is_listed(const struct message_list *l, const struct message *m)
{
	for (const struct message *x = l->first; x; x = x->next)
		if (x == m)
			return true;
	return false;
}

/* Those that are not done with are for others, at once. Who is being deleted is in no list any more,
 * but has tried or has no objects left; showing it again fails, or costs a duplicate. */
static void release(struct queue *q)
{
	struct message *some[SQS_BATCH];
	size_t n = 0;

	for (size_t i = 0; i < q->hand.n; i++) {
		struct message *m = q->hand.all[i];

		if (m->n_left == 0 && !is_listed(&q->read, m))
			continue;
		some[n++] = m;
		if (n == SQS_BATCH) {
			change(q, some, n, 0);
			n = 0;
		}
	}
	change(q, some, n, 0);
}

static void queue_close(void *arg)
{
	struct queue *q = arg;
	uint64_t end = supply_now_ns() + (uint64_t)GOODBYE_MS * 1000000;

	for (size_t i = 0; i < RECEIVERS_MAX; i++)
		aws_client_cancel(q->setup.client, q->receiving[i]);
	q->now_ns = supply_now_ns();
	settle(q);
	send_deletes(q, true);
	release(q);
	while (q->n_calls > 0 && supply_now_ns() < end)
		if (aws_client_run(q->setup.client, GOODBYE_STEP_MS) < 0)
			break;
	for (struct batch *b; (b = q->batches); free(b))
		q->batches = b->next;
	objectlist_deinit(&q->objects);
	hand_deinit(&q->hand);
	free(q);
}

int queue_open(const struct supply_setup *setup, struct supply *ret)
{
	struct queue *q = calloc(1, sizeof *q);

	if (!q)
		return gyr_fail(setup->p, -ENOMEM, "open: '%s': no memory", setup->params);
	q->setup = *setup;
	/* Whether a file is old does not matter: it is in the queue because it is new there. */
	q->setup.filter.from[0] = q->setup.filter.to[0] = '\0';
	q->sqs = (struct sqs){.client = setup->client,
			      .region = *setup->origin->region ? setup->origin->region : NULL,
			      .keeps_host =
				      *setup->options->endpoint || *setup->options->endpoint_sqs};
	memcpy(q->sqs.url, setup->origin->url, sizeof setup->origin->url);
	*ret = (struct supply){.work = queue_work,
			       .take = queue_take,
			       .ended = queue_ended,
			       .progress = queue_progress,
			       .close = queue_close,
			       .arg = q};
	return 0;
}
