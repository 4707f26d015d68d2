/*
 * prometheus: families of samples.
 *
 * All samples of a family stand together, so everything is written family by family, each over all
 * sources, outputs or rules.
 */
#include "report/prometheus.h"

#include <ctype.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "report/filehash.h"
#include "util/mem.h"

/* Types of families. Gauges that Falco calls "..._total" are untyped, for their name says that they
 * only grow, and their value does not. */
#define COUNTER "counter"
#define GAUGE "gauge"
#define UNTYPED "untyped"

static void family(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* "{a=\"x\"", and more labels with a comma; the value closes them. */
static void label(struct buf *b, const char *name, struct str value, bool first)
{
	buf_printf(b, "%c%s=\"", first ? '{' : ',', name);
	for (size_t i = 0; i < value.len; i++) {
		if (value.p[i] == '\n')
			buf_add_cstr(b, "\\n");
		else if (value.p[i] == '\\' || value.p[i] == '"')
			buf_printf(b, "\\%c", value.p[i]);
		else
			buf_add_char(b, value.p[i]);
	}
	buf_add_char(b, '"');
}

static void value_u64(struct buf *b, uint64_t v, bool labels)
{
	buf_add_cstr(b, labels ? "} " : " ");
	buf_add_u64(b, v);
	buf_add_char(b, '\n');
}

static void value_dbl(struct buf *b, double v, bool labels)
{
	buf_printf(b, "%s %.17g\n", labels ? "}" : "", v);
}

static void plain(struct buf *b, const char *name, const char *type, const char *help, uint64_t v)
{
	family(b, name, type, help);
	buf_add_cstr(b, name);
	value_u64(b, v, false);
}

static void plain_dbl(struct buf *b, const char *name, const char *type, const char *help, double v)
{
	family(b, name, type, help);
	buf_add_cstr(b, name);
	value_dbl(b, v, false);
}

static void info(struct buf *b, const char *name, const char *key, const char *text)
{
	family(b, name, GAUGE, "What is known under this name");
	buf_add_cstr(b, name);
	label(b, key, str_from(text), true);
	value_u64(b, 1, true);
}

/* --- the program and the host ----------------------------------------------------------------- */

static void write_files(const struct status *s, struct buf *b, const char *name, bool is_config)
{
	const struct filehashes *f = &s->engine->hashes;
	bool any = false;

	for (uint32_t i = 0; i < f->n; i++) {
		if (f->files[i].is_config != is_config)
			continue;
		if (!any)
			family(b, name, GAUGE, "SHA-256 of a file that was read");
		any = true;
		buf_add_cstr(b, name);
		label(b, "file_name", str_from(filehash_name(&f->files[i])), true);
		label(b, "sha256", str_from(f->files[i].hex), false);
		value_u64(b, 1, true);
	}
}

static void write_sources_info(const struct status *s, struct buf *b)
{
	family(b, "falcosecurity_evt_source_info", GAUGE, "An open event source");
	for (uint32_t i = 0; i < s->n_sources; i++) {
		const char *name = lane_source_name(s->sources[i].lane);
		bool again = false;

		for (uint32_t k = 0; k < i; k++)
			again |= strcmp(lane_source_name(s->sources[k].lane), name) == 0;
		if (again)
			continue;
		buf_add_cstr(b, "falcosecurity_evt_source_info");
		label(b, "evt_source", str_from(name), true);
		value_u64(b, 1, true);
	}
	family(b, "falcosecurity_scap_engine_name_info", GAUGE,
	       "The plugin behind an event source");
	for (uint32_t i = 0; i < s->n_sources; i++) {
		const struct lane *l = s->sources[i].lane;
		bool again = false;

		for (uint32_t k = 0; k < i; k++)
			again |= lane_opening(s->sources[k].lane)->plug == lane_opening(l)->plug;
		if (again)
			continue;
		buf_add_cstr(b, "falcosecurity_scap_engine_name_info");
		label(b, "engine_name", lane_opening(l)->plug->module->name, true);
		label(b, "evt_source", str_from(lane_source_name(l)), false);
		value_u64(b, 1, true);
	}
}

static void write_program(const struct status *s, struct buf *b)
{
	struct utsname u = {0};

	(void)uname(&u);
	info(b, "falcosecurity_falco_version_info", "version", GYR_VERSION);
	info(b, "falcosecurity_falco_kernel_release_info", "kernel_release", u.release);
	info(b, "falcosecurity_evt_hostname_info", "evt_hostname", s->engine->hostname);
	write_sources_info(s, b);
	write_files(s, b, "falcosecurity_falco_sha256_config_files_info", true);
	write_files(s, b, "falcosecurity_falco_sha256_rules_files_info", false);
	plain(b, "falcosecurity_falco_start_timestamp_nanoseconds", GAUGE, "When it started",
	      s->engine->start_ts);
	plain(b, "falcosecurity_falco_reload_timestamp_nanoseconds", GAUGE,
	      "When rules were taken up last", s->engine->reload_ts);
	plain(b, "falcosecurity_falco_host_boot_timestamp_nanoseconds", GAUGE,
	      "When the host started", s->proc.host_boot_ts);
	plain_dbl(b, "falcosecurity_falco_duration_seconds_total", COUNTER, "How long it runs",
		  s->duration_s);
	plain(b, "falcosecurity_falco_outputs_queue_num_drops_total", COUNTER,
	      "Alerts for which a queue had no room", s->n_queue_drops);
}

static void write_resources(const struct status *s, struct buf *b)
{
	const struct procinfo *p = &s->proc;

	plain(b, "falcosecurity_falco_host_num_cpus_total", UNTYPED, "CPUs of the host",
	      p->host_num_cpus);
	plain_dbl(b, "falcosecurity_falco_cpu_usage_ratio", GAUGE, "Of one CPU, since the start",
		  p->cpu_perc / 100);
	plain_dbl(b, "falcosecurity_falco_host_cpu_usage_ratio", GAUGE,
		  "Of all CPUs, since the host started", p->host_cpu_perc / 100);
	plain(b, "falcosecurity_falco_memory_rss_bytes", GAUGE, "Resident memory", p->rss_bytes);
	plain(b, "falcosecurity_falco_memory_vsz_bytes", GAUGE, "Virtual memory", p->vsz_bytes);
	plain(b, "falcosecurity_falco_memory_pss_bytes", GAUGE,
	      "Memory, its share of what is shared", p->pss_bytes);
	if (p->container_memory_used_bytes)
		plain(b, "falcosecurity_falco_container_memory_used_bytes", GAUGE,
		      "Memory of the control group", p->container_memory_used_bytes);
	plain(b, "falcosecurity_falco_host_memory_used_bytes", GAUGE, "Memory used on the host",
	      p->host_memory_used_bytes);
	plain(b, "falcosecurity_falco_host_procs_running_total", UNTYPED, "Running processes",
	      p->host_procs_running);
	plain(b, "falcosecurity_falco_host_open_fds_total", UNTYPED, "Open files of the host",
	      p->host_open_fds);
}

/* --- sources ---------------------------------------------------------------------------------- */

static void source_labels(const struct status_source *s, struct buf *b, const char *name)
{
	buf_add_cstr(b, name);
	label(b, "source", str_from(s->name), true);
	label(b, "evt_source", str_from(lane_source_name(s->lane)), false);
}

/* A counter of the vitals or of the status of each source. */
struct source_row {
	const char *name, *help;
	size_t in_vitals;
};

#define IN(member) offsetof(struct vitals_view, member)

static const struct source_row source_rows[] = {
	{"gyr_source_bytes_total", "Bytes of the events", IN(source.n_bytes)},
	{"gyr_source_batches_total", "Batches", IN(source.n_batches)},
	{"gyr_source_too_large_total", "Events skipped, larger than the limit",
	 IN(source.n_too_large)},
	{"gyr_source_malformed_total", "Events skipped, malformed", IN(source.n_malformed)},
	{"gyr_source_unsent_alerts_total", "Alerts too large to send", IN(pipeline.n_unsent)},
	{"gyr_source_extract_calls_total", "Calls for fields", IN(pipeline.fetch.n_calls)},
	{"gyr_source_extract_failed_total", "Failed extractions", IN(pipeline.fetch.n_failed)},
	{"gyr_source_values_malformed_total", "Malformed field values",
	 IN(pipeline.fetch.n_malformed)},
	{"gyr_source_values_too_large_total", "Field values too large",
	 IN(pipeline.fetch.n_too_large)},
};

static void write_source_rows(const struct status *s, struct buf *b)
{
	for (size_t r = 0; r < sizeof(source_rows) / sizeof(source_rows[0]); r++) {
		const struct source_row *row = &source_rows[r];

		family(b, row->name, COUNTER, row->help);
		for (uint32_t i = 0; i < s->n_sources; i++) {
			uint64_t v;

			memcpy(&v, (const char *)s->sources[i].vitals + row->in_vitals, sizeof(v));
			source_labels(&s->sources[i], b, row->name);
			value_u64(b, v, true);
		}
	}
}

static void write_sources(const struct status *s, struct buf *b)
{
	family(b, "gyr_source_up", GAUGE, "1 while the source is read");
	for (uint32_t i = 0; i < s->n_sources; i++) {
		source_labels(&s->sources[i], b, "gyr_source_up");
		value_u64(b, !s->sources[i].feed.is_ended, true);
	}
	family(b, "gyr_source_events_total", COUNTER, "Events");
	for (uint32_t i = 0; i < s->n_sources; i++) {
		source_labels(&s->sources[i], b, "gyr_source_events_total");
		value_u64(b, s->sources[i].feed.n_events, true);
	}
	family(b, "gyr_source_alerts_total", COUNTER, "Matches of rules");
	for (uint32_t i = 0; i < s->n_sources; i++) {
		source_labels(&s->sources[i], b, "gyr_source_alerts_total");
		value_u64(b, s->sources[i].n_alerts, true);
	}
	family(b, "gyr_source_last_event_age_seconds", GAUGE, "Time since the last event came");
	for (uint32_t i = 0; i < s->n_sources; i++) {
		if (s->sources[i].age_ms == UINT64_MAX)
			continue;
		source_labels(&s->sources[i], b, "gyr_source_last_event_age_seconds");
		value_dbl(b, (double)s->sources[i].age_ms / 1000, true);
	}
	write_source_rows(s, b);
}

/* Metrics of the system's own sources and of who keeps their state, known by these names. */
static const struct {
	const char *metric, *name, *type, *help;
	bool is_state; /* else of the kernel */
} system_rows[] = {
	{"n_evts", "falcosecurity_scap_n_evts_total", COUNTER, "Events the system saw", false},
	{"n_drops", "falcosecurity_scap_n_drops_total", COUNTER, "Events that were lost", false},
	{"n_preemptions", "falcosecurity_scap_n_preemptions_total", COUNTER, "Preemptions", false},
	{"n_drops_scratch_map", "falcosecurity_scap_n_drops_scratch_map_total", COUNTER,
	 "Lost for want of scratch memory", false},
	{"n_drops_page_faults", "falcosecurity_scap_n_drops_page_faults_total", COUNTER,
	 "Lost to page faults", false},
	{"n_drops_bug", "falcosecurity_scap_n_drops_bug_total", COUNTER, "Lost to a defect", false},
	{"n_threads", "falcosecurity_falco_n_threads_total", UNTYPED, "Threads that are known",
	 true},
	{"n_fds", "falcosecurity_falco_n_fds_total", UNTYPED, "File descriptors that are known",
	 true},
	{"n_added_fds", "falcosecurity_falco_n_added_fds_total", COUNTER, "Descriptors added",
	 true},
	{"n_removed_fds", "falcosecurity_falco_n_removed_fds_total", COUNTER, "Descriptors removed",
	 true},
	{"n_added_threads", "falcosecurity_falco_n_added_threads_total", COUNTER, "Threads added",
	 true},
	{"n_removed_threads", "falcosecurity_falco_n_removed_threads_total", COUNTER,
	 "Threads removed", true},
	{"n_drops_full_threadtable", "falcosecurity_falco_n_drops_full_threadtable_total", COUNTER,
	 "Threads for which the table had no room", true},
	{"n_failed_fd_lookups", "falcosecurity_falco_n_failed_fd_lookups_total", COUNTER,
	 "Descriptors that were asked for and not known", true},
	{"n_failed_thread_lookups", "falcosecurity_falco_n_failed_thread_lookups_total", COUNTER,
	 "Threads that were asked for and not known", true},
};

/* Places where a ring buffer loses events, as the label "drop" of one family names them. */
static const char *const buffer_drops[] = {"clone_fork", "execve", "connect",        "open",
					   "dir_file",   "close",  "other_interest", "proc"};

static void write_system(const struct status *s, struct buf *b)
{
	static const char family_name[] = "falcosecurity_scap_n_drops_buffer_total";
	const struct config *c = s->engine->config;
	bool has_state = config_bool(c, "metrics.state_counters_enabled");
	bool has_kernel = config_bool(c, "metrics.kernel_event_counters_enabled");
	bool is_told = false, any;

	for (size_t i = 0; i < sizeof(system_rows) / sizeof(system_rows[0]); i++) {
		uint64_t v = status_system_metric(s, system_rows[i].metric, &any);

		if (any && (system_rows[i].is_state ? has_state : has_kernel))
			plain(b, system_rows[i].name, system_rows[i].type, system_rows[i].help, v);
	}
	for (size_t i = 0; i < 2 * sizeof(buffer_drops) / sizeof(buffer_drops[0]); i++) {
		const char *dir = i % 2 ? "exit" : "enter";
		char metric[64];
		uint64_t v;

		(void)snprintf(metric, sizeof(metric), "n_drops_buffer_%s_%s", buffer_drops[i / 2],
			       dir);
		v = status_system_metric(s, metric, &any);
		if (!any || !has_kernel)
			continue;
		if (!is_told)
			family(b, family_name, COUNTER, "Events that a full buffer lost");
		is_told = true;
		buf_add_cstr(b, family_name);
		label(b, "drop", str_from(buffer_drops[i / 2]), true);
		label(b, "dir", str_from(dir), false);
		value_u64(b, v, true);
	}
}

/* --- plugins ---------------------------------------------------------------------------------- */

struct plugin_sample {
	const struct status_source *source;
	const struct vitals_metric *metric;
};

static int by_metric(const void *a, const void *b)
{
	const struct plugin_sample *x = a, *y = b;
	int r = strcmp(x->metric->name, y->metric->name);

	return r ? r : (x->source > y->source) - (x->source < y->source);
}

/* "falcosecurity_plugins_<plugin>_<metric>", "_total" behind what only grows. */
static void plugin_name(char *name, size_t size, const struct vitals_metric *m)
{
	size_t len = strlen(m->name);
	bool has_total = len > 6 && strcmp(m->name + len - 6, "_total") == 0;

	(void)snprintf(name, size, "falcosecurity_plugins_%s%s", m->name,
		       m->is_monotonic && !has_total ? "_total" : "");
	for (char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c))
			*c = '_';
}

