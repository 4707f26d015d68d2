/*
 * gyr-check: loads a plugin and tries the promises of abi.h.
 *
 *	gyr-check plugin.so [CONFIG [OPEN-PARAMS]]
 *
 * It plays the host as the contract allows, in the ways in which plugins go wrong most: several
 * states at once, events that are too short, many requests in one call, failures that must leave an
 * error text. A promise that is broken is a line "BROKEN: what", and exit 1. A library that cannot
 * be loaded is exit 2. What cannot be tried without parameters is said to be skipped.
 */
#include <ctype.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/abi.h>
#include <gyr/json.h>

enum { FIELDS_MAX = 4096, EVENTS_MAX = 1000, CALLS_MAX = 200 };

struct check {
	plugin_api api;
	void *(*output_open)(ss_plugin_t *, const char *, ss_plugin_rc *);
	uint32_t (*parse_events)(ss_plugin_t *, const ss_plugin_event_input *,
				 ss_plugin_event *const *, uint32_t,
				 const ss_plugin_event_parse_input *);
	ss_plugin_rc (*output_send)(ss_plugin_t *, void *, const struct gyr_alert *const *,
				    uint32_t, uint8_t *);
	void (*output_close)(ss_plugin_t *, void *);
	bool is_batched;
	const char *config, *params;
	unsigned n_tried, n_broken;
	ss_plugin_extract_field requests[FIELDS_MAX];
	uint32_t n_requests;
};

/* ---- saying what is wrong ---- */

