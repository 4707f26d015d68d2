/*
 * transfer: a libcurl handle set up once; only the body and the secrets change between requests.
 */
#include "transfer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <curl/curl.h>

#include <gyr/plugin.h>
#include <gyr/secret.h>

#include "options.h"

enum { RETRY_AFTER_MAX_S = 300 };

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init_library(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int is_set(const char *text)
{
	return text && *text;
}

/* ---- the URL ---- */

static int url_refused(struct gyr *p, CURLUcode code)
{
	return gyr_fail(p, -EINVAL, "open: 'url': %s", curl_url_strerror(code));
}

static int check_scheme(struct gyr *p, CURLU *u)
{
	char *scheme = NULL;
	const CURLUcode c = curl_url_get(u, CURLUPART_SCHEME, &scheme, 0);
	int r = 0;

	if (c != CURLUE_OK)
		return url_refused(p, c);
	if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
		r = gyr_fail(p, -EINVAL, "open: 'url': want http:// or https://, got %s://",
			     scheme);
	curl_free(scheme);
	return r;
}

/* @path, which may be NULL, is for a URL that has none of its own. */
static int default_path(struct gyr *p, CURLU *u, const char *path)
{
	char *own = NULL;
	CURLUcode c = curl_url_get(u, CURLUPART_PATH, &own, 0);

	if (c == CURLUE_OK && path && strcmp(own, "/") == 0)
		c = curl_url_set(u, CURLUPART_PATH, path, 0);
	curl_free(own);
	return c == CURLUE_OK ? 0 : url_refused(p, c);
}

static int ask_url(struct gyr *p, CURL *curl, CURLU *u)
{
	char *url = NULL;
	const CURLUcode c = curl_url_get(u, CURLUPART_URL, &url, 0);
	const bool is_taken =
		c == CURLUE_OK && curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK;

	curl_free(url);
	if (c != CURLUE_OK)
		return url_refused(p, c);
	return is_taken ? 0 : -ENOMEM;
}

/* The URL to ask, with @path when it has none of its own, and the one to show. */
static int set_url(struct gyr *p, struct transfer *t, CURLU *u, const char *url, const char *path)
{
	CURLUcode c = curl_url_set(u, CURLUPART_URL, url, 0);
	int r = c == CURLUE_OK ? check_scheme(p, u) : url_refused(p, c);

	if (r == 0)
		r = default_path(p, u, path);
	if (r == 0)
		r = ask_url(p, t->curl, u);
	if (r < 0)
		return r;
	(void)curl_url_set(u, CURLUPART_USER, NULL, 0);
	(void)curl_url_set(u, CURLUPART_PASSWORD, NULL, 0);
	(void)curl_url_set(u, CURLUPART_QUERY, NULL, 0);
	c = curl_url_get(u, CURLUPART_URL, &t->shown, 0);
	return c == CURLUE_OK ? 0 : url_refused(p, c);
}

/* ---- set-up ---- */

static int check_file(struct gyr *p, const char *key, const char *path)
{
	if (!is_set(path) || access(path, R_OK) == 0)
		return 0;
	return gyr_fail(p, -errno, "open: '%s': '%s': %s", key, path, strerror(errno));
}

/* Files that nothing will read are not asked for: the usual configuration names some. */
static int check_files(struct gyr *p, const struct http_options *o)
{
	const struct {
		const char *key, *path;
	} files[] = {
		{"ca_cert", o->ca_cert},
		{"ca_bundle", o->ca_bundle},
		{"ca_path", o->ca_path},
		{"client_cert", o->mtls ? o->client_cert : NULL},
		{"client_key", o->mtls ? o->client_key : NULL},
	};
	int r = 0;

	for (size_t i = 0; i < sizeof files / sizeof *files && r == 0; i++)
		r = check_file(p, files[i].key, files[i].path);
	if (r == 0 && o->mtls && (!is_set(o->client_cert) || !is_set(o->client_key)))
		r = gyr_fail(p, -EINVAL, "open: 'mtls' needs 'client_cert' and 'client_key'");
	return r;
}

/* A file that is given is trusted alone, not beside the system's authorities. */
static CURLcode set_trust(CURL *c, const struct http_options *o)
{
	const char *file = is_set(o->ca_cert) ? o->ca_cert : o->ca_bundle;
	CURLcode r;

	if (is_set(file)) {
		r = curl_easy_setopt(c, CURLOPT_CAINFO, file);
		return r == CURLE_OK ? curl_easy_setopt(c, CURLOPT_CAPATH, NULL) : r;
	}
	if (!is_set(o->ca_path))
		return CURLE_OK;
	r = curl_easy_setopt(c, CURLOPT_CAINFO, NULL);
	return r == CURLE_OK ? curl_easy_setopt(c, CURLOPT_CAPATH, o->ca_path) : r;
}

static CURLcode set_tls(CURL *c, const struct http_options *o)
{
	CURLcode r = curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);

	if (r == CURLE_OK)
		r = curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, o->insecure ? 0L : 1L);
	if (r == CURLE_OK)
		r = curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, o->insecure ? 0L : 2L);
	if (r == CURLE_OK)
		r = set_trust(c, o);
	if (r == CURLE_OK && o->mtls)
		r = curl_easy_setopt(c, CURLOPT_SSLCERT, o->client_cert);
	if (r == CURLE_OK && o->mtls)
		r = curl_easy_setopt(c, CURLOPT_SSLKEY, o->client_key);
	return r;
}

