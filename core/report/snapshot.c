/*
 * snapshot: a status as fields.
 */
#include "report/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "report/netinfo.h"
#include "report/notices.h"
#include "report/status.h"
#include "route/notice.h"
#include "util/jsonw.h"
#include "util/mem.h"
#include "util/text.h"

#define RULE_SNAPSHOT "Falco internal: metrics snapshot"

/* What was counted at the snapshot before, by the first lane of an event source. */
struct before {
	uint64_t ts, n_events, n_system, n_drops;
};

struct snapshot {
	struct engine *engine;
	FILE *file; /* NULL: none */
	bool sends, has_empty, in_mb;
	bool has_rules, has_resources, has_state, has_kernel, has_cpus, has_bpf, has_iter,
		has_plugins;
	bool has_failed; /* the file was written to in vain, which was told */
	uint64_t interval_ms, n_samples;
	struct before before[ENGINE_MAX_LANES];
	/* Of the snapshot in hand. */
	struct arena arena;
	struct notice_field *fields;
	uint32_t n, size;
	bool failed;
};

/* --- fields ----------------------------------------------------------------------------------- */

static void put(struct snapshot *s, struct str name, struct str value, bool is_bare)
{
	if (s->n == s->size) {
		uint32_t size = s->size ? s->size * 2 : 256;
		void *p = mem_grow(s->fields, size, sizeof(*s->fields));

		if (!p) {
			s->failed = true;
			return;
		}
		s->fields = p;
		s->size = size;
	}
	s->fields[s->n++] = (struct notice_field){name, value, is_bare};
}

/* "prefix" and @name with nothing in it that a key should not hold. */
static struct str make_name(struct snapshot *s, const char *prefix, struct str name)
{
	struct str ret;
	struct buf b;

	buf_init(&b, 4096);
	buf_add_cstr(&b, prefix);
	text_metric_name(&b, name);
	ret = arena_str(&s->arena, buf_str(&b));
	buf_deinit(&b);
	s->failed |= !ret.p;
	return ret;
}

static void put_text(struct snapshot *s, const char *name, const char *value)
{
	if (value && *value)
		put(s, str_from(name), str_from(value), false);
}

static void put_u64_as(struct snapshot *s, struct str name, uint64_t value)
{
	const char *text;

	if (value == 0 && !s->has_empty)
		return;
	text = arena_printf(&s->arena, "%" PRIu64, value);
	s->failed |= !text || !name.p;
	if (text && name.p)
		put(s, name, str_from(text), true);
}

static void put_u64(struct snapshot *s, const char *name, uint64_t value)
{
	put_u64_as(s, str_from(name), value);
}

static void put_dbl(struct snapshot *s, const char *name, double value)
{
	const char *text;

	if (!(value > 0) && !s->has_empty)
		return;
	text = arena_printf(&s->arena, "%.1f", value);
	s->failed |= !text;
	if (text)
		put(s, str_from(name), str_from(text), true);
}

/* In MB under "<name>_mb", or as it is under the other name. */
static void put_memory(struct snapshot *s, const char *in_mb, const char *other, uint64_t bytes,
		       uint64_t unit)
{
	if (s->in_mb)
		put_dbl(s, in_mb, (double)bytes / 1048576);
	else
		put_u64(s, other, bytes / unit);
}

/* --- groups ----------------------------------------------------------------------------------- */

static void put_address(void *ctx, const char *interface, const char *protocol,
			const char *addresses)
{
	struct snapshot *s = ctx;
	const struct str name = make_name(s, "falco.host_netinfo.interfaces.", str_from(interface));
	const char *key =
		arena_printf(&s->arena, "%.*s.protocols.%s.addresses", STR_FMT(name), protocol);
	const struct str value = arena_str(&s->arena, str_from(addresses));

	s->failed |= !key || !value.p;
	if (key && value.p)
		put(s, str_from(key), value, false);
}

