/*
 * hookserver_impl: what the files of the server share: its parts, and the state of a connection.
 *
 * Threads: that of the server, but where it says so.
 */
#pragma once

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#include <microhttpd.h>

#include "auditbody.h"
#include "hookaddress.h"
#include "hookserver.h"
#include "tlsside.h"
#include "tokens.h"

enum {
	HOOK_SAMPLE = 96, /* bytes of a body that are shown when it is no JSON */
	HOOK_NOTES = 20,  /* lines about requests, then one a minute */
};

enum hookphase {
	HOOK_FIRST,  /* the handshake, and the header of the first request */
	HOOK_IDLE,   /* between requests, and the header of another */
	HOOK_BODY,   /* being received */
	HOOK_WAIT,   /* for events to be finished; suspended */
	HOOK_ANSWER, /* being sent */
};

struct hookconn {
	struct hookconn *next, *prev;
	struct hookserver *server;
	struct MHD_Connection *mhd;
	struct tlsside_creds *creds; /* NULL: no TLS */
	struct in6_addr address;     /* IPv4 as mapped */
	enum hookphase phase;
	uint64_t since_ms; /* of the phase */
	bool is_shut;      /* by us, for its time is over */
	bool is_refused;   /* in the handshake */
	unsigned status;   /* of the answer; 0: the body decides */
	uint64_t body_len;
	char sample[HOOK_SAMPLE];
	struct auditbody body;
};

struct hookserver {
	struct gyr *p;
	struct hookserver_setup setup;
	struct hookaddress at;
	struct webhook_stats *stats;
	struct auditintake intake;
	struct tlsside tls;
	struct tokens tokens;
	struct MHD_Daemon *daemon;
	int wake_fd;
	pthread_t thread;
	bool has_thread;
	struct hookconn *conns;
	unsigned n_conns;
	const struct hookconn *current; /* whose body is being read, for notes */
	unsigned n_notes;
	uint64_t noted_ms;
	uint64_t swept_ms;
	_Atomic uint64_t finished; /* [any] */
	atomic_bool wants_stop;    /* [any] */
};

uint64_t hook_now_ms(void);

/* A line in the log, unless there were too many. */
void hook_note(struct hookserver *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Text of an address; @ret has INET6_ADDRSTRLEN bytes. */
const char *hook_address(const struct hookconn *c, char *ret);

void hook_phase(struct hookconn *c, enum hookphase phase);

/* ---- hookrequest.c: what becomes of a request; as libmicrohttpd calls it ---- */

enum MHD_Result hook_on_request(void *server, struct MHD_Connection *mhd, const char *url,
				const char *method, const char *version, const char *upload,
				size_t *upload_len, void **state);
void hook_on_completed(void *server, struct MHD_Connection *mhd, void **state,
		       enum MHD_RequestTerminationCode how);

/* Notes of the body that is being read. */
void hook_on_note(void *server, uint64_t offset, const char *why);

/* Lets a connection that waits go on to its answer. */
void hook_go_on(struct hookconn *c, unsigned status);