static void write_plugin_sample(struct buf *b, const struct plugin_sample *p, bool is_first)
{
	const struct vitals_metric *m = p->metric;
	char name[VITALS_NAME + 48];

	plugin_name(name, sizeof(name), m);
	if (is_first)
		family(b, name, m->is_monotonic ? COUNTER : UNTYPED, "A metric of a plugin");
	source_labels(p->source, b, name);
	if (m->is_double)
		value_dbl(b, m->dbl, true);
	else if (m->is_signed && m->i64 < 0)
		buf_printf(b, "} %" PRId64 "\n", m->i64);
	else
		value_u64(b, status_metric(m), true);
}

static void write_plugins(const struct status *s, struct buf *b)
{
	uint32_t n = 0;
	struct plugin_sample *all;

	for (uint32_t i = 0; i < s->n_sources; i++)
		n += s->sources[i].vitals->n_metrics;
	all = mem_new((n + 1) * sizeof(*all));
	if (!all) {
		b->failed = true;
		return;
	}
	n = 0;
	for (uint32_t i = 0; i < s->n_sources; i++)
		for (uint32_t k = 0; k < s->sources[i].vitals->n_metrics; k++)
			all[n++] = (struct plugin_sample){&s->sources[i],
							  &s->sources[i].vitals->metrics[k]};
	qsort(all, n, sizeof(*all), by_metric);
	for (uint32_t i = 0; i < n; i++) {
		bool is_new = i == 0 || strcmp(all[i - 1].metric->name, all[i].metric->name) != 0;
		/* one plugin that tells a metric twice would make samples that cannot be told apart */
		bool is_again = !is_new && all[i - 1].source == all[i].source;

		if (!is_again)
			write_plugin_sample(b, &all[i], is_new);
	}
	(void)mem_free(all);
}

