/*
 * tls: OpenSSL on a non-blocking socket, every wait with a deadline.
 */
#include "tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <gyr/plugin.h>

#include "link.h"

enum { WELCOME_MS = 200 };

struct tls_setup {
	SSL_CTX *ctx;
};

struct tls {
	SSL *ssl;
	int fd;
};

static bool is_set(const char *text)
{
	return text && *text;
}

static int ssl_failed(struct gyr *p, const char *what, const char *path)
{
	const unsigned long code = ERR_peek_last_error();
	const char *why = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return gyr_fail(p, -EPROTO, "%s '%s': %s", what, path, why ? why : "failed");
}

static int load(struct gyr *p, SSL_CTX *c, const char *ca, const char *cert, const char *key)
{
	if (is_set(ca) ? SSL_CTX_load_verify_locations(c, ca, NULL) != 1
		       : SSL_CTX_set_default_verify_paths(c) != 1)
		return ssl_failed(p, "open: 'ca_cert'", is_set(ca) ? ca : "of the system");
	if (is_set(cert) != is_set(key))
		return gyr_fail(p, -EINVAL, "open: 'client_cert' and 'client_key' go together");
	if (is_set(cert) && SSL_CTX_use_certificate_chain_file(c, cert) != 1)
		return ssl_failed(p, "open: 'client_cert'", cert);
	if (is_set(key) && SSL_CTX_use_PrivateKey_file(c, key, SSL_FILETYPE_PEM) != 1)
		return ssl_failed(p, "open: 'client_key'", key);
	return 0;
}

struct tls_setup *tls_setup_new(struct gyr *p, const char *ca_cert, const char *client_cert,
				const char *client_key, bool insecure)
{
	struct tls_setup *s = calloc(1, sizeof *s);

	if (s)
		s->ctx = SSL_CTX_new(TLS_client_method());
	if (!s || !s->ctx) {
		(void)gyr_fail(p, -ENOMEM, "open: no memory");
		return tls_setup_free(s);
	}
	(void)SSL_CTX_set_min_proto_version(s->ctx, TLS1_2_VERSION);
	SSL_CTX_set_verify(s->ctx, insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	return load(p, s->ctx, ca_cert, client_cert, client_key) ? tls_setup_free(s) : s;
}

struct tls_setup *tls_setup_free(struct tls_setup *s)
{
	if (s)
		SSL_CTX_free(s->ctx);
	free(s);
	return NULL;
}

/* Waits for what an unfinished call wants: 0, -ETIMEDOUT, or -EPIPE when it failed for good. */
static int wait_for(struct tls *t, int result, uint64_t until_ms)
{
	const int e = SSL_get_error(t->ssl, result);
	struct pollfd fd = {.fd = t->fd, .events = e == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT};

	if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE)
		return -EPIPE;
	ERR_clear_error();
	return poll(&fd, 1, link_ms_left(until_ms)) == 0 ? -ETIMEDOUT : 0;
}

/* SNI and the name to be checked; an address is checked as one. */
static bool set_name(SSL *ssl, const char *host)
{
	unsigned char bytes[16];

	if (inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
	return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

static int shake_failed(struct gyr *p, struct tls *t, const char *host, int r)
{
	const long verdict = SSL_get_verify_result(t->ssl);

	if (r == -ETIMEDOUT)
		return gyr_fail(p, r, "'%s': TLS: timed out", host);
	if (r == 0)
		return gyr_fail(p, -EPROTO, "'%s': TLS: the server does not want us", host);
	if (verdict != X509_V_OK && SSL_get_verify_mode(t->ssl) != SSL_VERIFY_NONE)
		return gyr_fail(p, -EPROTO, "'%s': certificate: %s", host,
				X509_verify_cert_error_string(verdict));
	return ssl_failed(p, "TLS with", host);
}

/*
 * In TLS 1.3 the client is done before the server has judged its certificate. What a server says
 * next (tickets, or an alert) tells; one that says nothing is waited for only so long.
 */
static bool is_welcome(struct tls *t)
{
	struct pollfd fd = {.fd = t->fd, .events = POLLIN};

	if (SSL_version(t->ssl) < TLS1_3_VERSION)
		return true;
	return poll(&fd, 1, WELCOME_MS) <= 0 || !tls_is_over(t);
}

struct tls *tls_open(struct gyr *p, struct tls_setup *s, int fd, const char *host,
		     uint64_t until_ms)
{
	struct tls *t = calloc(1, sizeof *t);
	int n, r = 0;

	if (t) {
		t->fd = fd;
		t->ssl = SSL_new(s->ctx);
	}
	ERR_clear_error();
	if (!t || !t->ssl || !set_name(t->ssl, host) || SSL_set_fd(t->ssl, fd) != 1) {
		(void)gyr_fail(p, -ENOMEM, "TLS: no memory");
		return tls_free(t);
	}
	while (r == 0 && (n = SSL_connect(t->ssl)) != 1)
		r = wait_for(t, n, until_ms);
	if (r == 0 && is_welcome(t))
		return t;
	(void)shake_failed(p, t, host, r);
	return tls_free(t);
}

struct tls *tls_free(struct tls *t)
{
	if (t && t->ssl) {
		if (SSL_is_init_finished(t->ssl))
			(void)SSL_shutdown(t->ssl);
		SSL_free(t->ssl);
	}
	ERR_clear_error();
	free(t);
	return NULL;
}

int tls_write(struct tls *t, const char *data, size_t len, uint64_t until_ms)
{
	int r = 0;

	ERR_clear_error();
	while (r == 0 && len > 0) {
		size_t n = 0;
		const int done = SSL_write_ex(t->ssl, data, len, &n);

		if (done != 1)
			r = wait_for(t, done, until_ms);
		data += n;
		len -= n;
	}
	return r;
}

bool tls_is_over(struct tls *t)
{
	char nothing[512];
	size_t n;
	int r;

	ERR_clear_error();
	while ((r = SSL_read_ex(t->ssl, nothing, sizeof nothing, &n)) == 1)
		continue;
	r = SSL_get_error(t->ssl, r);
	return r != SSL_ERROR_WANT_READ && r != SSL_ERROR_WANT_WRITE;
}
