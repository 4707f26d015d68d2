#include "client.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "call.h"
#include "credentials.h"
#include "retry.h"

enum {
	CONNECTIONS = 64,
	REDIRECTS = 2,     /* of one request */
	TOLD_RETRIES = 2,  /* of one request, before a person is told */
	BUCKETS = 64,      /* whose region is remembered */
	SEARCH_PAUSE = 60, /* seconds at most between searches for credentials */
	TICK_MS = 1000,    /* how long a wait is at most while a program is asked for credentials */
};

struct bucket {
	char name[256], region[64];
};

struct aws_client {
	struct call_env env;
	CURLM *multi;
	struct call *calls, **tail;
	uint32_t n_open;
	int64_t last_id;
	uint32_t tokens, retry_ms;
	int max_retries;
	bool is_trouble_told; /* until something succeeds */
	char *owned[4];       /* texts of the options that are used later */
	struct bucket buckets[BUCKETS];
	unsigned n_buckets;

	struct aws_chain *chain;
	struct call *search; /* what is being asked for credentials; NULL: nothing */
	int process_fd;      /* of a program that is asked; -1: none */
	uint64_t search_due; /* no search before, by the monotonic clock */
	uint32_t n_failed;   /* searches in a row */
	char search_error[512];

	void (*on_note)(void *arg, const char *text);
	void *note_arg;
	atomic_bool is_woken;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init_library(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int64_t now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec;
}

static uint64_t any_number(void)
{
	uint64_t n = now_ms();

	(void)getrandom(&n, sizeof n, GRND_NONBLOCK);
	return n;
}

/* ---- open and close ---- */

static const char *set(const char *text)
{
	return text && *text ? text : NULL;
}

static char *keep(struct aws_client *c, size_t i, const char *text)
{
	c->owned[i] = aws_dup(set(text));
	return c->owned[i];
}

static int open_chain(struct aws_client *c, const struct aws_options *o, char *err, size_t err_size)
{
	struct aws_endpoint_options *e = &c->env.endpoints;
	const struct aws_chain_options chain = {.profile = set(o->profile),
						.region = set(o->region),
						.config_file = set(o->config_file),
						.credentials_file = set(o->credentials_file),
						.role_arn = set(o->role_arn),
						.external_id = set(o->external_id),
						.session_name = set(o->session_name),
						.imds = set(o->imds),
						.endpoints = e};

	*e = (struct aws_endpoint_options){.use_fips = o->use_fips,
					   .use_dualstack = o->use_dualstack,
					   .path_style = o->path_style};
	e->url[AWS_S3] = keep(c, 0, o->endpoint);
	e->url[AWS_SQS] = keep(c, 1, set(o->endpoint_sqs) ? o->endpoint_sqs : o->endpoint);
	e->url[AWS_STS] = keep(c, 2, set(o->endpoint_sts) ? o->endpoint_sts : o->endpoint);
	e->url[AWS_SSO] = NULL;
	return aws_chain_open(&chain, &c->chain, err, err_size);
}

static int open_multi(struct aws_client *c, const struct aws_options *o)
{
	const long n = o->connections ? (long)o->connections : CONNECTIONS;

	c->env.ca_file = aws_dup(set(o->ca_file));
	c->env.proxy = aws_dup(set(o->proxy));
	c->multi = curl_multi_init();
	if (!c->multi || (set(o->ca_file) && !c->env.ca_file) || (set(o->proxy) && !c->env.proxy))
		return -ENOMEM;
	(void)curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, n);
	(void)curl_multi_setopt(c->multi, CURLMOPT_MAX_HOST_CONNECTIONS, n);
	return 0;
}

