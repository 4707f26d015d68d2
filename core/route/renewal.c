#include "route/renewal.h"

#include <errno.h>
#include <time.h>

#include "route/output.h"

void renewal_init(struct renewal *r)
{
	atomic_init(&r->state, RENEWAL_IDLE);
	(void)sem_init(&r->answered, 0, 0);
}

void renewal_deinit(struct renewal *r)
{
	(void)sem_destroy(&r->answered);
}

bool renewal_is_idle(const struct renewal *r)
{
	return atomic_load(&r->state) == RENEWAL_IDLE;
}

int renewal_ask(struct renewal *r, const struct output_setup *next)
{
	if (!renewal_is_idle(r))
		return -EBUSY;
	r->next = next;
	r->err = (struct err)ERR_NULL;
	atomic_store(&r->state, RENEWAL_ASKED);
	return 0;
}

int renewal_await(struct renewal *r, unsigned timeout_ms, struct err *err)
{
	int asked = RENEWAL_ASKED;
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	while (sem_timedwait(&r->answered, &until) < 0 && errno == EINTR)
		continue;
	if (atomic_compare_exchange_strong(&r->state, &asked, RENEWAL_TRUSTED))
		return 0;
	while (sem_trywait(&r->answered) == 0) /* it came in the last moment */
		continue;
	if (asked != RENEWAL_FAILED) /* open, or the thread has ended */
		return 0;
	*err = r->err;
	atomic_store(&r->state, RENEWAL_IDLE);
	return r->result;
}

void renewal_decide(struct renewal *r, bool uses)
{
	int trusted = RENEWAL_TRUSTED, open = RENEWAL_OPEN;

	if (!uses && atomic_compare_exchange_strong(&r->state, &trusted, RENEWAL_REFUSED))
		return;
	(void)atomic_compare_exchange_strong(&r->state, &open, uses ? RENEWAL_USE : RENEWAL_DROP);
}

static void close_next(const struct renewal *r)
{
	if (r->next->sink.close)
		r->next->sink.close(r->next->sink.ctx);
}

/* Opens it, and looks whether somebody still waits for that. */
static int open_next(struct renewal *r)
{
	const struct sink *sink = &r->next->sink;
	int state = RENEWAL_ASKED;

	r->result = sink->open ? sink->open(sink->ctx, &r->err) : 0;
	if (atomic_compare_exchange_strong(&r->state, &state,
					   r->result < 0 ? RENEWAL_FAILED : RENEWAL_OPEN)) {
		(void)sem_post(&r->answered);
		return 0;
	}
	if (state == RENEWAL_TRUSTED)
		return r->result < 0 ? RENEWAL_E_LOST : RENEWAL_E_TAKE;
	if (r->result == 0)
		close_next(r);
	renewal_done(r);
	return 0;
}

int renewal_step(struct renewal *r)
{
	switch (atomic_load(&r->state)) {
	case RENEWAL_ASKED:
	case RENEWAL_TRUSTED:
		return open_next(r);
	case RENEWAL_USE:
		return RENEWAL_E_TAKE;
	case RENEWAL_DROP:
		close_next(r);
		renewal_done(r);
		return 0;
	case RENEWAL_REFUSED:
		renewal_done(r);
		return 0;
	default:
		return 0;
	}
}

void renewal_done(struct renewal *r)
{
	atomic_store(&r->state, RENEWAL_IDLE);
}

void renewal_end(struct renewal *r)
{
	const int state = atomic_load(&r->state);

	if (state == RENEWAL_OPEN || state == RENEWAL_USE || state == RENEWAL_DROP)
		close_next(r);
	renewal_done(r);
}