/* --- outputs ---------------------------------------------------------------------------------- */

static const struct {
	const char *name, *help;
	size_t at;
} output_rows[] = {
	{"gyr_output_accepted_total", "Alerts delivered",
	 offsetof(struct output_counters, n_accepted)},
	{"gyr_output_refused_total", "Alerts refused for good",
	 offsetof(struct output_counters, n_refused)},
	{"gyr_output_exhausted_total", "Alerts given up after too many tries",
	 offsetof(struct output_counters, n_exhausted)},
	{"gyr_output_dropped_total", "Alerts for which the queue had no room",
	 offsetof(struct output_counters, n_dropped)},
	{"gyr_output_retries_total", "Alerts offered again",
	 offsetof(struct output_counters, n_retries)},
	{"gyr_output_lost_total", "Alerts lost because time was up or nobody read",
	 offsetof(struct output_counters, n_lost)},
	{"gyr_output_dead_letters_total", "Alerts put into the dead letter file",
	 offsetof(struct output_counters, n_dead)},
	{"gyr_output_dead_letters_failed_total", "Alerts that could not be put there",
	 offsetof(struct output_counters, n_dead_failed)},
	{"gyr_output_circuit_opened_total", "Times the circuit opened",
	 offsetof(struct output_counters, n_opened)},
	{"gyr_output_stuck_total", "Sends that took too long",
	 offsetof(struct output_counters, n_stuck)},
	{"gyr_spool_written_total", "Alerts written into the spool",
	 offsetof(struct output_counters, spool.n_written)},
	{"gyr_spool_acknowledged_total", "Alerts of the spool that were delivered",
	 offsetof(struct output_counters, spool.n_acked)},
	{"gyr_spool_dropped_total", "Alerts of the spool removed to make room",
	 offsetof(struct output_counters, spool.n_dropped)},
	{"gyr_spool_full_total", "Writes refused for want of room in the spool",
	 offsetof(struct output_counters, spool.n_full)},
	{"gyr_spool_disk_full_total", "Writes refused for want of room on the disk",
	 offsetof(struct output_counters, spool.n_disk_full)},
	{"gyr_spool_failed_total", "Writes that failed for another reason",
	 offsetof(struct output_counters, spool.n_failed)},
	{"gyr_spool_damaged_total", "Damaged places passed over",
	 offsetof(struct output_counters, spool.n_damaged)},
	{"gyr_spool_missing_total", "Alerts that were damaged or are gone",
	 offsetof(struct output_counters, spool.n_missing)},
};