static void put_base(struct snapshot *s, const struct status *st, const char *source)
{
	const struct engine *e = s->engine;
	static struct utsname u;

	(void)uname(&u);
	put_u64(s, "evt.time", st->now_ts);
	put_text(s, "evt.hostname", e->hostname);
	put_text(s, "evt.source", source);
	put_text(s, "falco.version", GYR_VERSION);
	put_u64(s, "falco.start_ts", e->start_ts);
	put_u64(s, "falco.reload_ts", e->reload_ts);
	put_u64(s, "falco.duration_sec", (uint64_t)st->duration_s);
	put_text(s, "falco.kernel_release", u.release);
	put_u64(s, "falco.host_boot_ts", st->proc.host_boot_ts);
	put_u64(s, "falco.host_num_cpus", st->proc.host_num_cpus);
	netinfo_each(put_address, s);
	put_u64(s, "falco.outputs_queue_num_drops", st->n_queue_drops);
	for (uint32_t i = 0; i < e->hashes.n; i++) {
		const struct filehash *f = &e->hashes.files[i];
		struct str stem = str_from(filehash_name(f));
		const char *dot = strrchr(stem.p, '.');

		if (dot)
			stem.len = (size_t)(dot - stem.p);
		put(s,
		    make_name(s,
			      f->is_config ? "falco.sha256_config_file."
					   : "falco.sha256_rules_file.",
			      stem),
		    str_from(f->hex), false);
	}
}

static void put_rules(struct snapshot *s)
{
	uint64_t total = 0;

	for (const struct tally_row *t = s->engine->tally.first; t; t = t->next) {
		uint64_t n = atomic_load(&t->n_alerts);

		total += n;
		if (n)
			put_u64_as(s, make_name(s, "falco.rules.", t->rule), n);
	}
	put_u64(s, "falco.rules.matches_total", total);
}

static void put_resources(struct snapshot *s, const struct procinfo *p)
{
	put_dbl(s, "falco.cpu_usage_perc", p->cpu_perc);
	put_dbl(s, "falco.host_cpu_usage_perc", p->host_cpu_perc);
	put_memory(s, "falco.memory_rss_mb", "falco.memory_rss_kb", p->rss_bytes, 1024);
	put_memory(s, "falco.memory_vsz_mb", "falco.memory_vsz_kb", p->vsz_bytes, 1024);
	put_memory(s, "falco.memory_pss_mb", "falco.memory_pss_kb", p->pss_bytes, 1024);
	put_memory(s, "falco.host_memory_used_mb", "falco.host_memory_used_kb",
		   p->host_memory_used_bytes, 1024);
	put_memory(s, "falco.container_memory_used_mb", "falco.container_memory_used_bytes",
		   p->container_memory_used_bytes, 1);
	put_u64(s, "falco.host_procs_running", p->host_procs_running);
	put_u64(s, "falco.host_open_fds", p->host_open_fds);
}

/* Counters of those who keep the state of the system, which stand among the program's own. */
static const char *const state_names[] = {
	"n_threads",
	"n_fds",
	"n_noncached_fd_lookups",
	"n_cached_fd_lookups",
	"n_failed_fd_lookups",
	"n_added_fds",
	"n_removed_fds",
	"n_stored_evts",
	"n_store_evts_drops",
	"n_retrieved_evts",
	"n_retrieve_evts_drops",
	"n_noncached_thread_lookups",
	"n_cached_thread_lookups",
	"n_failed_thread_lookups",
	"n_added_threads",
	"n_removed_threads",
	"n_drops_full_threadtable",
};

static bool is_state(const char *name)
{
	for (size_t i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++)
		if (strcmp(name, state_names[i]) == 0)
			return true;
	return false;
}

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, const char *with)
{
	size_t n = strlen(text), w = strlen(with);

	return n > w && strcmp(text + n - w, with) == 0;
}

/* Counters of the kernel's side by how their names begin, or end where the text has a dot; the first
 * that fits counts. */
enum kernel_group { GROUP_ALL, GROUP_CPUS, GROUP_ITER, GROUP_BPF };

static const struct {
	const char *text;
	enum kernel_group group;
} kernel_names[] = {
	{"n_evts_cpu_", GROUP_CPUS},  {"n_drops_cpu_", GROUP_CPUS}, {"n_evts_task", GROUP_ITER},
	{"n_drops_task", GROUP_ITER}, {"n_evts", GROUP_ALL},        {"n_drops", GROUP_ALL},
	{"n_preemptions", GROUP_ALL}, {".run_cnt", GROUP_BPF},      {".run_time_ns", GROUP_BPF},
	{".avg_time_ns", GROUP_BPF},
};

/* The prefix under which a metric of a system source stands; NULL when its group is off; "" when it
 * is a metric of a plugin like others. */
