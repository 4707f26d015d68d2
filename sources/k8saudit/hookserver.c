#include "hookserver_impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	TICK_MS = 250,            /* how often times are looked at while there are connections */
	HEADER_MEMORY = 32 << 10, /* bytes of a connection's header, and of its read buffer */
	NOTE_EVERY_MS = 60000,
	GOODBYE_ROUNDS = 50, /* of 20 ms at most: answers that go out at the end */
	GOODBYE_MS = 20,
};

uint64_t hook_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void hook_note(struct hookserver *s, const char *fmt, ...)
{
	const uint64_t now = hook_now_ms();
	char text[768];
	va_list args;

	if (s->n_notes >= HOOK_NOTES && now - s->noted_ms < NOTE_EVERY_MS)
		return;
	s->n_notes++;
	s->noted_ms = now;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	gyr_log(s->p, GYR_WARN, "webhook: %s%s", text,
		s->n_notes == HOOK_NOTES
			? "; from here on one such line a minute, the rest is only counted"
			: "");
}

const char *hook_address(const struct hookconn *c, char *ret)
{
	if (IN6_IS_ADDR_V4MAPPED(&c->address))
		(void)inet_ntop(AF_INET, &c->address.s6_addr[12], ret, INET6_ADDRSTRLEN);
	else
		(void)inet_ntop(AF_INET6, &c->address, ret, INET6_ADDRSTRLEN);
	return ret;
}

void hook_phase(struct hookconn *c, enum hookphase phase)
{
	c->phase = phase;
	c->since_ms = hook_now_ms();
}

/* ---- connections ---- */

static struct in6_addr address_of(const struct sockaddr *a)
{
	struct in6_addr ret = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

	if (a->sa_family == AF_INET6)
		return ((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
	memcpy(&ret.s6_addr[12], &((const struct sockaddr_in *)(const void *)a)->sin_addr, 4);
	return ret;
}

static enum MHD_Result on_accept(void *server, const struct sockaddr *addr, socklen_t len)
{
	struct hookserver *s = server;
	const struct in6_addr a = address_of(addr);
	uint64_t n = 0;

	(void)len;
	for (const struct hookconn *c = s->conns; c; c = c->next)
		n += memcmp(&c->address, &a, sizeof a) == 0;
	if (s->n_conns < s->setup.n_connections && n < s->setup.n_per_address &&
	    !atomic_load(&s->wants_stop))
		return MHD_YES;
	webhook_count(&s->stats->webhook_connections_refused);
	return MHD_NO;
}

static gnutls_session_t session_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *i =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	return i ? (gnutls_session_t)i->tls_session : NULL;
}

/* A certificate that was changed is that of the next connection. */
static void arm(struct hookserver *s, struct hookconn *c)
{
	const gnutls_session_t session = session_of(c->mhd);
	char why[TLSSIDE_WHY];
	int r;

	if (!s->at.is_tls || !session)
		return;
	r = tlsside_refresh(&s->tls, why);
	if (r < 0)
		hook_note(s, "%s; what was before stays", why);
	if (r)
		webhook_count(r < 0 ? &s->stats->webhook_reloads_failed
				    : &s->stats->webhook_reloads);
	c->creds = tlsside_begin(&s->tls, session, &c->is_refused);
}

static struct hookconn *conn_new(struct hookserver *s, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *i =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct hookconn *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->server = s;
	c->mhd = mhd;
	if (i && i->client_addr)
		c->address = address_of(i->client_addr);
	auditbody_init(&c->body, &s->intake);
	hook_phase(c, HOOK_FIRST);
	c->next = s->conns;
	if (c->next)
		c->next->prev = c;
	s->conns = c;
	s->n_conns++;
	webhook_count(&s->stats->webhook_connections);
	return c;
}

static void conn_free(struct hookserver *s, struct hookconn *c)
{
	if (c->prev)
		c->prev->next = c->next;
	else
		s->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	s->n_conns--;
	auditbody_deinit(&c->body);
	free(c);
}

static void on_closed(struct hookserver *s, struct hookconn *c)
{
	char address[INET6_ADDRSTRLEN];

	if (c->is_refused) {
		webhook_count(&s->stats->webhook_bad_certificates);
		hook_note(s,
			  "from %s: a certificate not of 'clientCA', expired, or not for clients",
			  hook_address(c, address));
	}
	if (c->creds)
		tlsside_end(c->creds);
	conn_free(s, c);
}

static void on_connection(void *server, struct MHD_Connection *mhd, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct hookserver *s = server;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		struct hookconn *c = conn_new(s, mhd);

		*context = c;
		if (c)
			arm(s, c);
	} else if (*context) {
		on_closed(s, *context);
		*context = NULL;
	}
}

