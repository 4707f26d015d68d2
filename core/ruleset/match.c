/*
 * match: the rules of one source as a plan, run for one thread, and replanned from what it sees.
 *
 * Replanning takes longer than an event may wait, so a thread of its own does it; the result is taken
 * up between two events. At most one such thread runs.
 */
#include "ruleset/match.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "filter/eval.h"
#include "plan/plan.h"
#include "ruleset/impl.h"
#include "util/mem.h"

/* A modelled saving below this is not worth the change. */
#define GAIN_MIN 0.15

enum {
	CHECK_EVERY = PLAN_FIRST, /* events between two thoughts of replanning */
	REPLAN_PAUSE_S = 30,
	/* At first something is learned of the traffic sooner: when this many times as many events were seen
	 * as before, until they are so many. */
	EARLY_FACTOR = 8,
	EARLY_MAX = CHECK_EVERY * EARLY_FACTOR * EARLY_FACTOR * EARLY_FACTOR,
};

/* A plan and the memory to run it. */
struct planned {
	struct plan *plan;
	struct plan_run *run;
};

struct matcher {
	struct ruleset *rs;
	const struct ruleset_source *source;
	struct eval *eval;         /* for templates */
	const struct rule **found; /* room for all rules of the source */
	struct plan_rule *rules;
	struct planned planned;
	struct evttypes busy;    /* events that some rule is about */
	bool others_busy;        /* the same for codes that no table knows */
	const uint32_t *numbers; /* of the rules that matched last */
	/* Replanning. */
	uint32_t n_events;
	uint32_t early_at; /* events after which the pause does not count */
	time_t replanned_at;
	bool is_replanning;
	pthread_t thread;
	struct planned next; /* made by the thread */
	atomic_bool is_done; /* the thread has nothing left to do */
};

static void planned_free(struct planned *p)
{
	p->run = plan_run_free(p->run);
	p->plan = plan_free(p->plan);
}

static int planned_make(const struct matcher *m, const struct plan_stats *stats,
			struct planned *ret_planned)
{
	struct planned p = {NULL, NULL};
	int r = plan_new(m->rules, m->source->n_rules, stats, &p.plan);

	if (r == 0)
		r = plan_run_new(p.plan, &p.run);
	if (r < 0) {
		planned_free(&p);
		return r;
	}
	*ret_planned = p;
	return 0;
}

static int fill(struct matcher *m)
{
	const struct ruleset_source *s = m->source;
	int r;

	m->eval = eval_new();
	m->found = mem_new((s->n_rules + 1) * sizeof(struct rule *));
	m->rules = mem_new((s->n_rules + 1) * sizeof *m->rules);
	if (!m->eval || !m->found || !m->rules)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->n_rules; i++) {
		m->rules[i].expr = s->rules[i]->expr;
		m->rules[i].types = s->rules[i]->events;
	}
	r = planned_make(m, NULL, &m->planned);
	for (uint16_t code = 0; r == 0 && code < EVTTYPES_MAX; code++)
		if (!plan_is_idle(m->planned.run, code))
			evttypes_add(&m->busy, code);
	m->others_busy = r == 0 && !plan_is_idle(m->planned.run, EVTTYPES_MAX);
	return r;
}

int matcher_new(struct ruleset *rs, struct str source, struct matcher **ret)
{
	const struct ruleset_source *s = ruleset_source_find(rs, source);
	struct matcher *m;
	int r;

	if (!s)
		return -ENOENT;
	m = mem_new(sizeof *m);
	if (!m)
		return -ENOMEM;
	m->rs = ruleset_ref(rs);
	m->source = s;
	m->early_at = CHECK_EVERY;
	r = fill(m);
	if (r < 0) {
		matcher_free(m);
		return r;
	}
	*ret = m;
	return 0;
}

/* Waits for the thread and forgets what it worked from. */
static void replan_join(struct matcher *m)
{
	if (!m->is_replanning)
		return;
	(void)pthread_join(m->thread, NULL);
	m->is_replanning = false;
}

struct matcher *matcher_free(struct matcher *m)
{
	if (!m)
		return NULL;
	replan_join(m);
	planned_free(&m->next);
	planned_free(&m->planned);
	eval_free(m->eval);
	mem_free(m->found);
	mem_free(m->rules);
	ruleset_unref(m->rs);
	return mem_free(m);
}

const struct ruleset_source *matcher_source(const struct matcher *m)
{
	return m->source;
}

struct eval *matcher_eval(struct matcher *m)
{
	return m->eval;
}

const struct plan *matcher_plan(const struct matcher *m)
{
	return m->planned.plan;
}

const struct plan_run *matcher_plan_run(const struct matcher *m)
{
	return m->planned.run;
}

void matcher_time(struct matcher *m)
{
	plan_run_time(m->planned.run);
}

/* What was learned is read while the source thread goes on learning; it does not change the plan at
 * work before this thread is done. */
static void *replan(void *arg)
{
	struct matcher *m = arg;
	struct plan_stats *learned = plan_run_learned(m->planned.run);

	/* without memory for a better plan the one at work goes on */
	if (learned && plan_gain(m->planned.plan, learned) > GAIN_MIN)
		(void)planned_make(m, learned, &m->next);
	plan_stats_free(learned);
	atomic_store_explicit(&m->is_done, true, memory_order_release);
	return NULL;
}

static time_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static void replan_start(struct matcher *m)
{
	m->replanned_at = now_s();
	while (m->early_at <= m->n_events && m->early_at < UINT32_MAX)
		m->early_at = m->early_at < EARLY_MAX ? m->early_at * EARLY_FACTOR : UINT32_MAX;
	atomic_store_explicit(&m->is_done, false, memory_order_relaxed);
	m->is_replanning = pthread_create(&m->thread, NULL, replan, m) == 0;
}

/* Takes up what the thread made. */
static void replan_take(struct matcher *m)
{
	replan_join(m);
	if (!m->next.plan)
		return;
	plan_run_inherit(m->next.run, m->planned.run);
	planned_free(&m->planned);
	m->planned = m->next;
	m->next = (struct planned){NULL, NULL};
}

/* Once in many events: begins to replan, or takes up what was replanned. */
static __attribute__((noinline)) void think(struct matcher *m)
{
	if (m->is_replanning) {
		if (atomic_load_explicit(&m->is_done, memory_order_acquire))
			replan_take(m);
	} else if (m->n_events >= m->early_at || now_s() - m->replanned_at >= REPLAN_PAUSE_S) {
		replan_start(m);
	}
}

/* Numbers of rules become rules. */
static __attribute__((noinline)) uint32_t found(struct matcher *m, const uint32_t *numbers,
						uint32_t n)
{
	eval_reset(m->eval);
	for (uint32_t i = 0; i < n; i++)
		m->found[i] = m->source->rules[numbers[i]];
	return n;
}

bool matcher_is_idle(const struct matcher *m, uint16_t type)
{
	return !(type < EVTTYPES_MAX ? evttypes_has(&m->busy, type) : m->others_busy);
}

uint32_t matcher_run(struct matcher *m, const struct event *evt, const struct fetch *fetch,
		     const struct rule *const **ret_rules)
{
	uint32_t n;

	*ret_rules = m->found;
	if (matcher_is_idle(m, evt->type))
		return 0;
	if (++m->n_events % CHECK_EVERY == 0)
		think(m);
	n = plan_match(m->planned.run, evt, fetch, !m->rs->match_all, &m->numbers);
	return n ? found(m, m->numbers, n) : 0;
}