static void output_label(const struct status *s, uint32_t i, struct buf *b, const char *name)
{
	uint32_t n;
	struct output *const *list = outputs_list(s->engine->outputs, &n);

	buf_add_cstr(b, name);
	label(b, "output", str_from(output_name(list[i])), true);
}

static void write_outputs(const struct status *s, struct buf *b)
{
	for (size_t r = 0; r < sizeof(output_rows) / sizeof(output_rows[0]); r++) {
		family(b, output_rows[r].name, COUNTER, output_rows[r].help);
		for (uint32_t i = 0; i < s->n_outputs; i++) {
			uint64_t v;

			memcpy(&v, (const char *)&s->outputs[i] + output_rows[r].at, sizeof(v));
			output_label(s, i, b, output_rows[r].name);
			value_u64(b, v, true);
		}
	}
	family(b, "gyr_output_queue_alerts", GAUGE, "Alerts in the queue");
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		output_label(s, i, b, "gyr_output_queue_alerts");
		value_u64(b, s->outputs[i].depth, true);
	}
	family(b, "gyr_output_queue_bytes", GAUGE, "Memory of the alerts in the queue");
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		output_label(s, i, b, "gyr_output_queue_bytes");
		value_u64(b, s->outputs[i].depth_bytes, true);
	}
	family(b, "gyr_spool_alerts", GAUGE, "Alerts in the spool");
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		output_label(s, i, b, "gyr_spool_alerts");
		value_u64(b, s->outputs[i].spool.n_records, true);
	}
	family(b, "gyr_spool_bytes", GAUGE, "Bytes of the spool on disk");
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		output_label(s, i, b, "gyr_spool_bytes");
		value_u64(b, s->outputs[i].spool.n_bytes, true);
	}
	family(b, "gyr_output_circuit_open", GAUGE,
	       "1 while nothing is offered to the destination");
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		output_label(s, i, b, "gyr_output_circuit_open");
		value_u64(b, s->outputs[i].state == PACE_OPEN, true);
	}
}

