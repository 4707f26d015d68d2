/*
 * routines: one queue of routines that wait for a turn. A worker takes the first, lets go of the
 * lock for the turn, and puts it back at the end.
 */
#include "host/routines.h"

#include <errno.h>
#include <pthread.h>

#include "host/instance.h"
#include "util/mem.h"

struct routine {
	struct routine *next; /* in the queue */
	struct instance *instance;
	ss_plugin_routine_fn_t fn;
	ss_plugin_routine_state_t *state;
	bool is_running, is_gone;
};

struct routines {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct routine *first, *last;
	struct routine *all[ROUTINES_MAX]; /* subscribed and not gone */
	unsigned n, n_threads, n_started;
	bool is_ending;
	pthread_t threads[ROUTINES_MAX_THREADS];
};

static void enqueue(struct routines *p, struct routine *r)
{
	r->next = NULL;
	if (p->last)
		p->last->next = r;
	else
		p->first = r;
	p->last = r;
	pthread_cond_signal(&p->wake);
}

static struct routine *dequeue(struct routines *p)
{
	struct routine *r = p->first;

	p->first = r->next;
	if (!p->first)
		p->last = NULL;
	return r;
}

static void forget(struct routines *p, const struct routine *r)
{
	for (unsigned i = 0; i < p->n; i++) {
		if (p->all[i] != r)
			continue;
		p->all[i] = p->all[--p->n];
		return;
	}
}

/* One turn, without the lock. The routine is freed when that was its last. */
static void turn(struct routines *p, struct routine *r)
{
	bool goes_on;

	r->is_running = true;
	pthread_mutex_unlock(&p->lock);
	goes_on = r->fn(r->instance->state, r->state);
	pthread_mutex_lock(&p->lock);
	r->is_running = false;
	if (goes_on && !r->is_gone && !p->is_ending) {
		enqueue(p, r);
		return;
	}
	forget(p, r);
	mem_free(r);
}

static void *work(void *arg)
{
	struct routines *p = arg;

	pthread_mutex_lock(&p->lock);
	while (!p->is_ending) {
		struct routine *r;

		if (!p->first) {
			pthread_cond_wait(&p->wake, &p->lock);
			continue;
		}
		r = dequeue(p);
		if (r->is_gone)
			mem_free(r);
		else
			turn(p, r);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct routines *routines_new(unsigned n_threads)
{
	struct routines *p = mem_new(sizeof *p);

	if (!p)
		return NULL;
	p->n_threads = n_threads < 1 ? 1 : n_threads;
	if (p->n_threads > ROUTINES_MAX_THREADS)
		p->n_threads = ROUTINES_MAX_THREADS;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->wake, NULL);
	return p;
}

struct routines *routines_free(struct routines *p)
{
	if (!p)
		return NULL;
	pthread_mutex_lock(&p->lock);
	p->is_ending = true;
	pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->n_started; i++)
		(void)pthread_join(p->threads[i], NULL);
	while (p->first)
		mem_free(dequeue(p));
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	return mem_free(p);
}

/* As many threads as there are routines, up to the size of the pool. With the lock. */
static bool start_threads(struct routines *p)
{
	while (p->n_started < p->n_threads && p->n_started <= p->n &&
	       pthread_create(&p->threads[p->n_started], NULL, work, p) == 0)
		p->n_started++;
	return p->n_started > 0;
}

static const char *add(struct routines *p, struct routine *r)
{
	if (!r)
		return "no memory";
	if (p->n == ROUTINES_MAX)
		return "there are 256 already";
	if (p->is_ending)
		return "the capture is ending";
	if (!start_threads(p))
		return "no thread could be started";
	p->all[p->n++] = r;
	enqueue(p, r);
	return NULL;
}

static ss_plugin_routine_t *subscribe(ss_plugin_owner_t *owner, ss_plugin_routine_fn_t fn,
				      ss_plugin_routine_state_t *state)
{
	struct owner *o = owner;
	struct routines *p = o->services->routines;
	struct routine *r;
	const char *why;

	if (!p || !fn) {
		owner_fail(o, "subscribing a routine: %s", p ? "no function" : "no pool");
		return NULL;
	}
	r = mem_new(sizeof *r);
	if (r)
		*r = (struct routine){.instance = o->instance, .fn = fn, .state = state};
	pthread_mutex_lock(&p->lock);
	why = add(p, r);
	pthread_mutex_unlock(&p->lock);
	if (!why)
		return r;
	owner_fail(o, "subscribing a routine: %s", why);
	return mem_free(r);
}

static ss_plugin_rc unsubscribe(ss_plugin_owner_t *owner, ss_plugin_routine_t *routine)
{
	struct owner *o = owner;
	struct routines *p = o->services->routines;
	ss_plugin_rc rc = SS_PLUGIN_FAILURE;

	if (!p)
		return rc;
	pthread_mutex_lock(&p->lock);
	for (unsigned i = 0; i < p->n && rc != SS_PLUGIN_SUCCESS; i++) {
		struct routine *r = p->all[i];

		if (r != routine || r->instance != o->instance)
			continue;
		r->is_gone = true; /* a worker frees it */
		forget(p, r);
		rc = SS_PLUGIN_SUCCESS;
	}
	pthread_mutex_unlock(&p->lock);
	if (rc != SS_PLUGIN_SUCCESS)
		owner_fail(o, "unsubscribing a routine: it is not subscribed");
	return rc;
}

ss_plugin_routine_vtable *routines_lend(void)
{
	static ss_plugin_routine_vtable lent = {
		.subscribe = subscribe,
		.unsubscribe = unsubscribe,
	};

	return &lent;
}

unsigned routines_count(struct routines *p)
{
	unsigned n;

	pthread_mutex_lock(&p->lock);
	n = p->n;
	pthread_mutex_unlock(&p->lock);
	return n;
}
