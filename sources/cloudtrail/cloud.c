/*
 * cloud: what belongs together, and one turn of the wheel.
 */
#include "cloud.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aws/client.h"
#include "counters.h"
#include "flow.h"
#include "interval.h"
#include "trailkey.h"

enum {
	IDLE_MS = 25, /* a host wants an answer in 30 */
	MAX_ACCOUNTS = 100000,
};

struct cloud {
	struct gyr *p;
	struct cloud_setup setup;
	struct origin origin;
	struct aws_client *client;
	struct flow flow;
	struct transfers *transfers;
	struct supply supply;
	char *account_text; /* what the list points into */
	const char **accounts;
	bool has_events; /* in this batch */
	bool is_stuck;
};

/* ---- the configuration ---- */

static int split_accounts(struct cloud *c)
{
	const char *list = c->setup.options->s3AccountList;
	size_t n = 0;
	char *save = NULL;

	c->account_text = strdup(list);
	c->accounts = calloc(strlen(list) / 13 + 2, sizeof *c->accounts);
	if (!c->account_text || !c->accounts)
		return gyr_fail(c->p, -ENOMEM, "open: no memory");
	for (char *a = strtok_r(c->account_text, ", ", &save); a; a = strtok_r(NULL, ", ", &save)) {
		if (!trailkey_is_account(a, strlen(a)))
			return gyr_fail(c->p, -EINVAL,
					"s3AccountList: '%s': an account has to be twelve digits",
					a);
		c->accounts[n++] = a;
	}
	return 0;
}