int aws_client_open(const struct aws_options *o, struct aws_client **ret, char *err,
		    size_t err_size)
{
	struct aws_client *c = calloc(1, sizeof *c);
	int r;

	(void)pthread_once(&once, init_library);
	*err = '\0';
	if (!c) {
		(void)snprintf(err, err_size, "no memory");
		return -ENOMEM;
	}
	c->tail = &c->calls;
	c->process_fd = -1;
	c->tokens = AWS_RETRY_TOKENS;
	c->retry_ms = o->retry_ms;
	c->max_retries = o->max_retries ? o->max_retries : AWS_MAX_RETRIES;
	c->on_note = o->on_note;
	c->note_arg = o->note_arg;
	r = open_multi(c, o);
	if (r == 0)
		r = open_chain(c, o, err, err_size);
	if (r) {
		if (!*err)
			(void)snprintf(err, err_size, "%s", strerror(-r));
		aws_client_close(c);
		return r;
	}
	*ret = c;
	return 0;
}

static void drop_attempt(struct aws_client *c, struct call *k)
{
	if (k->easy)
		(void)curl_multi_remove_handle(c->multi, k->easy);
	call_end(k);
}

struct aws_client *aws_client_close(struct aws_client *c)
{
	if (!c)
		return NULL;
	for (struct call *next, *k = c->calls; k; k = next) {
		next = k->next;
		drop_attempt(c, k);
		call_free(k);
	}
	if (c->multi)
		(void)curl_multi_cleanup(c->multi);
	aws_chain_close(c->chain);
	for (size_t i = 0; i < sizeof c->owned / sizeof *c->owned; i++)
		aws_wipe(c->owned[i]);
	aws_wipe(c->env.ca_file);
	aws_wipe(c->env.proxy);
	free(c);
	return NULL;
}

/* ---- what callers ask ---- */

static int64_t add_call(struct aws_client *c, struct call *k)
{
	k->id = ++c->last_id;
	k->env = &c->env;
	*c->tail = k;
	c->tail = &k->next;
	return k->id;
}

int64_t aws_client_send(struct aws_client *c, const struct aws_request *rq)
{
	struct call *k;

	if (!rq->method || !rq->on_done || rq->service >= AWS_N_SERVICES)
		return -EINVAL;
	if (c->n_open >= AWS_REQUESTS)
		return -EBUSY;
	k = call_new(rq);
	if (!k)
		return -ENOMEM;
	k->max_retries = c->max_retries;
	c->n_open++;
	c->env.counters.requests++;
	return add_call(c, k);
}

static struct call *find_call(struct aws_client *c, int64_t id)
{
	struct call *k = c->calls;

	while (k && (k->id != id || k->is_dead || k->is_internal))
		k = k->next;
	return k;
}

static void bury(struct aws_client *c, struct call *k)
{
	k->is_dead = true;
	if (!k->is_internal)
		c->n_open--;
}

void aws_client_cancel(struct aws_client *c, int64_t id)
{
	struct call *k = find_call(c, id);

	if (k)
		bury(c, k);
}

void aws_client_resume(struct aws_client *c, int64_t id)
{
	struct call *k = find_call(c, id);

	if (k)
		k->is_resumed = true;
}

void aws_client_wake(struct aws_client *c)
{
	atomic_store(&c->is_woken, true);
	(void)curl_multi_wakeup(c->multi);
}

void aws_client_counters(const struct aws_client *c, struct aws_counters *ret)
{
	*ret = c->env.counters;
}

const char *aws_client_region(const struct aws_client *c)
{
	return aws_chain_region(c->chain);
}

const char *aws_client_identity(const struct aws_client *c)
{
	return aws_chain_name(c->chain);
}

/* ---- the end of a request ---- */

static void answer(struct aws_client *c, struct call *k, const struct aws_answer *a)
{
	bury(c, k);
	c->env.n_called += !k->is_internal;
	k->rq.on_done(k->rq.arg, a);
}

/* Ended without an answer, for a reason of ours. */
static void answer_error(struct aws_client *c, struct call *k, const char *code, const char *why,
			 bool is_passing)
{
	const struct aws_answer a = {.id = k->id,
				     .code = code,
				     .message = why,
				     .etag = "",
				     .content_length = -1,
				     .body = "",
				     .retries = k->retries,
				     .retried_out = is_passing};

	c->env.counters.exhausted += is_passing;
	answer(c, k, &a);
}

