/*
 * thread_cpu: time on a processor, as the scheduler's events and the regular counts of threads tell it.
 *
 * A switch says that the thread that ran on a processor since the switch before it stops; a procinfo
 * event says how much a thread has used in all, in hundredths of a second.
 */
#include "state.h"

#include "fields.h"

enum { SWITCH = 152, PROCINFO = 234 };

void parse_switch(struct state *s, struct cur *c)
{
	const int cpu = gyr_params_cpu(c->raw, &c->params);

	c->exec_ns = 0;
	if (cpu >= 0 && cpu < CPUS_MAX) {
		if (s->switched_ts[cpu] && c->raw->ts > s->switched_ts[cpu])
			c->exec_ns = c->raw->ts - s->switched_ts[cpu];
		s->switched_ts[cpu] = c->raw->ts;
	}
	if (!c->thread)
		return;
	c->thread->exec_total_ns += c->exec_ns;
	thread_set_usage(c->thread, &c->params, 1);
	thread_touch(c->thread);
}

void parse_procinfo(struct state *s, struct cur *c)
{
	(void)s;
	for (uint32_t i = 0; c->thread && i < CPU_KINDS; i++) {
		c->cpu_before[i] = c->thread->cpu[i];
		c->thread->cpu[i] = gyr_param_u64(&c->params, i, 0);
	}
}

FIELD_FN(thread_exectime)
{
	const struct cur *c = state_cur(p, evt);

	return gyr_set_u64(out, evt->type == SWITCH && c->is_parsed ? c->exec_ns : 0);
}

FIELD_FN(thread_totexectime)
{
	const struct thread *t = state_cur(p, evt)->thread;

	return t ? gyr_set_u64(out, t->exec_total_ns) : 0;
}

/* What was used since the count before, of the kinds from @from on; at most 100. */
static int set_used(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out,
		    uint32_t from, uint32_t n)
{
	const struct cur *c = state_cur(p, evt);
	uint64_t before = 0, now = 0;

	if (evt->type != PROCINFO || !c->thread || !c->is_parsed)
		return 0;
	for (uint32_t i = from; i < from + n; i++) {
		before += c->cpu_before[i];
		now += c->thread->cpu[i];
	}
	if (!before)
		return 0;
	return gyr_set_double(out, now - before > 100 ? 100 : (double)(now - before));
}

FIELD_FN(thread_cpu)
{
	return set_used(p, evt, out, CPU_USER, CPU_KINDS);
}

FIELD_FN(thread_cpu_user)
{
	return set_used(p, evt, out, CPU_USER, 1);
}

FIELD_FN(thread_cpu_system)
{
	return set_used(p, evt, out, CPU_SYSTEM, 1);
}
