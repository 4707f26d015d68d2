/*
 * tlsside: our side of TLS: certificate, key, and who of the clients is trusted.
 *
 * Each new connection gets what is in the files at that moment; those that there are keep theirs.
 * Files that cannot be used leave what was before. Where client certificates are asked for, one that
 * is given and is not good (another CA, expired, not for clients) ends the handshake; a connection
 * without one is let in so far that it may ask for health, and tlsside_allows() says no.
 *
 * TLS 1.2 and 1.3; suites with forward secrecy and authenticated encryption only.
 *
 * Lifetime: tlsside_init() to tlsside_deinit(), behind the last session. Threads: one owner, but the
 * first load.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <gnutls/gnutls.h>

#include "watchfile.h"

#define TLSSIDE_PRIORITIES                                                               \
	"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:" \
	"-CIPHER-ALL:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:%SERVER_PRECEDENCE"

enum { TLSSIDE_WHY = 256 };

/* What one generation of sessions uses. */
struct tlsside_creds {
	gnutls_certificate_credentials_t creds;
	unsigned n_users; /* sessions, and one while it is the current */
};

struct tlsside {
	struct watchfile certificate; /* PEM: chain and key */
	struct watchfile ca;          /* PEM: who signs clients; path NULL: none is asked for */
	const char **names;           /* of clients that may post, NULL-terminated; none: all */
	struct tlsside_creds *now;
};

/* The paths are set. Errnos with a text for people: what is wrong with which file. The text of the
 * certificate stays, for who needs it; watchfile_wipe() is for him. */
int tlsside_init(struct tlsside *t, char why[TLSSIDE_WHY]) __attribute__((warn_unused_result));
void tlsside_deinit(struct tlsside *t);

/* Reads files that have changed: 1 when it did, 0, or an errno with a text. */
int tlsside_refresh(struct tlsside *t, char why[TLSSIDE_WHY]) __attribute__((warn_unused_result));

/* Arms a session before its handshake. What it returns goes to tlsside_end() when it has ended;
 * *is_refused, which outlives the session, is set when the client's certificate is not good. */
struct tlsside_creds *tlsside_begin(struct tlsside *t, gnutls_session_t session, bool *is_refused);
void tlsside_end(struct tlsside_creds *c);

/* Whether the session's client may post: any, where no certificates are asked for. */
bool tlsside_allows(const struct tlsside *t, gnutls_session_t session);