static void answer_reply(struct aws_client *c, struct call *k, bool is_passing)
{
	struct reply *rp = &k->reply;
	const bool is_good = rp->status >= 200 && rp->status < 300;
	curl_off_t len = -1;
	struct aws_answer a = {.id = k->id,
			       .http_status = rp->status,
			       .code = rp->error.code,
			       .message = rp->error.message,
			       .etag = rp->etag,
			       .body = aws_text_get(&rp->body),
			       .body_len = rp->body.len,
			       .retries = k->retries,
			       .retried_out = is_passing};

	(void)snprintf(k->why, sizeof k->why, "HTTP status %d", rp->status);
	(void)curl_easy_getinfo(k->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &len);
	a.content_length = rp->is_partial ? rp->total : (int64_t)len;
	if (is_good)
		a.code = a.message = "";
	else if (!*a.message)
		a.message = k->why; /* HEAD has no body to say more */
	c->env.counters.exhausted += is_passing;
	answer(c, k, &a);
}

/* ---- retries ---- */

static void note(struct aws_client *c, const char *text)
{
	if (c->on_note)
		c->on_note(c->note_arg, text);
}

/* One failure may be chance and is not told; of an outage the start is. */
static void tell_trouble(struct aws_client *c, const struct call *k)
{
	const struct aws_error *e = &k->reply.error;
	char text[640];
	int n;

	if (k->retries < TOLD_RETRIES || k->is_internal || c->is_trouble_told)
		return;
	c->is_trouble_told = true;
	n = snprintf(text, sizeof text, "%s: ", aws_service_name(k->rq.service));
	if (k->reply.status)
		n += snprintf(text + n, sizeof text - (size_t)n, "HTTP status %d %s %s",
			      k->reply.status, e->code, e->message);
	else
		n += snprintf(text + n, sizeof text - (size_t)n, "%s", k->why);
	if ((size_t)n < sizeof text)
		(void)snprintf(text + n, sizeof text - (size_t)n, "; trying again");
	note(c, text);
}

/* Puts the call off for its next attempt; false when it has had its share. */
static bool retry(struct aws_client *c, struct call *k, bool is_timeout)
{
	const uint64_t asked = aws_pause_asked(k->reply.retry_after, k->reply.amz_retry_after);

	if ((int64_t)k->retries >= k->max_retries || !aws_tokens_take(&c->tokens, is_timeout))
		return false;
	k->due_ms = now_ms() + aws_pause_ms(c->retry_ms, k->retries, asked, any_number());
	k->retries++;
	c->env.counters.retries++;
	tell_trouble(c, k);
	return true;
}

static const char *bucket_region(const struct aws_client *c, const char *bucket)
{
	const unsigned n = c->n_buckets < BUCKETS ? c->n_buckets : BUCKETS;

	for (unsigned i = 0; bucket && i < n; i++) {
		if (strcmp(c->buckets[i].name, bucket) == 0)
			return c->buckets[i].region;
	}
	return NULL;
}

static void remember_bucket(struct aws_client *c, const char *bucket, const char *region)
{
	char *known = (char *)bucket_region(c, bucket);
	struct bucket *b = &c->buckets[c->n_buckets % BUCKETS];

	if (known) {
		(void)aws_copy(known, sizeof b->region, region, strlen(region));
		return;
	}
	(void)aws_copy(b->name, sizeof b->name, bucket, strlen(bucket));
	(void)aws_copy(b->region, sizeof b->region, region, strlen(region));
	c->n_buckets++;
}

/* A bucket is elsewhere: false when it is not said where, or that is where it was asked. */
static bool redirect(struct aws_client *c, struct call *k)
{
	const char *there = k->reply.bucket_region;

	if (!aws_region_is_valid(there))
		there = k->reply.error.region;
	if (!k->rq.bucket || !*there || strcmp(there, k->region) == 0 ||
	    k->redirects++ >= REDIRECTS)
		return false;
	remember_bucket(c, k->rq.bucket, there);
	c->env.counters.redirects++;
	return true;
}