static bool promise(struct check *c, bool holds, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static bool promise(struct check *c, bool holds, const char *fmt, ...)
{
	va_list ap;

	c->n_tried++;
	if (holds)
		return true;
	c->n_broken++;
	va_start(ap, fmt);
	(void)fputs("BROKEN: ", stdout);
	(void)vprintf(fmt, ap);
	(void)fputs("\n", stdout);
	va_end(ap);
	return false;
}

static void say_error(struct check *c, ss_plugin_t *s, const char *what)
{
	const char *text = s ? c->api.get_last_error(s) : NULL;

	(void)promise(c, !s || (text && *text), "%s failed without an error text", what);
	if (text)
		(void)printf("%s: %s\n", what, text);
}

/* ---- loading ---- */

static void *symbol(void *lib, const char *name)
{
	return dlsym(lib, name);
}

/* Function pointers of the table are all the same size; dlsym() gives an object pointer. */
#define LOAD(member) *(void **)&c->api.member = symbol(lib, "plugin_" #member)

static void load_symbols(struct check *c, void *lib)
{
	LOAD(get_required_api_version);
	LOAD(get_init_schema);
	LOAD(init);
	LOAD(destroy);
	LOAD(get_last_error);
	LOAD(get_name);
	LOAD(get_description);
	LOAD(get_contact);
	LOAD(get_version);
	LOAD(get_id);
	LOAD(get_event_source);
	LOAD(open);
	LOAD(close);
	LOAD(list_open_params);
	LOAD(get_progress);
	LOAD(event_to_string);
	LOAD(next_batch);
	LOAD(get_extract_event_types);
	LOAD(get_extract_event_sources);
	LOAD(get_fields);
	LOAD(extract_fields);
	LOAD(get_parse_event_sources);
	LOAD(parse_event);
	LOAD(get_async_events);
	LOAD(set_async_event_handler);
	LOAD(get_metrics);
	LOAD(capture_open);
	LOAD(capture_close);
	*(void **)&c->parse_events = symbol(lib, "gyr_parse_events");
	*(void **)&c->output_open = symbol(lib, "gyr_output_open");
	*(void **)&c->output_send = symbol(lib, "gyr_output_send");
	*(void **)&c->output_close = symbol(lib, "gyr_output_close");
	c->is_batched = symbol(lib, "gyr_batched") != NULL;
}

/* ---- before init ---- */

static bool parse_version(const char *text, unsigned v[3])
{
	return text && sscanf(text, "%u.%u.%u", &v[0], &v[1], &v[2]) == 3;
}

static bool check_base(struct check *c)
{
	const plugin_api *a = &c->api;
	unsigned v[3];

	if (!promise(c,
		     a->get_required_api_version && a->get_version && a->get_name &&
			     a->get_description && a->get_contact && a->init && a->destroy &&
			     a->get_last_error,
		     "one of the eight required symbols is missing"))
		return false;
	if (!promise(c, parse_version(a->get_required_api_version(), v),
		     "plugin_get_required_api_version is not M.m.p"))
		return false;
	(void)promise(c, v[0] == PLUGIN_API_VERSION_MAJOR && v[1] <= PLUGIN_API_VERSION_MINOR,
		      "it wants version %u.%u of the plugin API, there is %d.%d", v[0], v[1],
		      PLUGIN_API_VERSION_MAJOR, PLUGIN_API_VERSION_MINOR);
	(void)promise(c, parse_version(a->get_version(), v), "plugin_get_version is not M.m.p");
	(void)promise(c, a->get_name() && *a->get_name(), "the plugin has no name");
	(void)promise(c, a->get_description() && *a->get_description(), "there is no description");
	(void)promise(c, a->get_contact() != NULL, "plugin_get_contact answers NULL");
	return true;
}

static void check_capabilities(struct check *c)
{
	const plugin_api *a = &c->api;
	const int n_source = !!a->open + !!a->close + !!a->next_batch;
	const int n_output = !!c->output_open + !!c->output_send + !!c->output_close;

	(void)promise(c, n_source == 0 || n_source == 3,
		      "a source needs open, close and next_batch; some are missing");
	(void)promise(c, !a->extract_fields || a->get_fields, "extract_fields without get_fields");
	(void)promise(c, !a->set_async_event_handler || a->get_async_events,
		      "set_async_event_handler without get_async_events");
	(void)promise(c, !a->capture_open == !a->capture_close,
		      "one of capture_open and capture_close is missing");
	(void)promise(c, n_output == 0 || n_output == 3,
		      "an output needs open, send and close; some are missing");
	(void)promise(c,
		      n_source || n_output || a->extract_fields || a->parse_event ||
			      a->set_async_event_handler || a->capture_open,
		      "it can do nothing: no capability is complete");
	if (n_source == 3) {
		const bool has_id = a->get_id && a->get_id();
		const char *source = a->get_event_source ? a->get_event_source() : NULL;

		(void)promise(c, has_id == (source && *source),
			      "an ID and an event source go together, one of them is missing");
		(void)promise(c, !source || strcmp(source, "syscall") != 0,
			      "'syscall' is nobody's event source");
	}
}

static bool is_json(struct check *c, const char *text, const char *what, enum gyr_json_type type,
		    struct gyr_json *ret)
{
	size_t bad;

	if (!promise(c, text != NULL, "%s answers NULL", what))
		return false;
	if (!promise(c, gyr_json_validate(text, strlen(text), &bad) == 0,
		     "%s: not JSON at byte %zu", what, bad))
		return false;
	return promise(c, gyr_json_value(text, strlen(text), ret) == 0 && ret->type == type,
		       "%s: JSON of another type than expected", what);
}

static void check_names(struct check *c, const char *(*get)(void), const char *what)
{
	const char *text = get ? get() : NULL;
	struct gyr_json list, name;
	struct gyr_json_iter it;

	if (!text || !*text || !is_json(c, text, what, GYR_JSON_ARRAY, &list))
		return;
	gyr_json_iter_init(&it, &list);
	while (gyr_json_next(&it, NULL, &name) > 0)
		(void)promise(c, name.type == GYR_JSON_STRING, "%s: an element is no string", what);
}

/* ---- fields ---- */

static char *json_dup(const struct gyr_json *object, const char *key)
{
	struct gyr_json v;
	size_t len = 0;
	char *text;

	if (gyr_json_member(object, key, strlen(key), &v) || v.type != GYR_JSON_STRING)
		return NULL;
	text = malloc((size_t)v.len + 1);
	if (text && gyr_json_text(&v, text, &len) == 0)
		text[len] = '\0';
	return text;
}

static uint32_t field_type(const char *name)
{
	static const struct {
		const char *name;
		uint32_t type;
	} rows[] = {{"string", FTYPE_STRING},   {"uint64", FTYPE_UINT64},
		    {"bool", FTYPE_BOOL},       {"reltime", FTYPE_RELTIME},
		    {"abstime", FTYPE_ABSTIME}, {"ipaddr", FTYPE_IPADDR},
		    {"ipnet", FTYPE_IPNET}};

	for (size_t i = 0; name && i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].type;
	return 0;
}

static bool is_true(const struct gyr_json *object, const char *key)
{
	struct gyr_json v;

	return gyr_json_member(object, key, strlen(key), &v) == 0 && v.type == GYR_JSON_TRUE;
}

static void check_field(struct check *c, const struct gyr_json *row)
{
	char *name = json_dup(row, "name"), *type = json_dup(row, "type");
	char *desc = json_dup(row, "desc");
	struct gyr_json arg = {0};
	ss_plugin_extract_field req = {.arg_index = UINT64_MAX};

	(void)promise(c, name && *name, "field %u has no name", c->n_requests);
	(void)promise(c, field_type(type), "field '%s': unknown type '%s'", name ? name : "",
		      type ? type : "");
	(void)promise(c, desc && *desc, "field '%s' has no description", name ? name : "");
	(void)gyr_json_member(row, "arg", 3, &arg);

	const bool is_index = is_true(&arg, "isIndex"), is_key = is_true(&arg, "isKey");
	(void)promise(c, !is_true(&arg, "isRequired") || is_index || is_key,
		      "field '%s': a required argument is neither index nor key", name ? name : "");
	if (is_index || is_key) {
		req.arg_present = 1;
		req.arg_key = "1";
		req.arg_index = 1;
	}
	req.field_id = c->n_requests;
	req.field = name; /* kept: the plugin is asked with it */
	req.ftype = field_type(type);
	req.flist = is_true(row, "isList");
	if (c->n_requests < FIELDS_MAX)
		c->requests[c->n_requests++] = req;
	else
		free(name);
	free(type);
	free(desc);
}

static void check_fields(struct check *c)
{
	struct gyr_json list, row;
	struct gyr_json_iter it;

	if (!c->api.extract_fields || !c->api.get_fields ||
	    !is_json(c, c->api.get_fields(), "plugin_get_fields", GYR_JSON_ARRAY, &list))
		return;
	gyr_json_iter_init(&it, &list);
	while (gyr_json_next(&it, NULL, &row) > 0)
		check_field(c, &row);
	(void)promise(c, c->n_requests > 0, "plugin_get_fields: there is no field");
}

/* ---- states ---- */

static void host_log(ss_plugin_owner_t *o, const char *component, const char *msg,
		     ss_plugin_log_severity severity)
{
	(void)o;
	(void)printf("log %d: %s%s%s\n", (int)severity, component ? component : "",
		     component ? ": " : "", msg ? msg : "(NULL)");
}

static const char *host_error(ss_plugin_owner_t *o)
{
	(void)o;
	return NULL;
}

static ss_plugin_table_info *no_tables(ss_plugin_owner_t *o, uint32_t *n)
{
	(void)o;
	*n = 0;
	return NULL;
}

static ss_plugin_table_t *no_table(ss_plugin_owner_t *o, const char *name, ss_plugin_state_type key)
{
	(void)o;
	(void)name;
	(void)key;
	return NULL;
}

static ss_plugin_rc any_table(ss_plugin_owner_t *o, const ss_plugin_table_input *in)
{
	(void)o;
	return in->reader_ext && in->writer_ext && in->fields_ext ? SS_PLUGIN_SUCCESS
								  : SS_PLUGIN_FAILURE;
}

static ss_plugin_t *start(struct check *c, const char *config, ss_plugin_rc *rc)
{
	static const ss_plugin_init_tables_input tables = {
		.list_tables = no_tables, .get_table = no_table, .add_table = any_table};
	const bool wants_tables = c->api.extract_fields || c->api.parse_event;
	const ss_plugin_init_input in = {
		.config = config,
		.owner = c,
		.get_owner_last_error = host_error,
		.tables = wants_tables ? &tables : NULL,
		.log_fn = host_log,
	};

	*rc = (ss_plugin_rc)99;
	return c->api.init(&in, rc);
}

static void check_schema(struct check *c)
{
	ss_plugin_schema_type type = SS_PLUGIN_SCHEMA_NONE;
	const char *schema = c->api.get_init_schema ? c->api.get_init_schema(&type) : NULL;
	struct gyr_json object;
	ss_plugin_rc rc;

	(void)promise(c, type == SS_PLUGIN_SCHEMA_NONE || type == SS_PLUGIN_SCHEMA_JSON,
		      "plugin_get_init_schema: unknown type %d", (int)type);
	if (type != SS_PLUGIN_SCHEMA_JSON || !schema || !*schema)
		return;
	(void)is_json(c, schema, "plugin_get_init_schema", GYR_JSON_OBJECT, &object);
	if (!*c->config)
		c->config = "{}"; /* as a host does where the configuration is JSON */

	/* The host checks first; a plugin that is handed nonsense all the same must say no. */
	ss_plugin_t *s = start(c, "[broken", &rc);
	if (promise(c, rc == SS_PLUGIN_FAILURE, "init takes a configuration that is no JSON"))
		say_error(c, s, "init with a broken configuration");
	if (s)
		c->api.destroy(s);
}

/* ---- events ---- */

static void check_request(struct check *c, const ss_plugin_extract_field *f)
{
	(void)promise(c, f->res_len <= 1 || f->flist, "field '%s' is no list and has %llu values",
		      f->field, (unsigned long long)f->res_len);
	(void)promise(c, f->res_len == 0 || f->res.u64 != NULL,
		      "field '%s' has values and no place where they are", f->field);
	if (f->res_len == 0 || !f->res.u64 || f->ftype != FTYPE_STRING)
		return;
	for (uint64_t i = 0; i < f->res_len; i++)
		(void)promise(c, f->res.str[i] != NULL, "field '%s': a string is NULL", f->field);
}

static ss_plugin_rc extract(struct check *c, ss_plugin_t *s, const ss_plugin_event_input *evt,
			    ss_plugin_extract_field *fields, uint32_t n)
{
	static ss_plugin_extract_value_offsets offsets[2 * FIELDS_MAX];
	ss_plugin_field_extract_input in = {
		.owner = c,
		.get_owner_last_error = host_error,
		.num_fields = n,
		.fields = fields,
		.value_offsets = n % 2 ? NULL : offsets,
	};
	const ss_plugin_rc rc = c->api.extract_fields(s, evt, &in);

	(void)promise(c, rc == SS_PLUGIN_SUCCESS || rc == SS_PLUGIN_FAILURE,
		      "extract_fields answers %d", (int)rc);
	if (rc == SS_PLUGIN_SUCCESS)
		for (uint32_t i = 0; i < n; i++)
			check_request(c, &fields[i]);
	return rc;
}

static void try_extract(struct check *c, ss_plugin_t *s, const ss_plugin_event_input *evt)
{
	static ss_plugin_extract_field all[2 * FIELDS_MAX];

	if (!c->api.extract_fields)
		return;
	for (uint32_t i = 0; i < c->n_requests; i++) {
		ss_plugin_extract_field one = c->requests[i];

		(void)extract(c, s, evt, &one, 1);
	}
	if (!c->is_batched || c->n_requests == 0)
		return;
	(void)extract(c, s, evt, all, 0);
	for (uint32_t i = 0; i < c->n_requests; i++) {
		all[2 * i] = c->requests[i];
		all[2 * i + 1] = c->requests[i];
	}
	if (extract(c, s, evt, all, 2 * c->n_requests) != SS_PLUGIN_SUCCESS)
		return;
	for (uint32_t i = 0; i < c->n_requests; i++)
		(void)promise(
			c, all[2 * i].res_len == 0 || all[2 * i].res.u64 != all[2 * i + 1].res.u64,
			"field '%s' asked for twice in a call has one place for two answers",
			c->requests[i].field);
}

static void try_event(struct check *c, ss_plugin_t *s, ss_plugin_event *evt, uint64_t num,
		      const char *source)
{
	const ss_plugin_event_input in = {.evt = evt, .evtnum = num, .evtsrc = source};
	const ss_plugin_event_parse_input parse = {.owner = c, .get_owner_last_error = host_error};

	if (c->parse_events)
		(void)promise(c, c->parse_events(s, &in, &evt, 1, &parse) <= 1,
			      "of one event more than one failed");
	if (c->api.parse_event)
		(void)c->api.parse_event(s, &in, &parse);
	try_extract(c, s, &in);
	if (c->api.event_to_string)
		(void)c->api.event_to_string(s, &in);
}

/* Events no source should make: lengths that lie. Each in memory of exactly its size, so that a
 * reader that goes too far is seen by AddressSanitizer. */
static void try_bad_events(struct check *c, ss_plugin_t *s)
{
	static const char *const payloads[] = {"", "x", "{", "{}", "\xff\xfe", "[1,2", "null"};
	static const uint32_t lies[] = {0, 1, 100, UINT32_MAX};

	for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
		for (size_t k = 0; k < sizeof lies / sizeof lies[0]; k++) {
			const uint32_t len = (uint32_t)strlen(payloads[i]);
			const uint32_t total = PLUGIN_EVENT_PAYLOAD_OFFSET + len;
			unsigned char *at = malloc(total);
			const ss_plugin_event head = {.ts = 1,
						      .tid = UINT64_MAX,
						      .len = total,
						      .type = GYR_EVENT_PLUGIN,
						      .nparams = 2};
			const uint32_t params[] = {4, lies[k] ? len + lies[k] : len, 1};

			if (!at)
				return;
			memcpy(at, &head, sizeof head);
			memcpy(at + sizeof head, params, sizeof params);
			memcpy(at + PLUGIN_EVENT_PAYLOAD_OFFSET, payloads[i], len);
			try_event(c, s, (void *)at, i + 1, "none");
			free(at);
		}
	}
}