static int read_interval(struct cloud *c, struct supply_setup *s)
{
	const char *text = c->setup.options->s3Interval;
	struct timespec t;
	int r;

	s->to_ns = UINT64_MAX;
	if (!*text)
		return 0;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	r = interval_parse(text, (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec, &s->from_ns,
			   &s->to_ns);
	if (r < 0)
		return gyr_fail(c->p, r,
				"s3Interval '%s': %s; it has to be like 5d, 5d-2d, an RFC 3339 "
				"time, or two ends with a dash between",
				text,
				r == -ERANGE ? "it ends before it begins" : "no such interval");
	trailkey_time(s->from_ns, s->filter.from);
	if (s->to_ns != UINT64_MAX)
		trailkey_time(s->to_ns, s->filter.to);
	return 0;
}

static void on_note(void *arg, const char *text)
{
	const struct cloud *c = arg;

	gyr_log(c->p, GYR_WARN, "%s", text);
}

static int open_client(struct cloud *c)
{
	const struct cloud_options *o = c->setup.options;
	const struct aws_options a = {
		.profile = o->profile,
		.region = o->region,
		.config_file = o->config,
		.credentials_file = o->credentials,
		.endpoint = o->endpoint,
		.endpoint_sqs = o->endpoint_sqs,
		.endpoint_sts = o->endpoint_sts,
		.role_arn = o->role_arn,
		.external_id = o->external_id,
		.session_name = o->session_name,
		.use_fips = o->use_fips,
		.use_dualstack = o->use_dualstack,
		.path_style = o->path_style,
		.max_retries = o->max_retries ? (int)o->max_retries : -1,
		.imds = o->imds,
		.ca_file = o->ca_file,
		.proxy = o->proxy,
		.connections = (uint32_t)o->s3DownloadConcurrency + 32,
		.on_note = on_note,
		.note_arg = c,
	};
	char err[512];
	int r = aws_client_open(&a, &c->client, err, sizeof err);

	return r < 0 ? gyr_fail(c->p, r, "open: '%s': %s", c->setup.params, err) : 0;
}

/* ---- open and close ---- */

static void on_ended(void *arg, struct object *o, enum object_end end, const char *why)
{
	struct cloud *c = arg;

	c->supply.ended(c->supply.arg, o, end, why);
}

static int open_parts(struct cloud *c)
{
	const struct cloud_options *o = c->setup.options;
	struct transfers_setup ts = {.client = c->client,
				     .flow = &c->flow,
				     .stats = c->setup.cloud_stats,
				     .n = o->s3DownloadConcurrency,
				     .limits = c->setup.limits,
				     .max_event_bytes = c->setup.max_event_bytes,
				     .ended = on_ended,
				     .arg = c};

	if (flow_init(&c->flow, c->p, c->setup.kind, c->setup.stats, o->inflightBytes) < 0)
		return gyr_fail(c->p, -ENOMEM, "open: no memory");
	c->transfers = transfers_new(&ts);
	return c->transfers ? 0 : gyr_fail(c->p, -ENOMEM, "open: no memory");
}

static int open_supply(struct cloud *c)
{
	struct supply_setup s = {.p = c->p,
				 .client = c->client,
				 .flow = &c->flow,
				 .stats = c->setup.cloud_stats,
				 .options = c->setup.options,
				 .origin = &c->origin,
				 .filter = {.accounts = c->accounts,
					    .regions = c->setup.options->regions,
					    .wants_insights = c->setup.options->includeInsights},
				 .state_dir = c->setup.state_dir,
				 .params = c->setup.params};
	int r = read_interval(c, &s);

	if (r < 0)
		return r;
	return c->origin.kind == ORIGIN_QUEUE ? queue_open(&s, &c->supply)
					      : bucket_open(&s, &c->supply);
}

int cloud_open(struct gyr *p, const struct cloud_setup *setup, struct cloud **ret)
{
	struct cloud *c = calloc(1, sizeof *c);
	int r;

	if (!c)
		return gyr_fail(p, -ENOMEM, "open: no memory");
	c->p = p;
	c->setup = *setup;
	c->origin = *setup->origin;
	r = split_accounts(c);
	if (r == 0)
		r = open_client(c);
	if (r == 0)
		r = open_parts(c);
	if (r == 0)
		r = open_supply(c);
	if (r < 0) {
		(void)cloud_close(c);
		return r;
	}
	gyr_log(p, GYR_INFO, "reading '%s' with %s", setup->params, aws_client_identity(c->client));
	*ret = c;
	return 0;
}

static void count_requests(const struct cloud *c)
{
	struct cloud_stats *stats = c->setup.cloud_stats;
	struct aws_counters n;

	aws_client_counters(c->client, &n);
	stats->aws_attempts = n.attempts;
	stats->aws_retries = n.retries;
	stats->aws_throttled = n.throttled;
	stats->aws_auth_failures = n.auth_failures;
}

struct cloud *cloud_close(struct cloud *c)
{
	if (!c)
		return NULL;
	c->transfers = transfers_free(c->transfers);
	if (c->supply.close)
		c->supply.close(c->supply.arg);
	if (c->client)
		count_requests(c);
	c->client = aws_client_close(c->client);
	flow_deinit(&c->flow);
	free(c->account_text);
	free(c->accounts);
	free(c);
	return NULL;
}

/* ---- the wheel ---- */

static void start_transfers(struct cloud *c)
{
	struct object *o;
	int r;

	if (flow_is_stuck(&c->flow)) {
		c->setup.cloud_stats->waits += !c->is_stuck;
		c->is_stuck = true;
		return;
	}
	c->is_stuck = false;
	while (transfers_has_room(c->transfers) && (o = c->supply.take(c->supply.arg))) {
		r = transfers_start(c->transfers, o);
		if (r < 0)
			c->supply.ended(c->supply.arg, o,
					r == -EINVAL ? OBJECT_FORBIDDEN : OBJECT_FAILED,
					strerror(-r));
	}
}

static int turn(struct cloud *c)
{
	int r = c->supply.work(c->supply.arg, supply_now_ns()), n;

	if (r != 0)
		return r;
	start_transfers(c);
	transfers_resume(c->transfers);
	n = aws_client_run(c->client, c->has_events ? 0 : IDLE_MS);
	count_requests(c);
	if (n < 0)
		return gyr_fail(c->p, n, "waiting for the network: %s", strerror(-n));
	return transfers_fatal(c->transfers);
}

void cloud_begin(struct cloud *c)
{
	c->has_events = false;
	flow_fetched(&c->flow);
}

int cloud_next(struct cloud *c, struct gyr_batch *out)
{
	int r;

	flow_begin(&c->flow, out);
	r = turn(c);
	if (flow_end(&c->flow)) {
		c->has_events = true;
		return r < 0 ? r : 0;
	}
	return r ? r : GYR_TIMEOUT;
}

void cloud_commit(struct cloud *c, uint64_t num)
{
	flow_commit(&c->flow, num);
}

uint32_t cloud_progress(const struct cloud *c, struct gyr_text *out)
{
	return c->supply.progress(c->supply.arg, out);
}

uint32_t cloud_metrics(const struct cloud_stats *stats, ss_plugin_metric *ret, uint32_t cap)
{
	const struct counter rows[] = {
#define X(counter, what) {#counter, stats->counter},
		CLOUD_COUNTERS(X)
#undef X
	};

	return counters_metrics(rows, sizeof rows / sizeof *rows, ret, cap);
}
