/*
 * nats: an output that publishes alerts to NATS. With JetStream an alert counts as delivered when a
 * stream has stored it; the id of the alert goes with it, so that one that is sent again is stored once.
 */
#include <gyr/plugin.h>

#include <errno.h>
#include <string.h>

#include "link.h"
#include "subject.h"

struct nats {
	struct nats_options o;
	struct link *link;
};

static int both_or_none(struct gyr *p, const char *a, const char *b, const char *names)
{
	if (!(a && *a) == !(b && *b))
		return 0;
	return gyr_fail(p, -EINVAL, "open: %s go together", names);
}

static int nats_open(struct gyr *p, void *inst, const char *params)
{
	struct nats *o = inst;
	const char *wrong = subject_check(o->o.subject);
	int r;

	(void)params;
	if (wrong)
		return gyr_fail(p, -EINVAL, "open: 'subject' %s", wrong);
	r = both_or_none(p, o->o.user, o->o.password_file, "'user' and 'password_file'");
	if (r == 0)
		r = both_or_none(p, o->o.client_cert, o->o.client_key,
				 "'client_cert' and 'client_key'");
	return r ? r : link_open(p, &o->o, &o->link);
}

static int nats_send(struct gyr *p, void *inst, const struct gyr_alert *const *alerts, uint32_t n,
		     uint8_t *verdicts)
{
	struct nats *o = inst;

	return link_publish(p, o->link, alerts, n, verdicts);
}

static void nats_close(struct gyr *p, void *inst)
{
	struct nats *o = inst;

	(void)p;
	o->link = link_close(o->link);
}

#define STR(m, d, help) GYR_OPT_STR(struct nats, o.m, d, help, .key = #m)
#define BOOL(m, d, help) GYR_OPT_BOOL(struct nats, o.m, d, help, .key = #m)

PLUGIN(.name = "nats", .version = "0.1.0",
       .description = "Alerts published to NATS, acknowledged by JetStream",
       .contact = "the Gyr authors");
PLUGIN_OUTPUT(.instance_size = sizeof(struct nats),
	      .params =
		      (const struct gyr_option[]){
			      GYR_OPT_STRS(struct nats, o.servers, "nats://127.0.0.1:4222",
					   "servers of one cluster", .key = "servers",
					   .bare = true),
			      STR(subject, "gyr.alerts",
				  "subject; %priority, %source, %rule stand for the alert's"),
			      BOOL(jetstream, "true", "wait until a stream has stored each alert"),
			      STR(user, NULL, "who logs in"),
			      STR(password_file, NULL, "file with the password of 'user'"),
			      STR(token_file, NULL, "file with a token"),
			      STR(credentials, NULL, "credentials file (JWT and seed)"),
			      BOOL(tls, "false", "TLS even where the server does not ask for it"),
			      STR(ca_cert, NULL, "file with the authorities to trust"),
			      STR(client_cert, NULL, "certificate shown to the server, PEM"),
			      STR(client_key, NULL, "its key, PEM"),
			      BOOL(insecure, "false", "do not check the server's certificate"),
			      GYR_OPT_U64(struct nats, o.timeout_ms, "5000",
					  "time to connect, and for a batch", .key = "timeout_ms",
					  .min = 10, .max = 600000),
			      {0}},
	      .open = nats_open, .send_batch = nats_send, .close = nats_close);
