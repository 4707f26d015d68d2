/* request: libcurl over unix sockets; see request.h. */
#include "request.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

enum { GRPC_HEAD = 5, GRPC_NOT_FOUND = 5, GRPC_UNIMPLEMENTED = 12 };

static size_t take_body(char *data, size_t size, size_t n, void *ctx)
{
	struct request *r = ctx;
	const size_t len = size * n;

	if (len > REQUEST_BYTES_MAX - r->len) {
		r->failed = -E2BIG;
		return 0;
	}
	if (r->len + len > r->cap) {
		const size_t cap = 2 * (r->len + len);
		char *p = realloc(r->body, cap);

		if (!p) {
			r->failed = -ENOMEM;
			return 0;
		}
		r->body = p;
		r->cap = cap;
	}
	if (len)
		memcpy(r->body + r->len, data, len);
	r->len += len;
	return len;
}

static size_t take_header(char *data, size_t size, size_t n, void *ctx)
{
	static const char name[] = "grpc-status:";
	struct request *r = ctx;
	const size_t len = size * n;
	char text[64];

	if (len > sizeof name - 1 && len < sizeof text &&
	    !strncasecmp(data, name, sizeof name - 1)) {
		memcpy(text, data, len);
		text[len] = '\0';
		r->grpc_status = (int)strtol(text + sizeof name - 1, NULL, 10);
	}
	return len;
}

static int is_over(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct request *r = ctx;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return atomic_load(r->stop);
}

int request_init(struct request *r, const atomic_bool *stop)
{
	*r = (struct request){.curl = curl_easy_init(), .stop = stop};
	return r->curl ? 0 : -ENOMEM;
}

void request_deinit(struct request *r)
{
	curl_easy_cleanup(r->curl);
	free(r->body);
	*r = (struct request){0};
}

/* What both kinds have in common. */
static void prepare(struct request *r, const char *socket, const char *url)
{
	CURL *c = r->curl;

	r->len = 0;
	r->failed = 0;
	r->grpc_status = -1;
	curl_easy_reset(c);
	(void)curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, socket);
	(void)curl_easy_setopt(c, CURLOPT_URL, url);
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	/* Questions are rare, and libcurl 7.88 fails on an HTTP/2 connection it uses again. */
	(void)curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
	(void)curl_easy_setopt(c, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)REQUEST_MS);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, r);
	(void)curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	(void)curl_easy_setopt(c, CURLOPT_HEADERDATA, r);
	(void)curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, is_over);
	(void)curl_easy_setopt(c, CURLOPT_XFERINFODATA, r);
	(void)curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
}

static int perform(struct request *r)
{
	const CURLcode code = curl_easy_perform(r->curl);
	long status = 0;

	if (r->failed)
		return r->failed;
	switch (code) {
	case CURLE_OK:
		break;
	case CURLE_COULDNT_CONNECT:
		return -ENOENT;
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_ABORTED_BY_CALLBACK:
		return -ECANCELED;
	default:
		return -EIO;
	}
	(void)curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 404)
		return -ENOENT;
	return status == 200 ? 0 : -EIO;
}

int request_get(struct request *r, const char *socket, const char *path)
{
	char url[512];

	if ((size_t)snprintf(url, sizeof url, "http://localhost%s", path) >= sizeof url)
		return -E2BIG;
	prepare(r, socket, url);
	return perform(r);
}

/* Takes the head off the one message of an answer. */
static int grpc_open(struct request *r)
{
	const unsigned char *head = (const unsigned char *)r->body;
	size_t len;

	if (r->grpc_status > 0 || r->len < GRPC_HEAD || head[0] != 0)
		return -EIO;
	len = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
	if (len > r->len - GRPC_HEAD)
		return -EIO;
	memmove(r->body, r->body + GRPC_HEAD, len);
	r->len = len;
	return 0;
}

static int perform_call(struct request *r, struct curl_slist *headers, const char *body, size_t len)
{
	int res;

	(void)curl_easy_setopt(r->curl, CURLOPT_HTTP_VERSION,
			       (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
	(void)curl_easy_setopt(r->curl, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(r->curl, CURLOPT_POSTFIELDSIZE, (long)len);
	(void)curl_easy_setopt(r->curl, CURLOPT_POSTFIELDS, body);
	res = perform(r);
	if (res == 0 && r->grpc_status == GRPC_NOT_FOUND)
		return -ENOENT;
	if (res == 0 && r->grpc_status == GRPC_UNIMPLEMENTED)
		return -EOPNOTSUPP;
	return res < 0 ? res : grpc_open(r);
}

int request_call(struct request *r, const struct request_call *call)
{
	struct curl_slist *headers = NULL, *more;
	char url[256], body[1024], line[512];
	static const char *const fixed[] = {"content-type: application/grpc", "te: trailers",
					    "expect:"};
	bool ok = call->len <= sizeof body - GRPC_HEAD;
	int res = -ENOMEM;

	if (!ok ||
	    (size_t)snprintf(url, sizeof url, "http://localhost%s", call->method) >= sizeof url)
		return -E2BIG;
	body[0] = body[1] = body[2] = 0;
	body[3] = (char)(call->len >> 8);
	body[4] = (char)call->len;
	memcpy(body + GRPC_HEAD, call->message, call->len);
	for (size_t i = 0; ok && i < sizeof fixed / sizeof fixed[0]; i++) {
		more = curl_slist_append(headers, fixed[i]);
		ok = more != NULL;
		headers = ok ? more : headers;
	}
	if (ok && call->name) {
		(void)snprintf(line, sizeof line, "%s: %s", call->name, call->value);
		more = curl_slist_append(headers, line);
		ok = more != NULL;
		headers = ok ? more : headers;
	}
	if (ok) {
		prepare(r, call->socket, url);
		res = perform_call(r, headers, body, GRPC_HEAD + call->len);
	}
	curl_slist_free_all(headers);
	return res;
}
