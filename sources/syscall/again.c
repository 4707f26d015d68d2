#include "again.h"

enum { MS = 1000000 };

bool again_is_due(struct again *a, uint64_t n_lost, uint64_t now)
{
	if (n_lost != a->n_lost) {
		a->n_lost = n_lost;
		a->last = now;
		if (!a->first)
			a->first = now;
	}
	return a->first && now >= a->not_before &&
	       (now - a->last >= (uint64_t)AGAIN_CALM_MS * MS ||
		now - a->first >= (uint64_t)AGAIN_PATIENCE_MS * MS);
}

void again_begin(struct again *a)
{
	a->first = 0;
}

void again_end(struct again *a, uint64_t now, uint64_t worked)
{
	const uint64_t pause = (uint64_t)AGAIN_PAUSE_MS * MS, share = worked * AGAIN_SHARE;

	a->not_before = now + (share > pause ? share : pause);
}