/* --- rules ------------------------------------------------------------------------------------ */

/* "tag_<tag>", with what no label name holds as '_'. */
static void tag_label(struct buf *b, struct str tag)
{
	buf_add_cstr(b, ",tag_");
	for (size_t i = 0; i < tag.len; i++)
		buf_add_char(b, isalnum((unsigned char)tag.p[i]) ? tag.p[i] : '_');
	buf_add_cstr(b, "=\"true\"");
}

static bool is_same_label(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (a.p[i] != b.p[i] &&
		    (isalnum((unsigned char)a.p[i]) || isalnum((unsigned char)b.p[i])))
			return false;
	return true;
}

static void rule_labels(const struct ruleset *rs, const struct tally_row *t, struct buf *b)
{
	const struct rule *rule = ruleset_rule_find(rs, t->rule);

	label(b, "rule_name", t->rule, true);
	buf_printf(b, ",priority=\"%u\"", t->priority);
	if (!rule)
		return;
	label(b, "source", rs->sources[rule->source].name, false);
	for (uint32_t i = 0; i < rule->n_tags; i++) {
		bool again = false;

		for (uint32_t k = 0; k < i; k++)
			again |= is_same_label(rule->tags[k], rule->tags[i]);
		if (!again)
			tag_label(b, rule->tags[i]);
	}
}