/* ---- times ---- */

static uint64_t limit_ms(const struct hookserver *s, enum hookphase phase)
{
	switch (phase) {
	case HOOK_FIRST:
		return s->setup.header_s * 1000;
	case HOOK_BODY:
		return s->setup.body_s * 1000;
	case HOOK_WAIT:
		return s->setup.ack_s * 1000;
	case HOOK_IDLE:
	case HOOK_ANSWER:
		break;
	}
	return s->setup.idle_s * 1000;
}

/* The library sees the end of the connection, and closes it. */
static void shut(struct hookserver *s, struct hookconn *c)
{
	const union MHD_ConnectionInfo *i =
		MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (c->is_shut || !i)
		return;
	c->is_shut = true;
	if (c->phase != HOOK_IDLE)
		webhook_count(&s->stats->webhook_connections_silent);
	(void)shutdown(i->connect_fd, SHUT_RDWR);
}

static void look_at(struct hookserver *s, struct hookconn *c, uint64_t now)
{
	const bool is_late = now - c->since_ms > limit_ms(s, c->phase) && now > c->since_ms;

	if (c->phase == HOOK_WAIT) {
		if (c->body.last_number <= atomic_load(&s->finished)) {
			hook_go_on(c, 200);
		} else if (is_late) {
			webhook_count(&s->stats->webhook_ack_late);
			hook_go_on(c, 429);
		}
	} else if (is_late) {
		shut(s, c);
	}
}

static void sweep(struct hookserver *s)
{
	const uint64_t now = hook_now_ms();

	for (struct hookconn *c = s->conns; c; c = c->next)
		look_at(s, c, now);
	s->swept_ms = now;
}

/* ---- the thread ---- */

static int wait_ms(const struct hookserver *s)
{
	MHD_UNSIGNED_LONG_LONG wanted;
	int ms = s->n_conns ? TICK_MS : -1;

	if (MHD_get_timeout(s->daemon, &wanted) == MHD_YES && (ms < 0 || wanted < (unsigned)ms))
		ms = wanted < TICK_MS ? (int)wanted : TICK_MS;
	return ms;
}

/* One round: waits, lets the library work. Whether somebody woke us. */
static bool run_once(struct hookserver *s, int ms)
{
	const union MHD_DaemonInfo *i = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd fds[] = {{.fd = i->epoll_fd, .events = POLLIN},
			       {.fd = s->wake_fd, .events = POLLIN}};
	uint64_t n;
	bool is_woken = false;

	(void)poll(fds, 2, ms);
	if (fds[1].revents)
		is_woken = read(s->wake_fd, &n, sizeof n) == sizeof n;
	(void)MHD_run(s->daemon);
	return is_woken;
}

static bool has_answers(const struct hookserver *s)
{
	for (const struct hookconn *c = s->conns; c; c = c->next)
		if (c->phase == HOOK_ANSWER)
			return true;
	return false;
}

/* Who waits hears what came of it; the library wants no suspended connection at its end. */
static void say_goodbye(struct hookserver *s)
{
	const uint64_t finished = atomic_load(&s->finished);

	for (struct hookconn *c = s->conns; c; c = c->next)
		if (c->phase == HOOK_WAIT)
			hook_go_on(c, c->body.last_number <= finished ? 200 : 503);
	(void)run_once(s, 0);
	for (int i = 0; i < GOODBYE_ROUNDS && has_answers(s); i++)
		(void)run_once(s, GOODBYE_MS);
}

static void *serve(void *server)
{
	struct hookserver *s = server;

	while (!atomic_load(&s->wants_stop)) {
		const bool is_woken = run_once(s, wait_ms(s));

		if (is_woken || hook_now_ms() - s->swept_ms >= TICK_MS)
			sweep(s);
	}
	say_goodbye(s);
	return NULL;
}

static void wake(struct hookserver *s)
{
	const uint64_t one = 1;

	if (write(s->wake_fd, &one, sizeof one) < 0)
		return; /* it is awake already */
}

void hookserver_finished(struct hookserver *s, uint64_t number)
{
	atomic_store(&s->finished, number);
	if (s->setup.is_ack_processed)
		wake(s);
}

/* ---- up and down ---- */

static int fail(struct hookserver *s, int r, const char *url, const char *why)
{
	return gyr_fail(s->p, r, "open: '%s': %s", url, why);
}