static bool check_event(struct check *c, const ss_plugin_event *e)
{
	const uint32_t id = c->api.get_id ? c->api.get_id() : 0;
	uint32_t params[3];

	if (!promise(c, e->len >= sizeof *e, "an event is shorter than its head") || id == 0)
		return false;
	if (!promise(c, e->type == GYR_EVENT_PLUGIN && e->nparams == 2,
		     "an event of a source with an ID has code %u and %u parameters", e->type,
		     e->nparams) ||
	    !promise(c, e->len >= PLUGIN_EVENT_PAYLOAD_OFFSET, "an event is shorter than its head"))
		return false;
	memcpy(params, e + 1, sizeof params);
	(void)promise(c, params[0] == 4 && params[1] == e->len - PLUGIN_EVENT_PAYLOAD_OFFSET,
		      "an event's lengths do not add up");
	return promise(c, params[2] == 0 || params[2] == id, "an event carries ID %u, not %u",
		       params[2], id);
}

/* Pulls what there is, within bounds. */
static void pull_all(struct check *c, ss_plugin_t *s, ss_instance_t *h)
{
	uint64_t num = 0;
	uint32_t pct = 0;

	for (int call = 0; call < CALLS_MAX && num < EVENTS_MAX; call++) {
		ss_plugin_event **evts = NULL;
		uint32_t n = 0;
		const ss_plugin_rc rc = c->api.next_batch(s, h, &n, &evts);

		(void)promise(c, rc != SS_PLUGIN_SUCCESS || n > 0,
			      "next_batch succeeds without an event");
		(void)promise(c, n == 0 || evts != NULL, "next_batch gives no array of events");
		for (uint32_t i = 0; evts && i < n && num < EVENTS_MAX; i++, num++)
			if (check_event(c, evts[i]))
				try_event(c, s, evts[i], num + 1, c->api.get_event_source());
		if (c->api.get_progress) {
			(void)c->api.get_progress(s, h, &pct);
			(void)promise(c, pct <= 10000, "get_progress says %u of 10000", pct);
		}
		if (rc == SS_PLUGIN_FAILURE)
			say_error(c, s, "next_batch");
		if (rc != SS_PLUGIN_SUCCESS && rc != SS_PLUGIN_TIMEOUT)
			break;
	}
	(void)printf("pulled %llu events\n", (unsigned long long)num);
}

