/*
 * loop: a thin cover over libuv.
 *
 * Handles live in one array inside the loop, so that nothing is freed while libuv still holds it:
 * loop_free() closes all, runs the loop until it has let go, and only then frees.
 */
#include "sched/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <uv.h>

#include "util/mem.h"

enum { LOOP_HANDLES = 16 };

struct handle {
	union {
		uv_handle_t any;
		uv_signal_t sig;
		uv_timer_t timer;
	};
	loop_fn fn;
	void *ctx;
};

struct loop {
	uv_loop_t uv;
	uv_async_t wake;
	loop_fn wake_fn;
	void *wake_ctx;
	struct handle handles[LOOP_HANDLES];
	uint32_t n_handles;
};

static void on_wake(uv_async_t *a)
{
	struct loop *l = a->data;

	if (l->wake_fn)
		l->wake_fn(l->wake_ctx);
}

static void on_signal(uv_signal_t *s, int signum)
{
	struct handle *h = s->data;

	(void)signum;
	h->fn(h->ctx);
}

static void on_timer(uv_timer_t *t)
{
	struct handle *h = t->data;

	h->fn(h->ctx);
}

int loop_new(struct loop **ret)
{
	struct loop *l = mem_new(sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	r = uv_loop_init(&l->uv);
	if (r < 0) {
		(void)mem_free(l);
		return r;
	}
	r = uv_async_init(&l->uv, &l->wake, on_wake);
	if (r < 0) {
		(void)uv_loop_close(&l->uv);
		(void)mem_free(l);
		return r;
	}
	l->wake.data = l;
	*ret = l;
	return 0;
}

struct loop *loop_free(struct loop *l)
{
	if (!l)
		return NULL;
	uv_close((uv_handle_t *)&l->wake, NULL);
	for (uint32_t i = 0; i < l->n_handles; i++)
		uv_close(&l->handles[i].any, NULL);
	(void)uv_run(&l->uv, UV_RUN_DEFAULT);
	(void)uv_loop_close(&l->uv);
	return mem_free(l);
}

static struct handle *handle_take(struct loop *l, loop_fn fn, void *ctx)
{
	struct handle *h;

	if (l->n_handles == LOOP_HANDLES)
		return NULL;
	h = &l->handles[l->n_handles++];
	h->fn = fn;
	h->ctx = ctx;
	return h;
}

int loop_on_signal(struct loop *l, int signum, loop_fn fn, void *ctx)
{
	struct handle *h = handle_take(l, fn, ctx);

	if (!h)
		return -ENOSPC;
	(void)uv_signal_init(&l->uv, &h->sig);
	h->sig.data = h;
	return uv_signal_start(&h->sig, on_signal, signum);
}

static int timer_start(struct loop *l, uint64_t ms, bool again, struct handle *h)
{
	if (!h)
		return -ENOSPC;
	(void)uv_timer_init(&l->uv, &h->timer);
	h->timer.data = h;
	return uv_timer_start(&h->timer, on_timer, ms, again ? ms : 0);
}

int loop_every(struct loop *l, uint64_t ms, loop_fn fn, void *ctx)
{
	return timer_start(l, ms, true, handle_take(l, fn, ctx));
}

int loop_change(struct loop *l, uint64_t ms, loop_fn fn, void *ctx)
{
	for (uint32_t i = 0; i < l->n_handles; i++) {
		struct handle *h = &l->handles[i];

		if (h->any.type != UV_TIMER || h->fn != fn || h->ctx != ctx)
			continue;
		return ms ? uv_timer_start(&h->timer, on_timer, ms, ms) : uv_timer_stop(&h->timer);
	}
	return ms ? loop_every(l, ms, fn, ctx) : 0;
}

int loop_after(struct loop *l, uint64_t ms, loop_fn fn, void *ctx)
{
	return timer_start(l, ms, false, handle_take(l, fn, ctx));
}

void loop_on_wake(struct loop *l, loop_fn fn, void *ctx)
{
	l->wake_fn = fn;
	l->wake_ctx = ctx;
}

void loop_wake(struct loop *l)
{
	(void)uv_async_send(&l->wake);
}

void loop_run(struct loop *l)
{
	(void)uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *l)
{
	uv_stop(&l->uv);
}
