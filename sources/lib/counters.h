/*
 * counters: what a source counted, as metrics.
 *
 * Threads: any; no state.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <gyr/plugin.h>

struct counter {
	const char *name; /* outlives the metric */
	uint64_t value;
};

static inline ss_plugin_metric counter_metric(const struct counter *c)
{
	return (ss_plugin_metric){.name = c->name,
				  .type = SS_PLUGIN_METRIC_TYPE_MONOTONIC,
				  .value.u64 = c->value,
				  .value_type = SS_PLUGIN_METRIC_VALUE_TYPE_U64};
}

/* Those of the @n that are not zero, as far as @cap goes; how many. */
static inline uint32_t counters_metrics(const struct counter *counters, size_t n,
					ss_plugin_metric *ret, uint32_t cap)
{
	uint32_t told = 0;

	for (size_t i = 0; i < n && told < cap; i++)
		if (counters[i].value)
			ret[told++] = counter_metric(&counters[i]);
	return told;
}
