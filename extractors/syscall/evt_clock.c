/*
 * evt_clock: the time of an event beside that of others.
 *
 * Each of the deltatime fields counts from the event that it was asked of before; asked twice of one event
 * it answers the same.
 */
#include <time.h>

#include "fields.h"

enum { NS_MS = 1000000, NS_S = 1000000000 };

static uint64_t since_last(struct gyr *p, const struct gyr_event *evt, enum since which)
{
	struct since_last *x = &((struct state *)gyr_state(p))->since[which];

	if (x->num == evt->num)
		return x->delta;
	x->delta = x->num && evt->ts > x->ts ? evt->ts - x->ts : 0;
	x->num = evt->num;
	x->ts = evt->ts;
	return x->delta;
}

FIELD_FN(evt_deltatime)
{
	return gyr_set_u64(out, since_last(p, evt, SINCE_ALL));
}

FIELD_FN(evt_deltatime_s)
{
	return gyr_set_u64(out, since_last(p, evt, SINCE_S) / NS_S);
}

FIELD_FN(evt_deltatime_ns)
{
	return gyr_set_u64(out, since_last(p, evt, SINCE_NS) % NS_S);
}

/* How far the event is from the time in the argument, in milliseconds that have begun. */
FIELD_FN(evt_around)
{
	const uint64_t at = out->arg_index;

	if (at == UINT64_MAX)
		return 0;
	const uint64_t far = evt->ts > at ? evt->ts - at : at - evt->ts;
	return gyr_set_u64(out, far / NS_MS + (far % NS_MS != 0));
}

FIELD_FN(evt_outputtime)
{
	const time_t sec = (time_t)(evt->ts / NS_S);
	char text[16];
	struct tm tm;

	if (!localtime_r(&sec, &tm) || !strftime(text, sizeof text, "%H:%M:%S", &tm))
		return 0;
	return gyr_set_fmt(out, "%s.%09u", text, (unsigned)(evt->ts % NS_S));
}

FIELD_FN(util_cnt)
{
	return gyr_set_u64(out, ++((struct state *)gyr_state(p))->n_asked);
}
