/*
 * httpget: HTTP/1.0, so that the answer ends with the connection and comes in one piece.
 */
#include "util/httpget.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct target {
	bool is_tls;
	char host[HTTPGET_URL_MAX];
	char port[8];
	char path[HTTPGET_URL_MAX];
};

/* An open way to the peer. */
struct way {
	int fd;
	SSL_CTX *ctx;
	SSL *ssl; /* NULL: plain */
};

static int bad_url(const char *url, struct err *err)
{
	err_set(err, 0, 0, "'%s' is no URL of the form http://host:port", url);
	return -EINVAL;
}

/* "host", "host:port", "[address]:port" */
static int read_host(const char *p, size_t len, struct target *t)
{
	const char *end = p + len, *host = p, *host_end, *port;

	if (len && *p == '[') {
		host++;
		host_end = memchr(p, ']', len);
		if (!host_end)
			return -EINVAL;
		port = host_end + 1;
	} else {
		host_end = memchr(p, ':', len);
		host_end = host_end ? host_end : end;
		port = host_end;
	}
	if (host_end == host || (size_t)(host_end - host) >= sizeof(t->host))
		return -EINVAL;
	(void)snprintf(t->host, sizeof(t->host), "%.*s", (int)(host_end - host), host);
	if (port == end) {
		(void)snprintf(t->port, sizeof(t->port), "%s", t->is_tls ? "443" : "80");
		return 0;
	}
	if (*port++ != ':' || port == end || end - port > 5)
		return -EINVAL;
	for (const char *c = port; c < end; c++)
		if (!isdigit((unsigned char)*c))
			return -EINVAL;
	(void)snprintf(t->port, sizeof(t->port), "%.*s", (int)(end - port), port);
	return 0;
}

/* What is asked for: the path of the URL (from its first slash on; NULL: none), and q->path behind. */
static int make_path(const struct httpget *q, const char *slash, struct target *t)
{
	size_t len = slash ? strlen(slash) : 0;
	const char *rest = q->path;
	int n;

	if (rest && len && slash[len - 1] == '/')
		len--; /* what is put behind begins with one */
	if (!rest)
		rest = len ? "" : "/";
	n = snprintf(t->path, sizeof(t->path), "%.*s%s", (int)len, len ? slash : "", rest);
	for (const char *c = t->path; *c; c++)
		if (*c <= ' ' || *c == 0x7f)
			return -EINVAL;
	return n < (int)sizeof(t->path) ? 0 : -EINVAL;
}

static int read_url(const struct httpget *q, struct target *t, struct err *err)
{
	const char *p = q->url, *slash;

	t->is_tls = strncmp(p, "https://", 8) == 0;
	if (!t->is_tls && strncmp(p, "http://", 7) != 0)
		return bad_url(q->url, err);
	p += t->is_tls ? 8 : 7;
	slash = strchr(p, '/');
	if (read_host(p, slash ? (size_t)(slash - p) : strlen(p), t) < 0)
		return bad_url(q->url, err);
	return make_path(q, slash, t) < 0 ? bad_url(q->url, err) : 0;
}

/* --- the way ---------------------------------------------------------------------------------- */

static int fail(const struct httpget *q, struct err *err, const char *why)
{
	err_set(err, 0, 0, "%s: %s", q->url, why);
	return -EIO;
}

static const char *tls_error(const SSL *ssl)
{
	static _Thread_local char text[256];
	unsigned long e = ERR_peek_last_error();
	long verify = ssl ? SSL_get_verify_result(ssl) : X509_V_OK;

	if (verify != X509_V_OK)
		return X509_verify_cert_error_string(verify);
	if (!e)
		return "TLS: the connection was closed";
	ERR_error_string_n(e, text, sizeof(text));
	ERR_clear_error();
	return text;
}

static int way_connect(struct way *w, const struct target *t, uint32_t timeout_ms)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
	struct timeval tv = {timeout_ms / 1000, (suseconds_t)(timeout_ms % 1000) * 1000};
	int r = -EHOSTUNREACH;

	if (getaddrinfo(t->host, t->port, &hints, &list) != 0)
		return r;
	for (struct addrinfo *a = list; a && w->fd < 0; a = a->ai_next) {
		w->fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
		if (w->fd < 0)
			continue;
		(void)setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
		(void)setsockopt(w->fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
		if (connect(w->fd, a->ai_addr, a->ai_addrlen) == 0)
			break;
		r = -errno;
		(void)close(w->fd);
		w->fd = -1;
	}
	freeaddrinfo(list);
	return w->fd < 0 ? r : 0;
}

static bool way_secure(struct way *w, const struct target *t, const char *ca_file)
{
	w->ctx = SSL_CTX_new(TLS_client_method());
	if (!w->ctx || SSL_CTX_set_min_proto_version(w->ctx, TLS1_2_VERSION) != 1)
		return false;
	SSL_CTX_set_verify(w->ctx, SSL_VERIFY_PEER, NULL);
	(void)SSL_CTX_set_default_verify_paths(w->ctx);
	if (ca_file && SSL_CTX_load_verify_locations(w->ctx, ca_file, NULL) != 1)
		ERR_clear_error(); /* then the system's must do */
	w->ssl = SSL_new(w->ctx);
	if (!w->ssl || SSL_set_fd(w->ssl, w->fd) != 1)
		return false;
	/* a name or an address: whichever it is must be in the certificate */
	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(w->ssl), t->host) != 1) {
		ERR_clear_error();
		if (SSL_set1_host(w->ssl, t->host) != 1 ||
		    SSL_set_tlsext_host_name(w->ssl, t->host) != 1)
			return false;
	}
	return SSL_connect(w->ssl) == 1;
}

