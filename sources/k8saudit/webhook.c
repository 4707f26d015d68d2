#include "webhook.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auditedit.h"
#include "counters.h"

enum {
	WAIT_MS = 25, /* for an event, when there is none in hand */
	PLUGIN_ID = 1,
};

struct webhook {
	struct gyr *p;
	struct webhook_stats *stats;
	struct eventq *queue;
	struct hookserver *server;
	unsigned n_in_batch;
	bool is_ack_processed;
};

bool webhook_is_url(const char *params)
{
	return strncmp(params, "http://", 7) == 0 || strncmp(params, "https://", 8) == 0;
}

/* What rows of options cannot say. */
static int check(struct gyr *p, const struct webhook_options *o, bool is_ack_processed)
{
	if (o->queue_bytes < o->server.max_event + AUDITEDIT_MORE + EVENTQ_OVERHEAD)
		return gyr_fail(p, -EINVAL,
				"open: 'webhookQueueSize' is %llu and has no room for an event of "
				"'maxEventSize', %llu: make it larger, or the other smaller",
				(unsigned long long)o->queue_bytes,
				(unsigned long long)o->server.max_event);
	if (is_ack_processed && !gyr_host())
		return gyr_fail(p, -ENOTSUP,
				"open: 'ack: processed' needs a host that tells which events are "
				"finished; 'queue' does not");
	return 0;
}

int webhook_open(struct gyr *p, const struct webhook_options *options, struct webhook_stats *stats,
		 const char *url, struct webhook **ret)
{
	struct hookserver_setup setup = options->server;
	struct webhook *w;
	int r;

	setup.stats = stats;
	setup.is_ack_processed = strcmp(options->ack, WEBHOOK_ACK_PROCESSED) == 0;
	r = check(p, options, setup.is_ack_processed);
	if (r < 0)
		return r;
	w = calloc(1, sizeof *w);
	if (!w)
		return gyr_fail(p, -ENOMEM, "open: no memory");
	w->p = p;
	w->stats = stats;
	w->is_ack_processed = setup.is_ack_processed;
	r = eventq_new(options->queue_bytes, PLUGIN_ID, &w->queue);
	setup.queue = w->queue;
	if (r < 0)
		(void)gyr_fail(p, r, "open: 'webhookQueueSize': no memory");
	else
		r = hookserver_new(p, &setup, url, &w->server);
	if (r < 0) {
		(void)webhook_close(w);
		return r;
	}
	*ret = w;
	return 0;
}

/* What was promised and is not kept is said. */
static void account_for_the_rest(const struct webhook *w)
{
	const uint64_t n = eventq_left(w->queue);

	if (n == 0 || w->is_ack_processed)
		return;
	atomic_store(&w->stats->webhook_lost_at_close, n);
	gyr_log(w->p, GYR_WARN,
		"webhook: %llu events that were answered 200 are lost with the queue; with 'ack: "
		"processed' they would come again",
		(unsigned long long)n);
}

struct webhook *webhook_close(struct webhook *w)
{
	if (!w)
		return NULL;
	w->server = hookserver_free(w->server);
	if (w->queue)
		account_for_the_rest(w);
	w->queue = eventq_free(w->queue);
	free(w);
	return NULL;
}

void webhook_begin(struct webhook *w)
{
	eventq_release(w->queue);
	w->n_in_batch = 0;
}

int webhook_next(struct webhook *w, struct gyr_batch *out)
{
	ss_plugin_event *e = eventq_take(w->queue, w->n_in_batch ? 0 : WAIT_MS);

	if (!e)
		return GYR_TIMEOUT;
	w->n_in_batch++;
	return gyr_emit_ref(out, e);
}

void webhook_commit(struct webhook *w, uint64_t number)
{
	hookserver_finished(w->server, number);
}

uint32_t webhook_metrics(const struct webhook_stats *stats, ss_plugin_metric *ret, uint32_t cap)
{
	const struct counter rows[] = {
#define X(counter, what) {#counter, atomic_load(&stats->counter)},
		WEBHOOK_COUNTERS(X)
#undef X
	};

	return counters_metrics(rows, sizeof rows / sizeof *rows, ret, cap);
}
