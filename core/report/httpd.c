/*
 * httpd: a cover over libmicrohttpd.
 */
#include "report/httpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/digest.h"
#include "util/mem.h"

#define JSON "application/json"
#define TLS_PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct httpd {
	struct httpd_setup setup;
	struct MHD_Daemon *daemon;
	struct buf cert;
	struct buf token; /* empty: none */
	uint16_t port;
};

/* Takes as long for any text of this length. */
static bool is_same(struct str a, const char *b, size_t b_len)
{
	volatile unsigned char differs = a.len != b_len;

	for (size_t i = 0; i < a.len; i++)
		differs |= (unsigned char)(a.p[i] ^ (b_len ? b[i % b_len] : 1));
	return !differs;
}

static bool is_allowed(const struct httpd *h, struct MHD_Connection *c, const char *path)
{
	static const char scheme[] = "Bearer ";
	const char *given;

	if (h->token.len == 0 || (h->setup.open_path && strcmp(path, h->setup.open_path) == 0))
		return true;
	given = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
	if (!given || strncmp(given, scheme, sizeof(scheme) - 1) != 0)
		return false;
	given += sizeof(scheme) - 1;
	return is_same(buf_str(&h->token), given, strlen(given));
}

/* Sends @a, whose body is taken over. */
static enum MHD_Result send_answer(struct MHD_Connection *c, struct httpd_answer *a)
{
	struct MHD_Response *r;
	enum MHD_Result ret;

	if (a->body.failed) {
		a->status = MHD_HTTP_INTERNAL_SERVER_ERROR;
		a->body.len = 0;
	}
	r = MHD_create_response_from_buffer(a->body.len, a->body.p ? (void *)a->body.p : (void *)"",
					    MHD_RESPMEM_MUST_COPY);
	buf_deinit(&a->body);
	if (!r)
		return MHD_NO;
	(void)MHD_add_response_header(r, "Content-Type", a->type);
	(void)MHD_add_response_header(r, "Cache-Control", "no-store");
	(void)MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	if (a->status == MHD_HTTP_UNAUTHORIZED)
		(void)MHD_add_response_header(r, "WWW-Authenticate", "Bearer");
	if (a->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(r, "Allow", "GET, HEAD");
	ret = MHD_queue_response(c, a->status, r);
	MHD_destroy_response(r);
	return ret;
}

static enum MHD_Result refuse(struct MHD_Connection *c, unsigned status, const char *why)
{
	struct httpd_answer a = {.status = status, .type = JSON};

	buf_init(&a.body, 4096);
	buf_printf(&a.body, "{\"error\":\"%s\"}\n", why);
	return send_answer(c, &a);
}

/* The first call for a request comes with its header alone; the answer goes with the second. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_len, void **state)
{
	static char seen;
	struct httpd *h = ctx;
	struct httpd_answer a = {.status = MHD_HTTP_OK, .type = JSON};

	(void)version;
	(void)upload;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return refuse(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD");
	if (!*state) {
		*state = &seen;
		return MHD_YES;
	}
	if (*upload_len)
		return MHD_NO; /* a body that nobody asked for ends the connection */
	if (!is_allowed(h, c, url))
		return refuse(c, MHD_HTTP_UNAUTHORIZED, "a bearer token is needed");
	buf_init(&a.body, HTTPD_ANSWER_MAX);
	if (h->setup.answer(h->setup.ctx, url, &a))
		return send_answer(c, &a);
	buf_deinit(&a.body);
	return refuse(c, MHD_HTTP_NOT_FOUND, "no such page");
}

/* --- up and down ------------------------------------------------------------------------------ */

static int read_secret(const char *path, const char *what, struct buf *b, struct err *err)
{
	int r = digest_read_file(path, b);

	if (r == 0 && b->len)
		return 0;
	err_set(err, 0, 0, "%s '%s': %s", what, path, r < 0 ? strerror(-r) : "it is empty");
	return -EINVAL;
}