static void way_close(struct way *w)
{
	if (w->ssl)
		(void)SSL_shutdown(w->ssl);
	SSL_free(w->ssl);
	SSL_CTX_free(w->ctx);
	if (w->fd >= 0)
		(void)close(w->fd);
}

static bool way_send(struct way *w, struct str s)
{
	while (s.len) {
		ssize_t n = w->ssl ? SSL_write(w->ssl, s.p, (int)s.len)
				   : send(w->fd, s.p, s.len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		s = str_from_at(s, (size_t)n);
	}
	return true;
}

/* All until the end; false when it broke off or is too much. */
static bool way_receive(struct way *w, struct buf *b)
{
	char chunk[16 << 10];

	for (;;) {
		ssize_t n = w->ssl ? SSL_read(w->ssl, chunk, sizeof(chunk))
				   : recv(w->fd, chunk, sizeof(chunk), 0);

		if (n <= 0)
			return !b->failed &&
			       (w->ssl ? SSL_get_error(w->ssl, (int)n) == SSL_ERROR_ZERO_RETURN ||
						 b->len > 0
				       : n == 0);
		buf_add(b, chunk, (size_t)n);
		if (b->failed)
			return false;
	}
}

/* --- the answer ------------------------------------------------------------------------------- */

/* The value of "Content-Length" among the header lines; false when there is none. */
static bool content_length(struct str head, uint64_t *ret)
{
	static const char name[] = "\ncontent-length:";
	size_t len = sizeof(name) - 1;

	for (size_t i = 0; i + len < head.len; i++) {
		size_t k = 0;

		while (k < len && tolower((unsigned char)head.p[i + k]) == name[k])
			k++;
		if (k < len)
			continue;
		*ret = 0;
		for (i += len; i < head.len && head.p[i] == ' ';)
			i++;
		for (; i < head.len && isdigit((unsigned char)head.p[i]); i++)
			if (*ret < HTTPGET_MAX)
				*ret = *ret * 10 + (uint64_t)(head.p[i] - '0');
		return true;
	}
	return false;
}

int httpget_parse(struct str answer, unsigned *ret_status, struct str *ret_body, struct err *err)
{
	size_t head = 0;
	uint64_t length;
	struct str body;

	while (head + 4 <= answer.len && memcmp(answer.p + head, "\r\n\r\n", 4) != 0)
		head++;
	if (answer.len < 12 || memcmp(answer.p, "HTTP/1.", 7) != 0 || answer.p[8] != ' ' ||
	    !isdigit((unsigned char)answer.p[9]) || !isdigit((unsigned char)answer.p[10]) ||
	    !isdigit((unsigned char)answer.p[11]) || head + 4 > answer.len) {
		err_set(err, 0, 0, "what answers is no HTTP server");
		return -EINVAL;
	}
	body = str_from_at(answer, head + 4);
	if (content_length((struct str){answer.p, head}, &length) && length != body.len) {
		err_set(err, 0, 0, "the answer is not whole");
		return -EINVAL;
	}
	*ret_status = (unsigned)((answer.p[9] - '0') * 100 + (answer.p[10] - '0') * 10 +
				 (answer.p[11] - '0'));
	*ret_body = body;
	return 0;
}

static void add_request(struct buf *b, const struct httpget *q, const struct target *t)
{
	bool is_6 = strchr(t->host, ':') != NULL;

	buf_printf(b, "GET %s HTTP/1.0\r\nHost: %s%s%s:%s\r\nAccept: application/json\r\n", t->path,
		   is_6 ? "[" : "", t->host, is_6 ? "]" : "", t->port);
	if (q->token)
		buf_printf(b, "Authorization: Bearer %s\r\n", q->token);
	buf_add_cstr(b, "Connection: close\r\n\r\n");
}

static int ask(const struct httpget *q, const struct target *t, struct way *w, struct buf *answer,
	       struct err *err)
{
	struct buf request;
	bool ok;
	int r = way_connect(w, t, q->timeout_ms);

	if (r < 0)
		return fail(q, err, strerror(-r));
	if (t->is_tls && !way_secure(w, t, q->ca_file))
		return fail(q, err, tls_error(w->ssl));
	buf_init(&request, 16 << 10);
	add_request(&request, q, t);
	ok = !request.failed && way_send(w, buf_str(&request));
	buf_deinit(&request);
	if (!ok || !way_receive(w, answer))
		return fail(q, err, "it broke off, or took too long");
	return 0;
}

int httpget(const struct httpget *q, unsigned *ret_status, struct buf *ret_body, struct err *err)
{
	struct way w = {.fd = -1};
	struct target t = {0};
	struct buf answer;
	struct str body;
	int r = read_url(q, &t, err);

	if (r < 0)
		return r;
	buf_init(&answer, HTTPGET_MAX);
	r = ask(q, &t, &w, &answer, err);
	way_close(&w);
	if (r == 0 && httpget_parse(buf_str(&answer), ret_status, &body, err) < 0) {
		err_context(err, "%s", q->url);
		r = -EIO;
	}
	if (r == 0) {
		buf_reset(ret_body);
		buf_add_str(ret_body, body);
		r = ret_body->failed ? -ENOMEM : 0;
	}
	buf_deinit(&answer);
	return r;
}