static CURLcode set_limits(CURL *c, const struct http_options *o)
{
	CURLcode r = curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);

	if (r == CURLE_OK)
		r = curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	if (r == CURLE_OK)
		r = curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	if (r == CURLE_OK)
		r = curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)o->connect_timeout_ms);
	if (r == CURLE_OK)
		r = curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)o->timeout_ms);
	if (r == CURLE_OK && o->keep_alive)
		r = curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	if (r == CURLE_OK && o->proxy)
		r = curl_easy_setopt(c, CURLOPT_PROXY, o->proxy);
	if (r == CURLE_OK)
		r = curl_easy_setopt(c, CURLOPT_USERAGENT, o->user_agent);
	return r;
}

static int add_header(struct gyr *p, struct transfer *t, const char *text)
{
	const char *colon = strchr(text, ':');
	struct curl_slist *more;

	if (!colon || colon == text || text[strcspn(text, "\r\n")] || strcspn(text, " \t") == 0 ||
	    memchr(text, ' ', (size_t)(colon - text)))
		return gyr_fail(p, -EINVAL, "open: 'headers': want \"Name: value\", got '%.60s'",
				text);
	more = curl_slist_append(t->headers, text);
	if (!more)
		return gyr_fail(p, -ENOMEM, "open: no memory");
	t->headers = more;
	return 0;
}

static int set_headers(struct gyr *p, struct transfer *t, const struct http_options *o,
		       const char *content_type)
{
	static const char name[] = "Content-Type: ";
	char line[128] = "";
	size_t len = strlen(content_type);
	int r;

	if (len > sizeof line - sizeof name)
		len = sizeof line - sizeof name;
	memcpy(line, name, sizeof name - 1);
	memcpy(line + sizeof name - 1, content_type, len);
	r = add_header(p, t, line);
	if (r == 0)
		r = add_header(p, t, "Expect:"); /* no round of waiting before a large body */
	if (r == 0 && o->compress_uploads)
		r = add_header(p, t, "Content-Encoding: gzip");
	for (size_t i = 0; r == 0 && o->headers[i]; i++)
		r = add_header(p, t, o->headers[i]);
	if (r == 0 && curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers) != CURLE_OK)
		r = gyr_fail(p, -ENOMEM, "open: no memory");
	return r;
}