static bool correct_clock(struct aws_client *c, struct call *k)
{
	int64_t *skew = &c->env.skew_s[k->rq.service];
	const int64_t off = aws_skew_of(k->reply.date, now_s());

	if (k->was_skewed || off == *skew ||
	    (off <= *skew + AWS_SKEW_S && off >= *skew - AWS_SKEW_S))
		return false;
	k->was_skewed = true;
	*skew = off;
	c->env.counters.skews++;
	return true;
}

static bool renew_keys(struct aws_client *c, struct call *k)
{
	if (k->was_expired || k->is_internal)
		return false;
	k->was_expired = true;
	return aws_chain_expire(c->chain);
}

/* What is wrong with an answer: its body tells, else its header. */
static enum aws_verdict judge(struct aws_client *c, struct call *k)
{
	struct reply *rp = &k->reply;
	struct aws_error of_body;
	enum aws_verdict v;

	aws_error_read(aws_text_get(&rp->body), rp->body.len, &of_body);
	if (!of_body.code[0])
		memcpy(of_body.code, rp->error.code, sizeof of_body.code);
	rp->error = of_body;
	v = aws_error_judge(rp->status, rp->error.code);
	if (v == AWS_FINAL && k->rq.bucket && rp->bucket_region[0] && rp->status == 400)
		v = AWS_ELSEWHERE; /* of HEAD there is no body to tell */
	c->env.counters.throttled += v == AWS_THROTTLED;
	c->env.counters.auth_failures += rp->status == 401 || rp->status == 403;
	return v;
}

/* An answer that says what is wrong: true when it is asked again. */
static bool settle(struct aws_client *c, struct call *k)
{
	enum aws_verdict v = judge(c, k);

	if (v == AWS_ELSEWHERE && redirect(c, k))
		return true;
	if (v == AWS_ELSEWHERE && k->reply.status == 307)
		v = AWS_AGAIN; /* a new bucket, of which not all of S3 knows yet */
	switch (v) {
	case AWS_SKEWED:
		return correct_clock(c, k);
	case AWS_EXPIRED:
		return renew_keys(c, k);
	case AWS_AGAIN:
	case AWS_THROTTLED:
		if (retry(c, k, false))
			return true;
		answer_reply(c, k, true);
		return true;
	default:
		return false;
	}
}

static bool is_final(CURLcode r)
{
	return r == CURLE_PEER_FAILED_VERIFICATION || r == CURLE_SSL_CACERT_BADFILE ||
	       r == CURLE_SSL_CERTPROBLEM || r == CURLE_URL_MALFORMAT ||
	       r == CURLE_UNSUPPORTED_PROTOCOL;
}

/* The attempt broke: on the way, or because we said so. */
static void settle_broken(struct aws_client *c, struct call *k, CURLcode r)
{
	const bool is_timeout = r == CURLE_OPERATION_TIMEDOUT;

	if (!k->why[0])
		(void)aws_copy(k->why, sizeof k->why, curl_easy_strerror(r),
			       strlen(curl_easy_strerror(r)));
	if (k->was_refused) {
		answer_error(c, k, "Refused", "its receiver gave up", false);
	} else if (k->was_too_large) {
		c->env.counters.refused++;
		answer_error(c, k, "TooLarge", "the answer is larger than it may be", false);
	} else if (k->was_changed) {
		answer_error(c, k, "PreconditionFailed", "the object changed while it was read",
			     false);
	} else if (is_final(r)) {
		answer_error(c, k, "Tls", k->why, false);
	} else if (retry(c, k, is_timeout)) {
		c->env.counters.resumed += k->delivered > 0;
	} else {
		answer_error(c, k, is_timeout ? "Timeout" : "Connection", k->why, true);
	}
}

static void finish(struct aws_client *c, struct call *k, CURLcode r)
{
	long status = 0;

	(void)curl_easy_getinfo(k->easy, CURLINFO_RESPONSE_CODE, &status);
	k->reply.status = (int)status;
	if (!k->is_dead && r != CURLE_OK) {
		settle_broken(c, k, r);
	} else if (!k->is_dead && status >= 200 && status < 300) {
		aws_tokens_give(&c->tokens, AWS_RETRY_TOKENS);
		if (!k->is_internal)
			c->is_trouble_told = false;
		answer_reply(c, k, false);
	} else if (!k->is_dead && !settle(c, k)) {
		answer_reply(c, k, false);
	}
	drop_attempt(c, k);
}

