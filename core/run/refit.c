#include "run/refit.h"

#include <time.h>

#include "ruleset/interest.h"

static uint64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* 1: it does not want to know. */
static int tell(struct refit *f, const struct interest *i, struct err *err)
{
	const struct gyr_interest told = {
		.size = sizeof told,
		.n_codes = EVTTYPES_MAX,
		.events = i->events.bits,
		.named_events = i->named_events.bits,
		.generic = i->generic.bits,
		.named_generic = i->named_generic.bits,
		.needs = i->needs,
	};

	return source_interest(f->source, &told, err);
}

int refit_start(struct refit *f, struct err *err)
{
	const struct interest *next;
	int r;

	if (!pipeline_take(f->pipeline))
		return 0;
	next = pipeline_next_interest(f->pipeline);
	r = next ? tell(f, next, err) : 1;
	if (r < 0)
		return r;
	pipeline_swap(f->pipeline);
	return 0;
}

/* The new rules are used all the same: most of them can do with what the source looks at now. */
static void complain(const struct refit *f, const struct err *err)
{
	log_error(f->log, "reload: not all events that the new rules want are there: %s",
		  err->text);
}

static void widen(struct refit *f)
{
	const struct interest *now = pipeline_interest(f->pipeline);
	const struct interest *next = pipeline_next_interest(f->pipeline);
	struct err err = ERR_NULL;
	struct interest both;
	int r;

	if (!now || !next) {
		pipeline_swap(f->pipeline);
		return;
	}
	both = *now;
	interest_join(&both, next);
	r = tell(f, &both, &err);
	if (r < 0)
		complain(f, &err);
	if (r) {
		pipeline_swap(f->pipeline);
		return;
	}
	f->is_waiting = true;
	f->since = now_ns();
}

static void narrow(struct refit *f)
{
	struct err err = ERR_NULL;

	pipeline_swap(f->pipeline);
	f->is_waiting = false;
	if (tell(f, pipeline_interest(f->pipeline), &err) < 0)
		complain(f, &err);
}

void refit_between(struct refit *f, uint64_t last_ts)
{
	if (pipeline_take(f->pipeline))
		widen(f);
	else if (f->is_waiting && (last_ts == 0 || last_ts >= f->since))
		narrow(f);
}