static void check_source(struct check *c, ss_plugin_t *s)
{
	ss_plugin_rc rc = (ss_plugin_rc)99;
	struct gyr_json list;

	if (!c->api.open || !c->api.next_batch || !c->api.close)
		return;
	if (c->api.list_open_params) {
		const char *text = c->api.list_open_params(s, &rc);

		if (rc == SS_PLUGIN_SUCCESS && text && *text)
			(void)is_json(c, text, "list_open_params", GYR_JSON_ARRAY, &list);
	}
	c->api.close(s, NULL); /* what a host does after an open that gave nothing */
	if (!c->params) {
		(void)printf("skipped: the source was not opened, for want of parameters\n");
		return;
	}

	ss_instance_t *h = c->api.open(s, c->params, &rc);
	if (promise(c, rc == SS_PLUGIN_SUCCESS, "open of '%s' fails", c->params)) {
		(void)promise(c, h != NULL, "open succeeds without an instance");
		pull_all(c, s, h);
	} else {
		say_error(c, s, "open");
	}
	c->api.close(s, h);
}

/* ---- outputs ---- */

static void check_output(struct check *c, ss_plugin_t *s)
{
	static const struct gyr_alert alert = {.size = sizeof alert,
					       .priority = 7,
					       .id = 1,
					       .rule = "check",
					       .priority_name = "Debug",
					       .source = "check",
					       .hostname = "check",
					       .text = "gyr-check tries this output",
					       .text_len = 27,
					       .message = "gyr-check tries this output",
					       .message_len = 27,
					       .json = "{\"rule\":\"check\"}",
					       .json_len = 16};
	const struct gyr_alert *const alerts[] = {&alert, &alert, &alert};
	uint8_t verdicts[] = {GYR_ALERT_RETRY, GYR_ALERT_RETRY, GYR_ALERT_RETRY, 77};
	ss_plugin_rc rc = (ss_plugin_rc)99;

	if (!c->output_open || !c->output_send || !c->output_close)
		return;
	if (!c->params) {
		(void)printf("skipped: the output was not opened, for want of parameters\n");
		return;
	}
	void *inst = c->output_open(s, c->params, &rc);
	if (!promise(c, rc == SS_PLUGIN_SUCCESS, "open of '%s' fails", c->params)) {
		say_error(c, s, "open");
	} else {
		rc = c->output_send(s, inst, alerts, 3, verdicts);
		if (rc != SS_PLUGIN_SUCCESS)
			say_error(c, s, "send");
		for (int i = 0; i < 3; i++)
			(void)promise(c, verdicts[i] <= GYR_ALERT_OVER,
				      "send answers %u, which is no verdict", verdicts[i]);
		(void)promise(c, verdicts[3] == 77, "send answers more alerts than it got");
	}
	if (inst)
		c->output_close(s, inst);
}