static int load_files(struct hookserver *s, const char *url)
{
	char why[TLSSIDE_WHY], text[TLSSIDE_WHY];
	int r = 0;

	if (s->at.is_tls) {
		s->tls.certificate.path = s->setup.certificate;
		s->tls.ca.path = *s->setup.ca ? s->setup.ca : NULL;
		s->tls.names = s->setup.names;
		r = tlsside_init(&s->tls, why);
		if (r < 0)
			return fail(s, r, url, why);
	} else if (*s->setup.ca) {
		return fail(s, -EINVAL, url, "'clientCA' needs https://");
	}
	if (!*s->setup.token_file)
		return 0;
	s->tokens.file.path = s->setup.token_file;
	r = tokens_load(&s->tokens);
	(void)snprintf(text, sizeof text, "'tokenFile': '%.128s': %s", s->setup.token_file,
		       r == -ENOKEY   ? "no token in it"
		       : r == -EINVAL ? "it is empty"
				      : strerror(-r));
	return r < 0 ? fail(s, r, url, text) : 0;
}

static int start_daemon(struct hookserver *s, int fd)
{
	/* The library wants a certificate of its own; each session gets ours before its handshake. */
	char *pem = s->tls.certificate.text;
	const struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, pem},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, pem},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)TLSSIDE_PRIORITIES},
		{MHD_OPTION_END, 0, NULL},
	};
	const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	const unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
			       (s->at.is_tls ? (unsigned)MHD_USE_TLS : 0U);

	s->daemon = MHD_start_daemon(
		flags, 0, on_accept, s, hook_on_request, s, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_NOTIFY_COMPLETED,
		hook_on_completed, s, MHD_OPTION_CONNECTION_TIMEOUT, 0U,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)s->setup.n_connections + 8,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_MEMORY, MHD_OPTION_ARRAY,
		s->at.is_tls ? tls : none, MHD_OPTION_END);
	return s->daemon ? 0 : -EINVAL;
}

/* Signals are for the threads of the host. */
static int start_thread(struct hookserver *s)
{
	sigset_t all, old;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&s->thread, NULL, serve, s);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	s->has_thread = r == 0;
	return -r;
}

static int start(struct hookserver *s, const char *url)
{
	char why[HOOKADDRESS_WHY];
	uint16_t port;
	int fd, r;

	r = hookaddress_listen(&s->at, &fd, &port, why);
	if (r < 0)
		return fail(s, r, url, why);
	r = start_daemon(s, fd);
	if (r < 0) /* the socket is the library's */
		return fail(s, r, url, "the HTTP server does not start");
	watchfile_wipe(&s->tls.certificate);
	gyr_log(s->p, GYR_INFO, "webhook: listens at %s://%s%s%s:%u%s",
		s->at.is_tls ? "https" : "http", strchr(s->at.host, ':') ? "[" : "", s->at.host,
		strchr(s->at.host, ':') ? "]" : "", port, s->at.path);
	r = start_thread(s);
	return r < 0 ? fail(s, r, url, strerror(-r)) : 0;
}

static int make_parts(struct hookserver *s, const char *url)
{
	s->intake = (struct auditintake){.max_event = s->setup.max_event,
					 .max_held = s->setup.max_held,
					 .queue = s->setup.queue,
					 .seen = seen_new((uint32_t)s->setup.n_seen),
					 .stats = s->stats,
					 .note = hook_on_note,
					 .note_ctx = s};
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!s->intake.seen || s->wake_fd < 0 || auditintake_init(&s->intake) < 0)
		return fail(s, -ENOMEM, url, "no memory");
	return 0;
}

int hookserver_new(struct gyr *p, const struct hookserver_setup *setup, const char *url,
		   struct hookserver **ret)
{
	struct hookserver *s = calloc(1, sizeof *s);
	char why[HOOKADDRESS_WHY];
	int r;

	if (!s)
		return gyr_fail(p, -ENOMEM, "open: no memory");
	s->p = p;
	s->setup = *setup;
	s->stats = setup->stats;
	s->wake_fd = -1;
	r = hookaddress_parse(url, &s->at, why);
	if (r < 0)
		(void)fail(s, r, url, why);
	else
		r = make_parts(s, url);
	if (r == 0)
		r = load_files(s, url);
	if (r == 0)
		r = start(s, url);
	if (r < 0) {
		(void)hookserver_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

struct hookserver *hookserver_free(struct hookserver *s)
{
	if (!s)
		return NULL;
	atomic_store(&s->wants_stop, true);
	if (s->has_thread) {
		wake(s);
		(void)pthread_join(s->thread, NULL);
	}
	if (s->daemon)
		MHD_stop_daemon(s->daemon);
	tlsside_deinit(&s->tls);
	tokens_deinit(&s->tokens);
	auditintake_deinit(&s->intake);
	s->intake.seen = seen_free(s->intake.seen);
	if (s->wake_fd >= 0)
		(void)close(s->wake_fd);
	free(s);
	return NULL;
}
