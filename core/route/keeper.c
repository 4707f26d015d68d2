#include "route/keeper.h"

#include <errno.h>
#include <string.h>

#include "route/alert.h"
#include "route/ledger.h"
#include "util/clock.h"
#include "util/thread.h"

enum { FULL_PAUSE_MS = 100, COMPLAIN_MS = 60000 };

/* Once a minute at most: a full disk comes and goes. */
static void keeper_complain(struct keeper *k, int r)
{
	const uint64_t now = clock_ms();

	if (!r || (k->complained_ms && now < k->complained_ms + COMPLAIN_MS))
		return;
	k->complained_ms = now;
	log_error(k->log, "output '%s': spool: %s", k->name,
		  r == SPOOL_E_FULL ? "no room" : strerror(-r));
}

/* As outputs that deliver do: before a batch is written, and after. */
static void tell_sources(const struct keeper *k, struct alert *const *alerts, uint32_t n)
{
	struct ledger *last = NULL;

	for (uint32_t i = 0; i < n && k->is_required; i++)
		last = line_settle(alerts[i]->line, last);
}

/* Lets go of alerts. Their events are finished when they are in the spool or were dropped by the
 * policy, not when they are lost at the end. */
static void let_go(const struct keeper *k, struct alert *const *alerts, uint32_t n, bool finishes)
{
	for (uint32_t i = 0; i < n && k->is_required && finishes; i++)
		line_done(alerts[i]->line);
	tell_sources(k, alerts, n);
	alert_unref_all(alerts, n);
}

static void drop(struct keeper *k, struct alert *const *alerts, uint32_t n, bool is_end)
{
	(void)atomic_fetch_add(is_end ? k->n_lost : k->n_dropped, n);
	let_go(k, alerts, n, !is_end || atomic_load(k->is_retired));
}

/* What the policy makes of @n alerts for which there is no room. How many of them are done with. */
static uint32_t no_room(struct keeper *k, struct alert *const *alerts, uint32_t n,
			uint64_t *give_up_ms)
{
	const bool is_end = queue_is_closed(k->intake);

	if (k->policy == QUEUE_DROP_OLDEST && spool_drop_oldest(k->spool))
		return 0;
	if (k->policy != QUEUE_BLOCK) {
		drop(k, alerts, n, false);
		return n;
	}
	if (is_end && !*give_up_ms)
		*give_up_ms = clock_ms() + k->drain_ms;
	if (is_end && clock_ms() >= *give_up_ms) {
		drop(k, alerts, n, true);
		return n;
	}
	queue_pause(k->intake, FULL_PAUSE_MS);
	return 0;
}

static void keep(struct keeper *k, uint32_t n)
{
	uint64_t give_up_ms = 0;
	uint32_t i = 0, done = 0;

	while (k->spills && i < n && !spool_has_unread(k->spool) &&
	       queue_try(k->queue, k->taken[i]))
		i++;
	for (uint32_t v = i; v < n; v++)
		k->views[v] = &k->taken[v]->view;
	tell_sources(k, k->taken + i, n - i);
	while (i < n) {
		int r = spool_write(k->spool, k->views + i, n - i, &done);

		if (r == -EMSGSIZE) {
			drop(k, k->taken + i++, 1, false);
			continue;
		}
		keeper_complain(k, r);
		if (r) {
			i += no_room(k, k->taken + i, n - i, &give_up_ms);
			continue;
		}
		let_go(k, k->taken + i, done, true);
		i += done;
		queue_wake(k->queue);
	}
}

static void *keeper_main(void *arg)
{
	struct keeper *k = arg;
	uint32_t n = 0;
	int r = 0;

	while (r != QUEUE_E_CLOSED) {
		r = queue_take(k->intake, k->taken, k->batch_max, UINT32_MAX, &n);
		if (r == 0)
			keep(k, n);
	}
	queue_close(k->queue);
	return NULL;
}

int keeper_start(struct keeper *k)
{
	return thread_start(&k->thread, keeper_main, k);
}

void keeper_join(struct keeper *k)
{
	(void)pthread_join(k->thread, NULL);
}
