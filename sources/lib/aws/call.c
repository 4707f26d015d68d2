#include "call.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- a copy of the request ---- */

static char *own(struct call *c, const char *s)
{
	char *copy = aws_dup(s);

	c->owned[c->n_owned++] = copy;
	return copy;
}

static bool own_pairs(struct call *c, const struct aws_pair *from, size_t n,
		      const struct aws_pair **ret)
{
	struct aws_pair *to = calloc(n + 1, sizeof *to);
	bool is_whole = to != NULL;

	*ret = to;
	for (size_t i = 0; i < n && is_whole; i++) {
		to[i].name = own(c, from[i].name);
		to[i].value = own(c, from[i].value ? from[i].value : "");
		is_whole = to[i].name && to[i].value;
	}
	return is_whole;
}

static bool own_text(struct call *c, const char **text)
{
	if (!*text)
		return true;
	*text = own(c, *text);
	return *text != NULL;
}

static bool own_body(struct call *c)
{
	const void *from = c->rq.body;
	void *to;

	c->rq.body = NULL;
	if (c->rq.body_len == 0)
		return true;
	to = malloc(c->rq.body_len);
	if (to)
		memcpy(to, from, c->rq.body_len);
	c->rq.body = to;
	return to != NULL;
}

struct call *call_new(const struct aws_request *rq)
{
	struct call *c = calloc(1, sizeof *c);
	const char **const texts[] = {&c->rq.method, &c->rq.region, &c->rq.url,
				      &c->rq.bucket, &c->rq.path,   &c->rq.if_match};
	const size_t n_texts = sizeof texts / sizeof *texts;
	bool is_whole;

	if (!c)
		return NULL;
	c->rq = *rq;
	c->rq.query = c->rq.headers = NULL;
	c->owned = calloc(n_texts + 2 * (rq->n_query + rq->n_headers), sizeof *c->owned);
	is_whole = own_body(c) && c->owned && own_pairs(c, rq->query, rq->n_query, &c->rq.query) &&
		   own_pairs(c, rq->headers, rq->n_headers, &c->rq.headers);
	for (size_t i = 0; i < n_texts && is_whole; i++)
		is_whole = own_text(c, texts[i]);
	return is_whole ? c : call_free(c);
}

struct call *call_free(struct call *c)
{
	if (!c)
		return NULL;
	call_end(c);
	for (size_t i = 0; i < c->n_owned; i++)
		aws_wipe(c->owned[i]);
	free(c->owned);
	free((void *)c->rq.query);
	free((void *)c->rq.headers);
	if (c->rq.body)
		explicit_bzero((void *)c->rq.body, c->rq.body_len);
	free((void *)c->rq.body);
	free(c);
	return NULL;
}

/* ---- what comes in ---- */

/* The value of the header @name in a line without its end; NULL: it is another one. */
static const char *value_of(const char *line, size_t len, const char *name, size_t *ret_len)
{
	const size_t n = strlen(name);

	if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
		return NULL;
	line += n + 1;
	len -= n + 1;
	while (len && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	*ret_len = len;
	return line;
}

/* "bytes 100-199/4945", "bytes 0-9/" and an asterisk for "not known" */
static void read_range(struct reply *rp, const char *value)
{
	unsigned long long from, to, total;
	const int n = sscanf(value, "bytes %llu-%llu/%llu", &from, &to, &total);

	if (n < 2)
		return;
	rp->is_partial = true;
	rp->range_from = from;
	rp->total = n == 3 && total <= INT64_MAX ? (int64_t)total : -1;
}

static void read_header(struct reply *rp, const char *line, size_t len)
{
	const struct {
		const char *name;
		char *to;
		size_t size;
	} kept[] = {
		{"Date", rp->date, sizeof rp->date},
		{"ETag", rp->etag, sizeof rp->etag},
		{"Retry-After", rp->retry_after, sizeof rp->retry_after},
		{"x-amz-retry-after", rp->amz_retry_after, sizeof rp->amz_retry_after},
		{"x-amz-bucket-region", rp->bucket_region, sizeof rp->bucket_region},
	};
	char range[96];
	size_t n;
	const char *v;

	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		v = value_of(line, len, kept[i].name, &n);
		if (v && !aws_copy(kept[i].to, kept[i].size, v, n))
			kept[i].to[0] = '\0'; /* too long to be what it says */
	}
	v = value_of(line, len, "Content-Range", &n);
	if (v && aws_copy(range, sizeof range, v, n))
		read_range(rp, range);
	v = value_of(line, len, "x-amzn-query-error", &n);
	if (!v)
		v = value_of(line, len, "x-amzn-errortype", &n);
	if (v)
		aws_error_set_code(&rp->error, v, n);
}