static void rule_family(const struct status *s, struct buf *b, const char *name, const char *help,
			size_t at)
{
	const struct ruleset *rs = alert_plan_ruleset(s->engine->plan);

	family(b, name, COUNTER, help);
	for (const struct tally_row *t = s->engine->tally.first; t; t = t->next) {
		const _Atomic uint64_t *v = (const void *)((const char *)t + at);
		uint64_t n = atomic_load_explicit(v, memory_order_relaxed);

		if (n == 0)
			continue;
		buf_add_cstr(b, name);
		rule_labels(rs, t, b);
		value_u64(b, n, true);
	}
}

static void write_rules(const struct status *s, struct buf *b)
{
	rule_family(s, b, "falcosecurity_falco_rules_matches_total", "Matches of a rule",
		    offsetof(struct tally_row, n_alerts));
	rule_family(s, b, "gyr_rule_suppressed_total", "Alerts of a rule that were held back",
		    offsetof(struct tally_row, n_suppressed));
	rule_family(s, b, "gyr_rule_unrouted_total", "Alerts of a rule that no output gets",
		    offsetof(struct tally_row, n_unrouted));
	plain(b, "gyr_suppression_evicted_total", COUNTER, "Keys forgotten for want of room",
	      s->suppress.n_evicted);
	plain(b, "gyr_suppression_keys", GAUGE, "Keys remembered", s->suppress.n_keys);
}

void prometheus_write(const struct status *s, struct buf *b)
{
	const struct config *c = s->engine->config;

	write_program(s, b);
	if (config_bool(c, "metrics.resource_utilization_enabled"))
		write_resources(s, b);
	write_sources(s, b);
	write_system(s, b);
	if (config_bool(c, "metrics.plugins_metrics_enabled"))
		write_plugins(s, b);
	write_outputs(s, b);
	if (config_bool(c, "metrics.rules_counters_enabled"))
		write_rules(s, b);
}
