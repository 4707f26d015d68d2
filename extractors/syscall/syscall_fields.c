/*
 * syscall_fields: what can be asked of a system call event.
 *
 * The parser half sees every event first and keeps the state that a question may need: threads,
 * their open files, users (state.h). The extractor half answers from the event at hand and that
 * state. Each field is a row of fields.def that names its function; functions live in files by class.
 */
#include <gyr/plugin.h>

#include "accounts.h"
#include "fields.h"
#include "hostnames.h"
#include "state.h"
#include "statedump.h"
#include "statetables.h"

FIELD_FN(absent)
{
	return 0;
}

static int fields_init(struct gyr *p)
{
	struct state *s = gyr_state(p);

	state_init(s);
	s->accounts = accounts_new(s->root);
	return statetables_init(p, s);
}

static void fields_destroy(struct gyr *p)
{
	struct state *s = gyr_state(p);

	state_clear(s);
	statetables_deinit(s);
	s->hostnames = hostnames_free(s->hostnames);
	s->accounts = accounts_free(s->accounts);
}

static uint32_t fields_metrics(struct gyr *p, ss_plugin_metric *ret, uint32_t cap)
{
	const struct state *s = gyr_state(p);
	struct lookups_counters names = {0}, accounts = {0};

	if (s->hostnames)
		hostnames_count(s->hostnames, &names);
	if (s->accounts)
		accounts_count(s->accounts, &accounts);
	const struct {
		const char *name;
		ss_plugin_metric_type type;
		uint64_t n;
	} rows[] = {
		{"n_threads", SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC, s->threads.n},
		{"n_fds", SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC, s->n_fds},
		{"threads_aged", SS_PLUGIN_METRIC_TYPE_MONOTONIC, s->counters.threads_aged},
		{"threads_found", SS_PLUGIN_METRIC_TYPE_MONOTONIC, s->counters.threads_found},
		{"threads_swept", SS_PLUGIN_METRIC_TYPE_MONOTONIC, s->counters.threads_swept},
		{"fds_found", SS_PLUGIN_METRIC_TYPE_MONOTONIC, s->counters.fds_found},
		{"fds_swept", SS_PLUGIN_METRIC_TYPE_MONOTONIC, s->counters.fds_swept},
		{"threads_refused", SS_PLUGIN_METRIC_TYPE_MONOTONIC, s->counters.threads_refused},
		{"fds_refused", SS_PLUGIN_METRIC_TYPE_MONOTONIC, s->counters.fds_refused},
		{"users_refused", SS_PLUGIN_METRIC_TYPE_MONOTONIC, s->counters.users_refused},
		{"ifaces_refused", SS_PLUGIN_METRIC_TYPE_MONOTONIC, s->counters.ifaces_refused},
		{"no_memory", SS_PLUGIN_METRIC_TYPE_MONOTONIC, s->counters.no_memory},
		{"bad_events", SS_PLUGIN_METRIC_TYPE_MONOTONIC, s->counters.bad_events},
		{"hostnames", SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC, names.n_known},
		{"hostnames_waiting", SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC, names.n_waiting},
		{"hostnames_asked", SS_PLUGIN_METRIC_TYPE_MONOTONIC, names.n_asked},
		{"hostnames_unknown", SS_PLUGIN_METRIC_TYPE_MONOTONIC, names.n_unknown},
		{"hostnames_aged", SS_PLUGIN_METRIC_TYPE_MONOTONIC, names.n_aged},
		{"hostnames_refused", SS_PLUGIN_METRIC_TYPE_MONOTONIC, names.n_refused},
		{"accounts", SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC, accounts.n_known},
		{"accounts_waiting", SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC, accounts.n_waiting},
		{"accounts_asked", SS_PLUGIN_METRIC_TYPE_MONOTONIC, accounts.n_asked},
		{"accounts_unknown", SS_PLUGIN_METRIC_TYPE_MONOTONIC, accounts.n_unknown},
		{"accounts_aged", SS_PLUGIN_METRIC_TYPE_MONOTONIC, accounts.n_aged},
		{"accounts_refused", SS_PLUGIN_METRIC_TYPE_MONOTONIC, accounts.n_refused},
		{"tables_refused", SS_PLUGIN_METRIC_TYPE_MONOTONIC,
		 s->tables ? s->tables->n_refused : 0},
	};
	const uint32_t n = sizeof rows / sizeof rows[0];

	for (uint32_t i = 0; i < n && i < cap; i++) {
		ret[i] = (ss_plugin_metric){.name = rows[i].name,
					    .type = rows[i].type,
					    .value_type = SS_PLUGIN_METRIC_VALUE_TYPE_U64};
		ret[i].value.u64 = rows[i].n;
	}
	return n < cap ? n : cap;
}