static void reset_reply(struct reply *rp)
{
	aws_text_reset(&rp->body);
	*rp = (struct reply){.total = -1, .body = rp->body};
}

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
	struct call *c = arg;
	size_t len = size * n;
	const size_t all = len;

	if (len > 5 && strncmp(line, "HTTP/", 5) == 0)
		reset_reply(&c->reply); /* a 1xx came before */
	c->reply.header_bytes += len;
	if (c->reply.header_bytes > AWS_HEADER_BYTES) {
		c->was_too_large = true;
		return 0;
	}
	while (len && (line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	read_header(&c->reply, line, len);
	return all;
}

static bool is_good(int status)
{
	return status >= 200 && status < 300;
}

/* The first bytes of a good body: is it the one that was begun, and where does it go on? */
static bool begin_body(struct call *c)
{
	struct reply *rp = &c->reply;
	const uint64_t want = c->rq.range_from + c->delivered;

	if (c->delivered == 0) {
		memcpy(c->etag, rp->etag, sizeof c->etag);
		return true;
	}
	if (rp->etag[0] && strcmp(rp->etag, c->etag) != 0)
		return false;
	if (rp->is_partial && rp->range_from != want)
		return false;
	if (!rp->is_partial)
		rp->skip = want; /* all of it, range or not */
	return true;
}

static size_t deliver(struct call *c, const char *p, size_t n)
{
	struct reply *rp = &c->reply;
	const size_t skip = rp->skip < n ? (size_t)rp->skip : n;
	int r = 0;

	if (n > skip) {
		c->env->n_called++;
		r = c->rq.on_data(c->rq.arg, p + skip, n - skip);
	}
	if (c->is_dead)
		return 0;
	if (r == AWS_PAUSE) {
		c->is_paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (r) {
		c->was_refused = true;
		return 0;
	}
	rp->skip -= skip;
	c->delivered += n - skip;
	c->env->counters.bytes += n;
	return n;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct call *c = arg;
	struct reply *rp = &c->reply;
	const size_t len = size * n;
	const bool is_first = rp->status == 0;
	long status = 0;

	(void)curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	rp->status = (int)status;
	if (c->is_dead)
		return 0;
	if (c->rq.on_data && is_good(rp->status)) {
		if (is_first && !begin_body(c)) {
			c->was_changed = true;
			return 0;
		}
		return deliver(c, p, len);
	}
	c->env->counters.bytes += len;
	if (!is_good(rp->status) && rp->body.len + len > AWS_ERROR_BYTES)
		return len; /* enough to know what is wrong */
	rp->body.max = c->rq.max_body ? c->rq.max_body : AWS_BODY_BYTES;
	aws_text_add(&rp->body, p, len);
	c->was_too_large = rp->body.failed;
	return rp->body.failed ? 0 : len;
}

/* ---- what goes out ---- */

struct attempt {
	struct aws_endpoint endpoint;
	struct aws_text path, query, url;
	struct aws_pair headers[AWS_SIGN_HEADERS];
	size_t n_headers;
	char range[64];
};

static int add_header(struct attempt *a, const char *name, const char *value)
{
	if (a->n_headers == sizeof a->headers / sizeof *a->headers || value[strcspn(value, "\r\n")])
		return -EINVAL;
	a->headers[a->n_headers++] = (struct aws_pair){name, value};
	return 0;
}

/* A queue says its own host. Plain http is for this machine, or where a person asked for it. */
static int use_url(struct call *c, struct attempt *a)
{
	const bool was_asked = strcmp(a->endpoint.scheme, "http") == 0;
	const int r = aws_endpoint_parse(c->rq.url, "url", &a->endpoint, c->why);

	a->endpoint.base[0] = '\0';
	if (r || strcmp(a->endpoint.scheme, "https") == 0 || was_asked ||
	    aws_host_is_loopback(a->endpoint.host))
		return r;
	(void)snprintf(c->why, sizeof c->why, "'%.150s': http:// only where an endpoint says so",
		       c->rq.url);
	return -EINVAL;
}

static int find_place(struct call *c, struct attempt *a)
{
	const struct aws_endpoint_options *o = &c->env->endpoints;
	int r = aws_endpoint_find(o, c->rq.service, c->region, &a->endpoint, c->why);

	if (r == 0 && c->rq.url)
		r = use_url(c, a);
	if (r == 0 && c->rq.bucket)
		r = aws_endpoint_bucket(o, c->rq.bucket, &a->endpoint, c->why);
	if (r)
		return r;
	aws_text_puts(&a->path, a->endpoint.base);
	aws_text_puts(&a->path, "/");
	if (c->rq.path)
		aws_text_encode(&a->path, c->rq.path, strlen(c->rq.path), true);
	aws_sign_query(&a->query, c->rq.query, c->rq.n_query);
	aws_text_puts(&a->url, a->endpoint.scheme);
	aws_text_puts(&a->url, "://");
	aws_text_puts(&a->url, a->endpoint.host);
	aws_text_add(&a->url, aws_text_get(&a->path), a->path.len);
	if (a->query.len) {
		aws_text_puts(&a->url, "?");
		aws_text_add(&a->url, a->query.p, a->query.len);
	}
	return a->path.failed || a->query.failed || a->url.failed ? -ENOMEM : 0;
}

/* The URL of a call for credentials is whole, and its query is part of it. */
static int take_place(struct call *c, struct attempt *a)
{
	const char *host = strstr(c->whole_url, "://");
	const size_t len = host ? strcspn(host + 3, "/?") : 0;

	if (!host || !aws_copy(a->endpoint.host, sizeof a->endpoint.host, host + 3, len)) {
		(void)snprintf(c->why, sizeof c->why, "'%.200s': not an URL", c->whole_url);
		return -EINVAL;
	}
	aws_text_puts(&a->path, "/");
	aws_text_puts(&a->url, c->whole_url);
	return a->path.failed || a->url.failed ? -ENOMEM : 0;
}

/* From where the body broke off, if the object is still the same. */
static int add_range(struct call *c, struct attempt *a)
{
	const uint64_t from = c->rq.range_from + c->delivered;
	const char *etag = c->delivered ? c->etag : c->rq.if_match;
	int r = 0;

	if (c->rq.range_len)
		(void)snprintf(a->range, sizeof a->range, "bytes=%" PRIu64 "-%" PRIu64, from,
			       c->rq.range_from + c->rq.range_len - 1);
	else if (from)
		(void)snprintf(a->range, sizeof a->range, "bytes=%" PRIu64 "-", from);
	if (a->range[0])
		r = add_header(a, "Range", a->range);
	if (r == 0 && etag && *etag)
		r = add_header(a, "If-Match", etag);
	return r;
}

static int push_header(struct call *c, const char *name, const char *value)
{
	struct aws_text line = {0};
	struct curl_slist *more = NULL;

	aws_text_puts(&line, name);
	aws_text_puts(&line, *value ? ": " : ";");
	aws_text_puts(&line, value);
	if (!line.failed)
		more = curl_slist_append(c->headers, line.p);
	aws_text_free(&line);
	if (!more)
		return -ENOMEM;
	c->headers = more;
	return 0;
}

static int push_raw(struct call *c, const char *line)
{
	struct curl_slist *more = curl_slist_append(c->headers, line);

	if (!more)
		return -ENOMEM;
	c->headers = more;
	return 0;
}

static int sign_attempt(struct call *c, struct attempt *a, const struct aws_keys *keys, int64_t now)
{
	char hash[AWS_HASH_HEX];
	struct aws_signature s;
	struct aws_sign_request rq = {.method = c->rq.method,
				      .host = a->endpoint.host,
				      .path = aws_text_get(&a->path),
				      .query = aws_text_get(&a->query),
				      .headers = a->headers,
				      .n_headers = a->n_headers,
				      .payload_hash = hash,
				      .time = now + c->env->skew_s[c->rq.service],
				      .keys = keys,
				      .region = c->region,
				      .service = aws_service_name(c->rq.service)};
	int r;

	aws_sha256_hex(c->rq.body, c->rq.body_len, hash);
	r = aws_sign(&rq, &s);
	if (r == -E2BIG || r == -EINVAL)
		(void)snprintf(c->why, sizeof c->why, "too many headers to sign, or too long ones");
	if (r == 0)
		r = push_header(c, "X-Amz-Date", s.date);
	if (r == 0)
		r = push_header(c, "X-Amz-Content-Sha256", hash);
	if (r == 0 && keys->token)
		r = push_header(c, "X-Amz-Security-Token", keys->token);
	if (r == 0)
		r = push_header(c, "Authorization", s.authorization);
	explicit_bzero(&s, sizeof s);
	return r == -E2BIG ? -EINVAL : r;
}

static int write_headers(struct call *c, struct attempt *a, const struct aws_keys *keys,
			 int64_t now)
{
	bool has_type = false;
	int r = 0;

	for (size_t i = 0; i < c->rq.n_headers && r == 0; i++) {
		r = add_header(a, c->rq.headers[i].name, c->rq.headers[i].value);
		has_type |= strcasecmp(c->rq.headers[i].name, "Content-Type") == 0;
	}
	if (r == 0)
		r = add_range(c, a);
	if (r)
		(void)snprintf(c->why, sizeof c->why, "too many headers, or a line break in one");
	for (size_t i = 0; i < a->n_headers && r == 0; i++)
		r = push_header(c, a->headers[i].name, a->headers[i].value);
	if (r == 0)
		r = push_header(c, "Host", a->endpoint.host);
	if (r == 0 && !has_type)
		r = push_raw(c, "Content-Type:"); /* none is made up */
	if (r == 0)
		r = push_raw(c, "Expect:"); /* no round of waiting before a body */
	if (r == 0 && keys)
		r = sign_attempt(c, a, keys, now);
	return r;
}

static bool set_body(struct call *c)
{
	const char *m = c->rq.method;
	bool bad = false;

	if (strcmp(m, "HEAD") == 0)
		return curl_easy_setopt(c->easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
	if (strcmp(m, "GET") == 0 && c->rq.body_len == 0)
		return curl_easy_setopt(c->easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
	bad |= curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, c->rq.body ? c->rq.body : "");
	bad |= curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->rq.body_len);
	bad |= curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, m);
	return !bad;
}

static bool set_times(struct call *c)
{
	const long own = c->rq.timeout_s > 0 ? c->rq.timeout_s : AWS_TIMEOUT_S;
	const long ms = c->timeout_ms ? c->timeout_ms : own * 1000;
	bool bad = false;

	if (c->rq.on_data) {
		bad |= curl_easy_setopt(c->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
		bad |= curl_easy_setopt(c->easy, CURLOPT_LOW_SPEED_TIME, own);
	} else {
		bad |= curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, ms);
	}
	bad |= curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS, ms < 10000 ? ms : 10000L);
	bad |= curl_easy_setopt(c->easy, CURLOPT_TCP_KEEPALIVE, 1L);
	bad |= curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
	return !bad;
}