/* ---- all of it ---- */

static void check_metrics(struct check *c, ss_plugin_t *s)
{
	uint32_t n = 0;
	const ss_plugin_metric *m = c->api.get_metrics ? c->api.get_metrics(s, &n) : NULL;

	for (uint32_t i = 0; i < n && promise(c, m != NULL, "metrics without an array"); i++)
		(void)promise(c, m[i].name && *m[i].name, "metric %u has no name", i);
}

static void check_states(struct check *c)
{
	ss_plugin_rc rc, rc_other;
	ss_plugin_t *s = start(c, c->config, &rc);
	ss_plugin_t *other = start(c, c->config, &rc_other);

	(void)promise(c, rc == SS_PLUGIN_SUCCESS || rc == SS_PLUGIN_FAILURE, "init answers %d",
		      (int)rc);
	if (rc != SS_PLUGIN_SUCCESS) {
		say_error(c, s, "init");
		(void)printf("skipped: what needs a state; give a configuration that it takes\n");
	} else {
		(void)promise(c, rc_other == SS_PLUGIN_SUCCESS, "a second state cannot be made");
		(void)promise(c, !s || s != other, "two states are one");
		try_bad_events(c, s);
		check_source(c, s);
		check_output(c, s);
		check_metrics(c, s);
	}
	if (other)
		c->api.destroy(other);
	if (s)
		c->api.destroy(s);
}

