#include "util/nearest.h"

#include "util/strmap.h"

void nearest_init(struct nearest *n, struct str wanted)
{
	*n = (struct nearest){.wanted = wanted};
	/* What wins must be below; of one letter nothing would be left. */
	n->best_distance = wanted.len < 2 ? 1 : wanted.len < 4 ? 2 : wanted.len < 9 ? 3 : 4;
}

void nearest_offer(struct nearest *n, struct str candidate)
{
	unsigned d = str_distance(n->wanted, candidate, n->best_distance - 1);

	if (d < n->best_distance) {
		n->best_distance = d;
		n->best = candidate;
	}
}

void nearest_hint(const struct nearest *n, struct err *err)
{
	if (n->best.len)
		err_hint(err, "did you mean '%.*s'?", STR_FMT(n->best));
}