/* ---- the search for credentials ---- */

static void on_search_done(void *arg, const struct aws_answer *a)
{
	struct aws_client *c = arg;

	c->search = NULL;
	if (a->http_status)
		aws_chain_answer(c->chain, a->http_status, a->body, a->body_len);
	else
		aws_chain_answer(c->chain, 0, a->message, strlen(a->message));
}

static bool send_search(struct aws_client *c, const struct aws_fetch *f)
{
	const struct aws_request rq = {.service = f->keys ? AWS_STS : AWS_SSO,
				       .method = f->method,
				       .region = f->region,
				       .headers = f->headers,
				       .n_headers = f->n_headers,
				       .body = f->body,
				       .body_len = f->body_len,
				       .max_body = AWS_CREDENTIAL_BYTES,
				       .on_done = on_search_done,
				       .arg = c};
	struct call *k = call_new(&rq);

	if (!k)
		return false;
	k->whole_url = f->url;
	k->keys = f->keys;
	k->is_internal = true;
	k->is_local = f->is_local;
	k->timeout_ms = f->timeout_ms;
	k->max_retries = f->tries - 1;
	c->search = k;
	(void)add_call(c, k);
	return true;
}

static void fail_waiting(struct aws_client *c)
{
	for (struct call *k = c->calls; k; k = k->next) {
		if (k->is_dead || k->is_internal || k->easy)
			continue;
		c->env.counters.auth_failures++;
		answer_error(c, k, "NoCredentials", c->search_error, true);
	}
}

static void end_search(struct aws_client *c)
{
	const char *why = aws_chain_error(c->chain);
	const bool has_keys = aws_chain_keys(c->chain, now_s()) != NULL;
	char text[640];
	uint64_t pause;

	if (!*why) {
		c->n_failed = 0;
		c->env.counters.renewals++;
		return;
	}
	c->env.counters.renewals_failed++;
	pause = aws_pause_ms(1000, c->n_failed < 8 ? c->n_failed : 8, 0, any_number());
	c->search_due = now_ms() + 1000 + pause;
	c->n_failed++;
	(void)aws_copy(c->search_error, sizeof c->search_error, why, strlen(why));
	(void)snprintf(text, sizeof text, "credentials: %s%s", why,
		       has_keys ? "; those in hand are still good" : "");
	note(c, text);
	if (!has_keys)
		fail_waiting(c);
}

/* One step, or several that need no waiting. */
static void search(struct aws_client *c)
{
	struct aws_fetch f;

	if (!aws_chain_is_busy(c->chain) && now_ms() >= c->search_due &&
	    aws_chain_is_due(c->chain, now_s()))
		aws_chain_begin(c->chain);
	c->process_fd = -1;
	while (aws_chain_is_busy(c->chain) && !c->search) {
		switch (aws_chain_step(c->chain, &f)) {
		case AWS_STEP_HTTP:
			if (!send_search(c, &f))
				aws_chain_answer(c->chain, 0, "no memory", 9);
			break;
		case AWS_STEP_PROCESS:
			c->process_fd = f.fd;
			return;
		case AWS_STEP_DONE:
			end_search(c);
			break;
		}
	}
}

/* ---- run ---- */

/* Where to ask: NULL while that is being found out. */
static const char *region_of(struct aws_client *c, const struct call *k)
{
	const char *own = bucket_region(c, k->rq.bucket);

	if (!own)
		own = set(k->rq.region);
	if (!own)
		own = set(aws_chain_region(c->chain));
	if (own)
		return own;
	if (aws_chain_want_region(c->chain))
		return NULL;
	/* S3 says where a bucket is, wherever it is asked; of an own server the name does not matter. */
	return k->rq.service == AWS_S3 || c->env.endpoints.url[k->rq.service] ? "us-east-1" : "";
}