int transfer_open(struct gyr *p, struct transfer *t, const struct http_options *o,
		  const char *content_type, const char *path)
{
	CURLU *u;
	CURLcode c;
	int r;

	(void)pthread_once(&once, init_library);
	*t = (struct transfer){.curl = curl_easy_init()};
	u = curl_url();
	if (!t->curl || !u)
		r = gyr_fail(p, -ENOMEM, "open: no memory");
	else
		r = set_url(p, t, u, o->url, path);
	curl_url_cleanup(u);
	if (r == 0 && strncasecmp(o->url, "https:", 6) == 0)
		r = check_files(p, o);
	if (r == 0)
		r = set_headers(p, t, o, content_type);
	if (r == 0) {
		c = set_limits(t->curl, o);
		if (c == CURLE_OK)
			c = set_tls(t->curl, o);
		if (c != CURLE_OK)
			r = gyr_fail(p, -EINVAL, "open: %s", curl_easy_strerror(c));
	}
	if (r == 0)
		r = transfer_secrets(p, t, o);
	if (r)
		transfer_close(t);
	return r;
}

void transfer_close(struct transfer *t)
{
	curl_easy_cleanup(t->curl);
	curl_slist_free_all(t->headers);
	curl_free(t->shown);
	*t = (struct transfer){0};
}

/* ---- secrets ---- */

int transfer_secrets(struct gyr *p, struct transfer *t, const struct http_options *o)
{
	const bool is_bearer = is_set(o->bearer_file);
	const char *path = is_bearer ? o->bearer_file : o->basic_file;
	char *text;
	int r;

	if (is_bearer && is_set(o->basic_file))
		return gyr_fail(p, -EINVAL, "'bearer_file' and 'basic_file' exclude each other");
	if (!is_set(path))
		return 0;
	text = malloc(TRANSFER_SECRET_MAX);
	if (!text)
		return gyr_fail(p, -ENOMEM, "no memory");
	r = gyr_read_secret(p, is_bearer ? "bearer_file" : "basic_file", path, text,
			    TRANSFER_SECRET_MAX);
	if (r == 0) {
		CURLcode c = curl_easy_setopt(t->curl, CURLOPT_HTTPAUTH,
					      (long)(is_bearer ? CURLAUTH_BEARER : CURLAUTH_BASIC));

		if (c == CURLE_OK)
			c = is_bearer ? curl_easy_setopt(t->curl, CURLOPT_XOAUTH2_BEARER, text)
				      : curl_easy_setopt(t->curl, CURLOPT_USERPWD, text);
		if (c != CURLE_OK)
			r = gyr_fail(p, -ENOMEM, "no memory");
	}
	explicit_bzero(text, TRANSFER_SECRET_MAX);
	free(text);
	return r;
}

/* ---- a request ---- */

static size_t on_answer(char *data, size_t size, size_t n, void *arg)
{
	struct reply *r = arg;
	size_t len = size * n;

	if (r->body.len + len > TRANSFER_ANSWER_MAX) {
		r->is_cut = true;
		return 0;
	}
	body_add(&r->body, data, len);
	return len;
}

void transfer_post(struct transfer *t, const struct body *b, struct reply *ret)
{
	CURL *c = t->curl;
	curl_off_t wait = 0;
	CURLcode r;

	body_reset(&ret->body);
	ret->status = 0;
	ret->is_timeout = ret->is_cut = false;
	ret->retry_after_s = 0;
	t->why[0] = '\0';
	(void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->why);
	(void)curl_easy_setopt(c, CURLOPT_POSTFIELDS, b->p);
	(void)curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)b->len);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_answer);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, ret);
	r = curl_easy_perform(c);
	(void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, NULL);
	if (r == CURLE_OK || (r == CURLE_WRITE_ERROR && ret->is_cut)) {
		(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &ret->status);
		(void)curl_easy_getinfo(c, CURLINFO_RETRY_AFTER, &wait);
		ret->retry_after_s = wait > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : (uint64_t)wait;
		return;
	}
	ret->is_timeout = r == CURLE_OPERATION_TIMEDOUT;
	if (!t->why[0]) {
		const char *text = curl_easy_strerror(r);
		const size_t len = strlen(text);

		memcpy(t->why, text, len < sizeof t->why ? len + 1 : sizeof t->why - 1);
		t->why[sizeof t->why - 1] = '\0';
	}
}