static const char *system_prefix(const struct snapshot *s, const char *name)
{
	const bool has[] = {[GROUP_ALL] = s->has_kernel,
			    [GROUP_CPUS] = s->has_kernel && s->has_cpus,
			    [GROUP_ITER] = s->has_kernel && s->has_iter,
			    [GROUP_BPF] = s->has_bpf};

	if (is_state(name))
		return s->has_state ? "falco." : NULL;
	for (size_t i = 0; i < sizeof(kernel_names) / sizeof(kernel_names[0]); i++) {
		const char *text = kernel_names[i].text;

		if (*text == '.' ? ends(name, text) : starts(name, text))
			return has[kernel_names[i].group] ? "scap." : NULL;
	}
	return "";
}

static void put_metric(struct snapshot *s, const struct status_source *src,
		       const struct vitals_metric *m)
{
	const char *dot = strchr(m->name, '.'), *prefix = "", *name;

	if (dot && status_is_system(src))
		prefix = system_prefix(s, dot + 1);
	if (!prefix || (!*prefix && !s->has_plugins))
		return;
	name = *prefix ? arena_printf(&s->arena, "%s%s", prefix, dot + 1)
		       : arena_printf(&s->arena, "plugins.%s", m->name);
	s->failed |= !name;
	if (name && m->is_double)
		put_dbl(s, name, m->dbl);
	else if (name)
		put_u64(s, name, status_metric(m));
}

/* What a system source lost, in itself and against the snapshot before. */
static void put_kernel(struct snapshot *s, const struct status *st, struct before *b,
		       double seconds)
{
	bool any, any_drops;
	uint64_t n = status_system_metric(st, "n_evts", &any);
	uint64_t drops = status_system_metric(st, "n_drops", &any_drops);

	if (!s->has_kernel || (!any && !any_drops))
		return;
	put_u64(s, "scap.n_evts_prev", b->n_system);
	put_u64(s, "scap.n_drops_prev", b->n_drops);
	if (n)
		put_dbl(s, "scap.n_drops_perc", (double)drops / (double)n * 100);
	if (seconds > 0) {
		put_dbl(s, "scap.evts_rate_sec", (double)(n - b->n_system) / seconds);
		put_dbl(s, "scap.evts_drop_rate_sec", (double)(drops - b->n_drops) / seconds);
	}
	b->n_system = n;
	b->n_drops = drops;
}

/* --- one event source ------------------------------------------------------------------------- */

static void put_source(struct snapshot *s, const struct status *st, uint32_t first)
{
	const struct status_source *src = &st->sources[first];
	const char *source = lane_source_name(src->lane);
	struct before *b = &s->before[first];
	double seconds = b->ts ? (double)(st->now_ts - b->ts) / 1e9 : 0;
	uint64_t n = 0;
	const char *engine;

	for (uint32_t i = first; i < st->n_sources; i++) {
		const struct vitals_view *v = st->sources[i].vitals;

		if (strcmp(lane_source_name(st->sources[i].lane), source) != 0)
			continue;
		n += st->sources[i].feed.n_events;
		for (uint32_t k = 0; k < v->n_metrics; k++)
			put_metric(s, &st->sources[i], &v->metrics[k]);
	}
	put_u64(s, "falco.num_evts", n);
	put_u64(s, "falco.num_evts_prev", b->n_events);
	if (seconds > 0)
		put_dbl(s, "falco.evts_rate_sec", (double)(n - b->n_events) / seconds);
	engine = arena_printf(&s->arena, "%.*s",
			      STR_FMT(lane_opening(src->lane)->plug->module->name));
	put_text(s, "scap.engine_name", engine);
	if (status_is_system(src))
		put_kernel(s, st, b, seconds);
	b->ts = st->now_ts;
	b->n_events = n;
}

static void write_line(struct snapshot *s)
{
	struct buf b;
	struct jsonw w = {.b = &b};

	buf_init(&b, 16 << 20);
	jsonw_open(&w, NULL, '{');
	jsonw_open(&w, "output_fields", '{');
	for (uint32_t i = 0; i < s->n; i++) {
		struct notice_field *f = &s->fields[i];
		const char *name = f->name.p; /* all names here end with a NUL */

		if (f->is_bare)
			jsonw_bare(&w, name, f->value);
		else
			jsonw_text(&w, name, f->value);
	}
	jsonw_close(&w, '}');
	jsonw_u64(&w, "sample", s->n_samples);
	jsonw_close(&w, '}');
	buf_add_char(&b, '\n');
	if (b.failed || fwrite(b.p, 1, b.len, s->file) != b.len || fflush(s->file) != 0) {
		if (!s->has_failed)
			log_error(&s->engine->setup->log, "metrics: output_file: %s",
				  b.failed ? "no memory" : strerror(errno));
		s->has_failed = true;
		clearerr(s->file);
	}
	buf_deinit(&b);
}