static int read_files(struct httpd *h, struct err *err)
{
	int r = 0;

	buf_init(&h->cert, 1 << 20);
	buf_init(&h->token, HTTPD_TOKEN_MAX);
	if (h->setup.cert)
		r = read_secret(h->setup.cert, "certificate", &h->cert, err);
	if (r == 0 && h->setup.token_file)
		r = read_secret(h->setup.token_file, "token", &h->token, err);
	if (r < 0 || !h->setup.token_file)
		return r;
	h->token.len = strcspn(h->token.p, "\r\n");
	if (h->token.len)
		return 0;
	err_set(err, 0, 0, "token '%s': its first line is empty", h->setup.token_file);
	return -EINVAL;
}

static int fill_address(const struct httpd_setup *s, struct sockaddr_storage *ret, bool *is_6)
{
	struct sockaddr_in *four = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	*is_6 = strchr(s->address, ':') != NULL;
	if (*is_6) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(s->port);
		return inet_pton(AF_INET6, s->address, &six->sin6_addr) == 1 ? 0 : -EINVAL;
	}
	four->sin_family = AF_INET;
	four->sin_port = htons(s->port);
	return inet_pton(AF_INET, s->address, &four->sin_addr) == 1 ? 0 : -EINVAL;
}

static uint32_t thread_count(const struct httpd_setup *s)
{
	long n = s->threads ? (long)s->threads : sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > HTTPD_THREADS_MAX ? HTTPD_THREADS_MAX : (uint32_t)n;
}

static void fill_tls(const struct httpd *h, struct MHD_OptionItem *o)
{
	if (!h->setup.cert)
		return;
	o[0] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, h->cert.p};
	o[1] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, h->cert.p};
	o[2] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)TLS_PRIORITIES};
}

static int start(struct httpd *h, struct err *err)
{
	struct MHD_OptionItem tls[4] = {{MHD_OPTION_END, 0, NULL}};
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD;
	uint32_t threads = thread_count(&h->setup);
	struct sockaddr_storage address;
	const union MHD_DaemonInfo *info;
	bool is_6;

	if (fill_address(&h->setup, &address, &is_6) < 0) {
		err_set(err, 0, 0, "'%s' is no IP address", h->setup.address);
		return -EINVAL;
	}
	flags |= (is_6 ? MHD_USE_IPv6 : 0u) | (h->setup.cert ? MHD_USE_TLS : 0u);
	fill_tls(h, tls);
	errno = 0;
	h->daemon =
		MHD_start_daemon(flags, h->setup.port, NULL, NULL, on_request, h,
				 MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_THREAD_POOL_SIZE,
				 threads > 1 ? threads : 0u, MHD_OPTION_CONNECTION_LIMIT,
				 (unsigned)HTTPD_CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
				 HTTPD_CONNECTIONS / 4u, MHD_OPTION_CONNECTION_TIMEOUT,
				 (unsigned)HTTPD_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				 (size_t)HTTPD_MEMORY, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
	if (!h->daemon) {
		int e = errno ? errno : EINVAL;

		err_set(err, 0, 0, "%s:%u: %s", h->setup.address, h->setup.port,
			h->setup.cert && !errno ? "the certificate cannot be used" : strerror(e));
		return -e;
	}
	info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT);
	h->port = info ? info->port : h->setup.port;
	return 0;
}

int httpd_new(const struct httpd_setup *setup, struct httpd **ret, struct err *err)
{
	struct httpd *h = mem_new(sizeof(*h));
	int r;

	if (!h)
		return -ENOMEM;
	h->setup = *setup;
	r = read_files(h, err);
	if (r == 0)
		r = start(h, err);
	if (r < 0) {
		(void)httpd_free(h);
		return r;
	}
	*ret = h;
	return 0;
}

struct httpd *httpd_free(struct httpd *h)
{
	if (!h)
		return NULL;
	if (h->daemon)
		MHD_stop_daemon(h->daemon);
	buf_deinit(&h->token);
	buf_deinit(&h->cert);
	return mem_free(h);
}

uint16_t httpd_port(const struct httpd *h)
{
	return h->port;
}