/* Of what entry a field shows what it holds. */
enum {
	SCOPE_THREAD =
		1,  /* what runs in it; or the thread, whose version says when something changed */
	SCOPE_FILE, /* a name that was opened; its version tells the name as given, and the kind */
};

static bool thread_entry(struct state *s, const struct cur *c, struct gyr_entry *ret_entry)
{
	struct thread *t = c->thread;

	if (!t)
		return false;
	ret_entry->id = thread_program(s, t);
	ret_entry->version = 0;
	if (!ret_entry->id)
		*ret_entry = (struct gyr_entry){t->id, t->version + 1ULL};
	return true;
}

static bool fields_entry(struct gyr *p, const ss_plugin_event_input *evt, uint32_t scope,
			 struct gyr_entry *ret_entry)
{
	struct state *s = gyr_state(p);
	const struct cur *c = state_cur_of(s, evt->evt, evt->evtnum);

	return scope == SCOPE_THREAD ? thread_entry(s, c, ret_entry)
	       : scope == SCOPE_FILE ? fd_file_entry(s, c, ret_entry)
				     : false;
}

#define FACT_OF_THREAD FIELD
#define FACT_OF_FILE FIELD
#define FIELD(n, t, f, fn, r, d, text) \
	int fn(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out);
#include "fields.def"
#undef FIELD
#undef FACT_OF_THREAD
#undef FACT_OF_FILE

#define ROW(n, t, f, fn, r, d, text, of) \
	{.name = (n),                    \
	 .type = (t),                    \
	 .flags = (f),                   \
	 .extract = (fn),                \
	 .role = (r),                    \
	 .deprecated = (d),              \
	 .desc = (text),                 \
	 .scope = (of)},
#define FIELD(...) ROW(__VA_ARGS__, 0)
#define FACT_OF_THREAD(...) ROW(__VA_ARGS__, SCOPE_THREAD)
#define FACT_OF_FILE(...) ROW(__VA_ARGS__, SCOPE_FILE)

static const struct gyr_field fields[] = {
#include "fields.def"
	{0}};

static const char *const sources[] = {"syscall", NULL};

static const struct gyr_option options[] = {
	GYR_OPT_U64(struct limits, threads, "262144", "threads remembered at most",
		    .key = "falco_libs.thread_table_size", .min = 16, .max = THREADS_MAX),
	GYR_OPT_U64(struct limits, purge_interval_s, "300",
		    "seconds between two looks for threads that are gone",
		    .key = "falco_libs.thread_table_auto_purging_interval_s", .min = 1,
		    .max = 86400),
	GYR_OPT_U64(struct limits, idle_s, "300", "seconds without an event until one is looked at",
		    .key = "falco_libs.thread_table_auto_purging_thread_timeout_s", .min = 1,
		    .max = 86400 * 365),
	{0}};

PLUGIN(.name = "syscall_fields", .version = "0.1.0",
       .description = "Fields of system call events, and the state they need",
       .contact = "the Gyr authors", .event_schema = "4.0.0", .state_size = sizeof(struct state),
       .options = options, .init = fields_init, .destroy = fields_destroy,
       .metrics = fields_metrics);
PLUGIN_DUMP_STATE(state_dump);
PLUGIN_PARSER(.sources = sources, .parse_input = state_parse);
PLUGIN_PARSER_MANY(state_parse_many);
PLUGIN_EXTRACTOR(.sources = sources, .fields = fields, .answers_last = true, .entry = fields_entry);
