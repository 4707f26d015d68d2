/* fdtab: an array for small numbers, a map for the others; see fdtab.h. */
#include "fdtab.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum {
	NEAR_FIRST = 16,
	NEAR_ALWAYS = 64,   /* numbers below this lie in the array */
	NEAR_MAX = 1 << 16, /* none beyond does */
};

/* Whether the array may grow for @num: then at least an eighth of it is in use. */
static bool is_near(const struct fdtab *t, int64_t num)
{
	return num < NEAR_ALWAYS || (num < NEAR_MAX && num / 4 < t->n);
}

static int grow(struct fdtab *t, struct pool *pool, int64_t num)
{
	uint32_t n = t->n_near ? t->n_near * 2 : NEAR_FIRST;
	struct fd **bigger;

	while (n <= num)
		n *= 2;
	bigger = pool_get(pool, n * sizeof(struct fd *));
	if (!bigger)
		return -ENOMEM;
	if (t->n_near)
		memcpy(bigger, t->near, t->n_near * sizeof(struct fd *));
	memset(bigger + t->n_near, 0, (n - t->n_near) * sizeof(struct fd *));
	pool_put(pool, t->near, t->n_near * sizeof(struct fd *));
	t->near = bigger;
	t->n_near = n;
	return 0;
}

int fdtab_add(struct fdtab *t, struct pool *pool, int64_t num, struct fd *f)
{
	int r = 0;

	if (num >= t->n_near && is_near(t, num))
		r = grow(t, pool, num);
	if (r)
		return r;
	if (num < t->n_near)
		t->near[num] = f;
	else
		r = imap_add(&t->far, num, f);
	t->n += r == 0;
	return r;
}

struct fd *fdtab_take(struct fdtab *t, int64_t num)
{
	struct fd *f = NULL;

	if ((uint64_t)num < t->n_near && t->near[num]) {
		f = t->near[num];
		t->near[num] = NULL;
	} else if (t->far.n) {
		f = imap_take(&t->far, num);
	}
	t->n -= f != NULL;
	return f;
}

struct fd *fdtab_next(const struct fdtab *t, uint32_t *at)
{
	struct fd *f = NULL;
	uint32_t far;

	while (!f && *at < t->n_near)
		f = t->near[(*at)++];
	if (f || !t->far.n)
		return f;
	far = *at - t->n_near;
	f = imap_next(&t->far, &far);
	*at = t->n_near + far;
	return f;
}

void fdtab_deinit(struct fdtab *t, struct pool *pool)
{
	pool_put(pool, t->near, t->n_near * sizeof(struct fd *));
	imap_deinit(&t->far);
	*t = (struct fdtab){0};
}