static void take_source(struct snapshot *s, const struct status *st, uint32_t first)
{
	s->n = 0;
	s->failed = false;
	arena_reset(&s->arena);
	put_base(s, st, lane_source_name(st->sources[first].lane));
	if (s->has_resources)
		put_resources(s, &st->proc);
	put_source(s, st, first);
	if (s->has_rules)
		put_rules(s);
}

static void tell(struct snapshot *s, uint64_t ts)
{
	const struct notice n = {.rule = RULE_SNAPSHOT,
				 .priority = RULE_INFORMATIONAL,
				 .ts = ts,
				 .text = STR("Falco metrics snapshot"),
				 .n_fields = s->n,
				 .fields = s->fields};

	if (s->failed)
		return;
	if (s->sends)
		notices_send(s->engine, &n);
	if (s->file)
		write_line(s);
}

void snapshot_take(struct snapshot *s)
{
	struct status st;

	if (status_take(s->engine, &st) < 0)
		return;
	s->n_samples++;
	for (uint32_t i = 0; i < st.n_sources; i++) {
		bool is_first = true;

		for (uint32_t k = 0; k < i; k++)
			is_first &= strcmp(lane_source_name(st.sources[k].lane),
					   lane_source_name(st.sources[i].lane)) != 0;
		if (!is_first)
			continue;
		take_source(s, &st, i);
		tell(s, st.now_ts);
	}
	status_drop(&st);
}

/* --- up and down ------------------------------------------------------------------------------ */

static int open_file(struct snapshot *s, const char *path, struct err *err)
{
	s->file = fopen(path, "ae");
	if (s->file)
		return 0;
	err_set(err, 0, 0, "metrics.output_file '%s': %s", path, strerror(errno));
	return -EINVAL;
}

static int read_config(struct snapshot *s, const struct config *c, const char *path,
		       struct err *err)
{
	s->interval_ms = text_interval_ms(str_from(config_str(c, "metrics.interval")));
	if (s->interval_ms < SNAPSHOT_INTERVAL_MIN_MS) {
		err_set(err, 0, 0, "metrics.interval is a time such as 1h, at least %d ms",
			SNAPSHOT_INTERVAL_MIN_MS);
		return -EINVAL;
	}
	s->sends = config_bool(c, "metrics.output_rule");
	s->has_empty = config_bool(c, "metrics.include_empty_values");
	s->in_mb = config_bool(c, "metrics.convert_memory_to_mb");
	s->has_rules = config_bool(c, "metrics.rules_counters_enabled");
	s->has_resources = config_bool(c, "metrics.resource_utilization_enabled");
	s->has_state = config_bool(c, "metrics.state_counters_enabled");
	s->has_kernel = config_bool(c, "metrics.kernel_event_counters_enabled");
	s->has_cpus = config_bool(c, "metrics.kernel_event_counters_per_cpu_enabled");
	s->has_bpf = config_bool(c, "metrics.libbpf_stats_enabled");
	s->has_iter = config_bool(c, "metrics.kernel_iter_event_counters_enabled");
	s->has_plugins = config_bool(c, "metrics.plugins_metrics_enabled");
	return *path ? open_file(s, path, err) : 0;
}

int snapshot_new(struct engine *e, const struct config *c, const struct snapshot *old,
		 struct snapshot **ret, struct err *err)
{
	const char *path = config_str(c, "metrics.output_file");
	struct snapshot *s;
	int r;

	*ret = NULL;
	if (!config_bool(c, "metrics.enabled") ||
	    (!config_bool(c, "metrics.output_rule") && !*path))
		return 0;
	s = mem_new(sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->engine = e;
	if (old) {
		s->n_samples = old->n_samples;
		memcpy(s->before, old->before, sizeof(s->before));
	}
	r = read_config(s, c, path, err);
	if (r < 0) {
		(void)snapshot_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

struct snapshot *snapshot_free(struct snapshot *s)
{
	if (!s)
		return NULL;
	if (s->file)
		(void)fclose(s->file);
	(void)mem_free(s->fields);
	arena_deinit(&s->arena);
	return mem_free(s);
}

uint64_t snapshot_interval_ms(const struct snapshot *s)
{
	return s ? s->interval_ms : 0;
}
