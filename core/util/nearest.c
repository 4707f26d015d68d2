#include "util/nearest.h"

#include <stdlib.h>

enum {
	NEAREST_LEN_MAX = 64, /* longer words are not compared */
};

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Three rolling rows of the usual table. */
static unsigned distance(struct str a, struct str b)
{
	unsigned row[3][NEAREST_LEN_MAX + 1];
	size_t i, j;

	for (j = 0; j <= b.len; j++)
		row[0][j] = (unsigned)j;
	for (i = 1; i <= a.len; i++) {
		unsigned *now = row[i % 3], *up = row[(i - 1) % 3], *up2 = row[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (j = 1; j <= b.len; j++) {
			unsigned cost = a.p[i - 1] != b.p[j - 1];

			now[j] = min3(up[j] + 1, now[j - 1] + 1, up[j - 1] + cost);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
			    a.p[i - 2] == b.p[j - 1] && up2[j - 2] + 1 < now[j])
				now[j] = up2[j - 2] + 1;
		}
	}
	return row[a.len % 3][b.len];
}

void nearest_init(struct nearest *n, struct str wanted)
{
	*n = (struct nearest){.wanted = wanted};
	n->best_distance = wanted.len < 4 ? 2 : wanted.len < 9 ? 3 : 4; /* must be below */
}

void nearest_offer(struct nearest *n, struct str candidate)
{
	struct str w = n->wanted;
	size_t gap = w.len > candidate.len ? w.len - candidate.len : candidate.len - w.len;
	unsigned d;

	if (w.len == 0 || w.len > NEAREST_LEN_MAX || candidate.len > NEAREST_LEN_MAX ||
	    gap >= n->best_distance)
		return;
	d = distance(w, candidate);
	if (d < n->best_distance) {
		n->best_distance = d;
		n->best = candidate;
	}
}