static bool set_place(struct call *c, const struct attempt *a)
{
	const struct call_env *env = c->env;
	CURL *e = c->easy;
	bool bad = false;

	bad |= curl_easy_setopt(e, CURLOPT_URL, aws_text_get(&a->url));
	bad |= curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
	bad |= curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	bad |= curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	bad |= curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	bad |= curl_easy_setopt(e, CURLOPT_USERAGENT, "gyr");
	bad |= curl_easy_setopt(e, CURLOPT_HTTPHEADER, c->headers);
	if (env->ca_file)
		bad |= curl_easy_setopt(e, CURLOPT_CAINFO, env->ca_file);
	if (c->is_local || aws_host_is_loopback(a->endpoint.host))
		bad |= curl_easy_setopt(e, CURLOPT_PROXY, "");
	else if (env->proxy)
		bad |= curl_easy_setopt(e, CURLOPT_PROXY, env->proxy);
	return !bad;
}

static bool set_callbacks(struct call *c)
{
	bool bad = false;

	bad |= curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
	bad |= curl_easy_setopt(c->easy, CURLOPT_ERRORBUFFER, c->why);
	bad |= curl_easy_setopt(c->easy, CURLOPT_HEADERFUNCTION, on_header);
	bad |= curl_easy_setopt(c->easy, CURLOPT_HEADERDATA, c);
	bad |= curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_body);
	bad |= curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
	return !bad;
}

int call_begin(struct call *c, struct call_env *env, const char *region,
	       const struct aws_keys *keys, int64_t now)
{
	struct attempt a = {.n_headers = 0};
	int r;

	c->env = env;
	c->why[0] = '\0';
	c->was_too_large = c->is_paused = c->is_resumed = false;
	reset_reply(&c->reply);
	(void)aws_copy(c->region, sizeof c->region, region, strlen(region));
	r = c->whole_url ? take_place(c, &a) : find_place(c, &a);
	if (r == 0)
		r = write_headers(c, &a, keys, now);
	if (r == 0) {
		c->easy = curl_easy_init();
		if (!c->easy || !set_place(c, &a) || !set_body(c) || !set_times(c) ||
		    !set_callbacks(c))
			r = -ENOMEM;
	}
	aws_text_free(&a.path);
	aws_text_free(&a.query);
	aws_text_free(&a.url);
	if (r)
		call_end(c);
	return r;
}

void call_end(struct call *c)
{
	curl_easy_cleanup(c->easy);
	c->easy = NULL;
	for (struct curl_slist *h = c->headers; h; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(c->headers);
	c->headers = NULL;
	aws_text_free(&c->reply.body);
}