static void start(struct aws_client *c, struct call *k)
{
	const struct aws_keys *keys = k->is_internal ? k->keys : aws_chain_keys(c->chain, now_s());
	const char *region = k->is_internal ? k->rq.region : region_of(c, k);
	int r;

	if (!k->is_internal && (!keys || !region))
		return;
	if (region && !*region) {
		answer_error(c, k, "Request",
			     "no region: set aws.region, AWS_REGION, or 'region' of the profile",
			     false);
		return;
	}
	r = call_begin(k, &c->env, region ? region : "", keys, now_s());
	if (r == 0 && curl_multi_add_handle(c->multi, k->easy) == CURLM_OK) {
		c->env.counters.attempts++;
		return;
	}
	call_end(k);
	if (r == -EINVAL)
		answer_error(c, k, "Request", k->why, false);
	else
		answer_error(c, k, "Request", "no memory", true);
}

static void start_due(struct aws_client *c)
{
	const uint64_t now = now_ms();

	for (struct call *k = c->calls; k; k = k->next) {
		if (!k->is_dead && !k->easy && k->due_ms <= now)
			start(c, k);
		if (k->is_dead || !k->easy || !k->is_resumed)
			continue;
		k->is_resumed = false;
		if (k->is_paused) {
			k->is_paused = false;
			(void)curl_easy_pause(k->easy, CURLPAUSE_CONT);
		}
	}
}

/* How long there is nothing to do but what comes in. */
static uint64_t time_left(struct aws_client *c)
{
	const bool has_keys = aws_chain_keys(c->chain, now_s()) != NULL;
	const uint64_t now = now_ms();
	uint64_t wait = c->process_fd >= 0 ? TICK_MS : UINT64_MAX;

	if (c->n_open && !has_keys && c->search_due > now)
		wait = c->search_due - now;
	for (struct call *k = c->calls; k && wait; k = k->next) {
		if (k->is_dead || k->easy)
			continue;
		if (k->due_ms > now)
			wait = k->due_ms - now < wait ? k->due_ms - now : wait;
		else if (k->is_internal || (has_keys && region_of(c, k)))
			wait = 0;
	}
	return wait;
}

static void sweep(struct aws_client *c)
{
	struct call **at = &c->calls;

	while (*at) {
		struct call *k = *at;

		if (!k->is_dead) {
			at = &k->next;
			continue;
		}
		*at = k->next;
		drop_attempt(c, k);
		call_free(k);
	}
	c->tail = at;
}

static void perform(struct aws_client *c)
{
	int n;
	CURLMsg *m;

	(void)curl_multi_perform(c->multi, &n);
	while ((m = curl_multi_info_read(c->multi, &n)) != NULL) {
		char *k = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &k);
		finish(c, (struct call *)(void *)k, m->data.result);
	}
}

static int wait_for_work(struct aws_client *c, uint64_t ms)
{
	struct curl_waitfd fd = {.fd = c->process_fd, .events = CURL_WAIT_POLLIN};
	const CURLMcode r = curl_multi_poll(c->multi, &fd, c->process_fd >= 0,
					    (int)(ms > INT32_MAX ? INT32_MAX : ms), NULL);

	if (c->process_fd >= 0)
		aws_chain_readable(c->chain);
	return r == CURLM_OK ? 0 : -EIO;
}

int aws_client_run(struct aws_client *c, int timeout_ms)
{
	const uint64_t end = now_ms() + (uint64_t)(timeout_ms > 0 ? timeout_ms : 0);
	const uint64_t before = c->env.n_called;
	int r = 0;

	for (;;) {
		uint64_t now, wait;

		search(c);
		start_due(c);
		perform(c);
		search(c);
		sweep(c);
		now = now_ms();
		wait = time_left(c);
		if (r || now >= end || c->env.n_called != before ||
		    atomic_exchange(&c->is_woken, false))
			break;
		r = wait_for_work(c, end - now < wait ? end - now : wait);
	}
	return r ? r : (int)c->n_open;
}
