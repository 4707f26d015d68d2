#include "tlsside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/x509.h>

static struct tlsside_creds *creds_unref(struct tlsside_creds *c)
{
	if (!c || --c->n_users > 0)
		return NULL;
	if (c->creds)
		gnutls_certificate_free_credentials(c->creds);
	free(c);
	return NULL;
}

static int complain(char *why, const char *key, const struct watchfile *f, const char *what)
{
	(void)snprintf(why, TLSSIDE_WHY, "'%s': '%s': %s", key, f->path, what);
	return -EINVAL;
}

static int read_file(struct watchfile *f, const char *key, char *why)
{
	const int r = watchfile_read(f);

	if (r == 0)
		return 0;
	(void)complain(why, key, f, r == -EINVAL ? "it is empty" : strerror(-r));
	return r;
}

static gnutls_datum_t datum(const struct watchfile *f)
{
	return (gnutls_datum_t){.data = (unsigned char *)f->text, .size = (unsigned)f->len};
}

static int set_certificate(const struct tlsside *t, struct tlsside_creds *c, char *why)
{
	const gnutls_datum_t pem = datum(&t->certificate);
	const int r = gnutls_certificate_set_x509_key_mem2(c->creds, &pem, &pem,
							   GNUTLS_X509_FMT_PEM, NULL, 0);
	char text[TLSSIDE_WHY / 2];

	if (r >= 0)
		return 0;
	(void)snprintf(text, sizeof text, "it must hold certificate and key as PEM: %s",
		       gnutls_strerror(r));
	return complain(why, "sslCertificate", &t->certificate, text);
}

static int set_ca(const struct tlsside *t, struct tlsside_creds *c, char *why)
{
	const gnutls_datum_t pem = datum(&t->ca);

	if (!t->ca.path)
		return 0;
	if (gnutls_certificate_set_x509_trust_mem(c->creds, &pem, GNUTLS_X509_FMT_PEM) > 0)
		return 0;
	return complain(why, "clientCA", &t->ca, "it holds no certificate as PEM");
}

/* Makes credentials of what the files hold, and lets new sessions use them. */
static int renew(struct tlsside *t, char *why)
{
	struct tlsside_creds *c = calloc(1, sizeof *c);
	int r;

	*why = '\0';
	if (!c)
		return -ENOMEM;
	c->n_users = 1;
	if (gnutls_certificate_allocate_credentials(&c->creds) < 0)
		r = -ENOMEM;
	else
		r = set_certificate(t, c, why);
	if (r == 0)
		r = set_ca(t, c, why);
	if (r < 0) {
		(void)creds_unref(c);
		return r;
	}
	(void)creds_unref(t->now);
	t->now = c;
	return 0;
}

static int read_files(struct tlsside *t, char *why)
{
	int r = read_file(&t->certificate, "sslCertificate", why);

	if (r == 0 && t->ca.path)
		r = read_file(&t->ca, "clientCA", why);
	return r;
}

int tlsside_init(struct tlsside *t, char why[TLSSIDE_WHY])
{
	int r = read_files(t, why);

	if (r == 0)
		r = renew(t, why);
	if (r < 0 && !*why)
		(void)snprintf(why, TLSSIDE_WHY, "%s", strerror(-r));
	if (r < 0)
		tlsside_deinit(t);
	return r;
}

void tlsside_deinit(struct tlsside *t)
{
	t->now = creds_unref(t->now);
	watchfile_deinit(&t->certificate);
	watchfile_deinit(&t->ca);
}

int tlsside_refresh(struct tlsside *t, char why[TLSSIDE_WHY])
{
	int r;

	if (!watchfile_has_changed(&t->certificate) &&
	    !(t->ca.path && watchfile_has_changed(&t->ca)))
		return 0;
	r = read_files(t, why);
	if (r == 0)
		r = renew(t, why);
	watchfile_wipe(&t->certificate);
	return r < 0 ? r : 1;
}

/* ---- a session ---- */

/* Of the handshake: 0 goes on. Who has no certificate is let in, and kept from posting later. */
static int verify(gnutls_session_t session)
{
	gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
					 .data = (void *)GNUTLS_KP_TLS_WWW_CLIENT};
	unsigned n = 0, status;

	if (!gnutls_certificate_get_peers(session, &n) || n == 0)
		return 0;
	if (gnutls_certificate_verify_peers(session, &purpose, 1, &status) == 0 && status == 0)
		return 0;
	*(bool *)gnutls_db_get_ptr(session) = true;
	return GNUTLS_E_CERTIFICATE_ERROR;
}

struct tlsside_creds *tlsside_begin(struct tlsside *t, gnutls_session_t session, bool *is_refused)
{
	t->now->n_users++;
	(void)gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, t->now->creds);
	if (t->ca.path) {
		gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
		gnutls_session_set_verify_function(session, verify);
		/* The slot of a cache of sessions, which we have none of; the other is the library's. */
		gnutls_db_set_ptr(session, is_refused);
	}
	return t->now;
}

void tlsside_end(struct tlsside_creds *c)
{
	(void)creds_unref(c);
}

static bool is_listed(const struct tlsside *t, const char *name)
{
	for (const char **n = t->names; *n; n++)
		if (strcmp(*n, name) == 0)
			return true;
	return false;
}

/* A name with a zero byte in it is none. */
static bool is_name(const char *name, size_t len)
{
	return len > 0 && memchr(name, '\0', len) == NULL;
}

static bool has_common_name(const struct tlsside *t, gnutls_x509_crt_t crt)
{
	char name[256];
	size_t len = sizeof name;

	return gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &len) ==
		       0 &&
	       is_name(name, len) && is_listed(t, name);
}

static bool has_other_name(const struct tlsside *t, gnutls_x509_crt_t crt)
{
	char name[1024];

	for (unsigned i = 0;; i++) {
		size_t len = sizeof name - 1;
		const int r = gnutls_x509_crt_get_subject_alt_name(crt, i, name, &len, NULL);

		if (r == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return false;
		if (r != GNUTLS_SAN_DNSNAME && r != GNUTLS_SAN_URI && r != GNUTLS_SAN_RFC822NAME)
			continue;
		name[len < sizeof name ? len : sizeof name - 1] = '\0';
		if (is_name(name, len) && is_listed(t, name))
			return true;
	}
}

bool tlsside_allows(const struct tlsside *t, gnutls_session_t session)
{
	unsigned n = 0;
	const gnutls_datum_t *chain;
	gnutls_x509_crt_t crt;
	bool is_allowed;

	if (!t->ca.path)
		return true;
	chain = gnutls_certificate_get_peers(session, &n);
	if (!chain || n == 0)
		return false;
	if (!t->names || !*t->names)
		return true;
	if (gnutls_x509_crt_init(&crt) < 0)
		return false;
	is_allowed = gnutls_x509_crt_import(crt, &chain[0], GNUTLS_X509_FMT_DER) == 0 &&
		     (has_common_name(t, crt) || has_other_name(t, crt));
	gnutls_x509_crt_deinit(crt);
	return is_allowed;
}
