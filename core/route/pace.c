#include "route/pace.h"

#include <stdlib.h>

void pace_init(struct pace *p, const struct pace_setup *setup, unsigned seed)
{
	*p = (struct pace){.setup = *setup, .seed = seed};
}

void pace_success(struct pace *p)
{
	p->state = PACE_CLOSED;
	p->bound_ms = 0;
	p->n_failures = 0;
}

void pace_failure(struct pace *p, uint64_t now_ms)
{
	const struct pace_setup *s = &p->setup;

	if (p->n_failures < UINT32_MAX)
		p->n_failures++;
	if (p->bound_ms == 0)
		p->bound_ms = s->pause_min_ms;
	else
		p->bound_ms = p->bound_ms < s->pause_max_ms / 2 ? p->bound_ms * 2 : s->pause_max_ms;
	if (s->failures == 0 || p->n_failures < s->failures)
		return;
	if (p->state != PACE_OPEN)
		p->n_opened++;
	p->state = PACE_OPEN;
	p->open_until_ms = now_ms + s->open_ms;
}

void pace_hold(struct pace *p, uint64_t now_ms)
{
	if (p->bound_ms == 0)
		p->bound_ms = p->setup.pause_min_ms;
	if (p->state != PACE_HALF_OPEN)
		return;
	p->state = PACE_OPEN;
	p->open_until_ms = now_ms + p->setup.open_ms;
}

uint32_t pace_wait_ms(struct pace *p, uint64_t now_ms)
{
	if (p->state == PACE_OPEN) {
		if (now_ms < p->open_until_ms)
			return (uint32_t)(p->open_until_ms - now_ms);
		p->state = PACE_HALF_OPEN;
		return 0;
	}
	if (p->state == PACE_HALF_OPEN || p->bound_ms == 0)
		return 0;
	return (uint32_t)rand_r(&p->seed) % p->bound_ms + 1;
}

const char *pace_state_name(enum pace_state s)
{
	static const char *const names[] = {"closed", "open", "half-open"};

	return names[s];
}