static const char usage[] =
	"usage: gyr-check PLUGIN.so [CONFIG [OPEN-PARAMS]]\n\n"
	"Loads the plugin and tries what it promises. With OPEN-PARAMS its source or output is\n"
	"opened, too. Exit status: 0 all is kept, 1 a promise is broken, 2 it cannot be tried.\n";

int main(int argc, char **argv)
{
	static struct check c;
	void *lib;

	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		(void)fputs(usage, stdout);
		return 0;
	}
	if (argc < 2 || argc > 4) {
		(void)fputs(usage, stderr);
		return 2;
	}
	c.config = argc > 2 ? argv[2] : "";
	c.params = argc > 3 ? argv[3] : NULL;
	(void)setvbuf(stdout, NULL, _IOLBF, 0);

	lib = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	if (!lib) {
		(void)fprintf(stderr, "gyr-check: %s\n", dlerror());
		return 2;
	}
	load_symbols(&c, lib);
	if (check_base(&c)) {
		check_capabilities(&c);
		check_names(&c, c.api.get_extract_event_sources, "get_extract_event_sources");
		check_names(&c, c.api.get_parse_event_sources, "get_parse_event_sources");
		check_names(&c, c.api.get_async_events, "get_async_events");
		check_fields(&c);
		check_schema(&c);
		check_states(&c);
	}
	for (uint32_t i = 0; i < c.n_requests; i++)
		free((char *)c.requests[i].field);
	(void)dlclose(lib);
	(void)printf("%s: %u promises tried, %u broken\n", argv[1], c.n_tried, c.n_broken);
	return c.n_broken ? 1 : 0;
}
