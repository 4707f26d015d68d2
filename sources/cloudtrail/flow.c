/*
 * flow: a ring of marks, one a batch.
 */
#include "flow.h"

#include <errno.h>
#include <stdlib.h>

int flow_init(struct flow *f, struct gyr *p, const struct logfeed_kind *kind,
	      struct logfeed_stats *stats, uint64_t max_bytes)
{
	*f = (struct flow){.max_bytes = max_bytes, .is_shared = gyr_host()};
	f->marks = calloc(FLOW_MARKS, sizeof *f->marks);
	return logrecord_init(&f->records, p, kind, stats) < 0 || !f->marks ? -ENOMEM : 0;
}

void flow_deinit(struct flow *f)
{
	logrecord_deinit(&f->records);
	free(f->marks);
	f->marks = NULL;
}

uint64_t flow_finished(const struct flow *f)
{
	return atomic_load_explicit(&f->committed, memory_order_acquire);
}

void flow_begin(struct flow *f, struct gyr_batch *out)
{
	uint64_t finished = flow_finished(f);

	for (; f->tail < f->head && f->marks[f->tail % FLOW_MARKS].num <= finished; f->tail++)
		f->finished_bytes = f->marks[f->tail % FLOW_MARKS].bytes;
	f->out = out;
	f->begun_events = f->n_events;
	f->begun_bytes = f->n_bytes;
}

bool flow_end(struct flow *f)
{
	f->out = NULL;
	if (f->n_events == f->begun_events)
		return false;
	f->marks[f->head++ % FLOW_MARKS] = (struct flow_mark){f->n_events, f->n_bytes};
	return true;
}

bool flow_is_stuck(const struct flow *f)
{
	return f->n_bytes - f->finished_bytes > f->max_bytes ||
	       f->n_events - flow_finished(f) > FLOW_EVENTS || f->head - f->tail >= FLOW_MARKS;
}

bool flow_is_full(const struct flow *f)
{
	return !f->out || f->n_bytes - f->begun_bytes > FLOW_BATCH || flow_is_stuck(f);
}

int flow_emit(struct flow *f, const struct logrecord_input *in, const struct jsonsplit_record *rec)
{
	int r = logrecord_emit(&f->records, in, rec, f->out);

	if (r <= 0)
		return r;
	f->n_events++;
	f->n_bytes += rec->len;
	return 1;
}

void flow_commit(struct flow *f, uint64_t num)
{
	if (num > flow_finished(f))
		atomic_store_explicit(&f->committed, num, memory_order_release);
}

void flow_fetched(struct flow *f)
{
	if (!f->is_shared)
		flow_commit(f, f->n_events);
}
