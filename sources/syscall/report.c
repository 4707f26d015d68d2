#include "report.h"

#include <stdio.h>

struct rows {
	ss_plugin_metric *at;
	uint32_t n, cap;
};

static void add(struct rows *r, const char *name, uint64_t value, ss_plugin_metric_type type)
{
	if (r->n == r->cap)
		return;
	r->at[r->n++] = (ss_plugin_metric){.name = name,
					   .type = type,
					   .value_type = SS_PLUGIN_METRIC_VALUE_TYPE_U64,
					   .value = {.u64 = value}};
}

static void count(struct rows *r, const char *name, uint64_t value)
{
	add(r, name, value, SS_PLUGIN_METRIC_TYPE_MONOTONIC);
}

/* What kind of event was lost because its ring was full. */
static const struct {
	const char *name;
	enum wire_class class;
} classes[] = {
	{"n_drops_buffer_clone_fork_exit", WIRE_CLASS_CLONE_FORK},
	{"n_drops_buffer_execve_exit", WIRE_CLASS_EXECVE},
	{"n_drops_buffer_connect_exit", WIRE_CLASS_CONNECT},
	{"n_drops_buffer_open_exit", WIRE_CLASS_OPEN},
	{"n_drops_buffer_dir_file_exit", WIRE_CLASS_DIR_FILE},
	{"n_drops_buffer_other_interest_exit", WIRE_CLASS_OTHER_INTEREST},
	{"n_drops_buffer_close_exit", WIRE_CLASS_CLOSE},
	{"n_drops_buffer_proc_exit", WIRE_CLASS_PROC_EXIT},
};

static uint64_t sum(const uint64_t *counts)
{
	uint64_t n = 0;

	for (int c = 0; c < WIRE_CLASSES; c++)
		n += counts[c];
	return n;
}

static void totals(struct rows *r, const struct drv_counters *c)
{
	count(r, "n_evts", c->sent + c->dropped);
	count(r, "n_drops", c->dropped);
	count(r, "n_drops_buffer_total", sum(c->dropped_by[WIRE_DROP_RING]));
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		count(r, classes[i].name, c->dropped_by[WIRE_DROP_RING][classes[i].class]);
	count(r, "n_drops_scratch_map", sum(c->dropped_by[WIRE_DROP_SCRATCH]));
	count(r, "n_drops_compat", sum(c->dropped_by[WIRE_DROP_COMPAT]));
	count(r, "n_drops_page_faults", 0); /* parameters are lost to them, never events */
	count(r, "n_drops_bug", c->malformed);
	count(r, "n_params_page_faults", c->faults);
	count(r, "n_params_truncated", c->truncated);
	count(r, "n_guarded", c->guarded);
	count(r, "n_late", c->late);
	add(r, "ebpf_enabled", 1, SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC);
	add(r, "ring_bytes", c->ring_bytes, SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC);
}

static void scan_rows(struct rows *r, const struct report *from)
{
	count(r, "scan_processes", from->scan->processes);
	count(r, "scan_threads", from->scan->threads);
	count(r, "scan_fds", from->scan->fds);
	count(r, "scan_vanished", from->scan->vanished);
	count(r, "scan_unreadable", from->scan->unreadable);
	count(r, "scan_cut", from->scan->cut);
	count(r, "scan_refused", from->scan->refused);
	count(r, "scan_settled", from->settled);
	count(r, "scan_again", from->again);
}

static void cpu_rows(struct rows *r, const struct report *from, uint32_t n_cpus)
{
	for (uint32_t cpu = 0; cpu < n_cpus && cpu < REPORT_CPUS; cpu++) {
		const struct wire_cpu *w = drv_counters_cpu(from->driver, cpu);
		uint64_t dropped = 0;

		if (!w)
			continue;
		for (int d = 0; d < WIRE_DROPS; d++)
			dropped += sum((const uint64_t *)w->dropped[d]);
		count(r, from->names->evts[cpu], sum((const uint64_t *)w->sent) + dropped);
		count(r, from->names->drops[cpu], dropped);
	}
}

void report_names(struct report_names *ret)
{
	for (unsigned cpu = 0; cpu < REPORT_CPUS; cpu++) {
		(void)snprintf(ret->evts[cpu], REPORT_NAME, "n_evts_cpu_%u", cpu);
		(void)snprintf(ret->drops[cpu], REPORT_NAME, "n_drops_cpu_%u", cpu);
	}
}

uint32_t report_metrics(const struct report *from, ss_plugin_metric *ret, uint32_t cap)
{
	struct rows r = {.at = ret, .cap = cap};
	struct drv_counters c;

	drv_counters(from->driver, &c);
	totals(&r, &c);
	scan_rows(&r, from);
	cpu_rows(&r, from, c.cpus);
	return r.n;
}
